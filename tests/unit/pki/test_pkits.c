/* NIST's PKITS through path.c: each test's expected verdict, ours, and where they differ why.
 *
 * tests/vectors/pkits/expected.json states both.  A valid path that we refuse is a stated limit; an invalid one that we
 * accept would be a hole, and no statement in that file can excuse it. */
#include "base/error.h"
#include "base/json.h"
#include "hierarchy.h"
#include "pki/path.h"

#include <string.h>

#define AT (G_GINT64_CONSTANT (1262304000) * MICROS_PER_S)      /* 2010-01-01: all but those that shall not be are valid then */
#define MAX_CHAIN 8

typedef struct {
	guint valid, invalid, refused, not_applicable;
} Count;

static Count count;

static const char *
text (const json_t *test, const char *member)
{
	return json_string_value (json_object_get (test, member));
}

static GBytes *
load (const char *folder, const char *name, const char *suffix)
{
	g_autofree char *file = g_strconcat (name, suffix, NULL);

	return read_file ("tests", "vectors", "pkits", folder, file, NULL);
}

static Certificate *
load_certificate (const char *name, GError **error)
{
	g_autoptr (GBytes) der = load ("certs", name, ".crt");

	return certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error);
}

static gboolean
judge (const json_t *test, GError **error)
{
	g_autoptr (GPtrArray) chain = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);
	g_autoptr (GPtrArray) lists = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	g_autoptr (Certificate) leaf = load_certificate (text (test, "leaf"), error);
	size_t i;
	json_t *name;

	if (leaf == NULL)
		return FALSE;
	json_array_foreach (json_object_get (test, "chain"), i, name) {
		Certificate *c = load_certificate (json_string_value (name), error);
		if (c == NULL)
			return FALSE;
		g_ptr_array_add (chain, c);
	}
	json_array_foreach (json_object_get (test, "lists"), i, name)
		g_ptr_array_add (lists, load ("crls", json_string_value (name), ".crl"));
	const Path path = { (Certificate *const *) chain->pdata, chain->len, (GBytes *const *) lists->pdata, lists->len, AT };
	return path_validate (leaf, &path, NULL, error);
}

static void
test_one (gconstpointer data)
{
	const json_t *test = data;
	const char *ours = text (test, "ours"), *theirs = text (test, "pkits"), *why = text (test, "why");
	g_autoptr (GError) error = NULL;

	if (g_str_equal (ours, "not applicable")) {
		g_assert_true (text (test, "inputs")[0] != '\0' && why[0] != '\0');
		count.not_applicable++;
		return;
	}
	gboolean good = judge (test, &error);
	g_test_message ("%s: %s", text (test, "test"), good ? "valid" : error->message);
	g_assert_cmpstr (good ? "valid" : "refused", ==, ours);
	if (g_str_equal (theirs, "invalid")) {
		g_assert_false (good);
		count.invalid++;
	} else if (good)
		count.valid++;
	else {
		/* Said to be refused for a reason: for that reason, and not by accident. */
		g_assert_nonnull (strstr (error->message, text (test, "says")));
		g_assert_cmpuint (strlen (why), >, 20);
		count.refused++;
	}
}

/* Nothing is left out: every end entity's certificate of the set is in some test. */
static void
test_complete (gconstpointer data)
{
	const json_t *tests = data;
	g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "tests", "vectors", "pkits", "certs", NULL);
	g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
	g_autoptr (GHashTable) used = g_hash_table_new (g_str_hash, g_str_equal);
	guint n = 0;
	size_t i;
	json_t *test;

	json_array_foreach (tests, i, test)
		g_hash_table_add (used, (gpointer) text (test, "leaf"));
	for (const char *file = g_dir_read_name (dir); file != NULL; file = g_dir_read_name (dir)) {
		if (!g_str_has_suffix (file, "EE.crt"))
			continue;
		g_autofree char *name = g_strndup (file, strlen (file) - 4);
		g_assert_true (g_hash_table_contains (used, name));
		n++;
	}
	g_assert_cmpuint (n, ==, g_hash_table_size (used));
	g_test_message ("PKITS: %u valid and accepted, %u invalid and refused, %u valid but refused for a stated reason, %u with inputs that we do not have",
	                count.valid, count.invalid, count.refused, count.not_applicable);
	g_assert_cmpuint (count.valid + count.invalid + count.refused + count.not_applicable, ==, json_array_size (tests));
	g_assert_cmpuint (count.valid, ==, 34);
}

/* What admits the set's SHA-1 and 1024 bits is not in the program: this source is compiled twice, and this half runs in the
 * program's own build of pki. */
static void
test_production_refuses (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Certificate) c = load_certificate ("GoodCACert", &error);

	g_assert_null (c);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE);
	g_assert_nonnull (strstr (error->message, "signature algorithm"));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
#ifndef DIQI_TEST_POLICY
	g_test_add_func ("/pkits/production-refuses", test_production_refuses);
	(void) test_one;
	(void) test_complete;
	return g_test_run ();
#endif
	(void) test_production_refuses;
	g_autoptr (GBytes) json = read_file ("tests", "vectors", "pkits", "expected.json", NULL);
	g_autoptr (json_t) tests = json_loadb (g_bytes_get_data (json, NULL), g_bytes_get_size (json), 0, NULL);
	g_assert_nonnull (tests);
	size_t i;
	json_t *test;
	json_array_foreach (tests, i, test) {
		g_autofree char *path = g_strconcat ("/pkits/", text (test, "test"), NULL);
		g_test_add_data_func (path, test, test_one);
	}
	g_test_add_data_func ("/pkits/z-complete", tests, test_complete);
	return g_test_run ();
}
