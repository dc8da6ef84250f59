/* outbox/outbox_db.c — SQL of messages. */
#include "outbox/outbox_db.h"

#include "base/error.h"

#define COLUMNS "id, message, channel, template, language, application, subject, address, title, body, state, fate, attempts, " \
                "next_at, created, finished, read_at"

void
outbox_row_free (OutboxRow *row)
{
	if (row == NULL)
		return;
	char *texts[] = { row->id, row->message, row->channel, row->template_name, row->language, row->application, row->subject,
	                  row->address, row->title, row->body, row->state, row->fate };
	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		g_free (texts[i]);
	g_free (row);
}

static OutboxRow *
read_row (Rows *rows)
{
	OutboxRow *row = g_new0 (OutboxRow, 1);
	char **texts[] = { &row->id, &row->message, &row->channel, &row->template_name, &row->language, &row->application,
	                   &row->subject, &row->address, &row->title, &row->body, &row->state, &row->fate };
	for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
		*texts[i] = rows_dup_text (rows, i);
	row->attempts = rows_int (rows, 12);
	row->next_at = rows_int (rows, 13);
	row->created = rows_int (rows, 14);
	row->finished = rows_int (rows, 15);
	row->read_at = rows_int (rows, 16);
	return row;
}

static gboolean
collect (Rows *rows, GPtrArray *out)
{
	if (rows == NULL)
		return FALSE;
	while (rows_next (rows, NULL))
		g_ptr_array_add (out, read_row (rows));
	return TRUE;
}

static Param
p_micros (Micros at)
{
	return at != 0 ? P_INT (at) : P_NULL;
}

char *
db_outbox_setting (Tx *tx, const char *name, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT value FROM outbox_settings WHERE name = $1", P_TEXT (name));
	if (rows == NULL)
		return NULL;
	if (rows_next (rows, NULL))
		return rows_dup_text (rows, 0);
	diqi_error_set (error, DIQI_ERROR_STORE, NULL, "outbox_settings has no \"%s\"", name);
	return NULL;
}

gboolean
db_outbox_set (Tx *tx, const char *name, const char *value, GError **error)
{
	return tx_exec (tx, error, "UPDATE outbox_settings SET value = $2 WHERE name = $1", P_TEXT (name), P_TEXT (value)) == 1;
}

gboolean
db_outbox_insert (Tx *tx, const OutboxRow *row, const char *dedupe, gboolean *inserted, GError **error)
{
	gint64 n = tx_exec (tx, error,
		"INSERT INTO outbox (id, message, channel, template, language, application, subject, address, title, body, state, fate, "
		"attempts, next_at, created, finished, dedupe) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $15, $16) "
		"ON CONFLICT (dedupe, channel) DO NOTHING",
		P_TEXT (row->id), P_TEXT (row->message), P_TEXT (row->channel), P_TEXT (row->template_name), P_TEXT (row->language),
		P_TEXT (row->application), P_TEXT (row->subject), P_TEXT (row->address), P_TEXT (row->title), P_TEXT (row->body),
		P_TEXT (row->state), P_TEXT (row->fate), p_micros (row->next_at), P_INT (row->created), p_micros (row->finished),
		P_TEXT (dedupe));
	*inserted = n == 1;
	return n >= 0;
}

gboolean
db_outbox_adopt (Tx *tx, const char *application, const char *subject, GError **error)
{
	return tx_exec (tx, error, "UPDATE outbox SET subject = $2 WHERE application = $1 AND subject IS NULL",
	                P_TEXT (application), P_TEXT (subject)) >= 0;
}

gboolean
db_outbox_inbox (Tx *tx, const char *application, const char *subject, const char *before, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " COLUMNS " FROM outbox WHERE channel = 'app' AND ($1 IS NULL OR application = $1) AND ($2 IS NULL OR subject = $2) "
		"AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4",
		P_TEXT (application), P_TEXT (subject), P_TEXT (before), P_INT (limit));
	return collect (rows, out);
}

gboolean
db_outbox_read (Tx *tx, const char *message, const char *subject, Micros now, gboolean *found, GError **error)
{
	gint64 n = tx_exec (tx, error,
		"UPDATE outbox SET read_at = COALESCE (read_at, $3) WHERE message = $1 AND channel = 'app' AND subject = $2",
		P_TEXT (message), P_TEXT (subject), P_INT (now));
	*found = n == 1;
	return n >= 0;
}

static gboolean
first_row (Rows *rows, OutboxRow **row)
{
	*row = rows != NULL && rows_next (rows, NULL) ? read_row (rows) : NULL;
	return rows != NULL;
}

gboolean
db_outbox_due (Tx *tx, const char *channel, Micros now, OutboxRow **row, GError **error)
{
	g_autoptr (Rows) rows = tx_query_lock (tx, error,
		"SELECT " COLUMNS " FROM outbox WHERE next_at <= $2 AND channel = $1 ORDER BY next_at, id LIMIT 1",
		P_TEXT (channel), P_INT (now));
	return first_row (rows, row);
}

gboolean
db_outbox_claim (Tx *tx, const char *id, const char *claim, Micros until, GError **error)
{
	return tx_exec (tx, error, "UPDATE outbox SET claim = $2, next_at = $3, attempts = attempts + 1 WHERE id = $1",
	                P_TEXT (id), P_TEXT (claim), P_INT (until)) == 1;
}

gboolean
db_outbox_record (Tx *tx, const OutboxFate *fate, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE outbox SET state = $3, fate = $4, next_at = $5, finished = $6, claim = NULL WHERE id = $1 AND claim = $2",
		P_TEXT (fate->id), P_TEXT (fate->claim), P_TEXT (fate->state), P_TEXT (fate->fate), p_micros (fate->next_at),
		p_micros (fate->finished)) >= 0;
}

gboolean
db_outbox_waiting (Tx *tx, const char *channel, gint64 *n, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT COUNT(*) FROM outbox WHERE next_at IS NOT NULL AND channel = $1", P_TEXT (channel));
	if (rows == NULL)
		return FALSE;
	rows_next (rows, NULL);
	*n = rows_int (rows, 0);
	return TRUE;
}

gboolean
db_outbox_list (Tx *tx, const char *state, const char *before, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " COLUMNS " FROM outbox WHERE channel <> 'app' AND ($1 = '' OR state = $1) AND ($2 = '' OR id < $2) "
		"ORDER BY id DESC LIMIT $3",
		P_TEXT (state), P_TEXT (before), P_INT (limit));
	return collect (rows, out);
}

gboolean
db_outbox_get (Tx *tx, const char *id, gboolean lock, OutboxRow **row, GError **error)
{
	static const char sql[] = "SELECT " COLUMNS " FROM outbox WHERE id = $1";
	g_autoptr (Rows) rows = lock ? tx_query_lock (tx, error, sql, P_TEXT (id)) : tx_query (tx, error, sql, P_TEXT (id));
	return first_row (rows, row);
}

gboolean
db_outbox_revive (Tx *tx, const char *id, Micros now, gboolean *found, GError **error)
{
	gint64 n = tx_exec (tx, error,
		"UPDATE outbox SET state = 'due', attempts = 0, next_at = $2, finished = NULL, claim = NULL "
		"WHERE id = $1 AND channel <> 'app' AND state IN ('failed', 'dead')",
		P_TEXT (id), P_INT (now));
	*found = n == 1;
	return n >= 0;
}

gboolean
db_outbox_forget (Tx *tx, const char *application, Micros now, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE outbox SET address = CASE WHEN channel = 'app' THEN NULL ELSE '' END, title = '', body = '', next_at = NULL, claim = NULL, "
		"finished = COALESCE (finished, $2), state = CASE WHEN state = 'sent' THEN 'sent' ELSE 'dead' END WHERE application = $1",
		P_TEXT (application), P_INT (now)) >= 0;
}
