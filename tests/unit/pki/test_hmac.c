#include "pki/hmac.h"

#include <string.h>

static void
assert_hmac (gconstpointer key, gsize key_n, const char *text, const char *want)
{
	Fingerprint out;
	hmac_sha256 (key, key_n, text, strlen (text), &out);
	g_autofree char *hex = fingerprint_hex (&out);
	g_assert_cmpstr (hex, ==, want);
}

/* RFC 4231, cases 1, 2 and 6. */
static void
test_rfc4231 (void)
{
	guint8 key[131];
	memset (key, 0x0b, 20);
	assert_hmac (key, 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	assert_hmac ("Jefe", 4, "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset (key, 0xaa, sizeof key);
	assert_hmac (key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First",
	             "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void
test_edges (void)
{
	/* RFC 2104 with nothing at all. */
	assert_hmac (NULL, 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/pki/hmac/rfc4231", test_rfc4231);
	g_test_add_func ("/pki/hmac/edges", test_edges);
	return g_test_run ();
}
