/* registry/reminder.c — see reminder.h. */
#include "registry/reminder.h"

#include <string.h>

#include "base/error.h"
#include "outbox/outbox.h"
#include "registry/reminder_db.h"

#define AT_ONCE 100u                       /* messages of one transaction */
#define EXPIRED_FOR (30 * MICROS_PER_DAY)   /* a site that was away longer tells nobody of what is long past */

/* Days before the end, falling; 0: it is over. */
static const guint days_before[] = { 90, 60, 30, 15, 7, 3, 1, 0 };

typedef struct {
	Registry *registry;
	guint stage;               /* of days_before */
	guint told;
} Reminding;

static json_t *
params_of (const LapsingRow *row, Micros now)
{
	/* A day that has begun counts: 30 days until 29 days and an hour before. */
	gint64 days = (row->not_after - now + MICROS_PER_DAY - 1) / MICROS_PER_DAY;
	g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, days);
	return json_pack ("{s:s, s:o, s:s}", "serial", row->serial, "expires", json_time (row->not_after), "days", text);
}

static gboolean
tell_holder (Tx *tx, const LapsingRow *row, const char *template_name, const json_t *params, Micros now, GError **error)
{
	g_autoptr (json_t) document = json_read_strict (row->document, strlen (row->document), 1 << 20, error);
	if (document == NULL)
		return FALSE;
	const json_t *form = json_object_get (document, "form");
	gboolean organization = row->kind == SUBJECT_ORGANIZATION;
	const OutboxMessage message = {
		.template_name = template_name, .application = row->application, .subject = row->subject, .params = params,
		.language = row->language,
		.mail = form_text (form, organization ? "operator_email" : "email"),
		.mobile = form_text (form, organization ? "operator_mobile" : "mobile"),
	};
	return outbox_tell (tx, &message, now, error);
}

static gboolean
tell (Tx *tx, const LapsingRow *row, const char *template_name, const json_t *params, const char *about, Micros now, GError **error)
{
	return tell_holder (tx, row, template_name, params, now, error) && db_reminder_insert (tx, row->serial, about, now, error);
}

gboolean
certificate_tell_holder (Tx *tx, const char *serial, const char *template_name, const char *reason, Micros now, GError **error)
{
	g_autoptr (LapsingRow) row = NULL;
	if (!db_certificate_holder (tx, serial, &row, error))
		return FALSE;
	if (row == NULL)
		return TRUE;
	g_autoptr (json_t) params = json_pack ("{s:s, s:s*}", "serial", serial, "reason", reason);
	return tell_holder (tx, row, template_name, params, now, error);
}

static gboolean
remind_some (Tx *tx, gpointer arg, GError **error)
{
	Reminding *r = arg;
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) lapsing_row_free);
	Micros now = clock_now (r->registry->clock);
	guint days = days_before[r->stage];
	g_autofree char *about = g_strdup_printf ("%u", days);
	Micros from = days == 0 ? now - EXPIRED_FOR : now + days_before[r->stage + 1] * MICROS_PER_DAY;
	r->told = 0;
	if (!db_lapsing (tx, from, now + days * MICROS_PER_DAY, about, AT_ONCE, rows, error))
		return FALSE;
	for (guint i = 0; i < rows->len; i++) {
		g_autoptr (json_t) params = params_of (rows->pdata[i], now);
		if (!tell (tx, rows->pdata[i], days == 0 ? "certificate.expired" : "certificate.expiring", params, about, now, error))
			return FALSE;
	}
	r->told = rows->len;
	return TRUE;
}

gboolean
registry_remind (Registry *registry, Store *store, guint *told, GError **error)
{
	Reminding r = { .registry = registry };
	guint n = 0;
	for (r.stage = 0; r.stage < G_N_ELEMENTS (days_before); r.stage++) {
		do {
			if (!store_run (store, "registry.remind", remind_some, &r, error))
				return FALSE;
			n += r.told;
		} while (r.told == AT_ONCE);
	}
	if (told != NULL)
		*told = n;
	return TRUE;
}

/* --- holds that end by themselves ------------------------------------------------------------ */

typedef struct {
	Registry *registry;
	Micros longest, ahead;
	guint told;
} Warning;

static gboolean
warn_one (Tx *tx, const LapsingRow *row, const Warning *w, Micros now, GError **error)
{
	Micros ends = row->stopped + w->longest;
	g_autofree char *about = g_strdup_printf ("hold:%" G_GINT64_FORMAT, row->stopped);
	g_autofree char *days = g_strdup_printf ("%" G_GINT64_FORMAT, MAX (0, (ends - now + MICROS_PER_DAY - 1) / MICROS_PER_DAY));
	g_autoptr (json_t) params = json_pack ("{s:s, s:o, s:s}", "serial", row->serial, "ends", json_time (ends), "days", days);
	return tell (tx, row, "certificate.hold_ending", params, about, now, error);
}

static gboolean
warn_some (Tx *tx, gpointer arg, GError **error)
{
	Warning *w = arg;
	Micros now = clock_now (w->registry->clock);
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) lapsing_row_free);
	w->told = 0;
	if (!db_held_long (tx, now - w->longest + w->ahead, now, AT_ONCE, rows, error))
		return FALSE;
	for (guint i = 0; i < rows->len; i++) {
		if (!warn_one (tx, rows->pdata[i], w, now, error))
			return FALSE;
	}
	w->told = rows->len;
	return TRUE;
}

gboolean
registry_warn_of_holds (Registry *registry, Store *store, gint64 longest, gint64 ahead, guint *told, GError **error)
{
	/* A hold shorter than the warning is warned of when it begins. */
	Warning w = { registry, longest * MICROS_PER_DAY, MIN (ahead, longest) * MICROS_PER_DAY, 0 };
	guint n = 0;
	if (ahead > 0) {
		do {
			if (!store_run (store, "registry.warn_of_holds", warn_some, &w, error))
				return FALSE;
			n += w.told;
		} while (w.told == AT_ONCE);
	}
	if (told != NULL)
		*told = n;
	return TRUE;
}

gboolean
registry_remind_of_sale (Tx *tx, Registry *registry, const SaleOfHolder *sale, GError **error)
{
	g_autoptr (LapsingRow) row = NULL;
	g_autofree char *about = g_strconcat ("sale:", sale->sale, NULL);
	Micros now = clock_now (registry->clock);
	if (!db_lapsing_by_fingerprint (tx, sale->fingerprint, about, &row, error))
		return FALSE;
	if (row == NULL || row->not_after >= sale->ends || row->not_after <= now)
		return TRUE;
	g_autoptr (json_t) params = json_pack ("{s:s, s:o, s:s, s:o}", "serial", row->serial, "expires", json_time (row->not_after),
	                                       "sale", sale->title, "ends", json_time (sale->ends));
	return tell (tx, row, "certificate.lapses_before_sale", params, about, now, error);
}
