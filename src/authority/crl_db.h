/* authority/crl_db.h — one SQL statement a function: lists, their numbers, what ended holds. */
#pragma once
#include "authority/authority.h"

/* Nothing when it is there. */
gboolean db_counter_add (Tx *tx, const char *name, GError **error);

typedef struct {
	const char *ca, *kind;
	guint shard;
	gint64 number;
	GBytes *der;
	Micros this_update, next_update;
} ListRow;
/* In place of the one before. */
gboolean db_list_store (Tx *tx, const ListRow *row, GError **error);
gboolean db_list_number_insert (Tx *tx, const ListRow *row, GError **error);

gboolean db_lifting_insert (Tx *tx, const char *serial, gint64 change_seq, const HoldLifting *lifting, GError **error);
/* The last one of this certificate; *found FALSE: none.  Strings are the caller's. */
gboolean db_lifting_last (Tx *tx, const char *serial, char **request, char **review, char **complete, gboolean *found, GError **error);
