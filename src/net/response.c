/* net/response.c — replies: what handlers build, and how it becomes MHD's. */
#include "base/error.h"
#include "base/log.h"
#include "net/guard.h"
#include "net/server_private.h"

#include <string.h>

/* Every reply carries these unless the handler said otherwise. */
static const struct {
	const char *name, *value;
} default_headers[] = {
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'" },
	{ "Cache-Control", "no-store" },
};

Response *
response_bytes (guint status, const char *content_type, GBytes *body)
{
	Response *response = g_new0 (Response, 1);
	response->status = status;
	response->headers = g_ptr_array_new_with_free_func (g_free);
	response->body = g_bytes_ref (body);
	if (content_type != NULL)
		response_header (response, "Content-Type", content_type);
	return response;
}

Response *
response_new (guint status, const char *content_type, gconstpointer body, gsize n)
{
	g_autoptr (GBytes) bytes = g_bytes_new (body, n);
	return response_bytes (status, content_type, bytes);
}

Response *
response_json (guint status, const json_t *body)
{
	char *text = json_dumps (body, JSON_COMPACT | JSON_ENCODE_ANY);
	g_assert (text != NULL);
	g_autoptr (GBytes) bytes = g_bytes_new_with_free_func (text, strlen (text), free, text);
	return response_bytes (status, "application/json", bytes);
}

Response *
response_empty (guint status)
{
	return response_new (status, NULL, "", 0);
}

guint
response_status (const Response *response)
{
	return response->status;
}

GBytes *
response_body (const Response *response)
{
	return response->stream != NULL ? NULL : response->body;
}

void
response_free (Response *response)
{
	if (response == NULL)
		return;
	if (response->stream != NULL)
		stream_client_free (response->stream);
	g_ptr_array_unref (response->headers);
	g_bytes_unref (response->body);
	g_free (response);
}

static const char *
find_header (const Response *response, const char *name)
{
	for (guint i = 0; i < response->headers->len; i += 2)
		if (g_ascii_strcasecmp (response->headers->pdata[i], name) == 0)
			return response->headers->pdata[i + 1];
	return NULL;
}

static gboolean
is_one_line (const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if (((guchar) *p < 0x20 && *p != '\t') || *p == 0x7f)
			return FALSE;
	return TRUE;
}

/* These repeat; any other header given twice is set anew. */
static gboolean
may_repeat (const char *name)
{
	return g_ascii_strcasecmp (name, "Set-Cookie") == 0 || g_ascii_strcasecmp (name, "Link") == 0;
}

/* Framing belongs to the server: a second opinion in the reply would be response splitting. */
static gboolean
is_reserved (const char *name)
{
	static const char *const reserved[] = { "Content-Length", "Transfer-Encoding", "Date", "Trailer", "Upgrade" };
	for (guint i = 0; i < G_N_ELEMENTS (reserved); i++)
		if (g_ascii_strcasecmp (name, reserved[i]) == 0)
			return TRUE;
	return FALSE;
}

void
response_header (Response *response, const char *name, const char *value)
{
	if (!guard_is_token (name) || !is_one_line (value) || is_reserved (name)) {
		response->broken = TRUE;
		return;
	}
	for (guint i = 0; !may_repeat (name) && i < response->headers->len; i += 2) {
		if (g_ascii_strcasecmp (response->headers->pdata[i], name) == 0) {
			g_free (response->headers->pdata[i + 1]);
			response->headers->pdata[i + 1] = g_strdup (value);
			return;
		}
	}
	g_ptr_array_add (response->headers, g_strdup (name));
	g_ptr_array_add (response->headers, g_strdup (value));
}

static void
add_defaults (Response *response, const Request *r)
{
	for (guint i = 0; i < G_N_ELEMENTS (default_headers); i++)
		if (find_header (response, default_headers[i].name) == NULL)
			response_header (response, default_headers[i].name, default_headers[i].value);
	response_header (response, "X-Request-Id", r->id);
	if (r->close || g_atomic_int_get (&r->server->stopping))
		response_header (response, "Connection", "close");
}

static void
unref_body (void *body)
{
	g_bytes_unref (body);
}

struct MHD_Response *
response_to_mhd (Response *response, const Request *r)
{
	struct MHD_Response *out;
	gsize n;
	add_defaults (response, r);
	if (response->stream != NULL) {
		out = stream_client_response (g_steal_pointer (&response->stream));
	} else {
		gconstpointer body = g_bytes_get_data (response->body, &n);
		out = MHD_create_response_from_buffer_with_free_callback_cls (n, (void *) (body != NULL ? body : ""), unref_body,
		                                                              g_bytes_ref (response->body));
	}
	g_assert (out != NULL);
	for (guint i = 0; i < response->headers->len; i += 2)
		MHD_add_response_header (out, response->headers->pdata[i], response->headers->pdata[i + 1]);
	return out;
}

GBytes *
response_to_wire (Response *response, const Request *r)
{
	gsize n;
	gconstpointer body = g_bytes_get_data (response->body, &n);
	GString *out = g_string_new (NULL);
	add_defaults (response, r);
	g_string_append_printf (out, "HTTP/1.1 %u %s\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n", response->status,
	                        MHD_get_reason_phrase_for (response->status), n);
	for (guint i = 0; i < response->headers->len; i += 2)
		g_string_append_printf (out, "%s: %s\r\n", (char *) response->headers->pdata[i], (char *) response->headers->pdata[i + 1]);
	g_string_append (out, "\r\n");
	g_string_append_len (out, body, (gssize) n);
	return g_string_free_to_bytes (out);
}
