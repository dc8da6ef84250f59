/* store/dialect.c — see dialect.h. */
#include "store/dialect.h"
#include "base/error.h"
#include <string.h>

/* --- directives: line by line ---------------------------------------------------- */

static gboolean
is_name (const char *name)
{
	if (!g_ascii_islower (name[0]))
		return FALSE;
	return name[strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static void
insert_only (GString *out, const char *table, gboolean postgresql)
{
	static const char *const verbs[] = { "UPDATE", "DELETE" };
	if (postgresql) {
		/* ALWAYS: also in a session that calls itself a replica. */
		g_string_append_printf (out,
			"CREATE TRIGGER %1$s_insert_only BEFORE UPDATE OR DELETE ON %1$s FOR EACH ROW EXECUTE FUNCTION diqi_insert_only();"
			"CREATE TRIGGER %1$s_no_truncate BEFORE TRUNCATE ON %1$s FOR EACH STATEMENT EXECUTE FUNCTION diqi_insert_only();"
			"ALTER TABLE %1$s ENABLE ALWAYS TRIGGER %1$s_insert_only, ENABLE ALWAYS TRIGGER %1$s_no_truncate;\n", table);
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
		g_string_append_printf (out, "CREATE TRIGGER %1$s_no_%2$s BEFORE %2$s ON %1$s BEGIN SELECT RAISE(ABORT, '%1$s is insert-only'); END;\n",
			table, verbs[i]);
}

static gboolean
expand_directive (GString *out, const char *line, gboolean postgresql, GError **error)
{
	gsize n = strcspn (line, " ");
	g_autofree char *word = g_strndup (line, n);
	g_autofree char *rest = g_strstrip (g_strdup (line + n));
	if (strcmp (word, "insert_only") == 0 && is_name (rest)) {
		insert_only (out, rest, postgresql);
		return TRUE;
	}
	if (strcmp (word, "sqlite") == 0 || strcmp (word, "postgresql") == 0) {
		if (postgresql == (word[0] == 'p'))
			g_string_append_printf (out, "%s\n", rest);
		return TRUE;
	}
	return diqi_fail (error, DIQI_ERROR_STORE_SCHEMA, NULL, "unknown directive \"-- @%s\"", line);
}

/* --- types: word by word ---------------------------------------------------------- */

gsize
dialect_opaque_length (const char *p)
{
	if (p[0] == '-' && p[1] == '-')
		return strcspn (p, "\n");
	if (p[0] == '/' && p[1] == '*') {
		const char *end = strstr (p + 2, "*/");
		return end != NULL ? (gsize) (end + 2 - p) : strlen (p);
	}
	if (p[0] == '\'' || p[0] == '"') {
		/* A doubled quote closes one string and opens the next, which comes to the same. */
		const char *end = strchr (p + 1, p[0]);
		return end != NULL ? (gsize) (end + 1 - p) : strlen (p);
	}
	return 0;
}

static gboolean
is_one_of (const char *word, gsize n, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strlen (*list) == n && g_ascii_strncasecmp (word, *list, n) == 0)
			return TRUE;
	return FALSE;
}

static void
append_word (GString *out, const char *word, gsize n)
{
	static const char *const integers[] = { "INTEGER", "INT", NULL };
	static const char *const blobs[] = { "BLOB", NULL };
	if (is_one_of (word, n, integers))
		g_string_append (out, "BIGINT");
	else if (is_one_of (word, n, blobs))
		g_string_append (out, "BYTEA");
	else
		g_string_append_len (out, word, (gssize) n);
}

static gboolean is_word (char c) { return g_ascii_isalnum (c) || c == '_'; }

/* Right after a closing parenthesis only table options may read STRICT or WITHOUT ROWID. */
static char *
translate_types (const char *p)
{
	static const char *const options[] = { "STRICT", "WITHOUT", "ROWID", NULL };
	GString *out = g_string_new (NULL);
	gboolean after_list = FALSE;
	while (*p != '\0') {
		gsize n = dialect_opaque_length (p);
		if (n > 0) {
			g_string_append_len (out, p, (gssize) n);
		} else if (is_word (*p)) {
			while (is_word (p[n]))
				n++;
			if (after_list && is_one_of (p, n, options)) {
				p += n;
				while (g_ascii_isspace (*p) || *p == ',')
					p++;
				continue;
			}
			append_word (out, p, n);
			after_list = FALSE;
		} else {
			n = 1;
			if (!g_ascii_isspace (*p))
				after_list = *p == ')';
			g_string_append_c (out, *p);
		}
		p += n;
	}
	return g_string_free (out, FALSE);
}

char *
dialect_translate (const char *sql, gboolean postgresql, GError **error)
{
	static const char mark[] = "-- @";
	g_auto (GStrv) lines = g_strsplit (sql, "\n", -1);
	g_autoptr (GString) out = g_string_new (NULL);
	g_autoptr (GString) shared = g_string_new (NULL);
	for (gsize i = 0;; i++) {
		gboolean directive = lines[i] != NULL && g_str_has_prefix (lines[i], mark);
		if ((directive || lines[i] == NULL) && shared->len > 0) {
			g_autofree char *text = postgresql ? translate_types (shared->str) : g_strdup (shared->str);
			g_string_append (out, text);
			g_string_truncate (shared, 0);
		}
		if (lines[i] == NULL)
			return g_string_free (g_steal_pointer (&out), FALSE);
		if (!directive)
			g_string_append_printf (shared, "%s\n", lines[i]);
		else if (!expand_directive (out, lines[i] + strlen (mark), postgresql, error))
			return NULL;
	}
}
