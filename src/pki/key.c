/* pki/key.c — algorithms fetched once, key pairs, fingerprints.
 *
 * OpenSSL 3 looks an algorithm up on every use unless it is handed a fetched one, and
 * decodes a public key through generic decoders at about thirty times the cost of
 * setting a point.  So: fetch here once, keep parameter-only keys to copy from, and
 * keep one initialised signature context in each key, copied for each operation
 * (copying only reads the original, so a key is shared by threads freely).
 */
#include "pki/pki_private.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "base/json.h"

#define P256_PREFIX "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"
#define P384_PREFIX "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00"
#define SM2_PREFIX "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d\x03\x42\x00"
#define ED25519_PREFIX "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"
#define SHA256_WITH_RSA "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"
#define LITERAL(text) { (const guint8 *) (text), sizeof (text) - 1 }

static const AlgorithmFacts facts[KEY_N_ALGORITHMS] = {
	/* RFC 5758 3.2: ecdsa-with-SHA256, no parameters */
	[KEY_P256] = { "p256", "SHA256", LITERAL ("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"), LITERAL (P256_PREFIX), 65 },
	/* RFC 4055 5: sha256WithRSAEncryption, NULL parameters */
	[KEY_RSA3072] = { "rsa3072", "SHA256", LITERAL (SHA256_WITH_RSA), { NULL, 0 }, 0 },
	[KEY_RSA4096] = { "rsa4096", "SHA256", LITERAL (SHA256_WITH_RSA), { NULL, 0 }, 0 },
	/* GM/T 0006: SM2-with-SM3 1.2.156.10197.1.501, written without parameters as ECDSA is */
	[KEY_SM2] = { "sm2", "SM3", LITERAL ("\x30\x0a\x06\x08\x2a\x81\x1c\xcf\x55\x01\x83\x75"), LITERAL (SM2_PREFIX), 65 },
	/* RFC 5758 3.2: ecdsa-with-SHA384 */
	[KEY_P384] = { "p384", "SHA384", LITERAL ("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"), LITERAL (P384_PREFIX), 97 },
	/* RFC 8410 3 */
	[KEY_ED25519] = { "ed25519", NULL, LITERAL ("\x30\x05\x06\x03\x2b\x65\x70"), LITERAL (ED25519_PREFIX), 32 },
};

const AlgorithmFacts *
algorithm_facts (KeyAlgorithm a)
{
	return &facts[a];
}

/* Parameters without a point, to be copied for each key read. */
static EVP_PKEY *
curve_parameters (const char *type, const char *group)
{
	g_autoptr (EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name (NULL, type, NULL);
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string (OSSL_PKEY_PARAM_GROUP_NAME, (char *) group, 0),
		OSSL_PARAM_construct_end (),
	};

	if (ctx == NULL || EVP_PKEY_fromdata_init (ctx) <= 0
	    || EVP_PKEY_fromdata (ctx, &pkey, EVP_PKEY_KEY_PARAMETERS, params) <= 0)
		g_error ("OpenSSL offers no %s keys", group);
	return pkey;
}

static EVP_MD *
digest (const char *name)
{
	EVP_MD *md = EVP_MD_fetch (NULL, name, NULL);

	if (md == NULL)
		g_error ("OpenSSL offers no %s", name);
	return md;
}

static EVP_CIPHER *
cipher (const char *name)
{
	EVP_CIPHER *fetched = EVP_CIPHER_fetch (NULL, name, NULL);

	if (fetched == NULL)
		g_error ("OpenSSL offers no %s", name);
	return fetched;
}

static gpointer
fetch_algorithms (G_GNUC_UNUSED gpointer unused)
{
	PkiAlgorithms *a = g_new0 (PkiAlgorithms, 1);

	a->sha1 = digest ("SHA1");
	a->sha256 = digest ("SHA256");
	a->sha384 = digest ("SHA384");
	a->sha512 = digest ("SHA512");
	a->sm3 = digest ("SM3");
	a->aes256gcm = cipher ("AES-256-GCM");
	a->aes256cbc = cipher ("AES-256-CBC");
	a->aes256wrap = cipher ("AES-256-WRAP");
	a->sm4ecb = cipher ("SM4-ECB");
	a->hmac = EVP_MAC_fetch (NULL, "HMAC", NULL);
	a->x963kdf = EVP_KDF_fetch (NULL, "X963KDF", NULL);
	if (a->hmac == NULL || a->x963kdf == NULL)
		g_error ("OpenSSL offers no HMAC or X963KDF");
	a->curve[KEY_P256] = curve_parameters ("EC", "prime256v1");
	a->curve[KEY_P384] = curve_parameters ("EC", "secp384r1");
	a->curve[KEY_SM2] = curve_parameters ("SM2", "SM2");
	return a;
}

const PkiAlgorithms *
pki_algorithms (void)
{
	static GOnce once = G_ONCE_INIT;

	return g_once (&once, fetch_algorithms, NULL);
}

void
pki_init (void)
{
	pki_algorithms ();
}

gboolean
openssl_fail (GError **error, DiqiErrorCode code, const char *field, const char *what)
{
	const char *reason = ERR_reason_error_string (ERR_peek_last_error ());

	diqi_error_set (error, code, field, "%s%s%s", what, reason != NULL ? ": " : "", reason != NULL ? reason : "");
	ERR_clear_error ();
	return FALSE;
}

/* --- fingerprints -------------------------------------------------------------------- */

void
fingerprint_of (gconstpointer p, gsize n, Fingerprint *out)
{
	if (EVP_Digest (p, n, out->b, NULL, pki_algorithms ()->sha256, NULL) != 1)
		g_error ("SHA-256 failed");
}

void
sha1_of (gconstpointer p, gsize n, guint8 out[20])
{
	if (EVP_Digest (p, n, out, NULL, pki_algorithms ()->sha1, NULL) != 1)
		g_error ("SHA-1 failed");
}

gboolean
fingerprint_equal (const Fingerprint *a, const Fingerprint *b)
{
	return memcmp (a->b, b->b, sizeof a->b) == 0;
}

char *
fingerprint_hex (const Fingerprint *f)
{
	return hex_encode (f->b, sizeof f->b);
}

/* --- names ----------------------------------------------------------------------------- */

const char *
key_algorithm_name (KeyAlgorithm a)
{
	return facts[a].name;
}

gboolean
key_algorithm_from_name (const char *name, KeyAlgorithm *out)
{
	for (int a = 0; a < KEY_N_ALGORITHMS; a++) {
		if (strcmp (facts[a].name, name) == 0) {
			*out = (KeyAlgorithm) a;
			return TRUE;
		}
	}
	return FALSE;
}

gboolean
key_algorithm_is_rsa (KeyAlgorithm a)
{
	return a == KEY_RSA3072 || a == KEY_RSA4096;
}

gboolean
key_algorithm_choose (const char *name, const char *field, KeyAlgorithm *out, GError **error)
{
	KeyAlgorithm found;

	if (!key_algorithm_from_name (name, &found) || found == KEY_ED25519)
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, field, "the algorithm is " KEY_ALGORITHM_CHOICE ", not \"%s\"", name);
	*out = found;
	return TRUE;
}

/* --- private keys ------------------------------------------------------------------------ */

static PublicKey *
public_half (EVP_PKEY *pkey, GError **error)
{
	guint8 *der = NULL;
	int n = i2d_PUBKEY (pkey, &der);

	if (n <= 0) {
		openssl_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "the key has no public half");
		return NULL;
	}
	PublicKey *key = public_key_from_spki (der, (gsize) n, error);
	OPENSSL_free (der);
	return key;
}

/* Takes both; public_key NULL: failed. */
static PrivateKey *
take_halves (EVP_PKEY *pkey, PublicKey *public_key)
{
	g_autoptr (PrivateKey) key = g_new0 (PrivateKey, 1);

	key->pkey = pkey;
	key->public_key = public_key;
	return public_key != NULL ? g_steal_pointer (&key) : NULL;
}

PrivateKey *
private_key_take (EVP_PKEY *pkey, GError **error)
{
	return take_halves (pkey, public_half (pkey, error));
}

PrivateKey *
private_key_share (const PrivateKey *key)
{
	PrivateKey *copy = g_new0 (PrivateKey, 1);

	copy->public_key = public_key_ref (key->public_key);
	if (key->elsewhere != NULL) {
		copy->elsewhere = key_elsewhere_ref (key->elsewhere);
		return copy;
	}
	EVP_PKEY_up_ref (key->pkey);
	copy->pkey = key->pkey;
	return copy;
}

/* The public half of a pair on a curve.  OpenSSL's encoder of public keys costs as much as six signatures. */
static PublicKey *
point_of (KeyAlgorithm algorithm, EVP_PKEY *pkey, GError **error)
{
	const AlgorithmFacts *f = algorithm_facts (algorithm);
	guint8 *point = NULL;
	size_t n = EVP_PKEY_get1_encoded_public_key (pkey, &point);
	g_autofree guint8 *spki = g_malloc (f->spki_prefix.n + f->raw_size);

	if (n == f->raw_size) {
		memcpy (spki, f->spki_prefix.p, f->spki_prefix.n);
		memcpy (spki + f->spki_prefix.n, point, n);
	}
	OPENSSL_free (point);
	if (n != f->raw_size) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "the key has no public half");
		return NULL;
	}
	return public_key_from_spki (spki, f->spki_prefix.n + n, error);
}

/* From the parameters that are there: a curve fetched by its name is built anew each time. */
static PrivateKey *
generate_on_curve (KeyAlgorithm algorithm, GError **error)
{
	g_autoptr (EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey (NULL, pki_algorithms ()->curve[algorithm], NULL);
	EVP_PKEY *pkey = NULL;

	if (ctx == NULL || EVP_PKEY_keygen_init (ctx) != 1 || EVP_PKEY_generate (ctx, &pkey) != 1) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "key generation failed");
		return NULL;
	}
	return take_halves (pkey, point_of (algorithm, pkey, error));
}

PrivateKey *
private_key_generate (KeyAlgorithm algorithm, GError **error)
{
	EVP_PKEY *pkey = NULL;

	switch (algorithm) {
	case KEY_P256:
	case KEY_P384:
	case KEY_SM2:
		return generate_on_curve (algorithm, error);
	case KEY_RSA4096:
		pkey = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t) 4096);
		break;
	case KEY_RSA3072:
		pkey = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t) 3072);
		break;
	case KEY_ED25519:
		pkey = EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
		break;
	case KEY_N_ALGORITHMS:
		break;
	}
	if (pkey == NULL) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "key generation failed");
		return NULL;
	}
	return private_key_take (pkey, error);
}

void
private_key_free (PrivateKey *key)
{
	if (key == NULL)
		return;
	EVP_MD_CTX_free (key->signer);
	EVP_PKEY_free (key->pkey);
	key_elsewhere_unref (key->elsewhere);
	public_key_unref (key->public_key);
	g_free (key);
}

KeyAlgorithm
private_key_algorithm (const PrivateKey *key)
{
	return key->public_key->algorithm;
}

PublicKey *
private_key_public (const PrivateKey *key)
{
	return public_key_ref (key->public_key);
}
