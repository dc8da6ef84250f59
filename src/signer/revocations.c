/* signer/revocations.c — see revocations.h. */
#include "signer/revocations.h"

#include <string.h>

#include "signer/invariant.h"

/* An entry stays for a while after its certificate expired (RFC 5280 3.3: at least on one list made after that). */
#define KEEP_EXPIRED (7 * MICROS_PER_DAY)
/* Looking for the expired costs a walk over all. */
#define DROP_EVERY MICROS_PER_HOUR
#define MAX_SHARDS 256        /* values of an octet */

struct Revocations {
	GHashTable *by_serial;        /* Serial * (inside) → Revoked *, owned */
	GPtrArray *recent;            /* Revoked *, changed since the last but one base; one may be there twice */
	guint shards;                 /* 0: lists are not opened */
	CrlPart *parts[MAX_SHARDS], *delta;
	guint64 number, full_number, delta_number, shard_numbers[MAX_SHARDS];
	guint64 bases, base, base_before;     /* how many; numbers of the last two */
	Micros last_full, last_drop;
	Micros latest;                /* the latest time heard of: a clock that is before it went back */
};

static const char *const kind_names[N_LISTS] = { [LIST_FULL] = "full", [LIST_DELTA] = "delta", [LIST_SHARD] = "shard" };

const char *
list_kind_name (ListKind kind)
{
	return kind_names[kind];
}

gboolean
list_kind_from_name (const char *name, ListKind *out)
{
	for (guint i = 0; i < N_LISTS; i++) {
		if (strcmp (kind_names[i], name) == 0) {
			*out = (ListKind) i;
			return TRUE;
		}
	}
	return FALSE;
}

/* The last octets of a serial are random. */
static guint
serial_key (gconstpointer p)
{
	guint key;
	memcpy (&key, ((const Serial *) p)->b + sizeof (Serial) - sizeof key, sizeof key);
	return key;
}

static gboolean
serial_same (gconstpointer a, gconstpointer b)
{
	return memcmp (a, b, sizeof (Serial)) == 0;
}

Revocations *
revocations_new (void)
{
	Revocations *r = g_new0 (Revocations, 1);
	r->by_serial = g_hash_table_new_full (serial_key, serial_same, NULL, g_free);
	r->recent = g_ptr_array_new ();
	r->last_drop = -DROP_EVERY;
	return r;
}

void
revocations_free (Revocations *r)
{
	if (r == NULL)
		return;
	for (guint i = 0; i < r->shards; i++)
		crl_part_free (r->parts[i]);
	g_clear_pointer (&r->delta, crl_part_free);
	g_ptr_array_unref (r->recent);
	g_hash_table_unref (r->by_serial);
	g_free (r);
}

const Revoked *
revocations_find (const Revocations *r, const Serial *serial)
{
	const Revoked *revoked = g_hash_table_lookup (r->by_serial, serial);
	return revoked != NULL && !revoked->lifted ? revoked : NULL;
}

guint
revocations_shard_of (const Revocations *r, const Serial *serial)
{
	return serial->b[sizeof serial->b - 1] % r->shards;
}

/* --- changes ------------------------------------------------------------------------------- */

static void
list_in_delta (Revocations *r, const Revoked *revoked)
{
	RevokedEntry entry = { revoked->entry.serial, revoked->listed_at, revoked->entry.reason };
	if (revoked->lifted)
		entry.reason = REASON_REMOVE_FROM_CRL;
	crl_part_set (r->delta, &entry);
}

static void
list_in_shard (Revocations *r, const Revoked *revoked)
{
	CrlPart *part = r->parts[revocations_shard_of (r, &revoked->entry.serial)];
	const RevokedEntry entry = { revoked->entry.serial, revoked->listed_at, revoked->entry.reason };
	if (revoked->lifted || revoked->dropped)
		crl_part_remove (part, &entry.serial);
	else
		crl_part_set (part, &entry);
}

static void
changed (Revocations *r, Revoked *revoked)
{
	revoked->bases = r->bases;
	g_ptr_array_add (r->recent, revoked);
	if (r->shards == 0)
		return;
	list_in_shard (r, revoked);
	list_in_delta (r, revoked);
}

gboolean
revocations_put (Revocations *r, const RevokedEntry *entry, Micros not_after)
{
	Revoked *revoked = g_hash_table_lookup (r->by_serial, &entry->serial);
	gboolean held = revoked != NULL && !revoked->lifted && revoked->entry.reason == REASON_HOLD;
	if (revoked != NULL && !revoked->lifted && (!held || entry->reason == REASON_HOLD))
		return FALSE;
	if (revoked == NULL) {
		revoked = g_new0 (Revoked, 1);
		revoked->entry.serial = entry->serial;
		g_hash_table_insert (r->by_serial, &revoked->entry.serial, revoked);
	}
	revoked->entry = *entry;
	revoked->listed_at = entry->revoked_at;
	revoked->not_after = not_after;
	r->latest = MAX (r->latest, entry->revoked_at);
	revoked->lifted = revoked->dropped = FALSE;
	changed (r, revoked);
	return TRUE;
}

gboolean
revocations_lift (Revocations *r, const Serial *serial)
{
	Revoked *revoked = g_hash_table_lookup (r->by_serial, serial);
	if (revoked == NULL || revoked->lifted || revoked->entry.reason != REASON_HOLD)
		return FALSE;
	revoked->lifted = TRUE;
	changed (r, revoked);
	return TRUE;
}

/* --- lists ----------------------------------------------------------------------------------- */

void
revocations_open_lists (Revocations *r, guint shards)
{
	GHashTableIter iter;
	gpointer value;
	g_assert (r->shards == 0 && shards > 0 && shards <= MAX_SHARDS);
	r->shards = shards;
	for (guint i = 0; i < shards; i++)
		r->parts[i] = crl_part_new ();
	r->delta = crl_part_new ();
	g_hash_table_iter_init (&iter, r->by_serial);
	while (g_hash_table_iter_next (&iter, NULL, &value))
		list_in_shard (r, value);
	for (guint i = 0; i < r->recent->len; i++)
		list_in_delta (r, g_ptr_array_index (r->recent, i));
}

guint64
revocations_number (const Revocations *r)
{
	return r->number;
}

guint64
revocations_list_number (const Revocations *r, ListKind kind, guint shard)
{
	switch (kind) {
	case LIST_FULL:
		return r->full_number;
	case LIST_DELTA:
		return r->delta_number;
	default:
		return r->shard_numbers[shard];
	}
}

void
revocations_skip_to (Revocations *r, guint64 number)
{
	r->number = r->full_number = r->delta_number = number;
	for (guint i = 0; i < MAX_SHARDS; i++)
		r->shard_numbers[i] = number;
}

guint64
revocations_base (const Revocations *r)
{
	return r->base_before != 0 ? r->base_before : r->base;
}

/* What changed before the last but one base is in every full list that a delta may be laid upon. */
static void
forget_changes (Revocations *r)
{
	g_autoptr (GPtrArray) recent = g_ptr_array_new ();
	g_autoptr (CrlPart) delta = r->shards != 0 ? crl_part_new () : NULL;
	for (guint i = 0; i < r->recent->len; i++) {
		Revoked *revoked = g_ptr_array_index (r->recent, i);
		/* Bases are counted from 1; before the first there was nothing to change. */
		if (revoked->bases + 1 >= r->bases && revoked->bases > 0)
			g_ptr_array_add (recent, revoked);
	}
	g_ptr_array_unref (r->recent);
	r->recent = g_steal_pointer (&recent);
	if (delta == NULL)
		return;
	crl_part_free (r->delta);
	r->delta = g_steal_pointer (&delta);
	for (guint i = 0; i < r->recent->len; i++)
		list_in_delta (r, g_ptr_array_index (r->recent, i));
}

void
revocations_published (Revocations *r, ListKind kind, guint shard, guint64 number, gboolean base, Micros time)
{
	r->number = MAX (r->number, number);
	if (kind == LIST_DELTA)
		r->delta_number = number;
	if (kind == LIST_SHARD)
		r->shard_numbers[shard] = number;
	if (kind != LIST_FULL)
		return;
	r->full_number = number;
	r->last_full = time;
	if (!base && r->bases > 0)
		return;
	r->base_before = r->base;
	r->base = number;
	r->bases++;
	forget_changes (r);
}

/* RFC 5280 3.3: not before a full list was made after the certificate's end. */
static gboolean
is_over (const Revocations *r, const Revoked *revoked, Micros now)
{
	return revoked->not_after < MIN (now - KEEP_EXPIRED, r->last_full);
}

Micros
revoked_said_at (const Revoked *revoked, Micros now)
{
	return revoked->listed_at > now + CLOCK_TOLERANCE ? now : revoked->listed_at;
}

static void
walk (Revocations *r, Micros now)
{
	GHashTableIter iter;
	gpointer value;
	g_hash_table_iter_init (&iter, r->by_serial);
	while (g_hash_table_iter_next (&iter, NULL, &value)) {
		Revoked *revoked = value;
		gboolean over = is_over (r, revoked, now);
		Micros at = revoked_said_at (revoked, now);
		if (revoked->lifted || (over == revoked->dropped && at == revoked->listed_at))
			continue;
		revoked->dropped = over;
		revoked->listed_at = at;
		list_in_shard (r, revoked);
	}
}

/* What a clock that was ahead called expired is listed again, and what was revoked by it is not revoked at a time to come: rather from now on. */
static void
clock_went_back (Revocations *r, Micros now)
{
	r->latest = now;
	r->last_full = MIN (r->last_full, now);
	r->last_drop = now;
	walk (r, now);
	for (guint i = 0; i < r->recent->len; i++) {
		Revoked *revoked = g_ptr_array_index (r->recent, i);
		revoked->listed_at = revoked_said_at (revoked, now);      /* of a lifted hold */
		list_in_delta (r, revoked);
	}
}

static void
look_at_clock (Revocations *r, Micros now)
{
	if (now < r->latest - CLOCK_TOLERANCE)
		return clock_went_back (r, now);
	r->latest = MAX (r->latest, now);
	if (now - r->last_drop < DROP_EVERY)
		return;
	r->last_drop = now;
	walk (r, now);
}

void
revocations_list (Revocations *r, ListKind kind, guint shard, Micros now, CrlTemplate *t)
{
	g_assert (r->shards != 0 && shard < r->shards);
	look_at_clock (r, now);
	t->parts = kind == LIST_DELTA ? &r->delta : kind == LIST_SHARD ? &r->parts[shard] : r->parts;
	t->parts_n = kind == LIST_FULL ? r->shards : 1;
	t->delta = kind == LIST_DELTA;
	t->base = t->delta ? revocations_base (r) : 0;
}
