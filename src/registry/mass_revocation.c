/* registry/mass_revocation.c — see mass_revocation.h. */
#include "registry/mass_revocation.h"

#include <string.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/random.h"
#include "registry/application_db.h"
#include "registry/application_private.h"
#include "registry/cause.h"
#include "registry/mass_revocation_db.h"

#define SERIAL_DIGITS 40
#define LINE (SERIAL_DIGITS + 1)
/* Short enough that other transactions need not wait for long. */
#define CHUNK 200

/* --- taking a list in --------------------------------------------------------------------- */

static char *
list_text (const json_t *serials, GError **error)
{
	g_autoptr (GString) list = g_string_sized_new (json_array_size (serials) * LINE + 1);
	g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
	size_t i;
	json_t *item;

	json_array_foreach (serials, i, item) {
		const char *text = json_string_value (item);
		g_autofree char *at = g_strdup_printf ("/serials/%" G_GSIZE_FORMAT, i);
		Serial serial;

		if (!text || !serial_from_hex (text, &serial)) {
			diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, at, "40 hex digits of a serial number");
			return NULL;
		}
		if (!g_hash_table_add (seen, (gpointer) text)) {
			diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, at, "a serial number twice");
			return NULL;
		}
		g_string_append_printf (list, "%s\n", text);
	}
	return g_string_free (g_steal_pointer (&list), FALSE);
}

static gboolean
read_members (const Statement *statement, const char *hash, gint64 total, RevocationReason *reason, const char **cause, GError **error)
{
	const char *list, *name;
	gint64 count;
	const Field fields[] = {
		{ "list", FIELD_HEX32, TRUE, 0, &list }, { "count", FIELD_INT, TRUE, 0, &count },
		{ "reason", FIELD_STRING, TRUE, 0, &name }, { "cause", FIELD_STRING, TRUE, 32, cause },
	};

	if (!EXPECT_MEMBERS (statement, fields, error) || !expect_same ("list", list, hash, error))
		return FALSE;
	if (count != total)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/count", "the list has %" G_GINT64_FORMAT " serial numbers", total);
	if (!reason_from_name (name, reason) || *reason == REASON_CA_COMPROMISE || *reason == REASON_HOLD || *reason == REASON_REMOVE_FROM_CRL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/reason", "not a reason that revokes holders' certificates");
	return revocation_cause_check (*cause, *reason, FALSE, "/statement/cause", error);
}

static json_t *
batch_view (const RevocationBatch *batch)
{
	json_t *view = json_pack ("{s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:o, s:[s, s]}", "batch", batch->id, "list_hash", batch->list_hash,
		"total", (json_int_t) batch->total, "done", (json_int_t) batch->done, "revoked", (json_int_t) batch->revoked,
		"passed_over", (json_int_t) (batch->done - batch->revoked), "reason", reason_name (batch->reason), "cause", batch->cause,
		"made", json_time (batch->made), "persons", batch->first, batch->second);

	if (batch->finished != 0)
		json_object_set_new (view, "finished", json_time (batch->finished));
	return view;
}

static json_t *
batch_effect (const RevocationBatch *batch)
{
	return json_pack ("{s:s, s:I, s:s, s:s}", "list", batch->list_hash, "count", (json_int_t) batch->total,
	                  "reason", reason_name (batch->reason), "cause", batch->cause);
}

gboolean
mass_revocation_begin (Tx *tx, Registry *registry, const json_t *serials, const TwoOfficers *two, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	gint64 total = (gint64) json_array_size (serials);
	g_autofree char *list = list_text (serials, error);
	g_autofree char *hash = list ? hash_hex (list, strlen (list)) : NULL;
	const char *cause;
	RevocationReason reason;

	if (!list)
		return FALSE;
	if (total == 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/serials", "an empty list");
	if (!expect_two_officers (registry, two, "certificate.revoke_many", ROLE_REVIEWER, ROLE_ISSUER, now, error) ||
	    !read_members (two->statement[0], hash, total, &reason, &cause, error))
		return FALSE;
	g_auto (RevocationBatch) batch = {
		.id = uuid7_new (now), .list_hash = g_steal_pointer (&hash), .cause = g_strdup (cause), .reason = reason, .total = total,
		.made = now, .first = g_strdup (two->actor[0].person), .second = g_strdup (two->actor[1].person),
	};
	g_autoptr (json_t) effect = batch_effect (&batch);
	if (!db_revocation_insert (tx, &batch, list, error) || !db_revocation_progress_insert (tx, batch.id, error) ||
	    !two_officers_append (tx, two, "certificate.revoke_many", batch.id, now, effect, error))
		return FALSE;
	*view = batch_view (&batch);
	return TRUE;
}

gboolean
mass_revocation_view (Tx *tx, const char *id, json_t **view, GError **error)
{
	g_auto (RevocationBatch) batch = { 0 };
	gboolean found = FALSE;

	if (uuid_is_valid (id) && !db_revocation_get (tx, id, &batch, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no batch %s", id);
	*view = batch_view (&batch);
	return TRUE;
}

/* --- working it off ------------------------------------------------------------------------ */

static gboolean
is_over (const CertificateRow *row)
{
	return g_str_equal (row->status, "refused") || (g_str_equal (row->status, "revoked") && row->reason != REASON_HOLD);
}

/* Revokes, with all that goes with it; the leaf says why and, of a batch, which. */
static gboolean
end_certificate (Tx *tx, Registry *registry, const CertificateRow *row, RevocationReason reason, const char *type, json_t *effect, Micros now, GError **error)
{
	json_object_set_new (effect, "serial", json_string (row->serial));
	json_object_set_new (effect, "reason", json_string (reason_name (reason)));
	json_object_set_new (effect, "revoked_at", json_time (certificate_revoked_since (row, now)));
	return authority_revoke (tx, registry->authority, row->serial, reason, now, error) && certificate_end_sessions (tx, row, now, error) &&
	       certificate_tell_holder (tx, row->serial, "certificate.revoked", reason_name (reason), now, error) &&
	       evidence_append (tx, type, row->application ? row->application : row->serial, now, NULL, effect, NULL, error);
}

static gboolean
revoke_one (Tx *tx, Registry *registry, const RevocationBatch *batch, const char *serial, gint64 *revoked, Micros now, GError **error)
{
	g_auto (CertificateRow) row = { 0 };
	g_autoptr (GError) none = NULL;
	g_autoptr (json_t) effect = NULL;

	if (!certificate_load (tx, serial, TRUE, &row, &none)) {
		/* Never issued here: for the officers to see in the count. */
		if (g_error_matches (none, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_UNKNOWN))
			return TRUE;
		g_propagate_error (error, g_steal_pointer (&none));
		return FALSE;
	}
	/* An officer's ends with his place in the list of officers, by two administrators. */
	if (is_over (&row) || !row.subject)
		return TRUE;
	effect = json_pack ("{s:s, s:s}", "batch", batch->id, "cause", batch->cause);
	(*revoked)++;
	return db_certificate_cause (tx, serial, batch->cause, error) &&
	       end_certificate (tx, registry, &row, batch->reason, "certificate.revoke", effect, now, error);
}

typedef struct {
	Registry *registry;
	gboolean more;
} WorkArgs;

static gboolean
finish_chunk (Tx *tx, const RevocationBatch *batch, Micros now, GError **error)
{
	gboolean over = batch->done == batch->total;
	g_autoptr (json_t) effect = batch_effect (batch);

	if (!db_revocation_progress (tx, batch->id, batch->done, batch->revoked, over ? now : 0, error))
		return FALSE;
	json_object_set_new (effect, "revoked", json_integer ((json_int_t) batch->revoked));
	return !over || evidence_append (tx, "certificate.revoke_many.done", batch->id, now, NULL, effect, NULL, error);
}

static gboolean
work_chunk (Tx *tx, gpointer arg, GError **error)
{
	WorkArgs *args = arg;
	Micros now = clock_now (args->registry->clock);
	g_auto (RevocationBatch) batch = { 0 };
	g_autofree char *id = NULL;
	g_autofree char *part = NULL;
	gboolean found;

	args->more = FALSE;
	if (!db_revocation_open (tx, &id, error))
		return FALSE;
	if (!id)
		return TRUE;
	if (!db_revocation_get (tx, id, &batch, &found, error) ||
	    !db_revocation_part (tx, id, batch.done * LINE, CHUNK * LINE, &part, error))
		return FALSE;
	for (char *line = part; *line != '\0'; line += LINE) {
		line[SERIAL_DIGITS] = '\0';
		if (!revoke_one (tx, args->registry, &batch, line, &batch.revoked, now, error))
			return FALSE;
		batch.done++;
	}
	args->more = TRUE;
	return finish_chunk (tx, &batch, now, error);
}

gboolean
mass_revocation_work (Registry *registry, Store *store, gboolean *more, GError **error)
{
	WorkArgs args = { registry, FALSE };

	if (!store_run (store, "revoke.many", work_chunk, &args, error))
		return FALSE;
	if (args.more)
		FAILPOINT ("revoke_many.chunk");
	*more = args.more;
	return TRUE;
}

/* --- holds that last too long ---------------------------------------------------------------- */

typedef struct {
	Registry *registry;
	Micros before;
	guint ended;
	gint64 days;
} HoldArgs;

/* A token that was reported lost and never found is in unknown hands; of any other hold nobody wanted the end. */
static gboolean
reason_of_hold (Tx *tx, const char *serial, RevocationReason *reason, GError **error)
{
	g_autofree char *service = NULL;

	if (!db_hold_service (tx, serial, &service, error))
		return FALSE;
	*reason = g_strcmp0 (service, service_name (SERVICE_REPORT_LOSS)) == 0 ? REASON_KEY_COMPROMISE : REASON_CESSATION;
	return TRUE;
}

static gboolean
end_hold (Tx *tx, HoldArgs *args, const char *serial, Micros now, GError **error)
{
	g_auto (CertificateRow) row = { 0 };
	g_autoptr (json_t) effect = json_pack ("{s:I}", "days", (json_int_t) args->days);
	RevocationReason reason;

	if (!certificate_load (tx, serial, TRUE, &row, error))
		return FALSE;
	/* Ended with the other one of double certificates, in this transaction. */
	if (row.reason != REASON_HOLD || !g_str_equal (row.status, "revoked"))
		return TRUE;
	args->ended++;
	return reason_of_hold (tx, serial, &reason, error) && db_holds_release (tx, serial, error) &&
	       end_certificate (tx, args->registry, &row, reason, "certificate.hold_ended", effect, now, error);
}

static gboolean
end_holds (Tx *tx, gpointer arg, GError **error)
{
	HoldArgs *args = arg;
	Micros now = clock_now (args->registry->clock);
	g_autoptr (GPtrArray) serials = g_ptr_array_new_with_free_func (g_free);

	args->ended = 0;
	if (!db_held_before (tx, args->before, CHUNK, serials, error))
		return FALSE;
	for (guint i = 0; i < serials->len; i++)
		if (!end_hold (tx, args, g_ptr_array_index (serials, i), now, error))
			return FALSE;
	return TRUE;
}

gboolean
registry_end_holds (Registry *registry, Store *store, gint64 days, guint *ended, GError **error)
{
	HoldArgs args = { registry, clock_now (registry->clock) - days * MICROS_PER_DAY, 0, days };
	guint all = 0;

	do {
		if (!store_run (store, "holds.end", end_holds, &args, error))
			return FALSE;
		all += args.ended;
	} while (args.ended > 0);
	if (ended)
		*ended = all;
	return TRUE;
}
