/* main/site_db.c — the database names its site; two sites never mix. */
#include "base/error.h"
#include "main/site.h"

typedef struct {
	const char *site, *kind;
} SiteFacts;

static gboolean
insert_fact (Tx *tx, const char *key, const char *value, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO site (key, value) VALUES ($1, $2)", P_TEXT (key), P_TEXT (value)) >= 0;
}

static gboolean
pin (Tx *tx, gpointer arg, GError **error)
{
	const SiteFacts *facts = arg;
	return insert_fact (tx, "site", facts->site, error) && insert_fact (tx, "kind", facts->kind, error);
}

gboolean
site_db_pin (Store *store, const char *site, const char *kind, GError **error)
{
	SiteFacts facts = { site, kind };
	g_autoptr (GError) failure = NULL;
	if (store_run (store, "site.pin", pin, &facts, &failure))
		return TRUE;
	if (g_error_matches (failure, DIQI_ERROR, DIQI_ERROR_STORE_CONSTRAINT))
		return diqi_fail (error, DIQI_ERROR_EXISTS, NULL, "this database belongs to a site already");
	g_propagate_error (error, g_steal_pointer (&failure));
	return FALSE;
}

static gboolean
check_fact (Tx *tx, const char *key, const char *expected, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT value FROM site WHERE key = $1", P_TEXT (key));
	if (rows == NULL)
		return FALSE;
	g_autoptr (GError) failure = NULL;
	const char *value = rows_next (rows, &failure) ? rows_text (rows, 0) : NULL;
	if (failure != NULL) {
		g_propagate_error (error, g_steal_pointer (&failure));
		return FALSE;
	}
	if (g_strcmp0 (value, expected) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the database's %s is \"%s\", the signer's \"%s\": they do not belong together",
		                  key, value != NULL ? value : "missing", expected);
	return TRUE;
}

static gboolean
check (Tx *tx, gpointer arg, GError **error)
{
	const SiteFacts *facts = arg;
	return check_fact (tx, "site", facts->site, error) && check_fact (tx, "kind", facts->kind, error);
}

gboolean
site_db_check (Store *store, const char *site, const char *kind, GError **error)
{
	SiteFacts facts = { site, kind };
	return store_read (store, "site.check", check, &facts, error);
}
