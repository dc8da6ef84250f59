/* protocol/tsa.c — time stamps over HTTP (RFC 3161 3.4): POST of a query, a reply whatever it says. */
#include "base/error.h"
#include "pki/tsp.h"
#include "protocol/internal.h"

static void
count (const ProtocolContext *context, Micros begin, const char *result)
{
	metrics_observe (context->metrics, "ca_stamp_seconds", "Time to answer a time-stamp query", NULL, clock_monotonic () - begin);
	metrics_add (context->metrics, "ca_stamps_total", "Time-stamp queries answered", result, 1);
}

static Response *
reply (const ProtocolContext *context, GBytes *der, Micros begin, const char *result)
{
	count (context, begin, result);
	Response *response = response_bytes (200, "application/timestamp-reply", der);
	response_header (response, "Cache-Control", "no-store");
	return response;
}

Response *
protocol_stamp (Request *r)
{
	const ProtocolContext *context = protocol_context (r);
	g_autoptr (GError) error = NULL;
	Micros begin = clock_monotonic ();
	TspRequest request;
	TspFailure failure;
	const char *why;
	gsize n;
	gconstpointer der = g_bytes_get_data (request_body (r), &n);

	if (!protocol_is_type (r, "application/timestamp-query")) {
		diqi_error_set (&error, DIQI_ERROR_MEDIA_TYPE, NULL, "a time-stamp query is application/timestamp-query");
		return response_problem (r, error, NULL);
	}
	/* What is no query need not trouble the signer, which reads it again for itself. */
	if (!tsp_request_parse (der, n, &request, &failure, &why)) {
		g_autoptr (GBytes) refusal = tsp_failure (failure, why);
		return reply (context, refusal, begin, "result=\"refused\"");
	}
	g_autoptr (GBytes) answered = signer_stamp (context->signer, request_body (r), &error);
	if (answered != NULL)
		return reply (context, answered, begin, tsp_is_granted (answered) ? "result=\"answered\"" : "result=\"refused\"");
	count (context, begin, "result=\"failed\"");
	return response_problem (r, error, NULL);
}
