/* protocol/routes.c — the table of protocol.h, and what the handlers ask of a request. */
#include <string.h>

#include "pki/tsp.h"
#include "protocol/internal.h"

gboolean
protocol_is_type (const Request *r, const char *type)
{
	const char *said = request_header (r, "Content-Type");
	gsize n = strlen (type);

	if (said == NULL || g_ascii_strncasecmp (said, type, n) != 0)
		return FALSE;
	said += n;
	said += strspn (said, " \t");
	return *said == '\0' || *said == ';';
}

gboolean
protocol_has (const Request *r, const char *etag)
{
	const char *tags = request_header (r, "If-None-Match");
	gsize n = strlen (etag);

	for (const char *p = tags != NULL ? tags : ""; *p != '\0';) {
		p += strspn (p, ", \t");
		if (*p == '*')
			return TRUE;
		if (g_str_has_prefix (p, "W/"))
			p += 2;
		if (strncmp (p, etag, n) == 0)
			return TRUE;
		p += strcspn (p, ",");
	}
	return FALSE;
}

static const struct {
	const char *method, *path;
	Handler handler;
	gsize body_limit;
	gboolean blocking;        /* waits for a signature or the database */
	Handler quick;            /* unless this has the answer */
} table[] = {
	{ "GET", "/pki/root/ca.cer", protocol_root_certificate, 0, FALSE, NULL },
	{ "GET", "/pki/{ca}/ca.cer", protocol_ca_certificate, 0, FALSE, NULL },
	{ "GET", "/pki/{ca}/root.cer", protocol_ca_root, 0, FALSE, NULL },
	{ "GET", "/pki/{ca}/chain.pem", protocol_ca_chain, 0, FALSE, NULL },
	{ "GET", "/pki/{ca}/root.crl", protocol_root_crl, 0, TRUE, NULL },
	{ "GET", "/pki/{ca}/full.crl", protocol_full_list, 0, FALSE, NULL },
	{ "GET", "/pki/{ca}/delta.crl", protocol_delta_list, 0, FALSE, NULL },
	{ "GET", "/pki/{ca}/shard/{file}", protocol_shard_list, 0, FALSE, NULL },
	{ "POST", "/pki/{ca}/ocsp", protocol_ocsp_post, OCSP_MAX_REQUEST, TRUE, protocol_ocsp_post_kept },
	{ "GET", "/pki/{ca}/ocsp/{request*}", protocol_ocsp_get, 0, TRUE, protocol_ocsp_get_kept },
	{ "POST", "/pki/tsa", protocol_stamp, TSP_MAX_REQUEST, TRUE, NULL },
	{ "GET", "/checkpoint", protocol_checkpoint, 0, FALSE, NULL },
	{ "GET", "/tile/{path*}", protocol_tile, 0, TRUE, NULL },
};

Route *
protocol_routes (const ProtocolContext *context, guint permission, gsize *n)
{
	Route *routes = g_new0 (Route, G_N_ELEMENTS (table));
	for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
		routes[i] = (Route) {
			.method = table[i].method, .path = table[i].path, .handler = table[i].handler,
			.body_limit = table[i].body_limit, .blocking = table[i].blocking, .quick = table[i].quick,
			.permission = permission, .data = (gpointer) context,
		};
	*n = G_N_ELEMENTS (table);
	return routes;
}
