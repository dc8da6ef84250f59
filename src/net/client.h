/* net/client.h — HTTP client (libcurl) for the command line and web hooks. */
#pragma once
#include "base/json.h"

typedef struct HttpClient HttpClient;      /* keeps cookies and connections; one thread at a time */
HttpClient *http_client_new (const char *base_uri);
void http_client_free (HttpClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpClient, http_client_free)
/* PEM file of trusted roots for https; NULL = system. */
void http_client_trust (HttpClient *client, const char *ca_file);
/* Client certificate for TLS (PKCS#12 file). */
void http_client_identity (HttpClient *client, const char *p12_file, const char *password);

/* For asking strangers: instead of 64 MB and 60 s, and JSON that they say they send is left alone. */
void http_client_distrust (HttpClient *client, gsize body_max, guint seconds);

typedef struct {
	guint status;
	char *content_type, *etag, *location;
	GBytes *body;
	json_t *json;             /* parsed when the type is JSON, else NULL */
} HttpReply;
void http_reply_clear (HttpReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HttpReply, http_reply_clear)

/* headers: NULL-terminated "Name: value" list or NULL.  TRUE when any HTTP answer came (also 4xx, 5xx).
 * Redirects are not followed, proxies not used; at most 64 MB and 60 s unless limited.  `out` is overwritten.  FALSE: DIQI_ERROR_UNAVAILABLE,
 * _TOO_LARGE, _REQUEST (bad path or header) or _JSON…: it said JSON and was not. */
gboolean http_request (HttpClient *client, const char *method, const char *path, const char *const *headers,
                       const char *content_type, gconstpointer body, gsize n, HttpReply *out, GError **error);
/* Reads server-sent events until fn returns FALSE, timeout_ms have passed or the server ends the stream (all TRUE). */
typedef gboolean (*SseFn) (guint64 id, const char *event, const char *data, gpointer user);
gboolean http_client_events (HttpClient *client, const char *path, guint timeout_ms, SseFn fn, gpointer user, GError **error);
