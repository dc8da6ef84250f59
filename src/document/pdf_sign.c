/* document/pdf_sign.c — a PAdES baseline signature (ETSI EN 319 142-1) as an incremental update (ISO 32000-1, 7.5.6).
 *
 * It reads just what our own papers look like: one revision, a cross-reference table, objects of generation 0.  Everything
 * is checked where it is used, and any other PDF is refused with a reason: a signature over a file that was
 * half understood would be worse than none.  The update brings the signature dictionary, an invisible field on the first
 * page, that page and the catalog again, and their table; the bytes before stay as they are.
 */
#include "document/document.h"

#include <string.h>

#include "base/error.h"

#define ROOM 8192                 /* bytes of CMS; ours take about 3 KB */
#define MAX_OBJECTS 100000
#define TAIL 64                   /* where startxref and the end mark are */
#define ENTRY 20                  /* of a cross-reference table */

typedef struct {
	const char *text;             /* whole file, NUL behind it */
	gsize n;
	gsize table;                  /* offset of the first entry */
	gsize xref;                   /* offset of "xref" */
	guint size, root, info, page;
	GString *out;
	gsize offsets[4];             /* of the objects of the update: signature, field, page, catalog */
} Signing;

static gboolean
pdf_fail (GError **error, const char *said)
{
	return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "signing a PDF: %s", said);
}

/* --- reading --------------------------------------------------------------------------------- */

/* A number at *p; moves behind it. */
static gboolean
read_number (const char **p, guint64 *out)
{
	const char *start = *p;

	for (*out = 0; g_ascii_isdigit (**p) && *p - start < 10; (*p)++)
		*out = *out * 10 + (guint64) (**p - '0');
	return *p > start && !g_ascii_isdigit (**p);
}

static void
skip_space (const char **p)
{
	while (g_ascii_isspace (**p))
		(*p)++;
}

/* Behind a comment, which begins with "%". */
static const char *
comment_end (const char *p, const char *end)
{
	while (p < end && *p != '\n' && *p != '\r')
		p++;
	return p;
}

/* Behind a literal string, which begins with "(" and may nest and escape (ISO 32000-1, 7.3.4.2). */
static const char *
string_end (const char *p, const char *end)
{
	int open = 0;

	for (; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '(')
			open++;
		else if (*p == ')' && --open == 0)
			return p + 1;
	}
	return end;
}

static gboolean
is_pair (const char *p, const char *end, char c)
{
	return p + 1 < end && p[0] == c && p[1] == c;
}

/* Behind the dictionary that starts with "<<" at p; NULL if it does not end. */
static const char *
dictionary_end (const char *p, const char *end)
{
	int depth = 0;

	while (p < end) {
		if (*p == '%') {
			p = comment_end (p, end);
		} else if (*p == '(') {
			p = string_end (p, end);
		} else if (is_pair (p, end, '<')) {
			depth++;
			p += 2;
		} else if (is_pair (p, end, '>')) {
			p += 2;
			if (--depth == 0)
				return p;
		} else {
			p++;
		}
	}
	return NULL;
}

/* The dictionary's text between "<<" and ">>"; NULL and an error if there is none at p.  Caller frees. */
static char *
read_dictionary (const Signing *s, const char *p, GError **error)
{
	const char *end = g_str_has_prefix (p, "<<") ? dictionary_end (p, s->text + s->n) : NULL;

	if (end == NULL) {
		pdf_fail (error, "a dictionary is missing or does not end");
		return NULL;
	}
	return g_strndup (p + 2, (gsize) (end - p) - 4);
}

/* The dictionary of an object, by the table. */
static char *
read_object (const Signing *s, guint number, GError **error)
{
	g_autofree char *head = g_strdup_printf ("%u 0 obj", number);
	const char *entry = s->text + s->table + (gsize) number * ENTRY, *p = entry;
	guint64 offset;

	if (number == 0 || number >= s->size || !read_number (&p, &offset) || offset >= s->xref || !g_str_has_prefix (p, " 00000 n")) {
		pdf_fail (error, "the cross-reference table does not fit");
		return NULL;
	}
	p = s->text + offset;
	if (!g_str_has_prefix (p, head)) {
		pdf_fail (error, "the cross-reference table points elsewhere");
		return NULL;
	}
	p += strlen (head);
	skip_space (&p);
	return read_dictionary (s, p, error);
}

/* "/Key 12 0 R", or "/Key [ 12 0 R …": the first reference. */
static gboolean
read_reference (const char *dictionary, const char *key, guint *out, GError **error)
{
	const char *p = strstr (dictionary, key);
	guint64 number;

	if (p != NULL && strstr (p + strlen (key), key) == NULL) {
		p += strlen (key);
		while (g_ascii_isspace (*p) || *p == '[')
			p++;
		if (read_number (&p, &number) && number < MAX_OBJECTS && g_str_has_prefix (p, " 0 R")) {
			*out = (guint) number;
			return TRUE;
		}
	}
	g_autofree char *said = g_strconcat ("no single reference ", key, NULL);
	return pdf_fail (error, said);
}

/* "startxref N %%EOF" at the end, and the table at N. */
static gboolean
read_table (Signing *s, GError **error)
{
	const gsize tail = MIN (s->n, TAIL);
	const char *p = memmem (s->text + s->n - tail, tail, "startxref", strlen ("startxref"));
	guint64 offset, first, count;

	if (p == NULL)
		return pdf_fail (error, "no startxref at the end");
	p += strlen ("startxref");
	skip_space (&p);
	if (!read_number (&p, &offset) || offset >= s->n)
		return pdf_fail (error, "startxref points outside");
	skip_space (&p);
	if (!g_str_has_prefix (p, "%%EOF"))
		return pdf_fail (error, "no end mark");
	s->xref = offset;
	p = s->text + offset;
	if (!g_str_has_prefix (p, "xref"))
		return pdf_fail (error, "no cross-reference table");
	p += strlen ("xref");
	skip_space (&p);
	if (!read_number (&p, &first) || first != 0 || *p++ != ' ' || !read_number (&p, &count) || count > MAX_OBJECTS || *p++ != '\n')
		return pdf_fail (error, "the cross-reference table is not one whole table");
	s->table = (gsize) (p - s->text);
	s->size = (guint) count;
	return s->table + count * ENTRY < s->n || pdf_fail (error, "the cross-reference table is cut off");
}

static gboolean
read_trailer (Signing *s, GError **error)
{
	const char *p = s->text + s->table + (gsize) s->size * ENTRY;

	if (!g_str_has_prefix (p, "trailer"))
		return pdf_fail (error, "no trailer behind the table");
	p += strlen ("trailer");
	skip_space (&p);
	g_autofree char *trailer = read_dictionary (s, p, error);
	if (trailer == NULL)
		return FALSE;
	if (strstr (trailer, "/Prev") || strstr (trailer, "/Encrypt"))
		return pdf_fail (error, "not a PDF of one revision in the clear");
	return read_reference (trailer, "/Root", &s->root, error) && read_reference (trailer, "/Info", &s->info, error);
}

/* --- writing --------------------------------------------------------------------------------- */

/* A text string: UTF-16BE with its mark, in hexadecimal (ISO 32000-1, 7.9.2.2). */
static void
write_text (GString *out, const char *key, const char *text)
{
	glong n = 0;
	g_autofree gunichar2 *units = g_utf8_to_utf16 (text, -1, NULL, &n, NULL);

	g_string_append_printf (out, " %s <FEFF", key);
	for (glong i = 0; i < n; i++)
		g_string_append_printf (out, "%04X", units[i]);
	g_string_append (out, ">");
}

static void
write_time (GString *out, Micros now)
{
	char t[TIME_TEXT_SIZE];           /* 2026-04-03T02:00:00.000000Z */

	time_format_to (now, t);
	g_string_append_printf (out, " /M (D:%.4s%.2s%.2s%.2s%.2s%.2sZ)", t, t + 5, t + 8, t + 11, t + 14, t + 17);
}

#define RANGE_BLANK "[0 0000000000 0000000000 0000000000]"

/* *range and *contents: where the byte range and the hexadecimal digits of the signature go. */
static void
write_signature (Signing *s, const char *name, const char *reason, Micros now, gsize *range, gsize *contents)
{
	GString *out = s->out;
	g_autofree char *blank = g_strnfill (2 * ROOM, '0');

	s->offsets[0] = out->len;
	g_string_append_printf (out, "%u 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached", s->size);
	write_text (out, "/Name", name);
	write_text (out, "/Reason", reason);
	write_time (out, now);
	g_string_append (out, "\n/ByteRange ");
	*range = out->len;
	g_string_append (out, RANGE_BLANK "\n/Contents <");
	*contents = out->len;
	g_string_append (out, blank);
	g_string_append (out, "> >>\nendobj\n");
}

/* The field and its widget in one (12.5.6.19), on no visible area, printed and locked. */
static void
write_field (Signing *s)
{
	s->offsets[1] = s->out->len;
	g_string_append_printf (s->out, "%u 0 obj\n<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature1) /V %u 0 R /P %u 0 R"
		" /Rect [0 0 0 0] /F 132 >>\nendobj\n", s->size + 1, s->size, s->page);
}

static gboolean
write_again (Signing *s, guint index, guint number, const char *forbidden, const char *added, GError **error)
{
	g_autofree char *dictionary = read_object (s, number, error);

	if (dictionary == NULL)
		return FALSE;
	if (strstr (dictionary, forbidden) != NULL)
		return pdf_fail (error, "it has form fields already");
	s->offsets[index] = s->out->len;
	g_string_append_printf (s->out, "%u 0 obj\n<<%s%s>>\nendobj\n", number, dictionary, added);
	return TRUE;
}

static void
write_table (Signing *s)
{
	const guint numbers[4] = { s->size, s->size + 1, s->page, s->root };
	const gsize start = s->out->len;

	g_string_append (s->out, "xref\n");
	for (guint i = 0; i < 4; i++)
		g_string_append_printf (s->out, "%u 1\n%010" G_GSIZE_FORMAT " 00000 n \n", numbers[i], s->offsets[i]);
	g_string_append_printf (s->out, "trailer\n<< /Size %u /Root %u 0 R /Info %u 0 R /Prev %" G_GSIZE_FORMAT " >>\nstartxref\n%" G_GSIZE_FORMAT
		"\n%%%%EOF\n", s->size + 2, s->root, s->info, s->xref, start);
}

static gboolean
write_update (Signing *s, GError **error)
{
	g_autofree char *fields = g_strdup_printf ("   /AcroForm << /Fields [ %u 0 R ] /SigFlags 3 >>\n   /Version /1.7\n", s->size + 1);
	g_autofree char *annotations = g_strdup_printf ("   /Annots [ %u 0 R ]\n", s->size + 1);

	write_field (s);
	if (!write_again (s, 2, s->page, "/Annots", annotations, error) || !write_again (s, 3, s->root, "/AcroForm", fields, error))
		return FALSE;
	write_table (s);
	return TRUE;
}

static gboolean
find_first_page (Signing *s, GError **error)
{
	guint pages;
	g_autofree char *catalog = read_object (s, s->root, error);

	if (catalog == NULL || !read_reference (catalog, "/Pages", &pages, error))
		return FALSE;
	g_autofree char *tree = read_object (s, pages, error);
	if (tree == NULL || !read_reference (tree, "/Kids", &s->page, error))
		return FALSE;
	g_autofree char *page = read_object (s, s->page, error);
	if (page == NULL)
		return FALSE;
	return strstr (page, "/Contents") != NULL || pdf_fail (error, "the first page is not one");
}

/* Fills the byte range, has what it covers signed, and puts the signature into its place. */
static gboolean
put_signature (Signing *s, gsize range, gsize contents, PdfSignFn sign, gpointer user, GError **error)
{
	const gsize before = contents - 1, after = contents + 2 * ROOM + 1;      /* the angle brackets are outside too */
	g_autofree char *numbers = g_strdup_printf ("[0 %" G_GSIZE_FORMAT " %" G_GSIZE_FORMAT " %" G_GSIZE_FORMAT "]", before, after, s->out->len - after);

	memset (s->out->str + range, ' ', strlen (RANGE_BLANK));
	memcpy (s->out->str + range, numbers, strlen (numbers));
	g_autoptr (GByteArray) covered = g_byte_array_new ();
	g_byte_array_append (covered, (const guint8 *) s->out->str, (guint) before);
	g_byte_array_append (covered, (const guint8 *) s->out->str + after, (guint) (s->out->len - after));
	g_autoptr (GBytes) cms = sign (covered->data, covered->len, user, error);
	if (cms == NULL)
		return FALSE;
	gsize n;
	const guint8 *bytes = g_bytes_get_data (cms, &n);
	if (n > ROOM)
		return pdf_fail (error, "the signature is longer than its place");
	g_autofree char *hex = hex_encode (bytes, n);
	memcpy (s->out->str + contents, hex, 2 * n);
	return TRUE;
}

GBytes *
pdf_sign (GBytes *pdf, const char *name, const char *reason, Micros now, PdfSignFn sign, gpointer user, GError **error)
{
	gsize n, range, contents;
	const char *bytes = g_bytes_get_data (pdf, &n);
	g_autofree char *text = g_strndup ("", n + ENTRY);      /* room to read a table's entry that is cut off */
	g_autoptr (GString) out = g_string_new_len (bytes, (gssize) n);
	Signing s = { .text = memcpy (text, bytes, n), .n = n, .out = out };

	if (!read_table (&s, error) || !read_trailer (&s, error) || !find_first_page (&s, error))
		return NULL;
	write_signature (&s, name, reason, now, &range, &contents);
	if (!write_update (&s, error) || !put_signature (&s, range, contents, sign, user, error))
		return NULL;
	return g_bytes_new (out->str, out->len);
}
