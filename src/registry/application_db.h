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

/* Into out: ApplicationCopy *, in order. */
gboolean db_copies_load (Tx *tx, const char *application, GPtrArray *out, GError **error);
gboolean db_copies_delete (Tx *tx, const char *application, GError **error);
gboolean db_copy_insert (Tx *tx, const char *application, const ApplicationCopy *copy, GError **error);

/* The next number of a day, from 1. */
gboolean db_number_next (Tx *tx, const char *day, gint64 *number, GError **error);
/* Service of the application that last held this certificate; NULL: none did.  Caller frees. */
gboolean db_hold_service (Tx *tx, const char *serial, char **service, GError **error);
/* The hold was lifted: no application holds it any more. */
gboolean db_holds_release (Tx *tx, const char *serial, GError **error);
