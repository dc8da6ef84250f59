/* main/cmd_doctor.c — `diqi doctor`: prints what doctor.h finds. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/doctor.h"
#include "main/shares.h"

static const struct {
	const char *check, *zh;
} titles[] = {
	{ "config", "配置" }, { "files", "文件权限" }, { "clock", "时钟" }, { "disk", "磁盘" }, { "program", "程序资源" }, { "font", "字体" },
	{ "database", "数据库" }, { "signer", "签名服务" }, { "ceremony", "密钥仪式" }, { "certificate", "证书" }, { "token", "密码设备" }, { "key", "密钥" }, { "secrets", "密钥文件" },
	{ "tls", "HTTPS" }, { "port", "端口" }, { "server", "运行状态" }, { "crl", "吊销列表" }, { "alarms", "告警" }, { "chain", "链式日志" },
};
static const char *const levels[][2] = { [FOUND_OK] = { "ok", "正常" }, [FOUND_WARN] = { "warn", "注意" }, [FOUND_FAIL] = { "FAIL", "失败" } };

typedef struct {
	const Cli *cli;
	json_t *findings;
	guint counts[G_N_ELEMENTS (levels)];
} Printer;

static const char *
title_of (const char *check)
{
	for (gsize i = 0; i < G_N_ELEMENTS (titles); i++)
		if (strcmp (titles[i].check, check) == 0)
			return titles[i].zh;
	return check;
}

static void
print (gpointer user, const Finding *finding)
{
	Printer *printer = user;
	g_autofree char *level = g_ascii_strdown (levels[finding->level][0], -1);
	printer->counts[finding->level]++;
	json_t *object = json_pack ("{s:s, s:s, s:s}", "check", finding->check, "level", level, "detail", finding->detail);
	if (finding->advice != NULL)
		json_object_set_new (object, "advice", json_string (finding->advice));
	json_array_append_new (printer->findings, object);
	if (cli_wants_json (printer->cli))
		return;
	printf ("%-4s %s  %s %s: %s", levels[finding->level][0], levels[finding->level][1], title_of (finding->check), finding->check, finding->detail);
	printf (finding->advice != NULL ? "  → %s\n" : "\n", finding->advice);
	fflush (stdout);
}

/* Asks nobody, but for the passphrases of shares: a terminal that waits for a passphrase is no examination. */
static gboolean
read_passphrase (Cli *cli, char **out, GError **error)
{
	if (cli_option (cli, "shares") != NULL) {
		g_autofree char *path = g_build_filename (cli_option (cli, "dir"), "diqi.conf", NULL);
		g_autoptr (Config) config = config_load (path, error);
		g_autofree char *dir = config != NULL ? config_path (config, "signer", "dir") : NULL;
		*out = dir != NULL ? signer_passphrase (cli, dir, error) : NULL;
		return *out != NULL;
	}
	if (cli_option (cli, "passphrase-fd") == NULL && cli_option (cli, "passphrase-file") == NULL && g_getenv ("CREDENTIALS_DIRECTORY") == NULL)
		return TRUE;
	*out = cli_secret (cli, "passphrase", "signer-passphrase", "", error);
	return *out != NULL;
}

static gboolean
run_doctor (Cli *cli, GError **error)
{
	g_autoptr (Secret) passphrase = NULL;
	if (!read_passphrase (cli, &passphrase, error))
		return FALSE;
	g_autoptr (json_t) findings = json_array ();
	Printer printer = { .cli = cli, .findings = findings };
	Doctor doctor = { .dir = cli_option (cli, "dir"), .passphrase = passphrase, .sink = print, .user = &printer };
	doctor_examine (&doctor);
	guint failed = printer.counts[FOUND_FAIL];
	if (cli_wants_json (cli)) {
		g_autoptr (json_t) report = json_pack ("{s:b, s:i, s:i, s:i, s:O}", "healthy", failed == 0, "ok", (int) printer.counts[FOUND_OK],
			"warn", (int) printer.counts[FOUND_WARN], "fail", (int) failed, "findings", findings);
		cli_print (cli, report);
	} else
		cli_note (cli, "%u ok, %u to look at, %u failed", printer.counts[FOUND_OK], printer.counts[FOUND_WARN], failed);
	return failed == 0 || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%u of %zu checks failed", failed, json_array_size (findings));
}

static const CliOption options[] = {
	{ "dir", "DIR", "the site", TRUE },
	{ "passphrase-fd", "N", "read the signer's passphrase from this descriptor, to have keys and tokens tried", FALSE },
	{ "passphrase-file", "FILE", "read it from a file", FALSE },
	SHARE_OPTIONS,
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand doctor_commands[] = {
	{ "doctor", "", 0, 0, "look at everything a site stands on; changes nothing", options, run_doctor },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
