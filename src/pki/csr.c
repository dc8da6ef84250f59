/* pki/csr.c — certification requests (PKCS#10, RFC 2986).
 *
 * A request proves one thing: who asks holds the private key.  Names and attributes in
 * it are the applicant's wish and are not read beyond their form.
 */
#include "pki/certificate_private.h"

#include "pki/name.h"
#include "pki/pki_private.h"

struct Csr {
	GBytes *der;
	PublicKey *key;
};

typedef struct {
	Der info, spki, algorithm, signature;
} Parts;

static const char *const labels[] = { "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", NULL };

/* SET OF { OID, SET OF value }, no value set empty. */
static gboolean
attributes_are_well_formed (Der set)
{
	Der one, oid, values;

	while (set.n > 0) {
		if (!der_read (&set, DER_SEQUENCE, &one) || !der_read_oid (&one, &oid) || !der_read (&one, DER_SET, &values)
		    || values.n == 0 || one.n != 0)
			return FALSE;
	}
	return TRUE;
}

static const char *
read_info (Der info, Parts *parts)
{
	Der body, subject, attributes;
	guint64 version;

	if (!der_read (&info, DER_SEQUENCE, &body) || !der_read_uint (&body, &version) || version != 0)
		return "not a version 1 request (RFC 2986 4.1)";
	if (!der_read_whole (&body, DER_SEQUENCE, &subject) || !name_is_well_formed (subject))
		return "subject name malformed";
	if (!der_read_whole (&body, DER_SEQUENCE, &parts->spki))
		return "no public key";
	if (!der_read (&body, DER_CONTEXT_CONSTRUCTED (0), &attributes) || body.n != 0)
		return "attributes [0] missing, or something after them (RFC 2986 4.1)";
	return attributes_are_well_formed (attributes) ? NULL : "attributes malformed";
}

static const char *
read_request (Der whole, Parts *parts)
{
	Der request;

	if (whole.n == 0 || whole.n > CSR_MAX_DER)
		return "request is empty or too long";
	if (!der_check (whole.p, whole.n) || !der_read (&whole, DER_SEQUENCE, &request))
		return "not one value in DER, nor one request in PEM";
	if (!der_read_whole (&request, DER_SEQUENCE, &parts->info) || !der_read_whole (&request, DER_SEQUENCE, &parts->algorithm)
	    || !der_read_octet_bits (&request, &parts->signature) || request.n != 0)
		return "not a CertificationRequest";
	return read_info (parts->info, parts);
}

/* The same refusal, naming the member that held the request. */
static gboolean
fail_at (GError **error, const GError *why, const char *field)
{
	return diqi_fail (error, (DiqiErrorCode) why->code, field, "%s", why->message);
}

/* Strength before signature: a hostile RSA exponent makes verification slow. */
static gboolean
prove (Csr *csr, const Parts *parts, const char *field, GError **error)
{
	g_autoptr (GError) why = NULL;

	csr->key = public_key_from_spki (parts->spki.p, parts->spki.n, &why);
	if (csr->key == NULL || !public_key_check_strength (csr->key, &why))
		return fail_at (error, why, field);
	const char *digest = algorithm_facts (public_key_algorithm (csr->key))->digest;
	if (!signature_algorithm_fits (parts->algorithm, public_key_algorithm (csr->key)))
		return diqi_fail (error, DIQI_ERROR_CSR, field, "the request is signed with an algorithm that is not accepted for a %s key%s%s",
		                  key_algorithm_name (public_key_algorithm (csr->key)), digest != NULL ? "; its digest is " : "", digest != NULL ? digest : "");
	if (!verify_structure (csr->key, parts->info, parts->algorithm, parts->signature))
		return diqi_fail (error, DIQI_ERROR_CSR_SIGNATURE, field, "the request's signature does not verify with the key in it");
	return TRUE;
}

static GBytes *
as_der (gconstpointer data, gsize n)
{
	const guint8 *p = data;
	GBytes *der = n > 0 && p[0] != DER_SEQUENCE ? pem_decode (data, n, CSR_MAX_DER, labels, NULL) : NULL;

	return der != NULL ? der : g_bytes_new (data, n);
}

Csr *
csr_parse (gconstpointer data, gsize n, const char *field, GError **error)
{
	g_autoptr (Csr) csr = NULL;
	Parts parts;
	gsize size;

	if (n > 2 * CSR_MAX_DER) {
		diqi_error_set (error, DIQI_ERROR_CSR, field, "request is over %d bytes", CSR_MAX_DER);
		return NULL;
	}
	csr = g_new0 (Csr, 1);
	csr->der = as_der (data, n);
	gconstpointer p = g_bytes_get_data (csr->der, &size);
	const char *wrong = read_request ((Der) { p, size }, &parts);
	if (wrong != NULL) {
		diqi_error_set (error, DIQI_ERROR_CSR, field, "%s", wrong);
		return NULL;
	}
	return prove (csr, &parts, field, error) ? g_steal_pointer (&csr) : NULL;
}

void
csr_free (Csr *csr)
{
	if (csr == NULL)
		return;
	g_bytes_unref (csr->der);
	public_key_unref (csr->key);
	g_free (csr);
}

PublicKey *csr_public_key (const Csr *csr) { return csr->key; }
GBytes *csr_der (const Csr *csr) { return g_bytes_ref (csr->der); }

GBytes *
csr_build (const PrivateKey *key, const char *common_name, GError **error)
{
	g_autoptr (GByteArray) w = g_byte_array_sized_new (512);
	const NamePart name = { NAME_COMMON_NAME, common_name };
	GBytes *spki = key->public_key->spki;
	gsize info = der_open (w, DER_SEQUENCE);

	der_put_uint (w, 0);
	if (!name_put (w, &name, 1, error))
		return NULL;
	der_put_raw (w, g_bytes_get_data (spki, NULL), g_bytes_get_size (spki));
	der_put (w, DER_CONTEXT_CONSTRUCTED (0), NULL, 0);
	der_close (w, info);
	return sign_structure (key, g_steal_pointer (&w), error);
}
