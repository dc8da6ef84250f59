/* registry/disposal.c — see disposal.h. */
#include "registry/disposal.h"

#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/random.h"
#include "identity/people.h"
#include "outbox/outbox.h"
#include "registry/application_db.h"
#include "registry/disposal_db.h"
#include "registry/search.h"

Micros
disposal_due (Micros lapsed)
{
	CivilDate date = civil_beijing (lapsed);

	date.year += DISPOSAL_YEARS;
	/* 29 February ends with the day after it in a year that has none. */
	if (!civil_is_valid (date)) {
		date.month = 3;
		date.day = 1;
	}
	return (civil_to_days (date) + 1) * MICROS_PER_DAY - 8 * MICROS_PER_HOUR;
}

/* --- listing ----------------------------------------------------------------------------- */

typedef struct {
	Registry *registry;
	Micros now;
	guint limit;
	gboolean any;
	char *batch;
} Listing;

static void
due_row_clear (gpointer p)
{
	g_free (((DueRow *) p)->application);
}

static gboolean
write_list (const Listing *listing, const GArray *due, BatchRow *row, GError **error)
{
	g_autoptr (json_t) list = json_pack ("{s:s, s:s, s:s, s:o, s:[]}", "type", "disposal.list", "site", listing->registry->site,
	                                     "batch", row->id, "made", json_time (row->made), "applications");
	gsize n;

	for (guint i = 0; i < due->len; i++) {
		const DueRow *one = &g_array_index (due, DueRow, i);

		json_array_append_new (json_object_get (list, "applications"),
		                       json_pack ("{s:s, s:o}", "application", one->application, "due", json_time (disposal_due (one->lapsed))));
	}
	row->list = jcs_dump (list, &n, error);
	if (!row->list)
		return FALSE;
	row->list_hash = hash_hex (row->list, n);
	return TRUE;
}

static gboolean
write_batch (Tx *tx, const BatchRow *row, const GArray *due, GError **error)
{
	g_autoptr (json_t) effect = json_pack ("{s:s, s:i}", "list", row->list_hash, "applications", (int) due->len);

	if (!db_batch_insert (tx, row, error))
		return FALSE;
	for (guint i = 0; i < due->len; i++) {
		const DueRow *one = &g_array_index (due, DueRow, i);

		if (!db_batch_item_insert (tx, row->id, one->application, disposal_due (one->lapsed), error))
			return FALSE;
	}
	return evidence_append (tx, "disposal.list", row->id, row->made, NULL, effect, NULL, error);
}

/* What the database finds by the shortest five years is then held against the calendar. */
static GArray *
find_due (Tx *tx, const Listing *listing, GError **error)
{
	g_autoptr (GArray) due = g_array_new (FALSE, FALSE, sizeof (DueRow));

	g_array_set_clear_func (due, due_row_clear);
	if (!db_due (tx, listing->now - DISPOSAL_YEARS * 365 * MICROS_PER_DAY, listing->limit, due, error))
		return NULL;
	for (guint i = due->len; i > 0; i--)
		if (disposal_due (g_array_index (due, DueRow, i - 1).lapsed) > listing->now)
			g_array_remove_index (due, i - 1);
	return g_steal_pointer (&due);
}

static gboolean
look_for_due (Tx *tx, gpointer arg, GError **error)
{
	Listing *listing = arg;
	g_autoptr (GArray) due = find_due (tx, listing, error);

	if (!due)
		return FALSE;
	listing->any = due->len > 0;
	return TRUE;
}

static gboolean
list_due (Tx *tx, gpointer arg, GError **error)
{
	Listing *listing = arg;
	g_autoptr (GArray) due = find_due (tx, listing, error);
	g_auto (BatchRow) row = { 0 };

	g_clear_pointer (&listing->batch, g_free);
	if (!due || due->len == 0)
		return due != NULL;
	row.id = uuid7_new (listing->now);
	row.made = listing->now;
	if (!write_list (listing, due, &row, error) || !write_batch (tx, &row, due, error))
		return FALSE;
	listing->batch = g_steal_pointer (&row.id);
	return TRUE;
}

gboolean
disposal_list_due (Store *store, Registry *registry, guint limit, char **batch, GError **error)
{
	Listing listing = { .registry = registry, .now = clock_now (registry->clock), .limit = limit };

	*batch = NULL;
	/* The search goes through every ended application: the one writer does not wait for it on most days. */
	if (!store_read (store, "disposal.look", look_for_due, &listing, error))
		return FALSE;
	if (!listing.any)
		return TRUE;
	if (!store_run (store, "disposal.list", list_due, &listing, error))
		return FALSE;
	*batch = listing.batch;
	return TRUE;
}

/* --- reading ----------------------------------------------------------------------------- */

static json_t *
batch_view (const BatchRow *row)
{
	g_autoptr (json_t) list = json_loads (row->list, 0, NULL);
	json_t *view = json_pack ("{s:s, s:o, s:s, s:s, s:i}", "batch", row->id, "made", json_time (row->made), "list", row->list,
	                          "list_hash", row->list_hash, "applications", (int) json_array_size (json_object_get (list, "applications")));

	if (row->approved) {
		json_object_set_new (view, "approved", json_time (row->approved));
		json_object_set_new (view, "administrator", json_string (row->administrator));
		json_object_set_new (view, "auditor", json_string (row->auditor));
	}
	return view;
}

gboolean
disposal_batches (Tx *tx, const char *cursor, guint limit, json_t **items, char **next_cursor, GError **error)
{
	g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (BatchRow));

	g_array_set_clear_func (rows, (GDestroyNotify) batch_row_clear);
	*next_cursor = NULL;
	if (cursor && !uuid_is_valid (cursor))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/cursor", "not a cursor of this list");
	if (!db_batches (tx, cursor ? cursor : "", limit + 1, rows, error))
		return FALSE;
	*items = json_array ();
	for (guint i = 0; i < MIN (rows->len, limit); i++)
		json_array_append_new (*items, batch_view (&g_array_index (rows, BatchRow, i)));
	if (rows->len > limit)
		*next_cursor = g_strdup (g_array_index (rows, BatchRow, limit - 1).id);
	return TRUE;
}

/* --- destroying -------------------------------------------------------------------------- */

static gboolean
load_batch (Tx *tx, const char *id, BatchRow *out, GError **error)
{
	gboolean found = FALSE;

	if (uuid_is_valid (id) && !db_batch_get (tx, id, TRUE, out, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no batch %s", id);
	return !out->approved || diqi_fail (error, DIQI_ERROR_DISPOSAL_STATE, NULL, "batch %s was disposed of", id);
}

static gboolean
check_statement (const BatchRow *batch, const Statement *statement, GError **error)
{
	const char *id, *list;
	const Field fields[] = {
		{ "batch", FIELD_UUID, TRUE, 0, &id },
		{ "list", FIELD_HEX32, TRUE, 0, &list },
	};

	return EXPECT_MEMBERS (statement, fields, error) && expect_same ("batch", id, batch->id, error) &&
	       expect_same ("list", list, batch->list_hash, error);
}

/* Listed long ago, perhaps by another program or a changed row: what counts is what is true now. */
static gboolean
check_due (Tx *tx, const char *application, Micros now, GError **error)
{
	gboolean ended;
	Micros lapsed;

	if (!db_lapsed (tx, application, &ended, &lapsed, error))
		return FALSE;
	return (ended && disposal_due (lapsed) <= now) ||
	       diqi_fail (error, DIQI_ERROR_DISPOSAL_STATE, NULL, "application %s must still be kept", application);
}

/* What is left of the form: its hash, which the signed statements name. */
static char *
stub_of (const Registry *registry, const Application *application, Micros now, GError **error)
{
	g_autoptr (json_t) stub = json_pack ("{s:s, s:s, s:s, s:s, s:s, s:{}, s:s, s:o}", "type", "application.form", "site", registry->site,
	                                     "application", application->id, "service", service_name (application->service),
	                                     "kind", subject_kind_name (application->kind), "form", "hash", application->form_hash,
	                                     "disposed", json_time (now));

	return jcs_dump (stub, NULL, error);
}

static gboolean
write_history (Tx *tx, const Application *application, Micros now, GError **error)
{
	const NewAct act = {
		.application = application->id,
		.version = application->version + 1,
		.act = "records.disposed",
		.to_state = application_state_name (application->state),
		.at = now,
		.by_name = "system",
	};

	return db_act_insert (tx, &act, error);
}

/* Who stood for a holder is kept as long as any record of the holder is. */
static gboolean
forget_people (Tx *tx, const char *subject, GError **error)
{
	gboolean kept = TRUE;

	return !subject || (db_subject_kept (tx, subject, &kept, error) && (kept || people_forget (tx, subject, error)));
}

/* What the form said in other places, too: search terms, messages, the payer of an invoice, recipients of parcels. */
static gboolean
forget (Tx *tx, const Registry *registry, const char *id, Micros now, GError **error)
{
	g_auto (Application) application = { 0 };

	return application_load (tx, id, FALSE, &application, error) && search_index (tx, registry, &application, error) &&
	       outbox_forget (tx, id, now, error) && invoice_forget (tx, id, error) && db_forget_parcels (tx, id, error) &&
	       forget_people (tx, application.subject, error);
}

static gboolean
dispose_one (Tx *tx, const Registry *registry, const char *id, Micros now, GError **error)
{
	g_auto (Application) application = { 0 };
	g_autofree char *stub = NULL;

	if (!application_load (tx, id, TRUE, &application, error) || !check_due (tx, id, now, error))
		return FALSE;
	stub = stub_of (registry, &application, now, error);
	return stub && db_dispose_form (tx, id, stub, now, error) && write_history (tx, &application, now, error) &&
	       db_blank_contents (tx, id, error) && db_delete_contents (tx, id, error) && db_dispose_scans (tx, id, now, error) &&
	       db_dispose_contract (tx, id, error) && db_item_disposed (tx, id, now, error) && forget (tx, registry, id, now, error);
}

static gboolean
dispose_all (Tx *tx, const Registry *registry, const char *batch, Micros now, guint *n, GError **error)
{
	g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

	if (!db_batch_items (tx, batch, ids, error))
		return FALSE;
	for (guint i = 0; i < ids->len; i++)
		if (!dispose_one (tx, registry, g_ptr_array_index (ids, i), now, error))
			return FALSE;
	*n = ids->len;
	return TRUE;
}

static const Actor *
who_is (const TwoOfficers *two, Role role)
{
	const Actor *other = &two->actor[1];

	/* Where both have both roles, the first is the administrator. */
	if (role == ROLE_ADMINISTRATOR)
		return actor_has_role (&two->actor[0], role) && actor_has_role (other, ROLE_AUDITOR) ? &two->actor[0] : other;
	return who_is (two, ROLE_ADMINISTRATOR) == other ? &two->actor[0] : other;
}

gboolean
disposal_approve (Tx *tx, Registry *registry, const char *id, const TwoOfficers *two, json_t **view, GError **error)
{
	g_auto (BatchRow) batch = { 0 };
	g_autoptr (json_t) effect = NULL;
	Micros now = clock_now (registry->clock);
	guint n = 0;

	if (!expect_two_officers (registry, two, "disposal.approve", ROLE_ADMINISTRATOR, ROLE_AUDITOR, now, error) ||
	    !load_batch (tx, id, &batch, error) ||
	    !check_statement (&batch, two->statement[0], error) ||
	    !dispose_all (tx, registry, id, now, &n, error))
		return FALSE;
	batch.approved = now;
	batch.administrator = g_strdup (who_is (two, ROLE_ADMINISTRATOR)->person);
	batch.auditor = g_strdup (who_is (two, ROLE_AUDITOR)->person);
	if (!db_batch_approve (tx, id, now, batch.administrator, batch.auditor, error))
		return FALSE;
	effect = json_pack ("{s:s, s:i}", "list", batch.list_hash, "applications", (int) n);
	if (!two_officers_append (tx, two, "disposal.approve", id, now, effect, error))
		return FALSE;
	*view = batch_view (&batch);
	return TRUE;
}
