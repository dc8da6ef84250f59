/* ledger/bank_file.h — the rows of a bank's statement; used by reconcile.c. */
#pragma once
#include "ledger/reconcile_db.h"

typedef struct {
	guint line;                           /* 0: of the book */
	char *channel, *transaction, *order;  /* transaction, order: NULL when empty */
	gint64 amount_fen;
	gboolean in, taken;
} Movement;
void movement_free (gpointer movement);
Movement *movement_new (guint line, const char *channel, const char *transaction, const char *order, gint64 amount_fen, gboolean in);

/* GPtrArray of Movement *, owned.  DIQI_ERROR_FIELD_VALUE at "/file" with rows and columns. */
GPtrArray *bank_file_read (const char *text, gsize n, const char *date, GError **error);
/* "2026-04-03" */
gboolean day_parse (const char *text, gint64 *day);
