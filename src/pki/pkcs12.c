/* pki/pkcs12.c — key and certificate in one password-protected file (RFC 7292).
 *
 * Written: PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA-256, SHA-256 MAC.  Read: only what
 * is protected so; the MAC is checked before anything inside is looked at, and a file
 * cannot choose unbounded key derivation.
 */
#include "pki/certificate_private.h"

#include <openssl/crypto.h>

#include "pki/pki_private.h"

#define ITERATIONS PASSWORD_ROUNDS (100000)
#define MAX_MAC_ITERATIONS 10000000
#define MAX_FILE 262144

typedef STACK_OF (X509) X509Stack;
typedef STACK_OF (PKCS7) Pkcs7Stack;
typedef STACK_OF (PKCS12_SAFEBAG) BagStack;
static void x509_stack_free (X509Stack *s) { sk_X509_pop_free (s, X509_free); }
static void pkcs7_stack_free (Pkcs7Stack *s) { sk_PKCS7_pop_free (s, PKCS7_free); }
static void bag_stack_free (BagStack *s) { sk_PKCS12_SAFEBAG_pop_free (s, PKCS12_SAFEBAG_free); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509Stack, x509_stack_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pkcs7Stack, pkcs7_stack_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BagStack, bag_stack_free)

/* --- writing ----------------------------------------------------------------------- */

static X509 *
as_x509 (const Certificate *c)
{
	gsize n;
	const guint8 *p = g_bytes_get_data (c->der, &n);

	return d2i_X509 (NULL, &p, (long) n);
}

static X509Stack *
as_stack (Certificate *const *chain, gsize n)
{
	g_autoptr (X509Stack) stack = sk_X509_new_null ();

	for (gsize i = 0; i < n; i++) {
		X509 *x = as_x509 (chain[i]);
		if (x == NULL || sk_X509_push (stack, x) <= 0) {
			X509_free (x);
			return NULL;
		}
	}
	return g_steal_pointer (&stack);
}

GBytes *
pkcs12_build (const PrivateKey *key, const Certificate *certificate, Certificate *const *chain, gsize n,
              const char *friendly_name, const char *password, GError **error)
{
	g_autoptr (X509) own = as_x509 (certificate);
	g_autoptr (X509Stack) others = as_stack (chain, n);
	guint8 *der = NULL;
	int size = -1;

	if (password == NULL || password[0] == '\0') {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "an empty password protects nothing");
		return NULL;
	}
	if (!private_key_is_here (key, error))
		return NULL;
	if (own == NULL || others == NULL) {
		openssl_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "a certificate cannot be put into PKCS#12");
		return NULL;
	}
	g_autoptr (PKCS12) p12 = PKCS12_create (password, friendly_name, key->pkey, own, others, NID_aes_256_cbc, NID_aes_256_cbc,
	                                        ITERATIONS, -1, 0);
	if (p12 != NULL && PKCS12_set_mac (p12, password, -1, NULL, 16, ITERATIONS, EVP_sha256 ()) == 1)
		size = i2d_PKCS12 (p12, &der);
	if (size <= 0) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "cannot write PKCS#12");
		return NULL;
	}
	GBytes *bytes = g_bytes_new (der, (gsize) size);
	OPENSSL_free (der);
	return bytes;
}

/* --- reading ------------------------------------------------------------------------- */

typedef struct {
	const char *password;
	PrivateKey *key;
	GPtrArray *certificates;
} Contents;

static gboolean
bad_file (GError **error, const char *why)
{
	ERR_clear_error ();
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "PKCS#12: %s", why);
}

static gboolean
is_bounded (const X509_ALGOR *algorithm)
{
	guint8 *der = NULL;
	int n = i2d_X509_ALGOR (algorithm, &der);
	gboolean ok = n > 0 && pbes2_is_bounded ((Der) { der, (gsize) n });

	OPENSSL_free (der);
	return ok;
}

static gboolean
take_key (Contents *into, const PKCS12_SAFEBAG *bag, GError **error)
{
	const X509_ALGOR *algorithm = NULL;
	const X509_SIG *sealed = PKCS12_SAFEBAG_get0_pkcs8 (bag);

	if (into->key != NULL)
		return bad_file (error, "more than one private key");
	if (sealed != NULL)
		X509_SIG_get0 (sealed, &algorithm, NULL);
	if (algorithm == NULL || !is_bounded (algorithm))
		return bad_file (error, "private key is not protected by PBES2");
	g_autoptr (PKCS8_PRIV_KEY_INFO) plain = PKCS12_decrypt_skey (bag, into->password, -1);
	EVP_PKEY *pkey = plain == NULL ? NULL : EVP_PKCS82PKEY (plain);
	if (pkey == NULL)
		return bad_file (error, "private key cannot be read");
	into->key = private_key_take (pkey, error);
	return into->key != NULL;
}

static gboolean
take_certificate (Contents *into, const PKCS12_SAFEBAG *bag, GError **error)
{
	g_autoptr (X509) x = PKCS12_SAFEBAG_get1_cert (bag);
	guint8 *der = NULL;
	int n = x == NULL ? -1 : i2d_X509 (x, &der);

	if (n <= 0)
		return bad_file (error, "holds something that is not an X.509 certificate");
	Certificate *c = certificate_parse (der, (gsize) n, error);
	OPENSSL_free (der);
	if (c == NULL)
		return FALSE;
	g_ptr_array_add (into->certificates, c);
	return TRUE;
}

static gboolean
take_bags (Contents *into, const BagStack *bags, GError **error)
{
	for (int i = 0; i < sk_PKCS12_SAFEBAG_num (bags); i++) {
		const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value (bags, i);
		switch (PKCS12_SAFEBAG_get_nid (bag)) {
		case NID_pkcs8ShroudedKeyBag:
			if (!take_key (into, bag, error))
				return FALSE;
			break;
		case NID_certBag:
			if (!take_certificate (into, bag, error))
				return FALSE;
			break;
		default:
			return bad_file (error, "holds something other than one protected key and its certificates");
		}
	}
	return TRUE;
}

static BagStack *
open_safe (PKCS7 *safe, const char *password)
{
	if (PKCS7_type_is_data (safe))
		return PKCS12_unpack_p7data (safe);
	if (!PKCS7_type_is_encrypted (safe) || safe->d.encrypted == NULL || safe->d.encrypted->enc_data == NULL
	    || safe->d.encrypted->enc_data->algorithm == NULL || !is_bounded (safe->d.encrypted->enc_data->algorithm))
		return NULL;
	return PKCS12_unpack_p7encdata (safe, password, -1);
}

static gboolean
take_all (Contents *into, const PKCS12 *p12, GError **error)
{
	g_autoptr (Pkcs7Stack) safes = PKCS12_unpack_authsafes (p12);

	if (safes == NULL)
		return bad_file (error, "contents malformed");
	for (int i = 0; i < sk_PKCS7_num (safes); i++) {
		g_autoptr (BagStack) bags = open_safe (sk_PKCS7_value (safes, i), into->password);
		if (bags == NULL)
			return bad_file (error, "contents malformed, or not protected by PBES2");
		if (!take_bags (into, bags, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
check_mac (PKCS12 *p12, const char *password, GError **error)
{
	const ASN1_INTEGER *iterations = NULL;
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *digest = NULL;

	if (!PKCS12_mac_present (p12))
		return bad_file (error, "no MAC protects the file");
	PKCS12_get0_mac (NULL, &algorithm, NULL, &iterations, p12);
	/* RFC 9579's PBMAC1 hides another iteration count in its parameters. */
	X509_ALGOR_get0 (&digest, NULL, NULL, algorithm);
	if (EVP_get_digestbyobj (digest) == NULL)
		return bad_file (error, "MAC algorithm not supported");
	if (iterations != NULL && (ASN1_INTEGER_get (iterations) < 1 || ASN1_INTEGER_get (iterations) > MAX_MAC_ITERATIONS))
		return bad_file (error, "iteration count out of range");
	if (PKCS12_verify_mac (p12, password, -1) != 1)
		return bad_file (error, "wrong password, or the file was changed");
	return TRUE;
}

static Certificate *
certificate_of (const Contents *c)
{
	for (guint i = 0; i < c->certificates->len; i++) {
		Certificate *candidate = g_ptr_array_index (c->certificates, i);
		if (fingerprint_equal (public_key_fingerprint (candidate->key), public_key_fingerprint (c->key->public_key)))
			return candidate;
	}
	return NULL;
}

gboolean
pkcs12_open (GBytes *file, const char *password, PrivateKey **key, Certificate **certificate, GError **error)
{
	gsize n;
	const guint8 *start = g_bytes_get_data (file, &n), *p = start;
	g_autoptr (GPtrArray) certificates = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);
	Contents contents = { password, NULL, certificates };

	if (n == 0 || n > MAX_FILE || !der_check (start, n))
		return bad_file (error, "not a PKCS#12 file in DER");
	g_autoptr (PKCS12) p12 = d2i_PKCS12 (NULL, &p, (long) n);
	if (p12 == NULL || p != start + n)
		return bad_file (error, "not a PKCS#12 file");
	if (!check_mac (p12, password, error))
		return FALSE;
	gboolean taken = take_all (&contents, p12, error);
	g_autoptr (PrivateKey) own = contents.key;
	if (!taken)
		return FALSE;
	Certificate *match = own == NULL ? NULL : certificate_of (&contents);
	if (match == NULL)
		return bad_file (error, "no private key with a certificate that belongs to it");
	*certificate = certificate_ref (match);
	*key = g_steal_pointer (&own);
	return TRUE;
}
