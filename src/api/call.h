/* api/call.h — one API request: who asks, what the body says, how it is answered. */
#pragma once
#include "api/api.h"
#include "api/idempotency.h"

typedef struct ApiCall ApiCall;

/* NULL with an error makes a problem reply. */
typedef Response *(*ApiFn) (ApiCall *call, GError **error);

enum {
	API_IDEMPOTENT = 1 << 0,     /* needs Idempotency-Key */
	API_IF_MATCH = 1 << 1,       /* needs If-Match: "v<version>" */
	API_NO_BODY = 1 << 2,        /* a POST that takes none */
	API_RAW_BODY = 1 << 3,       /* bytes, which the handler judges itself; call->body stays NULL */
};

typedef struct {
	const char *method, *path;
	guint permission;
	guint flags;
	gsize body_limit;
	ApiFn fn;
	/* As Route's: runs on the listener's thread at arrival. */
	gpointer (*arrived) (Request *r);
	GDestroyNotify arrived_free;
} ApiRoute;

struct ApiCall {
	Request *request;
	Api *api;
	const ApiRoute *route;
	gboolean has_actor;
	Actor actor;                 /* certificate set for officers and holders */
	json_t *body;                /* object; NULL when the route has none */
	const char *idempotency_key;
	gint64 if_match;
	gpointer outside;            /* of api_mutate_outside, for api_record_within */
	gboolean outside_recorded;
};

/* The handler of every API route; its ApiRoute is the route's data. */
Response *api_handle (Request *request);

/* Who is asking, by session cookie or access code; FALSE without error when nobody says. */
gboolean api_find_actor (ApiCall *call, gboolean *found, GError **error);

/* Body member "statement": form, signature by the actor's certificate, site, time (±5 min of arrival), type. */
Statement *api_statement (ApiCall *call, const char *type, GError **error);
/* The same checks for any statement text and signer. */
gboolean api_check_statement (ApiCall *call, const Statement *statement, const char *type, GError **error);
/* Reads the body as exactly {"statement": …}. */
Statement *api_only_statement (ApiCall *call, const char *type, GError **error);

/* One transaction with the Idempotency-Key taken in it.  `work` gives the reply (new reference).  The
 * answer carries ETag when the reply has a "version". */
typedef gboolean (*ApiWork) (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error);
Response *api_mutate (ApiCall *call, guint status, ApiWork work, gpointer arg, GError **error);
/* The same for a reply that is finished before it is sent; new reference, of work that always gives one. */
json_t *api_mutate_json (ApiCall *call, guint *status, ApiWork work, gpointer arg, GError **error);
/* For work that must not run in a transaction and is idempotent by itself. */
typedef gboolean (*ApiOutside) (ApiCall *call, gpointer arg, json_t **reply, GError **error);
Response *api_mutate_outside (ApiCall *call, guint status, ApiOutside work, gpointer arg, GError **error);
/* By the work itself, in its last transaction and with its reply (user is the ApiCall): the answer is recorded with what it tells, by one commit. */
gboolean api_record_within (Tx *tx, const json_t *reply, gpointer call, GError **error);
/* The request's key for handlers that record it in a transaction of their own; the actor's name in it is
 * the returned string, which the caller frees. */
char *api_idempotency_key (ApiCall *call, IdempotencyKey *key);
/* One read transaction. */
Response *api_read (ApiCall *call, ApiWork work, gpointer arg, GError **error);

/* 200 and friends with ETag when there is a version. */
Response *api_reply (ApiCall *call, guint status, const json_t *reply);

/* ?limit= (1..200, default 50); DIQI_ERROR_FIELD_VALUE. */
gboolean api_limit (ApiCall *call, guint *limit, GError **error);
/* Non-negative integer query member; fallback when absent. */
gboolean api_query_int (ApiCall *call, const char *name, gint64 fallback, gint64 *out, GError **error);
/* {"items", "next_cursor"}; steals both. */
json_t *api_page (json_t *items, char *next_cursor);
