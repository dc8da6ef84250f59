/* authority/lists.h — the revocation lists of one CA, and what its key holder has been told.  Used by authority only. */
#pragma once
#include "authority/authority.h"

/* A list as it is given away. */
typedef struct {
	GBytes *der;              /* NULL: none yet */
	guint64 number;
	Micros this_update, next_update;
} PublishedList;

typedef struct {
	const SignerCa *ca;
	GMutex lock;              /* guards the published lists */
	PublishedList full, delta, *shards;
	/* The rest is the publisher's. */
	GArray *untold;           /* Serial: changes that the signer does not know yet */
	GArray *refused;          /* Serial: of these, what it refused to know; it is told again after a while */
	gint64 retry_at;          /* monotonic: when */
	gboolean full_changed, delta_changed, *shard_changed;
	gsize entries, delta_entries;
	Micros base_at;           /* the last full list that deltas may refer to; -1: none of this process */
	gint64 rest_until;        /* monotonic: after long work a pause */
} CaLists;

CaLists *ca_lists_new (const SignerCa *ca);
void ca_lists_free (CaLists *lists);
/* NULL: no such list. */
PublishedList *ca_lists_find (CaLists *lists, ListKind kind, guint shard);

/* Tells the signer what changed since it was told last; marks the lists that change with that.  No transaction may be open. */
gboolean authority_tell (Authority *authority, CaLists *lists, GError **error);
/* Distributes what the index saw change. */
void authority_sort_changes (Authority *authority);
