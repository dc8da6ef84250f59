/* One key, one effect: on both engines. */
#include <string.h>

#include "api/idempotency.h"
#include "base/error.h"
#include "unit/support/test_store.h"

#define NOW (G_GINT64_CONSTANT (1772000000) * MICROS_PER_S)

typedef struct {
	const char *actor, *key, *request;
	guint status;
	const char *reply;           /* JSON text to record */
	Micros now;
	gboolean fail_after;         /* the effect fails when the record is already written */
	/* found */
	gboolean found;
	guint found_status;
	char *found_reply;
} Call;

static void
call_clear (Call *call)
{
	g_free (call->found_reply);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Call, call_clear)

static IdempotencyKey
key_of (const Call *call)
{
	IdempotencyKey key = { .actor = call->actor, .key = call->key };
	fingerprint_of (call->request, strlen (call->request), &key.request);
	return key;
}

static gboolean
tx_find (Tx *tx, gpointer arg, GError **error)
{
	Call *call = arg;
	IdempotencyKey key = key_of (call);
	json_t *found = NULL;

	g_clear_pointer (&call->found_reply, g_free);
	if (!idempotency_find (tx, &key, &call->found, &call->found_status, &found, error))
		return FALSE;
	g_autoptr (json_t) reply = found;
	g_assert_true ((reply != NULL) == call->found);
	if (reply != NULL)
		call->found_reply = json_dumps (reply, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	return TRUE;
}

static gboolean
tx_record (Tx *tx, gpointer arg, GError **error)
{
	Call *call = arg;
	IdempotencyKey key = key_of (call);
	g_autoptr (json_t) reply = json_loads (call->reply, JSON_DECODE_ANY, NULL);

	g_assert_nonnull (reply);
	if (!idempotency_record (tx, &key, call->status, reply, call->now, error))
		return FALSE;
	return !call->fail_after || diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "the effect failed");
}

static gboolean
tx_purge (Tx *tx, gpointer arg, GError **error)
{
	const Micros *before = arg;
	return idempotency_purge (tx, *before, error);
}

static void
find (TestStore *t, Call *call)
{
	g_autoptr (GError) error = NULL;
	store_read (t->store, "find", tx_find, call, &error);
	g_assert_no_error (error);
}

static void
record (TestStore *t, Call *call)
{
	g_autoptr (GError) error = NULL;
	store_run (t->store, "record", tx_record, call, &error);
	g_assert_no_error (error);
}

static void
test_unused (TestStore *t)
{
	g_auto (Call) call = { .actor = "public", .key = "k", .request = "POST /a\n{}" };

	find (t, &call);
	g_assert_false (call.found);
}

static void
test_same_request (TestStore *t)
{
	g_auto (Call) call = { .actor = "public", .key = "k-1_A", .request = "POST /a\n{}", .status = 201, .now = NOW,
		.reply = "{\"form\":{\"name\":\"虚构张一\"},\"none\":null,\"version\":1}" };

	record (t, &call);
	find (t, &call);
	g_assert_true (call.found);
	g_assert_cmpuint (call.found_status, ==, 201);
	g_assert_cmpstr (call.found_reply, ==, call.reply);
	/* Finding it does not use it up. */
	find (t, &call);
	g_assert_true (call.found);
}

static void
test_other_request (TestStore *t)
{
	g_auto (Call) first = { .actor = "a", .key = "k", .request = "POST /a\n{}", .status = 200, .reply = "{}", .now = NOW };
	g_auto (Call) second = { .actor = "a", .key = "k", .request = "POST /a\n{ }" };
	g_autoptr (GError) error = NULL;

	record (t, &first);
	g_assert_false (store_read (t->store, "find", tx_find, &second, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_IDEMPOTENCY_REUSED);
}

static void
test_keys_belong_to_actors (TestStore *t)
{
	g_auto (Call) mine = { .actor = "a", .key = "k", .request = "POST /a\n{}", .status = 200, .reply = "{\"who\":\"a\"}", .now = NOW };
	g_auto (Call) yours = { .actor = "b", .key = "k", .request = "POST /a\n{}", .status = 200, .reply = "{\"who\":\"b\"}", .now = NOW };
	g_auto (Call) third = { .actor = "a", .key = "K", .request = "POST /a\n{}" };

	record (t, &mine);
	find (t, &yours);
	g_assert_false (yours.found);
	record (t, &yours);
	find (t, &mine);
	find (t, &yours);
	g_assert_cmpstr (mine.found_reply, ==, "{\"who\":\"a\"}");
	g_assert_cmpstr (yours.found_reply, ==, "{\"who\":\"b\"}");
	/* Case counts. */
	find (t, &third);
	g_assert_false (third.found);
}

/* Two copies of a request that both found nothing: the second must not overwrite, and must learn it lost. */
static void
test_twin (TestStore *t)
{
	g_auto (Call) first = { .actor = "a", .key = "k", .request = "POST /a\n{}", .status = 201, .reply = "{\"seq\":1}", .now = NOW };
	g_auto (Call) twin = { .actor = "a", .key = "k", .request = "POST /a\n{}", .status = 201, .reply = "{\"seq\":2}", .now = NOW };
	g_autoptr (GError) error = NULL;

	record (t, &first);
	g_assert_false (store_run (t->store, "record", tx_record, &twin, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STORE_CONSTRAINT);
	find (t, &twin);
	g_assert_cmpstr (twin.found_reply, ==, "{\"seq\":1}");
}

static void
test_effect_fails (TestStore *t)
{
	g_auto (Call) call = { .actor = "a", .key = "k", .request = "POST /a\n{}", .status = 200, .reply = "{}", .now = NOW, .fail_after = TRUE };
	g_autoptr (GError) error = NULL;

	g_assert_false (store_run (t->store, "record", tx_record, &call, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_APPLICATION_STATE);
	find (t, &call);
	g_assert_false (call.found);
	/* The key is free for the next try. */
	call.fail_after = FALSE;
	record (t, &call);
	find (t, &call);
	g_assert_true (call.found);
}

static void
test_survives_restart (TestStore *t)
{
	g_auto (Call) call = { .actor = "a", .key = "k", .request = "POST /a\n{}", .status = 409, .reply = "{\"seq\":7}", .now = NOW };

	record (t, &call);
	test_store_reopen (t, NULL);
	find (t, &call);
	g_assert_true (call.found);
	g_assert_cmpuint (call.found_status, ==, 409);
}

static void
test_large_reply (TestStore *t)
{
	g_autofree char *filler = g_strnfill (300000, 'x');
	g_autofree char *reply = g_strdup_printf ("{\"list\":\"%s\"}", filler);
	g_auto (Call) call = { .actor = "a", .key = "k", .request = "POST /a\n{}", .status = 200, .reply = reply, .now = NOW };

	record (t, &call);
	find (t, &call);
	g_assert_cmpstr (call.found_reply, ==, reply);
}

static void
test_purge (TestStore *t)
{
	g_auto (Call) old = { .actor = "a", .key = "old", .request = "r", .status = 200, .reply = "{}", .now = NOW - 1 };
	g_auto (Call) young = { .actor = "a", .key = "young", .request = "r", .status = 200, .reply = "{}", .now = NOW };
	g_autoptr (GError) error = NULL;
	Micros before = NOW;

	record (t, &old);
	record (t, &young);
	store_run (t->store, "purge", tx_purge, &before, &error);
	g_assert_no_error (error);
	find (t, &old);
	find (t, &young);
	g_assert_false (old.found);
	g_assert_true (young.found);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/api/idempotency/unused", test_unused);
	test_store_add ("/api/idempotency/same-request", test_same_request);
	test_store_add ("/api/idempotency/other-request", test_other_request);
	test_store_add ("/api/idempotency/keys-belong-to-actors", test_keys_belong_to_actors);
	test_store_add ("/api/idempotency/twin", test_twin);
	test_store_add ("/api/idempotency/effect-fails", test_effect_fails);
	test_store_add ("/api/idempotency/survives-restart", test_survives_restart);
	test_store_add ("/api/idempotency/large-reply", test_large_reply);
	test_store_add ("/api/idempotency/purge", test_purge);
	return g_test_run ();
}
