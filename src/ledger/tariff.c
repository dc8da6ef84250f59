/* ledger/tariff.c — prices with their validity; a change is a new row and nothing is changed backwards. */
#include "base/error.h"
#include "ledger/ledger_private.h"

#define WORKING_DAYS_MAX 60

gboolean
tariff_at (Tx *tx, const char *service, Micros now, Tariff *out, GError **error)
{
	gboolean found;

	if (!db_tariff_at (tx, service, now, out, &found, error))
		return FALSE;
	return found || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "there is no tariff for service %s", service);
}

gboolean
tariff_add (Tx *tx, const char *service, Micros valid_from, gint64 amount_fen, gint64 promised_working_days,
            const char *source, Micros now, GError **error)
{
	gboolean found;
	Micros latest = 0;

	if (!db_tariff_latest (tx, service, &latest, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/service", "there is no service %s", service);
	if (valid_from < now)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/valid_from", "a price is not changed backwards: valid_from lies in the past");
	if (valid_from <= latest)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/valid_from", "a later row of this service is already there");
	if (amount_fen < 0 || amount_fen > MONEY_MAX_FEN)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/amount_fen", "not an amount");
	if (promised_working_days < 0 || promised_working_days > WORKING_DAYS_MAX)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/promised_working_days", "0 to %d working days", WORKING_DAYS_MAX);
	return db_tariff_insert (tx, service, valid_from, amount_fen, promised_working_days, source, error);
}

gboolean
tariff_list (Tx *tx, json_t **out, GError **error)
{
	g_autoptr (json_t) items = json_array ();

	if (!db_tariffs (tx, items, error))
		return FALSE;
	*out = g_steal_pointer (&items);
	return TRUE;
}
