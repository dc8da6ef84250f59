/* signer/examine_chains.c — see examine_chains.h. */
#include "signer/examine_chains.h"

#include "base/error.h"
#include "signer/chain.h"

#define RESTORE "restore it from the newest backup"

typedef struct {
	const char *dir;
	FindingSink sink;
	gpointer user;
	GHashTable *certified;        /* serials of encryption certificates whose key was not found yet */
	guint encryption;             /* how many there are */
	guint lists;                  /* of agents */
} Chains;

static void G_GNUC_PRINTF (4, 5)
tell (const Chains *chains, FoundLevel level, const char *advice, const char *format, ...)
{
	va_list arguments;
	va_start (arguments, format);
	g_autofree char *detail = g_strdup_vprintf (format, arguments);
	va_end (arguments);
	chains->sink (chains->user, &(Finding) { level, "chain", detail, advice });
}

static const char *
serial_in (ChainLine *line, GError **error)
{
	return json_string_value (json_object_get (chain_line_json (line, error), "serial"));
}

static gboolean
take_certificate (ChainLine *line, gpointer user, GError **error)
{
	Chains *chains = user;
	if (!chain_line_says (line, "use", "encrypt"))
		return TRUE;
	const char *serial = serial_in (line, error);
	if (serial == NULL)
		return FALSE;
	chains->encryption++;
	g_hash_table_add (chains->certified, g_strdup (serial));
	return TRUE;
}

static gboolean
take_key (ChainLine *line, gpointer user, GError **error)
{
	Chains *chains = user;
	if (!chain_line_says (line, "type", "escrow"))
		return TRUE;
	const char *serial = serial_in (line, error);
	if (serial == NULL)
		return FALSE;
	g_hash_table_remove (chains->certified, serial);
	return TRUE;
}

static gboolean
take_list (ChainLine *line, gpointer user, GError **error)
{
	Chains *chains = user;
	(void) line;
	(void) error;
	chains->lists++;
	return TRUE;
}

static gboolean
take_any (ChainLine *line, gpointer user, GError **error)
{
	(void) line;
	(void) user;
	(void) error;
	return TRUE;
}

/* Of an older site some are not there yet: the next start of the signer makes them. */
static gboolean
look_at (Chains *chains, const char *name, gboolean needed, ChainLineFn fn)
{
	g_autofree char *path = g_build_filename (chains->dir, name, NULL);
	g_autoptr (GError) error = NULL;
	if (!needed && !g_file_test (path, G_FILE_TEST_EXISTS)) {
		tell (chains, FOUND_WARN, "right for a site of an older version at its first start; else " RESTORE, "%s: is not there, and the next start makes an empty one", path);
		return TRUE;
	}
	if (chain_peek (path, fn, chains, &error))
		return TRUE;
	tell (chains, FOUND_FAIL, RESTORE, "%s", error->message);
	return FALSE;
}

void
examine_chains (const char *dir, FindingSink sink, gpointer user)
{
	g_autoptr (GHashTable) certified = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
	Chains chains = { dir, sink, user, .certified = certified };
	/* The journal first: of a site that runs, a key comes into escrow.log before its certificate comes here. */
	gboolean whole = look_at (&chains, "journal.log", TRUE, take_certificate);
	whole = look_at (&chains, "escrow.log", FALSE, take_key) && whole;
	whole = look_at (&chains, "officers.log", TRUE, take_any) && whole;
	whole = look_at (&chains, "agents.log", FALSE, take_list) && whole;
	whole = look_at (&chains, "profiles.log", FALSE, take_any) && whole;
	guint lost = g_hash_table_size (certified);
	if (!whole)
		return;
	if (lost > 0)
		tell (&chains, FOUND_FAIL, RESTORE, "%s/escrow.log: the keys of %u of %u encryption certificates are not in it, and could not be recovered", dir, lost, chains.encryption);
	else if (chains.encryption > 0 && chains.lists == 0)
		tell (&chains, FOUND_FAIL, RESTORE, "%s/agents.log: no list of agents is in it, and %u encryption certificates were issued", dir, chains.encryption);
	else
		tell (&chains, FOUND_OK, NULL, "every line chains; the keys of all %u encryption certificates are kept", chains.encryption);
}
