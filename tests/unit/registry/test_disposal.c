/* 电子签名法 24: five years after the certificate lapsed, never earlier. */
#include "base/error.h"
#include "registry/disposal.h"
#include "registry/disposal_db.h"
#include "unit/registry/desk.h"

static Micros
time_of (const char *text)
{
	g_autoptr (GError) error = NULL;
	Micros t;

	time_parse (text, &t, &error);
	g_assert_no_error (error);
	return t;
}

static void
test_due (void)
{
	static const struct { const char *lapsed, *due; } cases[] = {
		{ "2026-02-24T01:05:00Z", "2031-02-24T16:00:00Z" },
		/* In Beijing it is the next day already. */
		{ "2026-02-24T17:00:00Z", "2031-02-25T16:00:00Z" },
		{ "2026-12-31T15:59:59Z", "2031-12-31T16:00:00Z" },
		{ "2028-02-29T01:00:00Z", "2033-03-01T16:00:00Z" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
		g_assert_cmpint (disposal_due (time_of (cases[i].lapsed)), ==, time_of (cases[i].due));
}

/* --- batches ------------------------------------------------------------------------------- */

typedef struct {
	Desk *desk;
	const char *application;
	BatchRow row;
	TwoOfficers *two;
	json_t *view;
} Args;

static gboolean
tx_list_by_hand (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return db_batch_insert (tx, &args->row, error) && db_batch_item_insert (tx, args->row.id, args->application, 1, error);
}

static gboolean
tx_approve (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return disposal_approve (tx, args->desk->registry, args->row.id, args->two, &args->view, error);
}

static void
sign (Args *args, guint i, const LocalOfficer *officer)
{
	Actor actor = desk_officer (officer);
	json_t *members = json_pack ("{s:s, s:s}", "batch", args->row.id, "list", args->row.list_hash);

	args->two->statement[i] = local_statement ("disposal.approve", clock_now (args->desk->world->clock), members, officer->key, officer->certificate);
	args->two->actor[i] = (Actor) {
		.kind = actor.kind, .person = g_strdup (actor.person), .name = g_strdup (actor.name), .roles = actor.roles,
		.certificate = certificate_ref (actor.certificate), .fingerprint = actor.fingerprint,
	};
}

/* Somebody wrote a young application into a batch: two honest officers do not destroy it. */
static void
test_too_young (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_CONFIRMED);
	g_autofree char *hash = g_strnfill (64, 'a');
	g_auto (TwoOfficers) two = { 0 };
	Args args = { .desk = desk, .application = filed->id, .two = &two };
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) view = NULL;
	guint64 leaves;

	args.row = (BatchRow) { .id = (char *) "00000000-0000-7000-8000-000000000001", .made = 1, .list = (char *) "{}", .list_hash = hash };
	store_run (desk->store, "list", tx_list_by_hand, &args, &error);
	g_assert_no_error (error);
	sign (&args, 0, desk->administrator);
	sign (&args, 1, desk->auditor);
	leaves = desk_leaves (desk);
	g_assert_false (store_run (desk->store, "approve", tx_approve, &args, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_DISPOSAL_STATE);
	g_assert_cmpuint (desk_leaves (desk), ==, leaves);
	view = desk_view (desk, filed);
	g_assert_nonnull (json_object_get (json_object_get (view, "form"), "name"));
	g_assert_null (json_object_get (view, "disposed"));
}

static guint
list_due (Desk *desk, char **first)
{
	g_autoptr (GError) error = NULL;
	guint n = 0;

	for (;;) {
		g_autofree char *batch = NULL;

		disposal_list_due (desk->store, desk->registry, 2, &batch, &error);
		g_assert_no_error (error);
		if (!batch)
			return n;
		if (n++ == 0)
			*first = g_strdup (batch);
	}
}

/* Ended applications are listed once, at most so many in a batch. */
static void
test_list (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autofree char *first = NULL;

	for (guint i = 0; i < 3; i++) {
		Filed *filed = desk_file_to (desk, SUBJECT_PERSON, STATE_REJECTED);

		filed_free (filed);
	}
	filed_free (desk_file_to (desk, SUBJECT_PERSON, STATE_SUBMITTED));
	g_assert_cmpuint (list_due (desk, &first), ==, 0);
	clock_set (desk->world->clock, disposal_due (clock_now (desk->world->clock)) - 1);
	g_assert_cmpuint (list_due (desk, &first), ==, 0);
	clock_set (desk->world->clock, clock_now (desk->world->clock) + 1);
	g_assert_cmpuint (list_due (desk, &first), ==, 2);
	g_assert_cmpuint (list_due (desk, &first), ==, 0);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/registry/disposal/due", test_due);
	test_store_add ("/registry/disposal/too-young", test_too_young);
	test_store_add ("/registry/disposal/list", test_list);
	return g_test_run ();
}
