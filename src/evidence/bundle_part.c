/* evidence/bundle_part.c — names for the parts of a bundle, so that a refusal says which.
 *
 * A file that is no longer JSON has no members to point at.  Then the place of the damage is
 * looked up in the text itself: canonical JSON has its members in a known order, and a quote
 * inside a string is escaped, so that the member names can be found by plain search.
 */
#include "evidence/bundle_private.h"

#include "base/error.h"

#include <string.h>

/* In canonical order. */
static const struct part {
	const char *name, *zh, *en;
	const char *item_zh, *item_en;     /* one of the list; NULL for what is no list */
	const char *item_opening;          /* how each item begins in the text */
} parts[] = {
	{ "certificates", "证书清单", "list of certificates", "第 %u 个证书", "certificate %u", "\"" },
	{ "checkpoint", "日志检查点", "log checkpoint", NULL, NULL, NULL },
	{ "format", "格式标识", "format", NULL, NULL, NULL },
	{ "keys", "公钥清单", "list of keys", "第 %u 个公钥", "key %u", "\"" },
	{ "kind", "证据种类", "kind", NULL, NULL, NULL },
	{ "leaves", "日志记录清单", "list of log leaves", "第 %u 条日志记录", "log leaf %u", "{\"index\":" },
	{ "log_certificate", "日志证书", "log certificate", NULL, NULL, NULL },
	{ "root", "根证书", "root certificate", NULL, NULL, NULL },
	{ "site", "站点标识", "site", NULL, NULL, NULL },
	{ "subject", "证明事项", "subject", NULL, NULL, NULL },
};

static const struct { const char *name, *zh, *en; } leaf_parts[] = {
	{ "index", "的序号", ", its index" },
	{ "leaf", "的内容", ", its text" },
	{ "proof", "的包含证明", ", its inclusion proof" },
};

static const struct part *
part_of (const char *name, gsize n)
{
	for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
		if (strlen (parts[i].name) == n && strncmp (parts[i].name, name, n) == 0)
			return &parts[i];
	return NULL;
}

static const char *
leaf_part_name (const char *name, gboolean english)
{
	for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (leaf_parts); i++)
		if (strcmp (leaf_parts[i].name, name) == 0)
			return english ? leaf_parts[i].en : leaf_parts[i].zh;
	return "";
}

char *
bundle_part_name (const char *field, gboolean english)
{
	if (field == NULL || field[0] != '/')
		return g_strdup (english ? "the file as a whole" : "整个文件");
	g_auto (GStrv) steps = g_strsplit (field + 1, "/", 3);
	const struct part *part = part_of (steps[0], strlen (steps[0]));
	guint64 i;
	if (part == NULL)
		return g_strdup_printf (english ? "the unknown part \"%s\"" : "未知部分“%s”", steps[0]);
	if (part->item_zh == NULL || steps[1] == NULL || !g_ascii_string_to_unsigned (steps[1], 10, 0, G_MAXUINT - 1, &i, NULL))
		return g_strdup (english ? part->en : part->zh);
	GString *name = g_string_new (NULL);
	/* The formats are those of the table above: one %u each. */
	_Pragma ("GCC diagnostic push")
	_Pragma ("GCC diagnostic ignored \"-Wformat-nonliteral\"")
	g_string_printf (name, english ? part->item_en : part->item_zh, (guint) i + 1);
	_Pragma ("GCC diagnostic pop")
	g_string_append (name, leaf_part_name (steps[2], english));
	return g_string_free (name, FALSE);
}

/* --- finding a part by its place ------------------------------------------------------ */

/* How often needle begins before end. */
static guint
count (const char *p, const char *end, const char *needle)
{
	guint n = 0;
	while ((p = g_strstr_len (p, end - p, needle)) != NULL) {
		n++;
		p += strlen (needle);
	}
	return n;
}

/* Items of base64 texts have two quotes each, leaves one opening. */
static char *
item_at (const struct part *part, const char *begin, const char *place)
{
	guint n = count (begin, place, part->item_opening);
	if (part->item_opening[0] == '"')
		n = (n + 1) / 2;
	return n == 0 ? g_strdup_printf ("/%s", part->name) : g_strdup_printf ("/%s/%u", part->name, n - 1);
}

char *
bundle_part_at (const char *text, gsize n, gsize offset)
{
	const char *place = text + MIN (offset, n), *begin = text;
	const struct part *found = NULL;
	for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
		g_autofree char *member = g_strdup_printf ("%c\"%s\":", i == 0 ? '{' : ',', parts[i].name);
		const char *at = g_strstr_len (begin, place - begin, member);
		if (at == NULL)
			continue;
		found = &parts[i];
		begin = at + strlen (member);
	}
	if (found == NULL)
		return g_strdup ("");
	if (found->item_opening == NULL)
		return g_strdup_printf ("/%s", found->name);
	return item_at (found, begin, place);
}

/* --- refusing ----------------------------------------------------------------------------- */

gboolean
bundle_refuse (GError **error, const char *field, const char *format, ...)
{
	va_list args;
	va_start (args, format);
	g_autofree char *detail = g_strdup_vprintf (format, args);
	va_end (args);
	return diqi_fail (error, DIQI_ERROR_BUNDLE, field, "%s", detail);
}

gboolean
bundle_refuse_because (GError **error, const char *field, const GError *why)
{
	return diqi_fail (error, DIQI_ERROR_BUNDLE, field, "%s", why->message);
}
