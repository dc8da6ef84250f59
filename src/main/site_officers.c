/* main/site_officers.c — the log knows every list of officers the signer has pinned.
 *
 * A change is logged with its statements when it is made (api/officers.c).  The first list, and one whose leaf a
 * crash prevented between the signer's journal and the database, are logged here at start by version and hash;
 * the statements behind them are in the signer's own log of officers. */
#include "base/error.h"
#include "main/site.h"

typedef struct {
	const Site *site;
	const json_t *list;
} Pinning;

/* Version of the list that the log knows last; 0 none.  types: how those of its leaves begin. */
static gboolean
logged_version (Tx *tx, const char *site, const char *types, json_int_t *version, GError **error)
{
	*version = 0;
	g_autoptr (GArray) indices = evidence_leaves_about (tx, site, error);
	if (indices == NULL)
		return FALSE;
	for (guint i = indices->len; i > 0 && *version == 0; i--) {
		g_autoptr (GBytes) leaf = evidence_leaf (tx, g_array_index (indices, guint64, i - 1), error);
		if (leaf == NULL)
			return FALSE;
		gsize n;
		const char *text = g_bytes_get_data (leaf, &n);
		g_autoptr (json_t) parsed = json_read_strict (text, n, 16 << 20, error);
		if (parsed == NULL)
			return FALSE;
		const char *type = json_string_value (json_object_get (parsed, "type"));
		if (type != NULL && g_str_has_prefix (type, types))
			*version = json_integer_value (json_object_get (json_object_get (parsed, "effect"), "version"));
	}
	return TRUE;
}

static gboolean
record (Tx *tx, gpointer arg, GError **error)
{
	const Pinning *p = arg;
	const char *site = p->site->api.site->site;
	json_int_t logged, pinned = json_integer_value (json_object_get (p->list, "version"));
	if (!logged_version (tx, site, "officers.", &logged, error))
		return FALSE;
	if (logged >= pinned)
		return TRUE;
	g_autoptr (GBytes) text = jcs_bytes (p->list);
	Fingerprint hash;
	fingerprint_of (g_bytes_get_data (text, NULL), g_bytes_get_size (text), &hash);
	g_autoptr (json_t) effect = json_pack ("{s:I, s:o}", "version", pinned, "list", json_hex (hash.b, sizeof hash.b));
	return evidence_append (tx, "officers.pinned", site, clock_now (p->site->clock), NULL, effect, NULL, error);
}

gboolean
site_record_officers (Site *site, GError **error)
{
	g_autoptr (OfficerList) officers = officers_current (site->officers);
	Pinning pinning = { site, officer_list_document (officers) };
	return store_run (site->store, "officers.pinned", record, &pinning, error);
}

typedef struct {
	const char *site, *types;
	json_int_t version;
} Logged;

static gboolean
look (Tx *tx, gpointer arg, GError **error)
{
	Logged *logged = arg;
	return logged_version (tx, logged->site, logged->types, &logged->version, error);
}

gboolean
site_logged_version (Site *site, const char *types, json_int_t *version, GError **error)
{
	Logged logged = { site->api.site->site, types, 0 };
	gboolean well = store_read (site->store, "list.logged", look, &logged, error);
	*version = logged.version;
	return well;
}
