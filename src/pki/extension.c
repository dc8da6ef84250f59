/* pki/extension.c — see extension.h. */
#include "pki/extension.h"

static gboolean
read_one (Der *in, Der *oid, gboolean *critical, Der *value)
{
	Der sequence;

	*critical = FALSE;
	if (!der_read (in, DER_SEQUENCE, &sequence) || !der_read_oid (&sequence, oid))
		return FALSE;
	/* DEFAULT FALSE is not written in DER (X.690 11.5). */
	if (der_is_next (&sequence, DER_BOOLEAN) && (!der_read_boolean (&sequence, critical) || !*critical))
		return FALSE;
	return der_read (&sequence, DER_OCTET_STRING, value) && sequence.n == 0;
}

gboolean
extensions_read (Der extensions, ExtensionFn fn, gpointer user)
{
	Der seen[EXTENSIONS_MAX], list, oid, value;
	gsize n = 0;
	gboolean critical;

	if (!der_read (&extensions, DER_SEQUENCE, &list) || extensions.n != 0 || list.n == 0)
		return FALSE;
	while (list.n > 0) {
		if (n == EXTENSIONS_MAX || !read_one (&list, &oid, &critical, &value))
			return FALSE;
		for (gsize i = 0; i < n; i++) {
			if (der_equal (seen[i], oid))
				return FALSE;
		}
		seen[n++] = oid;
		if (!fn (oid, critical, value, user))
			return FALSE;
	}
	return TRUE;
}

ExtensionAt
extension_open (GByteArray *w, Der oid, gboolean critical)
{
	ExtensionAt at;

	at.extension = der_open (w, DER_SEQUENCE);
	der_put_oid (w, oid);
	if (critical)
		der_put_boolean (w, TRUE);
	at.value = der_open (w, DER_OCTET_STRING);
	return at;
}

void
extension_close (GByteArray *w, ExtensionAt at)
{
	der_close (w, at.value);
	der_close (w, at.extension);
}
