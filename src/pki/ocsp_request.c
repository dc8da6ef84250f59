/* pki/ocsp_request.c — reading an OCSP request (RFC 6960 4.1, nonce RFC 9654).
 *
 * The requestor's name and signature are looked at for their form only: answers are
 * public.  CertIDs are echoed as they came.
 */
#include "pki/certificate_private.h"

#include "pki/extension.h"
#include "pki/pki_private.h"

#define MAX_NONCE 128

/* SHA-1 is what most clients ask by (RFC 5019 2.1.1), SM3 what those of GM/T do: it names an issuer, and protects nothing. */
static const struct {
	Der oid;
	gsize size;
} hashes[CERT_ID_HASHES] = {
	{ DER_LITERAL ("\x2b\x0e\x03\x02\x1a"), 20 },
	{ DER_LITERAL ("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), 32 },
	{ DER_LITERAL ("\x60\x86\x48\x01\x65\x03\x04\x02\x02"), 48 },
	{ DER_LITERAL ("\x60\x86\x48\x01\x65\x03\x04\x02\x03"), 64 },
	{ DER_LITERAL ("\x2a\x81\x1c\xcf\x55\x01\x83\x11"), 32 },
};

static IssuerHashes *
hashes_new (const Certificate *issuer)
{
	const PkiAlgorithms *a = pki_algorithms ();
	const EVP_MD *const digests[CERT_ID_HASHES] = { a->sha1, a->sha256, a->sha384, a->sha512, a->sm3 };
	IssuerHashes *made = g_new0 (IssuerHashes, 1);

	for (guint i = 0; i < CERT_ID_HASHES; i++)
		if (EVP_Digest (issuer->subject.p, issuer->subject.n, made->name[i], NULL, digests[i], NULL) != 1
		    || EVP_Digest (issuer->key->raw.p, issuer->key->raw.n, made->key[i], NULL, digests[i], NULL) != 1)
			g_error ("hashing an issuer's name failed");
	return made;
}

/* Two threads may both make the first one; one of the two is kept. */
static const IssuerHashes *
hashes_of (const Certificate *shared)
{
	Certificate *issuer = (Certificate *) shared;
	IssuerHashes *made = g_atomic_pointer_get (&issuer->hashes);

	if (made != NULL)
		return made;
	made = hashes_new (issuer);
	if (!g_atomic_pointer_compare_and_exchange (&issuer->hashes, NULL, made)) {
		g_free (made);
		made = g_atomic_pointer_get (&issuer->hashes);
	}
	return made;
}

/* An AlgorithmIdentifier with NULL parameters or none (RFC 5754 2); CERT_ID_HASHES: none that is known. */
static guint
hash_of (Der whole)
{
	Der body, oid, null;
	guint i = 0;

	if (!der_read (&whole, DER_SEQUENCE, &body) || !der_read_oid (&body, &oid)
	    || (body.n > 0 && (!der_read (&body, DER_NULL, &null) || body.n != 0)))
		return CERT_ID_HASHES;
	while (i < CERT_ID_HASHES && !der_equal (oid, hashes[i].oid))
		i++;
	return i;
}

/* Hashes over issuer's name and key, RFC 6960 4.1.1. */
static gboolean
names_issuer (const Certificate *issuer, Der algorithm, Der name_hash, Der key_hash)
{
	const IssuerHashes *known = hashes_of (issuer);
	guint i = hash_of (algorithm);

	return i < CERT_ID_HASHES && der_equal (name_hash, (Der) { known->name[i], hashes[i].size })
	       && der_equal (key_hash, (Der) { known->key[i], hashes[i].size });
}

/* SEQUENCE { OID, anything or nothing } */
static gboolean
is_algorithm (Der whole)
{
	Der body, oid, parameters;
	guint8 tag;

	return der_read (&whole, DER_SEQUENCE, &body) && der_read_oid (&body, &oid)
	       && (body.n == 0 || der_next (&body, &tag, &parameters)) && body.n == 0;
}

static gboolean
read_cert_id (Der *in, const Certificate *issuer, OcspSingle *out)
{
	Der copy = *in, whole, body, algorithm, name_hash, key_hash, number;

	if (!der_read_whole (&copy, DER_SEQUENCE, &whole) || !der_read (in, DER_SEQUENCE, &body)
	    || !der_read_whole (&body, DER_SEQUENCE, &algorithm) || !is_algorithm (algorithm)
	    || !der_read (&body, DER_OCTET_STRING, &name_hash)
	    || !der_read (&body, DER_OCTET_STRING, &key_hash))
		return FALSE;
	/* Any INTEGER may be asked about; only one of serial_new's shape can be ours. */
	Der serial = body;
	if (!der_read (&body, DER_INTEGER, &number) || body.n != 0)
		return FALSE;
	out->names_issuer = names_issuer (issuer, algorithm, name_hash, key_hash);
	out->ours = out->names_issuer && serial_read (&serial, &out->serial)
	            && (out->serial.b[0] & 0xc0) == 0x40;
	out->status = CERT_STATUS_UNKNOWN;
	out->cert_id = g_bytes_new (whole.p, whole.n);
	return TRUE;
}

static gboolean
refuse_critical (G_GNUC_UNUSED Der oid, gboolean critical, G_GNUC_UNUSED Der value, G_GNUC_UNUSED gpointer user)
{
	return !critical;
}

static gboolean
is_repeated (const GArray *singles, GBytes *cert_id)
{
	for (guint i = 0; i < singles->len; i++) {
		if (g_bytes_equal (g_array_index (singles, OcspSingle, i).cert_id, cert_id))
			return TRUE;
	}
	return FALSE;
}

static gboolean
read_single (Der *list, const Certificate *issuer, GArray *singles)
{
	OcspSingle single = { 0 };
	Der body, extensions;

	if (!der_read (list, DER_SEQUENCE, &body) || !read_cert_id (&body, issuer, &single))
		return FALSE;
	gboolean repeated = is_repeated (singles, single.cert_id);
	g_array_append_val (singles, single);      /* owned by the array from here */
	if (repeated)
		return FALSE;
	if (body.n == 0)
		return TRUE;
	return der_read (&body, DER_CONTEXT_CONSTRUCTED (0), &extensions) && body.n == 0
	       && extensions_read (extensions, refuse_critical, NULL);
}

static gboolean
read_nonce (OcspRequest *request, Der value)
{
	Der nonce;

	if (!der_read (&value, DER_OCTET_STRING, &nonce) || value.n != 0 || nonce.n < 1 || nonce.n > MAX_NONCE)
		return FALSE;
	request->nonce = g_bytes_new (nonce.p, nonce.n);
	return TRUE;
}

/* RFC 6960 4.4.3: we have the basic response; one who says that he cannot read it is not served. */
static gboolean
accepts_basic (Der value)
{
	Der list, oid;
	gboolean basic = FALSE;

	if (!der_read (&value, DER_SEQUENCE, &list) || value.n != 0)
		return FALSE;
	while (list.n > 0) {
		if (!der_read_oid (&list, &oid))
			return FALSE;
		basic = basic || der_equal (oid, DER_LITERAL (OID_OCSP_BASIC));
	}
	return basic;
}

/* RFC 6960 4.4.7: { sigIdentifier, pubKeyAlgIdentifier? }.  A responder has one key here, whatever is preferred. */
static gboolean
are_preferences (Der value)
{
	Der list, one, algorithm;

	if (!der_read (&value, DER_SEQUENCE, &list) || value.n != 0)
		return FALSE;
	while (list.n > 0) {
		if (!der_read (&list, DER_SEQUENCE, &one) || !der_read_whole (&one, DER_SEQUENCE, &algorithm) || !is_algorithm (algorithm))
			return FALSE;
		if (one.n > 0 && (!der_read_whole (&one, DER_SEQUENCE, &algorithm) || one.n != 0))
			return FALSE;
	}
	return TRUE;
}

static gboolean
read_request_extension (Der oid, gboolean critical, Der value, gpointer user)
{
	gboolean nonce = der_equal (oid, DER_LITERAL (OID_OCSP_NONCE)), responses = der_equal (oid, DER_LITERAL (OID_OCSP_RESPONSE)),
	         preferences = der_equal (oid, DER_LITERAL (OID_OCSP_PREFERRED));

	if (!nonce && !responses && !preferences)
		return !critical;
	if (!der_check (value.p, value.n))
		return FALSE;
	return nonce ? read_nonce (user, value) : responses ? accepts_basic (value) : are_preferences (value);
}

static gboolean
skip_version_and_name (Der *body)
{
	Der explicit, name;
	guint64 version;

	if (der_is_next (body, DER_CONTEXT_CONSTRUCTED (0))
	    && (!der_read (body, DER_CONTEXT_CONSTRUCTED (0), &explicit) || !der_read_uint (&explicit, &version) || version != 0
	        || explicit.n != 0))
		return FALSE;
	return !der_is_next (body, DER_CONTEXT_CONSTRUCTED (1)) || der_read (body, DER_CONTEXT_CONSTRUCTED (1), &name);
}

static const char *
read_tbs (Der body, const Certificate *issuer, OcspRequest *request)
{
	Der list, extensions;

	if (!skip_version_and_name (&body))
		return "version or requestor name malformed";
	if (!der_read (&body, DER_SEQUENCE, &list) || list.n == 0)
		return "no certificate is asked about";
	while (list.n > 0) {
		if (request->singles->len == OCSP_MAX_SINGLE)
			return "too many certificates in one request";
		if (!read_single (&list, issuer, request->singles))
			return "a single request is malformed, repeated or has an unknown critical extension";
	}
	if (body.n == 0)
		return NULL;
	if (!der_read (&body, DER_CONTEXT_CONSTRUCTED (2), &extensions) || body.n != 0
	    || !extensions_read (extensions, read_request_extension, request))
		return "request extensions malformed, unknown and critical, or a nonce not of 1 to 128 octets (RFC 9654 2.1)";
	return NULL;
}

static const char *
read_request (Der whole, const Certificate *issuer, OcspRequest *request)
{
	Der outer, body, signature, inside;

	if (whole.n == 0 || whole.n > OCSP_MAX_REQUEST || !der_check (whole.p, whole.n) || !der_read (&whole, DER_SEQUENCE, &outer)
	    || !der_read (&outer, DER_SEQUENCE, &body))
		return "not one value in DER";
	if (outer.n > 0
	    && (!der_read (&outer, DER_CONTEXT_CONSTRUCTED (0), &signature) || !der_read (&signature, DER_SEQUENCE, &inside)
	        || signature.n != 0 || outer.n != 0))
		return "request signature malformed";
	return read_tbs (body, issuer, request);
}

static void
single_clear (gpointer single)
{
	g_clear_pointer (&((OcspSingle *) single)->cert_id, g_bytes_unref);
}

OcspRequest *
ocsp_request_parse (gconstpointer der, gsize n, const Certificate *issuer, GError **error)
{
	g_autoptr (OcspRequest) request = g_new0 (OcspRequest, 1);

	request->singles = g_array_new (FALSE, TRUE, sizeof (OcspSingle));
	g_array_set_clear_func (request->singles, single_clear);
	const char *wrong = read_request ((Der) { der, n }, issuer, request);
	if (wrong != NULL) {
		diqi_error_set (error, DIQI_ERROR_REQUEST, NULL, "OCSP request: %s", wrong);
		return NULL;
	}
	request->der = g_bytes_new (der, n);
	return g_steal_pointer (&request);
}

void
ocsp_request_free (OcspRequest *request)
{
	if (request == NULL)
		return;
	g_array_unref (request->singles);
	g_clear_pointer (&request->der, g_bytes_unref);
	g_clear_pointer (&request->nonce, g_bytes_unref);
	g_free (request);
}
