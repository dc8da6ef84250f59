/* signer/pinned_list.c — see pinned_list.h. */
#include "signer/pinned_list.h"

#include <string.h>

#include "base/error.h"
#include "signer/approval.h"

gboolean
pinned_entry_read_key (GBytes *certificate, GBytes *csr, const char *at, Certificate **of, PublicKey **key, GError **error)
{
	if ((certificate == NULL) == (csr == NULL))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "either a certificate or, in a proposal, a CSR");
	if (certificate != NULL) {
		*of = certificate_parse (g_bytes_get_data (certificate, NULL), g_bytes_get_size (certificate), error);
		return *of != NULL;
	}
	g_autoptr (Csr) parsed = csr_parse (g_bytes_get_data (csr, NULL), g_bytes_get_size (csr), at, error);
	if (parsed == NULL)
		return FALSE;
	*key = public_key_ref (csr_public_key (parsed));
	return TRUE;
}

const Fingerprint *
pinned_entry_spki (const Certificate *certificate, const PublicKey *key)
{
	return public_key_fingerprint (certificate != NULL ? certificate_public_key (certificate) : key);
}

static void
hash_of (const json_t *json, Fingerprint *out)
{
	g_autoptr (GBytes) text = jcs_bytes (json);
	fingerprint_of (g_bytes_get_data (text, NULL), g_bytes_get_size (text), out);
}

void
pinned_entry_request (const char *type, const Fingerprint *proposal, const char *person, const PublicKey *key, Fingerprint *out)
{
	g_autoptr (json_t) request = json_object ();
	const Fingerprint *spki = public_key_fingerprint (key);
	json_object_set_new (request, "type", json_string (type));
	json_object_set_new (request, "list", json_hex (proposal->b, sizeof proposal->b));
	json_object_set_new (request, "person", json_string (person));
	json_object_set_new (request, "spki", json_hex (spki->b, sizeof spki->b));
	hash_of (request, out);
}

void
pinned_entry_fill (json_t *entry, const Certificate *certificate)
{
	json_object_del (entry, "csr");
	json_object_set_new (entry, "certificate", certificate_json (certificate));
}

/* --- changes ---------------------------------------------------------------------------- */

gboolean
pinned_list_check_target (const Statement *statement, gint64 version, const Fingerprint *previous, const Fingerprint *proposed,
                          const char *at, GError **error)
{
	StatementCommon common;
	const char *replaces, *list;
	gint64 of_version;
	const Field fields[] = {
		STATEMENT_COMMON_FIELDS (common),
		{ "version", FIELD_INT, TRUE, 0, &of_version }, { "previous", FIELD_HEX32, TRUE, 0, &replaces }, { "list", FIELD_HEX32, TRUE, 0, &list },
	};
	if (!JSON_READ (statement_payload (statement), at, fields, error) || !statement_nonce_check (common.nonce, at, error))
		return FALSE;
	g_autofree char *expected = fingerprint_hex (previous);
	g_autofree char *next = fingerprint_hex (proposed);
	return (of_version == version && strcmp (replaces, expected) == 0 && strcmp (list, next) == 0)
		|| diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, at, "names another list, or replaces another one than the present");
}

json_t *
pinned_record_new (const PinnedRecord *record)
{
	json_t *json = json_object ();
	json_object_set_new (json, "version", json_integer (record->version));
	json_object_set_new (json, "time", json_time (record->time));
	json_object_set_new (json, "previous", json_hex (record->previous.b, sizeof record->previous.b));
	json_object_set_new (json, "proposed", json_deep_copy (record->proposed));
	json_object_set_new (json, "list", json_deep_copy (record->list));
	json_object_set_new (json, "statements", json_deep_copy (record->statements));
	return json;
}

json_t *
pinned_record_genesis (const json_t *list, Micros now)
{
	g_autoptr (json_t) statements = json_array ();
	return pinned_record_new (&(PinnedRecord) { .version = 1, .time = now, .proposed = list, .list = list, .statements = statements });
}

gboolean
pinned_record_read (const json_t *json, const Field *extra, PinnedRecord *out, Fingerprint *hash, GError **error)
{
	const char *previous;
	const Field fields[] = {
		{ "version", FIELD_INT, TRUE, 0, &out->version }, { "time", FIELD_TIME, TRUE, 0, &out->time }, { "previous", FIELD_HEX32, TRUE, 0, &previous },
		{ "proposed", FIELD_OBJECT, TRUE, 0, &out->proposed }, { "list", FIELD_OBJECT, TRUE, 0, &out->list },
		{ "statements", FIELD_ARRAY, TRUE, 2, &out->statements }, extra != NULL ? *extra : (Field) { NULL },
	};
	if (!json_read_fields (json, "", fields, G_N_ELEMENTS (fields) - (extra == NULL), error) || !hex_decode (previous, out->previous.b, sizeof out->previous.b))
		return FALSE;
	hash_of (out->proposed, hash);
	return TRUE;
}
