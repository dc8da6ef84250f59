/* pki/key_elsewhere.c — keys whose private half is not in this process: behind PKCS#11, or with a process that is.
 *
 * What is signed is prepared here with OpenSSL, so that the token does the one step that needs the key: ECDSA over a
 * digest, RSA over a DigestInfo (RFC 8017 9.2), Ed25519 over the message.  What comes back is
 * verified before anybody else sees it: a token that computes wrongly could give the key away (RSA-CRT), and a
 * key that does not fit would sign what nobody can verify.
 */
#include "pki/pki_private.h"

struct KeyElsewhere {
	gatomicrefcount references;
	PrivateKeySign sign;
	PrivateKeyOpener opener;      /* zero: it only signs */
	gpointer user;
	GDestroyNotify release;
};

/* RFC 8017 9.2, note 1: SHA-256. */
#define DIGEST_INFO "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
#define DIGEST_INFO_BYTES (sizeof DIGEST_INFO - 1)

KeyElsewhere *
key_elsewhere_ref (KeyElsewhere *elsewhere)
{
	g_atomic_ref_count_inc (&elsewhere->references);
	return elsewhere;
}

void
key_elsewhere_unref (KeyElsewhere *elsewhere)
{
	if (elsewhere == NULL || !g_atomic_ref_count_dec (&elsewhere->references))
		return;
	if (elsewhere->release != NULL)
		elsewhere->release (elsewhere->user);
	g_free (elsewhere);
}

PrivateKey *
private_key_elsewhere (PublicKey *public_key, PrivateKeySign sign, gpointer user, GDestroyNotify release, GError **error)
{
	if (public_key->algorithm == KEY_SM2) {
		/* PKCS#11 2.40 and 3.1 have no mechanism for it; makers' own ones differ from each other. */
		diqi_error_set (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "sm2 keys cannot live behind PKCS#11: the standard has no mechanism for SM2; keep them in files");
		if (release != NULL)
			release (user);
		return NULL;
	}
	PrivateKey *key = g_new0 (PrivateKey, 1);
	key->public_key = public_key_ref (public_key);
	key->elsewhere = g_new0 (KeyElsewhere, 1);
	g_atomic_ref_count_init (&key->elsewhere->references);
	key->elsewhere->sign = sign;
	key->elsewhere->user = user;
	key->elsewhere->release = release;
	return key;
}

gboolean
private_key_is_here (const PrivateKey *key, GError **error)
{
	return key->elsewhere == NULL
		|| diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "the private key does not leave its token");
}

/* --- opening ---------------------------------------------------------------------------------- */

void
private_key_elsewhere_opens (PrivateKey *key, const PrivateKeyOpener *opener)
{
	g_assert (key->elsewhere != NULL);
	key->elsewhere->opener = *opener;
}

gboolean
private_key_can_open (const PrivateKey *key, GError **error)
{
	return key->elsewhere == NULL || key->elsewhere->opener.agree != NULL || private_key_is_here (key, error);
}

static GBytes *
opens_nothing (GError **error)
{
	diqi_error_set (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "the key stays on its token and only signs");
	return NULL;
}

GBytes *
key_elsewhere_agree (const PrivateKey *key, const PublicKey *peer, GError **error)
{
	const KeyElsewhere *there = key->elsewhere;

	return there->opener.agree != NULL ? there->opener.agree (there->user, peer->raw.p, peer->raw.n, error) : opens_nothing (error);
}

GBytes *
key_elsewhere_decrypt (const PrivateKey *key, gconstpointer input, gsize n, GError **error)
{
	const KeyElsewhere *there = key->elsewhere;

	return there->opener.decrypt != NULL ? there->opener.decrypt (there->user, input, n, error) : opens_nothing (error);
}

/* --- signing ----------------------------------------------------------------------------------- */

static gboolean
is_pair (const PublicKey *key)
{
	return key->algorithm != KEY_ED25519 && algorithm_facts (key->algorithm)->raw_size != 0;
}

static GBytes *
prepare (const PublicKey *key, gconstpointer message, gsize n, GError **error)
{
	const char *digest = algorithm_facts (key->algorithm)->digest;
	guint8 input[DIGEST_INFO_BYTES + EVP_MAX_MD_SIZE] = DIGEST_INFO;
	size_t size;

	if (digest == NULL)
		return g_bytes_new (message, n);
	gsize before = is_pair (key) ? 0 : DIGEST_INFO_BYTES;
	if (EVP_Q_digest (NULL, digest, NULL, message, n, input + before, &size) != 1) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "digesting failed");
		return NULL;
	}
	return g_bytes_new (input, before + size);
}

/* PKCS#11 2.3.1: ECDSA signatures are r‖s, each as long as the order. */
static GBytes *
pair_to_der (const guint8 *raw, gsize n)
{
	GByteArray *w = g_byte_array_sized_new ((guint) n + 16);
	gsize at = der_open (w, DER_SEQUENCE);

	der_put_unsigned (w, raw, n / 2);
	der_put_unsigned (w, raw + n / 2, n / 2);
	der_close (w, at);
	return der_done (w);
}

GBytes *
key_elsewhere_sign (const PrivateKey *key, SignatureForm form, gconstpointer message, gsize n, GError **error)
{
	const PublicKey *public = key->public_key;
	g_autoptr (GBytes) input = prepare (public, message, n, error);
	g_autoptr (GBytes) raw = NULL;
	gsize size;

	if (input != NULL)
		raw = key->elsewhere->sign (key->elsewhere->user, g_bytes_get_data (input, NULL), g_bytes_get_size (input), error);
	if (raw == NULL)
		return NULL;
	const guint8 *p = g_bytes_get_data (raw, &size);
	/* Half of the raw point, without its 04, is as long as a scalar. */
	gboolean whole = !is_pair (public) || size == algorithm_facts (public->algorithm)->raw_size - 1;
	if (!whole || !public_key_verify (public, SIGNATURE_RAW, message, n, p, size)) {
		diqi_error_set (error, DIQI_ERROR_TOKEN, NULL, "the token's signature does not verify by the key's public half; it was thrown away");
		return NULL;
	}
	return form == SIGNATURE_RAW || !is_pair (public) ? g_steal_pointer (&raw) : pair_to_der (p, size);
}
