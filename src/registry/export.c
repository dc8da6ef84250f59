/* registry/export.c — see export.h. */
#include "registry/export.h"

#include <string.h>

#include "base/error.h"
#include "registry/application_db.h"
#include "registry/search_db.h"

static json_t *
text_or_null (const char *text)
{
	return text && *text ? json_string (text) : json_null ();
}

static json_t *
row_of (const Application *application)
{
	json_t *row = json_array ();
	const char *uscc = form_text (application->form, "uscc");

	json_array_append_new (row, text_or_null (application->number));
	json_array_append_new (row, json_string (service_rule (application->service)->label));
	json_array_append_new (row, json_string (subject_kind_name (application->kind)));
	json_array_append_new (row, text_or_null (form_holder_name (application->kind, application->form)));
	json_array_append_new (row, text_or_null (uscc));
	json_array_append_new (row, json_string (application_state_label (application->state)));
	json_array_append_new (row, json_time (application->created));
	json_array_append_new (row, json_time (application->updated));
	json_array_append_new (row, json_integer (application->amount_fen));
	json_array_append_new (row, json_string (application->fee_paid ? "是" : "否"));
	json_array_append_new (row, text_or_null (application->fingerprint ? application->serial : NULL));
	return row;
}

gboolean
export_applications (Tx *tx, Registry *registry, Micros from, Micros to, json_t **rows, GError **error)
{
	g_autoptr (GPtrArray) ids = db_applications_between (tx, from, to, EXPORT_ROWS_MAX + 1, error);
	g_autoptr (json_t) list = json_array ();

	(void) registry;
	if (!ids)
		return FALSE;
	if (ids->len > EXPORT_ROWS_MAX)
		return diqi_fail (error, DIQI_ERROR_TOO_LARGE, "/from", "more than %d applications: ask for a shorter time", EXPORT_ROWS_MAX);
	for (guint i = 0; i < ids->len; i++) {
		g_auto (Application) application = { 0 };

		if (!application_load (tx, g_ptr_array_index (ids, i), FALSE, &application, error))
			return FALSE;
		json_array_append_new (list, row_of (&application));
	}
	*rows = g_steal_pointer (&list);
	return TRUE;
}
