/* net/guard.c — see guard.h. */
#include "net/guard.h"
#include "base/error.h"

#include <string.h>

/* From 0.9.77 on libmicrohttpd refuses folding, bare LF and blanks itself at a strict level and
 * rewrites lines in place, so that the layout check below is neither needed nor possible. */
#define HAVE_RAW_LINES (MHD_VERSION < 0x00097700)

typedef struct {
	const char *name, *value;
	gsize name_n, value_n;
} RawField;

typedef struct {
	RawField field[REQUEST_MAX_HEADERS];
	guint n;
	gsize text_n;
	gboolean overflow;
} RawHeader;

static gboolean
is_token_char (char c)
{
	return g_ascii_isalnum (c) || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

static gboolean
is_token (const char *text, gsize n)
{
	for (gsize i = 0; i < n; i++)
		if (!is_token_char (text[i]))
			return FALSE;
	return n > 0;
}

gboolean
guard_is_token (const char *text)
{
	return is_token (text, strlen (text));
}

/* RFC 9110 5.5: no CR, LF, NUL or other controls in a value; a bare CR inside a line ends up here. */
static gboolean
is_field_value (const char *text, gsize n)
{
	for (gsize i = 0; i < n; i++)
		if (((guchar) text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
			return FALSE;
	return TRUE;
}

static enum MHD_Result
collect (void *user, enum MHD_ValueKind kind G_GNUC_UNUSED, const char *name, size_t name_n, const char *value, size_t value_n)
{
	RawHeader *raw = user;
	if (raw->n == REQUEST_MAX_HEADERS) {
		raw->overflow = TRUE;
		return MHD_NO;
	}
	raw->field[raw->n++] = (RawField) { name, value != NULL ? value : "", name_n, value_n };
	raw->text_n += name_n + value_n + 2;
	return MHD_YES;
}

#if HAVE_RAW_LINES
/* MHD cuts the header in place, so the fields must still lie as a well-formed header lays them:
 * name, one NUL for the colon, blanks, value, two NULs for CRLF, next name.  A folded line, a bare
 * LF or a byte that no field accounts for breaks the chain.  Pointers are compared, nothing is read
 * outside the fields. */
static gboolean
lines_are_plain (Request *r, const RawHeader *raw, const char *method, const char *version, const char *url)
{
	const union MHD_ConnectionInfo *size = MHD_get_connection_info (r->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	guintptr at = (guintptr) method + strlen (method) + 1;
	if (size == NULL || (guintptr) url != at)
		return FALSE;
	at += strlen (r->target) + 1;
	if ((guintptr) version != at)
		return FALSE;
	at += strlen (version) + 2;
	for (guint i = 0; i < raw->n; i++) {
		const RawField *f = &raw->field[i];
		guintptr after_colon = (guintptr) f->name + f->name_n + 1;
		if ((guintptr) f->name != at || (guintptr) f->value < after_colon)
			return FALSE;
		for (const char *p = (const char *) after_colon; p < f->value; p++)
			if (*p != ' ' && *p != '\t')
				return FALSE;
		at = (guintptr) f->value + f->value_n + 2;
	}
	return at + 2 == (guintptr) method + size->header_size;
}
#else
static gboolean
lines_are_plain (Request *r G_GNUC_UNUSED, const RawHeader *raw G_GNUC_UNUSED, const char *method G_GNUC_UNUSED,
                 const char *version G_GNUC_UNUSED, const char *url G_GNUC_UNUSED)
{
	return TRUE;
}
#endif

static gboolean
check_request_line (const Request *r, const char *method, const char *version, GError **error)
{
	if (!guard_is_token (method))
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "the method is not a token");
	if (strcmp (version, "HTTP/1.1") != 0 && strcmp (version, "HTTP/1.0") != 0)
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "only HTTP/1.1 and HTTP/1.0 are spoken here");
	if (r->target[0] != '/')
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "the request target must start with a slash");
	for (const char *p = r->target; *p != '\0'; p++)
		if ((guchar) *p <= 0x20 || (guchar) *p >= 0x7f || strchr ("#<>\"\\^`{|}", *p) != NULL)
			return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "a character of the request target must be percent-encoded");
	return TRUE;
}

static gboolean
check_fields (const RawHeader *raw, GError **error)
{
	if (raw->overflow)
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "more than %d header fields", REQUEST_MAX_HEADERS);
	for (guint i = 0; i < raw->n; i++) {
		const RawField *f = &raw->field[i];
		if (!is_token (f->name, f->name_n))
			return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "a header field name is not a token");
		if (!is_field_value (f->value, f->value_n))
			return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "a header field value holds a control character");
	}
	return TRUE;
}

static void
copy_fields (Request *r, const RawHeader *raw, const char *method)
{
	gsize method_n = strlen (method) + 1;
	char *to = r->text = g_malloc (method_n + raw->text_n);
	r->method = memcpy (to, method, method_n);
	to += method_n;
	for (guint i = 0; i < raw->n; i++) {
		const RawField *f = &raw->field[i];
		gsize value_n = f->value_n;
		while (value_n > 0 && (f->value[value_n - 1] == ' ' || f->value[value_n - 1] == '\t'))
			value_n--;                        /* trailing blanks are not part of a value */
		NameValue *copy = &r->header[r->headers_n++];
		copy->name = memcpy (to, f->name, f->name_n);
		to[f->name_n] = '\0';
		to += f->name_n + 1;
		copy->value = memcpy (to, f->value, value_n);
		to[value_n] = '\0';
		to += value_n + 1;
	}
}

/* The only field of that name, or NULL; *n counts them. */
static const char *
sole_field (const Request *r, const char *name, guint *n)
{
	const char *value = NULL;
	*n = 0;
	for (guint i = 0; i < r->headers_n; i++) {
		if (g_ascii_strcasecmp (r->header[i].name, name) == 0) {
			value = r->header[i].value;
			++*n;
		}
	}
	return value;
}

static gboolean
check_host (const Request *r, GError **error)
{
	guint n;
	const char *host = sole_field (r, "Host", &n);
	if (n != 1)
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "exactly one Host field is needed, there are %u", n);
	for (const char *p = host; *p != '\0'; p++)
		if (!g_ascii_isalnum (*p) && strchr (".-_:[]", *p) == NULL)
			return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "the Host field is malformed");
	return TRUE;
}

static gboolean
read_length (Request *r, const char *text, GError **error)
{
	gsize n = strlen (text);
	if (n == 0 || n > 15 || strspn (text, "0123456789") != n)
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "the Content-Length is not a plain number");
	r->declared = g_ascii_strtoll (text, NULL, 10);
	r->expects_body = r->declared > 0;
	return TRUE;
}

/* RFC 9112 6.3: with both, or with anything but "chunked", where the body ends is a matter of opinion. */
static gboolean
read_framing (Request *r, const char *version, GError **error)
{
	guint lengths, codings, expects;
	const char *length = sole_field (r, "Content-Length", &lengths);
	const char *coding = sole_field (r, "Transfer-Encoding", &codings);
	const char *expect = sole_field (r, "Expect", &expects);
	if (lengths > 1)
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "more than one Content-Length");
	if (codings > 0 && lengths > 0)
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "Content-Length together with Transfer-Encoding");
	if (codings > 1 || (codings == 1 && g_ascii_strcasecmp (coding, "chunked") != 0))
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "the only Transfer-Encoding known here is chunked");
	if (codings == 1 && strcmp (version, "HTTP/1.1") != 0)
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "HTTP/1.0 knows no Transfer-Encoding");
	if (expects > 1 || (expects == 1 && g_ascii_strcasecmp (expect, "100-continue") != 0))
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "the only Expect known here is 100-continue");
	if (codings == 1) {
		r->declared = -1;
		r->expects_body = TRUE;
		return TRUE;
	}
	return length == NULL || read_length (r, length, error);
}

gboolean
guard_read (Request *r, const char *method, const char *version, const char *url, GError **error)
{
	RawHeader raw;
	raw.n = 0;
	raw.text_n = 0;
	raw.overflow = FALSE;
	MHD_get_connection_values_n (r->mhd, MHD_HEADER_KIND, collect, &raw);
	copy_fields (r, &raw, method);
	if (!check_request_line (r, method, version, error) || !check_fields (&raw, error))
		return FALSE;
	if (!lines_are_plain (r, &raw, method, version, url))
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "folded header lines, bare line feeds and stray blanks are refused");
	return check_host (r, error) && read_framing (r, version, error);
}

gboolean
guard_end (Request *r, GError **error)
{
	if (r->declared >= 0 || MHD_get_connection_values (r->mhd, MHD_FOOTER_KIND, NULL, NULL) == 0)
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "trailer fields are refused");
}
