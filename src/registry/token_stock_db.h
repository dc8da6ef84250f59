/* registry/token_stock_db.h — one SQL statement a function; used by registry only. */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "store/store.h"

typedef struct {
	char *serial, *state, *point, *application;
	gint64 movements;
	Micros changed;
} TokenRow;
void token_row_free (TokenRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TokenRow, token_row_free)

typedef struct {
	const char *serial, *movement, *state, *point, *application, *by_person, *by_name, *reason, *statement_identity;
	gint64 seq;
	Micros at;
} NewMovement;

/* NULL without error: no such token. */
gboolean db_token_get (Tx *tx, const char *serial, gboolean lock, TokenRow **out, GError **error);
gboolean db_token_insert (Tx *tx, const TokenRow *row, GError **error);
/* The row must be at movements - 1. */
gboolean db_token_update (Tx *tx, const TokenRow *row, GError **error);
gboolean db_token_movement_insert (Tx *tx, const NewMovement *movement, GError **error);
/* Views of the movements of a token, in order. */
gboolean db_token_movements (Tx *tx, const char *serial, json_t *out, GError **error);
/* TokenRow *, owned; point, state "" for all. */
gboolean db_token_list (Tx *tx, const char *point, const char *state, const char *after, guint limit, GPtrArray *out, GError **error);
/* {state: number}; states without a token are left out. */
gboolean db_token_counts (Tx *tx, const char *point, json_t *out, GError **error);
