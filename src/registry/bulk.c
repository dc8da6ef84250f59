/* registry/bulk.c — see bulk.h. */
#include "registry/bulk.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "registry/access_code.h"
#include "registry/application_private.h"
#include "registry/form_rules.h"

/* --- columns ---------------------------------------------------------------------------------- */

static const FormField *
field_named (SubjectKind kind, const char *title)
{
	gsize n;
	const FormField *table = form_fields (kind, &n);

	for (gsize i = 0; i < n; i++)
		if (g_str_equal (title, table[i].name) || g_str_equal (title, table[i].label))
			return &table[i];
	return NULL;
}

static const char *
cell (const json_t *row, gsize column)
{
	const char *text = json_string_value (json_array_get (row, column));

	return text ? text : "";
}

/* Columns of the header as fields of the form; NULL for an empty title at the end of a row. */
static GPtrArray *
read_header (SubjectKind kind, const json_t *header, GError **error)
{
	g_autoptr (GPtrArray) columns = g_ptr_array_new ();

	for (gsize i = 0; i < json_array_size (header); i++) {
		g_autofree char *title = g_strstrip (g_strdup (cell (header, i)));
		const FormField *field = *title ? field_named (kind, title) : NULL;

		if (*title && !field) {
			diqi_error_set (error, DIQI_ERROR_FIELD_UNKNOWN, "/file", "row 1: the form has no field \"%s\"", title);
			return NULL;
		}
		if (field && g_ptr_array_find (columns, field, NULL)) {
			diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/file", "row 1: column \"%s\" comes twice", title);
			return NULL;
		}
		g_ptr_array_add (columns, (gpointer) field);
	}
	return g_steal_pointer (&columns);
}

json_t *
bulk_columns (SubjectKind kind)
{
	gsize n;
	const FormField *table = form_fields (kind, &n);
	json_t *labels = json_array ();

	for (gsize i = 0; i < n; i++)
		json_array_append_new (labels, json_string (table[i].label));
	return labels;
}

/* --- cells ------------------------------------------------------------------------------------ */

static const char *
choice_value (const FormField *field, const char *text)
{
	for (gsize i = 0; field->choices[i]; i++)
		if (g_str_equal (text, field->choices[i]) || g_str_equal (text, field->choice_labels[i]))
			return field->choices[i];
	return text;      /* the form's own check will say what is allowed */
}

static json_t *
value_of (const FormField *field, const char *text)
{
	static const char *const yes[] = { "是", "√", "true", "1", "y", "yes", NULL };
	g_autofree char *lower = g_ascii_strdown (text, -1);
	gint64 count;

	switch (field->type) {
	case FORM_COUNT:
		return g_ascii_string_to_signed (text, 10, 0, G_MAXINT32, &count, NULL) ? json_integer (count) : json_string (text);
	case FORM_DECLARATION:
		return json_boolean (g_strv_contains (yes, lower));
	case FORM_CHOICE:
		return json_string (choice_value (field, text));
	default:
		return json_string (text);
	}
}

static json_t *
form_of (const GPtrArray *columns, const json_t *row)
{
	json_t *form = json_object ();

	for (guint i = 0; i < columns->len; i++) {
		const FormField *field = g_ptr_array_index (columns, i);
		g_autofree char *text = g_strstrip (g_strdup (cell (row, i)));

		if (field && *text)
			json_object_set_new (form, field->name, value_of (field, text));
	}
	return form;
}

static gboolean
is_blank_row (const json_t *row)
{
	for (gsize i = 0; i < json_array_size (row); i++) {
		const char *text = cell (row, i);

		if (text[strspn (text, " \t\r\n")])
			return FALSE;
	}
	return TRUE;
}

/* --- faults ------------------------------------------------------------------------------------ */

static void
add_fault (json_t *faults, const FormField *field, const GError *fault)
{
	json_t *item = json_object ();
	const char *pointer = diqi_error_field (fault);

	json_object_set_new (item, "pointer", json_string (pointer ? pointer : "/form"));
	json_object_set_new (item, "column", json_string (field ? field->label : ""));
	json_object_set_new (item, "code", json_string (diqi_error_code_name (fault)));
	json_object_set_new (item, "detail", json_string (fault->message));
	json_array_append_new (faults, item);
}

static gboolean
check_field (const FormField *field, const json_t *form, Micros now, GError **error)
{
	const json_t *value = json_object_get (form, field->name);
	g_autofree char *at = g_strdup_printf ("/form/%s", field->name);

	if (!value)
		return !field->required || diqi_fail (error, DIQI_ERROR_FIELD_MISSING, at, "%s is required", field->label);
	if (field->type == FORM_COUNT && !json_is_integer (value))
		return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, at, "expected a whole number");
	return form_rule_check (field, form, value, now, at, error);
}

static const FormField *
field_at (SubjectKind kind, const GError *fault)
{
	const char *pointer = diqi_error_field (fault);

	return pointer && g_str_has_prefix (pointer, "/form/") ? field_named (kind, pointer + strlen ("/form/")) : NULL;
}

/* All faults of a row, not the first only: who fills in a sheet wants to mend it once. */
static json_t *
faults_of (SubjectKind kind, const json_t *form, Micros now)
{
	gsize n;
	const FormField *table = form_fields (kind, &n);
	json_t *faults = json_array ();
	g_autoptr (GError) whole = NULL;
	FormWarnings warnings;

	for (gsize i = 0; i < n; i++) {
		g_autoptr (GError) fault = NULL;

		if (!check_field (&table[i], form, now, &fault))
			add_fault (faults, &table[i], fault);
	}
	/* What one field alone cannot tell, and what cannot be asked of a faulty one. */
	if (json_array_size (faults) == 0 && !form_check_complete (kind, form, now, &warnings, &whole))
		add_fault (faults, field_at (kind, whole), whole);
	return faults;
}

/* --- the whole ------------------------------------------------------------------------------------ */

typedef struct {
	Tx *tx;
	Registry *registry;
	const BulkOrder *order;
	json_t *results;
	GPtrArray *forms;               /* json_t per result; NULL where faulty */
	guint valid, created;
} Bulk;

static void
bulk_clear (Bulk *bulk)
{
	json_decref (bulk->results);
	g_clear_pointer (&bulk->forms, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bulk, bulk_clear)

static void
unref_form (gpointer form)
{
	json_decref (form);
}

static void
check_row (Bulk *bulk, const GPtrArray *columns, gsize i, Micros now)
{
	json_t *form = form_of (columns, json_array_get (bulk->order->rows, i));
	json_t *faults = faults_of (bulk->order->kind, form, now);
	const char *holder = form_holder_name (bulk->order->kind, form);
	json_t *result = json_object ();
	gboolean valid = json_array_size (faults) == 0;

	json_object_set_new (result, "row", json_integer ((json_int_t) i + 1));
	json_object_set_new (result, "holder", json_string (holder ? holder : ""));
	json_object_set_new (result, "errors", faults);
	json_array_append_new (bulk->results, result);
	bulk->valid += valid;
	if (!valid)
		g_clear_pointer (&form, json_decref);
	g_ptr_array_add (bulk->forms, form);
}

static gboolean
create_row (Bulk *bulk, guint i, GError **error)
{
	json_t *form = g_ptr_array_index (bulk->forms, i);
	json_t *result = json_array_get (bulk->results, i);
	g_autofree char *salt = random_token (32);
	g_autofree char *code = access_code_derive (salt, bulk->order->secret);
	g_autoptr (json_t) view = NULL;
	/* Nobody's session: the holder goes on with the access code, whoever typed the sheet. */
	const ApplicationCreation creation = { .service = SERVICE_ISSUE, .kind = bulk->order->kind, .form = form };

	if (!form)
		return TRUE;
	if (!application_create (bulk->tx, bulk->registry, &creation, &code, &view, error))
		return FALSE;
	json_object_set (result, "application", json_object_get (view, "application"));
	json_object_set_new (result, "access_salt", json_string (salt));
	bulk->created++;
	return TRUE;
}

static gboolean
create_rows (Bulk *bulk, GError **error)
{
	const BulkOrder *order = bulk->order;

	if (order->check_only || (!order->skip_invalid && bulk->valid < bulk->forms->len))
		return TRUE;
	for (guint i = 0; i < bulk->forms->len; i++)
		if (!create_row (bulk, i, error))
			return FALSE;
	return TRUE;
}

static gboolean
check_size (const json_t *rows, GError **error)
{
	gsize n = json_array_size (rows);

	if (n < 2)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/file", "the sheet has no rows below its header");
	if (n - 1 > BULK_ROWS_MAX)
		return diqi_fail (error, DIQI_ERROR_FIELD_LENGTH, "/file", "at most %d rows at once", BULK_ROWS_MAX);
	return TRUE;
}

gboolean
bulk_applications (Tx *tx, Registry *registry, const BulkOrder *order, json_t **report, GError **error)
{
	g_autoptr (GPtrArray) columns = NULL;
	g_auto (Bulk) bulk = { .tx = tx, .registry = registry, .order = order };

	if (!check_size (order->rows, error))
		return FALSE;
	columns = read_header (order->kind, json_array_get (order->rows, 0), error);
	if (!columns)
		return FALSE;
	bulk.results = json_array ();
	bulk.forms = g_ptr_array_new_with_free_func (unref_form);
	for (gsize i = 1; i < json_array_size (order->rows); i++)
		if (!is_blank_row (json_array_get (order->rows, i)))
			check_row (&bulk, columns, i, clock_now (registry->clock));
	if (!create_rows (&bulk, error))
		return FALSE;
	*report = json_object ();
	json_object_set_new (*report, "rows", json_integer (bulk.forms->len));
	json_object_set_new (*report, "valid", json_integer (bulk.valid));
	json_object_set_new (*report, "created", json_integer (bulk.created));
	json_object_set_new (*report, "results", g_steal_pointer (&bulk.results));
	return TRUE;
}
