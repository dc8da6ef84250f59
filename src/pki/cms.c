/* pki/cms.c — see cms.h. */
#include "pki/cms.h"

#include "pki/certificate_private.h"
#include "pki/pki_private.h"

#define OID_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define OID_SIGNED_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
#define OID_CONTENT_TYPE "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"
#define OID_MESSAGE_DIGEST "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"
#define OID_SIGNING_CERTIFICATE_V2 "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f"

/* RFC 5754 2: parameters absent.  GM/T 0006 for SM3. */
#define SHA256_IDENTIFIER "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define SHA384_IDENTIFIER "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02"
#define SM3_IDENTIFIER "\x30\x0a\x06\x08\x2a\x81\x1c\xcf\x55\x01\x83\x11"

static const EVP_MD *
digest_of (KeyAlgorithm algorithm)
{
	const PkiAlgorithms *a = pki_algorithms ();

	return algorithm == KEY_SM2 ? a->sm3 : algorithm == KEY_P384 ? a->sha384 : a->sha256;
}

gsize
document_digest_size (KeyAlgorithm algorithm)
{
	return (gsize) EVP_MD_get_size (digest_of (algorithm));
}

gsize
document_digest (KeyAlgorithm algorithm, gconstpointer p, gsize n, guint8 out[DOCUMENT_DIGEST_BYTES])
{
	if (EVP_Digest (p, n, out, NULL, digest_of (algorithm), NULL) != 1)
		g_error ("digesting a document failed");
	return document_digest_size (algorithm);
}

static Der
digest_identifier (KeyAlgorithm algorithm)
{
	if (algorithm == KEY_P384)
		return DER_LITERAL (SHA384_IDENTIFIER);
	return algorithm == KEY_SM2 ? DER_LITERAL (SM3_IDENTIFIER) : DER_LITERAL (SHA256_IDENTIFIER);
}

/* --- signed attributes ---------------------------------------------------------------- */

typedef struct {
	gsize attribute, values;
} AttributeAt;

static AttributeAt
attribute_open (GByteArray *w, Der oid)
{
	AttributeAt at = { .attribute = der_open (w, DER_SEQUENCE) };

	der_put_oid (w, oid);
	at.values = der_open (w, DER_SET);
	return at;
}

static GBytes *
attribute_close (GByteArray *w, AttributeAt at)
{
	der_close (w, at.values);
	der_close (w, at.attribute);
	return der_done (w);
}

static GBytes *
content_type (Der type)
{
	GByteArray *w = g_byte_array_new ();
	AttributeAt at = attribute_open (w, DER_LITERAL (OID_CONTENT_TYPE));

	der_put_oid (w, type);
	return attribute_close (w, at);
}

static GBytes *
message_digest (const guint8 *digest, gsize n)
{
	GByteArray *w = g_byte_array_new ();
	AttributeAt at = attribute_open (w, DER_LITERAL (OID_MESSAGE_DIGEST));

	der_put (w, DER_OCTET_STRING, digest, n);
	return attribute_close (w, at);
}

/* RFC 5035 4: one ESSCertIDv2, its hash the default SHA-256, with the issuer's name and the serial. */
static GBytes *
signing_certificate (const Certificate *certificate)
{
	GByteArray *w = g_byte_array_new ();
	AttributeAt at = attribute_open (w, DER_LITERAL (OID_SIGNING_CERTIFICATE_V2));
	gsize value = der_open (w, DER_SEQUENCE), list = der_open (w, DER_SEQUENCE), id = der_open (w, DER_SEQUENCE);

	der_put (w, DER_OCTET_STRING, certificate->fingerprint.b, sizeof certificate->fingerprint.b);
	gsize issuer_serial = der_open (w, DER_SEQUENCE), names = der_open (w, DER_SEQUENCE), name = der_open (w, DER_CONTEXT_CONSTRUCTED (4));
	der_put_der (w, certificate->issuer);
	der_close (w, name);
	der_close (w, names);
	serial_put (w, &certificate->serial);
	der_close (w, issuer_serial);
	der_close (w, id);
	der_close (w, list);
	der_close (w, value);
	return attribute_close (w, at);
}

/* X.690 11.6: the members of a SET OF in the order of their encodings. */
static int
by_encoding (gconstpointer a, gconstpointer b)
{
	return g_bytes_compare (*(GBytes *const *) a, *(GBytes *const *) b);
}

static void
put_set_of (GByteArray *w, guint8 tag, GPtrArray *members)
{
	gsize at = der_open (w, tag);

	g_ptr_array_sort (members, by_encoding);
	for (guint i = 0; i < members->len; i++) {
		GBytes *member = g_ptr_array_index (members, i);
		der_put_raw (w, g_bytes_get_data (member, NULL), g_bytes_get_size (member));
	}
	der_close (w, at);
}

/* ETSI EN 319 142-1 6.3: no signing-time in a PDF's signature; the time is the dictionary's /M. */
static GPtrArray *
signed_attributes (Der type, const Certificate *certificate, const guint8 digest[DOCUMENT_DIGEST_BYTES])
{
	GPtrArray *attributes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

	g_ptr_array_add (attributes, content_type (type));
	g_ptr_array_add (attributes, message_digest (digest, document_digest_size (public_key_algorithm (certificate->key))));
	g_ptr_array_add (attributes, signing_certificate (certificate));
	return attributes;
}

/* --- the message ------------------------------------------------------------------------ */

/* RFC 5652 5.4: signed is the encoding with the tag of a SET, sent is the same with [0]. */
static GBytes *
sign_attributes (const PrivateKey *key, GPtrArray *attributes, GError **error)
{
	g_autoptr (GByteArray) w = g_byte_array_new ();

	put_set_of (w, DER_SET, attributes);
	return private_key_sign (key, SIGNATURE_DER, w->data, w->len, error);
}

static void
put_signer_info (GByteArray *w, const Certificate *certificate, GPtrArray *attributes, GBytes *signature)
{
	KeyAlgorithm algorithm = public_key_algorithm (certificate->key);
	gsize infos = der_open (w, DER_SET), info = der_open (w, DER_SEQUENCE);

	der_put_uint (w, 1);
	gsize signer = der_open (w, DER_SEQUENCE);
	der_put_der (w, certificate->issuer);
	serial_put (w, &certificate->serial);
	der_close (w, signer);
	der_put_der (w, digest_identifier (algorithm));
	put_set_of (w, DER_CONTEXT_CONSTRUCTED (0), attributes);
	der_put_der (w, algorithm_facts (algorithm)->signature_algorithm);
	der_put (w, DER_OCTET_STRING, g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
	der_close (w, info);
	der_close (w, infos);
}

static void
put_certificates (GByteArray *w, const Certificate *certificate, Certificate *const *chain, gsize n)
{
	g_autoptr (GPtrArray) members = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

	g_ptr_array_add (members, certificate_der (certificate));
	for (gsize i = 0; i < n; i++)
		g_ptr_array_add (members, certificate_der (chain[i]));
	put_set_of (w, DER_CONTEXT_CONSTRUCTED (0), members);
}

/* What is signed, by whom, and what goes along. */
typedef struct {
	const PrivateKey *key;
	const Certificate *certificate;
	Certificate *const *chain;
	gsize chain_n;
	gboolean certificates;
	Der type;
	GBytes *content;              /* NULL: detached */
	const guint8 *digest;
} Message;

static void
put_content (GByteArray *w, const Message *m)
{
	gsize content = der_open (w, DER_SEQUENCE);

	der_put_oid (w, m->type);
	if (m->content != NULL) {
		gsize explicit = der_open (w, DER_CONTEXT_CONSTRUCTED (0));
		der_put (w, DER_OCTET_STRING, g_bytes_get_data (m->content, NULL), g_bytes_get_size (m->content));
		der_close (w, explicit);
	}
	der_close (w, content);
}

static void
put_signed_data (GByteArray *w, const Message *m, GPtrArray *attributes, GBytes *signature)
{
	gsize data = der_open (w, DER_SEQUENCE);

	/* RFC 5652 5.1: version 1 for id-data and signers named by issuer and serial, 3 for another type. */
	der_put_uint (w, der_equal (m->type, DER_LITERAL (OID_DATA)) ? 1 : 3);
	gsize digests = der_open (w, DER_SET);
	der_put_der (w, digest_identifier (public_key_algorithm (m->certificate->key)));
	der_close (w, digests);
	put_content (w, m);
	if (m->certificates)
		put_certificates (w, m->certificate, m->chain, m->chain_n);
	put_signer_info (w, m->certificate, attributes, signature);
	der_close (w, data);
}

static GBytes *
sign_message (const Message *m, GError **error)
{
	if (m->key->public_key->algorithm == KEY_ED25519) {
		diqi_error_set (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "documents are signed with " KEY_ALGORITHM_CHOICE);
		return NULL;
	}
	if (!fingerprint_equal (public_key_fingerprint (m->certificate->key), public_key_fingerprint (m->key->public_key))) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE, NULL, "the certificate and the key that signs do not belong together");
		return NULL;
	}
	g_autoptr (GPtrArray) attributes = signed_attributes (m->type, m->certificate, m->digest);
	g_autoptr (GBytes) signature = sign_attributes (m->key, attributes, error);
	if (signature == NULL)
		return NULL;
	GByteArray *w = g_byte_array_new ();
	gsize info = der_open (w, DER_SEQUENCE);
	der_put_oid (w, DER_LITERAL (OID_SIGNED_DATA));
	gsize explicit = der_open (w, DER_CONTEXT_CONSTRUCTED (0));
	put_signed_data (w, m, attributes, signature);
	der_close (w, explicit);
	der_close (w, info);
	return der_done (w);
}

GBytes *
cms_sign_digest (const PrivateKey *key, const Certificate *certificate, Certificate *const *chain, gsize n,
                 const guint8 digest[DOCUMENT_DIGEST_BYTES], GError **error)
{
	const Message m = {
		.key = key, .certificate = certificate, .chain = chain, .chain_n = n, .certificates = TRUE,
		.type = DER_LITERAL (OID_DATA), .digest = digest,
	};

	return sign_message (&m, error);
}

GBytes *
cms_sign_content (const PrivateKey *key, const Certificate *certificate, Certificate *const *chain, gsize n, gboolean certificates,
                  gconstpointer type, gsize type_n, GBytes *content, GError **error)
{
	guint8 digest[DOCUMENT_DIGEST_BYTES];
	const Message m = {
		.key = key, .certificate = certificate, .chain = chain, .chain_n = n, .certificates = certificates,
		.type = { type, type_n }, .content = content, .digest = digest,
	};

	document_digest (key->public_key->algorithm, g_bytes_get_data (content, NULL), g_bytes_get_size (content), digest);
	return sign_message (&m, error);
}
