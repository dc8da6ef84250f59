/* pki/pem.c — textual encoding, RFC 7468: strict about the block, lenient about text before it. */
#include "pki/pki_private.h"

#include <openssl/crypto.h>

#include "base/json.h"

#define LINE 64

static const char *
find (const char *text, gsize n, const char *what)
{
	return memmem (text, n, what, strlen (what));
}

/* BEGIN and END lines of label; FALSE unless there is one of each, the END after the BEGIN. */
static gboolean
find_block (const char *text, gsize n, const char *label, Der *body, gsize *end)
{
	g_autofree char *begin = g_strdup_printf ("-----BEGIN %s-----", label);
	g_autofree char *finish = g_strdup_printf ("-----END %s-----", label);
	const char *from = find (text, n, begin);

	if (from == NULL || (from != text && from[-1] != '\n'))
		return FALSE;
	from += strlen (begin);
	const char *to = find (from, n - (gsize) (from - text), finish);
	if (to == NULL)
		return FALSE;
	*body = (Der) { (const guint8 *) from, (gsize) (to - from) };
	*end = (gsize) (to - text) + strlen (finish);
	return TRUE;
}

static GBytes *
decode_body (Der body)
{
	g_autofree char *packed = g_malloc (body.n + 1);
	gsize n = 0;

	for (gsize i = 0; i < body.n; i++) {
		if (!g_ascii_isspace (body.p[i]))
			packed[n++] = (char) body.p[i];
	}
	GBytes *der = base64_decode_strict (packed, n, NULL);
	OPENSSL_cleanse (packed, n);      /* may be a private key */
	return der;
}

gboolean
pem_next (const char *text, gsize n, const char *label, gsize *from, GBytes **der)
{
	Der body;
	gsize end;

	*der = NULL;
	if (!find_block (text + *from, n - *from, label, &body, &end))
		return FALSE;
	*from += end;
	*der = decode_body (body);
	return *der != NULL;
}

static gboolean
only_space (const char *text, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		if (!g_ascii_isspace (text[i]))
			return FALSE;
	}
	return TRUE;
}

GBytes *
pem_decode (const char *text, gsize n, gsize max_der, const char *const *labels, guint *which)
{
	for (guint i = 0; labels[i] != NULL; i++) {
		Der body;
		gsize end;
		if (!find_block (text, n, labels[i], &body, &end))
			continue;
		if (!only_space (text + end, n - end) || body.n > max_der * 3)
			return NULL;
		g_autoptr (GBytes) der = decode_body (body);
		if (der == NULL || g_bytes_get_size (der) > max_der)
			return NULL;
		if (which != NULL)
			*which = i;
		return g_steal_pointer (&der);
	}
	return NULL;
}

char *
pem_encode (const char *label, gconstpointer der, gsize n)
{
	g_autofree char *base64 = g_base64_encode (der, n);
	/* Sized at once: growing would leave copies behind. */
	GString *out = g_string_sized_new (strlen (base64) * 66 / 64 + 2 * strlen (label) + 64);

	g_string_append_printf (out, "-----BEGIN %s-----\n", label);
	for (const char *p = base64; *p != '\0'; p += strnlen (p, LINE)) {
		g_string_append_len (out, p, (gssize) strnlen (p, LINE));
		g_string_append_c (out, '\n');
	}
	g_string_append_printf (out, "-----END %s-----\n", label);
	OPENSSL_cleanse (base64, strlen (base64));
	return g_string_free (out, FALSE);
}

typedef struct {
	gsize n;
	guint8 p[];
} Secret;

static void
secret_free (gpointer data)
{
	Secret *s = data;

	OPENSSL_cleanse (s->p, s->n);
	g_free (s);
}

GBytes *
secret_bytes_new (gsize n)
{
	Secret *s = g_malloc0 (sizeof *s + n);

	s->n = n;
	return g_bytes_new_with_free_func (s->p, n, secret_free, s);
}

GBytes *
secret_bytes (gconstpointer p, gsize n)
{
	GBytes *bytes = secret_bytes_new (n);

	if (n > 0)
		memcpy ((gpointer) g_bytes_get_data (bytes, NULL), p, n);
	return bytes;
}
