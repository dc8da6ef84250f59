/* net/server_private.h — what the files of the server share.
 *
 * A Conn is one accepted socket, from MHD's "started" to its "closed" notification.  A Request
 * lives from its request line to MHD's "completed" notification and holds copies of all it was
 * sent, so a handler on a worker thread never touches MHD.  Threads: a connection belongs to one
 * listener thread; a worker owns the Request while the connection is suspended; the watchdog
 * touches a Conn only under its own lock, and only to shut the socket down.
 */
#pragma once
#include "net/quota.h"
#include "net/router.h"
#include "net/server.h"
#include "net/watchdog.h"
#include "net/workers.h"

#include <microhttpd.h>

#define REQUEST_MAX_HEADERS 64
#define REQUEST_MAX_COOKIES 32

typedef struct StreamClient StreamClient;
typedef struct TlsCertificates TlsCertificates;

typedef struct {
	WatchedSocket watched;                    /* first: the watchdog's view of it */
	Server *server;
	char peer[64];
	AddressEntry *address;
	GBytes *peer_certificate;
	gboolean peer_certificate_asked;
} Conn;

typedef struct {
	const char *name, *value;
} NameValue;

typedef enum {
	REQUEST_READING,
	REQUEST_READY,                            /* wholly read, not yet handled */
	REQUEST_RUNNING,                          /* suspended, on a worker */
	REQUEST_ANSWERED,
} RequestPhase;

struct Request {
	Server *server;
	Conn *conn;
	struct MHD_Connection *mhd;
	RequestPhase phase;
	gboolean begun;
	char *target;                             /* as sent, with the query */
	char *raw_path;                           /* as sent, without */
	char *text;                               /* copies of method, headers, cookies */
	const char *method;
	NameValue header[REQUEST_MAX_HEADERS];
	guint headers_n;
	NameValue cookie[REQUEST_MAX_COOKIES];
	guint cookies_n;
	Path path;
	Query query;
	RouteMatch match;
	gboolean expects_body;
	gint64 declared;                          /* Content-Length, or -1 when chunked */
	GByteArray *buffer;
	gsize received;
	GBytes *body;
	Micros arrival;
	gpointer arrived;                         /* Route.arrived's, freed with the request */
	gint64 started;                           /* monotonic */
	char id[65];
	Response *response;                       /* decided, not yet queued */
	gboolean close;                           /* the connection ends with this answer */
	guint status;                             /* of what was queued */
};

struct Response {
	guint status;
	GPtrArray *headers;                       /* name, value, name, value */
	GBytes *body;
	StreamClient *stream;
	gboolean broken;                          /* somebody tried to put a line break into a header */
};

struct Server {
	ServerOptions options;
	Router *router;
	Watchdog *watchdog;
	Quota *quota;
	Workers *workers;
	struct MHD_Daemon *daemon;
	int listen_fd, daemon_fd;                 /* the same socket twice */
	guint16 port;
	gboolean tls;
	TlsCertificates *certificates;            /* NULL without tls */
	char *label;                              /* metrics label of this listener */
	gint stopping, active, connections;       /* atomic; active = requests between header and completion */
	GMutex lock;                              /* guards streams; with idle, waits for active */
	GCond idle;
	GQueue streams;                           /* StreamClient */
};

/* --- request.c --- */
Request *request_new (Conn *conn, const char *target);
void request_free (Request *r);
/* When the handler has returned, or is never called. */
void request_release_arrived (Request *r);
/* Copies what MHD parsed; refuses what guard.h refuses.  TRUE: routed or a refusal for later is set. */
gboolean request_begin (Request *r, const char *method, const char *version, const char *url, GError **error);
gboolean request_take_body (Request *r, const char *from, gsize n);      /* FALSE: over the limit */
void request_finish (Request *r);

/* --- response.c --- */
struct MHD_Response *response_to_mhd (Response *response, const Request *r);
/* The whole answer as bytes, for the one moment MHD cannot answer (in the middle of a body). */
GBytes *response_to_wire (Response *response, const Request *r);

/* --- problem.c --- */
guint problem_status (const GError *error);

/* --- stream.c --- */
void stream_client_bind (StreamClient *client, Server *server, struct MHD_Connection *mhd, Conn *conn);
struct MHD_Response *stream_client_response (StreamClient *client);
void stream_client_free (StreamClient *client);
void stream_heartbeat_all (Server *server);
void stream_end_all (Server *server);

/* --- tls.c --- */
GBytes *tls_peer_certificate (struct MHD_Connection *mhd);                /* NULL if none */
void tls_send (struct MHD_Connection *mhd, int fd, GBytes *bytes, gboolean tls);
extern const char tls_priorities[];
TlsCertificates *tls_certificates_new (const char *client_ca_pem);        /* NULL: no client certificates */
void tls_certificates_free (TlsCertificates *certificates);               /* after the last connection */
gboolean tls_certificates_set (TlsCertificates *certificates, const char *certificate_pem, const char *key_pem, GError **error);
/* Before its handshake. */
void tls_certificates_use (TlsCertificates *certificates, struct MHD_Connection *mhd);
