/* bench/http_load.h — a load generator that costs little beside what it measures.
 *
 * One thread, one epoll, loopback, kept connections with one request in flight on each.  Requests are
 * whole byte strings made beforehand, signatures included, so that nothing of the client's work is measured
 * but writing and reading.
 */
#pragma once
#include "base/clock.h"

/* Borrowed for the call. */
typedef struct {
	guint index;                 /* of the request */
	guint status;
	const char *head;            /* NUL-terminated, with its empty line */
	const char *body;
	gsize n;                     /* of body */
} LoadReply;
typedef void (*LoadReplyFn) (const LoadReply *reply, gpointer user);

typedef struct {
	const GPtrArray *requests;   /* GBytes */
	guint connections;
	gboolean lanes;              /* connection c takes requests c, c + connections, … in this order; else any takes the next */
	gboolean repeat;             /* at the end of requests begin again, until limit */
	Micros limit;                /* no request begins later than this after the start; 0 none */
	guint status;                /* what counts as done */
	LoadReplyFn reply;           /* may be NULL */
	gpointer user;
} LoadPlan;

typedef struct {
	guint64 done, other;
	guint other_status;          /* first of the others, 0 none */
	Micros elapsed;              /* first byte sent to last answer read */
	Micros p50, p95, p99;             /* of the answers done */
} LoadResult;

/* FALSE only when the exchange itself breaks; answers of another status are counted in `other`. */
gboolean load_run (guint16 port, const LoadPlan *plan, LoadResult *result, GError **error);
guint64 load_per_second (const LoadResult *result);

/* A whole request; headers is "" or complete lines. */
GBytes *load_request (const char *method, const char *path, const char *headers, const char *type, gconstpointer body, gsize n);
