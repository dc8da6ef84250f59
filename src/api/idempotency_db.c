/* api/idempotency_db.c — see idempotency.h. */
#include "api/idempotency.h"

#include <string.h>

#include "base/error.h"

/* Of the key only its hash is stored: an access code is made from it (applications.c). */
static char *
key_hash (const IdempotencyKey *key)
{
	Fingerprint hash;
	fingerprint_of (key->key, strlen (key->key), &hash);
	return fingerprint_hex (&hash);
}

gboolean
idempotency_find (Tx *tx, const IdempotencyKey *key, gboolean *found, guint *status, json_t **reply, GError **error)
{
	*found = FALSE;
	g_autofree char *hash_of_key = key_hash (key);
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT request_hash, status, reply FROM idempotency WHERE actor = $1 AND key = $2",
		P_TEXT (key->actor), P_TEXT (hash_of_key));
	if (rows == NULL)
		return FALSE;
	g_autoptr (GError) failure = NULL;
	if (!rows_next (rows, &failure)) {
		if (failure == NULL)
			return TRUE;
		g_propagate_error (error, g_steal_pointer (&failure));
		return FALSE;
	}
	g_autoptr (GBytes) hash = rows_bytes (rows, 0);
	if (g_bytes_get_size (hash) != sizeof key->request.b ||
	    memcmp (g_bytes_get_data (hash, NULL), key->request.b, sizeof key->request.b) != 0)
		return diqi_fail (error, DIQI_ERROR_IDEMPOTENCY_REUSED, NULL, "this Idempotency-Key was used with another request");
	const char *text = rows_text (rows, 2);
	*status = (guint) rows_int (rows, 1);
	*reply = json_read_strict (text, strlen (text), 1 << 24, error);
	*found = *reply != NULL;
	return *found;
}

gboolean
idempotency_record (Tx *tx, const IdempotencyKey *key, guint status, const json_t *reply, Micros now, GError **error)
{
	g_autofree char *text = json_dumps (reply, JSON_COMPACT);
	g_autofree char *hash_of_key = key_hash (key);
	return tx_exec (tx, error,
		"INSERT INTO idempotency (actor, key, request_hash, status, reply, created) VALUES ($1, $2, $3, $4, $5, $6)",
		P_TEXT (key->actor), P_TEXT (hash_of_key), P_BLOB (key->request.b, sizeof key->request.b),
		P_INT (status), P_TEXT (text), P_INT (now)) >= 0;
}

gboolean
idempotency_purge (Tx *tx, Micros before, GError **error)
{
	return tx_exec (tx, error, "DELETE FROM idempotency WHERE created < $1", P_INT (before)) >= 0;
}
