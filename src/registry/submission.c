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
	const char *type = json_string_value (json_object_get (leaf, "type"));

	return g_strcmp0 (type, "application.submit") == 0 || g_strcmp0 (type, "application.lodge") == 0;
}

/* The newest: a returned application is handed in again. */
static json_t *
newest_submission (Tx *tx, const char *application, GError **error)
{
	g_autoptr (GArray) indices = evidence_leaves_about (tx, application, error);

	for (guint i = indices ? indices->len : 0; i > 0; i--) {
		g_autoptr (GBytes) bytes = evidence_leaf (tx, g_array_index (indices, guint64, i - 1), error);
		gsize n = 0;
		gconstpointer p = bytes ? g_bytes_get_data (bytes, &n) : NULL;
		g_autoptr (json_t) leaf = bytes ? json_read_strict (p, n, n, error) : NULL;

		if (!leaf)
			return NULL;
		if (is_submission (leaf))
			return g_steal_pointer (&leaf);
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

/* The document is what was signed; the row repeats some of it. */
static gboolean
check_document (const Application *application, GError **error)
{
	gsize n = strlen (application->document);
	g_autoptr (json_t) document = json_read_strict (application->document, n, n, error);

	if (!document)
		return FALSE;
	return (g_strcmp0 (form_text (document, "service"), service_name (application->service)) == 0 &&
	        g_strcmp0 (form_text (document, "certificate"), application->certificate) == 0 &&
	        g_strcmp0 (form_text (document, "cause"), application->cause) == 0) || changed ("service", application, error);
}

static gboolean
check_further_keys (const json_t *payload, const Application *application, GError **error)
{
	const json_t *more = json_object_get (payload, "more");

	if (json_array_size (more) + 1 != application->copies->len)
		return changed ("number of keys", application, error);
	for (guint i = 1; i < application->copies->len; i++) {
		const ApplicationCopy *copy = g_ptr_array_index (application->copies, i);
		g_autofree char *is = hash_hex (g_bytes_get_data (copy->spki, NULL), g_bytes_get_size (copy->spki));

		if (g_strcmp0 (json_string_value (json_array_get (more, i - 1)), is) != 0)
			return changed ("key", application, error);
	}
	return TRUE;
}

/* At the counter the clerk signs for the key that the requester handed over: a recovered key goes to it. */
static gboolean
check_lodged_key (const Statement *statement, const Application *application, GError **error)
{
	g_autofree char *is = hash_hex (g_bytes_get_data (application->spki, NULL), g_bytes_get_size (application->spki));

	return (service_rule (application->service)->effect == EFFECT_RECOVER && g_str_equal (statement_type (statement), "application.lodge") &&
	        g_strcmp0 (form_text (statement_payload (statement), "spki"), is) == 0) || changed ("key", application, error);
}

static gboolean
check_key (const Statement *statement, const Application *application, GError **error)
{
	const ApplicationCopy *first = application->copies->len > 0 ? g_ptr_array_index (application->copies, 0) : NULL;
	g_autoptr (PublicKey) key = NULL;

	if (!application->spki || !first || !g_bytes_equal (first->spki, application->spki))
		return changed ("key", application, error);
	if (statement_by_certificate (statement))
		return check_lodged_key (statement, application, error);
	key = public_key_from_spki (g_bytes_get_data (application->spki, NULL), g_bytes_get_size (application->spki), NULL);
	if (!key || !fingerprint_equal (statement_signer (statement), public_key_fingerprint (key)))
		return changed ("key", application, error);
	return statement_verify_spki (statement, key, error) &&
	       check_further_keys (statement_payload (statement), application, error);
}

/* What is submitted with an access code alone has no statement: the leaf itself says which form it was. */
gboolean
submission_check (Tx *tx, const Application *application, GError **error)
{
	g_autofree char *document_hash = hash_hex (application->document, strlen (application->document));
	g_autoptr (json_t) leaf = NULL;
	g_autoptr (Statement) statement = NULL;
	g_autofree char *payload_hash = NULL;
	const char *compact;

	if (!application->submitted || application->state == STATE_DRAFT)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "application %s is not submitted yet", application->id);
	leaf = newest_submission (tx, application->id, error);
	if (!leaf)
		return FALSE;
	if (g_strcmp0 (form_text (json_object_get (leaf, "effect"), "form"), document_hash) != 0)
		return changed ("form", application, error);
	if (!check_document (application, error))
		return FALSE;
	compact = form_text (leaf, "statement");
	if (!compact)
		return (!service_rule (application->service)->key && !application->submission_hash) || changed ("statement", application, error);
	statement = statement_parse (compact, -1, error);
	if (!statement)
		return FALSE;
	payload_hash = fingerprint_hex (statement_payload_hash (statement));
	if (g_strcmp0 (payload_hash, application->submission_hash) != 0)
		return changed ("statement", application, error);
	if (g_strcmp0 (form_text (statement_payload (statement), "form"), document_hash) != 0)
		return changed ("form", application, error);
	return !service_rule (application->service)->key || check_key (statement, application, error);
}
