/* registry/papers_rules.c — reads data/papers/required.json. */
#include "registry/papers_rules.h"

#include <gio/gio.h>
#include <string.h>

#include "base/error.h"
#include "registry/service.h"

#define RULES_FILE "/cn/diqi/papers/required.json"
#define RULES_MAX_BYTES 65536
#define COPIES_MAX 9
#define N_KINDS 2

typedef struct {
	const char *zh, *en;
} PaperLabel;

typedef struct {
	GArray *needs;               /* of PaperNeed; NULL until read */
	const json_t *document;      /* its array "needs" */
} PaperSet;

struct PaperRules {
	json_t *document;            /* owns the strings */
	GHashTable *labels;          /* paper → PaperLabel */
	PaperSet sets[N_SERVICES][N_KINDS];
};

static void
need_clear (gpointer p)
{
	PaperNeed *need = p;

	g_clear_pointer (&need->choices, g_ptr_array_unref);
}

void
paper_rules_free (PaperRules *rules)
{
	if (!rules)
		return;
	for (Service i = 0; i < N_SERVICES; i++)
		for (gsize kind = 0; kind < N_KINDS; kind++)
			g_clear_pointer (&rules->sets[i][kind].needs, g_array_unref);
	g_hash_table_unref (rules->labels);
	json_decref (rules->document);
	g_free (rules);
}

/* --- papers ------------------------------------------------------------------------------ */

static gboolean
read_label (PaperRules *rules, const json_t *item, const char *at, GError **error)
{
	const char *paper = NULL;
	PaperLabel label = { 0 };
	const Field fields[] = {
		{ "paper", FIELD_STRING, TRUE, 64, &paper },
		{ "zh", FIELD_STRING, TRUE, 200, &label.zh },
		{ "en", FIELD_STRING, TRUE, 200, &label.en },
	};

	if (!JSON_READ (item, at, fields, error))
		return FALSE;
	if (!g_hash_table_insert (rules->labels, (gpointer) paper, g_memdup2 (&label, sizeof label)))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "paper %s is named twice", paper);
	return TRUE;
}

static gboolean
read_labels (PaperRules *rules, const json_t *list, GError **error)
{
	gsize i;
	json_t *item;

	json_array_foreach (list, i, item) {
		g_autofree char *at = g_strdup_printf ("/papers/%zu", i);

		if (!read_label (rules, item, at, error))
			return FALSE;
	}
	return TRUE;
}

/* --- needs ------------------------------------------------------------------------------- */

static gboolean
read_item (const PaperRules *rules, const json_t *json, const char *at, GArray *choice, GError **error)
{
	PaperItem item = { 0 };
	const char *paper = NULL;
	const Field fields[] = {
		{ "paper", FIELD_STRING, TRUE, 64, &paper },
		{ "original", FIELD_BOOL, TRUE, 0, &item.original },
		{ "copies", FIELD_INT, TRUE, 0, &item.copies },
		{ "scan", FIELD_BOOL, TRUE, 0, &item.scan },
	};

	if (!JSON_READ (json, at, fields, error))
		return FALSE;
	item.paper = paper_rules_find (rules, paper);
	if (!item.paper)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "there is no paper %s", paper);
	if (item.copies < 0 || item.copies > COPIES_MAX || (item.copies == 0 && !item.original))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "asks for nothing, or for more than %d copies", COPIES_MAX);
	g_array_append_val (choice, item);
	return TRUE;
}

static gboolean
read_choice (const PaperRules *rules, const json_t *list, const char *at, PaperNeed *need, GError **error)
{
	GArray *choice = g_array_new (FALSE, FALSE, sizeof (PaperItem));
	gsize i;
	json_t *item;

	g_ptr_array_add (need->choices, choice);
	if (json_array_size (list) == 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "a choice is a list of papers");
	json_array_foreach (list, i, item) {
		g_autofree char *item_at = g_strdup_printf ("%s/%zu", at, i);

		if (!read_item (rules, item, item_at, choice, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
read_when (const char *name, const char *at, PaperWhen *out, GError **error)
{
	*out = name ? PAPER_OPERATOR : PAPER_ALWAYS;
	return !name || g_str_equal (name, "operator") ||
	       diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "when is \"operator\" or left out");
}

static gboolean
read_unless (const char *name, const char *at, gboolean *out, GError **error)
{
	*out = name != NULL;
	return !name || g_str_equal (name, "certificate") ||
	       diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "unless is \"certificate\" or left out");
}

static gboolean
read_need (const PaperRules *rules, const json_t *json, const char *at, GArray *needs, GError **error)
{
	PaperNeed need = { 0 }, *kept;
	const char *when = NULL, *unless = NULL, *source = NULL;
	json_t *any = NULL, *choice;
	gsize i;
	const Field fields[] = {
		{ "need", FIELD_STRING, TRUE, 64, &need.name },
		{ "when", FIELD_STRING, FALSE, 64, &when },
		{ "unless", FIELD_STRING, FALSE, 64, &unless },
		{ "source", FIELD_STRING, TRUE, 200, &source },
		{ "any", FIELD_ARRAY, TRUE, 8, &any },
	};

	if (!JSON_READ (json, at, fields, error) || !read_when (when, at, &need.when, error) ||
	    !read_unless (unless, at, &need.unless_certificate, error))
		return FALSE;
	if (json_array_size (any) == 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "nothing could meet this need");
	need.choices = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
	g_array_append_val (needs, need);
	kept = &g_array_index (needs, PaperNeed, needs->len - 1);
	json_array_foreach (any, i, choice) {
		g_autofree char *choice_at = g_strdup_printf ("%s/any/%zu", at, i);

		if (!read_choice (rules, choice, choice_at, kept, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
read_needs (const PaperRules *rules, const json_t *list, const char *at, GArray *needs, GError **error)
{
	gsize i;
	json_t *need;

	json_array_foreach (list, i, need) {
		g_autofree char *need_at = g_strdup_printf ("%s/needs/%zu", at, i);

		if (!read_need (rules, need, need_at, needs, error))
			return FALSE;
	}
	return TRUE;
}

/* --- services ---------------------------------------------------------------------------- */

static gboolean
place (PaperRules *rules, const char *service, SubjectKind kind, const char *at, const json_t *document, GArray *needs, GError **error)
{
	Service i;

	if (!service || !service_from_name (service, &i))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "there is no service %s", service ? service : "of that type");
	if (rules->sets[i][kind].needs)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "service %s is named twice for a %s", service, subject_kind_name (kind));
	rules->sets[i][kind] = (PaperSet) { g_array_ref (needs), document };
	return TRUE;
}

static gboolean
read_set (PaperRules *rules, const json_t *json, const char *at, GError **error)
{
	g_autoptr (GArray) needs = g_array_new (FALSE, FALSE, sizeof (PaperNeed));
	json_t *names = NULL, *list = NULL, *name;
	const char *kind_name = NULL;
	SubjectKind kind;
	gsize i;
	const Field fields[] = {
		{ "services", FIELD_ARRAY, TRUE, N_SERVICES, &names },
		{ "kind", FIELD_STRING, TRUE, 32, &kind_name },
		{ "needs", FIELD_ARRAY, TRUE, 16, &list },
	};

	g_array_set_clear_func (needs, need_clear);
	if (!JSON_READ (json, at, fields, error))
		return FALSE;
	if (!subject_kind_from_name (kind_name, &kind))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "kind is \"organization\" or \"person\"");
	if (!read_needs (rules, list, at, needs, error))
		return FALSE;
	json_array_foreach (names, i, name)
		if (!place (rules, json_string_value (name), kind, at, list, needs, error))
			return FALSE;
	return TRUE;
}

static gboolean
check_whole (const PaperRules *rules, GError **error)
{
	for (Service i = 0; i < N_SERVICES; i++)
		for (gsize kind = 0; kind < N_KINDS; kind++)
			if (!rules->sets[i][kind].needs)
				return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/required", "nothing is said about service %s of a %s", service_name (i),
				                  subject_kind_name ((SubjectKind) kind));
	return TRUE;
}

static gboolean
read_document (PaperRules *rules, GError **error)
{
	json_t *papers = NULL, *required = NULL, *set;
	gint64 version = 0;
	gsize i;
	const Field fields[] = {
		{ "version", FIELD_INT, TRUE, 0, &version },
		{ "papers", FIELD_ARRAY, TRUE, 64, &papers },
		{ "required", FIELD_ARRAY, TRUE, 64, &required },
	};

	if (!JSON_READ (rules->document, "", fields, error) || !read_labels (rules, papers, error))
		return FALSE;
	if (version != 1)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/version", "this program reads version 1");
	json_array_foreach (required, i, set) {
		g_autofree char *at = g_strdup_printf ("/required/%zu", i);

		if (!read_set (rules, set, at, error))
			return FALSE;
	}
	return check_whole (rules, error);
}

PaperRules *
paper_rules_parse (const json_t *document, GError **error)
{
	g_autoptr (PaperRules) rules = g_new0 (PaperRules, 1);

	rules->labels = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
	rules->document = json_deep_copy (document);
	return read_document (rules, error) ? g_steal_pointer (&rules) : NULL;
}

PaperRules *
paper_rules_builtin (GError **error)
{
	g_autoptr (GBytes) file = g_resources_lookup_data (RULES_FILE, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
	g_autoptr (json_t) document = NULL;
	gsize n;
	gconstpointer p;

	if (!file)
		return NULL;
	p = g_bytes_get_data (file, &n);
	document = json_read_strict (p, n, RULES_MAX_BYTES, error);
	return document ? paper_rules_parse (document, error) : NULL;
}

/* --- asking ------------------------------------------------------------------------------ */

const char *
paper_rules_find (const PaperRules *rules, const char *paper)
{
	gpointer own = NULL;

	return paper && g_hash_table_lookup_extended (rules->labels, paper, &own, NULL) ? own : NULL;
}

const char *
paper_rules_label (const PaperRules *rules, const char *paper)
{
	const PaperLabel *label = g_hash_table_lookup (rules->labels, paper);

	return label->zh;
}

const GArray *
paper_rules_needs (const PaperRules *rules, const char *service, SubjectKind kind)
{
	Service i;

	return service_from_name (service, &i) ? rules->sets[i][kind].needs : NULL;
}

static void
add_set (json_t *items, const PaperRules *rules, Service service, SubjectKind kind)
{
	json_t *item = json_object ();

	json_object_set_new (item, "service", json_string (service_name (service)));
	json_object_set_new (item, "kind", json_string (subject_kind_name (kind)));
	json_object_set_new (item, "needs", json_deep_copy (rules->sets[service][kind].document));
	json_array_append_new (items, item);
}

gboolean
paper_rules_view (const PaperRules *rules, const char *service, const char *kind, json_t **out, GError **error)
{
	g_autoptr (json_t) items = json_array ();
	SubjectKind only_kind;
	Service only = N_SERVICES;

	if (service && !service_from_name (service, &only))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/service", "there is no service %s", service);
	if (kind && !subject_kind_from_name (kind, &only_kind))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/kind", "kind is \"organization\" or \"person\"");
	for (Service i = 0; i < N_SERVICES; i++)
		for (gsize k = 0; k < N_KINDS; k++)
			if ((!service || i == only) && (!kind || k == (gsize) only_kind))
				add_set (items, rules, i, (SubjectKind) k);
	*out = json_object ();
	json_object_set_new (*out, "papers", json_deep_copy (json_object_get (rules->document, "papers")));
	json_object_set (*out, "items", items);
	return TRUE;
}
