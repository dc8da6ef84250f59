/* net/server.c — listeners: from libmicrohttpd's callbacks to requests and back.
 *
 * MHD calls on_request at least twice: when the header is complete (an answer queued then ends the
 * connection, so only refusals that leave a body unread do that), for each piece of the body, and
 * when all has come.  A blocking route suspends the connection in that last call and is called
 * once more after the worker has resumed it.
 */
#include "base/error.h"
#include "base/log.h"
#include "net/server_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#define CONNECTION_MEMORY 16384               /* also the limit of request line and header */
#define IDLE_MICROS (30 * MICROS_PER_S)
#define SEND_MICROS (60 * MICROS_PER_S)
#define SEND_LEAST_PER_S 16384
#define WORKERS_DEFAULT 64
#define QUEUE_PER_WORKER 16

/* --- answering ---------------------------------------------------------------- */

static Response *
internal_problem (const Request *r, const char *detail)
{
	g_autoptr (GError) error = NULL;
	diqi_error_set (&error, DIQI_ERROR_INTERNAL, NULL, "%s", detail);
	return response_problem (r, error, NULL);
}

static Response *
unavailable_problem (const Request *r, const char *detail)
{
	g_autoptr (GError) error = NULL;
	diqi_error_set (&error, DIQI_ERROR_UNAVAILABLE, NULL, "%s", detail);
	return response_problem (r, error, NULL);
}

static Response *
run_handler (Request *r)
{
	const Route *route = r->match.entry->route;
	Response *response = r->server->options.gate != NULL ? r->server->options.gate (r, route) : NULL;
	if (response == NULL)
		response = route->handler (r);
	request_release_arrived (r);          /* nobody waits for the answer to be sent */
	return response != NULL ? response : internal_problem (r, "the handler gave no response");
}

/* NULL: only a worker can answer. */
static Response *
run_quick (Request *r)
{
	const Route *route = r->match.entry->route;
	if (route->quick == NULL)
		return NULL;
	Response *response = r->server->options.gate != NULL ? r->server->options.gate (r, route) : NULL;
	if (response == NULL)
		response = route->quick (r);
	if (response != NULL)
		request_release_arrived (r);
	return response;
}

static void
replace_response (Request *r, Response *by)
{
	response_free (r->response);
	r->response = by;
}

static void
make_sendable (Request *r)
{
	if (r->response->broken)
		replace_response (r, internal_problem (r, "a response header with a line break or of the server's own was refused"));
	if (r->response->stream != NULL && strcmp (r->method, "HEAD") == 0)
		g_clear_pointer (&r->response->stream, stream_client_free);
}

static gint64
send_deadline (const Response *response)
{
	if (response->stream != NULL)
		return G_MAXINT64;                /* cut by its queue, or by inactivity */
	gint64 n = (gint64) g_bytes_get_size (response->body);
	return clock_monotonic () + SEND_MICROS + n / SEND_LEAST_PER_S * MICROS_PER_S;
}

static enum MHD_Result
queue_response (Request *r)
{
	make_sendable (r);
	r->status = r->response->status;
	watched_reading (&r->conn->watched, FALSE);
	watched_deadline (&r->conn->watched, send_deadline (r->response));
	if (r->close)
		watched_linger (&r->conn->watched);
	if (r->response->stream != NULL)
		stream_client_bind (r->response->stream, r->server, r->mhd, r->conn);
	struct MHD_Response *out = response_to_mhd (r->response, r);
	enum MHD_Result queued = MHD_queue_response (r->mhd, r->status, out);
	MHD_destroy_response (out);
	g_clear_pointer (&r->response, response_free);
	r->phase = REQUEST_ANSWERED;
	return queued;
}

static void
work (gpointer job, gboolean refused, gpointer user G_GNUC_UNUSED)
{
	Request *r = job;
	r->response = refused ? unavailable_problem (r, "the server is stopping") : run_handler (r);
	MHD_resume_connection (r->mhd);           /* r belongs to the listener thread from here */
}

static enum MHD_Result
handle (Request *r)
{
	if (r->response == NULL && g_atomic_int_get (&r->server->stopping))
		r->response = unavailable_problem (r, "the server is stopping");
	if (r->response != NULL)
		return queue_response (r);
	if (!r->match.entry->route->blocking) {
		r->response = run_handler (r);
		return queue_response (r);
	}
	r->response = run_quick (r);
	if (r->response != NULL)
		return queue_response (r);
	if (!workers_reserve (r->server->workers)) {
		r->response = unavailable_problem (r, "too many requests are waiting");
		return queue_response (r);
	}
	r->phase = REQUEST_RUNNING;
	MHD_suspend_connection (r->mhd);
	workers_push (r->server->workers, r);
	return MHD_YES;
}

/* --- taking in ---------------------------------------------------------------- */

static void
learn_peer_certificate (Request *r)
{
	if (!r->server->tls || r->conn->peer_certificate_asked)
		return;
	r->conn->peer_certificate_asked = TRUE;
	r->conn->peer_certificate = tls_peer_certificate (r->mhd);
}

static enum MHD_Result
begin (Request *r, const char *method, const char *version, const char *url)
{
	g_autoptr (GError) refused = NULL;
	g_atomic_int_inc (&r->server->active);
	learn_peer_certificate (r);
	if (!request_begin (r, method, version, url, &refused))
		r->response = response_problem (r, refused, NULL);
	if (r->close)
		return queue_response (r);
	gint64 body = (gint64) r->server->options.body_deadline_ms * MICROS_PER_MS;
	watched_deadline (&r->conn->watched, r->expects_body ? clock_monotonic () + body : G_MAXINT64);
	return MHD_YES;
}

/* MHD takes no response in the middle of a body, so this one is written past it. */
static enum MHD_Result
cut_body (Request *r)
{
	g_autoptr (GError) error = NULL;
	gsize limit = r->match.entry->route->body_limit;
	diqi_error_set (&error, DIQI_ERROR_TOO_LARGE, NULL, "at most %" G_GSIZE_FORMAT " bytes are taken here", limit);
	r->close = TRUE;
	r->response = response_problem (r, error, NULL);
	r->status = r->response->status;
	g_autoptr (GBytes) wire = response_to_wire (r->response, r);
	watched_linger (&r->conn->watched);
	tls_send (r->mhd, r->conn->watched.fd, wire, r->server->tls);
	return MHD_NO;
}

static enum MHD_Result
on_request (void *user G_GNUC_UNUSED, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
            const char *body, size_t *body_n, void **context)
{
	Request *r = *context;
	r->mhd = mhd;
	if (!r->begun)
		return begin (r, method, version, url);
	if (*body_n > 0) {
		gsize n = *body_n;
		*body_n = 0;
		return request_take_body (r, body, n) ? MHD_YES : cut_body (r);
	}
	if (r->phase == REQUEST_RUNNING)
		return queue_response (r);
	if (r->phase != REQUEST_READING)
		return MHD_YES;
	request_finish (r);
	watched_reading (&r->conn->watched, FALSE);
	watched_deadline (&r->conn->watched, G_MAXINT64);
	return handle (r);
}

static Conn *
conn_of (struct MHD_Connection *mhd)
{
	return MHD_get_connection_info (mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The request line is complete.  Called before MHD decodes anything. */
static void *
on_target (void *user G_GNUC_UNUSED, const char *target, struct MHD_Connection *mhd)
{
	Conn *conn = conn_of (mhd);
	gint64 header = (gint64) conn->server->options.header_deadline_ms * MICROS_PER_MS;
	watched_deadline_at_most (&conn->watched, clock_monotonic () + header);
	return request_new (conn, target);
}

/* Percent escapes stay: path.c decodes them strictly and segment by segment. */
static size_t
on_unescape (void *user G_GNUC_UNUSED, struct MHD_Connection *mhd G_GNUC_UNUSED, char *text)
{
	return strlen (text);
}

static void
account (const Request *r, enum MHD_RequestTerminationCode end)
{
	const RouteEntry *entry = r->match.entry;
	guint class = MIN (r->status / 100, 5);
	gint64 taken = clock_monotonic () - r->started;
	Metrics *metrics = r->server->options.metrics;
	static const char *const other[] = { "route=\"other\",status=\"0xx\"", "route=\"other\",status=\"1xx\"",
		"route=\"other\",status=\"2xx\"", "route=\"other\",status=\"3xx\"", "route=\"other\",status=\"4xx\"",
		"route=\"other\",status=\"5xx\"" };
	if (metrics != NULL) {
		metrics_add (metrics, "http_requests_total", "Requests by route and class of status (0xx: ended unanswered)",
		             entry != NULL ? entry->label_by_class[class] : other[class], 1);
		metrics_observe (metrics, "http_request_duration_seconds", "From request line to the last byte of the answer",
		                 entry != NULL ? entry->label : "route=\"other\"", taken);
	}
	if (r->server->options.access_log)
		log_event (LOG_LEVEL_INFO, "http.request", "request_id", "%s", r->id, "method", "%s", r->method, "path", "%s", r->raw_path,
		           "route", "%s", entry != NULL ? entry->route->path : "", "status", "%u", r->status, "received", "%u",
		           (guint) r->received, "micros", "%" G_GINT64_FORMAT, taken, "peer", "%s", r->conn->peer, "end", "%s",
		           end == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "complete" : "cut", NULL);
}

static void
leave (Server *server)
{
	if (!g_atomic_int_dec_and_test (&server->active))
		return;
	g_mutex_lock (&server->lock);
	g_cond_broadcast (&server->idle);
	g_mutex_unlock (&server->lock);
}

static void
on_completed (void *user G_GNUC_UNUSED, struct MHD_Connection *mhd G_GNUC_UNUSED, void **context, enum MHD_RequestTerminationCode end)
{
	Request *r = *context;
	if (r == NULL)
		return;
	*context = NULL;
	watched_deadline (&r->conn->watched, clock_monotonic () + IDLE_MICROS);
	watched_reading (&r->conn->watched, TRUE);
	if (r->begun) {
		account (r, end);
		leave (r->server);
	}
	request_free (r);
}

/* --- connections -------------------------------------------------------------- */

static void
address_text (const struct sockaddr *address, char *out, gsize n)
{
	out[0] = '\0';
	if (address != NULL && address->sa_family == AF_INET)
		inet_ntop (AF_INET, &((const struct sockaddr_in *) address)->sin_addr, out, (socklen_t) n);
	else if (address != NULL && address->sa_family == AF_INET6)
		inet_ntop (AF_INET6, &((const struct sockaddr_in6 *) address)->sin6_addr, out, (socklen_t) n);
}

static void
count_connections (Server *server, gint delta)
{
	gint n = g_atomic_int_add (&server->connections, delta) + delta;
	if (server->options.metrics != NULL)
		metrics_set (server->options.metrics, "http_connections", "Open connections", server->label, n);
}

/* MHD's own limit is set out of reach: at it, MHD_quiesce_daemon races with the listener threads. */
static enum MHD_Result
on_accept (void *user, const struct sockaddr *address, socklen_t n G_GNUC_UNUSED)
{
	Server *server = user;
	return !g_atomic_int_get (&server->stopping)
	       && g_atomic_int_get (&server->connections) < (gint) server->options.connection_limit
	       && quota_may_connect (server->quota, address) ? MHD_YES : MHD_NO;
}

static void
open_conn (Server *server, struct MHD_Connection *mhd, void **context)
{
	Conn *conn = *context = g_new0 (Conn, 1);
	const struct sockaddr *address = MHD_get_connection_info (mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
	conn->server = server;
	if (server->tls)
		tls_certificates_use (server->certificates, mhd);
	address_text (address, conn->peer, sizeof conn->peer);
	conn->address = quota_connected (server->quota, address);
	gint64 header = (gint64) server->options.header_deadline_ms * MICROS_PER_MS;
	watchdog_add (server->watchdog, &conn->watched, MHD_get_connection_info (mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
	              clock_monotonic () + header);
	count_connections (server, 1);
}

static void
on_connection (void *user, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode what)
{
	Server *server = user;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		open_conn (server, mhd, context);
		return;
	}
	Conn *conn = g_steal_pointer (context);
	watchdog_remove (server->watchdog, &conn->watched);
	quota_disconnected (server->quota, conn->address);
	g_clear_pointer (&conn->peer_certificate, g_bytes_unref);
	g_free (conn);
	count_connections (server, -1);
}

/* --- start and stop ------------------------------------------------------------- */

static gboolean
split_address (const char *text, char **host, char **port, GError **error)
{
	const char *colon = text != NULL ? strrchr (text, ':') : NULL;
	if (colon == NULL || colon == text || colon[1] == '\0')
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "listen address \"%s\" is not HOST:PORT", text != NULL ? text : "");
	gboolean bracketed = text[0] == '[' && colon[-1] == ']';
	*host = bracketed ? g_strndup (text + 1, (gsize) (colon - text) - 2) : g_strndup (text, (gsize) (colon - text));
	*port = g_strdup (colon + 1);
	return TRUE;
}

static gboolean
listen_on (Server *server, const struct addrinfo *at, GError **error)
{
	int on = 1;
	server->listen_fd = socket (at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt (server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (at->ai_family == AF_INET6)
		setsockopt (server->listen_fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	struct sockaddr_storage bound;
	socklen_t n = sizeof bound;
	if (server->listen_fd < 0 || bind (server->listen_fd, at->ai_addr, at->ai_addrlen) != 0
	    || listen (server->listen_fd, SOMAXCONN) != 0 || getsockname (server->listen_fd, (struct sockaddr *) &bound, &n) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "cannot listen on %s: %s", server->options.listen, g_strerror (errno));
	server->port = g_ntohs (bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *) &bound)->sin6_port
	                                                    : ((struct sockaddr_in *) &bound)->sin_port);
	return TRUE;
}

static gboolean
open_listener (Server *server, GError **error)
{
	g_autofree char *host = NULL, *port = NULL;
	if (!split_address (server->options.listen, &host, &port, error))
		return FALSE;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *found = NULL;
	int failed = getaddrinfo (host, port, &hints, &found);
	if (failed != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "listen address %s: %s", server->options.listen, gai_strerror (failed));
	gboolean ok = listen_on (server, found, error);
	freeaddrinfo (found);
	return ok;
}

static void
on_tick (gpointer user)
{
	stream_heartbeat_all (user);
}

static gboolean
start_daemon (Server *server, GError **error)
{
	const ServerOptions *o = &server->options;
	const struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *) o->tls_certificate_pem },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *) o->tls_key_pem },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *) tls_priorities },
		{ o->tls_client_ca_pem != NULL ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, (void *) o->tls_client_ca_pem },
		{ MHD_OPTION_END, 0, NULL },
	};
	const struct MHD_OptionItem pool[] = {
		{ o->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t) o->threads, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	/* MHD's own descriptor: some of its failures close it, some do not. */
	server->daemon_fd = fcntl (server->listen_fd, F_DUPFD_CLOEXEC, 0);
	unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | (server->tls ? MHD_USE_TLS : 0);
	server->daemon = MHD_start_daemon (flags, 0, on_accept, server, on_request, server,
		MHD_OPTION_LISTEN_SOCKET, (MHD_socket) server->daemon_fd,
		MHD_OPTION_ARRAY, pool,
		MHD_OPTION_CONNECTION_LIMIT, (o->connection_limit + 1) * o->threads,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int) (IDLE_MICROS / MICROS_PER_S),
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
		MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, server,
		server->tls ? MHD_OPTION_ARRAY : MHD_OPTION_END, tls, MHD_OPTION_END);
	return server->daemon != NULL
	       || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "cannot start the %s listener on %s", server->tls ? "HTTPS" : "HTTP", o->listen);
}

static void
set_defaults (ServerOptions *o)
{
	o->threads = o->threads != 0 ? o->threads : g_get_num_processors ();
	o->workers = o->workers != 0 ? o->workers : WORKERS_DEFAULT;
	o->header_deadline_ms = o->header_deadline_ms != 0 ? o->header_deadline_ms : 10000;
	o->body_deadline_ms = o->body_deadline_ms != 0 ? o->body_deadline_ms : 30000;
	o->connection_limit = o->connection_limit != 0 ? o->connection_limit : 4096;
}

static gboolean
open_tls (Server *server, GError **error)
{
	server->certificates = tls_certificates_new (server->options.tls_client_ca_pem);
	return tls_certificates_set (server->certificates, server->options.tls_certificate_pem, server->options.tls_key_pem, error);
}

gboolean
server_set_certificate (Server *server, const char *certificate_pem, const char *key_pem, GError **error)
{
	g_assert (server->certificates != NULL);
	return tls_certificates_set (server->certificates, certificate_pem, key_pem, error);
}

Server *
server_start (const ServerOptions *options, GError **error)
{
	g_assert (options->clock != NULL);
	if ((options->tls_certificate_pem == NULL) != (options->tls_key_pem == NULL)) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "HTTPS needs both a certificate and its key");
		return NULL;
	}
	g_autoptr (Server) server = g_new0 (Server, 1);
	server->options = *options;
	set_defaults (&server->options);
	server->tls = options->tls_key_pem != NULL;
	server->listen_fd = -1;
	server->label = g_strdup_printf ("listener=\"%s\"", options->listen != NULL ? options->listen : "");
	g_mutex_init (&server->lock);
	g_cond_init (&server->idle);
	if ((server->router = router_new (options->routes, options->routes_n, error)) == NULL)
		return NULL;
	server->quota = quota_new (options->per_address_limit, options->rate_per_second);
	server->workers = workers_new (server->options.workers, server->options.workers * QUEUE_PER_WORKER, work, server, error);
	if (server->tls && !open_tls (server, error))
		return NULL;
	if (server->workers == NULL || !open_listener (server, error))
		return NULL;
	server->watchdog = watchdog_new (on_tick, server);
	if (!start_daemon (server, error))
		return NULL;
	return g_steal_pointer (&server);
}

guint16
server_port (const Server *server)
{
	return server->port;
}

static void
wait_until_idle (Server *server, gint64 deadline)
{
	g_mutex_lock (&server->lock);
	while (g_atomic_int_get (&server->active) > 0)
		if (!g_cond_wait_until (&server->idle, &server->lock, deadline))
			break;
	g_mutex_unlock (&server->lock);
}

void
server_stop (Server *server, guint grace_ms)
{
	if (server->daemon == NULL)
		return;
	gint64 now = clock_monotonic ();
	g_atomic_int_set (&server->stopping, 1);
	MHD_quiesce_daemon (server->daemon);
	shutdown (server->listen_fd, SHUT_RDWR);  /* the kernel refuses from now on */
	stream_end_all (server);
	wait_until_idle (server, now + (gint64) grace_ms * MICROS_PER_MS);
	workers_stop (server->workers);
	/* Answers of the last handlers are still on their way; nothing new is started now. */
	stream_end_all (server);
	wait_until_idle (server, clock_monotonic () + MIN (grace_ms, 250) * MICROS_PER_MS);
	MHD_stop_daemon (g_steal_pointer (&server->daemon));
	close (server->daemon_fd);                /* ours again since the quiesce */
}

void
server_free (Server *server)
{
	if (server == NULL)
		return;
	server_stop (server, 0);
	workers_free (server->workers);
	watchdog_free (server->watchdog);
	quota_free (server->quota);
	router_free (server->router);
	tls_certificates_free (server->certificates);
	if (server->listen_fd >= 0)
		close (server->listen_fd);
	g_mutex_clear (&server->lock);
	g_cond_clear (&server->idle);
	g_free (server->label);
	g_free (server);
}
