/* authority/crl.c — revocation lists (RFC 5280 5): full, delta and one a shard, for every CA.
 *
 * A round takes one number, stored before the signer is asked, so that a number is never used twice however the publication
 * ends; all lists of the round carry it.  It is at least the time in seconds: a database restored from an old
 * copy then still asks for a number above the last one, which the signer insists on.
 *
 * What changed enters the delta and its shard at once.  The full list follows at once while it is short, and within a
 * minute when it is long; every list is made anew before half of its life is over.  The signer builds them
 * from what it remembers: nothing is read from the database for a list, and nothing is sent but what changed.
 */
#include "authority/authority_private.h"

#include "authority/authority_db.h"
#include "authority/crl_db.h"
#include "authority/lifetimes.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"

/* Another process of the site may publish a higher number between our taking one and our signing. */
#define CRL_ATTEMPTS 3
/* Longer full lists are not made anew for every revocation: the delta and the shards say it at once. */
#define EAGER_ENTRIES 10000
/* A delta longer than this ends by a new full list to start from. */
#define DELTA_ENTRIES 5000
/* After a long round as long a rest, so that revoking many does not make the same lists over and over.  What grows old does
 * not wait for its end: a clock that steps past the life of all lists just after a long round must not leave them expired. */
#define LONG_ROUND (100 * MICROS_PER_MS)
#define LONGEST_REST (400 * MICROS_PER_MS)

typedef struct {
	ListKind kind;
	guint shard;
	gboolean base;
	GBytes *der;
	gsize entries;
} Work;

static void
work_clear (Work *work)
{
	g_clear_pointer (&work->der, g_bytes_unref);
}

typedef struct {
	CaLists *lists;
	GArray *works;                /* Work */
	Micros now, this_update, next_update;
	gint64 number;
} Round;

static void
round_clear (Round *round)
{
	g_clear_pointer (&round->works, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Round, round_clear)

/* --- what is due ----------------------------------------------------------------------------- */

static gboolean
is_old (const PublishedList *list, Micros now)
{
	/* A test clock may have been set back. */
	return !list->der || now >= list->this_update + CRL_RENEWAL || now < list->this_update;
}

static gboolean
any_is_old (const CaLists *lists, Micros now)
{
	if (is_old (&lists->full, now) || is_old (&lists->delta, now))
		return TRUE;
	for (guint i = 0; i < lists->ca->shards; i++)
		if (is_old (&lists->shards[i], now))
			return TRUE;
	return FALSE;
}

static gboolean
base_is_due (const CaLists *lists, Micros now)
{
	return lists->base_at < 0 || now >= lists->base_at + CRL_RENEWAL || now < lists->base_at ||
	       (lists->delta_entries > DELTA_ENTRIES && now >= lists->base_at + FULL_PAUSE);
}

static gboolean
full_is_due (const CaLists *lists, Micros now)
{
	if (is_old (&lists->full, now) || (lists->delta_entries > DELTA_ENTRIES && base_is_due (lists, now)))
		return TRUE;
	return lists->full_changed && (lists->entries <= EAGER_ENTRIES || now >= lists->full.this_update + FULL_PAUSE);
}

static void
add_work (Round *round, ListKind kind, guint shard, gboolean base)
{
	const Work work = { kind, shard, base, NULL, 0 };

	g_array_append_val (round->works, work);
}

/* The full list first: what it says as a base, the delta refers to. */
static void
plan (Round *round, gboolean all)
{
	const CaLists *lists = round->lists;
	gboolean base = FALSE;

	if (all || full_is_due (lists, round->now)) {
		base = base_is_due (lists, round->now);
		add_work (round, LIST_FULL, 0, base);
	}
	if (all || base || lists->delta_changed || is_old (&lists->delta, round->now))
		add_work (round, LIST_DELTA, 0, FALSE);
	for (guint i = 0; i < lists->ca->shards; i++)
		if (all || lists->shard_changed[i] || is_old (&lists->shards[i], round->now))
			add_work (round, LIST_SHARD, i, FALSE);
}

/* --- one round --------------------------------------------------------------------------------- */

static gboolean
take_number (Tx *tx, gpointer arg, GError **error)
{
	Round *round = arg;
	const char *ca = round->lists->ca->name;
	/* The first CA's counter is older than the others. */
	g_autofree char *name = g_str_equal (ca, "issuing") ? g_strdup ("crl") : g_strconcat ("crl/", ca, NULL);

	return db_counter_add (tx, name, error) && db_counter_next (tx, name, round->now / MICROS_PER_S, &round->number, error);
}

static gboolean
store_lists (Tx *tx, gpointer arg, GError **error)
{
	const Round *round = arg;

	for (guint i = 0; i < round->works->len; i++) {
		const Work *work = &g_array_index (round->works, Work, i);
		const ListRow row = { round->lists->ca->name, list_kind_name (work->kind), work->shard, round->number, work->der,
		                      round->this_update, round->next_update };

		if (!db_list_store (tx, &row, error) || !db_list_number_insert (tx, &row, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
sign_lists (Authority *authority, Round *round, GError **error)
{
	for (guint i = 0; i < round->works->len; i++) {
		Work *work = &g_array_index (round->works, Work, i);
		const SignerListOrder order = {
			.ca = round->lists->ca->name, .kind = work->kind, .shard = work->shard, .base = work->base,
			.number = (guint64) round->number, .this_update = round->this_update, .next_update = round->next_update,
		};

		work_clear (work);
		work->der = authority->calls.sign_list (authority->signer, &order, &work->entries, error);
		if (!work->der)
			return FALSE;
	}
	FAILPOINT ("crl.signed");
	return TRUE;
}

static void
use_list (CaLists *lists, const Round *round, const Work *work)
{
	PublishedList *list = ca_lists_find (lists, work->kind, work->shard);

	g_clear_pointer (&list->der, g_bytes_unref);
	*list = (PublishedList) { g_bytes_ref (work->der), (guint64) round->number, round->this_update, round->next_update };
	switch (work->kind) {
	case LIST_FULL:
		lists->full_changed = FALSE;
		lists->entries = work->entries;
		lists->base_at = work->base ? round->now : lists->base_at;
		break;
	case LIST_DELTA:
		lists->delta_changed = FALSE;
		lists->delta_entries = work->entries;
		break;
	default:
		lists->shard_changed[work->shard] = FALSE;
	}
}

static void
use_lists (CaLists *lists, const Round *round)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&lists->lock);

	for (guint i = 0; i < round->works->len; i++)
		use_list (lists, round, &g_array_index (round->works, Work, i));
}

static gboolean
attempt (Authority *authority, Round *round, GError **error)
{
	round->this_update = round->now - round->now % MICROS_PER_S;
	round->next_update = round->this_update + CRL_LIFE;
	return store_run (authority->store, "crl.number", take_number, round, error) && sign_lists (authority, round, error) &&
	       store_run (authority->store, "crl.store", store_lists, round, error);
}

static gboolean
publish (Authority *authority, CaLists *lists, gboolean all, GError **error)
{
	g_auto (Round) round = { .lists = lists, .now = clock_now (authority->clock) };
	gint64 start = clock_monotonic (), took;

	round.works = g_array_new (FALSE, FALSE, sizeof (Work));
	g_array_set_clear_func (round.works, (GDestroyNotify) work_clear);
	plan (&round, all);
	if (round.works->len == 0)
		return TRUE;
	for (guint n = 1; ; n++) {
		g_autoptr (GError) failure = NULL;

		if (attempt (authority, &round, &failure))
			break;
		if (n == CRL_ATTEMPTS || !g_error_matches (failure, DIQI_ERROR, DIQI_ERROR_SIGNER)) {
			g_propagate_error (error, g_steal_pointer (&failure));
			return FALSE;
		}
	}
	use_lists (lists, &round);
	took = clock_monotonic () - start;
	lists->rest_until = took > LONG_ROUND ? start + took + MIN (took, LONGEST_REST) : 0;
	return TRUE;
}

/* The signer lists what it ever listed: login and quotes must not be laxer than the CRL. */
static gboolean
keep_listed (Authority *authority, CaLists *lists, GError **error)
{
	g_autoptr (GArray) listed = crl_entries (lists->full.der, error);

	if (!listed)
		return FALSE;
	for (guint i = 0; i < listed->len; i++) {
		const RevokedEntry *entry = &g_array_index (listed, RevokedEntry, i);
		g_autofree char *serial = NULL;
		StatusEntry known;

		if (entry->reason == REASON_HOLD) {
			/* Ended while we were away, or by another hand: authority_tell finds out. */
			if (status_index_find (authority->status, &entry->serial, &known) && known.status == CERT_STATUS_GOOD)
				g_array_append_val (lists->untold, entry->serial);
			continue;
		}
		if (!status_index_keep_revoked (authority->status, entry))
			continue;
		serial = serial_hex (&entry->serial);
		log_event (LOG_LEVEL_ERROR_, "certificate.unrevoked", "serial", "%s", serial,
		           "detail", "%s", "the database lost this revocation", NULL);
	}
	return TRUE;
}

static gboolean
publish_first (Authority *authority, CaLists *lists, GError **error)
{
	return authority_tell (authority, lists, error) && publish (authority, lists, TRUE, error) && keep_listed (authority, lists, error) &&
	       authority_tell (authority, lists, error) && publish (authority, lists, FALSE, error);
}

gboolean
authority_crl_publish (Authority *authority, GError **error)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&authority->publish_lock);

	authority_sort_changes (authority);
	for (guint i = 0; i < authority->lists->len; i++)
		if (!publish_first (authority, g_ptr_array_index (authority->lists, i), error))
			return FALSE;
	return TRUE;
}

GBytes *
authority_list (Authority *authority, const char *ca, ListKind kind, guint shard, guint64 *number, Micros *next_update)
{
	for (guint i = 0; i < authority->lists->len; i++) {
		CaLists *lists = g_ptr_array_index (authority->lists, i);
		g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&lists->lock);
		const PublishedList *list = ca_lists_find (lists, kind, shard);

		if (ca && !g_str_equal (lists->ca->name, ca))
			continue;
		if (!list || !list->der)
			return NULL;
		if (number)
			*number = list->number;
		if (next_update)
			*next_update = list->next_update;
		return g_bytes_ref (list->der);
	}
	return NULL;
}

GBytes *
authority_crl (Authority *authority, guint64 *number, Micros *next_update)
{
	return authority_list (authority, NULL, LIST_FULL, 0, number, next_update);
}

Micros
authority_lists_end (Authority *authority)
{
	Micros end = G_MAXINT64;

	for (guint i = 0; i < authority->lists->len; i++) {
		CaLists *lists = g_ptr_array_index (authority->lists, i);
		g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&lists->lock);

		/* 0 of one that was never made. */
		end = MIN (end, MIN (lists->full.next_update, lists->delta.next_update));
		for (guint n = 0; n < lists->ca->shards; n++)
			end = MIN (end, lists->shards[n].next_update);
	}
	return end;
}

static gboolean
tick_ca (Authority *authority, CaLists *lists, GError **error)
{
	if (lists->rest_until > clock_monotonic () && !any_is_old (lists, clock_now (authority->clock)))
		return TRUE;
	return authority_tell (authority, lists, error) && publish (authority, lists, FALSE, error);
}

gboolean
authority_tick (Authority *authority, GError **error)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&authority->publish_lock);
	gboolean well = TRUE;

	if (!status_index_refresh (authority->status, authority->store, error))
		return FALSE;
	authority_sort_changes (authority);
	/* One CA that is stuck must not keep the others' lists from being made. */
	for (guint i = 0; i < authority->lists->len; i++)
		well = tick_ca (authority, g_ptr_array_index (authority->lists, i), well ? error : NULL) && well;
	return well;
}
