/* pki/tsp.c — see tsp.h. */
#include "pki/tsp.h"

#include "pki/certificate_private.h"
#include "pki/cms.h"
#include "pki/pki_private.h"

#define OID_TST_INFO "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04"

/* Hashes that are stamped; a shorter one (SHA-1, MD5) would stamp whatever collides with it. */
static const struct {
	Der oid;
	gsize size;
} hashes[TSP_N_HASHES] = {
	[TSP_SHA256] = { DER_LITERAL ("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), 32 },
	[TSP_SHA384] = { DER_LITERAL ("\x60\x86\x48\x01\x65\x03\x04\x02\x02"), 48 },
	[TSP_SHA512] = { DER_LITERAL ("\x60\x86\x48\x01\x65\x03\x04\x02\x03"), 64 },
	[TSP_SM3] = { DER_LITERAL ("\x2a\x81\x1c\xcf\x55\x01\x83\x11"), 32 },
};

/* --- reading ------------------------------------------------------------------------------- */

typedef struct {
	TspFailure failure;
	const char *detail;
} Refusal;

static gboolean
refuse (Refusal *refusal, TspFailure failure, const char *detail)
{
	*refusal = (Refusal) { failure, detail };
	return FALSE;
}

static gboolean
find_hash (Der oid, TspHash *out)
{
	for (guint i = 0; i < TSP_N_HASHES; i++) {
		if (der_equal (oid, hashes[i].oid)) {
			*out = (TspHash) i;
			return TRUE;
		}
	}
	return FALSE;
}

/* MessageImprint ::= SEQUENCE { hashAlgorithm, hashedMessage }; parameters absent or NULL (RFC 5754 2). */
static gboolean
read_imprint (Der *in, TspRequest *out, Refusal *refusal)
{
	Der body, algorithm, oid, null = { NULL, 0 }, imprint;

	if (!der_read (in, DER_SEQUENCE, &body) || !der_read (&body, DER_SEQUENCE, &algorithm) || !der_read_oid (&algorithm, &oid)
	    || !der_read (&body, DER_OCTET_STRING, &imprint) || body.n != 0)
		return refuse (refusal, TSP_BAD_FORMAT, "messageImprint malformed");
	if (!find_hash (oid, &out->hash))
		return refuse (refusal, TSP_BAD_ALGORITHM, "hash algorithms: sha256, sha384, sha512, sm3");
	if (algorithm.n != 0 && (!der_read (&algorithm, DER_NULL, &null) || algorithm.n != 0))
		return refuse (refusal, TSP_BAD_ALGORITHM, "parameters of a hash algorithm must be absent or NULL");
	out->null_parameters = null.p != NULL;
	if (imprint.n != hashes[out->hash].size)
		return refuse (refusal, TSP_BAD_FORMAT, "hashedMessage has not the length of its hash");
	memcpy (out->imprint, imprint.p, imprint.n);
	out->imprint_n = imprint.n;
	return TRUE;
}

static gboolean
is_our_policy (Der oid)
{
	g_autoptr (GByteArray) w = g_byte_array_new ();
	Der ours, content;

	der_put_oid_text (w, TSP_POLICY);
	ours = (Der) { w->data, w->len };
	return der_read_oid (&ours, &content) && der_equal (content, oid);
}

static gboolean
read_nonce (Der *in, TspRequest *out, Refusal *refusal)
{
	Der nonce;

	if (!der_read (in, DER_INTEGER, &nonce))
		return refuse (refusal, TSP_BAD_FORMAT, "nonce malformed");
	gsize sign = nonce.n > 1 && nonce.p[0] == 0 ? 1 : 0;
	if (nonce.n - sign > TSP_MAX_NONCE)
		return refuse (refusal, TSP_BAD_REQUEST, "a nonce has at most 64 octets");
	memcpy (out->nonce, nonce.p, nonce.n);
	out->nonce_n = nonce.n;
	return TRUE;
}

/* What may follow the imprint, in this order. */
static gboolean
read_options (Der body, TspRequest *out, Refusal *refusal)
{
	Der policy;

	if (der_is_next (&body, DER_OID) && (!der_read_oid (&body, &policy) || !is_our_policy (policy)))
		return refuse (refusal, TSP_UNACCEPTED_POLICY, "another policy than " TSP_POLICY);
	if (der_is_next (&body, DER_INTEGER) && !read_nonce (&body, out, refusal))
		return FALSE;
	/* certReq BOOLEAN DEFAULT FALSE: DER does not encode the default. */
	if (der_is_next (&body, DER_BOOLEAN) && (!der_read_boolean (&body, &out->certificates) || !out->certificates))
		return refuse (refusal, TSP_BAD_FORMAT, "certReq malformed, or its default encoded");
	/* RFC 3161 2.4.1: an extension that is not known, critical or not, ends the request. */
	if (der_is_next (&body, DER_CONTEXT_CONSTRUCTED (0)))
		return refuse (refusal, TSP_UNACCEPTED_EXTENSION, "no extensions are known here");
	return body.n == 0 || refuse (refusal, TSP_BAD_FORMAT, "something follows the request's last member");
}

gboolean
tsp_request_parse (gconstpointer der, gsize n, TspRequest *out, TspFailure *failure, const char **detail)
{
	Der whole = { der, n }, body;
	guint64 version;
	Refusal refusal = { TSP_BAD_FORMAT, "not a TimeStampReq in DER" };
	gboolean read = FALSE;

	*out = (TspRequest) { .hash = TSP_SHA256 };
	if (n > 0 && n <= TSP_MAX_REQUEST && der_check (der, n) && der_read (&whole, DER_SEQUENCE, &body) && der_read_uint (&body, &version)) {
		read = version == 1 ? read_imprint (&body, out, &refusal) && read_options (body, out, &refusal)
		                    : refuse (&refusal, TSP_BAD_REQUEST, "only version 1 is known");
	}
	*failure = refusal.failure;
	*detail = refusal.detail;
	return read;
}

/* --- answering ----------------------------------------------------------------------------- */

/* PKIStatusInfo ::= SEQUENCE { status, statusString OPTIONAL, failInfo OPTIONAL }; status 0 granted, 2 rejection. */
static void
put_rejection (GByteArray *w, TspFailure failure, const char *detail)
{
	gsize info = der_open (w, DER_SEQUENCE);

	der_put_uint (w, 2);
	gsize texts = der_open (w, DER_SEQUENCE);
	der_put (w, DER_UTF8_STRING, detail, strlen (detail));
	der_close (w, texts);
	der_put_flags (w, 1u << failure);
	der_close (w, info);
}

GBytes *
tsp_failure (TspFailure failure, const char *detail)
{
	GByteArray *w = g_byte_array_new ();
	gsize response = der_open (w, DER_SEQUENCE);

	put_rejection (w, failure, detail);
	der_close (w, response);
	return der_done (w);
}

gboolean
tsp_is_granted (GBytes *response)
{
	gsize n;
	gconstpointer p = g_bytes_get_data (response, &n);
	Der whole = { p, n }, body, info;
	guint64 status;

	return der_read (&whole, DER_SEQUENCE, &body) && der_read (&body, DER_SEQUENCE, &info) && der_read_uint (&info, &status) && status == 0;
}

/* GeneralizedTime with a fraction and no trailing zero (RFC 3161 2.4.2). */
static void
put_time (GByteArray *w, Micros time)
{
	char text[TIME_TEXT_SIZE];
	g_autoptr (GString) out = g_string_new (NULL);

	time_format_to (time, text);
	for (const char *p = text; *p != '\0'; p++)
		if (g_ascii_isdigit (*p) || *p == '.')
			g_string_append_c (out, *p);
	while (out->str[out->len - 1] == '0' && strchr (out->str, '.') != NULL)
		g_string_truncate (out, out->len - 1);
	if (out->str[out->len - 1] == '.')
		g_string_truncate (out, out->len - 1);
	g_string_append_c (out, 'Z');
	der_put (w, DER_GENERALIZED_TIME, out->str, out->len);
}

static void
put_small (GByteArray *w, guint8 tag, guint value)
{
	const guint8 octets[2] = { (guint8) (value >> 8), (guint8) value };
	gsize skip = value < 0x80 ? 1 : 0;

	der_put (w, tag, octets + skip, sizeof octets - skip);
}

/* Accuracy ::= SEQUENCE { seconds INTEGER, millis [0] 1..999, micros [1] 1..999 }, none of them zero. */
static void
put_accuracy (GByteArray *w, Micros accuracy)
{
	gsize at = der_open (w, DER_SEQUENCE);
	guint millis = (guint) (accuracy / MICROS_PER_MS % 1000), micros = (guint) (accuracy % MICROS_PER_MS);

	if (accuracy >= MICROS_PER_S)
		der_put_uint (w, (guint64) (accuracy / MICROS_PER_S));
	if (millis > 0)
		put_small (w, DER_CONTEXT (0), millis);
	if (micros > 0)
		put_small (w, DER_CONTEXT (1), micros);
	der_close (w, at);
}

/* RFC 3161 2.4.2: it has the same value as in the query. */
static void
put_imprint (GByteArray *w, const TspRequest *request)
{
	gsize at = der_open (w, DER_SEQUENCE), algorithm = der_open (w, DER_SEQUENCE);

	der_put_oid (w, hashes[request->hash].oid);
	if (request->null_parameters)
		der_put (w, DER_NULL, NULL, 0);
	der_close (w, algorithm);
	der_put (w, DER_OCTET_STRING, request->imprint, request->imprint_n);
	der_close (w, at);
}

static GBytes *
tst_info (const Certificate *certificate, const TspStamp *stamp)
{
	GByteArray *w = g_byte_array_new ();
	gsize info = der_open (w, DER_SEQUENCE);

	der_put_uint (w, 1);
	der_put_oid_text (w, TSP_POLICY);
	put_imprint (w, stamp->request);
	serial_put (w, &stamp->serial);
	put_time (w, stamp->time);
	put_accuracy (w, stamp->accuracy);
	if (stamp->ordering)
		der_put_boolean (w, TRUE);
	if (stamp->request->nonce_n > 0)
		der_put (w, DER_INTEGER, stamp->request->nonce, stamp->request->nonce_n);
	/* tsa [0] EXPLICIT GeneralName: directoryName [4] EXPLICIT Name */
	gsize tsa = der_open (w, DER_CONTEXT_CONSTRUCTED (0)), name = der_open (w, DER_CONTEXT_CONSTRUCTED (4));
	der_put_der (w, certificate->subject);
	der_close (w, name);
	der_close (w, tsa);
	der_close (w, info);
	return der_done (w);
}

GBytes *
tsp_stamp (const PrivateKey *key, const Certificate *certificate, Certificate *const *chain, gsize n,
           const TspStamp *stamp, GError **error)
{
	/* RFC 3161 2.3: a key for this purpose only. */
	if (certificate_extended_key_usage (certificate) != EKU_TIME_STAMPING) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE_USAGE, NULL, "not a certificate for time stamping alone");
		return NULL;
	}
	g_autoptr (GBytes) info = tst_info (certificate, stamp);
	const Der type = DER_LITERAL (OID_TST_INFO);
	g_autoptr (GBytes) token = cms_sign_content (key, certificate, chain, n, stamp->request->certificates, type.p, type.n, info, error);
	if (token == NULL)
		return NULL;
	GByteArray *w = g_byte_array_new ();
	gsize response = der_open (w, DER_SEQUENCE), status = der_open (w, DER_SEQUENCE);
	der_put_uint (w, 0);
	der_close (w, status);
	der_put_raw (w, g_bytes_get_data (token, NULL), g_bytes_get_size (token));
	der_close (w, response);
	return der_done (w);
}
