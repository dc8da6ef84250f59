#include "outbox/template.h"

#include <gio/gio.h>
#include <string.h>

#include "base/error.h"

static json_t *
parse (const char *text)
{
	g_autoptr (GError) error = NULL;
	json_t *value = json_read_strict (text, strlen (text), 1 << 16, &error);
	g_assert_no_error (error);
	return value;
}

static void
assert_refused (const char *params, const char *one, const char *two, const char *says)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) p = parse (params);
	g_autoptr (json_t) a = parse (one);
	g_autoptr (json_t) b = parse (two);
	const json_t *files[] = { a, b };
	g_autoptr (Templates) templates = templates_new (p, files, 2, &error);
	g_assert_null (templates);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_INTERNAL);
	if (strstr (error->message, says) == NULL)
		g_error ("\"%s\" does not say \"%s\"", error->message, says);
}

#define FILE_OF(language, text) "{\"language\":\"" language "\",\"templates\":{\"m\":{\"mail\":{\"subject\":\"s\",\"text\":\"" text \
	"\"},\"short\":\"x\",\"app\":\"y\"}}}"
#define GOOD(language) FILE_OF (language, "{a}[ {b}]")
#define PARAMS "{\"m\":[\"a\",\"b?\"]}"

static void
test_refused (void)
{
	assert_refused (PARAMS, GOOD ("zh-CN"), FILE_OF ("en", "{a}[{b}]{c}"), "en: m, \"text\": unknown placeholder {c}");
	assert_refused (PARAMS, GOOD ("zh-CN"), FILE_OF ("en", "{a}{b}"), "needs brackets");
	assert_refused (PARAMS, GOOD ("zh-CN"), FILE_OF ("en", "{a}[{b}"), "brackets");
	assert_refused (PARAMS, GOOD ("zh-CN"), FILE_OF ("en", "{a}[[{b}]]"), "brackets");
	assert_refused (PARAMS, GOOD ("zh-CN"), FILE_OF ("en", "{a}{b"), "{ without }");
	assert_refused (PARAMS, GOOD ("zh-CN"), FILE_OF ("en", "{a}"), "no text says {b}");
	assert_refused (PARAMS, GOOD ("zh-CN"), FILE_OF ("en", ""), "no \"text\"");
	assert_refused (PARAMS, GOOD ("zh-CN"), "{\"language\":\"en\",\"templates\":{}}", "en: m: no such template");
	assert_refused ("{}", GOOD ("zh-CN"), GOOD ("en"), "params.json does not name it");
	assert_refused (PARAMS, GOOD ("zh-CN"), "{\"templates\":{}}", "names no language");
}

static json_t *
example_values (const json_t *list, gboolean optional)
{
	json_t *values = json_object ();
	gsize i;
	const json_t *item;
	json_array_foreach (list, i, item) {
		const char *text = json_string_value (item);
		g_autofree char *name = g_strndup (text, strcspn (text, "?"));
		gboolean time = strcmp (name, "due") == 0 || strcmp (name, "expires") == 0 || strcmp (name, "ends") == 0;
		if (optional || !g_str_has_suffix (text, "?"))
			json_object_set_new (values, name, json_string (time ? "2026-04-03T02:00:00.000000Z" : strcmp (name, "amount") == 0 ? "30000" :
			                                                strcmp (name, "service") == 0 ? "renew" : "VALUE"));
	}
	return values;
}

/* Every message in both languages: all of it is filled in, and brackets are never seen. */
static void
test_builtin (void)
{
	g_autoptr (GBytes) bytes = g_resources_lookup_data ("/cn/diqi/templates/params.json", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
	g_autoptr (json_t) params = parse (text);
	static const char *const languages[] = { "zh-CN", "en" };
	const char *name;
	json_t *list;
	g_assert_cmpuint (json_object_size (params), ==, 32);      /* as many as the program sends */
	json_object_foreach (params, name, list) {
		for (guint i = 0; i < 4; i++) {
			g_autoptr (GError) error = NULL;
			g_autoptr (json_t) values = example_values (list, i / 2 == 1);
			g_auto (MessageText) m = { 0 };
			g_assert_true (template_render (templates_builtin (), name, languages[i % 2], values, "测试", &m, &error));
			g_autofree char *all = g_strjoin ("|", m.subject, m.mail, m.brief, m.app, NULL);
			g_assert_null (strpbrk (all, "{}[]"));
			g_assert_null (strchr (m.subject, '\n'));
			g_assert_null (strchr (m.brief, '\n'));
			g_assert_nonnull (strstr (m.mail, "测试"));
			/* An SMS of a Chinese gateway: 70 characters, at most a few of them joined. */
			g_assert_cmpint (g_utf8_strlen (m.brief, -1), <=, i % 2 == 0 ? 140 : 220);
		}
	}
}

static void
test_values (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) params = parse ("{\"number\":\"A-1\",\"service\":\"renew\",\"amount\":\"25000\",\"due\":\"2026-04-03T02:00:00Z\"}");
	g_auto (MessageText) zh = { 0 }, en = { 0 };
	g_assert_true (template_render (templates_builtin (), "application.accepted", NULL, params, "甲地", &zh, &error));
	g_assert_cmpstr (zh.app, ==, "您的 CA 证书延期申请（A-1）已受理。应缴费用 250.00 元，未缴费前不予签发。预计 2026-04-03 10:00 前办结。");
	g_assert_cmpstr (zh.brief, ==, "【甲地】CA证书延期申请A-1已受理，应缴250.00元，预计2026-04-03 10:00前办结。");
	g_assert_true (template_render (templates_builtin (), "application.accepted", "en", params, "甲地", &en, &error));
	g_assert_cmpstr (en.app, ==, "Your application A-1 (renewal) was accepted. The fee is CNY 250.00; nothing is issued before it is paid. "
	                             "It should be done by 2026-04-03 10:00 Beijing time.");
}

/* What an officer typed is text, whatever it looks like. */
static void
test_hostile (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) params = parse ("{\"number\":\"A\\r\\nBcc: x@y.z\",\"service\":\"nonsense\",\"reason\":\"{number}[x]\\u0007\\u202e\\nnext\"}");
	g_auto (MessageText) m = { 0 };
	g_assert_true (template_render (templates_builtin (), "application.returned", "en", params, "S", &m, &error));
	g_assert_cmpstr (m.subject, ==, "Application A Bcc: x@y.z returned for correction (nonsense)");
	g_assert_nonnull (strstr (m.app, "Reason: {number}[x]\nnext\n"));
	g_autofree char *many = g_strnfill (9000, 'x');
	json_object_set_new (params, "reason", json_string (many));
	message_text_clear (&m);
	g_assert_true (template_render (templates_builtin (), "application.returned", "en", params, "S", &m, &error));
	g_assert_cmpuint (strlen (m.app), <, 2300);
	g_assert_cmpuint (strlen (m.brief), <, 200);
}

static void
assert_mistake (const char *name, const char *language, const char *values)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) params = parse (values);
	g_auto (MessageText) m = { 0 };
	g_assert_false (template_render (templates_builtin (), name, language, params, "S", &m, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_INTERNAL);
}

static void
test_mistakes (void)
{
	assert_mistake ("no.such", NULL, "{}");
	assert_mistake ("application.paid", "fr", "{\"number\":\"1\",\"service\":\"issue\"}");
	assert_mistake ("application.paid", NULL, "{\"number\":\"1\"}");
	assert_mistake ("application.paid", NULL, "{\"number\":\"1\",\"service\":3}");
	assert_mistake ("application.paid", NULL, "{\"number\":\"1\",\"service\":\"issue\",\"amount\":\"3.00\"}");
	assert_mistake ("certificate.expired", NULL, "{\"serial\":\"1\",\"expires\":\"tomorrow\"}");
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/outbox/template/refused", test_refused);
	g_test_add_func ("/outbox/template/builtin", test_builtin);
	g_test_add_func ("/outbox/template/values", test_values);
	g_test_add_func ("/outbox/template/hostile", test_hostile);
	g_test_add_func ("/outbox/template/mistakes", test_mistakes);
	return g_test_run ();
}
