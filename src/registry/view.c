/* registry/view.c — applications as the API shows them. */
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "registry/application_db.h"
#include "registry/papers.h"
#include "registry/recovery_db.h"

#define READER_ROLES (ROLE_CLERK | ROLE_CASHIER | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)
#define LIST_MAX 200

static void
act_row_free (gpointer p)
{
	ApplicationActRow *row = p;

	g_free (row->act);
	g_free (row->by_name);
	g_free (row);
}

static json_t *
history_of (const GPtrArray *acts)
{
	json_t *history = json_array ();

	for (guint i = 0; acts && i < acts->len; i++) {
		const ApplicationActRow *row = g_ptr_array_index (acts, i);
		json_t *item = json_object ();

		json_object_set_new (item, "act", json_string (row->act));
		json_object_set_new (item, "time", json_time (row->at));
		json_object_set_new (item, "by", json_string (row->by_name));
		json_array_append_new (history, item);
	}
	return history;
}

/* Set by a return, a rejection and a withdrawal. */
static void
add_reason (json_t *view, const Application *application)
{
	json_t *reason;

	if (!application->returned_reason)
		return;
	reason = json_object ();
	json_object_set_new (reason, "reason", json_string (application->returned_reason));
	if (application->state == STATE_REJECTED || application->state == STATE_WITHDRAWN) {
		json_object_set_new (view, application_state_name (application->state), reason);
		return;
	}
	json_object_set_new (reason, "fields", json_loads (application->returned_fields, 0, NULL));
	json_object_set_new (view, "returned", reason);
}

static void
add_warning (json_t *warnings, const char *pointer, DiqiErrorCode code)
{
	json_t *warning = json_object ();

	json_object_set_new (warning, "pointer", json_string (pointer));
	json_object_set_new (warning, "code", json_string (diqi_code_name (code)));
	json_array_append_new (warnings, warning);
}

/* What the clerk must override. */
static void
add_warnings (json_t *view, const Application *application)
{
	json_t *warnings;

	if (!application->uscc_check_digit && !application->number_differs)
		return;
	warnings = json_array ();
	json_object_set_new (view, "warnings", warnings);
	if (application->uscc_check_digit)
		add_warning (warnings, "/form/uscc", DIQI_ERROR_USCC_CHECK);
	if (application->number_differs)
		add_warning (warnings, form_number_field (application->kind), DIQI_ERROR_OTHER_HOLDER);
}

static gboolean
add_encryption (Tx *tx, json_t *item, const CertificateRow *signing, Micros now, GError **error)
{
	g_auto (CertificateRow) row = { 0 };
	g_autoptr (json_t) shown = NULL;

	if (!signing->pair)
		return TRUE;
	if (!certificate_load (tx, signing->pair, FALSE, &row, error))
		return FALSE;
	shown = certificate_view (&row, now);
	json_object_set_new (item, "encryption", json_pack ("{s:s, s:s?, s:O}", "serial", row.serial, "fingerprint", row.fingerprint,
	                                                    "status", json_object_get (shown, "status")));
	return TRUE;
}

/* Serial and status of each certificate, once there is one. */
static gboolean
add_copies (Tx *tx, json_t *view, const Application *application, Micros now, GError **error)
{
	json_t *list = json_array ();

	json_object_set_new (view, "copies", list);
	for (guint i = 0; i < application->copies->len; i++) {
		const ApplicationCopy *copy = g_ptr_array_index (application->copies, i);
		json_t *item = json_object ();
		g_auto (CertificateRow) row = { 0 };
		g_autoptr (json_t) shown = NULL;

		json_array_append_new (list, item);
		json_object_set_new (item, "copy", json_integer (copy->copy));
		if (!copy->fingerprint)
			continue;
		if (!certificate_load (tx, copy->serial, FALSE, &row, error))
			return FALSE;
		shown = certificate_view (&row, now);
		json_object_set_new (item, "serial", json_string (copy->serial));
		json_object_set_new (item, "fingerprint", json_string (copy->fingerprint));
		json_object_set (item, "status", json_object_get (shown, "status"));
		if (!add_encryption (tx, item, &row, now, error))
			return FALSE;
	}
	return TRUE;
}

/* How far a recovery has come, once two have approved it. */
static gboolean
add_recovery (Tx *tx, json_t *view, const Application *application, GError **error)
{
	json_t *recovery, *shares;

	if (application->service != SERVICE_RECOVER_KEY || (application->state != STATE_APPROVED && application->state != STATE_COMPLETED))
		return TRUE;
	recovery = json_object ();
	shares = json_array ();
	json_object_set_new (view, "recovery", recovery);
	json_object_set_new (recovery, "shares", shares);
	json_object_set_new (recovery, "ready", json_boolean (application->state == STATE_COMPLETED));
	return db_shares_of (tx, application->id, shares, error);
}

static void
set_text (json_t *view, const char *name, const char *value)
{
	if (value)
		json_object_set_new (view, name, json_string (value));
}

static void
set_time (json_t *view, const char *name, Micros t)
{
	if (t)
		json_object_set_new (view, name, json_time (t));
}

/* What the service adds to an application. */
static void
add_service (json_t *view, const Application *application)
{
	const ServiceRule *rule = service_rule (application->service);

	json_object_set_new (view, "service", json_string (rule->name));
	json_object_set_new (view, "service_label", json_string (g_str_equal (application->language, "en") ? rule->label_en : rule->label));
	set_text (view, "number", application->number);
	json_object_set_new (view, "authenticated", json_string (authenticated_name (application->authenticated)));
	json_object_set_new (view, "language", json_string (application->language));
	set_text (view, "certificate", application->certificate);
	set_text (view, "cause", application->cause);
	set_text (view, "point", application->point);
	set_time (view, "submitted", application->submitted);
	set_time (view, "due", application->due);
	set_text (view, "answer", application->answer);
}

json_t *
application_view_of (Tx *tx, const Application *application, const GPtrArray *acts, Micros now, GError **error)
{
	g_autoptr (json_t) view = json_object ();
	const Money amount = { application->amount_fen };

	json_object_set_new (view, "application", json_string (application->id));
	json_object_set_new (view, "kind", json_string (subject_kind_name (application->kind)));
	add_service (view, application);
	json_object_set_new (view, "state", json_string (application_state_name (application->state)));
	json_object_set_new (view, "version", json_integer (application->version));
	json_object_set_new (view, "form", json_deep_copy (application->form));
	json_object_set_new (view, "created", json_time (application->created));
	json_object_set_new (view, "updated", json_time (application->updated));
	json_object_set_new (view, "amount_fen", json_money (amount));
	json_object_set_new (view, "fee_paid", json_boolean (application->fee_paid));
	json_object_set_new (view, "profile", json_string (application->profile));
	if (application->fingerprint) {
		json_object_set_new (view, "serial", json_string (application->serial));
		json_object_set_new (view, "fingerprint", json_string (application->fingerprint));
	}
	json_object_set_new (view, "history", history_of (acts));
	add_reason (view, application);
	add_warnings (view, application);
	return add_copies (tx, view, application, now, error) && add_recovery (tx, view, application, error) && papers_add_view (tx, application, view, error) ? g_steal_pointer (&view) : NULL;
}

gint64
application_view_version (const json_t *view)
{
	return json_integer_value (json_object_get (view, "version"));
}

static void
collect_acts (const char *application, ApplicationActRow *row, gpointer user)
{
	GHashTable *by_application = user;
	GPtrArray *acts = g_hash_table_lookup (by_application, application);

	if (!acts) {
		acts = g_ptr_array_new_with_free_func (act_row_free);
		g_hash_table_insert (by_application, g_strdup (application), acts);
	}
	g_ptr_array_add (acts, row);
}

static GHashTable *
load_acts (Tx *tx, const char *first, const char *last, const char *state, GError **error)
{
	g_autoptr (GHashTable) acts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);

	return db_acts (tx, first, last, state, collect_acts, acts, error) ? g_steal_pointer (&acts) : NULL;
}

gboolean
application_view_load (Tx *tx, const Application *application, Micros now, json_t **view, GError **error)
{
	g_autoptr (GHashTable) acts = load_acts (tx, application->id, application->id, "", error);
	g_autoptr (json_t) shown = NULL;

	if (!acts)
		return FALSE;
	shown = application_view_of (tx, application, g_hash_table_lookup (acts, application->id), now, error);
	if (!shown)
		return FALSE;
	*view = g_steal_pointer (&shown);
	return TRUE;
}

gboolean
application_view (Tx *tx, Registry *registry, const Actor *actor, const char *id, json_t **view, GError **error)
{
	g_auto (Application) application = { 0 };

	return application_load (tx, id, FALSE, &application, error) &&
	       application_check_reader (&application, actor, READER_ROLES, error) &&
	       application_view_load (tx, &application, clock_now (registry->clock), view, error);
}

static void
application_free (gpointer p)
{
	application_clear (p);
	g_free (p);
}

static gboolean
check_listing (const char *state, const char *cursor, GError **error)
{
	ApplicationState known;

	if (state && !application_state_from_name (state, &known))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/state", "no such state");
	if (cursor && !uuid_is_valid (cursor))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/cursor", "not a cursor of this list");
	return TRUE;
}

gboolean
application_list (Tx *tx, Registry *registry, const char *state, const char *cursor, guint limit,
                  json_t **items, char **next_cursor, GError **error)
{
	g_autoptr (GPtrArray) page = g_ptr_array_new_with_free_func (application_free);
	g_autoptr (GHashTable) acts = NULL;
	g_autoptr (json_t) views = json_array ();
	guint most = CLAMP (limit, 1, LIST_MAX);
	const Application *last;

	*next_cursor = NULL;
	if (!check_listing (state, cursor, error) ||
	    !db_application_list (tx, state ? state : "", cursor ? cursor : "", most + 1, page, error))
		return FALSE;
	if (page->len > most) {
		g_ptr_array_set_size (page, most);
		last = g_ptr_array_index (page, most - 1);
		*next_cursor = g_strdup (last->id);
	}
	if (page->len > 0) {
		const Application *first = g_ptr_array_index (page, 0);

		last = g_ptr_array_index (page, page->len - 1);
		acts = load_acts (tx, first->id, last->id, state ? state : "", error);
		if (!acts) {
			g_clear_pointer (next_cursor, g_free);
			return FALSE;
		}
	}
	for (guint i = 0; i < page->len; i++) {
		Application *application = g_ptr_array_index (page, i);

		json_t *view = NULL;

		if (!application_parse_form (application, error) || !db_copies_load (tx, application->id, application->copies, error) ||
		    !(view = application_view_of (tx, application, g_hash_table_lookup (acts, application->id), clock_now (registry->clock), error))) {
			g_clear_pointer (next_cursor, g_free);
			return FALSE;
		}
		json_array_append_new (views, view);
	}
	*items = g_steal_pointer (&views);
	return TRUE;
}

gboolean
application_form_document (Tx *tx, Registry *registry, const Actor *actor, const char *id, char **text, GError **error)
{
	g_auto (Application) application = { 0 };

	(void) registry;
	if (!application_load (tx, id, FALSE, &application, error) ||
	    !application_check_reader (&application, actor, ROLE_CLERK | ROLE_REVIEWER | ROLE_ISSUER, error))
		return FALSE;
	*text = g_strdup (application.document);
	return TRUE;
}
