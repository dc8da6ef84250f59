#include "base/random.h"

#include <string.h>

static void
test_bytes (void)
{
	guint8 a[1000], zero[1000] = { 0 };
	guint seen[256] = { 0 };

	memset (a, 0, sizeof a);
	random_bytes (a, 0);
	g_assert_cmpmem (a, sizeof a, zero, sizeof zero);
	random_bytes (a, sizeof a - 16);           /* over getrandom's 256-byte promise */
	g_assert_cmpmem (a + sizeof a - 16, 16, zero, 16);
	for (gsize i = 0; i < sizeof a - 16; i++)
		seen[a[i]]++;
	for (int i = 0; i < 256; i++)
		g_assert_cmpuint (seen[i], <, 40);     /* mean 3.8 */
	g_assert_cmpint (memcmp (a + 300, zero, 100), !=, 0);
}

static void
test_token (void)
{
	g_autofree char *a = random_token (16), *b = random_token (16), *none = random_token (0);
	g_assert_cmpuint (strlen (a), ==, 22);
	g_assert_cmpstr (a, !=, b);
	g_assert_cmpstr (none, ==, "");
}

static void
test_uuid_order (void)
{
	/* strictly growing: within a millisecond, over milliseconds, when the clock goes back */
	g_autofree char *last = g_strdup ("");
	for (int i = 0; i < 50000; i++) {
		gint64 now = i < 20000 ? 1775181600000000 : i < 30000 ? 1775181600000000 + i * 700 : 1700000000000000;
		char *id = uuid7_new (now);
		g_assert_cmpstr (id, >, last);
		g_assert_true (uuid_is_valid (id));
		g_assert_cmpint (id[14], ==, '7');
		g_free (last);
		last = id;
	}
}

static void
test_uuid_time (void)
{
	/* 2100-01-01T00:00:00.123Z = 4102444800123 ms = 0x3bb2cc3d87b; RFC 9562 section 5.7 */
	g_autofree char *id = uuid7_new (4102444800123999);
	g_assert_true (g_str_has_prefix (id, "03bb2cc3-d87b-7"));
	g_autofree char *later = uuid7_new (-5);
	g_assert_cmpstr (later, >, id);
}

#define THREADS 4
#define EACH 5000

static gpointer
make_many (gpointer into)
{
	char **ids = into;
	for (int i = 0; i < EACH; i++)
		ids[i] = uuid7_new (1775181600000000);
	return NULL;
}

static void
test_uuid_threads (void)
{
	static char *ids[THREADS * EACH];
	GThread *threads[THREADS];
	g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

	for (int i = 0; i < THREADS; i++)
		threads[i] = g_thread_new ("uuid", make_many, ids + i * EACH);
	for (int i = 0; i < THREADS; i++)
		g_thread_join (threads[i]);
	for (int i = 0; i < THREADS * EACH; i++)
		g_assert_true (g_hash_table_add (seen, ids[i]));
}

static void
test_uuid_valid (void)
{
	static const char *const bad[] = { "", "03bb2cc3-d87b-7000-8000-00000000000", "03bb2cc3-d87b-7000-8000-0000000000000",
		"03BB2CC3-d87b-7000-8000-000000000000", "03bb2cc3-d87b-0000-8000-000000000000",
		"03bb2cc3-d87b-7000-c000-000000000000", "03bb2cc3-d87b-7000-8000-00000000000g",
		"{03bb2cc3-d87b-7000-8000-0000000000}", "03bb2cc3d87b-7000-8000-000000000000-" };
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
		g_assert_false (uuid_is_valid (bad[i]));
	g_assert_true (uuid_is_valid ("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"));   /* RFC 9562 appendix A.6 */
	g_assert_true (uuid_is_valid ("919108f7-52d1-4320-9bac-f847db4148a8"));   /* A.3, version 4 */
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/random/bytes", test_bytes);
	g_test_add_func ("/random/token", test_token);
	g_test_add_func ("/random/uuid-order", test_uuid_order);
	g_test_add_func ("/random/uuid-time", test_uuid_time);
	g_test_add_func ("/random/uuid-threads", test_uuid_threads);
	g_test_add_func ("/random/uuid-valid", test_uuid_valid);
	return g_test_run ();
}
