/* registry/application_db.h — one SQL statement a function; used by registry only. */
#pragma once
#include "registry/application_private.h"

gboolean db_application_insert (Tx *tx, const Application *application, GError **error);
/* Everything that may change; the row must be of version - 1. */
gboolean db_application_update (Tx *tx, const Application *application, GError **error);
/* form is not parsed here. */
gboolean db_application_get (Tx *tx, const char *id, gboolean lock, Application *out, gboolean *found, GError **error);
/* Ids after `after` ("" from the start), state "" for all: Application *, owned. */
gboolean db_application_list (Tx *tx, const char *state, const char *after, guint limit, GPtrArray *out, GError **error);

typedef struct {
	const char *application;
	gint64 version;
	const char *act, *to_state;
	Micros at;
	const char *by_name, *by_person, *statement_identity;
} NewAct;
gboolean db_act_insert (Tx *tx, const NewAct *act, GError **error);
/* Of applications with id in [first, last] and state ("" any): calls each (application, row). */
typedef void (*ActRowFn) (const char *application, ApplicationActRow *row, gpointer user);
gboolean db_acts (Tx *tx, const char *first, const char *last, const char *state, ActRowFn fn, gpointer user, GError **error);

gboolean db_key_bind (Tx *tx, const char *spki, const char *application, GError **error);
/* *owner NULL: free. */
gboolean db_key_owner (Tx *tx, const char *spki, char **owner, GError **error);

gboolean db_fee_insert (Tx *tx, const char *application, gint64 amount_fen, const char *method, const char *slip,
                        const char *cashier, Micros received, GError **error);
