/* registry/search.c — terms of an application, and searching them. */
#include "registry/search.h"

#include <string.h>

#include "base/error.h"
#include "registry/application_db.h"
#include "registry/search_db.h"

/* Longest term in characters: what is typed beyond it does not narrow the search. */
#define TERM_CHARS 32
#define WORDS_MAX 8
#define CATCH_UP_BATCH 500

/* --- terms -------------------------------------------------------------------------------- */

/* Without case, width and blanks: ＡＢＣ finds abc. */
static char *
normal (const char *text)
{
	g_autofree char *folded = NULL;
	g_autofree char *composed = g_utf8_normalize (text, -1, G_NORMALIZE_ALL_COMPOSE);
	GString *out = g_string_new (NULL);

	folded = composed ? g_utf8_casefold (composed, -1) : g_strdup ("");
	for (const char *p = folded; *p; p = g_utf8_next_char (p)) {
		gunichar c = g_utf8_get_char (p);

		if (!g_unichar_isspace (c) && !g_unichar_iscntrl (c))
			g_string_append_unichar (out, c);
	}
	return g_string_free (out, FALSE);
}

static gsize
term_bytes (const char *text)
{
	const char *end = text;

	for (guint i = 0; *end && i < TERM_CHARS; i++)
		end = g_utf8_next_char (end);
	return (gsize) (end - text);
}

/* An identity number is searched whole, and kept as a hash only. */
static char *
number_term (const char *site, const char *number)
{
	g_autofree char *plain = normal (number);
	g_autofree char *text = g_strdup_printf ("%s\n%s", site, plain);
	g_autofree char *hash = hash_hex (text, strlen (text));

	return g_strdup_printf ("#%.31s", hash);
}

typedef struct {
	Tx *tx;
	const char *application;
	GError **error;
} TermWriter;

static gboolean
write_term (const TermWriter *w, const char *text)
{
	g_autofree char *term = text ? normal (text) : NULL;

	if (!term || !*term)
		return TRUE;
	return db_term_insert (w->tx, term, term_bytes (term), w->application, w->error);
}

static gboolean
write_name (const TermWriter *w, const char *name)
{
	g_autofree char *whole = normal (name);

	for (const char *p = whole; *p; p = g_utf8_next_char (p))
		if (!db_term_insert (w->tx, p, term_bytes (p), w->application, w->error))
			return FALSE;
	return TRUE;
}

static gboolean
write_number (const TermWriter *w, const char *number)
{
	const char *running = number ? strchr (number, '-') : NULL;

	return write_term (w, number) && (!running || write_term (w, running + 1));
}

static gboolean
write_pair (const TermWriter *w, const char *serial)
{
	g_auto (CertificateRow) row = { 0 };

	return certificate_load (w->tx, serial, FALSE, &row, w->error) && write_term (w, row.pair);
}

/* Of its own certificates, and of the one it is about. */
static gboolean
write_serials (const TermWriter *w, const Application *application)
{
	for (guint i = 0; application->copies && i < application->copies->len; i++) {
		const ApplicationCopy *copy = g_ptr_array_index (application->copies, i);

		if (copy->fingerprint && (!write_term (w, copy->serial) || !write_pair (w, copy->serial)))
			return FALSE;
	}
	return write_term (w, application->certificate);
}

static gboolean
write_form (const TermWriter *w, const Registry *registry, const Application *application)
{
	static const char *const codes[] = { "uscc", "org_code", "ic_no", "tax_no" };
	const char *name = form_holder_name (application->kind, application->form);
	const char *id = form_text (application->form, "id_number");
	g_autofree char *hashed = id ? number_term (registry->site, id) : NULL;

	for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
		if (!write_term (w, form_text (application->form, codes[i])))
			return FALSE;
	return (!name || write_name (w, name)) && write_term (w, hashed);
}

gboolean
search_index (Tx *tx, const Registry *registry, const Application *application, GError **error)
{
	const TermWriter w = { tx, application->id, error };

	return db_terms_delete (tx, application->id, error) && write_form (&w, registry, application) &&
	       write_number (&w, application->number) && write_serials (&w, application);
}

gboolean
search_index_issued (Tx *tx, const Registry *registry, const Application *application, GError **error)
{
	const TermWriter w = { tx, application->id, error };
	gboolean indexed;

	if (!db_terms_exist (tx, application->id, &indexed, error))
		return FALSE;
	return indexed ? write_serials (&w, application) : search_index (tx, registry, application, error);
}

static gboolean
index_by_id (Tx *tx, const Registry *registry, const char *id, GError **error)
{
	g_auto (Application) application = { 0 };

	return application_load (tx, id, FALSE, &application, error) && search_index (tx, registry, &application, error);
}

typedef struct {
	Registry *registry;
	guint done;
} CatchUp;

static gboolean
catch_up (Tx *tx, gpointer arg, GError **error)
{
	CatchUp *work = arg;
	g_autoptr (GPtrArray) missing = db_terms_missing (tx, CATCH_UP_BATCH, error);

	if (!missing)
		return FALSE;
	for (guint i = 0; i < missing->len; i++)
		if (!index_by_id (tx, work->registry, g_ptr_array_index (missing, i), error))
			return FALSE;
	work->done = missing->len;
	return TRUE;
}

gboolean
search_catch_up (Registry *registry, Store *store, GError **error)
{
	CatchUp work = { registry, 0 };

	do {
		if (!store_run (store, "search.catch_up", catch_up, &work, error))
			return FALSE;
	} while (work.done == CATCH_UP_BATCH);
	return TRUE;
}

/* --- searching -------------------------------------------------------------------------------- */

static gboolean
find_term (Tx *tx, const char *term, GHashTable *found, GError **error)
{
	gsize n = term_bytes (term);
	g_autofree char *limit = g_strdup_printf ("%.*s\xff", (int) n, term);     /* above every UTF-8 continuation */
	g_autoptr (GBytes) from = g_bytes_new (term, n);
	g_autoptr (GBytes) to = g_bytes_new (limit, n + 1);

	return db_terms_find (tx, from, to, SEARCH_WORD_MAX, found, error);
}

static gboolean
find_word (Tx *tx, const Registry *registry, const char *word, GHashTable *found, GError **error)
{
	g_autofree char *term = normal (word);
	g_autofree char *hashed = number_term (registry->site, word);

	return find_term (tx, term, found, error) && find_term (tx, hashed, found, error);
}

static void
keep_common (GHashTable *kept, GHashTable *found)
{
	GHashTableIter iter;
	gpointer id;

	g_hash_table_iter_init (&iter, kept);
	while (g_hash_table_iter_next (&iter, &id, NULL))
		if (!g_hash_table_contains (found, id))
			g_hash_table_iter_remove (&iter);
}

/* At blanks of any script: people type the wide one (U+3000) too. */
static GStrv
words_of (const char *query)
{
	GString *spaced = g_string_new (NULL);
	GStrv words;

	for (const char *p = query; *p; p = g_utf8_next_char (p)) {
		gunichar c = g_utf8_get_char (p);

		g_string_append_unichar (spaced, g_unichar_isspace (c) ? ' ' : c);
	}
	words = g_strsplit (spaced->str, " ", -1);
	g_string_free (spaced, TRUE);
	return words;
}

/* Set of application ids in which every word occurs. */
static GHashTable *
find_words (Tx *tx, const Registry *registry, const char *query, GError **error)
{
	g_auto (GStrv) words = words_of (query);
	g_autoptr (GHashTable) kept = NULL;
	guint n = 0;

	for (gsize i = 0; words[i]; i++) {
		g_autoptr (GHashTable) found = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
		g_autofree char *plain = normal (words[i]);

		if (!*plain)
			continue;
		if (++n > WORDS_MAX) {
			diqi_error_set (error, DIQI_ERROR_FIELD_LENGTH, "/query", "at most %d words", WORDS_MAX);
			return NULL;
		}
		if (!find_word (tx, registry, words[i], found, error))
			return NULL;
		if (kept)
			keep_common (kept, found);
		else
			kept = g_steal_pointer (&found);
	}
	if (!kept)
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/query", "nothing to search for");
	return g_steal_pointer (&kept);
}

static int
newest_first (gconstpointer a, gconstpointer b)
{
	return strcmp (*(const char *const *) b, *(const char *const *) a);     /* UUIDv7: in order of time */
}

static json_t *
brief_view (const Application *application)
{
	json_t *view = json_object ();
	const char *name = form_holder_name (application->kind, application->form);

	json_object_set_new (view, "application", json_string (application->id));
	json_object_set_new (view, "number", application->number ? json_string (application->number) : json_null ());
	json_object_set_new (view, "service", json_string (service_name (application->service)));
	json_object_set_new (view, "kind", json_string (subject_kind_name (application->kind)));
	json_object_set_new (view, "holder", json_string (name ? name : ""));
	json_object_set_new (view, "state", json_string (application_state_name (application->state)));
	json_object_set_new (view, "created", json_time (application->created));
	json_object_set_new (view, "updated", json_time (application->updated));
	if (application->fingerprint)
		json_object_set_new (view, "serial", json_string (application->serial));
	return view;
}

gboolean
search_applications (Tx *tx, Registry *registry, const char *query, guint limit, json_t **items, GError **error)
{
	g_autoptr (GHashTable) found = find_words (tx, registry, query, error);
	g_autoptr (GPtrArray) ids = NULL;
	g_autoptr (json_t) list = json_array ();
	GHashTableIter iter;
	gpointer id;

	if (!found)
		return FALSE;
	ids = g_ptr_array_new ();
	g_hash_table_iter_init (&iter, found);
	while (g_hash_table_iter_next (&iter, &id, NULL))
		g_ptr_array_add (ids, id);
	g_ptr_array_sort (ids, newest_first);
	for (guint i = 0; i < ids->len && i < limit; i++) {
		g_auto (Application) application = { 0 };

		if (!application_load (tx, g_ptr_array_index (ids, i), FALSE, &application, error))
			return FALSE;
		json_array_append_new (list, brief_view (&application));
	}
	*items = g_steal_pointer (&list);
	return TRUE;
}
