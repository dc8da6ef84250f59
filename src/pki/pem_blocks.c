/* pki/pem_blocks.c — files with several certificates or lists, as people keep chains: DER, or PEM blocks one after another. */
#include "pki/pki_private.h"

#define CERTIFICATE_LABEL "CERTIFICATE"
#define LIST_LABEL "X509 CRL"

/* All blocks of label, in order: GBytes *. */
static GPtrArray *
blocks_read (GBytes *file, const char *label, gsize max_der, gsize most, GError **error)
{
	g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	gsize n, from = 0;
	const char *text = g_bytes_get_data (file, &n);
	GBytes *der;

	if (n == 0) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE, NULL, "an empty file");
		return NULL;
	}
	if ((guint8) text[0] == DER_SEQUENCE) {
		g_ptr_array_add (out, g_bytes_ref (file));
		return g_steal_pointer (&out);
	}
	while (pem_next (text, n, label, &from, &der)) {
		g_ptr_array_add (out, der);
		if (out->len > most || g_bytes_get_size (der) > max_der) {
			diqi_error_set (error, DIQI_ERROR_TOO_LARGE, NULL, "over %zu blocks, or one of over %zu bytes", most, max_der);
			return NULL;
		}
	}
	g_autofree char *begin = g_strdup_printf ("-----BEGIN %s-----", label);
	if (out->len == 0 || memmem (text + from, n - from, begin, strlen (begin)) != NULL) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE, NULL, "neither DER nor whole PEM blocks of \"%s\"", label);
		return NULL;
	}
	return g_steal_pointer (&out);
}

GPtrArray *
certificates_read (GBytes *file, gsize most, GError **error)
{
	g_autoptr (GPtrArray) blocks = blocks_read (file, CERTIFICATE_LABEL, CERTIFICATE_MAX_DER, most, error);
	g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);

	for (guint i = 0; blocks != NULL && i < blocks->len; i++) {
		GBytes *der = blocks->pdata[i];
		Certificate *c = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error);
		if (c == NULL)
			return NULL;
		g_ptr_array_add (out, c);
	}
	return blocks != NULL ? g_steal_pointer (&out) : NULL;
}

GPtrArray *
lists_read (GBytes *file, gsize most, GError **error)
{
	return blocks_read (file, LIST_LABEL, CRL_MAX_DER, most, error);
}
