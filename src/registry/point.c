/* registry/point.c — see point.h. */
#include "registry/point.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "registry/application_private.h"
#include "registry/point_content.h"
#include "registry/point_db.h"

#define CONTENT_MAX (64 * 1024)
#define POINTS_OF_PERSON_MAX 50

static json_t *
parse_content (const PointRow *row, GError **error)
{
	return json_read_strict (row->content, strlen (row->content), CONTENT_MAX, error);
}

static gboolean
load_point (Tx *tx, const char *code, PointRow **row, json_t **content, GError **error)
{
	if (!db_point_get (tx, code, FALSE, row, error))
		return FALSE;
	if (!*row)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, "/point", "no acceptance point \"%.40s\"", code);
	*content = parse_content (*row, error);
	return *content != NULL;
}

/* --- checks ------------------------------------------------------------------------------------- */

gboolean
point_check (Tx *tx, const char *code, const char *service, GError **error)
{
	g_autoptr (PointRow) row = NULL;
	g_autoptr (json_t) content = NULL;

	if (!db_point_get (tx, code, FALSE, &row, error))
		return FALSE;
	if (!row || !row->active)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/point", "no acceptance point \"%.40s\" is open", code);
	content = parse_content (row, error);
	if (!content)
		return FALSE;
	return point_content_does (content, service) ||
	       diqi_fail (error, DIQI_ERROR_POINT_SERVICE, "/point", "point %s does not do %s", code, service);
}

gboolean
point_expect (Tx *tx, const char *code, const char *at, GError **error)
{
	g_autoptr (PointRow) row = NULL;

	return db_point_get (tx, code, FALSE, &row, error) &&
	       (row || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "no acceptance point \"%.40s\"", code));
}

gboolean
point_check_officer (Tx *tx, const char *code, const char *person, GError **error)
{
	g_autoptr (json_t) codes = json_array ();

	if (!code)
		return TRUE;
	if (!db_point_assigned (tx, person, codes, error))
		return FALSE;
	for (gsize i = 0; i < json_array_size (codes); i++)
		if (g_str_equal (json_string_value (json_array_get (codes, i)), code))
			return TRUE;
	return json_array_size (codes) == 0 ||
	       diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "you do not work at point %s", code);
}

gboolean
point_low_stock (Tx *tx, const char *code, gint64 *low_stock, GError **error)
{
	g_autoptr (PointRow) row = NULL;
	g_autoptr (json_t) content = NULL;
	g_autoptr (json_t) whole = NULL;

	if (!load_point (tx, code, &row, &content, error))
		return FALSE;
	whole = point_content_whole (content);
	*low_stock = json_integer_value (json_object_get (whole, "low_stock"));
	return TRUE;
}

/* --- views ---------------------------------------------------------------------------------------- */

static json_t *
view_of (const PointRow *row, const json_t *content)
{
	json_t *view = point_content_whole (content);
	g_autofree char *hash = hash_hex (row->content, strlen (row->content));

	json_object_set_new (view, "code", json_string (row->code));
	json_object_set_new (view, "version", json_integer (row->version));
	json_object_set_new (view, "changed", json_time (row->changed));
	json_object_set_new (view, "hash", json_string (hash));
	return view;
}

gboolean
point_view (Tx *tx, const char *code, json_t **view, GError **error)
{
	g_autoptr (PointRow) row = NULL;
	g_autoptr (json_t) content = NULL;

	if (!load_point (tx, code, &row, &content, error))
		return FALSE;
	*view = view_of (row, content);
	return TRUE;
}

static gboolean
add_listed (json_t *items, const PointRow *row, const char *service, GError **error)
{
	g_autoptr (json_t) content = parse_content (row, error);

	if (!content)
		return FALSE;
	if (!service || (row->active && point_content_does (content, service)))
		json_array_append_new (items, view_of (row, content));
	return TRUE;
}

gboolean
point_list (Tx *tx, const char *service, const char *cursor, guint limit, json_t **items, char **next_cursor, GError **error)
{
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) point_row_free);
	g_autoptr (json_t) shown = json_array ();

	*next_cursor = NULL;
	if (service && !point_service_is_known (service))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/service", "no such service");
	if (cursor && !point_code_is_valid (cursor))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/cursor", "not a cursor of this list");
	if (!db_point_list (tx, cursor ? cursor : "", limit + 1, rows, error))
		return FALSE;
	for (guint i = 0; i < MIN (rows->len, limit); i++)
		if (!add_listed (shown, g_ptr_array_index (rows, i), service, error))
			return FALSE;
	if (rows->len > limit)
		*next_cursor = g_strdup (((const PointRow *) g_ptr_array_index (rows, limit - 1))->code);
	*items = g_steal_pointer (&shown);
	return TRUE;
}

/* --- change ------------------------------------------------------------------------------------------ */

static char *
both_persons (const TwoOfficers *two)
{
	return g_strdup_printf ("%s %s", two->actor[0].person, two->actor[1].person);
}

static gboolean
expect_change (const Registry *registry, const char *code, gint64 expected_version, const char *hash, const TwoOfficers *two,
               Micros now, GError **error)
{
	const char *point, *said;
	gint64 version;
	const Field fields[] = {
		{ "point", FIELD_STRING, TRUE, POINT_CODE_MAX, &point },
		{ "version", FIELD_INT, TRUE, 0, &version },
		{ "content", FIELD_HEX32, TRUE, 0, &said },
	};

	if (!expect_two_officers (registry, two, "point.change", ROLE_ADMINISTRATOR, ROLE_ADMINISTRATOR, now, error) ||
	    !EXPECT_MEMBERS (two->statement[0], fields, error) || !expect_same ("point", point, code, error) ||
	    !expect_same ("content", said, hash, error))
		return FALSE;
	if (version != expected_version)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/version", "If-Match says version %" G_GINT64_FORMAT, expected_version);
	return TRUE;
}

static gboolean
next_version (Tx *tx, const char *code, gint64 expected_version, gint64 *next, GError **error)
{
	g_autoptr (PointRow) old = NULL;

	if (!db_point_get (tx, code, TRUE, &old, error))
		return FALSE;
	if ((old ? old->version : 0) != expected_version)
		return diqi_fail (error, DIQI_ERROR_IF_MATCH_STALE, NULL, "point %s is at version %" G_GINT64_FORMAT, code, old ? old->version : 0);
	*next = expected_version + 1;
	return TRUE;
}

gboolean
point_change (Tx *tx, Registry *registry, const char *code, gint64 expected_version, const json_t *content,
              const TwoOfficers *two, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	g_autofree char *text = NULL;
	g_autofree char *hash = NULL;
	g_autofree char *by = both_persons (two);
	g_autoptr (json_t) effect = NULL;
	PointRow row = { .code = (char *) code, .changed = now, .changed_by = by };

	if (!point_code_is_valid (code))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/code", "a code is 1 to %d of A-Z 0-9 -", POINT_CODE_MAX);
	if (!point_content_check (content, &row.active, error) || !(text = jcs_dump (content, NULL, error)))
		return FALSE;
	hash = hash_hex (text, strlen (text));
	if (!expect_change (registry, code, expected_version, hash, two, now, error) ||
	    !next_version (tx, code, expected_version, &row.version, error))
		return FALSE;
	row.content = text;
	effect = json_pack ("{s:s, s:I, s:s}", "point", code, "version", (json_int_t) row.version, "content", hash);
	*view = view_of (&row, content);
	if (db_point_put (tx, &row, error) && db_point_version_insert (tx, &row, error) &&
	    two_officers_append (tx, two, "point.change", code, now, effect, error))
		return TRUE;
	g_clear_pointer (view, json_decref);
	return FALSE;
}

/* --- who works where ------------------------------------------------------------------------------------ */

static gboolean
is_active_officer (const OfficerList *officers, const char *person)
{
	for (gsize i = 0; i < officer_list_size (officers); i++) {
		const Officer *officer = officer_list_at (officers, i);

		if (!officer->removed && g_str_equal (officer->person, person))
			return TRUE;
	}
	return FALSE;
}

static gboolean
assign_one (Tx *tx, const char *person, const json_t *item, gsize i, Micros now, GError **error)
{
	g_autofree char *at = g_strdup_printf ("/statement/points/%zu", i);
	const char *code = json_string_value (item);

	if (!code)
		return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, at, "expected a point's code");
	return point_expect (tx, code, at, error) && db_point_assign (tx, person, code, now, error);
}

static gboolean
check_distinct (const json_t *points, GError **error)
{
	for (gsize i = 0; i < json_array_size (points); i++)
		for (gsize j = 0; j < i; j++)
			if (json_equal (json_array_get (points, i), json_array_get (points, j)))
				return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/points", "a point is there twice");
	return TRUE;
}

gboolean
point_assign (Tx *tx, Registry *registry, const OfficerList *officers, const TwoOfficers *two, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	const char *person;
	json_t *points = NULL;
	g_autofree char *id = uuid7_new (now);
	g_autofree char *by = both_persons (two);
	g_autofree char *text = NULL;
	g_autoptr (json_t) effect = NULL;
	const Field fields[] = {
		{ "person", FIELD_UUID, TRUE, 0, &person },
		{ "points", FIELD_ARRAY, TRUE, POINTS_OF_PERSON_MAX, &points },
	};

	if (!expect_two_officers (registry, two, "point.assign", ROLE_ADMINISTRATOR, ROLE_ADMINISTRATOR, now, error) ||
	    !EXPECT_MEMBERS (two->statement[0], fields, error) || !check_distinct (points, error))
		return FALSE;
	if (!is_active_officer (officers, person))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/person", "no officer is person %s", person);
	if (!db_point_unassign (tx, person, error))
		return FALSE;
	for (gsize i = 0; i < json_array_size (points); i++)
		if (!assign_one (tx, person, json_array_get (points, i), i, now, error))
			return FALSE;
	text = jcs_dump (points, NULL, error);
	effect = json_pack ("{s:s, s:O}", "person", person, "points", points);
	if (!text || !db_point_assignment_act (tx, id, person, text, now, by, error) ||
	    !two_officers_append (tx, two, "point.assign", person, now, effect, error))
		return FALSE;
	*view = g_steal_pointer (&effect);
	return TRUE;
}

gboolean
point_assignments (Tx *tx, json_t **items, GError **error)
{
	g_autoptr (json_t) rows = json_array ();
	json_t *grouped, *last = NULL;

	if (!db_point_assignments (tx, rows, error))
		return FALSE;
	grouped = json_array ();
	for (gsize i = 0; i < json_array_size (rows); i++) {
		json_t *row = json_array_get (rows, i), *person = json_object_get (row, "person");

		if (!last || !json_equal (json_object_get (last, "person"), person)) {
			last = json_pack ("{s:O, s:[]}", "person", person, "points");
			json_array_append_new (grouped, last);
		}
		json_array_append (json_object_get (last, "points"), json_object_get (row, "point"));
	}
	*items = grouped;
	return TRUE;
}
