/* protocol/ocsp.c — OCSP over HTTP, RFC 6960 appendix A: POST, and GET with the request in the path, which HTTP caches may keep (RFC 5019 5, 6). */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "protocol/internal.h"

/* A cache may say "good" for this long after a revocation; software that obeys nextUpdate alone, for ten minutes. */
#define CACHE_CONTROL "max-age=30, public, no-transform, must-revalidate"

typedef OcspAnswer *(*AnswerFn) (Authority *authority, const SignerCa *ca, gconstpointer der, gsize n);

static Response *
cacheable (const Request *r, const OcspAnswer *said)
{
	Response *response = protocol_has (r, said->etag) ? response_empty (304) : response_bytes (200, "application/ocsp-response", said->der);

	response_header (response, "Cache-Control", CACHE_CONTROL);
	response_header (response, "ETag", said->etag);
	response_header (response, "Last-Modified", said->last_modified);
	response_header (response, "Expires", said->expires);
	return response;
}

static Response *
respond (const Request *r, const OcspAnswer *said, gboolean get)
{
	if (get && said->etag[0] != '\0')
		return cacheable (r, said);
	Response *response = response_bytes (200, "application/ocsp-response", said->der);
	if (get)
		response_header (response, "Cache-Control", "no-store");
	return response;
}

/* NULL: the function has no answer, and nothing has happened. */
static Response *
answer (Request *r, AnswerFn fn, gconstpointer der, gsize n, gboolean get)
{
	const ProtocolContext *context = protocol_context (r);
	Micros begin = clock_monotonic ();
	const SignerCa *ca = signer_site_ca (authority_site (context->authority), request_param (r, "ca"));

	if (ca == NULL) {
		g_autoptr (GError) error = NULL;
		diqi_error_set (&error, DIQI_ERROR_NOT_FOUND, NULL, "no CA of this name");
		return response_problem (r, error, NULL);
	}
	g_autoptr (OcspAnswer) said = fn (context->authority, ca, der, n);
	if (said == NULL)
		return NULL;
	metrics_observe (context->metrics, "ca_ocsp_response_seconds", "Time to answer an OCSP request", NULL, clock_monotonic () - begin);
	g_autofree char *label = g_strdup_printf ("result=\"%s\"", said->result);
	metrics_add (context->metrics, "ca_ocsp_responses_total", "OCSP answers", label, 1);
	return respond (r, said, get);
}

#define REQUEST_TYPE "application/ocsp-request"

static Response *
answer_post (Request *r, AnswerFn fn)
{
	gsize n;
	gconstpointer der = g_bytes_get_data (request_body (r), &n);
	return answer (r, fn, der, n, FALSE);
}

Response *
protocol_ocsp_post (Request *r)
{
	if (!protocol_is_type (r, REQUEST_TYPE)) {
		g_autoptr (GError) error = NULL;
		diqi_error_set (&error, DIQI_ERROR_MEDIA_TYPE, NULL, "an OCSP request is " REQUEST_TYPE);
		return response_problem (r, error, NULL);
	}
	return answer_post (r, ocsp_answer);
}

Response *
protocol_ocsp_post_kept (Request *r)
{
	return protocol_is_type (r, REQUEST_TYPE) ? answer_post (r, ocsp_answer_kept) : NULL;
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
	return answer (r, fn, p, n, TRUE);
}

Response *
protocol_ocsp_get (Request *r)
{
	return answer_get (r, ocsp_answer);
}

Response *
protocol_ocsp_get_kept (Request *r)
{
	return answer_get (r, ocsp_answer_kept);
}
