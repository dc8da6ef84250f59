/* protocol/ocsp.c — OCSP over HTTP, RFC 6960 appendix A: POST, and GET with the request in the path. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "protocol/internal.h"

typedef GBytes *(*AnswerFn) (Authority *authority, gconstpointer der, gsize n, GError **error);

/* NULL from the function without an error: it has no answer, and nothing has happened. */
static Response *
answer (Request *r, AnswerFn fn, gconstpointer der, gsize n)
{
	const ProtocolContext *context = protocol_context (r);
	g_autoptr (GError) error = NULL;
	Micros begin = clock_monotonic ();
	g_autoptr (GBytes) response = fn (context->authority, der, n, &error);
	if (response == NULL && error == NULL)
		return NULL;
	metrics_observe (context->metrics, "ca_ocsp_response_seconds", "Time to answer an OCSP request", NULL, clock_monotonic () - begin);
	metrics_add (context->metrics, "ca_ocsp_responses_total", "OCSP answers", response != NULL ? "result=\"answered\"" : "result=\"failed\"", 1);
	if (response == NULL)
		return response_problem (r, error, NULL);
	return response_bytes (200, "application/ocsp-response", response);
}

static GBytes *
kept (Authority *authority, gconstpointer der, gsize n, GError **error)
{
	(void) error;
	return ocsp_answer_kept (authority, der, n);
}

static gboolean
is_ocsp_request (const Request *r)
{
	const char *type = request_header (r, "Content-Type");
	return type != NULL && g_ascii_strcasecmp (type, "application/ocsp-request") == 0;
}

static Response *
answer_post (Request *r, AnswerFn fn)
{
	gsize n;
	gconstpointer der = g_bytes_get_data (request_body (r), &n);
	return answer (r, fn, der, n);
}

Response *
protocol_ocsp_post (Request *r)
{
	if (!is_ocsp_request (r)) {
		g_autoptr (GError) error = NULL;
		diqi_error_set (&error, DIQI_ERROR_MEDIA_TYPE, NULL, "an OCSP request is application/ocsp-request");
		return response_problem (r, error, NULL);
	}
	return answer_post (r, ocsp_answer);
}

Response *
protocol_ocsp_post_kept (Request *r)
{
	return is_ocsp_request (r) ? answer_post (r, kept) : NULL;
}

/* Standard base64; the router has undone the percent-encoding.  Some clients leave "/" as it is,
 * which is why the route takes the rest of the path. */
static Response *
answer_get (Request *r, AnswerFn fn)
{
	const char *text = request_param (r, "request");
	g_autoptr (GBytes) der = base64_decode_strict (text, strlen (text), NULL);
	gsize n = 0;
	gconstpointer p = der != NULL ? g_bytes_get_data (der, &n) : "";
	return answer (r, fn, p, n);
}

Response *
protocol_ocsp_get (Request *r)
{
	return answer_get (r, ocsp_answer);
}

Response *
protocol_ocsp_get_kept (Request *r)
{
	return answer_get (r, kept);
}
