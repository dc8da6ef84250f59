/* Envelopes for one key, enveloped keys, CSRResponse: what fits opens, and nothing else does (reliability of GM formats:
 * C1 C2 C3 order, infinity, off the curve, hash flipped, truncated, trailing bytes, a key that does not fit). */
#include <string.h>

#include "base/error.h"
#include "pki/der.h"
#include "pki/envelope.h"
#include "pki/enveloped_key.h"
#include "hierarchy.h"

static const KeyAlgorithm algorithms[] = { KEY_P256, KEY_P384, KEY_RSA3072, KEY_SM2 };
static const char secret[] = "thirty-two bytes of a share, say";

typedef struct {
	Hierarchy *h;
	PrivateKey *key;                /* the encryption key */
	Certificate *encryption;
	GBytes *envelope;
} Made;

static Certificate *
certify (const Hierarchy *h, const PrivateKey *key)
{
	g_autoptr (PublicKey) public = private_key_public (key);
	CertificateTemplate t;

	holder_template (h, public, &t);
	t.key_usage = key_algorithm_is_rsa (private_key_algorithm (key)) ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;
	serial_new (h->now, &t.serial);
	return issue (h->issuer, &t);
}

static void
make (KeyAlgorithm algorithm, Made *out)
{
	g_autoptr (GError) error = NULL;

	out->h = hierarchy_new (algorithm);
	out->key = private_key_generate (algorithm, &error);
	g_assert_no_error (error);
	out->encryption = certify (out->h, out->key);
	out->envelope = enveloped_key_build (certificate_public_key (out->h->holder), out->h->holder, out->key, &error);
	g_assert_no_error (error);
}

static void
made_clear (Made *made)
{
	hierarchy_free (made->h);
	private_key_free (made->key);
	certificate_unref (made->encryption);
	g_bytes_unref (made->envelope);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Made, made_clear)

static void
refused_as (const Made *made, GBytes *envelope, const Certificate *encryption, int code)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = enveloped_key_open (made->h->holder_key, envelope, encryption, &error);

	g_assert_null (key);
	g_assert_error (error, DIQI_ERROR, code);
}

static void
refused (const Made *made, gconstpointer p, gsize n)
{
	g_autoptr (GBytes) bytes = g_bytes_new (p, n);

	refused_as (made, bytes, made->encryption, DIQI_ERROR_ENVELOPE);
}

/* --- any envelope ------------------------------------------------------------------------------ */

static void
test_seal (gconstpointer user)
{
	KeyAlgorithm algorithm = (KeyAlgorithm) GPOINTER_TO_INT (user);
	g_autoptr (Hierarchy) h = hierarchy_new (algorithm);
	g_autoptr (GError) error = NULL;
	const Certificate *const named[] = { h->holder, NULL };

	for (gsize i = 0; i < G_N_ELEMENTS (named); i++) {
		g_autoptr (GBytes) sealed = envelope_seal (certificate_public_key (h->holder), named[i], secret, sizeof secret, &error);
		g_assert_no_error (error);
		g_assert_true (der_check (g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed)));
		g_autoptr (GBytes) again = envelope_seal (certificate_public_key (h->holder), named[i], secret, sizeof secret, &error);
		g_assert_false (g_bytes_equal (sealed, again));
		g_autoptr (GBytes) opened = envelope_open (h->holder_key, sealed, &error);
		g_assert_no_error (error);
		g_assert_cmpmem (g_bytes_get_data (opened, NULL), g_bytes_get_size (opened), secret, sizeof secret);
		g_assert_null (envelope_open (h->issuing_key, sealed, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_ENVELOPE);
		g_clear_error (&error);
	}
}

static void
test_no_envelope_for_ed25519 (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate (KEY_ED25519, &error);
	g_autoptr (PublicKey) public = private_key_public (key);

	g_assert_null (envelope_seal (public, NULL, secret, sizeof secret, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_KEY_ALGORITHM);
}

/* --- keys ---------------------------------------------------------------------------------------- */

static void
test_key (gconstpointer user)
{
	g_auto (Made) made;
	g_autoptr (GError) error = NULL;

	make ((KeyAlgorithm) GPOINTER_TO_INT (user), &made);
	g_autoptr (PrivateKey) opened = enveloped_key_open (made.h->holder_key, made.envelope, made.encryption, &error);
	g_assert_no_error (error);
	g_autoptr (GBytes) a = private_key_pkcs8 (opened, &error);
	g_autoptr (GBytes) b = private_key_pkcs8 (made.key, &error);
	g_assert_true (g_bytes_equal (a, b));
	/* Sound, but of another certificate. */
	refused_as (&made, made.envelope, made.h->holder, DIQI_ERROR_ENVELOPE_KEY);
	/* Not for this holder. */
	g_assert_null (enveloped_key_open (made.h->issuing_key, made.envelope, made.encryption, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_ENVELOPE);
}

/* Where the frame is everything is tried; an RSA key's ciphertext behind it is long, and each attempt there a private operation. */
static gsize
next_place (gsize at, gsize n)
{
	return at + (at < 128 ? 3 : MAX (3, n / 100));
}

/* Cut anywhere, or with anything after it, and with any bit of its frame turned, it is refused or still the same key. */
static void
test_key_damaged (gconstpointer user)
{
	g_auto (Made) made;
	gsize n;

	make ((KeyAlgorithm) GPOINTER_TO_INT (user), &made);
	const guint8 *p = g_bytes_get_data (made.envelope, &n);
	g_autofree guint8 *copy = g_malloc (n + 1);
	memcpy (copy, p, n);
	copy[n] = 0;
	refused (&made, copy, n + 1);
	refused (&made, copy, 0);
	for (gsize cut = 1; cut < n; cut += 7)
		refused (&made, copy, cut);
	for (gsize at = 0; at < n; at = next_place (at, n)) {
		g_autoptr (GError) error = NULL;
		copy[at] ^= 0x01;
		g_autoptr (GBytes) bytes = g_bytes_new (copy, n);
		g_autoptr (PrivateKey) key = enveloped_key_open (made.h->holder_key, bytes, made.encryption, &error);
		g_assert_true (key != NULL || g_error_matches (error, DIQI_ERROR, DIQI_ERROR_ENVELOPE)
		               || g_error_matches (error, DIQI_ERROR, DIQI_ERROR_ENVELOPE_KEY));
		copy[at] ^= 0x01;
	}
}

static void
test_mixed (void)
{
	g_autoptr (GError) error = NULL;
	g_auto (Made) gm, p256;

	make (KEY_SM2, &gm);
	make (KEY_P256, &p256);
	g_assert_null (enveloped_key_build (certificate_public_key (gm.h->holder), gm.h->holder, p256.key, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_KEY_ALGORITHM);
	g_clear_error (&error);
	g_assert_null (enveloped_key_build (certificate_public_key (p256.h->holder), p256.h->holder, gm.key, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_KEY_ALGORITHM);
}

/* --- SM2EnvelopedKey, member by member --------------------------------------------------------------- */

typedef struct {
	GBytes *whole;
	Der algorithm, x, y, hash, text, point, encrypted;
} Parts;

static void
take_apart (GBytes *envelope, Parts *out)
{
	Der in = { g_bytes_get_data (envelope, NULL), g_bytes_get_size (envelope) }, sequence, cipher;

	g_assert_true (der_read (&in, DER_SEQUENCE, &sequence) && der_read_whole (&sequence, DER_SEQUENCE, &out->algorithm)
	               && der_read (&sequence, DER_SEQUENCE, &cipher) && der_read_positive (&cipher, &out->x) && der_read_positive (&cipher, &out->y)
	               && der_read (&cipher, DER_OCTET_STRING, &out->hash) && der_read (&cipher, DER_OCTET_STRING, &out->text) && cipher.n == 0
	               && der_read_octet_bits (&sequence, &out->point) && der_read_octet_bits (&sequence, &out->encrypted) && sequence.n == 0);
	g_assert_cmpuint (out->hash.n, ==, 32);
	g_assert_cmpuint (out->text.n, ==, 16);
	g_assert_cmpuint (out->point.n, ==, 65);
	g_assert_cmpuint (out->encrypted.n, ==, 32);      /* d, without padding */
}

static GBytes *
put_together (const Parts *parts)
{
	GByteArray *w = g_byte_array_new ();
	gsize whole = der_open (w, DER_SEQUENCE);

	der_put_der (w, parts->algorithm);
	gsize cipher = der_open (w, DER_SEQUENCE);
	der_put_unsigned (w, parts->x.p, parts->x.n);
	der_put_unsigned (w, parts->y.p, parts->y.n);
	der_put (w, DER_OCTET_STRING, parts->hash.p, parts->hash.n);
	der_put (w, DER_OCTET_STRING, parts->text.p, parts->text.n);
	der_close (w, cipher);
	der_put_octet_bits (w, parts->point.p, parts->point.n);
	der_put_octet_bits (w, parts->encrypted.p, parts->encrypted.n);
	der_close (w, whole);
	return der_done (w);
}

static void
refused_parts (const Made *made, const Parts *parts)
{
	g_autoptr (GBytes) bytes = put_together (parts);

	refused_as (made, bytes, made->encryption, DIQI_ERROR_ENVELOPE);
}

static void
test_sm2_parts (void)
{
	g_auto (Made) made;
	Parts parts, changed;
	guint8 flipped[65];
	static const guint8 zero[32];

	make (KEY_SM2, &made);
	take_apart (made.envelope, &parts);
	g_autoptr (GBytes) same = put_together (&parts);
	g_assert_true (g_bytes_equal (same, made.envelope));

	changed = parts;                                     /* C1 C2 C3 */
	changed.hash = parts.text;
	changed.text = parts.hash;
	refused_parts (&made, &changed);
	changed = parts;                                     /* C1 infinity */
	changed.x = changed.y = (Der) { zero, 1 };
	refused_parts (&made, &changed);
	changed = parts;                                     /* C1 off the curve */
	changed.x = parts.y;
	changed.y = parts.x;
	refused_parts (&made, &changed);
	memcpy (flipped, parts.hash.p, 32);                  /* C3 flipped */
	flipped[31] ^= 1;
	changed = parts;
	changed.hash = (Der) { flipped, 32 };
	refused_parts (&made, &changed);
	changed = parts;                                     /* C3 short */
	changed.hash.n = 31;
	refused_parts (&made, &changed);
	changed = parts;                                     /* a session key of another size */
	changed.text.n = 15;
	refused_parts (&made, &changed);
	changed = parts;                                     /* d = 0 under the cipher, or anything else */
	changed.encrypted = (Der) { zero, 32 };
	refused_parts (&made, &changed);
	changed = parts;                                     /* d padded to 48 bytes */
	changed.encrypted = (Der) { parts.point.p, 48 };
	refused_parts (&made, &changed);
	memcpy (flipped, parts.point.p, 65);                 /* sm2PublicKey of another form */
	flipped[0] = 0x06;
	changed = parts;
	changed.point = (Der) { flipped, 65 };
	refused_parts (&made, &changed);
}

/* d under the envelope and sm2PublicKey must be one pair. */
static void
test_sm2_other_point (void)
{
	g_auto (Made) made, other;
	Parts parts, others;

	make (KEY_SM2, &made);
	make (KEY_SM2, &other);
	take_apart (made.envelope, &parts);
	take_apart (other.envelope, &others);
	parts.point = others.point;
	g_autoptr (GBytes) bytes = put_together (&parts);
	refused_as (&made, bytes, made.encryption, DIQI_ERROR_ENVELOPE);
	refused_as (&made, bytes, other.encryption, DIQI_ERROR_ENVELOPE);
}

#define OID_SM4 "\x06\x07\x2a\x81\x1c\xcf\x55\x01\x68"

static void
test_sm2_algorithms (void)
{
	static const struct {
		Der algorithm;
		gboolean taken;
	} cases[] = {
		{ { (const guint8 *) "\x30\x09" OID_SM4, 11 }, TRUE },
		{ { (const guint8 *) "\x30\x0b" OID_SM4 "\x05\x00", 13 }, TRUE },
		{ { (const guint8 *) "\x30\x0a\x06\x08\x2a\x81\x1c\xcf\x55\x01\x68\x01", 12 }, TRUE },
		{ { (const guint8 *) "\x30\x0a\x06\x08\x2a\x81\x1c\xcf\x55\x01\x68\x02", 12 }, FALSE },      /* CBC */
		{ { (const guint8 *) "\x30\x0b" OID_SM4 "\x04\x00", 13 }, FALSE },
		{ { (const guint8 *) "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a", 13 }, FALSE },
	};
	g_auto (Made) made;
	Parts parts;
	g_autoptr (GError) error = NULL;

	make (KEY_SM2, &made);
	take_apart (made.envelope, &parts);
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		parts.algorithm = cases[i].algorithm;
		g_autoptr (GBytes) bytes = put_together (&parts);
		g_autoptr (PrivateKey) key = enveloped_key_open (made.h->holder_key, bytes, made.encryption, &error);
		g_assert_true ((key != NULL) == cases[i].taken);
		g_clear_error (&error);
	}
}

/* --- CSRResponse ---------------------------------------------------------------------------------------- */

static void
assert_response (const Made *made, GBytes *der)
{
	g_auto (CsrResponse) response = { NULL };
	g_autoptr (GError) error = NULL;

	g_assert_true (csr_response_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &response, &error));
	g_assert_true (fingerprint_equal (certificate_fingerprint (response.signing), certificate_fingerprint (made->h->holder)));
	g_assert_true (fingerprint_equal (certificate_fingerprint (response.encryption), certificate_fingerprint (made->encryption)));
	g_assert_true (g_bytes_equal (response.envelope, made->envelope));
}

static GBytes *
other_tagging (const Made *made)
{
	g_autoptr (GBytes) signing = certificate_der (made->h->holder);
	g_autoptr (GBytes) encryption = certificate_der (made->encryption);
	Der in = { g_bytes_get_data (made->envelope, NULL), g_bytes_get_size (made->envelope) }, content;
	GByteArray *w = g_byte_array_new ();
	gsize whole = der_open (w, DER_SEQUENCE);

	g_assert_true (der_read (&in, DER_SEQUENCE, &content));
	der_put (w, DER_SET, g_bytes_get_data (signing, NULL), g_bytes_get_size (signing));
	der_put (w, DER_CONTEXT_CONSTRUCTED (0), content.p, content.n);
	gsize tagged = der_open (w, DER_CONTEXT_CONSTRUCTED (1));
	der_put (w, DER_SET, g_bytes_get_data (encryption, NULL), g_bytes_get_size (encryption));
	der_close (w, tagged);
	der_close (w, whole);
	return der_done (w);
}

static void
test_response (void)
{
	g_auto (Made) made;
	g_auto (CsrResponse) single = { NULL };
	g_autoptr (GError) error = NULL;

	make (KEY_SM2, &made);
	g_autoptr (GBytes) built = csr_response_build (made.h->holder, made.encryption, made.envelope);
	assert_response (&made, built);
	g_autoptr (GBytes) tagged = other_tagging (&made);
	assert_response (&made, tagged);
	g_autoptr (GBytes) alone = csr_response_build (made.h->holder, NULL, NULL);
	g_assert_true (csr_response_parse (g_bytes_get_data (alone, NULL), g_bytes_get_size (alone), &single, &error));
	g_assert_null (single.encryption);
	g_assert_null (single.envelope);
}

static void
test_response_damaged (void)
{
	g_auto (Made) made;
	gsize n;

	make (KEY_SM2, &made);
	g_autoptr (GBytes) built = csr_response_build (made.h->holder, made.encryption, made.envelope);
	const guint8 *p = g_bytes_get_data (built, &n);
	g_autofree guint8 *copy = g_malloc0 (n + 1);
	memcpy (copy, p, n);
	for (gsize cut = 0; cut <= n + 1; cut += cut == n - 1 ? 2 : 1) {
		g_auto (CsrResponse) response = { NULL };
		g_autoptr (GError) error = NULL;
		g_assert_false (csr_response_parse (copy, cut, &response, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_ENVELOPE);
		g_assert_null (response.signing);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++) {
		gpointer algorithm = GINT_TO_POINTER (algorithms[i]);
		g_autofree char *seal = g_strdup_printf ("/envelope/%s", key_algorithm_name (algorithms[i]));
		g_autofree char *key = g_strdup_printf ("/key/%s", key_algorithm_name (algorithms[i]));
		g_autofree char *damaged = g_strdup_printf ("/key/%s/damaged", key_algorithm_name (algorithms[i]));
		g_test_add_data_func (seal, algorithm, test_seal);
		g_test_add_data_func (key, algorithm, test_key);
		g_test_add_data_func (damaged, algorithm, test_key_damaged);
	}
	g_test_add_func ("/envelope/ed25519", test_no_envelope_for_ed25519);
	g_test_add_func ("/key/mixed", test_mixed);
	g_test_add_func ("/sm2/parts", test_sm2_parts);
	g_test_add_func ("/sm2/other-point", test_sm2_other_point);
	g_test_add_func ("/sm2/algorithms", test_sm2_algorithms);
	g_test_add_func ("/response/both", test_response);
	g_test_add_func ("/response/damaged", test_response_damaged);
	return g_test_run ();
}
