#include "outbox/outbox.h"

#include <string.h>

#include "base/error.h"
#include "unit/support/test_store.h"

#define NOW G_GINT64_CONSTANT (1775181600000000)
#define APPLICATION "01970000-0000-7000-8000-000000000001"
#define SUBJECT "01970000-0000-7000-8000-000000000002"

typedef struct {
	OutboxMessage message;
	gboolean mail, hook;
	json_t *seen;
	const char *read;
} Work;

static gboolean
tell (Tx *tx, gpointer arg, GError **error)
{
	Work *w = arg;
	return outbox_configure (tx, "测试站点", w->mail, w->hook, error) && outbox_tell (tx, &w->message, NOW, error);
}

static gboolean
look (Tx *tx, gpointer arg, GError **error)
{
	Work *w = arg;
	g_autofree char *more = NULL;
	return outbox_inbox_page (tx, w->message.application, w->message.subject, NULL, 50, &w->seen, &more, error);
}

static gboolean
mark (Tx *tx, gpointer arg, GError **error)
{
	Work *w = arg;
	return outbox_mark_read (tx, w->read, w->message.subject, NOW + 5, error);
}

static json_t *
inbox (TestStore *t, const char *application, const char *subject)
{
	g_autoptr (GError) error = NULL;
	Work w = { .message = { .application = application, .subject = subject } };
	store_read (t->store, "look", look, &w, &error);
	g_assert_no_error (error);
	return w.seen;
}

static void
test_inbox (TestStore *t)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) params = json_pack ("{s:s, s:s}", "number", "A-1", "service", "issue");
	Work w = { .message = { .template_name = "application.submitted", .application = APPLICATION, .mail = "a@example.com", .params = params } };
	g_assert_true (store_run (t->store, "tell", tell, &w, &error));
	g_autoptr (json_t) nothing = inbox (t, NULL, SUBJECT);
	g_assert_cmpuint (json_array_size (nothing), ==, 0);
	/* Once it is known whose application it is, its earlier messages are his too. */
	w.message.template_name = "application.confirmed";
	w.message.subject = SUBJECT;
	g_assert_true (store_run (t->store, "tell", tell, &w, &error));
	g_autoptr (json_t) both = inbox (t, NULL, SUBJECT);
	g_assert_cmpuint (json_array_size (both), ==, 2);
	const json_t *newest = json_array_get (both, 0);
	g_assert_cmpstr (json_string_value (json_object_get (newest, "title")), ==, "CA 证书已确认接受：A-1");
	g_assert_null (json_object_get (newest, "read"));
	w.read = json_string_value (json_object_get (newest, "message"));
	g_assert_true (store_run (t->store, "mark", mark, &w, &error));
	g_autoptr (json_t) after = inbox (t, APPLICATION, NULL);
	g_assert_nonnull (json_object_get (json_array_get (after, 0), "read"));
	w.message.subject = APPLICATION;
	g_assert_false (store_run (t->store, "mark", mark, &w, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_NOT_FOUND);
}

static void
test_dedupe (TestStore *t)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) params = json_pack ("{s:s, s:s, s:s}", "serial", "ab", "expires", "2026-04-03T02:00:00Z", "days", "30");
	Work w = { .message = { .template_name = "certificate.expiring", .subject = SUBJECT, .params = params, .dedupe = "x",
	                        .mail = "a@example.com", .mobile = "13800000000" }, .mail = TRUE, .hook = TRUE };
	for (guint i = 0; i < 2; i++)
		g_assert_true (store_run (t->store, "tell", tell, &w, &error));
	g_autoptr (json_t) once = inbox (t, NULL, SUBJECT);
	g_assert_cmpuint (json_array_size (once), ==, 1);
}

static void
test_mistake (TestStore *t)
{
	g_autoptr (GError) error = NULL;
	Work w = { .message = { .template_name = "application.submitted", .application = APPLICATION } };
	g_assert_false (store_run (t->store, "tell", tell, &w, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_INTERNAL);
	g_autoptr (json_t) nothing = inbox (t, APPLICATION, NULL);
	g_assert_cmpuint (json_array_size (nothing), ==, 0);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/outbox/inbox", test_inbox);
	test_store_add ("/outbox/dedupe", test_dedupe);
	test_store_add ("/outbox/mistake", test_mistake);
	return g_test_run ();
}
