/* The chained file: torn ends are cut, everything else that was touched is refused. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "signer/chain.h"
#include "signer/durable.h"
#include "signer/journal.h"

static gboolean
count (const json_t *record, goffset offset, gsize n, gpointer user, GError **error)
{
	(void) offset;
	(void) n;
	(void) error;
	guint *seen = user;
	g_assert_cmpint (json_integer_value (json_object_get (record, "n")), ==, *seen);
	(*seen)++;
	return TRUE;
}

static char *
make_file (guint lines, char **folder)
{
	g_autoptr (GError) error = NULL;
	*folder = g_dir_make_tmp ("diqi-chain-XXXXXX", &error);
	g_assert_no_error (error);
	durable_file (*folder, "log", "", 0, 0600, &error);
	g_assert_no_error (error);
	char *path = g_build_filename (*folder, "log", NULL);
	g_autoptr (Chain) chain = chain_open (path, count, NULL, &error);
	g_assert_no_error (error);
	for (guint i = 0; i < lines; i++) {
		g_autoptr (json_t) record = json_object ();
		json_object_set_new (record, "n", json_integer (i));
		chain_append (chain, record, NULL, NULL);
	}
	g_assert_true (chain_commit (chain, &error));
	return path;
}

static void
remove_file (const char *folder, const char *path)
{
	g_unlink (path);
	g_rmdir (folder);
}

/* How many lines are read; -1: refused. */
static int
read_back (const char *path)
{
	guint seen = 0;
	g_autoptr (GError) error = NULL;
	g_autoptr (Chain) chain = chain_open (path, count, &seen, &error);
	return chain != NULL ? (int) seen : -1;
}

/* Cut after every byte: always the whole lines before the cut, and the file can be written on. */
static void
test_torn (void)
{
	g_autofree char *folder = NULL;
	g_autofree char *path = make_file (4, &folder);
	g_autofree char *text = NULL;
	gsize n;
	g_assert_true (g_file_get_contents (path, &text, &n, NULL));
	for (gsize cut = 0; cut <= n; cut++) {
		g_assert_true (g_file_set_contents_full (path, text, (gssize) cut, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
		int whole = 0;
		for (gsize i = 0; i < cut; i++)
			whole += text[i] == '\n';
		g_assert_cmpint (read_back (path), ==, whole);
		g_assert_cmpint (read_back (path), ==, whole);
	}
	remove_file (folder, path);
}

/* Lines of all lengths around the window that the file is read through, and longer than it. */
static void
test_longer_than_the_window (void)
{
	static const gsize lengths[] = { 1, 700000, 400000, 1048500, 1, 1048576, 3000000, 1, 1048400, 1048410, 5 };
	g_autofree char *folder = NULL, *path = make_file (0, &folder);
	g_autoptr (GError) error = NULL;
	guint seen = 0;
	g_autoptr (Chain) chain = chain_open (path, count, &seen, &error);
	for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
		g_autofree char *text = g_strnfill (lengths[i], 'x');
		g_autoptr (json_t) record = json_pack ("{s:i, s:s}", "n", (int) i, "x", text);
		chain_append (chain, record, NULL, NULL);
	}
	g_assert_true (chain_commit (chain, &error));
	g_clear_pointer (&chain, chain_free);
	g_assert_cmpint (read_back (path), ==, G_N_ELEMENTS (lengths));
	/* A torn end longer than the window. */
	g_assert_cmpint (truncate (path, 7 * 1000000), ==, 0);
	g_assert_cmpint (read_back (path), ==, 8);
	g_assert_cmpint (read_back (path), ==, 8);
	remove_file (folder, path);
}

static void
test_bit_flips (void)
{
	g_autofree char *folder = NULL;
	g_autofree char *path = make_file (3, &folder);
	g_autofree char *text = NULL;
	gsize n;
	g_assert_true (g_file_get_contents (path, &text, &n, NULL));
	for (gsize i = 0; i + 1 < n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			text[i] ^= (char) (1 << bit);
			g_assert_true (g_file_set_contents_full (path, text, (gssize) n, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
			g_assert_cmpint (read_back (path), ==, -1);
			text[i] ^= (char) (1 << bit);
		}
	}
	remove_file (folder, path);
}

static void
test_lines_moved (void)
{
	g_autofree char *folder = NULL;
	g_autofree char *path = make_file (3, &folder);
	g_autofree char *text = NULL;
	gsize n;
	g_assert_true (g_file_get_contents (path, &text, &n, NULL));
	g_auto (GStrv) lines = g_strsplit (text, "\n", 0);
	static const char *const orders[] = { "021", "102", "12", "01 2", "0112" };
	for (gsize i = 0; i < G_N_ELEMENTS (orders); i++) {
		g_autoptr (GString) other = g_string_new (NULL);
		for (const char *p = orders[i]; *p != '\0'; p++)
			g_string_append_printf (other, "%s\n", *p == ' ' ? "" : lines[*p - '0']);
		g_assert_true (g_file_set_contents_full (path, other->str, (gssize) other->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
		g_assert_cmpint (read_back (path), ==, -1);
	}
	remove_file (folder, path);
}

static void
test_two_writers_and_modes (void)
{
	g_autofree char *folder = NULL;
	g_autofree char *path = make_file (1, &folder);
	guint seen = 0;
	g_autoptr (Chain) first = chain_open (path, count, &seen, NULL);
	g_assert_nonnull (first);
	g_assert_cmpint (read_back (path), ==, -1);
	g_clear_pointer (&first, chain_free);
	g_assert_cmpint (read_back (path), ==, 1);
	g_chmod (path, 0644);
	g_assert_cmpint (read_back (path), ==, -1);
	remove_file (folder, path);
}

static void
test_journal_rules (void)
{
	g_autofree char *folder = NULL;
	g_autofree char *path = make_file (0, &folder);
	g_autoptr (GError) error = NULL;
	Hash root = { { 1 } }, back;
	guint64 size;
	g_autoptr (Journal) journal = journal_open (path, &error);
	g_assert_no_error (error);
	ListMade list = { .ca = PINS_FIRST_CA, .kind = LIST_FULL, .base = TRUE, .number = 7 };
	journal_add_list (journal, 1000, &list);
	journal_add_checkpoint (journal, 2000, 5, &root);
	g_assert_true (journal_is_dirty (journal));
	g_assert_true (journal_commit (journal, &error));
	g_clear_pointer (&journal, journal_free);
	journal = journal_open (path, &error);
	g_assert_no_error (error);
	journal_checkpoint (journal, &size, &back);
	g_assert_cmpuint (size, ==, 5);
	g_assert_true (fingerprint_equal (&root, &back));
	g_assert_cmpuint (revocations_number (journal_revocations (journal, PINS_FIRST_CA)), ==, 7);
	g_assert_cmpint (journal_last_time (journal), ==, 2000);
	/* A history whose numbers fall is no history, even when it chains. */
	list.number = 6;
	journal_add_list (journal, 3000, &list);
	g_assert_true (journal_commit (journal, &error));
	g_clear_pointer (&journal, journal_free);
	g_assert_null (journal_open (path, &error));
	g_clear_error (&error);
	remove_file (folder, path);
}

/* --- renewed services ------------------------------------------------------------------ */

static Certificate *
over (const PrivateKey *key)
{
	static const NamePart name[] = { { NAME_COMMON_NAME, "service" } };
	g_autoptr (PublicKey) public = private_key_public (key);
	CertificateTemplate t = { .subject = name, .subject_n = 1, .key = public, .not_before = 0, .not_after = MICROS_PER_DAY, .ca = TRUE,
	                          .path_length = 0, .key_usage = KU_KEY_CERT_SIGN };
	g_autoptr (GError) error = NULL;
	serial_new (0, &t.serial);
	g_autoptr (GBytes) der = root_sign_certificate (key, &t, &error);
	g_assert_no_error (error);
	return certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
}

static gboolean
keep_last (const json_t *record, goffset offset, gsize n, gpointer user, GError **error)
{
	json_t **last = user;
	(void) offset, (void) n, (void) error;
	json_decref (*last);
	*last = json_deep_copy (record);
	return TRUE;
}

/* Does the journal take one more record, made of its last by `change`? */
static gboolean
takes (const char *path, const char *renews)
{
	json_t *last = NULL;
	g_autoptr (GError) error = NULL;
	g_autoptr (Chain) chain = chain_open (path, keep_last, &last, &error);
	g_assert_no_error (error);
	json_object_set_new (last, "serial", json_string ("0102030405060708090a0b0c0d0e0f1011121314"));
	if (renews != NULL)
		json_object_set_new (last, "renews", json_string (renews));
	else
		json_object_del (last, "renews");
	chain_append (chain, last, NULL, NULL);
	g_assert_true (chain_commit (chain, &error));
	g_clear_pointer (&chain, chain_free);
	json_decref (last);
	g_autoptr (Journal) journal = journal_open (path, &error);
	return journal != NULL;
}

static void
test_renewed (void)
{
	g_autofree char *folder = NULL, *path = make_file (0, &folder);
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, &error);
	g_autoptr (Certificate) first = over (key), second = over (key);
	g_autoptr (Journal) journal = journal_open (path, &error);
	g_assert_no_error (error);
	journal_add_issue (journal, &(JournalEntry) { .time = 1, .profile = "service-log", .certificate = first });
	journal_add_issue (journal, &(JournalEntry) { .time = 2, .profile = "service-log", .certificate = second, .renews = certificate_serial (first) });
	g_assert_true (journal_commit (journal, &error));
	g_clear_pointer (&journal, journal_free);
	journal = journal_open (path, &error);
	g_assert_no_error (error);
	const JournalIssue *newest = journal_by_spki (journal, public_key_fingerprint (certificate_public_key (first)));
	g_assert_true (fingerprint_equal (&newest->certificate, certificate_fingerprint (second)));
	g_assert_nonnull (journal_by_serial (journal, certificate_serial (first)));
	g_clear_pointer (&journal, journal_free);
	/* A third over the same key must name the second, not the first and not nothing. */
	g_autofree char *text = NULL;
	gsize n;
	g_assert_true (g_file_get_contents (path, &text, &n, NULL));
	g_autofree char *of_first = serial_hex (certificate_serial (first)), *of_second = serial_hex (certificate_serial (second));
	g_assert_false (takes (path, NULL));
	g_assert_true (g_file_set_contents_full (path, text, (gssize) n, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
	g_assert_false (takes (path, of_first));
	g_assert_true (g_file_set_contents_full (path, text, (gssize) n, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
	g_assert_true (takes (path, of_second));
	remove_file (folder, path);
}

static gboolean
count_line (ChainLine *line, gpointer user, GError **error)
{
	(void) line;
	(void) error;
	(*(guint *) user)++;
	return TRUE;
}

/* A look beside the signer that holds the file: its lines, and no octet changed, a torn end neither; a changed line is told. */
static void
test_peek (void)
{
	g_autofree char *folder = NULL, *path = make_file (3, &folder), *before = NULL, *after = NULL;
	g_autoptr (GError) error = NULL;
	guint seen = 0, all = 0;
	gsize n, m;
	{
		g_autoptr (Chain) held = chain_open (path, count, &seen, &error);
		g_assert_true (chain_peek (path, count_line, &all, &error));
		g_assert_no_error (error);
		g_assert_cmpuint (all, ==, 3);
	}
	g_assert_true (g_file_get_contents (path, &before, &n, NULL));
	g_assert_cmpint (truncate (path, (off_t) n - 1), ==, 0);
	all = 0;
	g_assert_true (chain_peek (path, count_line, &all, &error));
	g_assert_cmpuint (all, ==, 2);
	g_assert_true (g_file_get_contents (path, &after, &m, NULL));
	g_assert_cmpmem (after, m, before, n - 1);
	before[n - 3] ^= 1;
	g_assert_true (g_file_set_contents (path, before, (gssize) n, NULL));
	g_assert_false (chain_peek (path, count_line, &all, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CONFIG);
	remove_file (folder, path);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_func ("/signer/chain/torn", test_torn);
	g_test_add_func ("/signer/chain/longer-than-the-window", test_longer_than_the_window);
	g_test_add_func ("/signer/chain/bit-flips", test_bit_flips);
	g_test_add_func ("/signer/chain/lines-moved", test_lines_moved);
	g_test_add_func ("/signer/chain/two-writers-and-modes", test_two_writers_and_modes);
	g_test_add_func ("/signer/chain/journal-rules", test_journal_rules);
	g_test_add_func ("/signer/chain/peek", test_peek);
	g_test_add_func ("/signer/chain/renewed", test_renewed);
	return g_test_run ();
}
