/* registry/submission.c — is this still what the applicant handed in?
 *
 * The table may have been changed by hand: another key or another name, and two honest officers would approve
 * it.  The applicant's signed statement is in the log, whose leaves cannot be changed unseen; form and key are
 * compared with it before they are shown for approval, and at each approval.
 */
#include <string.h>

#include "base/error.h"
#include "evidence/evidence.h"
#include "registry/application_private.h"

static gboolean
is_submission (const json_t *leaf)
{
	return g_strcmp0 (json_string_value (json_object_get (leaf, "type")), "application.submit") == 0;
}

/* The newest: a returned application is handed in again. */
static Statement *
newest_statement (Tx *tx, const char *application, GError **error)
{
	g_autoptr (GArray) indices = evidence_leaves_about (tx, application, error);

	for (guint i = indices ? indices->len : 0; i > 0; i--) {
		g_autoptr (GBytes) bytes = evidence_leaf (tx, g_array_index (indices, guint64, i - 1), error);
		gsize n = 0;
		gconstpointer p = bytes ? g_bytes_get_data (bytes, &n) : NULL;
		g_autoptr (json_t) leaf = bytes ? json_read_strict (p, n, n, error) : NULL;

		if (!leaf)
			return NULL;
		if (is_submission (leaf)) {
			const char *compact = json_string_value (json_object_get (leaf, "statement"));
			return statement_parse (compact ? compact : "", -1, error);
		}
	}
	if (indices)
		diqi_error_set (error, DIQI_ERROR_STATEMENT_TARGET, NULL, "application %s was never handed in", application);
	return NULL;
}

static gboolean
changed (const char *what, const Application *application, GError **error)
{
	return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, NULL, "the %s of application %s is not the one that was handed in",
	                  what, application->id);
}

gboolean
submission_check (Tx *tx, const Application *application, GError **error)
{
	g_autofree char *document_hash = hash_hex (application->document, strlen (application->document));
	g_autoptr (Statement) statement = NULL;
	g_autoptr (PublicKey) key = NULL;
	g_autofree char *payload_hash = NULL;

	if (!application->spki)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "application %s is not submitted yet", application->id);
	statement = newest_statement (tx, application->id, error);
	if (!statement)
		return FALSE;
	payload_hash = fingerprint_hex (statement_payload_hash (statement));
	if (g_strcmp0 (payload_hash, application->submission_hash) != 0)
		return changed ("statement", application, error);
	if (g_strcmp0 (json_string_value (json_object_get (statement_payload (statement), "form")), document_hash) != 0)
		return changed ("form", application, error);
	key = public_key_from_spki (g_bytes_get_data (application->spki, NULL), g_bytes_get_size (application->spki), NULL);
	if (!key || statement_by_certificate (statement) || !fingerprint_equal (statement_signer (statement), public_key_fingerprint (key)))
		return changed ("key", application, error);
	return statement_verify_spki (statement, key, error);
}
