/* market/rule_set.c — rule sets as data.  A file holds every rule as {"value","source"}: the number and the
 * article it comes from, so that what people read and what decides is one text with one hash. */
#include "market/sale.h"

#include <gio/gio.h>
#include <string.h>

#define RULE_SET_MAX_BYTES 65536
#define RULE_SET_FOLDER "/cn/diqi/rulesets"

/* The member "value" of rules.NAME, of the wanted type. */
static gboolean
read_rule (const json_t *rules, const char *name, FieldType type, gpointer out, GError **error)
{
	g_autofree char *at = g_strdup_printf ("/rules/%s", name);
	const json_t *rule = json_object_get (rules, name);
	const char *source = NULL;
	const Field fields[] = {
		{ "value", type, TRUE, RULE_SET_MAX_PROMPTS, out },
		{ "source", FIELD_STRING, TRUE, 200, &source },
	};

	if (rule == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, at, "rule %s is missing", name);
	return JSON_READ (rule, at, fields, error);
}

static gboolean
read_number (const json_t *rules, const char *name, gint64 least, gint64 most, gint64 *out, GError **error)
{
	if (!read_rule (rules, name, FIELD_INT, out, error))
		return FALSE;
	if (*out >= least && *out <= most)
		return TRUE;
	g_autofree char *at = g_strdup_printf ("/rules/%s/value", name);
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "%s must be %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, name, least, most);
}

static gboolean
read_span (const json_t *rules, const char *name, gint64 least, gint64 most, Micros unit, Micros *out, GError **error)
{
	gint64 n;

	if (!read_number (rules, name, least, most, &n, error))
		return FALSE;
	*out = n * unit;
	return TRUE;
}

static gboolean
read_count (const json_t *rules, const char *name, gint64 most, guint *out, GError **error)
{
	gint64 n;

	if (!read_number (rules, name, 0, most, &n, error))
		return FALSE;
	*out = (guint) n;
	return TRUE;
}

/* Largest first, each inside the window. */
static gboolean
read_prompts (const json_t *rules, RuleSet *out, GError **error)
{
	json_t *list = NULL, *entry;
	size_t i;
	gint64 before = out->window / MICROS_PER_S;

	if (!read_rule (rules, "prompt_seconds", FIELD_ARRAY, &list, error))
		return FALSE;
	json_array_foreach (list, i, entry) {
		gint64 offset = json_integer_value (entry);
		if (!json_is_integer (entry) || offset <= 0 || offset >= before)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/rules/prompt_seconds/value",
			                  "prompts must be whole seconds inside the window, largest first");
		out->prompts[i] = offset * MICROS_PER_S;
		before = offset;
	}
	out->prompts_n = (guint) json_array_size (list);
	return TRUE;
}

static gboolean
refuse_unknown_rules (const json_t *rules, GError **error)
{
	static const char *const known[] = {
		"announce_least_days", "listing_least_days", "quiet_seconds", "window_seconds", "prompt_seconds",
		"limit_time_bidders", "step_multiple", "max_steps", "raise_own_lead", "enter_without_quote",
		"outage_most_seconds", NULL
	};
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *) rules, name, value) {
		if (g_strv_contains (known, name))
			continue;
		g_autofree char *at = g_strdup_printf ("/rules/%s", name);
		return diqi_fail (error, DIQI_ERROR_FIELD_UNKNOWN, at, "this program has no rule %s and must not sell under it", name);
	}
	return TRUE;
}

static gboolean
read_rules (const json_t *rules, RuleSet *out, GError **error)
{
	return read_span (rules, "announce_least_days", 0, 3650, MICROS_PER_DAY, &out->announce_least, error) &&
	       read_span (rules, "listing_least_days", 0, 3650, MICROS_PER_DAY, &out->listing_least, error) &&
	       read_span (rules, "quiet_seconds", 0, 864000, MICROS_PER_S, &out->quiet, error) &&
	       read_span (rules, "window_seconds", 1, 86400, MICROS_PER_S, &out->window, error) &&
	       read_prompts (rules, out, error) &&
	       read_count (rules, "limit_time_bidders", SALE_MAX_BIDDERS, &out->limit_time_bidders, error) &&
	       read_rule (rules, "step_multiple", FIELD_BOOL, &out->step_multiple, error) &&
	       read_count (rules, "max_steps", 1000000, &out->max_steps, error) &&
	       read_rule (rules, "raise_own_lead", FIELD_BOOL, &out->raise_own_lead, error) &&
	       read_rule (rules, "enter_without_quote", FIELD_BOOL, &out->enter_without_quote, error) &&
	       read_span (rules, "outage_most_seconds", 0, 3600, MICROS_PER_S, &out->outage_most, error) &&
	       refuse_unknown_rules (rules, error);
}

static gboolean
name_is_valid (const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if (!g_ascii_islower (*c) && !g_ascii_isdigit (*c) && *c != '-')
			return FALSE;
	return name[0] != '\0';
}

static gboolean
read_title (const json_t *title, GError **error)
{
	const char *zh = NULL, *en = NULL;
	const Field fields[] = { { "zh", FIELD_STRING, TRUE, 200, &zh }, { "en", FIELD_STRING, TRUE, 200, &en } };

	return JSON_READ (title, "/title", fields, error);
}

gboolean
rule_set_parse (const json_t *json, RuleSet *out, GError **error)
{
	g_autofree char *canonical = NULL;
	const char *name = NULL;
	gint64 version = 0;
	json_t *title = NULL, *rules = NULL;
	gsize n;
	const Field fields[] = {
		{ "name", FIELD_STRING, TRUE, sizeof out->name - 1, &name },
		{ "version", FIELD_INT, TRUE, 0, &version },
		{ "title", FIELD_OBJECT, TRUE, 0, &title },
		{ "rules", FIELD_OBJECT, TRUE, 0, &rules },
	};

	memset (out, 0, sizeof *out);
	if (!JSON_READ (json, "", fields, error) || !read_title (title, error))
		return FALSE;
	if (!name_is_valid (name))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/name", "a rule set's name is of a-z, 0-9 and '-'");
	if (version < 1 || version > G_MAXINT32)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/version", "versions count from 1");
	g_strlcpy (out->name, name, sizeof out->name);
	out->version = (int) version;
	if (!read_rules (rules, out, error))
		return FALSE;
	if ((canonical = jcs_dump (json, &n, error)) == NULL)
		return FALSE;
	fingerprint_of (canonical, n, &out->hash);
	return TRUE;
}

gboolean
rule_set_parse_text (const char *canonical, gsize n, RuleSet *out, GError **error)
{
	g_autoptr (json_t) json = json_read_strict (canonical, n, RULE_SET_MAX_BYTES, error);

	if (json == NULL)
		return FALSE;
	if (!jcs_is_canonical (canonical, n, json))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "rule set is not canonical JSON");
	return rule_set_parse (json, out, error);
}

/* --- embedded rule sets ------------------------------------------------------------------- */

static json_t *
read_embedded (const char *path, GError **error)
{
	g_autoptr (GBytes) file = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

	if (file == NULL) {
		diqi_error_set (error, DIQI_ERROR_NOT_FOUND, NULL, "no rule set %s", path);
		return NULL;
	}
	return json_read_strict (g_bytes_get_data (file, NULL), g_bytes_get_size (file), RULE_SET_MAX_BYTES, error);
}

gboolean
rule_set_builtin (const char *name, int version, RuleSet *out, char **canonical, GError **error)
{
	g_autofree char *path = g_strdup_printf (RULE_SET_FOLDER "/%s-%d.json", name, version);
	g_autoptr (json_t) json = NULL;

	if (!name_is_valid (name))
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no rule set of that name");
	json = read_embedded (path, error);
	if (json == NULL || !rule_set_parse (json, out, error))
		return FALSE;
	if (strcmp (out->name, name) != 0 || out->version != version)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "%s holds another rule set", path);
	if (canonical != NULL)
		*canonical = jcs_dump (json, NULL, error);
	return canonical == NULL || *canonical != NULL;
}

static int
by_name_and_version (gconstpointer a, gconstpointer b)
{
	const RuleSet *x = a, *y = b;
	int order = strcmp (x->name, y->name);

	return order != 0 ? order : (x->version > y->version) - (x->version < y->version);
}

json_t *
rule_set_list (void)
{
	g_auto (GStrv) files = g_resources_enumerate_children (RULE_SET_FOLDER, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	g_autoptr (GArray) sets = g_array_new (FALSE, FALSE, sizeof (RuleSet));
	json_t *list = json_array ();

	for (char **file = files; file != NULL && *file != NULL; file++) {
		g_autofree char *path = g_strconcat (RULE_SET_FOLDER "/", *file, NULL);
		g_autoptr (GError) error = NULL;
		g_autoptr (json_t) json = read_embedded (path, &error);
		RuleSet rules;
		if (json == NULL || !rule_set_parse (json, &rules, &error))
			g_error ("embedded rule set %s: %s", path, error->message);
		g_array_append_val (sets, rules);
	}
	g_array_sort (sets, by_name_and_version);
	for (guint i = 0; i < sets->len; i++) {
		const RuleSet *rules = &g_array_index (sets, RuleSet, i);
		json_array_append_new (list, json_pack ("{s:s, s:i, s:o}", "name", rules->name, "version", rules->version,
		                                        "hash", json_hex (rules->hash.b, sizeof rules->hash.b)));
	}
	return list;
}
