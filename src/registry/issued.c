/* registry/issued.c — what an applicant fetches: certificates, and the key that came with the encryption certificate. */
#include "base/error.h"
#include "pki/enveloped_key.h"
#include "registry/application_private.h"

static gboolean
load_copy (Tx *tx, const Actor *actor, const char *id, guint copy, CertificateRow *row, GError **error)
{
	g_auto (Application) application = { 0 };
	const ApplicationCopy *found;

	if (!application_load (tx, id, FALSE, &application, error) ||
	    !application_check_reader (&application, actor, ROLE_ALL, error))
		return FALSE;
	if (!application.fingerprint)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "application %s has no certificate yet", id);
	if (copy >= application.copies->len)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "application %s has %u certificates", id, application.copies->len);
	found = g_ptr_array_index (application.copies, copy);
	return certificate_load (tx, found->serial, FALSE, row, error);
}

gboolean
application_certificate_pem (Tx *tx, Registry *registry, const Actor *actor, const char *id, guint copy, char **pem, GError **error)
{
	g_auto (CertificateRow) row = { 0 };

	if (!load_copy (tx, actor, id, copy, &row, error))
		return FALSE;
	*pem = certificate_chain_pem (registry->authority, &row, error);
	return *pem != NULL;
}

static json_t *
json_bytes (GBytes *bytes)
{
	return json_base64 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static Certificate *
parse (const CertificateRow *row, GError **error)
{
	return certificate_parse (g_bytes_get_data (row->der, NULL), g_bytes_get_size (row->der), error);
}

/* GM/T 0092 knows SM2 keys only. */
static void
add_response (json_t *view, const Certificate *signing, const Certificate *encryption, GBytes *envelope)
{
	g_autoptr (GBytes) response = NULL;

	if (public_key_algorithm (certificate_public_key (encryption)) != KEY_SM2)
		return;
	response = csr_response_build (signing, encryption, envelope);
	json_object_set_new (view, "csr_response", json_bytes (response));
}

static gboolean
add_encryption (Tx *tx, json_t *view, const CertificateRow *signing_row, const Certificate *signing, GError **error)
{
	g_auto (CertificateRow) row = { 0 };
	g_autoptr (Certificate) encryption = NULL;
	g_autoptr (GBytes) envelope = NULL;

	if (!signing_row->pair)
		return TRUE;
	if (!certificate_load (tx, signing_row->pair, FALSE, &row, error))
		return FALSE;
	encryption = parse (&row, error);
	envelope = encryption ? authority_envelope (tx, row.serial, error) : NULL;
	if (!envelope)
		return FALSE;
	json_object_set_new (view, "encryption_serial", json_string (row.serial));
	json_object_set_new (view, "encryption_certificate", json_bytes (row.der));
	json_object_set_new (view, "envelope", json_bytes (envelope));
	add_response (view, signing, encryption, envelope);
	return TRUE;
}

gboolean
application_issued (Tx *tx, Registry *registry, const Actor *actor, const char *id, guint copy, json_t **out, GError **error)
{
	g_auto (CertificateRow) row = { 0 };
	g_autoptr (Certificate) signing = NULL;
	g_autoptr (GBytes) issuing = NULL;
	g_autoptr (json_t) view = json_object ();

	if (!load_copy (tx, actor, id, copy, &row, error))
		return FALSE;
	signing = parse (&row, error);
	issuing = signing ? authority_issuer_der (registry->authority, signing, error) : NULL;
	if (!issuing)
		return FALSE;
	json_object_set_new (view, "application", json_string (id));
	json_object_set_new (view, "copy", json_integer (copy));
	json_object_set_new (view, "serial", json_string (row.serial));
	json_object_set_new (view, "certificate", json_bytes (row.der));
	json_object_set_new (view, "issuing", json_bytes (issuing));
	if (!add_encryption (tx, view, &row, signing, error))
		return FALSE;
	*out = g_steal_pointer (&view);
	return TRUE;
}
