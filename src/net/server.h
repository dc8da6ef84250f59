/* net/server.h — HTTP/1.1 server over libmicrohttpd.
 *
 * Listener threads only parse, limit and answer from memory; a route marked blocking
 * runs on a worker pool while its connection is suspended.  Arrival time is stamped
 * when the last byte of the request has been read, before any queue.  Refused before a handler
 * sees it: Content-Length with Transfer-Encoding, two Content-Lengths, no or two Host, obs-fold,
 * white space before the colon, bodies over the route's limit (413), slow headers or bodies
 * (total deadlines).
 * Routes are a table with no default permission.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"

typedef struct Server Server;
typedef struct Request Request;
typedef struct Response Response;
typedef struct EventStream EventStream;     /* a topic of server-sent events */

/* --- request, valid during the handler; all strings borrowed ------------------ */
const char *request_method (const Request *r);
const char *request_path (const Request *r);                       /* as sent, percent-encoded, without the query */
const char *request_route (const Request *r);                      /* "/api/v1/sales/{id}" */
const char *request_param (const Request *r, const char *name);    /* "{id}" of the route, percent-decoded, valid UTF-8 */
const char *request_query (const Request *r, const char *name);    /* or NULL; valid UTF-8 */
const char *request_header (const Request *r, const char *name);
const char *request_cookie (const Request *r, const char *name);
GBytes *request_body (const Request *r);                           /* borrowed; empty, never NULL */
Micros request_arrival (const Request *r);
const char *request_id (const Request *r);                         /* echoed as X-Request-Id */
const char *request_peer (const Request *r);                       /* address text */
gboolean request_is_tls (const Request *r);
GBytes *request_tls_peer_certificate (const Request *r);           /* DER, borrowed, NULL if none; not judged here */
gboolean request_prefers_english (const Request *r);               /* Accept-Language; default Chinese */
gpointer request_route_data (const Request *r);                    /* Route.data */
gpointer request_user (const Request *r);                          /* Server's user pointer */
gpointer request_arrived (const Request *r);                       /* what Route.arrived gave; NULL */

/* --- response; owned by the handler until returned ----------------------------- */
Response *response_new (guint status, const char *content_type, gconstpointer body, gsize n);
Response *response_bytes (guint status, const char *content_type, GBytes *body);
Response *response_json (guint status, const json_t *body);         /* borrowed */
Response *response_empty (guint status);
/* RFC 9457 application/problem+json from an error: type, title (by Accept-Language), status, detail,
 * instance, code, request_id, errors[{pointer,code,detail}].  `extra` members (may be NULL) are merged. */
Response *response_problem (const Request *r, const GError *error, const json_t *extra);
/* Server-sent events: subscribes the connection; first sends `snapshot` (may be NULL), then every event
 * after `last_id` still kept, then live ones. */
Response *response_stream (EventStream *stream, const char *snapshot, guint64 last_id);
/* The same with the snapshot sent as an event of that name (response_stream: "snapshot"). */
Response *response_stream_event (EventStream *stream, const char *event, const char *snapshot, guint64 last_id);
/* A line break or other control character in name or value, or a framing header, turns the whole
 * reply into a 500.  A header given twice is replaced, except Set-Cookie and Link. */
void response_header (Response *response, const char *name, const char *value);
guint response_status (const Response *response);
GBytes *response_body (const Response *response);                   /* borrowed; NULL for streams */
void response_free (Response *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Response, response_free)

typedef Response *(*Handler) (Request *r);

typedef struct {
	const char *method;          /* "GET", "POST", "PUT", "DELETE" */
	const char *path;            /* "/api/v1/sales/{id}"; "{rest*}" as the last part takes the rest */
	Handler handler;
	gsize body_limit;            /* bytes; 0 = no body allowed */
	gboolean blocking;           /* runs on the worker pool */
	guint permission;            /* meaning is the caller's; must not be 0 */
	gpointer data;
	/* Right after the arrival was stamped, on the listener's thread, before any queue: for what must keep
	 * the order of arrival.  Must not block.  What it gives (may be NULL) is freed when the handler has
	 * returned, or will not be called. */
	gpointer (*arrived) (Request *r);
	GDestroyNotify arrived_free;
	/* Of a blocking route, may be NULL: tried first on the listener's thread, after the gate, and must not
	 * block.  A response ends the request there; NULL leaves it to the handler. */
	Handler quick;
} Route;

/* Runs before every handler on the same thread; a response ends the request there (permission check). */
typedef Response *(*Gate) (Request *r, const Route *route);

typedef struct {
	const char *listen;          /* "127.0.0.1:8080", "[::1]:0"; port 0 picks one */
	const char *tls_certificate_pem, *tls_key_pem;    /* both or neither; contents, not paths */
	const char *tls_client_ca_pem;                    /* ask for (not require) client certificates of these CAs */
	const Route *routes;         /* stay the caller's until server_free, as user, clock, metrics */
	gsize routes_n;
	Gate gate;
	gpointer user;
	const Clock *clock;
	Metrics *metrics;
	guint threads;               /* 0 = cores */
	guint workers;               /* 0 = 64 */
	guint header_deadline_ms;    /* 0 = 10,000 */
	guint body_deadline_ms;      /* 0 = 30,000 */
	guint connection_limit;      /* 0 = 4,096 */
	guint per_address_limit;     /* concurrent connections of one address, 0 = no limit */
	guint rate_per_second;       /* token bucket per address, 0 = no limit */
	gboolean access_log;
} ServerOptions;

Server *server_start (const ServerOptions *options, GError **error);
/* HTTPS: for connections that begin from now on; those that run keep what they began with.  What cannot be read, or a key that is not
 * the certificate's, is refused and changes nothing.  DIQI_ERROR_CONFIG. */
gboolean server_set_certificate (Server *server, const char *certificate_pem, const char *key_pem, GError **error);
/* When the first certificate of a PEM text is valid, anybody's.  DIQI_ERROR_CONFIG. */
gboolean tls_validity (const char *certificate_pem, Micros *not_before, Micros *not_after, GError **error);
guint16 server_port (const Server *server);
/* Stops accepting, ends event streams, lets requests finish up to grace_ms, then answers what still waits for
 * a worker with 503, waits for the handlers that run (they use the caller's data), and stops. */
void server_stop (Server *server, guint grace_ms);
void server_free (Server *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Server, server_free)

/* --- server-sent events ---------------------------------------------------------- */
EventStream *event_stream_new (guint keep);        /* events kept for Last-Event-ID */
void event_stream_free (EventStream *stream);      /* after server_stop */
/* Thread-safe; ids must grow.  id 0: a passing event without an id, not kept for Last-Event-ID.
 * data is one JSON text without newlines. */
void event_stream_publish (EventStream *stream, guint64 id, const char *event, const char *data);
guint event_stream_watchers (EventStream *stream);
