/* outbox/template.c — see template.h. */
#include "outbox/template.h"

#include <gio/gio.h>
#include <string.h>

#include "base/error.h"

#define DEFAULT_LANGUAGE "zh-CN"
#define VALUE_MAX 2000          /* characters of one parameter */
#define BRIEF_VALUE_MAX 60      /* and of one in an SMS or a subject */

struct Templates {
	json_t *params;             /* name → ["number", "amount?"] */
	json_t *languages;          /* "zh-CN" → its file */
};

/* Where the texts of one message are in a language file. */
static const struct {
	const char *group, *name;   /* group NULL: at the top */
} parts[] = { { "mail", "subject" }, { "mail", "text" }, { NULL, "short" }, { NULL, "app" } };
enum { PART_SUBJECT, PART_MAIL, PART_BRIEF, PART_APP };

static const char *
part_of (const json_t *message, gsize part)
{
	const json_t *at = parts[part].group != NULL ? json_object_get (message, parts[part].group) : message;
	return json_string_value (json_object_get (at, parts[part].name));
}

/* --- walking a text ------------------------------------------------------------------ */

typedef gboolean (*PlaceFn) (const char *name, gboolean optional, gpointer user, GError **error);

/* Calls fn for each placeholder in text[0, n). */
static gboolean
each_place (const char *text, gsize n, gboolean optional, PlaceFn fn, gpointer user, GError **error)
{
	for (const char *at = text; at < text + n; at++) {
		if (*at != '{')
			continue;
		const char *end = memchr (at, '}', (gsize) (text + n - at));
		if (end == NULL)
			return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "a { without }");
		g_autofree char *name = g_strndup (at + 1, (gsize) (end - at - 1));
		if (!fn (name, optional, user, error))
			return FALSE;
		at = end;
	}
	return TRUE;
}

typedef gboolean (*BlockFn) (const char *text, gsize n, gboolean optional, gpointer user, GError **error);

/* Calls fn for what lies between, outside and inside of brackets. */
static gboolean
each_block (const char *text, BlockFn fn, gpointer user, GError **error)
{
	while (*text != '\0') {
		gboolean optional = *text == '[';
		text += optional ? 1 : 0;
		gsize n = strcspn (text, "[]");
		if (text[n] != (optional ? ']' : '[') && !(text[n] == '\0' && !optional))
			return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "brackets that do not fit");
		if (!fn (text, n, optional, user, error))
			return FALSE;
		text += n + (optional ? 1 : 0);
	}
	return TRUE;
}

/* --- checking ------------------------------------------------------------------------ */

typedef struct {
	const json_t *declared;
	GHashTable *used;
} Check;

static gboolean
declared (const json_t *list, const char *name, gboolean *optional)
{
	gsize i;
	const json_t *item;
	json_array_foreach (list, i, item) {
		const char *text = json_string_value (item);
		gsize n = strcspn (text, "?");
		if (strlen (name) != n || strncmp (text, name, n) != 0)
			continue;
		*optional = text[n] == '?';
		return TRUE;
	}
	return FALSE;
}

static gboolean
check_place (const char *name, gboolean in_brackets, gpointer user, GError **error)
{
	Check *check = user;
	gboolean optional;
	if (strcmp (name, "site") == 0)
		return TRUE;
	if (!declared (check->declared, name, &optional))
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "unknown placeholder {%s}", name);
	if (optional && !in_brackets)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "{%s} may be absent and needs brackets", name);
	g_hash_table_add (check->used, g_strdup (name));
	return TRUE;
}

static gboolean
check_block (const char *text, gsize n, gboolean optional, gpointer user, GError **error)
{
	return each_place (text, n, optional, check_place, user, error);
}

static gboolean
check_message (const char *name, const json_t *params, const json_t *message, GError **error)
{
	g_autoptr (GHashTable) used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
	Check check = { params, used };
	for (gsize part = 0; part < G_N_ELEMENTS (parts); part++) {
		const char *text = part_of (message, part);
		if (text == NULL || *text == '\0')
			return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "%s: no \"%s\"", name, parts[part].name);
		if (!each_block (text, check_block, &check, error)) {
			g_prefix_error (error, "%s, \"%s\": ", name, parts[part].name);
			return FALSE;
		}
	}
	gsize i;
	const json_t *item;
	json_array_foreach (params, i, item) {
		g_autofree char *param = g_strndup (json_string_value (item), strcspn (json_string_value (item), "?"));
		if (!g_hash_table_contains (used, param))
			return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "%s: no text says {%s}", name, param);
	}
	return TRUE;
}

static gboolean
check_language (const json_t *params, const json_t *file, GError **error)
{
	const json_t *messages = json_object_get (file, "templates");
	const char *name;
	json_t *item;
	json_object_foreach ((json_t *) params, name, item) {
		const json_t *message = json_object_get (messages, name);
		if (message == NULL)
			return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "%s: no such template", name);
		if (!check_message (name, item, message, error))
			return FALSE;
	}
	json_object_foreach ((json_t *) messages, name, item)
		if (json_object_get (params, name) == NULL)
			return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "%s: params.json does not name it", name);
	return TRUE;
}

Templates *
templates_new (const json_t *params, const json_t *const *languages, gsize n, GError **error)
{
	g_autoptr (Templates) templates = g_new0 (Templates, 1);
	templates->params = json_deep_copy (params);
	templates->languages = json_object ();
	for (gsize i = 0; i < n; i++) {
		const char *language = json_string_value (json_object_get (languages[i], "language"));
		if (language == NULL || !check_language (params, languages[i], error)) {
			if (language != NULL)
				g_prefix_error (error, "%s: ", language);
			else
				diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "a language file names no language");
			return NULL;
		}
		json_object_set_new (templates->languages, language, json_deep_copy (languages[i]));
	}
	return g_steal_pointer (&templates);
}

void
templates_free (Templates *templates)
{
	if (templates == NULL)
		return;
	json_decref (templates->params);
	json_decref (templates->languages);
	g_free (templates);
}

static json_t *
read_resource (const char *name)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *path = g_strconcat ("/cn/diqi/templates/", name, ".json", NULL);
	g_autoptr (GBytes) bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
	json_t *value = NULL;
	if (bytes != NULL)
		value = json_read_strict (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 1 << 20, &error);
	if (value == NULL)
		g_error ("%s: %s", path, error->message);       /* part of the program: a build that lacks it is broken */
	return value;
}

const Templates *
templates_builtin (void)
{
	static gsize once;
	static Templates *templates;
	if (g_once_init_enter (&once)) {
		g_autoptr (GError) error = NULL;
		g_autoptr (json_t) params = read_resource ("params");
		g_autoptr (json_t) zh = read_resource (DEFAULT_LANGUAGE);
		g_autoptr (json_t) en = read_resource ("en");
		const json_t *files[] = { zh, en };
		templates = templates_new (params, files, G_N_ELEMENTS (files), &error);
		if (templates == NULL)
			g_error ("data/templates: %s", error->message);
		g_once_init_leave (&once, 1);
	}
	return templates;
}

/* --- parameters ------------------------------------------------------------------------ */

/* Text from outside: no control characters but line breaks, no marks that turn the reading direction. */
static char *
clean (const char *text)
{
	GString *out = g_string_new (NULL);
	glong length = 0;
	for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at)) {
		gunichar c = g_utf8_get_char (at);
		gboolean bidi = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f;
		if (bidi || (c != '\n' && g_unichar_iscntrl (c)))
			continue;
		if (++length > VALUE_MAX) {
			g_string_append (out, "…");
			break;
		}
		g_string_append_unichar (out, c);
	}
	return g_string_free (out, FALSE);
}

static char *
show_value (const json_t *language, const char *name, const char *text, GError **error)
{
	static const char *const times[] = { "due", "expires", "ends", NULL };
	if (strcmp (name, "amount") == 0) {
		Money amount;
		return money_parse_fen (text, &amount, error) ? money_format_yuan (amount) : NULL;
	}
	if (g_strv_contains (times, name)) {
		Micros at;
		if (!time_parse (text, &at, error))
			return NULL;
		g_autofree char *shown = time_format_beijing (at);
		return g_strndup (shown, strlen ("2026-04-03 10:00"));
	}
	const json_t *words = json_object_get (json_object_get (language, "words"), name);
	const char *word = json_string_value (json_object_get (words, text));
	return word != NULL ? g_strdup (word) : clean (text);
}

static gboolean
read_values (const json_t *language, const json_t *list, const json_t *params, GHashTable *out, GError **error)
{
	gsize i;
	const json_t *item;
	json_array_foreach (list, i, item) {
		const char *text = json_string_value (item);
		g_autofree char *name = g_strndup (text, strcspn (text, "?"));
		const json_t *value = json_object_get (params, name);
		/* An optional amount of nothing is not spoken of: "应缴费用 0.00 元" would only puzzle. */
		gboolean nothing = value == NULL || (strcmp (name, "amount") == 0 && g_strcmp0 (json_string_value (value), "0") == 0);
		if (nothing && g_str_has_suffix (text, "?"))
			continue;
		if (!json_is_string (value))
			return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the parameter \"%s\" is missing or no string", name);
		g_autoptr (GError) why = NULL;
		char *shown = show_value (language, name, json_string_value (value), &why);
		if (shown == NULL)
			return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the parameter \"%s\": %s", name, why->message);
		g_hash_table_insert (out, g_steal_pointer (&name), shown);
	}
	return TRUE;
}

/* --- rendering --------------------------------------------------------------------------- */

typedef struct {
	GHashTable *values;
	glong value_max;
	GString *out;
} Expansion;

static gboolean
have_value (const char *name, gboolean optional, gpointer user, GError **error)
{
	(void) optional;
	(void) error;
	return g_hash_table_contains (user, name);
}

static void
append_value (Expansion *e, const char *name)
{
	const char *value = g_hash_table_lookup (e->values, name);
	if (g_utf8_strlen (value, -1) <= e->value_max) {
		g_string_append (e->out, value);
		return;
	}
	g_string_append_len (e->out, value, g_utf8_offset_to_pointer (value, e->value_max - 1) - value);
	g_string_append (e->out, "…");
}

static gboolean
expand_block (const char *text, gsize n, gboolean optional, gpointer user, GError **error)
{
	Expansion *e = user;
	if (optional && !each_place (text, n, optional, have_value, e->values, error))
		return TRUE;
	for (const char *at = text; at < text + n; at++) {
		if (*at != '{') {
			g_string_append_c (e->out, *at);
			continue;
		}
		const char *end = strchr (at, '}');
		g_autofree char *name = g_strndup (at + 1, (gsize) (end - at - 1));
		append_value (e, name);
		at = end;
	}
	return TRUE;
}

/* The text was checked when it was loaded: nothing is missing. */
static char *
expand (const char *text, GHashTable *values, gboolean one_line)
{
	Expansion e = { values, one_line ? BRIEF_VALUE_MAX : VALUE_MAX + 1, g_string_new (NULL) };
	each_block (text, expand_block, &e, NULL);
	char *out = g_string_free (e.out, FALSE);
	return one_line ? g_strdelimit (out, "\n", ' ') : out;
}

gboolean
template_render (const Templates *templates, const char *name, const char *language, const json_t *params, const char *site,
                 MessageText *out, GError **error)
{
	const json_t *list = json_object_get (templates->params, name);
	const json_t *file = json_object_get (templates->languages, language != NULL ? language : DEFAULT_LANGUAGE);
	g_autoptr (GHashTable) values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	*out = (MessageText) { 0 };
	if (list == NULL)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "there is no message \"%s\"", name);
	if (file == NULL)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "there are no messages in \"%s\"", language);
	if (!read_values (file, list, params, values, error)) {
		g_prefix_error (error, "message \"%s\": ", name);
		return FALSE;
	}
	g_hash_table_insert (values, g_strdup ("site"), clean (site));
	const json_t *message = json_object_get (json_object_get (file, "templates"), name);
	out->subject = expand (part_of (message, PART_SUBJECT), values, TRUE);
	out->mail = expand (part_of (message, PART_MAIL), values, FALSE);
	out->brief = expand (part_of (message, PART_BRIEF), values, TRUE);
	out->app = expand (part_of (message, PART_APP), values, FALSE);
	return TRUE;
}

void
message_text_clear (MessageText *text)
{
	g_clear_pointer (&text->subject, g_free);
	g_clear_pointer (&text->mail, g_free);
	g_clear_pointer (&text->brief, g_free);
	g_clear_pointer (&text->app, g_free);
}
