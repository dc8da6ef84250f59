/* pki/envelope.c — see envelope.h. */
#include "pki/envelope.h"

#include <openssl/core_names.h>

#include "base/random.h"
#include "pki/certificate_private.h"
#include "pki/envelope_private.h"
#include "pki/name.h"
#include "pki/oaep.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_KDF_CTX, EVP_KDF_CTX_free)

#define OID_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define OID_ENVELOPED_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"
#define OID_AES256_CBC "\x60\x86\x48\x01\x65\x03\x04\x01\x2a"
#define AES256_WRAP "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2d"
/* dhSinglePass-stdDH-sha256kdf-scheme (RFC 5753 7.1.4) with AES-256 key wrap */
#define ECDH_SHA256_AES256_WRAP "\x30\x15\x06\x06\x2b\x81\x04\x01\x0b\x01" AES256_WRAP
#define SHA256_IDENTIFIER "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
#define MGF1_SHA256 "\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" SHA256_IDENTIFIER
/* id-RSAES-OAEP (RFC 4055 4.1), SHA-256 for hash and mask */
#define OAEP_SHA256 "\x30\x3c\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07\x30\x2f\xa0\x0f" SHA256_IDENTIFIER "\xa1\x1c" MGF1_SHA256

/* The same with the parameters of SHA-256 absent: both must be read (RFC 4055 2.1). */
#define SHA256_BARE "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define MGF1_SHA256_BARE "\x30\x18\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" SHA256_BARE
#define OAEP_SHA256_BARE "\x30\x38\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07\x30\x2b\xa0\x0d" SHA256_BARE "\xa1\x1a" MGF1_SHA256_BARE

#define KEY_BYTES 32
#define WRAPPED_BYTES (KEY_BYTES + 8)      /* RFC 3394 */
#define BLOCK 16
#define SECRET_MAX 66                      /* an ECDH secret has the size of the field */

gboolean
envelope_fail (GError **error)
{
	/* One text for everything inside: what is wrong there is nobody's business. */
	ERR_clear_error ();
	return diqi_fail (error, DIQI_ERROR_ENVELOPE, NULL, "not an envelope for this key");
}

/* --- ciphers ------------------------------------------------------------------------------- */

gboolean
cipher_run (const EVP_CIPHER *cipher, gboolean encrypt, gboolean padding, const guint8 *key, const guint8 *iv,
            const guint8 *in, gsize n, guint8 *out, gsize *out_n)
{
	g_autoptr (EVP_CIPHER_CTX) ctx = EVP_CIPHER_CTX_new ();
	int first = 0, last = 0;

	if (ctx == NULL)
		return FALSE;
	EVP_CIPHER_CTX_set_flags (ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_CipherInit_ex2 (ctx, cipher, key, iv, encrypt, NULL) != 1 || EVP_CIPHER_CTX_set_padding (ctx, padding) != 1
	    || EVP_CipherUpdate (ctx, out, &first, in, (int) n) != 1 || EVP_CipherFinal_ex (ctx, out + first, &last) != 1)
		return FALSE;
	*out_n = (gsize) (first + last);
	return TRUE;
}

/* --- key agreement (RFC 5753) ---------------------------------------------------------------- */

static gboolean
agrees (KeyAlgorithm algorithm)
{
	const AlgorithmFacts *f = algorithm_facts (algorithm);

	return algorithm != KEY_SM2 && algorithm != KEY_ED25519 && f->raw_size != 0;
}

/* On the token of a key that is not here. */
static gboolean
ask_secret (const PrivateKey *own, const PublicKey *peer, guint8 secret[SECRET_MAX], size_t *n)
{
	g_autoptr (GBytes) answer = key_elsewhere_agree (own, peer, NULL);

	*n = answer != NULL ? g_bytes_get_size (answer) : 0;
	if (*n == 0 || *n > SECRET_MAX)
		return FALSE;
	memcpy (secret, g_bytes_get_data (answer, NULL), *n);
	return TRUE;
}

static gboolean
derive_secret (const PrivateKey *own, const PublicKey *peer, guint8 secret[SECRET_MAX], size_t *n)
{
	if (own->elsewhere != NULL)
		return ask_secret (own, peer, secret, n);
	g_autoptr (EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey (NULL, own->pkey, NULL);

	*n = SECRET_MAX;
	/* Not validated a second time: public_key_from_spki took only a point of the curve that is not infinity, and on curves of prime order
	 * (SP 800-56A 5.6.2.3.4, cofactor 1) that is all there is to check. */
	return ctx != NULL && EVP_PKEY_derive_init (ctx) == 1 && EVP_PKEY_derive_set_peer_ex (ctx, peer->pkey, FALSE) == 1
	       && EVP_PKEY_derive (ctx, secret, n) == 1;
}

/* ECC-CMS-SharedInfo (RFC 5753 7.2): the key wrap algorithm, no user keying material, the length in bits. */
#define SHARED_INFO "\x30\x15" AES256_WRAP "\xa2\x06\x04\x04\x00\x00\x01\x00"

static gboolean
wrapping_key (const PrivateKey *own, const PublicKey *peer, guint8 kek[KEY_BYTES])
{
	g_autoptr (EVP_KDF_CTX) ctx = EVP_KDF_CTX_new (pki_algorithms ()->x963kdf);
	guint8 secret[SECRET_MAX];
	size_t n = 0;
	gboolean ok = ctx != NULL && derive_secret (own, peer, secret, &n);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST, (char *) "SHA256", 0),
		OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_SECRET, secret, n),
		OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_INFO, (char *) SHARED_INFO, sizeof SHARED_INFO - 1),
		OSSL_PARAM_construct_end (),
	};

	ok = ok && EVP_KDF_derive (ctx, kek, KEY_BYTES, params) == 1;
	OPENSSL_cleanse (secret, sizeof secret);
	return ok;
}

/* --- the recipient ------------------------------------------------------------------------------ */

/* IssuerAndSerialNumber, or a SubjectKeyIdentifier under `tag` (and in a RecipientKeyIdentifier when keyed). */
static void
put_recipient (GByteArray *w, const PublicKey *to, const Certificate *certificate, gboolean agreement)
{
	if (certificate != NULL) {
		gsize name = der_open (w, DER_SEQUENCE);
		der_put_der (w, certificate->issuer);
		serial_put (w, &certificate->serial);
		der_close (w, name);
		return;
	}
	guint8 identifier[20];
	public_key_identifier (to, identifier);
	if (!agreement) {
		der_put (w, DER_CONTEXT (0), identifier, sizeof identifier);
		return;
	}
	gsize at = der_open (w, DER_CONTEXT_CONSTRUCTED (0));
	der_put (w, DER_OCTET_STRING, identifier, sizeof identifier);
	der_close (w, at);
}

/* OriginatorPublicKey is a SubjectPublicKeyInfo under another tag (RFC 5652 6.2.2). */
static void
put_originator (GByteArray *w, const PublicKey *ephemeral)
{
	Der spki = { g_bytes_get_data (ephemeral->spki, NULL), g_bytes_get_size (ephemeral->spki) }, content;
	gsize at = der_open (w, DER_CONTEXT_CONSTRUCTED (0));

	if (!der_read (&spki, DER_SEQUENCE, &content))
		g_error ("a public key that is no SEQUENCE");
	gsize key = der_open (w, DER_CONTEXT_CONSTRUCTED (1));
	der_put_der (w, content);
	der_close (w, key);
	der_close (w, at);
}

static gboolean
put_agreement (GByteArray *w, const PublicKey *to, const Certificate *certificate, const guint8 key[KEY_BYTES], GError **error)
{
	g_autoptr (PrivateKey) ephemeral = private_key_generate (to->algorithm, error);
	guint8 kek[KEY_BYTES], wrapped[WRAPPED_BYTES + BLOCK];
	gsize n;

	if (ephemeral == NULL)
		return FALSE;
	gboolean ok = wrapping_key (ephemeral, to, kek) && cipher_run (pki_algorithms ()->aes256wrap, TRUE, FALSE, kek, NULL, key, KEY_BYTES, wrapped, &n);
	OPENSSL_cleanse (kek, sizeof kek);
	if (!ok)
		return openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "agreeing on a key failed");
	gsize info = der_open (w, DER_CONTEXT_CONSTRUCTED (1));
	der_put_uint (w, 3);
	put_originator (w, ephemeral->public_key);
	der_put_der (w, DER_LITERAL (ECDH_SHA256_AES256_WRAP));
	gsize list = der_open (w, DER_SEQUENCE), one = der_open (w, DER_SEQUENCE);
	put_recipient (w, to, certificate, TRUE);
	der_put (w, DER_OCTET_STRING, wrapped, n);
	der_close (w, one);
	der_close (w, list);
	der_close (w, info);
	return TRUE;
}

static gboolean
put_transport (GByteArray *w, const PublicKey *to, const Certificate *certificate, const guint8 key[KEY_BYTES], GError **error)
{
	g_autoptr (GBytes) encrypted = oaep_encrypt (to, key, KEY_BYTES, error);

	if (encrypted == NULL)
		return FALSE;
	gsize info = der_open (w, DER_SEQUENCE);
	der_put_uint (w, certificate != NULL ? 0 : 2);
	put_recipient (w, to, certificate, FALSE);
	der_put_der (w, DER_LITERAL (OAEP_SHA256));
	der_put (w, DER_OCTET_STRING, g_bytes_get_data (encrypted, NULL), g_bytes_get_size (encrypted));
	der_close (w, info);
	return TRUE;
}

/* --- sealing --------------------------------------------------------------------------------------- */

static gboolean
put_content (GByteArray *w, const guint8 key[KEY_BYTES], gconstpointer p, gsize n, GError **error)
{
	guint8 iv[BLOCK];
	gsize out_n;
	g_autofree guint8 *out = g_malloc (n + 2 * BLOCK);

	random_bytes (iv, sizeof iv);
	if (!cipher_run (pki_algorithms ()->aes256cbc, TRUE, TRUE, key, iv, p, n, out, &out_n))
		return openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "encrypting failed");
	gsize info = der_open (w, DER_SEQUENCE);
	der_put_oid (w, DER_LITERAL (OID_DATA));
	gsize algorithm = der_open (w, DER_SEQUENCE);
	der_put_oid (w, DER_LITERAL (OID_AES256_CBC));
	der_put (w, DER_OCTET_STRING, iv, sizeof iv);
	der_close (w, algorithm);
	der_put (w, DER_CONTEXT (0), out, out_n);
	der_close (w, info);
	return TRUE;
}

static gboolean
put_enveloped (GByteArray *w, const PublicKey *to, const Certificate *certificate, gconstpointer p, gsize n, GError **error)
{
	gboolean agreement = agrees (to->algorithm);
	guint8 key[KEY_BYTES];

	random_bytes (key, sizeof key);
	gsize info = der_open (w, DER_SEQUENCE);
	der_put_oid (w, DER_LITERAL (OID_ENVELOPED_DATA));
	gsize outer = der_open (w, DER_CONTEXT_CONSTRUCTED (0)), data = der_open (w, DER_SEQUENCE);
	der_put_uint (w, agreement || certificate == NULL ? 2 : 0);       /* RFC 5652 6.1 */
	gsize recipients = der_open (w, DER_SET);
	gboolean ok = agreement ? put_agreement (w, to, certificate, key, error) : put_transport (w, to, certificate, key, error);
	der_close (w, recipients);
	ok = ok && put_content (w, key, p, n, error);
	OPENSSL_cleanse (key, sizeof key);
	der_close (w, data);
	der_close (w, outer);
	der_close (w, info);
	return ok;
}

GBytes *
envelope_seal (const PublicKey *to, const Certificate *certificate, gconstpointer p, gsize n, GError **error)
{
	if (n == 0 || n > ENVELOPE_MAX / 2) {
		diqi_error_set (error, DIQI_ERROR_FIELD_LENGTH, NULL, "1 to %d bytes go into an envelope", ENVELOPE_MAX / 2);
		return NULL;
	}
	if (to->algorithm == KEY_SM2)
		return sm2_cipher_seal (to, p, n, error);
	if (to->algorithm == KEY_ED25519) {
		diqi_error_set (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "nothing can be encrypted to an Ed25519 key");
		return NULL;
	}
	GByteArray *w = g_byte_array_new ();
	gboolean ok = put_enveloped (w, to, certificate, p, n, error);
	g_autoptr (GBytes) der = der_done (w);
	return ok ? g_steal_pointer (&der) : NULL;
}

/* --- opening --------------------------------------------------------------------------------------- */

/* An issuer and serial are the caller's to know; a key identifier must be ours (RFC 5652 6.2.1, 6.2.2). */
static gboolean
read_recipient (const PublicKey *own, Der *in, gboolean agreement)
{
	Der name, issuer, serial, identifier;
	guint8 expected[20];

	if (der_read (in, DER_SEQUENCE, &name))
		return der_read_whole (&name, DER_SEQUENCE, &issuer) && name_is_well_formed (issuer) && der_read_positive (&name, &serial) && name.n == 0;
	public_key_identifier (own, expected);
	if (!agreement)
		return der_read (in, DER_CONTEXT (0), &identifier) && der_equal (identifier, (Der) { expected, sizeof expected });
	return der_read (in, DER_CONTEXT_CONSTRUCTED (0), &name) && der_read (&name, DER_OCTET_STRING, &identifier) && name.n == 0
	       && der_equal (identifier, (Der) { expected, sizeof expected });
}

/* The ephemeral key, of our own curve; some leave the curve out, since it can be no other. */
static PublicKey *
read_originator (const PublicKey *own, Der *info)
{
	static const guint8 bare[] = { 0x30, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
	const AlgorithmFacts *f = algorithm_facts (own->algorithm);
	Der outer, key, whole, algorithm, point;

	if (!der_read (info, DER_CONTEXT_CONSTRUCTED (0), &outer) || !der_read (&outer, DER_CONTEXT_CONSTRUCTED (1), &key) || outer.n != 0)
		return NULL;
	whole = key;
	if (!der_read_whole (&key, DER_SEQUENCE, &algorithm) || !der_read_octet_bits (&key, &point) || key.n != 0 || point.n != f->raw_size)
		return NULL;
	g_autoptr (GByteArray) spki = g_byte_array_new ();
	if (der_equal (algorithm, (Der) { bare, sizeof bare })) {
		der_put_der (spki, f->spki_prefix);
		der_put_der (spki, point);
	} else {
		der_put (spki, DER_SEQUENCE, whole.p, whole.n);
	}
	g_autoptr (PublicKey) peer = public_key_from_spki (spki->data, spki->len, NULL);
	return peer != NULL && peer->algorithm == own->algorithm ? g_steal_pointer (&peer) : NULL;
}

/* The one RecipientEncryptedKey, when it is ours. */
static gboolean
read_wrapped (const PublicKey *own, Der *info, Der *wrapped)
{
	Der list, one;

	return der_read (info, DER_SEQUENCE, &list) && der_read (&list, DER_SEQUENCE, &one) && list.n == 0 && read_recipient (own, &one, TRUE)
	       && der_read (&one, DER_OCTET_STRING, wrapped) && one.n == 0 && wrapped->n == WRAPPED_BYTES;
}

static gboolean
open_agreement (const PrivateKey *own, Der info, guint8 key[KEY_BYTES])
{
	Der algorithm, wrapped;
	guint64 version;
	guint8 kek[KEY_BYTES], out[WRAPPED_BYTES + BLOCK];
	gsize n = 0;

	if (!agrees (own->public_key->algorithm) || !der_read_uint (&info, &version) || version != 3)
		return FALSE;
	g_autoptr (PublicKey) peer = read_originator (own->public_key, &info);
	if (peer == NULL || !der_read_whole (&info, DER_SEQUENCE, &algorithm) || !der_equal (algorithm, DER_LITERAL (ECDH_SHA256_AES256_WRAP))
	    || !read_wrapped (own->public_key, &info, &wrapped) || info.n != 0)
		return FALSE;
	gboolean ok = wrapping_key (own, peer, kek)
	              && cipher_run (pki_algorithms ()->aes256wrap, FALSE, FALSE, kek, NULL, wrapped.p, wrapped.n, out, &n) && n == KEY_BYTES;
	if (ok)
		memcpy (key, out, KEY_BYTES);
	OPENSSL_cleanse (kek, sizeof kek);
	OPENSSL_cleanse (out, sizeof out);
	return ok;
}

static gboolean
open_transport (const PrivateKey *own, Der info, guint8 key[KEY_BYTES])
{
	Der algorithm, encrypted;
	guint64 version;

	if (!key_algorithm_is_rsa (own->public_key->algorithm) || !der_read_uint (&info, &version) || (version != 0 && version != 2)
	    || !read_recipient (own->public_key, &info, FALSE) || !der_read_whole (&info, DER_SEQUENCE, &algorithm)
	    || (!der_equal (algorithm, DER_LITERAL (OAEP_SHA256)) && !der_equal (algorithm, DER_LITERAL (OAEP_SHA256_BARE)))
	    || !der_read (&info, DER_OCTET_STRING, &encrypted) || info.n != 0)
		return FALSE;
	g_autoptr (GBytes) bytes = g_bytes_new_static (encrypted.p, encrypted.n);
	g_autoptr (GBytes) plain = oaep_decrypt (own, bytes, NULL);
	if (plain == NULL || g_bytes_get_size (plain) != KEY_BYTES)
		return FALSE;
	memcpy (key, g_bytes_get_data (plain, NULL), KEY_BYTES);
	return TRUE;
}

/* One recipient: the holder of this key. */
static gboolean
read_key (const PrivateKey *own, Der recipients, guint8 key[KEY_BYTES])
{
	Der info;

	if (der_read (&recipients, DER_CONTEXT_CONSTRUCTED (1), &info))
		return recipients.n == 0 && open_agreement (own, info, key);
	return der_read (&recipients, DER_SEQUENCE, &info) && recipients.n == 0 && open_transport (own, info, key);
}

/* Next is this object identifier. */
static gboolean
takes_oid (Der *in, Der expected)
{
	Der oid;

	return der_read_oid (in, &oid) && der_equal (oid, expected);
}

/* EncryptedContentInfo (RFC 5652 6.1), AES-256-CBC. */
static gboolean
read_content (Der content, Der *iv, Der *encrypted)
{
	Der algorithm;

	return takes_oid (&content, DER_LITERAL (OID_DATA)) && der_read (&content, DER_SEQUENCE, &algorithm)
	       && takes_oid (&algorithm, DER_LITERAL (OID_AES256_CBC)) && der_read (&algorithm, DER_OCTET_STRING, iv) && algorithm.n == 0 && iv->n == BLOCK
	       && der_read (&content, DER_CONTEXT (0), encrypted) && content.n == 0 && encrypted->n > 0 && encrypted->n % BLOCK == 0;
}

static gboolean
read_enveloped (Der whole, Der *recipients, Der *iv, Der *encrypted)
{
	Der info, outer, data, content;
	guint64 version;

	return der_read (&whole, DER_SEQUENCE, &info) && takes_oid (&info, DER_LITERAL (OID_ENVELOPED_DATA))
	       && der_read (&info, DER_CONTEXT_CONSTRUCTED (0), &outer) && info.n == 0 && der_read (&outer, DER_SEQUENCE, &data) && outer.n == 0
	       && der_read_uint (&data, &version) && (version == 0 || version == 2) && der_read (&data, DER_SET, recipients)
	       && der_read (&data, DER_SEQUENCE, &content) && data.n == 0 && read_content (content, iv, encrypted);
}

static GBytes *
open_enveloped (const PrivateKey *own, Der whole)
{
	Der recipients, iv, encrypted;
	guint8 key[KEY_BYTES];
	GBytes *plain = NULL;
	gsize n;

	if (!read_enveloped (whole, &recipients, &iv, &encrypted) || !read_key (own, recipients, key))
		return NULL;
	guint8 *out = g_malloc (encrypted.n + BLOCK);
	if (cipher_run (pki_algorithms ()->aes256cbc, FALSE, TRUE, key, iv.p, encrypted.p, encrypted.n, out, &n))
		plain = secret_bytes (out, n);
	OPENSSL_cleanse (out, encrypted.n + BLOCK);
	OPENSSL_cleanse (key, sizeof key);
	g_free (out);
	return plain;
}

GBytes *
envelope_open (const PrivateKey *key, GBytes *envelope, GError **error)
{
	gsize n;
	const guint8 *p = g_bytes_get_data (envelope, &n);
	GBytes *plain = NULL;

	if (!private_key_can_open (key, error))
		return NULL;
	if (n <= ENVELOPE_MAX && der_check (p, n))
		plain = key->public_key->algorithm == KEY_SM2 ? sm2_cipher_open (key, (Der) { p, n }) : open_enveloped (key, (Der) { p, n });
	if (plain == NULL)
		envelope_fail (error);
	return plain;
}
