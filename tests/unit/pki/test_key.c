/* Keys: made, stored, read back, signing; public keys in their one form; SM2 by the standard's numbers. */
#include "base/error.h"
#include "base/json.h"
#include "hierarchy.h"

#include <string.h>

#define MESSAGE "message digest"

static void
sign_and_verify (const PrivateKey *key, SignatureForm form)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PublicKey) public = private_key_public (key);
	g_autoptr (GBytes) signature = private_key_sign (key, form, MESSAGE, strlen (MESSAGE), &error);
	g_assert_no_error (error);
	gsize n;
	const guint8 *p = g_bytes_get_data (signature, &n);
	g_autofree guint8 *changed = g_memdup2 (p, n);

	g_assert_true (public_key_verify (public, form, MESSAGE, strlen (MESSAGE), p, n));
	g_assert_false (public_key_verify (public, form, MESSAGE, strlen (MESSAGE) - 1, p, n));
	g_assert_false (public_key_verify (public, form, MESSAGE, strlen (MESSAGE), p, n - 1));
	g_assert_false (public_key_verify (public, form, MESSAGE, strlen (MESSAGE), p, 0));
	g_assert_false (public_key_verify (public, form, MESSAGE, strlen (MESSAGE), NULL, 0));
	changed[n - 1] ^= 1;
	g_assert_false (public_key_verify (public, form, MESSAGE, strlen (MESSAGE), changed, n));
}

static void
test_sign (gconstpointer data)
{
	KeyAlgorithm a = (KeyAlgorithm) GPOINTER_TO_INT (data);
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate (a, &error);
	g_assert_no_error (error);

	g_assert_cmpint (private_key_algorithm (key), ==, a);
	sign_and_verify (key, SIGNATURE_DER);
	sign_and_verify (key, SIGNATURE_RAW);
	static const gsize pair[KEY_N_ALGORITHMS] = { [KEY_P256] = 64, [KEY_SM2] = 64, [KEY_P384] = 96 };
	if (pair[a] != 0) {
		g_autoptr (GBytes) raw = private_key_sign (key, SIGNATURE_RAW, "", 0, &error);
		g_assert_cmpuint (g_bytes_get_size (raw), ==, pair[a]);
	}
}

static void
test_files (gconstpointer data)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate ((KeyAlgorithm) GPOINTER_TO_INT (data), &error);
	g_autoptr (PublicKey) public = private_key_public (key);
	g_autoptr (GBytes) sealed = private_key_encrypt_pem (key, "correct horse", 13, &error);
	g_autoptr (GBytes) plain = private_key_plain_pem (key, &error);
	g_assert_no_error (error);
	g_assert_nonnull (g_strstr_len (g_bytes_get_data (sealed, NULL), (gssize) g_bytes_get_size (sealed), "BEGIN ENCRYPTED PRIVATE KEY"));

	g_autoptr (PrivateKey) opened = private_key_load_pem (sealed, "correct horse", 13, &error);
	g_assert_no_error (error);
	g_autoptr (PublicKey) same = private_key_public (opened);
	g_assert_true (fingerprint_equal (public_key_fingerprint (public), public_key_fingerprint (same)));
	g_autoptr (PrivateKey) read = private_key_load_pem (plain, NULL, 0, &error);
	g_assert_no_error (error);
	sign_and_verify (read, SIGNATURE_DER);

	g_assert_null (private_key_load_pem (sealed, "correct horsf", 13, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
	g_clear_error (&error);
	g_assert_null (private_key_load_pem (sealed, NULL, 0, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
	g_clear_error (&error);
	/* A service that must not run on an unprotected key says so. */
	g_assert_null (private_key_load_pem (plain, "correct horse", 13, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
	g_clear_error (&error);
	g_assert_null (private_key_encrypt_pem (key, "", 0, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
}

static GBytes *
from_hex (const char *hex)
{
	gsize n = strlen (hex) / 2;
	g_autofree guint8 *out = g_malloc (n + 1);
	g_autofree char *lower = g_ascii_strdown (hex, -1);

	g_assert_true (hex_decode (lower, out, n));
	return g_bytes_new (out, n);
}

static PublicKey *
read_spki (const char *hex, GError **error)
{
	g_autoptr (GBytes) der = from_hex (hex);

	return public_key_from_spki (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error);
}

/* GB/T 32918.5-2017 annex A.2. */
#define SM2_SPKI "3059301306072a8648ce3d020106082a811ccf5501822d034200"
#define P256_SPKI "3059301306072a8648ce3d020106082a8648ce3d030107034200"
#define SM2_POINT "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020" \
	"ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
#define SM2_R "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
#define SM2_S "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
#define SM2_N "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"

static gboolean
sm2_verifies (const PublicKey *key, const char *r, const char *s)
{
	g_autofree char *hex = g_strconcat (r, s, NULL);
	g_autoptr (GBytes) signature = from_hex (hex);

	return public_key_verify (key, SIGNATURE_RAW, MESSAGE, strlen (MESSAGE), g_bytes_get_data (signature, NULL), 64);
}

static void
test_sm2_standard (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PublicKey) key = read_spki (SM2_SPKI "04" SM2_POINT, &error);
	g_assert_no_error (error);

	g_assert_cmpint (public_key_algorithm (key), ==, KEY_SM2);
	g_assert_true (sm2_verifies (key, SM2_R, SM2_S));
	g_assert_false (sm2_verifies (key, SM2_S, SM2_R));
	g_assert_false (sm2_verifies (key, ZERO, SM2_S));
	g_assert_false (sm2_verifies (key, SM2_R, ZERO));
	g_assert_false (sm2_verifies (key, SM2_N, SM2_S));
	g_assert_false (sm2_verifies (key, SM2_R, SM2_N));
	/* r + s = 0 (mod n): t is zero, GB/T 32918.2 7.1 B5. */
	g_assert_false (sm2_verifies (key, SM2_R, "0a5fc4f8b72d3b9cf1153aec1e447e5e18bf0532f9f04dea100f755c4aee2070"));
	/* A P-256 key's arithmetic must not be asked to judge it. */
	g_autoptr (PublicKey) wrong_curve = read_spki (P256_SPKI "04" SM2_POINT, NULL);
	g_assert_null (wrong_curve);
}

/* Strict DER of a signature: one encoding, nothing after it. */
static void
test_signature_encoding (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PublicKey) key = read_spki (SM2_SPKI "04" SM2_POINT, &error);
	static const struct {
		const char *hex;
		gboolean good;
	} cases[] = {
		{ "3046022100" SM2_R "022100" SM2_S, TRUE },
		{ "3046022100" SM2_R "022100" SM2_S "00", FALSE },
		{ "30460221ff" SM2_R "022100" SM2_S, FALSE },
		{ "30440220" SM2_R "0220" SM2_S, FALSE },                        /* negative numbers */
		{ "308146022100" SM2_R "022100" SM2_S, FALSE },                  /* long length */
		{ "30800221" "00" SM2_R "022100" SM2_S "0000", FALSE },          /* indefinite */
		{ "304702220000" SM2_R "022100" SM2_S, FALSE },                  /* padded r */
		{ "3049022100" SM2_R "022100" SM2_S "020100", FALSE },           /* a third number */
		{ "30470281" "2100" SM2_R "022100" SM2_S, FALSE },
		{ "3145022100" SM2_R "022100" SM2_S, FALSE },
	};

	g_assert_no_error (error);
	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GBytes) der = from_hex (cases[i].hex);
		g_assert_cmpint (public_key_verify (key, SIGNATURE_DER, MESSAGE, strlen (MESSAGE), g_bytes_get_data (der, NULL), g_bytes_get_size (der)),
		                 ==, cases[i].good);
	}
}

static void
test_spki_refused (void)
{
	static const char *const refused[] = {
		"",
		"3000",
		SM2_SPKI "02" SM2_POINT,                                                     /* said to be compressed */
		SM2_SPKI "06" SM2_POINT,                                                     /* hybrid */
		"3039301306072a8648ce3d020106082a811ccf5501822d03220002" "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",   /* compressed */
		"3019301306072a8648ce3d020106082a811ccf5501822d03020000",                    /* point at infinity */
		SM2_SPKI "04" ZERO ZERO,                                                     /* not on the curve */
		SM2_SPKI "04" SM2_POINT "00",                                                /* bytes after it */
		"3056301006072a8648ce3d020106052b8104000a" "034200" "04" SM2_POINT,          /* another curve: secp256k1 */
		"305b301506072a8648ce3d020106082a811ccf5501822d0500" "034200" "04" SM2_POINT,/* parameters after the curve */
		"301c300d06092a864886f70d0101010500030b003008" "020100" "0203010001",        /* RSA modulus 0 */
		"301a300b06092a864886f70d010101030b003008" "020105" "0203010001",            /* RSA without NULL */
	};

	for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
		g_autoptr (GError) error = NULL;
		g_test_message ("%s", refused[i]);
		g_assert_null (read_spki (refused[i], &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_KEY_ALGORITHM);
	}
}

static gpointer
verify_often (gpointer data)
{
	PublicKey *key = ((gpointer *) data)[0];
	GBytes *signature = ((gpointer *) data)[1];
	gboolean good = TRUE;

	for (int i = 0; i < 50; i++)
		good &= public_key_verify (key, SIGNATURE_DER, MESSAGE, strlen (MESSAGE), g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
	return GINT_TO_POINTER (good);
}

/* One key, many threads: contexts are copied, never shared. */
static void
test_threads (gconstpointer data)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate ((KeyAlgorithm) GPOINTER_TO_INT (data), &error);
	g_autoptr (PublicKey) public = private_key_public (key);
	g_autoptr (GBytes) signature = private_key_sign (key, SIGNATURE_DER, MESSAGE, strlen (MESSAGE), &error);
	gpointer shared[] = { public, signature };
	GThread *threads[4];

	for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
		threads[i] = g_thread_new ("verify", verify_often, shared);
	for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
		g_assert_true (GPOINTER_TO_INT (g_thread_join (threads[i])));
}

static void
test_names (void)
{
	for (int a = 0; a < KEY_N_ALGORITHMS; a++) {
		KeyAlgorithm back;
		g_assert_true (key_algorithm_from_name (key_algorithm_name ((KeyAlgorithm) a), &back));
		g_assert_cmpint (back, ==, a);
	}
	KeyAlgorithm none;
	g_assert_false (key_algorithm_from_name ("p521", &none));
}

static void
test_fingerprint (void)
{
	Fingerprint f;

	fingerprint_of ("abc", 3, &f);
	g_autofree char *hex = fingerprint_hex (&f);
	g_assert_cmpstr (hex, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* Written by us for pairs on a curve, by OpenSSL in private_key_plain_pem: the same octets, and they are read back. */
static void
test_pkcs8_is_openssls (void)
{
	for (int a = 0; a < KEY_N_ALGORITHMS; a++) {
		if (key_algorithm_is_rsa ((KeyAlgorithm) a))
			continue;
		g_autoptr (GError) error = NULL;
		g_autoptr (PrivateKey) key = private_key_generate ((KeyAlgorithm) a, &error);
		g_autoptr (GBytes) der = private_key_pkcs8 (key, &error), pem = private_key_plain_pem (key, &error);
		g_assert_no_error (error);
		g_autofree char *text = g_strndup (g_bytes_get_data (pem, NULL), g_bytes_get_size (pem));
		g_auto (GStrv) parts = g_strsplit (text, "-----", 0);
		gsize n;
		g_autofree guchar *theirs = g_base64_decode (parts[2], &n);
		g_assert_cmpmem (g_bytes_get_data (der, NULL), g_bytes_get_size (der), theirs, n);
		g_autoptr (PrivateKey) back = private_key_from_pkcs8 (theirs, n, &error);
		g_assert_no_error (error);
		sign_and_verify (back, SIGNATURE_DER);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	for (int a = 0; a < KEY_N_ALGORITHMS; a++) {
		const char *name = key_algorithm_name ((KeyAlgorithm) a);
		g_autofree char *sign = g_strconcat ("/key/sign/", name, NULL), *files = g_strconcat ("/key/files/", name, NULL);
		g_autofree char *threads = g_strconcat ("/key/threads/", name, NULL);
		g_test_add_data_func (sign, GINT_TO_POINTER (a), test_sign);
		g_test_add_data_func (files, GINT_TO_POINTER (a), test_files);
		g_test_add_data_func (threads, GINT_TO_POINTER (a), test_threads);
	}
	g_test_add_func ("/key/sm2-standard", test_sm2_standard);
	g_test_add_func ("/key/signature-encoding", test_signature_encoding);
	g_test_add_func ("/key/pkcs8-is-openssls", test_pkcs8_is_openssls);
	g_test_add_func ("/key/spki-refused", test_spki_refused);
	g_test_add_func ("/key/names", test_names);
	g_test_add_func ("/key/fingerprint", test_fingerprint);
	return g_test_run ();
}
