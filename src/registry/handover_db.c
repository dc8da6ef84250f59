/* registry/handover_db.c — SQL of hand-overs and parcels. */
#include "registry/handover_db.h"

gboolean
db_handover_insert (Tx *tx, const NewHandover *h, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO handovers (application_id, method, point, recipient, identity_seen, at, by_person, by_name, statement_identity) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		P_TEXT (h->application), P_TEXT (h->method), P_TEXT (h->point), P_TEXT (h->recipient), P_INT (h->identity_seen), P_INT (h->at),
		P_TEXT (h->by_person), P_TEXT (h->by_name), P_TEXT (h->statement_identity)) == 1;
}

gboolean
db_handover_token_insert (Tx *tx, const char *application, gint64 copy, const char *token, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO handover_tokens (application_id, copy, token) VALUES ($1, $2, $3)",
		P_TEXT (application), P_INT (copy), P_TEXT (token)) == 1;
}

gboolean
db_handover_get (Tx *tx, const char *application, json_t **view, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT method, point, recipient, identity_seen, at, by_name FROM handovers WHERE application_id = $1", P_TEXT (application));

	*view = NULL;
	if (!rows)
		return FALSE;
	if (!rows_next (rows, NULL))
		return TRUE;
	*view = json_pack ("{s:s, s:b, s:o, s:s}", "method", rows_text (rows, 0), "identity_seen", rows_int (rows, 3) != 0,
	                   "time", json_time (rows_int (rows, 4)), "by", rows_text (rows, 5));
	if (!rows_is_null (rows, 1))
		json_object_set_new (*view, "point", json_string (rows_text (rows, 1)));
	if (!rows_is_null (rows, 2))
		json_object_set_new (*view, "recipient", json_string (rows_text (rows, 2)));
	return TRUE;
}

gboolean
db_handover_tokens (Tx *tx, const char *application, json_t *serials, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT token FROM handover_tokens WHERE application_id = $1 ORDER BY copy", P_TEXT (application));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		json_array_append_new (serials, json_string (rows_text (rows, 0)));
	return TRUE;
}

gboolean
db_parcel_insert (Tx *tx, const NewParcel *p, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO post_parcels (id, application_id, carrier, number, recipient, sent, by_person, by_name, statement_identity) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		P_TEXT (p->id), P_TEXT (p->application), P_TEXT (p->carrier), P_TEXT (p->number), P_TEXT (p->recipient), P_INT (p->sent),
		P_TEXT (p->by_person), P_TEXT (p->by_name), P_TEXT (p->statement_identity)) == 1;
}

gboolean
db_parcel_is_known (Tx *tx, const char *carrier, const char *number, gboolean *known, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT id FROM post_parcels WHERE carrier = $1 AND number = $2", P_TEXT (carrier), P_TEXT (number));

	if (!rows)
		return FALSE;
	*known = rows_next (rows, NULL);
	return TRUE;
}

gboolean
db_parcel_list (Tx *tx, const char *application, json_t *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id, carrier, number, recipient, sent, by_name, received, received_by FROM post_parcels WHERE application_id = $1 ORDER BY id",
		P_TEXT (application));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		json_t *item = json_pack ("{s:s, s:s, s:s, s:s, s:o, s:s}", "parcel", rows_text (rows, 0), "carrier", rows_text (rows, 1),
		                          "number", rows_text (rows, 2), "recipient", rows_text (rows, 3), "sent", json_time (rows_int (rows, 4)),
		                          "by", rows_text (rows, 5));

		if (!rows_is_null (rows, 6)) {
			json_object_set_new (item, "received", json_time (rows_int (rows, 6)));
			json_object_set_new (item, "received_by", json_string (rows_text (rows, 7)));
		}
		json_array_append_new (out, item);
	}
	return TRUE;
}

gboolean
db_parcel_find (Tx *tx, const char *application, const char *id, gboolean *found, gboolean *received, GError **error)
{
	g_autoptr (Rows) rows = tx_query_lock (tx, error, "SELECT received FROM post_parcels WHERE application_id = $1 AND id = $2",
	                                       P_TEXT (application), P_TEXT (id));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	*received = *found && !rows_is_null (rows, 0);
	return TRUE;
}

gboolean
db_parcel_received (Tx *tx, const char *id, Micros at, const char *by, GError **error)
{
	return tx_exec (tx, error, "UPDATE post_parcels SET received = $2, received_by = $3 WHERE id = $1 AND received IS NULL",
		P_TEXT (id), P_INT (at), P_TEXT (by)) == 1;
}
