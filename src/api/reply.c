/* api/reply.c — transactions with their Idempotency-Key, answers, pages. */
#include <string.h>

#include "api/call.h"
#include "base/error.h"

Response *
api_reply (ApiCall *call, guint status, const json_t *reply)
{
	(void) call;
	Response *response = reply != NULL ? response_json (status, reply) : response_empty (status);
	const json_t *version = json_object_get (reply, "version");
	if (json_is_integer (version)) {
		g_autofree char *etag = g_strdup_printf ("\"v%" JSON_INTEGER_FORMAT "\"", json_integer_value (version));
		response_header (response, "ETag", etag);
	}
	return response;
}

/* --- idempotent work ------------------------------------------------------------------ */

typedef struct {
	ApiCall *call;
	ApiWork work;
	gpointer arg;
	guint status;
	json_t *reply;
	IdempotencyKey key;
	char *actor;
} Mutation;

static char *
actor_name (const ApiCall *call)
{
	if (!call->has_actor)
		return g_strdup ("public");
	switch (call->actor.kind) {
	case ACTOR_OFFICER:
		return g_strdup (call->actor.person);
	case ACTOR_HOLDER:
		return g_strdup (call->actor.subject);
	case ACTOR_APPLICANT:
		return g_strconcat ("application:", call->actor.application, NULL);
	}
	return g_strdup ("public");
}

char *
api_idempotency_key (ApiCall *call, IdempotencyKey *key)
{
	char *actor = actor_name (call);
	key->actor = actor;
	key->key = call->idempotency_key;
	g_autoptr (GString) text = g_string_new (NULL);
	g_string_append_printf (text, "%s %s\n", request_method (call->request), request_path (call->request));
	gsize n;
	gconstpointer p = g_bytes_get_data (request_body (call->request), &n);
	g_string_append_len (text, p, (gssize) n);
	fingerprint_of (text->str, text->len, &key->request);
	return actor;
}

static void
mutation_init (Mutation *m, ApiCall *call, guint status, gpointer arg)
{
	*m = (Mutation) { .call = call, .arg = arg, .status = status };
	if (call->idempotency_key != NULL)
		m->actor = api_idempotency_key (call, &m->key);
}

static void
mutation_clear (Mutation *m)
{
	json_decref (m->reply);
	g_free (m->actor);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Mutation, mutation_clear)

static gboolean
find_recorded (Tx *tx, Mutation *m, gboolean *found, GError **error)
{
	*found = FALSE;
	return m->key.key == NULL || idempotency_find (tx, &m->key, found, &m->status, &m->reply, error);
}

static gboolean
record (Tx *tx, Mutation *m, GError **error)
{
	return m->key.key == NULL ||
	       idempotency_record (tx, &m->key, m->status, m->reply, request_arrival (m->call->request), error);
}

static gboolean
run_mutation (Tx *tx, gpointer arg, GError **error)
{
	Mutation *m = arg;
	g_clear_pointer (&m->reply, json_decref);     /* a lost race runs this again */
	gboolean found;
	if (!find_recorded (tx, m, &found, error))
		return FALSE;
	if (found)
		return TRUE;
	return m->work (tx, m->call, m->arg, &m->reply, error) && record (tx, m, error);
}

typedef struct {
	Mutation *m;
	gboolean found;
} Recorded;

static gboolean
read_recorded (Tx *tx, gpointer arg, GError **error)
{
	Recorded *r = arg;
	g_clear_pointer (&r->m->reply, json_decref);
	return find_recorded (tx, r->m, &r->found, error);
}

/* Two requests with one key may both find nothing and both set to work.  The second then waits for the first's
 * locks and is refused, as the state has moved on or its statement is used: its answer is the first's. */
static gboolean
twin_was_first (Mutation *m)
{
	Recorded r = { m, FALSE };
	return m->key.key != NULL && store_read (m->call->api->store, "idempotency.find", read_recorded, &r, NULL) && r.found;
}

static gboolean
mutate (Mutation *m, GError **error)
{
	g_autoptr (GError) failure = NULL;
	if (store_run (m->call->api->store, m->call->route->path, run_mutation, m, &failure) || twin_was_first (m))
		return TRUE;
	g_propagate_error (error, g_steal_pointer (&failure));
	return FALSE;
}

Response *
api_mutate (ApiCall *call, guint status, ApiWork work, gpointer arg, GError **error)
{
	g_auto (Mutation) m = { 0 };
	mutation_init (&m, call, status, arg);
	m.work = work;
	return mutate (&m, error) ? api_reply (call, m.status, m.reply) : NULL;
}

json_t *
api_mutate_json (ApiCall *call, guint *status, ApiWork work, gpointer arg, GError **error)
{
	g_auto (Mutation) m = { 0 };
	mutation_init (&m, call, *status, arg);
	m.work = work;
	if (!mutate (&m, error))
		return NULL;
	*status = m.status;
	return g_steal_pointer (&m.reply);
}

static gboolean
write_recorded (Tx *tx, gpointer arg, GError **error)
{
	Mutation *m = arg;
	return record (tx, m, error);
}

gboolean
api_record_within (Tx *tx, const json_t *reply, gpointer call_, GError **error)
{
	ApiCall *call = call_;
	Mutation *m = call->outside;
	call->outside_recorded = TRUE;
	return m->key.key == NULL || idempotency_record (tx, &m->key, m->status, reply, request_arrival (call->request), error);
}

Response *
api_mutate_outside (ApiCall *call, guint status, ApiOutside work, gpointer arg, GError **error)
{
	g_auto (Mutation) m = { 0 };
	mutation_init (&m, call, status, arg);
	Recorded recorded = { &m, FALSE };
	if (!store_read (call->api->store, "idempotency.find", read_recorded, &recorded, error))
		return NULL;
	if (!recorded.found) {
		g_autoptr (GError) refusal = NULL;
		call->outside = &m;
		gboolean done = work (call, arg, &m.reply, &refusal);
		call->outside = NULL;
		if (!done) {
			if (twin_was_first (&m))
				return api_reply (call, m.status, m.reply);
			g_propagate_error (error, g_steal_pointer (&refusal));
			return NULL;
		}
		/* The work is idempotent by itself: a twin that recorded first gave the same answer. */
		g_autoptr (GError) failure = NULL;
		if (!call->outside_recorded && !store_run (call->api->store, "idempotency.record", write_recorded, &m, &failure) &&
		    !g_error_matches (failure, DIQI_ERROR, DIQI_ERROR_STORE_CONSTRAINT)) {
			g_propagate_error (error, g_steal_pointer (&failure));
			return NULL;
		}
	}
	return api_reply (call, m.status, m.reply);
}

/* --- reading --------------------------------------------------------------------------- */

typedef struct {
	ApiCall *call;
	ApiWork work;
	gpointer arg;
	json_t *reply;
} Reading;

static gboolean
run_reading (Tx *tx, gpointer arg, GError **error)
{
	Reading *r = arg;
	g_clear_pointer (&r->reply, json_decref);
	return r->work (tx, r->call, r->arg, &r->reply, error);
}

Response *
api_read (ApiCall *call, ApiWork work, gpointer arg, GError **error)
{
	Reading reading = { call, work, arg, NULL };
	Response *response = NULL;
	if (store_read (call->api->store, call->route->path, run_reading, &reading, error))
		response = api_reply (call, 200, reading.reply);
	json_decref (reading.reply);
	return response;
}

gboolean
api_query_int (ApiCall *call, const char *name, gint64 fallback, gint64 *out, GError **error)
{
	const char *text = request_query (call->request, name);
	*out = fallback;
	if (text == NULL || g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, out, NULL))
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, name, "?%s= must be a whole number", name);
}

gboolean
api_limit (ApiCall *call, guint *limit, GError **error)
{
	gint64 value;
	if (!api_query_int (call, "limit", 50, &value, error))
		return FALSE;
	if (value < 1 || value > 200)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "limit", "?limit= is 1 to 200");
	*limit = (guint) value;
	return TRUE;
}

json_t *
api_page (json_t *items, char *next_cursor)
{
	json_t *page = json_object ();
	json_object_set_new (page, "items", items);
	json_object_set_new (page, "next_cursor", next_cursor != NULL ? json_string (next_cursor) : json_null ());
	g_free (next_cursor);
	return page;
}
