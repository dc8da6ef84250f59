/* escrow.log as a file: what of it is in memory, what the start verifies, and that a record changed behind the running signer's back is noticed.
 * DIQI_ESCROW_RECORDS=100000 makes a long one and prints what starting with it costs (docs/performance.md). */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/random.h"
#include "signer/chain.h"
#include "signer/durable.h"
#include "signer/escrow.h"

#define AGENTS 3

static json_t *
some_bytes (gsize n)
{
	g_autofree guint8 *bytes = g_malloc (n);
	random_bytes (bytes, n);
	return json_base64 (bytes, n);
}

static json_t *
some_share (void)
{
	guint8 hash[32];
	random_bytes (hash, sizeof hash);
	return json_pack ("{s:s, s:o, s:o, s:o}", "person", "018f0000-0000-7000-8000-000000000004", "certificate", json_hex (hash, sizeof hash),
	                  "hash", json_hex (hash, sizeof hash), "sealed", some_bytes (480));
}

static gboolean
ignore (const json_t *record, goffset offset, gsize n, gpointer user, GError **error)
{
	(void) record, (void) offset, (void) n, (void) user, (void) error;
	return TRUE;
}

/* As long as those of a P-256 site with three agents. */
static json_t *
record_of (const Serial *serial, gint64 agents)
{
	static const guint8 spki[32] = { 7 };
	json_t *shares = json_array ();
	for (guint i = 0; i < AGENTS; i++)
		json_array_append_new (shares, some_share ());
	return json_pack ("{s:s, s:o, s:o, s:o, s:I, s:i, s:o, s:o, s:o}", "type", "escrow", "time", json_time (1000000), "serial", json_hex (serial->b, sizeof serial->b),
	                  "spki", json_hex (spki, sizeof spki), "agents", (json_int_t) agents, "threshold", 2, "wrapped", some_bytes (167), "shares", shares,
	                  "envelope", some_bytes (580));
}

typedef struct {
	char *folder, *path;
	Serial *serials;
	guint n;
} LongLog;

static void
long_log_init (LongLog *log, guint n)
{
	g_autoptr (GError) error = NULL;
	log->folder = g_dir_make_tmp ("diqi-escrow-XXXXXX", NULL);
	log->path = g_build_filename (log->folder, "log", NULL);
	log->serials = g_new (Serial, n);
	log->n = n;
	durable_file (log->folder, "log", "", 0, 0600, &error);
	g_autoptr (Chain) chain = chain_open (log->path, ignore, NULL, &error);
	g_assert_no_error (error);
	for (guint i = 0; i < n; i++) {
		serial_new (1000000, &log->serials[i]);
		g_autoptr (json_t) record = record_of (&log->serials[i], 1 + i % 2);
		chain_append (chain, record, NULL, NULL);
		g_assert_true (i % 1000 != 999 || chain_commit (chain, &error));
	}
	g_assert_true (chain_commit (chain, &error));
}

static void
long_log_clear (LongLog *log)
{
	g_unlink (log->path);
	g_rmdir (log->folder);
	g_free (log->path);
	g_free (log->folder);
	g_free (log->serials);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LongLog, long_log_clear)

static guint
keys_of (const Escrow *escrow, gint64 version)
{
	return GPOINTER_TO_UINT (g_hash_table_lookup (escrow_versions (escrow), &version));
}

/* In kilobytes. */
static guint64
status_of (const char *name)
{
	g_autofree char *text = NULL;
	const char *line = g_file_get_contents ("/proc/self/status", &text, NULL, NULL) ? strstr (text, name) : NULL;
	return line != NULL ? g_ascii_strtoull (line + strlen (name), NULL, 10) : 0;
}

static guint
records_wanted (void)
{
	const char *text = g_getenv ("DIQI_ESCROW_RECORDS");
	return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : 2000;
}

/* Every one is found, and the memory is that of the index, whatever the length of the file. */
static void
test_long (void)
{
	g_auto (LongLog) log;
	g_autoptr (GError) error = NULL;
	GStatBuf facts;
	long_log_init (&log, records_wanted ());
	g_stat (log.path, &facts);
	guint64 before = status_of ("VmRSS:");
	clock_t begun = clock ();
	g_autoptr (Escrow) escrow = escrow_open (log.path, &error);
	g_assert_no_error (error);
	gint64 took = (gint64) (clock () - begun) * 1000 / CLOCKS_PER_SEC;
	g_test_message ("records=%u file=%" G_GOFFSET_FORMAT "KiB start=%" G_GINT64_FORMAT "ms (of the processor) memory=%" G_GUINT64_FORMAT "KiB peak=%" G_GUINT64_FORMAT "KiB", log.n,
	                (goffset) facts.st_size / 1024, took, status_of ("VmRSS:") - before, status_of ("VmHWM:") - before);
	g_assert_cmpuint (keys_of (escrow, 1) + keys_of (escrow, 2), ==, log.n);
	g_assert_cmpuint (keys_of (escrow, 2), ==, log.n / 2);
	for (guint i = 0; i < log.n; i += MAX (log.n / 500, 1)) {
		g_autoptr (EscrowKey) key = NULL;
		g_assert_true (escrow_find (escrow, &log.serials[i], &key, &error));
		g_assert_no_error (error);
		g_assert_cmpmem (key->serial.b, 20, log.serials[i].b, 20);
		g_assert_cmpuint (json_array_size (escrow_key_shares (key)), ==, AGENTS);
	}
	Serial unknown;
	g_autoptr (EscrowKey) none = NULL;
	serial_new (1000000, &unknown);
	g_assert_true (escrow_find (escrow, &unknown, &none, &error));
	g_assert_null (none);
}

static void
flip (const char *path, goffset at)
{
	char octet;
	int fd = g_open (path, O_RDWR | O_CLOEXEC, 0);
	g_assert_cmpint (pread (fd, &octet, 1, at), ==, 1);
	octet = octet == 'A' ? 'B' : 'A';
	g_assert_cmpint (pwrite (fd, &octet, 1, at), ==, 1);
	close (fd);
}

/* The middle of the nth line: of some base64, so that it stays JSON. */
static goffset
within_line (const char *path, guint line)
{
	g_autofree char *text = NULL;
	g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
	const char *at = text;
	while (line-- > 0)
		at = strchr (at, '\n') + 1;
	return strstr (at, "\"envelope\":\"") + 100 - text;
}

static void
test_changed_after_start (void)
{
	g_auto (LongLog) log;
	g_autoptr (GError) error = NULL;
	long_log_init (&log, 3);
	g_autoptr (Escrow) escrow = escrow_open (log.path, &error);
	g_assert_no_error (error);
	flip (log.path, within_line (log.path, 1));
	for (guint i = 0; i < log.n; i++) {
		g_autoptr (EscrowKey) key = NULL;
		g_assert_true (escrow_find (escrow, &log.serials[i], &key, &error) == (i != 1));
		g_assert_true ((error != NULL) == (i == 1));
		g_clear_error (&error);
	}
	/* And the next start is refused. */
	g_clear_pointer (&escrow, escrow_free);
	g_assert_null (escrow_open (log.path, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CONFIG);
}

/* Chained, but no record of a key: found at the start, or when it is asked for. */
static void
test_odd_records (void)
{
	static const char *const odd[] = { "{\"agents\":1}", "{\"agents\":99999999999,\"envelope\":\"AAAA\",\"serial\":\"41a20667b1640282ceadd369021f3cad189d9931\"}",
	                                   "{\"agents\":1,\"envelope\":\"AAAA\",\"serial\":\"41a2\"}", "{\"agents\":1,\"envelope\":\"AAAA", "[]", "{\"type\":\"other\"}" };
	for (gsize i = 0; i < G_N_ELEMENTS (odd); i++) {
		g_auto (LongLog) log;
		g_autoptr (GError) error = NULL;
		goffset at;
		long_log_init (&log, 1);
		g_autoptr (Chain) chain = chain_open (log.path, ignore, NULL, &error);
		chain_append_line (chain, odd[i], strlen (odd[i]), &at);
		g_assert_true (chain_commit (chain, &error));
		g_clear_pointer (&chain, chain_free);
		g_assert_null (escrow_open (log.path, &error));
	}
	g_auto (LongLog) log;
	g_autoptr (GError) error = NULL;
	g_autoptr (EscrowKey) key = NULL;
	long_log_init (&log, 1);
	g_autofree char *hex = serial_hex (&log.serials[0]), *bare = g_strdup_printf ("{\"agents\":1,\"envelope\":\"AAAA\",\"serial\":\"%s\"}", hex);
	goffset at;
	g_autoptr (Chain) chain = chain_open (log.path, ignore, NULL, &error);
	chain_append_line (chain, bare, strlen (bare), &at);
	g_assert_true (chain_commit (chain, &error));
	g_clear_pointer (&chain, chain_free);
	g_autoptr (Escrow) escrow = escrow_open (log.path, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (keys_of (escrow, 1), ==, 1);           /* the later record took the place of the first */
	g_assert_false (escrow_find (escrow, &log.serials[0], &key, &error));
	g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_func ("/escrow-log/long", test_long);
	g_test_add_func ("/escrow-log/changed-after-start", test_changed_after_start);
	g_test_add_func ("/escrow-log/odd-records", test_odd_records);
	return g_test_run ();
}
