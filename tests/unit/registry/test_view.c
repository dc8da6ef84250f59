/* What is shown, and to whom: views, lists, the form document, the request, the slip, the certificate. */
#include <string.h>

#include "base/error.h"
#include "unit/registry/desk.h"

typedef struct {
	Desk *desk;
	const Filed *filed;
	const Actor *actor;
	const char *state, *cursor, *code;
	guint limit;
	json_t *json;
	char *text;
} Args;

static gboolean
tx_view (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return application_view (tx, args->desk->registry, args->actor, args->filed->id, &args->json, error);
}

static gboolean
tx_document (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return application_form_document (tx, args->desk->registry, args->actor, args->filed->id, &args->text, error);
}

static gboolean
tx_slip (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return application_slip (tx, args->desk->registry, args->actor, args->filed->id, args->code, &args->text, error);
}

static gboolean
tx_pem (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return application_certificate_pem (tx, args->desk->registry, args->actor, args->filed->id, 0, &args->text, error);
}

static gboolean
tx_request (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return application_request (tx, args->desk->registry, args->filed->id, &args->json, error);
}

static gboolean
tx_list (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return application_list (tx, args->desk->registry, args->state, args->cursor, args->limit, &args->json, &args->text, error);
}

static void
expect (Desk *desk, StoreFn fn, Args *args, int code)
{
	g_autoptr (GError) error = NULL;
	gboolean done;

	g_clear_pointer (&args->text, g_free);
	g_clear_pointer (&args->json, json_decref);
	done = store_read (desk->store, "read", fn, args, &error);
	if (code < 0)
		g_assert_no_error (error);
	else
		g_assert_error (error, DIQI_ERROR, code);
	g_assert_cmpint (done, ==, code < 0);
}

static void
args_clear (Args *args)
{
	g_free (args->text);
	json_decref (args->json);
}

static void
test_readers (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_ISSUED);
	g_autoptr (Filed) other = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_ISSUED);
	g_autoptr (Filed) nobody = g_new0 (Filed, 1);
	Actor applicant = desk_applicant (filed), stranger = desk_applicant (other);
	Actor clerk = desk_officer (desk->clerk), administrator = desk_officer (desk->administrator), cashier = desk_officer (desk->cashier);
	g_auto (Actor) holder = { 0 };
	g_auto (Actor) other_holder = { 0 };
	Args args = { .desk = desk, .filed = filed };

	desk_holder (desk, filed, &holder);
	desk_holder (desk, other, &other_holder);
	const struct { const Actor *actor; int view, document, slip; } cases[] = {
		{ &applicant, -1, -1, -1 },
		{ &holder, -1, -1, -1 },
		{ &clerk, -1, -1, -1 },
		{ &cashier, -1, DIQI_ERROR_PERMISSION, DIQI_ERROR_PERMISSION },
		{ &administrator, DIQI_ERROR_PERMISSION, DIQI_ERROR_PERMISSION, DIQI_ERROR_PERMISSION },
		{ &stranger, DIQI_ERROR_PERMISSION, DIQI_ERROR_PERMISSION, DIQI_ERROR_PERMISSION },
		{ &other_holder, DIQI_ERROR_PERMISSION, DIQI_ERROR_PERMISSION, DIQI_ERROR_PERMISSION },
	};

	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		args.actor = cases[i].actor;
		expect (desk, tx_view, &args, cases[i].view);
		expect (desk, tx_document, &args, cases[i].document);
		expect (desk, tx_slip, &args, cases[i].slip);
	}
	nobody->id = g_strdup ("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
	args.filed = nobody;
	args.actor = &clerk;
	expect (desk, tx_view, &args, DIQI_ERROR_NOT_FOUND);
	g_free (nobody->id);
	nobody->id = g_strdup ("' OR 1=1 --");
	expect (desk, tx_view, &args, DIQI_ERROR_NOT_FOUND);
	args_clear (&args);
}

static void
test_view (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_CONFIRMED);
	g_autoptr (json_t) view = desk_view (desk, filed);
	static const char *const acts[] = {
		"application.create", "application.submit", "application.accept", "fee.record", "application.review",
		"application.issue", "certificate.issued", "certificate.deliver", "certificate.confirm",
	};
	const json_t *history = json_object_get (view, "history");

	g_assert_cmpstr (json_string_value (json_object_get (view, "state")), ==, "confirmed");
	g_assert_cmpstr (json_string_value (json_object_get (view, "amount_fen")), ==, "30000");
	g_assert_true (json_is_true (json_object_get (view, "fee_paid")));
	g_assert_cmpuint (strlen (json_string_value (json_object_get (view, "serial"))), ==, 40);
	g_assert_cmpuint (strlen (json_string_value (json_object_get (view, "fingerprint"))), ==, 64);
	g_assert_cmpint (application_view_version (view), ==, G_N_ELEMENTS (acts));
	g_assert_cmpuint (json_array_size (history), ==, G_N_ELEMENTS (acts));
	for (gsize i = 0; i < G_N_ELEMENTS (acts); i++)
		g_assert_cmpstr (json_string_value (json_object_get (json_array_get (history, i), "act")), ==, acts[i]);
	g_assert_cmpstr (json_string_value (json_object_get (json_array_get (history, 2), "by")), ==, "受理丙");
}

static void
test_list (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	Filed *filed[7];
	g_autofree char *cursor = NULL;
	Args args = { .desk = desk, .limit = 3 };
	guint seen = 0;

	for (guint i = 0; i < G_N_ELEMENTS (filed); i++)
		filed[i] = desk_file_to (desk, SUBJECT_PERSON, i % 2 ? STATE_SUBMITTED : STATE_DRAFT);
	do {
		args.cursor = cursor;
		expect (desk, tx_list, &args, -1);
		g_assert_cmpuint (json_array_size (args.json), <=, 3);
		for (guint i = 0; i < json_array_size (args.json); i++) {
			const json_t *view = json_array_get (args.json, i);

			g_assert_cmpstr (json_string_value (json_object_get (view, "application")), ==, filed[seen]->id);
			g_assert_cmpuint (json_array_size (json_object_get (view, "history")), ==, seen % 2 ? 2 : 1);
			seen++;
		}
		g_free (cursor);
		cursor = g_strdup (args.text);
	} while (cursor);
	g_assert_cmpuint (seen, ==, G_N_ELEMENTS (filed));
	args.cursor = NULL;
	args.limit = 200;
	args.state = "submitted";
	expect (desk, tx_list, &args, -1);
	g_assert_cmpuint (json_array_size (args.json), ==, 3);
	args.state = "lost";
	expect (desk, tx_list, &args, DIQI_ERROR_FIELD_VALUE);
	args.state = NULL;
	args.cursor = "x";
	expect (desk, tx_list, &args, DIQI_ERROR_FIELD_VALUE);
	args_clear (&args);
	for (guint i = 0; i < G_N_ELEMENTS (filed); i++)
		filed_free (filed[i]);
}

/* Both approvals hash these bytes; they may not change between them, nor by a restart. */
static void
test_request (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_SUBMITTED);
	g_autoptr (Filed) draft = desk_file_to (desk, SUBJECT_PERSON, STATE_DRAFT);
	Args args = { .desk = desk, .filed = filed };
	g_autofree char *first = NULL;
	g_autoptr (json_t) request = NULL;
	const json_t *subject;
	const char *text;

	expect (desk, tx_request, &args, -1);
	text = json_string_value (json_object_get (args.json, "request"));
	first = g_strdup (text);
	request = json_loads (text, 0, NULL);
	g_assert_true (jcs_is_canonical (text, strlen (text), request));
	subject = json_object_get (request, "subject");
	g_assert_cmpuint (json_array_size (subject), ==, 4);
	g_assert_cmpstr (json_string_value (json_object_get (json_array_get (subject, 1), "ST")), ==, "江苏省");
	/* The certificate is shown to others: no identity number in it. */
	g_assert_true (g_str_has_prefix (json_string_value (json_object_get (json_array_get (subject, 3), "serialNumber")), "C-"));
	g_assert_null (strstr (text, "320599190001010010"));
	g_assert_null (json_object_get (request, "uscc"));
	g_assert_cmpint (json_integer_value (json_object_get (request, "profile_version")), ==, 3);
	g_assert_cmpint (json_integer_value (json_object_get (request, "validity_days")), ==, 300);
	desk_restart (desk);
	desk_expect (desk, filed, ACT_ACCEPT, desk->clerk, NULL, -1, NULL);
	desk_expect (desk, filed, ACT_FEE, desk->cashier, NULL, -1, NULL);
	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, NULL, -1, NULL);
	expect (desk, tx_request, &args, -1);
	g_assert_cmpstr (json_string_value (json_object_get (args.json, "request")), ==, first);
	args.filed = draft;
	expect (desk, tx_request, &args, DIQI_ERROR_APPLICATION_STATE);
	args_clear (&args);
}

static void
test_slip (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_ACCEPTED);
	Actor applicant = desk_applicant (filed);
	Args args = { .desk = desk, .filed = filed, .actor = &applicant, .code = filed->code };

	expect (desk, tx_slip, &args, -1);
	g_assert_nonnull (strstr (args.text, filed->id));
	g_assert_nonnull (strstr (args.text, filed->code));
	g_assert_nonnull (strstr (args.text, "单位全称：太仓虚构甲置业有限公司"));
	g_assert_nonnull (strstr (args.text, "申请证书类型：土地与矿产电子交易项目证书"));
	g_assert_nonnull (strstr (args.text, "应缴费用：300.00 元（叁佰元整）"));
	g_assert_nonnull (strstr (args.text, "缴费情况：未缴"));
	args.code = "AAAA-AAAA-AAAA-AAAA";
	expect (desk, tx_slip, &args, -1);
	g_assert_null (strstr (args.text, "AAAA"));
	args.code = NULL;
	expect (desk, tx_slip, &args, -1);
	g_assert_null (strstr (args.text, filed->code));
	args_clear (&args);
}

static void
test_certificate (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_REVIEWED);
	Actor applicant = desk_applicant (filed);
	Args args = { .desk = desk, .filed = filed, .actor = &applicant };
	g_autofree char *issuing = certificate_pem (desk->world->ca->issuing);
	g_autoptr (Certificate) leaf = NULL;
	g_autofree char *name = NULL;
	g_autoptr (GError) error = NULL;
	Actor issuer = desk_officer (desk->issuer);
	g_autoptr (Statement) statement = desk_statement (desk, filed, ACT_ISSUE, &issuer, desk->issuer->key, NULL);

	expect (desk, tx_pem, &args, DIQI_ERROR_APPLICATION_STATE);
	g_assert_true (application_issue (desk->registry, desk->store, &issuer, filed->id, statement, NULL, NULL, &error));
	expect (desk, tx_pem, &args, -1);
	g_assert_true (g_str_has_suffix (args.text, issuing));
	leaf = certificate_parse_pem (args.text, strlen (args.text) - strlen (issuing), &error);
	g_assert_no_error (error);
	name = certificate_subject_attribute (leaf, NAME_ORGANIZATION);
	g_assert_cmpstr (name, ==, "太仓虚构甲置业有限公司");
	args_clear (&args);
}

/* What goes into the log for ever names nobody. */
static gboolean
tx_leaves (Tx *tx, gpointer arg, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT leaf FROM log_leaf ORDER BY idx");
	guint n = 0;

	g_assert_nonnull (rows);
	while (rows_next (rows, NULL)) {
		g_autoptr (GBytes) leaf = rows_bytes (rows, 0);
		g_autoptr (json_t) parsed = json_loadb (g_bytes_get_data (leaf, NULL), g_bytes_get_size (leaf), 0, NULL);
		g_autofree char *effect = json_dumps (json_object_get (parsed, "effect"), 0);

		g_assert_nonnull (effect);
		g_assert_null (strstr (effect, "虚构"));
		g_assert_null (strstr (effect, "320599"));
		n++;
	}
	*(guint *) arg = n;
	return TRUE;
}

static void
test_leaves (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_CONFIRMED);
	g_autoptr (GError) error = NULL;
	guint n = 0;

	g_assert_true (store_read (desk->store, "leaves", tx_leaves, &n, &error));
	/* submit, accept, fee, review, issue, issued, deliver, confirm */
	g_assert_cmpuint (n, ==, 8);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/registry/view/readers", test_readers);
	test_store_add ("/registry/view/view", test_view);
	test_store_add ("/registry/view/list", test_list);
	test_store_add ("/registry/view/request", test_request);
	test_store_add ("/registry/view/slip", test_slip);
	test_store_add ("/registry/view/certificate", test_certificate);
	test_store_add ("/registry/view/leaves", test_leaves);
	return g_test_run ();
}
