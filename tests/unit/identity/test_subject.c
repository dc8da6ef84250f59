/* Subjects: the same identity is the same subject. */
#include "base/error.h"
#include "identity/subject.h"
#include "pki/key.h"
#include "unit/support/test_store.h"

#define NOW (G_GINT64_CONSTANT (1795348800) * MICROS_PER_S)

typedef struct {
	SubjectIdentity identity;
	char *id;
	Subject subject;
	const char *query;
	guint found;
} Args;

static gboolean
tx_make (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	g_clear_pointer (&args->id, g_free);
	return subject_find_or_create (tx, &args->identity, NOW, &args->id, error);
}

static char *
make (TestStore *t, const char *site, SubjectKind kind, const char *name, const char *number)
{
	Args args = { .identity = { site, kind, name, number } };
	g_autoptr (GError) error = NULL;

	store_run (t->store, "make", tx_make, &args, &error);
	g_assert_no_error (error);
	return args.id;
}

static gboolean
tx_load (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return subject_load (tx, args->id, &args->subject, error);
}

static gboolean
tx_search (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;
	g_autoptr (GPtrArray) found = subject_search (tx, args->query, 10, error);

	args->found = found ? found->len : 0;
	return found != NULL;
}

static guint
search (TestStore *t, const char *query)
{
	Args args = { .query = query };
	g_autoptr (GError) error = NULL;

	store_read (t->store, "search", tx_search, &args, &error);
	g_assert_no_error (error);
	return args.found;
}

static void
test_identity (TestStore *t)
{
	g_autofree char *a = make (t, "s", SUBJECT_ORGANIZATION, "太仓虚构甲置业有限公司", "91320599MAX000015E");
	g_autofree char *again = make (t, "s", SUBJECT_ORGANIZATION, "太仓虚构甲置业集团有限公司", "91320599MAX000015E");
	g_autofree char *b = make (t, "s", SUBJECT_ORGANIZATION, "太仓虚构乙置业有限公司", "91320599MAX0000239");
	g_autofree char *person = make (t, "s", SUBJECT_PERSON, "虚构张一", "resident_id:320599190001010010");
	g_autofree char *passport = make (t, "s", SUBJECT_PERSON, "虚构张一", "passport:320599190001010010");
	Args args = { .id = again };
	g_autoptr (GError) error = NULL;

	g_assert_cmpstr (a, ==, again);
	g_assert_cmpstr (a, !=, b);
	g_assert_cmpstr (person, !=, passport);
	store_read (t->store, "load", tx_load, &args, &error);
	g_assert_no_error (error);
	/* The company has changed its name. */
	g_assert_cmpstr (args.subject.name, ==, "太仓虚构甲置业集团有限公司");
	g_assert_cmpstr (args.subject.uscc, ==, "91320599MAX000015E");
	subject_clear (&args.subject);
	args.id = person;
	store_read (t->store, "load", tx_load, &args, &error);
	g_assert_no_error (error);
	g_assert_null (args.subject.uscc);
	subject_clear (&args.subject);
	args.id = (char *) "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
	g_assert_false (store_read (t->store, "load", tx_load, &args, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_NOT_FOUND);
}

static gboolean
tx_add (Tx *tx, gpointer arg, GError **error)
{
	const Args *args = arg;

	return subject_add_identity (tx, args->id, &args->identity, NOW, error);
}

/* An organisation whose credit code was replaced is the same organisation, by either code. */
static void
test_number_changes (TestStore *t)
{
	g_autofree char *a = make (t, "s", SUBJECT_ORGANIZATION, "太仓虚构甲置业有限公司", "91320599MAX000015E");
	g_autofree char *b = make (t, "s", SUBJECT_ORGANIZATION, "太仓虚构乙置业有限公司", "91320599MAX0000239");
	Args args = { .identity = { "s", SUBJECT_ORGANIZATION, "太仓虚构甲集团有限公司", "91320599MAX00003X8" }, .id = a };
	g_autofree char *by_new = NULL;
	g_autofree char *by_old = NULL;
	g_autoptr (GError) error = NULL;

	store_run (t->store, "add", tx_add, &args, &error);
	g_assert_no_error (error);
	by_new = make (t, "s", SUBJECT_ORGANIZATION, "太仓虚构甲集团有限公司", "91320599MAX00003X8");
	by_old = make (t, "s", SUBJECT_ORGANIZATION, "太仓虚构甲集团有限公司", "91320599MAX000015E");
	g_assert_cmpstr (by_new, ==, a);
	g_assert_cmpstr (by_old, ==, a);
	store_read (t->store, "load", tx_load, &args, &error);
	g_assert_no_error (error);
	g_assert_cmpstr (args.subject.uscc, ==, "91320599MAX00003X8");
	subject_clear (&args.subject);
	args.id = b;
	g_assert_false (store_run (t->store, "add", tx_add, &args, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_EXISTS);
}

/* Signs that mean something to LIKE mean themselves. */
static void
test_search (TestStore *t)
{
	g_free (make (t, "s", SUBJECT_ORGANIZATION, "太仓虚构甲置业有限公司", "91320599MAX000015E"));
	g_free (make (t, "s", SUBJECT_ORGANIZATION, "100%虚构_乙!公司", "91320599MAX0000239"));
	g_assert_cmpuint (search (t, "虚构"), ==, 2);
	g_assert_cmpuint (search (t, "甲置业"), ==, 1);
	g_assert_cmpuint (search (t, "91320599MAX00001"), ==, 1);
	g_assert_cmpuint (search (t, "00001"), ==, 0);
	g_assert_cmpuint (search (t, "%"), ==, 1);
	g_assert_cmpuint (search (t, "_"), ==, 1);
	g_assert_cmpuint (search (t, "!"), ==, 1);
	g_assert_cmpuint (search (t, ""), ==, 2);
}

static gpointer
make_in_thread (gpointer data)
{
	return make (data, "s", SUBJECT_ORGANIZATION, "太仓虚构甲置业有限公司", "91320599MAX000015E");
}

static void
test_race (TestStore *t)
{
	GThread *threads[16];
	g_autofree char *first = NULL;

	for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
		threads[i] = g_thread_new ("make", make_in_thread, t);
	for (guint i = 0; i < G_N_ELEMENTS (threads); i++) {
		g_autofree char *id = g_thread_join (threads[i]);

		if (!first)
			first = g_strdup (id);
		g_assert_cmpstr (id, ==, first);
	}
	g_assert_cmpuint (search (t, ""), ==, 1);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	test_store_add ("/identity/subject/identity", test_identity);
	test_store_add ("/identity/subject/number-changes", test_number_changes);
	test_store_add ("/identity/subject/search", test_search);
	test_store_add ("/identity/subject/race", test_race);
	return g_test_run ();
}
