/* outbox/feed_db.c — see feed.h. */
#include <string.h>

#include "base/error.h"
#include "outbox/feed.h"
#include "pki/key.h"

gboolean
feed_open (Tx *tx, const char *subject, const char *token, Micros now, GError **error)
{
	Fingerprint hash;
	fingerprint_of (token, strlen (token), &hash);
	return tx_exec (tx, error,
		"INSERT INTO feeds (subject, token_hash, created) VALUES ($1, $2, $3) "
		"ON CONFLICT (subject) DO UPDATE SET token_hash = excluded.token_hash, created = excluded.created",
		P_TEXT (subject), P_BLOB (hash.b, sizeof hash.b), P_INT (now)) == 1;
}

gboolean
feed_owner (Tx *tx, const char *token, char **subject, GError **error)
{
	Fingerprint hash;
	fingerprint_of (token, strlen (token), &hash);
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT subject FROM feeds WHERE token_hash = $1", P_BLOB (hash.b, sizeof hash.b));
	if (rows == NULL)
		return FALSE;
	if (!rows_next (rows, NULL))
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "there is no such calendar");
	*subject = rows_dup_text (rows, 0);
	return TRUE;
}
