/* registry/handover_db.h — one SQL statement a function; used by registry only. */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "store/store.h"

typedef struct {
	const char *application, *method, *point, *recipient, *by_person, *by_name, *statement_identity;
	gboolean identity_seen;
	Micros at;
} NewHandover;
gboolean db_handover_insert (Tx *tx, const NewHandover *handover, GError **error);
gboolean db_handover_token_insert (Tx *tx, const char *application, gint64 copy, const char *token, GError **error);
/* NULL without error: not handed over. */
gboolean db_handover_get (Tx *tx, const char *application, json_t **view, GError **error);
gboolean db_handover_tokens (Tx *tx, const char *application, json_t *serials, GError **error);

typedef struct {
	const char *id, *application, *carrier, *number, *recipient, *by_person, *by_name, *statement_identity;
	Micros sent;
} NewParcel;
gboolean db_parcel_insert (Tx *tx, const NewParcel *parcel, GError **error);
gboolean db_parcel_is_known (Tx *tx, const char *carrier, const char *number, gboolean *known, GError **error);
/* Views, oldest first. */
gboolean db_parcel_list (Tx *tx, const char *application, json_t *out, GError **error);
/* Locks it. */
gboolean db_parcel_find (Tx *tx, const char *application, const char *id, gboolean *found, gboolean *received, GError **error);
gboolean db_parcel_received (Tx *tx, const char *id, Micros at, const char *by, GError **error);
