/* pki/ocsp_response.c — writing signed status answers (RFC 6960 4.2). */
#include "pki/certificate_private.h"

#include "pki/extension.h"
#include "pki/lint.h"
#include "pki/pki_private.h"

struct OcspResponder {
	Certificate *certificate;
	PrivateKey *key;
	GBytes *id;               /* ResponderID byKey, encoded */
	GBytes *certificates;     /* [0] certs, encoded */
};

/* byKey: SHA-1 of the responder's key (RFC 6960 4.2.1), an identifier, not a protection. */
static GBytes *
responder_id (const PublicKey *key)
{
	GByteArray *w = g_byte_array_new ();
	guint8 hash[20];

	sha1_of (key->raw.p, key->raw.n, hash);
	gsize at = der_open (w, DER_CONTEXT_CONSTRUCTED (2));
	der_put (w, DER_OCTET_STRING, hash, sizeof hash);
	der_close (w, at);
	return der_done (w);
}

static GBytes *
certificate_list (const Certificate *c)
{
	GByteArray *w = g_byte_array_new ();
	gsize outer = der_open (w, DER_CONTEXT_CONSTRUCTED (0)), list = der_open (w, DER_SEQUENCE);

	der_put_raw (w, g_bytes_get_data (c->der, NULL), g_bytes_get_size (c->der));
	der_close (w, list);
	der_close (w, outer);
	return der_done (w);
}

OcspResponder *
ocsp_responder_new (const Certificate *certificate, const PrivateKey *key, GError **error)
{
	if ((certificate->extended_key_usage & EKU_OCSP_SIGNING) == 0) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE_USAGE, NULL, "the certificate is not one of an OCSP responder (RFC 6960 4.2.2.2)");
		return NULL;
	}
	if (!fingerprint_equal (public_key_fingerprint (certificate->key), public_key_fingerprint (key->public_key))) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE, NULL, "the responder's certificate and key do not belong together");
		return NULL;
	}
	OcspResponder *r = g_new0 (OcspResponder, 1);
	r->certificate = certificate_ref ((Certificate *) certificate);
	r->key = private_key_share (key);
	r->id = responder_id (certificate->key);
	r->certificates = certificate_list (certificate);
	return r;
}

void
ocsp_responder_free (OcspResponder *r)
{
	if (r == NULL)
		return;
	certificate_unref (r->certificate);
	private_key_free (r->key);
	g_bytes_unref (r->id);
	g_bytes_unref (r->certificates);
	g_free (r);
}

static void
put_bytes (GByteArray *w, GBytes *bytes)
{
	gsize n;
	gconstpointer p = g_bytes_get_data (bytes, &n);

	der_put_raw (w, p, n);
}

static void
put_revoked (GByteArray *w, const OcspSingle *single)
{
	gsize at = der_open (w, DER_CONTEXT_CONSTRUCTED (1));

	der_put_generalized_time (w, single->revoked_at);
	if (single->reason != REASON_UNSPECIFIED) {
		const guint8 code = (guint8) single->reason;
		gsize reason = der_open (w, DER_CONTEXT_CONSTRUCTED (0));
		der_put (w, DER_ENUMERATED, &code, 1);
		der_close (w, reason);
	}
	der_close (w, at);
}

static void
put_status (GByteArray *w, const OcspSingle *single)
{
	switch (single->status) {
	case CERT_STATUS_GOOD:
		der_put (w, DER_CONTEXT (0), NULL, 0);
		return;
	case CERT_STATUS_REVOKED:
		put_revoked (w, single);
		return;
	case CERT_STATUS_UNKNOWN:
		break;
	}
	der_put (w, DER_CONTEXT (2), NULL, 0);
}

/* RFC 6960 4.4.4 */
static void
put_archive_cutoff (GByteArray *w, Micros since)
{
	gsize outer = der_open (w, DER_CONTEXT_CONSTRUCTED (1)), list = der_open (w, DER_SEQUENCE);
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_OCSP_ARCHIVE_CUTOFF), FALSE);

	der_put_generalized_time (w, since);
	extension_close (w, at);
	der_close (w, list);
	der_close (w, outer);
}

static void
put_single (GByteArray *w, const OcspSingle *single, Micros this_update, Micros next_update, Micros archive_cutoff)
{
	gsize at = der_open (w, DER_SEQUENCE);

	put_bytes (w, single->cert_id);
	put_status (w, single);
	der_put_generalized_time (w, this_update);
	if (next_update != 0) {
		gsize next = der_open (w, DER_CONTEXT_CONSTRUCTED (0));
		der_put_generalized_time (w, next_update);
		der_close (w, next);
	}
	if (archive_cutoff != 0 && single->status != CERT_STATUS_UNKNOWN)
		put_archive_cutoff (w, archive_cutoff);
	der_close (w, at);
}

static void
put_nonce (GByteArray *w, GBytes *nonce)
{
	gsize n;
	gconstpointer p = g_bytes_get_data (nonce, &n);
	gsize outer = der_open (w, DER_CONTEXT_CONSTRUCTED (1)), list = der_open (w, DER_SEQUENCE);
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_OCSP_NONCE), FALSE);

	der_put (w, DER_OCTET_STRING, p, n);
	extension_close (w, at);
	der_close (w, list);
	der_close (w, outer);
}

static void
put_response_data (GByteArray *w, const OcspResponder *r, const OcspRequest *answered, Micros produced_at,
                   Micros this_update, Micros next_update)
{
	gsize data = der_open (w, DER_SEQUENCE);

	put_bytes (w, r->id);
	der_put_generalized_time (w, produced_at);
	gsize list = der_open (w, DER_SEQUENCE);
	for (guint i = 0; i < answered->singles->len; i++)
		put_single (w, &g_array_index (answered->singles, OcspSingle, i), this_update, next_update, answered->archive_cutoff);
	der_close (w, list);
	if (answered->nonce != NULL)
		put_nonce (w, answered->nonce);
	der_close (w, data);
}

static gboolean
check_answer (const OcspRequest *answered, Micros this_update, Micros next_update, GError **error)
{
	if (answered->singles->len == 0)
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "an OCSP answer needs at least one status");
	if (next_update != 0 && next_update < this_update)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/next_update", "the next update is before this one");
	for (guint i = 0; i < answered->singles->len; i++) {
		const OcspSingle *single = &g_array_index (answered->singles, OcspSingle, i);
		/* "good" about a certificate that cannot be ours is the DigiNotar answer. */
		if (single->status == CERT_STATUS_GOOD && !single->ours)
			return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "good about a certificate that is not ours");
	}
	return TRUE;
}

GBytes *
ocsp_responder_sign (const OcspResponder *r, const OcspRequest *answered, Micros produced_at,
                     Micros this_update, Micros next_update, GError **error)
{
	g_autoptr (GByteArray) data = g_byte_array_sized_new (1024);
	gsize n;

	if (!check_answer (answered, this_update, next_update, error))
		return NULL;
	put_response_data (data, r, answered, produced_at, this_update, next_update);
	const Der responder = { g_bytes_get_data (r->id, NULL), g_bytes_get_size (r->id) };
	if (!lint_answer ((Der) { data->data, data->len }, responder, answered, error))
		return NULL;
	g_autoptr (GBytes) signature = private_key_sign (r->key, SIGNATURE_DER, data->data, data->len, error);
	if (signature == NULL)
		return NULL;
	GByteArray *w = g_byte_array_sized_new (data->len + 2048);
	const guint8 successful = 0;
	gsize response = der_open (w, DER_SEQUENCE);
	der_put (w, DER_ENUMERATED, &successful, 1);
	gsize explicit = der_open (w, DER_CONTEXT_CONSTRUCTED (0)), bytes = der_open (w, DER_SEQUENCE);
	der_put_oid (w, DER_LITERAL (OID_OCSP_BASIC));
	gsize octets = der_open (w, DER_OCTET_STRING), basic = der_open (w, DER_SEQUENCE);
	der_put_raw (w, data->data, data->len);
	der_put_der (w, algorithm_facts (private_key_algorithm (r->key))->signature_algorithm);
	gconstpointer p = g_bytes_get_data (signature, &n);
	der_put_octet_bits (w, p, n);
	put_bytes (w, r->certificates);
	const gsize open[] = { basic, octets, bytes, explicit, response };
	for (guint i = 0; i < G_N_ELEMENTS (open); i++)
		der_close (w, open[i]);
	return der_done (w);
}

GBytes *
ocsp_error_response (OcspErrorStatus status)
{
	const guint8 der[] = { DER_SEQUENCE, 3, DER_ENUMERATED, 1, (guint8) status };

	return g_bytes_new (der, sizeof der);
}
