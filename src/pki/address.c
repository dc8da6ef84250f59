/* pki/address.c — where a certificate says that its issuer's list and certificate are (RFC 5280 4.2.1.13, 4.2.2.1). */
#include "pki/certificate_private.h"
#include "pki/extension.h"
#include "pki/pki_private.h"

#define URI_NAME DER_CONTEXT (6)
#define ADDRESSES_MAX 8

/* Web addresses in plain characters only: they are printed for people, and are whatever the certificate's maker wrote. */
static void
take_address (GPtrArray *out, Der uri)
{
	gboolean web = (uri.n > 7 && memcmp (uri.p, "http://", 7) == 0) || (uri.n > 8 && memcmp (uri.p, "https://", 8) == 0);

	for (gsize i = 0; web && i < uri.n; i++)
		web = uri.p[i] > 0x20 && uri.p[i] < 0x7f;
	if (web && out->len < ADDRESSES_MAX)
		g_ptr_array_add (out, g_strndup ((const char *) uri.p, uri.n));
}

static void
read_points (GPtrArray *out, Der points)
{
	Der point, name, full, uri;
	guint8 tag;

	while (der_read (&points, DER_SEQUENCE, &point)) {
		if (!der_read (&point, DER_CONTEXT_CONSTRUCTED (0), &name) || !der_read (&name, DER_CONTEXT_CONSTRUCTED (0), &full))
			continue;
		while (der_next (&full, &tag, &uri)) {
			if (tag == URI_NAME)
				take_address (out, uri);
		}
	}
}

static gboolean
read_access (Der oid, G_GNUC_UNUSED gboolean critical, Der value, gpointer user)
{
	Der list, one, method, uri;

	if (!der_equal (oid, DER_LITERAL (OID_AUTHORITY_INFORMATION_ACCESS)) || !der_check (value.p, value.n) || !der_read (&value, DER_SEQUENCE, &list))
		return TRUE;
	while (der_read (&list, DER_SEQUENCE, &one)) {
		if (der_read_oid (&one, &method) && der_equal (method, DER_LITERAL (OID_AD_CA_ISSUERS)) && der_read (&one, URI_NAME, &uri))
			take_address (user, uri);
	}
	return TRUE;
}

char **
certificate_addresses (const Certificate *c, CertificateAddress which)
{
	g_autoptr (GPtrArray) out = g_ptr_array_new ();

	if (which == ADDRESS_LIST)
		read_points (out, c->distribution_points);
	else if (c->extensions.n > 0)
		extensions_read (c->extensions, read_access, out);
	g_ptr_array_add (out, NULL);
	return (char **) g_ptr_array_free (g_steal_pointer (&out), FALSE);
}
