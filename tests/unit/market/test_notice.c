/* What a notice must say and keep, and the two persons it takes. */
#include "market_fixture.h"

#include <string.h>

#define DAY MICROS_PER_DAY

/* Sets the member at a pointer like "/times/announce"; NULL deletes it. */
static void
edit (json_t *content, const char *pointer, json_t *value)
{
	g_auto (GStrv) steps = g_strsplit (pointer + 1, "/", 2);
	json_t *object = steps[1] != NULL ? json_object_get (content, steps[0]) : content;
	const char *name = steps[1] != NULL ? steps[1] : steps[0];
	if (value != NULL)
		json_object_set_new (object, name, value);
	else
		json_object_del (object, name);
}

static DiqiErrorCode
judge (const json_t *content, Micros now, json_t *warnings, char **field)
{
	g_autoptr (GError) error = NULL;
	NoticeContent read;
	RuleSet rules;
	rule_set_builtin ("taicang", 1, &rules, NULL, NULL);
	if (notice_content_read (content, "/content", &read, &error) &&
	    notice_content_check (&read, &rules, "/content", now, warnings, &error))
		return DIQI_ERROR_N_CODES;
	*field = g_strdup (diqi_error_field (error));
	return (DiqiErrorCode) error->code;
}

typedef struct { const char *edit; const char *text; gint64 number; DiqiErrorCode code; } Case;

/* text, or a time / integer `number`, is put at `edit`; the refusal points there. */
static void
run_cases (const Case *cases, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		g_autoptr (json_t) content = market_content ();
		g_autofree char *field = NULL;
		gboolean time = g_str_has_prefix (cases[i].edit, "/times");
		edit (content, cases[i].edit, cases[i].text != NULL ? json_string (cases[i].text)
		      : time ? json_time (cases[i].number) : cases[i].number == G_MININT64 ? NULL : json_integer (cases[i].number));
		DiqiErrorCode code = judge (content, ANNOUNCE, NULL, &field);
		g_test_message ("%s", cases[i].edit);
		g_assert_cmpint (code, ==, cases[i].code);
		if (code != DIQI_ERROR_N_CODES) {
			g_autofree char *expected = g_strconcat ("/content", cases[i].edit, NULL);
			g_assert_cmpstr (field, ==, expected);
		}
	}
}

static void
test_tr8_times (void)
{
	static const Case cases[] = {
		{ "/times/announce", NULL, ANNOUNCE, DIQI_ERROR_N_CODES },
		{ "/times/announce", NULL, ANNOUNCE - 1, DIQI_ERROR_NOTICE_RULE },                    /* in the past */
		{ "/times/listing_start", NULL, ANNOUNCE + 20 * DAY, DIQI_ERROR_N_CODES },            /* exactly 20 days */
		{ "/times/listing_start", NULL, ANNOUNCE + 20 * DAY - 1, DIQI_ERROR_NOTICE_RULE },
		{ "/times/listing_end", NULL, LISTING + 10 * DAY, DIQI_ERROR_N_CODES },
		{ "/times/listing_end", NULL, LISTING + 10 * DAY - 1, DIQI_ERROR_NOTICE_RULE },
		{ "/times/apply_end", NULL, T_END - MICROS_PER_HOUR, DIQI_ERROR_N_CODES },
		{ "/times/apply_end", NULL, T_END - MICROS_PER_HOUR + 1, DIQI_ERROR_NOTICE_RULE },
		{ "/times/deposit_end", NULL, T_END, DIQI_ERROR_NOTICE_RULE },
		{ "/times/deposit_end", NULL, ANNOUNCE, DIQI_ERROR_NOTICE_RULE },
		{ "/times/announce", "tomorrow", 0, DIQI_ERROR_FIELD_VALUE },
	};
	run_cases (cases, G_N_ELEMENTS (cases));
}

static void
test_prices (void)
{
	static const Case cases[] = {
		{ "/parcel/start_fen", "0", 0, DIQI_ERROR_NOTICE_RULE }, { "/parcel/increment_fen", "0", 0, DIQI_ERROR_NOTICE_RULE },
		{ "/parcel/deposit_fen", "0", 0, DIQI_ERROR_NOTICE_RULE },
		{ "/parcel/cap_fen", "797000000", 0, DIQI_ERROR_N_CODES }, { "/parcel/cap_fen", "797000001", 0, DIQI_ERROR_NOTICE_RULE },
		{ "/parcel/cap_fen", "742000000", 0, DIQI_ERROR_NOTICE_RULE }, { "/parcel/cap_fen", "0", 0, DIQI_ERROR_FIELD_VALUE },
		{ "/parcel/start_fen", "-5", 0, DIQI_ERROR_FIELD_VALUE }, { "/parcel/start_fen", "7.5", 0, DIQI_ERROR_FIELD_VALUE },
		{ "/parcel/start_fen", NULL, 747000000, DIQI_ERROR_FIELD_TYPE },
	};
	run_cases (cases, G_N_ELEMENTS (cases));
}

static void
test_fields (void)
{
	static const Case cases[] = {
		{ "/title", NULL, G_MININT64, DIQI_ERROR_FIELD_MISSING }, { "/grantor", " \n", 0, DIQI_ERROR_FIELD_VALUE },
		{ "/parcel/unit", "320585 999001 GB9900", 0, DIQI_ERROR_FIELD_VALUE }, { "/parcel/unit", "320585999001GB99001", 0, DIQI_ERROR_N_CODES },
		{ "/parcel/unit", "320585 999001 gb99001", 0, DIQI_ERROR_FIELD_VALUE }, { "/parcel/unit", "32058 5999001 GB99001", 0, DIQI_ERROR_FIELD_VALUE },
		{ "/parcel/area", "0.01", 0, DIQI_ERROR_N_CODES }, { "/parcel/area", "0.00", 0, DIQI_ERROR_FIELD_VALUE },
		{ "/parcel/area", "1.234", 0, DIQI_ERROR_FIELD_VALUE }, { "/parcel/area", "1.", 0, DIQI_ERROR_FIELD_VALUE },
		{ "/parcel/area", "1e4", 0, DIQI_ERROR_FIELD_VALUE }, { "/parcel/area", "007", 0, DIQI_ERROR_FIELD_VALUE },
		{ "/parcel/area", "-1", 0, DIQI_ERROR_FIELD_VALUE }, { "/parcel/area", "", 0, DIQI_ERROR_FIELD_VALUE },
		{ "/parcel/years", NULL, 71, DIQI_ERROR_FIELD_VALUE }, { "/parcel/years", NULL, 0, DIQI_ERROR_FIELD_VALUE },
		{ "/parcel/reserve_fen", "5", 0, DIQI_ERROR_FIELD_UNKNOWN },          /* decision 0001, 12 */
		{ "/rule_set/version", NULL, 0, DIQI_ERROR_FIELD_VALUE }, { "/rule_set/hash", "00", 0, DIQI_ERROR_FIELD_VALUE },
		{ "/deposit_paid", "yes", 0, DIQI_ERROR_FIELD_UNKNOWN },
	};
	run_cases (cases, G_N_ELEMENTS (cases));
}

static void
test_warnings (void)
{
	static const struct { const char *deposit; const char *code; } cases[] = {
		{ "149400000", NULL }, { "149399999", "deposit_below_20_percent" }, { "747000001", "deposit_above_start" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (json_t) content = market_content (), warnings = json_array ();
		g_autofree char *field = NULL;
		edit (content, "/parcel/deposit_fen", json_string (cases[i].deposit));
		g_assert_cmpint (judge (content, ANNOUNCE, warnings, &field), ==, DIQI_ERROR_N_CODES);
		g_assert_cmpuint (json_array_size (warnings), ==, cases[i].code != NULL);
		g_assert_cmpstr (json_string_value (json_object_get (json_array_get (warnings, 0), "code")), ==, cases[i].code);
	}
}

/* --- acts ---------------------------------------------------------------------------------- */

typedef struct {
	Market *m;
	char verb;                     /* create, update, submit, approve, view, list */
	const Person *as;
	json_t *content;
	gint64 version;
	const Statement *statement;
	const char *cursor;
	Micros now;
	json_t *view;
	char *next;
} Act;

static gboolean
run (Tx *tx, gpointer arg, GError **error)
{
	Act *a = arg;
	const Actor *actor = a->as != NULL ? &a->as->actor : NULL;
	MarketAct act = { SITE, actor, a->statement, a->now };
	g_clear_pointer (&a->view, json_decref);
	switch (a->verb) {
	case 'c':
		return notice_create (tx, &act, a->content, &a->view, error);
	case 'u':
		return notice_update (tx, &act, a->m->notice, a->version, a->content, &a->view, error);
	case 's':
		return notice_submit (tx, &act, a->m->notice, &a->view, error);
	case 'a':
		return notice_approve (tx, &act, a->m->notice, &a->view, error);
	case 'l':
		return notice_list (tx, actor, a->cursor, 2, a->now, &a->view, &a->next, error);
	default:
		return notice_view (tx, actor, a->m->notice, a->now, &a->view, error);
	}
}

/* DIQI_ERROR_N_CODES when it was done. */
static DiqiErrorCode
do_act (Act *a)
{
	g_autoptr (GError) error = NULL;
	return store_run (a->m->t->store, "test", run, a, &error) ? DIQI_ERROR_N_CODES : (DiqiErrorCode) error->code;
}

static const char *text (const json_t *view, const char *name) { return json_string_value (json_object_get (view, name)); }

/* What the next statement is signed over. */
static void
show (Act *a, json_t *view)
{
	json_decref (a->view);
	a->view = view;
}

static Statement *
sign (Act *a, const Person *who, const char *type, gint64 version_offset, const char *content_hash)
{
	return market_statement (who, type, json_pack ("{s:s, s:I, s:s}", "notice", a->m->notice,
		"version", json_integer_value (json_object_get (a->view, "version")) + version_offset,
		"content", content_hash != NULL ? content_hash : text (a->view, "content_hash")), a->now);
}

static void
draft (Market *m, Act *a)
{
	a->content = market_content ();
	*a = (Act) { .m = m, .verb = 'c', .as = &m->editor, .content = a->content, .now = ANNOUNCE - DAY };
	g_assert_cmpint (do_act (a), ==, DIQI_ERROR_N_CODES);
	g_free (m->notice);
	m->notice = g_strdup (text (a->view, "notice"));
}

static void
test_draft (TestStore *t)
{
	g_auto (Market) m;
	Act a = { 0 };
	market_init (&m, t, 0);
	draft (&m, &a);
	g_assert_cmpstr (text (a.view, "state"), ==, "draft");
	g_assert_nonnull (text (json_object_get (json_object_get (a.view, "content"), "rule_set"), "hash"));
	g_autofree char *before = g_strdup (text (a.view, "content_hash"));
	/* If-Match decides between two editors; every change is a version. */
	edit (a.content, "/title", json_string ("公告二"));
	a.verb = 'u';
	a.version = 2;
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_IF_MATCH_STALE);
	a.version = 1;
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_N_CODES);
	g_assert_cmpint (json_integer_value (json_object_get (a.view, "version")), ==, 2);
	g_assert_cmpstr (text (a.view, "content_hash"), !=, before);
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_IF_MATCH_STALE);
	a.as = &m.approver;
	a.version = 2;
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_PERMISSION);
	/* An unknown rule set, or the right one under a wrong hash. */
	a.as = &m.editor;
	edit (a.content, "/rule_set/version", json_integer (99));
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_FIELD_VALUE);
	edit (a.content, "/rule_set/version", json_integer (1));
	edit (a.content, "/rule_set/hash", json_string (before));
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_FIELD_VALUE);
	/* Nobody outside sees a draft. */
	a.verb = 'v';
	a.as = NULL;
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_NOT_FOUND);
	show (&a, NULL);
	json_decref (a.content);
}

static void
test_two_persons (TestStore *t)
{
	g_auto (Market) m;
	Act a = { 0 };
	market_init (&m, t, 0);
	draft (&m, &a);
	/* A statement over another content, version, notice or by another. */
	struct { const Person *signer; const char *type; gint64 offset; const char *hash; DiqiErrorCode code; } bad[] = {
		{ &m.editor, "notice.submit", 1, NULL, DIQI_ERROR_STATEMENT_TARGET },
		{ &m.editor, "notice.submit", 0, "0000000000000000000000000000000000000000000000000000000000000000", DIQI_ERROR_STATEMENT_TARGET },
		{ &m.editor, "notice.approve", 0, NULL, DIQI_ERROR_STATEMENT_TYPE },
		{ &m.approver, "notice.submit", 0, NULL, DIQI_ERROR_STATEMENT_SIGNER },
	};
	g_autofree char *hash = g_strdup (text (a.view, "content_hash"));
	a.verb = 's';
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		show (&a, json_pack ("{s:i, s:s}", "version", 1, "content_hash", hash));
		g_autoptr (Statement) s = sign (&a, bad[i].signer, bad[i].type, bad[i].offset, bad[i].hash);
		a.statement = s;
		g_assert_cmpint (do_act (&a), ==, bad[i].code);
	}
	show (&a, json_pack ("{s:i, s:s}", "version", 1, "content_hash", hash));
	g_autoptr (Statement) submit = sign (&a, &m.editor, "notice.submit", 0, NULL);
	a.statement = submit;
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_N_CODES);
	g_assert_cmpstr (text (a.view, "state"), ==, "submitted");
	/* The editor, though given the role, does not approve his own. */
	m.editor.actor.roles |= ROLE_MARKET_APPROVER;
	g_autoptr (Statement) own = sign (&a, &m.editor, "notice.approve", 0, NULL);
	a.verb = 'a';
	a.statement = own;
	g_autoptr (json_t) submitted = json_incref (a.view);
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_SAME_PERSON);
	show (&a, json_incref (submitted));
	g_autoptr (Statement) approve = sign (&a, &m.approver, "notice.approve", 0, NULL);
	a.as = &m.approver;
	a.statement = approve;
	a.now = ANNOUNCE + 1;                                /* too late: the announcement would lie in the past */
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_STATEMENT_TIME);
	show (&a, json_incref (submitted));
	g_autoptr (Statement) late = sign (&a, &m.approver, "notice.approve", 0, NULL);
	a.statement = late;
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_NOTICE_RULE);
	a.now = ANNOUNCE - DAY;
	a.statement = approve;
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_N_CODES);
	g_assert_cmpstr (text (a.view, "state"), ==, "approved");
	g_assert_nonnull (text (a.view, "sale"));
	/* Frozen: neither edited nor approved again. */
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_NOTICE_STATE);
	a.verb = 'u';
	a.as = &m.editor;
	a.version = 3;
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_NOTICE_STATE);
	/* Seen by everybody from its announcement on. */
	a.verb = 'v';
	a.as = NULL;
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_NOT_FOUND);
	a.now = ANNOUNCE;
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_N_CODES);
	g_assert_cmpstr (text (a.view, "state"), ==, "announced");
	g_assert_null (text (a.view, "editor"));
	json_decref (a.view);
	json_decref (a.content);
}

static void
test_list (TestStore *t)
{
	g_auto (Market) m;
	Act a = { 0 };
	guint seen = 0;
	market_init (&m, t, 0);
	for (int i = 0; i < 5; i++) {
		draft (&m, &a);
		json_decref (a.content);
		json_decref (a.view);
	}
	g_autofree char *cursor = NULL;
	do {
		a = (Act) { .m = &m, .verb = 'l', .as = &m.approver, .cursor = cursor, .now = ANNOUNCE };
		g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_N_CODES);
		seen += (guint) json_array_size (a.view);
		json_decref (a.view);
		g_free (cursor);
		cursor = a.next;
	} while (cursor != NULL);
	g_assert_cmpuint (seen, ==, 5);
	a = (Act) { .m = &m, .verb = 'l', .now = ANNOUNCE };
	g_assert_cmpint (do_act (&a), ==, DIQI_ERROR_N_CODES);
	g_assert_cmpuint (json_array_size (a.view), ==, 0);
	json_decref (a.view);
}

/* --- qualification ------------------------------------------------------------------------------ */

static void
test_qualify (TestStore *t)
{
	g_auto (Market) m;
	g_autoptr (GError) error = NULL;
	market_init (&m, t, 3);
	market_publish (&m, ANNOUNCE - DAY);
	g_assert_true (market_qualify (&m, 0, ANNOUNCE + DAY, &error));
	g_assert_no_error (error);
	g_assert_false (market_qualify (&m, 0, ANNOUNCE + DAY, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_BIDDER_QUALIFIED);
	g_clear_error (&error);
	/* Another certificate of the same holder is no second bidder. */
	g_autofree char *own = m.bidders[1].actor.subject;
	m.bidders[1].actor.subject = g_strdup (m.bidders[0].actor.subject);
	g_assert_false (market_qualify (&m, 1, ANNOUNCE + DAY, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_BIDDER_QUALIFIED);
	g_clear_error (&error);
	g_free (m.bidders[1].actor.subject);
	m.bidders[1].actor.subject = g_steal_pointer (&own);
	/* A moment that is due is the ticker's. */
	g_assert_false (market_qualify (&m, 1, LISTING, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_SALE_SETTLING);
	g_clear_error (&error);
	market_tick (&m, LISTING);
	g_assert_true (market_qualify (&m, 1, LISTING, &error));
	m.approver.actor.roles = ROLE_CLERK;
	g_assert_false (market_qualify (&m, 2, LISTING, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_PERMISSION);
	g_clear_error (&error);
	m.approver.actor.roles = ROLE_MARKET_APPROVER;
	market_tick (&m, T_END);
	g_assert_false (market_qualify (&m, 2, T_END + S, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_SALE_STATE);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_func ("/notice/TR-8/times", test_tr8_times);
	g_test_add_func ("/notice/prices", test_prices);
	g_test_add_func ("/notice/fields", test_fields);
	g_test_add_func ("/notice/warnings", test_warnings);
	test_store_add ("/notice/draft", test_draft);
	test_store_add ("/notice/two-persons", test_two_persons);
	test_store_add ("/notice/list", test_list);
	test_store_add ("/notice/qualify", test_qualify);
	return g_test_run ();
}
