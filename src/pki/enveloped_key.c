/* pki/enveloped_key.c — see enveloped_key.h. */
#include "pki/enveloped_key.h"

#include <openssl/core_names.h>

#include "base/random.h"
#include "pki/certificate_private.h"
#include "pki/envelope.h"
#include "pki/envelope_private.h"

#define SM4 "\x2a\x81\x1c\xcf\x55\x01\x68"             /* 1.2.156.10197.1.104, for ECB in some programs */
#define SM4_ECB SM4 "\x01"
#define SM4_KEY 16
#define SCALAR 32

/* --- an SM2 key as its number ------------------------------------------------------------------ */

static gboolean
read_scalar (const PrivateKey *key, guint8 d[SCALAR])
{
	g_autoptr (BIGNUM) number = BN_secure_new ();

	return number != NULL && EVP_PKEY_get_bn_param (key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1
	       && BN_bn2binpad (number, d, SCALAR) == SCALAR;
}

static EVP_PKEY *
pair_of (Der point, const guint8 d[SCALAR])
{
	g_autoptr (EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name (NULL, "SM2", NULL);
	guint8 native[SCALAR];
	EVP_PKEY *pkey = NULL;

	for (gsize i = 0; i < SCALAR; i++)
		native[i] = d[G_BYTE_ORDER == G_BIG_ENDIAN ? i : SCALAR - 1 - i];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string (OSSL_PKEY_PARAM_GROUP_NAME, (char *) "SM2", 0),
		OSSL_PARAM_construct_octet_string (OSSL_PKEY_PARAM_PUB_KEY, (void *) point.p, point.n),
		OSSL_PARAM_construct_BN (OSSL_PKEY_PARAM_PRIV_KEY, native, sizeof native),
		OSSL_PARAM_construct_end (),
	};
	if (ctx == NULL || EVP_PKEY_fromdata_init (ctx) != 1 || EVP_PKEY_fromdata (ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	OPENSSL_cleanse (native, sizeof native);
	return pkey;
}

/* Is 0 < d < n - 1, and is the point d times the base point? */
static PrivateKey *
scalar_key (Der point, const guint8 d[SCALAR])
{
	EVP_PKEY *pkey = pair_of (point, d);
	g_autoptr (EVP_PKEY_CTX) ctx = pkey != NULL ? EVP_PKEY_CTX_new_from_pkey (NULL, pkey, NULL) : NULL;

	if (ctx != NULL && EVP_PKEY_public_check (ctx) == 1 && EVP_PKEY_private_check (ctx) == 1 && EVP_PKEY_pairwise_check (ctx) == 1)
		return private_key_take (pkey, NULL);
	EVP_PKEY_free (pkey);
	return NULL;
}

/* --- SM2EnvelopedKey ------------------------------------------------------------------------------- */

static GBytes *
sm2_write (GBytes *session, const PrivateKey *key, const guint8 encrypted[SCALAR])
{
	GByteArray *w = g_byte_array_new ();
	gsize whole = der_open (w, DER_SEQUENCE), algorithm = der_open (w, DER_SEQUENCE);

	der_put_oid (w, DER_LITERAL (SM4_ECB));
	der_close (w, algorithm);
	der_put_raw (w, g_bytes_get_data (session, NULL), g_bytes_get_size (session));
	der_put_octet_bits (w, key->public_key->raw.p, key->public_key->raw.n);
	der_put_octet_bits (w, encrypted, SCALAR);
	der_close (w, whole);
	return der_done (w);
}

static GBytes *
sm2_build (const PublicKey *holder, const PrivateKey *key, GError **error)
{
	guint8 session[SM4_KEY], d[SCALAR], encrypted[SCALAR + 2 * SM4_KEY];
	gsize n = 0;

	random_bytes (session, sizeof session);
	gboolean ok = read_scalar (key, d) && cipher_run (pki_algorithms ()->sm4ecb, TRUE, FALSE, session, NULL, d, sizeof d, encrypted, &n) && n == SCALAR;
	g_autoptr (GBytes) sealed = ok ? envelope_seal (holder, NULL, session, sizeof session, error) : NULL;
	OPENSSL_cleanse (session, sizeof session);
	OPENSSL_cleanse (d, sizeof d);
	if (!ok)
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "enveloping the key failed");
	return sealed != NULL ? sm2_write (sealed, key, encrypted) : NULL;
}

/* The parameters of a bare algorithm are absent or NULL: both occur. */
static gboolean
is_sm4 (Der algorithm)
{
	Der oid, none;

	if (!der_read_oid (&algorithm, &oid) || (!der_equal (oid, DER_LITERAL (SM4_ECB)) && !der_equal (oid, DER_LITERAL (SM4))))
		return FALSE;
	return algorithm.n == 0 || (der_read (&algorithm, DER_NULL, &none) && algorithm.n == 0);
}

typedef struct {
	Der session, point, encrypted;
} EnvelopedParts;

static gboolean
sm2_read (Der whole, EnvelopedParts *parts)
{
	Der sequence, algorithm;

	return der_read (&whole, DER_SEQUENCE, &sequence) && whole.n == 0 && der_read (&sequence, DER_SEQUENCE, &algorithm) && is_sm4 (algorithm)
	       && der_read_whole (&sequence, DER_SEQUENCE, &parts->session) && der_read_octet_bits (&sequence, &parts->point)
	       && der_read_octet_bits (&sequence, &parts->encrypted) && sequence.n == 0
	       && parts->point.n == algorithm_facts (KEY_SM2)->raw_size && parts->point.p[0] == 0x04 && parts->encrypted.n == SCALAR;
}

static PrivateKey *
sm2_open (const PrivateKey *holder, Der whole)
{
	EnvelopedParts parts;
	guint8 d[SCALAR + 2 * SM4_KEY];
	gsize n = 0;

	if (!sm2_read (whole, &parts))
		return NULL;
	g_autoptr (GBytes) session = sm2_cipher_open (holder, parts.session);
	if (session == NULL || g_bytes_get_size (session) != SM4_KEY)
		return NULL;
	gboolean ok = cipher_run (pki_algorithms ()->sm4ecb, FALSE, FALSE, g_bytes_get_data (session, NULL), NULL, parts.encrypted.p, parts.encrypted.n, d, &n) && n == SCALAR;
	PrivateKey *key = ok ? scalar_key (parts.point, d) : NULL;
	OPENSSL_cleanse (d, sizeof d);
	return key;
}

/* --- both kinds --------------------------------------------------------------------------------------- */

GBytes *
enveloped_key_build (const PublicKey *holder, const Certificate *certificate, const PrivateKey *key, GError **error)
{
	gboolean sm2 = holder->algorithm == KEY_SM2;

	if (!private_key_is_here (key, error))
		return NULL;
	if (sm2 != (key->public_key->algorithm == KEY_SM2)) {
		diqi_error_set (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "an SM2 key goes to an SM2 key, and another to another");
		return NULL;
	}
	if (sm2)
		return sm2_build (holder, key, error);
	g_autoptr (GBytes) plain = private_key_pkcs8 (key, error);
	return plain != NULL ? envelope_seal (holder, certificate, g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), error) : NULL;
}

static PrivateKey *
cms_open (const PrivateKey *holder, GBytes *envelope)
{
	g_autoptr (GBytes) plain = envelope_open (holder, envelope, NULL);

	return plain != NULL ? private_key_from_pkcs8 (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), NULL) : NULL;
}

PrivateKey *
enveloped_key_open (const PrivateKey *holder, GBytes *envelope, const Certificate *encryption, GError **error)
{
	gsize n;
	const guint8 *p = g_bytes_get_data (envelope, &n);
	g_autoptr (PrivateKey) key = NULL;

	if (!private_key_can_open (holder, error))
		return NULL;
	if (n <= ENVELOPE_MAX && der_check (p, n))
		key = holder->public_key->algorithm == KEY_SM2 ? sm2_open (holder, (Der) { p, n }) : cms_open (holder, envelope);
	if (key == NULL) {
		envelope_fail (error);
		return NULL;
	}
	if (!fingerprint_equal (&key->public_key->fingerprint, public_key_fingerprint (encryption->key))) {
		diqi_error_set (error, DIQI_ERROR_ENVELOPE_KEY, NULL, "the envelope holds another key than that of the encryption certificate");
		return NULL;
	}
	return g_steal_pointer (&key);
}

/* --- CSRResponse ---------------------------------------------------------------------------------------- */

void
csr_response_clear (CsrResponse *response)
{
	g_clear_pointer (&response->signing, certificate_unref);
	g_clear_pointer (&response->encryption, certificate_unref);
	g_clear_pointer (&response->envelope, g_bytes_unref);
}

GBytes *
csr_response_build (const Certificate *signing, const Certificate *encryption, GBytes *envelope)
{
	GByteArray *w = g_byte_array_new ();
	gsize whole = der_open (w, DER_SEQUENCE);

	der_put (w, DER_SET, g_bytes_get_data (signing->der, NULL), g_bytes_get_size (signing->der));
	if (envelope != NULL) {
		der_put (w, DER_CONTEXT_CONSTRUCTED (0), g_bytes_get_data (envelope, NULL), g_bytes_get_size (envelope));
		der_put (w, DER_CONTEXT_CONSTRUCTED (1), g_bytes_get_data (encryption->der, NULL), g_bytes_get_size (encryption->der));
	}
	der_close (w, whole);
	return der_done (w);
}

/* At least one; the others must be well-formed too. */
static gboolean
read_set (Der set, Certificate **first)
{
	while (set.n > 0) {
		Der whole;
		if (!der_read_whole (&set, DER_SEQUENCE, &whole))
			return FALSE;
		g_autoptr (Certificate) one = certificate_parse (whole.p, whole.n, NULL);
		if (one == NULL)
			return FALSE;
		if (*first == NULL)
			*first = g_steal_pointer (&one);
	}
	return *first != NULL;
}

/* [0] or [1] as written with explicit tagging holds one value of `inner` and nothing else; a SM2EnvelopedKey has four members and a
 * certificate is no SET, so the two taggings cannot be mistaken for each other. */
static Der
untag (Der content, guint8 inner)
{
	Der in = content, value;

	return der_read (&in, inner, &value) && in.n == 0 ? value : content;
}

static gboolean
read_response (Der sequence, CsrResponse *out)
{
	Der set, envelope, certificates;

	if (!der_read (&sequence, DER_SET, &set) || !read_set (set, &out->signing))
		return FALSE;
	if (sequence.n == 0)
		return TRUE;
	if (!der_read (&sequence, DER_CONTEXT_CONSTRUCTED (0), &envelope) || !der_read (&sequence, DER_CONTEXT_CONSTRUCTED (1), &certificates)
	    || sequence.n != 0 || !read_set (untag (certificates, DER_SET), &out->encryption))
		return FALSE;
	GByteArray *w = g_byte_array_new ();
	Der content = untag (envelope, DER_SEQUENCE);
	der_put (w, DER_SEQUENCE, content.p, content.n);
	out->envelope = der_done (w);
	return sm2_read ((Der) { g_bytes_get_data (out->envelope, NULL), g_bytes_get_size (out->envelope) }, &(EnvelopedParts) { { NULL } });
}

gboolean
csr_response_parse (gconstpointer der, gsize n, CsrResponse *out, GError **error)
{
	g_auto (CsrResponse) response = { NULL };
	Der whole = { der, n }, sequence;

	if (n > ENVELOPE_MAX || !der_check (der, n) || !der_read (&whole, DER_SEQUENCE, &sequence) || !read_response (sequence, &response))
		return diqi_fail (error, DIQI_ERROR_ENVELOPE, NULL, "not a CSRResponse (GM/T 0092)");
	*out = response;
	response = (CsrResponse) { NULL };
	return TRUE;
}
