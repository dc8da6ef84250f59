/* net/problem.c — errors as RFC 9457 problem replies. */
#include "base/error.h"
#include "base/log.h"
#include "net/server_private.h"

static const guint status_of_kind[] = {
	[ERROR_KIND_INVALID] = 400,
	[ERROR_KIND_UNAUTHORIZED] = 401,
	[ERROR_KIND_FORBIDDEN] = 403,
	[ERROR_KIND_NOT_FOUND] = 404,
	[ERROR_KIND_CONFLICT] = 409,
	[ERROR_KIND_STALE] = 412,
	[ERROR_KIND_TOO_LARGE] = 413,
	[ERROR_KIND_MEDIA_TYPE] = 415,
	[ERROR_KIND_UNPROCESSABLE] = 422,
	[ERROR_KIND_PRECONDITION] = 428,
	[ERROR_KIND_RATE] = 429,
	[ERROR_KIND_INTERNAL] = 500,
	[ERROR_KIND_UNAVAILABLE] = 503,
};

guint
problem_status (const GError *error)
{
	if (g_error_matches (error, DIQI_ERROR, DIQI_ERROR_METHOD))
		return 405;
	return status_of_kind[diqi_error_kind (error)];
}

/* What went wrong inside is for the operator's log, found there by the request id. */
static char *
public_detail (const Request *r, const GError *error)
{
	if (diqi_error_kind (error) != ERROR_KIND_INTERNAL)
		return g_utf8_make_valid (error->message, -1);
	log_event (LOG_LEVEL_ERROR_, "http.internal", "request_id", "%s", r->id, "code", "%s", diqi_error_code_name (error),
	           "domain", "%s", g_quark_to_string (error->domain), "detail", "%s", error->message, NULL);
	return NULL;
}

static json_t *
field_errors (const GError *error, const char *detail)
{
	const char *field = diqi_error_field (error);
	if (field == NULL)
		return NULL;
	g_autofree char *pointer = g_utf8_make_valid (field, -1);
	return json_pack ("[{s:s,s:s,s:s*}]", "pointer", pointer, "code", diqi_error_code_name (error), "detail", detail);
}

static json_t *
problem_body (const Request *r, const GError *error, gboolean english)
{
	g_autofree char *type = g_strconcat ("/problems/", diqi_error_code_name (error), NULL);
	g_autofree char *instance = g_utf8_make_valid (r->raw_path, -1);
	g_autofree char *detail = public_detail (r, error);
	const char *title = english ? diqi_error_title_en (error) : diqi_error_title_zh (error);
	return json_pack ("{s:s,s:s,s:i,s:s*,s:s,s:s,s:s,s:o*}", "type", type, "title", title, "status", (int) problem_status (error),
	                  "detail", detail, "instance", instance, "code", diqi_error_code_name (error), "request_id", r->id, "errors",
	                  field_errors (error, detail));
}

Response *
response_problem (const Request *r, const GError *error, const json_t *extra)
{
	gboolean english = request_prefers_english (r);
	g_autoptr (json_t) body = problem_body (r, error, english);
	if (extra != NULL)
		json_object_update_missing (body, (json_t *) extra);
	char *text = json_dumps (body, JSON_COMPACT);
	g_assert (text != NULL);
	g_autoptr (GBytes) bytes = g_bytes_new_with_free_func (text, strlen (text), free, text);
	Response *response = response_bytes (problem_status (error), "application/problem+json", bytes);
	response_header (response, "Content-Language", english ? "en" : "zh-CN");
	response_header (response, "Vary", "Accept-Language");
	if (response->status == 401)              /* RFC 9110 15.5.2 asks for a challenge */
		response_header (response, "WWW-Authenticate", "Diqi-Statement");
	if (response->status == 429 || response->status == 503)
		response_header (response, "Retry-After", "1");
	return response;
}
