/* registry/unlock_db.h — SQL of unlock.c, one statement a function. */
#pragma once
#include "store/store.h"

typedef struct {
	const char *application, *token, *spki, *statement_identity, *by_person;
	gint64 at;
} UnlockRow;
/* *added: FALSE when the application has one. */
gboolean db_unlock_insert (Tx *tx, const UnlockRow *row, gboolean *added, GError **error);
/* *spki NULL: unused; caller frees. */
gboolean db_unlock_spki (Tx *tx, const char *application, char **spki, GError **error);
