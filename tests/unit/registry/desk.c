#include "unit/registry/desk.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"

static void
open_desk (Desk *desk)
{
	desk->registry = registry_new (desk->world->authority, desk->world->clock);
}

Desk *
desk_new (Store *store)
{
	Desk *desk = g_new0 (Desk, 1);
	LocalCa *ca;

	desk->store = store;
	desk->world = world_new (store);
	ca = desk->world->ca;
	desk->reviewer = desk->world->reviewer;
	desk->issuer = desk->world->issuer;
	desk->clerk = local_ca_add_officer (ca, "受理丙", ROLE_CLERK);
	desk->cashier = local_ca_add_officer (ca, "出纳丁", ROLE_CASHIER);
	desk->auditor = local_ca_add_officer (ca, "审计戊", ROLE_AUDITOR);
	desk->administrator = local_ca_add_officer (ca, "管理己", ROLE_ADMINISTRATOR | ROLE_MARKET_EDITOR | ROLE_MARKET_APPROVER);
	desk->everything = local_ca_add_officer (ca, "独揽庚", ROLE_ALL);
	world_restart (desk->world);
	open_desk (desk);
	return desk;
}

void
desk_restart (Desk *desk)
{
	registry_free (desk->registry);
	world_restart (desk->world);
	open_desk (desk);
}

void
desk_free (Desk *desk)
{
	if (!desk)
		return;
	registry_free (desk->registry);
	world_free (desk->world);
	g_free (desk);
}

void
filed_free (Filed *filed)
{
	if (!filed)
		return;
	g_free (filed->id);
	g_free (filed->code);
	g_free (filed->target);
	private_key_free (filed->key);
	csr_free (filed->csr);
	g_clear_pointer (&filed->certificate, certificate_unref);
	g_free (filed);
}

json_t *
desk_form (SubjectKind kind)
{
	static const char organization[] =
		"{\"name\":\"太仓虚构甲置业有限公司\",\"uscc\":\"91320599MAX000015E\",\"org_code\":\"MAX00001-5\","
		"\"ic_no\":\"320599000012345\",\"tax_no\":\"320599MAX000015\",\"postcode\":\"215400\",\"phone\":\"0512-53500000\","
		"\"address\":\"太仓市虚构路1号\",\"fax\":\"0512-53500001\",\"legal_rep_name\":\"虚构张一\","
		"\"legal_rep_id\":\"320599190001010010\",\"operator_name\":\"虚构李二\",\"operator_id\":\"320599190002150023\","
		"\"operator_mobile\":\"13900000000\",\"operator_email\":\"li.er@example.cn\","
		"\"certificate_type\":\"land_mineral_trading\",\"copies\":1,\"remark\":\"第一行\\n第二行\",\"declaration\":true}";
	static const char person[] =
		"{\"name\":\"虚构张一\",\"sex\":\"male\",\"birth\":\"1900-01-01\",\"employer\":\"太仓虚构甲置业有限公司\","
		"\"province\":\"江苏省\",\"city\":\"苏州市\",\"district\":\"太仓市\",\"address\":\"虚构路1号\",\"postcode\":\"215400\","
		"\"email\":\"zhang.yi@example.cn\",\"mobile\":\"13900000001\",\"id_type\":\"resident_id\","
		"\"id_number\":\"320599190001010010\",\"carrier\":\"HARD\",\"declaration\":true}";
	json_t *form = json_loads (kind == SUBJECT_ORGANIZATION ? organization : person, 0, NULL);

	g_assert_nonnull (form);
	return form;
}

/* --- filing ------------------------------------------------------------------------------ */

typedef struct {
	Desk *desk;
	Filed *filed;
	json_t *form, *view;
	const Actor *actor;
	char *text;
} FileArgs;

static gboolean
tx_create (Tx *tx, gpointer arg, GError **error)
{
	FileArgs *args = arg;
	const ApplicationCreation creation = {
		.service = args->filed->service, .kind = args->filed->kind, .form = args->form, .certificate = args->filed->target,
		.cause = args->filed->service == SERVICE_REISSUE ? "lost" : NULL, .actor = args->actor,
	};

	return application_create (tx, args->desk->registry, &creation, &args->filed->code, &args->view, error);
}

static Filed *
file (Desk *desk, Filed *filed, json_t *form, const Actor *actor)
{
	FileArgs args = { .desk = desk, .filed = filed, .form = form, .actor = actor };
	g_autoptr (GBytes) csr = NULL;
	g_autoptr (GError) error = NULL;

	filed->key = local_key ();
	csr = csr_build (filed->key, "ignored", &error);
	g_assert_no_error (error);
	filed->csr = csr_parse (g_bytes_get_data (csr, NULL), g_bytes_get_size (csr), "/csr", &error);
	g_assert_no_error (error);
	store_run (desk->store, "create", tx_create, &args, &error);
	g_assert_no_error (error);
	filed->id = g_strdup (json_string_value (json_object_get (args.view, "application")));
	json_decref (args.view);
	json_decref (form);
	return filed;
}

Filed *
desk_file (Desk *desk, SubjectKind kind, json_t *form)
{
	Filed *filed = g_new0 (Filed, 1);

	filed->kind = kind;
	return file (desk, filed, form, NULL);
}

Filed *
desk_file_service (Desk *desk, Service service, Filed *of, json_t *form, const Actor *actor)
{
	Filed *filed = g_new0 (Filed, 1);
	g_autoptr (json_t) view = desk_view (desk, of);

	filed->kind = of->kind;
	filed->service = service;
	filed->of = of;
	filed->target = g_strdup (json_string_value (json_object_get (view, "serial")));
	return file (desk, filed, form, actor);
}

/* --- actors ---------------------------------------------------------------------------------- */

Actor
desk_officer (const LocalOfficer *officer)
{
	return (Actor) {
		.kind = ACTOR_OFFICER, .person = officer->person, .name = officer->name, .roles = officer->roles_bits,
		.certificate = officer->certificate, .fingerprint = *certificate_fingerprint (officer->certificate),
	};
}

Actor
desk_applicant (const Filed *filed)
{
	return (Actor) { .kind = ACTOR_APPLICANT, .application = filed->id, .name = (char *) "applicant" };
}

void
desk_holder (Desk *desk, Filed *filed, Actor *out)
{
	g_autoptr (json_t) view = desk_view (desk, filed);
	const char *hex = json_string_value (json_object_get (view, "fingerprint"));
	g_auto (Judgement) judged = { 0 };
	g_autoptr (GError) error = NULL;
	Fingerprint fingerprint;

	g_assert_true (hex && hex_decode (hex, fingerprint.b, sizeof fingerprint.b));
	certificate_judge_known (desk->world->authority, &fingerprint, clock_now (desk->world->clock), &judged, &error);
	g_assert_no_error (error);
	g_clear_pointer (&filed->certificate, certificate_unref);
	filed->certificate = certificate_ref (judged.certificate);
	*out = (Actor) {
		.kind = ACTOR_HOLDER, .subject = g_strdup (judged.subject), .name = g_strdup ("holder"), .certificate = certificate_ref (judged.certificate),
		.fingerprint = fingerprint,
	};
}

/* --- reading ------------------------------------------------------------------------------------ */

static gboolean
tx_view (Tx *tx, gpointer arg, GError **error)
{
	FileArgs *args = arg;
	Actor auditor = desk_officer (args->desk->auditor);

	return application_view (tx, args->desk->registry, &auditor, args->filed->id, &args->view, error);
}

json_t *
desk_view (Desk *desk, const Filed *filed)
{
	FileArgs args = { .desk = desk, .filed = (Filed *) filed };
	g_autoptr (GError) error = NULL;

	store_read (desk->store, "view", tx_view, &args, &error);
	g_assert_no_error (error);
	return args.view;
}

void
desk_assert_state (Desk *desk, const Filed *filed, ApplicationState state)
{
	g_autoptr (json_t) view = desk_view (desk, filed);

	g_assert_cmpstr (json_string_value (json_object_get (view, "state")), ==, application_state_name (state));
}

static gboolean
tx_document (Tx *tx, gpointer arg, GError **error)
{
	FileArgs *args = arg;
	Actor clerk = desk_officer (args->desk->clerk);

	return application_form_document (tx, args->desk->registry, &clerk, args->filed->id, &args->text, error);
}

static gboolean
tx_request (Tx *tx, gpointer arg, GError **error)
{
	FileArgs *args = arg;

	return application_request (tx, args->desk->registry, args->filed->id, &args->view, error);
}

static gboolean
tx_leaves (Tx *tx, gpointer arg, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT size FROM log_head");

	g_assert_true (rows && rows_next (rows, error));
	*(guint64 *) arg = rows_int (rows, 0);
	return TRUE;
}

guint64
desk_leaves (Desk *desk)
{
	guint64 n = 0;
	g_autoptr (GError) error = NULL;

	store_read (desk->store, "leaves", tx_leaves, &n, &error);
	g_assert_no_error (error);
	return n;
}

/* --- statements ------------------------------------------------------------------------------------ */

static void
add_form_hash (Desk *desk, Filed *filed, json_t *members)
{
	FileArgs args = { .desk = desk, .filed = filed };
	g_autofree char *hex = NULL;
	g_autoptr (GError) error = NULL;
	Fingerprint hash;

	store_read (desk->store, "document", tx_document, &args, &error);
	g_assert_no_error (error);
	fingerprint_of (args.text, strlen (args.text), &hash);
	hex = fingerprint_hex (&hash);
	json_object_set_new (members, "form", json_string (hex));
	g_free (args.text);
}

static void
add_request (Desk *desk, Filed *filed, json_t *members)
{
	FileArgs args = { .desk = desk, .filed = filed };
	g_autofree char *none = g_strnfill (64, '0');
	gboolean submitted = store_read (desk->store, "request", tx_request, &args, NULL);

	if (!submitted && !service_rule (filed->service)->key)
		args.view = json_pack ("{s:s}", "hash", none);
	else if (!submitted)
		args.view = json_pack ("{s:s, s:s, s:i}", "hash", none, "profile", "organization", "profile_version", 1);
	json_object_set (members, "request", json_object_get (args.view, "hash"));
	if (json_object_get (args.view, "profile")) {
		json_object_set (members, "profile", json_object_get (args.view, "profile"));
		json_object_set (members, "profile_version", json_object_get (args.view, "profile_version"));
	}
	json_decref (args.view);
}

json_t *
desk_papers (SubjectKind kind)
{
	return kind == SUBJECT_ORGANIZATION
		? json_pack ("[{s:s, s:b, s:i}, {s:s, s:b, s:i}, {s:s, s:b, s:i}, {s:s, s:b, s:i}]",
		             "paper", "uscc_licence", "original", 1, "copies", 1, "paper", "organization_form", "original", 1, "copies", 1,
		             "paper", "service_contract", "original", 1, "copies", 2, "paper", "power_of_attorney", "original", 1, "copies", 1)
		: json_pack ("[{s:s, s:b, s:i}, {s:s, s:b, s:i}, {s:s, s:b, s:i}]",
		             "paper", "identity_card", "original", 1, "copies", 1, "paper", "person_form", "original", 1, "copies", 1,
		             "paper", "service_contract", "original", 1, "copies", 2);
}

static void
add_paper (json_t *list, const json_t *asked)
{
	json_t *paper = json_object ();

	json_object_set (paper, "paper", json_object_get (asked, "paper"));
	json_object_set_new (paper, "original", json_true ());
	json_object_set (paper, "copies", json_object_get (asked, "copies"));
	json_array_append_new (list, paper);
}

/* The first choice of everything the service asks for. */
static json_t *
papers_of (Desk *desk, const Filed *filed)
{
	json_t *list = json_array ();
	g_autoptr (json_t) rules = NULL;
	g_autoptr (GError) error = NULL;
	gsize i, j;
	json_t *need, *asked;

	registry_required_papers (desk->registry, service_name (filed->service), subject_kind_name (filed->kind), &rules, &error);
	g_assert_no_error (error);
	json_array_foreach (json_object_get (json_array_get (json_object_get (rules, "items"), 0), "needs"), i, need)
		json_array_foreach (json_array_get (json_object_get (need, "any"), 0), j, asked)
			add_paper (list, asked);
	return list;
}

static gboolean
about_form (ApplicationAct act)
{
	return act == ACT_SUBMIT || act == ACT_LODGE || act == ACT_ACCEPT;
}

static gboolean
about_version (ApplicationAct act)
{
	return act == ACT_ACCEPT || act == ACT_RETURN || act == ACT_REJECT || act == ACT_WITHDRAW;
}

static void
add_submission (const Filed *filed, ApplicationAct act, json_t *members)
{
	g_autofree char *spki = fingerprint_hex (public_key_fingerprint (csr_public_key (filed->csr)));

	json_object_set_new (members, "service", json_string (service_name (filed->service)));
	if (filed->target)
		json_object_set_new (members, "certificate", json_string (filed->target));
	if (act == ACT_SUBMIT && service_rule (filed->service)->key)
		json_object_set_new (members, "spki", json_string (spki));
}

static json_t *
members_of (Desk *desk, Filed *filed, ApplicationAct act)
{
	g_autoptr (json_t) view = desk_view (desk, filed);
	json_t *members = json_pack ("{s:s}", "application", filed->id);
	json_t *serial = json_object_get (view, "serial");

	if (act == ACT_SUBMIT || act == ACT_LODGE)
		add_submission (filed, act, members);
	if (about_form (act))
		add_form_hash (desk, filed, members);
	if (about_version (act))
		json_object_set (members, "version", json_object_get (view, "version"));
	if (act == ACT_ACCEPT)
		json_object_set_new (members, "papers", papers_of (desk, filed));
	if (act == ACT_RETURN || act == ACT_REJECT)
		json_object_set_new (members, "reason", json_string ("营业执照复印件未盖章"));
	if (act == ACT_FEE) {
		json_object_set (members, "amount_fen", json_object_get (view, "amount_fen"));
		json_object_set_new (members, "method", json_string ("cash"));
	}
	if (act == ACT_REVIEW || act == ACT_ISSUE || act == ACT_SERVICE_REVIEW || act == ACT_SERVICE_COMPLETE)
		add_request (desk, filed, members);
	if (act == ACT_SERVICE_COMPLETE && filed->service == SERVICE_OTHER)
		json_object_set_new (members, "answer", json_string ("请携带原件到受理点办理"));
	if (act == ACT_DELIVER || act == ACT_CONFIRM)
		json_object_set_new (members, "serial", serial ? json_incref (serial) : json_string ("none"));
	if (act == ACT_DELIVER)
		json_object_set_new (members, "method", json_string ("counter"));
	return members;
}

Statement *
desk_statement (Desk *desk, Filed *filed, ApplicationAct act, const Actor *actor, const PrivateKey *key, json_t *change)
{
	json_t *members = members_of (desk, filed, act);
	const char *name;
	json_t *value;

	json_object_foreach (change, name, value) {
		if (json_is_null (value))
			json_object_del (members, name);
		else
			json_object_set (members, name, value);
	}
	if (change)
		json_decref (change);
	return local_statement (application_act_name (act), clock_now (desk->world->clock), members, key,
	                        act == ACT_SUBMIT && service_rule (filed->service)->key ? NULL : actor->certificate);
}

/* --- acts ---------------------------------------------------------------------------------------------- */

static gboolean
perform (Tx *tx, DeskAct *a, GError **error)
{
	Registry *registry = a->desk->registry;
	const char *id = a->filed->id;

	switch (a->act) {
	case ACT_EDIT: {
		g_autoptr (json_t) form = a->form ? json_incref (a->form) : desk_form (a->filed->kind);
		g_autoptr (json_t) before = NULL;
		Actor auditor = desk_officer (a->desk->auditor);

		return application_view (tx, registry, &auditor, id, &before, error) &&
		       application_edit (tx, registry, a->actor, id, application_view_version (before), form, &a->view, error);
	}
	case ACT_SUBMIT:
		return application_submit (tx, registry, a->actor, id, &a->filed->csr, service_rule (a->filed->service)->key ? 1 : 0,
		                           a->statement, &a->view, error);
	case ACT_LODGE:
		return application_lodge (tx, registry, a->actor, id, NULL, 0, a->statement, &a->view, error);
	case ACT_WITHDRAW:
		return application_withdraw (tx, registry, a->actor, id, a->statement, NULL, &a->view, error);
	case ACT_FEE_PAID:
	case ACT_FEE_WAIVE:
		return application_settle (tx, registry, id, application_act_name (a->act), a->actor, a->statement, NULL, &a->view, error);
	case ACT_SERVICE_REVIEW:
		return application_service_review (tx, registry, a->actor, id, a->statement, &a->view, error);
	case ACT_SERVICE_COMPLETE:
		return application_service_complete (tx, registry, a->actor, id, a->statement, &a->view, error);
	case ACT_UNLOCKED:
		return application_unlocked (tx, registry, a->actor, id, a->statement, NULL, &a->view, error);
	case ACT_ACCEPT:
		return application_accept (tx, registry, a->actor, id, a->statement, &a->view, error);
	case ACT_RETURN:
		return application_return (tx, registry, a->actor, id, a->statement, &a->view, error);
	case ACT_REJECT:
		return application_reject (tx, registry, a->actor, id, a->statement, &a->view, error);
	case ACT_FEE:
		return application_record_fee (tx, registry, a->actor, id, a->statement, &a->view, error);
	case ACT_REVIEW:
		return application_review (tx, registry, a->actor, id, a->statement, &a->view, error);
	case ACT_ISSUE:
		return application_begin_issue (tx, registry, a->actor, id, a->statement, error);
	case ACT_DELIVER:
		return application_deliver (tx, registry, a->actor, id, a->statement, &a->view, error);
	case ACT_CONFIRM:
		return application_confirm (tx, registry, a->actor, id, a->statement, &a->view, error);
	default:
		g_assert_not_reached ();
	}
}

static gboolean
tx_act (Tx *tx, gpointer arg, GError **error)
{
	DeskAct *a = arg;

	g_clear_pointer (&a->view, json_decref);
	if (!perform (tx, a, error))
		return FALSE;
	return !a->roll_back || diqi_fail (error, DIQI_ERROR_EXISTS, NULL, "worked, and is rolled back");
}

gboolean
desk_do (DeskAct *a, GError **error)
{
	g_autoptr (GError) failure = NULL;

	if (store_run (a->desk->store, "act", tx_act, a, &failure))
		return TRUE;
	if (a->roll_back && g_error_matches (failure, DIQI_ERROR, DIQI_ERROR_EXISTS))
		return TRUE;
	g_propagate_error (error, g_steal_pointer (&failure));
	return FALSE;
}

void
desk_expect (Desk *desk, Filed *filed, ApplicationAct act, const LocalOfficer *officer, json_t *change, int code, const char *field)
{
	Actor actor = officer ? desk_officer (officer) : desk_applicant (filed);
	const ApplicationTransition *rule = application_act_rule (filed->service, act);
	gboolean signs = officer || !rule || !(rule->guards & GUARD_CODE_UNSIGNED);
	g_autoptr (Statement) statement = signs ? desk_statement (desk, filed, act, &actor, officer ? officer->key : filed->key, change) : NULL;
	DeskAct a = { .desk = desk, .filed = filed, .act = act, .actor = &actor, .statement = statement };
	g_autoptr (GError) error = NULL;
	gboolean done = desk_do (&a, &error);

	json_decref (a.view);
	if (code < 0)
		g_assert_no_error (error);
	else
		g_assert_error (error, DIQI_ERROR, code);
	g_assert_cmpint (done, ==, code < 0);
	if (field)
		g_assert_cmpstr (diqi_error_field (error), ==, field);
}

static void
confirm (Desk *desk, Filed *filed)
{
	g_auto (Actor) holder = { 0 };
	g_autoptr (Statement) statement = NULL;
	g_autoptr (GError) error = NULL;
	DeskAct a = { .desk = desk, .filed = filed, .act = ACT_CONFIRM, .actor = &holder };

	desk_holder (desk, filed, &holder);
	statement = desk_statement (desk, filed, ACT_CONFIRM, &holder, filed->key, NULL);
	a.statement = statement;
	desk_do (&a, &error);
	json_decref (a.view);
	g_assert_no_error (error);
}

static void
issue (Desk *desk, Filed *filed)
{
	Actor issuer = desk_officer (desk->issuer);
	g_autoptr (Statement) statement = desk_statement (desk, filed, ACT_ISSUE, &issuer, desk->issuer->key, NULL);
	g_autoptr (GError) error = NULL;

	application_issue (desk->registry, desk->store, &issuer, filed->id, statement, NULL, NULL, &error);
	g_assert_no_error (error);
}

static gboolean
is_in (Desk *desk, const Filed *filed, ApplicationState state)
{
	g_autoptr (json_t) view = desk_view (desk, filed);

	return g_strcmp0 (json_string_value (json_object_get (view, "state")), application_state_name (state)) == 0;
}

/* On from "paid" without a new key. */
static void
walk_service (Desk *desk, Filed *filed, ApplicationState state)
{
	if (filed->service == SERVICE_OTHER) {
		desk_expect (desk, filed, ACT_SERVICE_COMPLETE, desk->reviewer, NULL, -1, NULL);
		return;
	}
	desk_expect (desk, filed, ACT_SERVICE_REVIEW, desk->reviewer, NULL, -1, NULL);
	if (state == STATE_REVIEWED)
		return;
	desk_expect (desk, filed, ACT_SERVICE_COMPLETE, desk->issuer, NULL, -1, NULL);
	if (state == STATE_COMPLETED && filed->service == SERVICE_UNLOCK_PIN)
		desk_expect (desk, filed, ACT_UNLOCKED, desk->clerk, NULL, -1, NULL);
}

void
desk_walk (Desk *desk, Filed *filed, ApplicationState state)
{
	if (state == STATE_DRAFT)
		return;
	desk_expect (desk, filed, ACT_SUBMIT, NULL, NULL, -1, NULL);
	if (state == STATE_RETURNED)
		desk_expect (desk, filed, ACT_RETURN, desk->clerk, NULL, -1, NULL);
	if (state == STATE_REJECTED)
		desk_expect (desk, filed, ACT_REJECT, desk->reviewer, NULL, -1, NULL);
	if (state == STATE_WITHDRAWN)
		desk_expect (desk, filed, ACT_WITHDRAW, NULL, NULL, -1, NULL);
	if (state == STATE_SUBMITTED || state == STATE_RETURNED || state == STATE_REJECTED || state == STATE_WITHDRAWN)
		return;
	desk_expect (desk, filed, ACT_ACCEPT, desk->clerk, NULL, -1, NULL);
	if (state == STATE_ACCEPTED)
		return;
	if (is_in (desk, filed, STATE_ACCEPTED))
		desk_expect (desk, filed, ACT_FEE, desk->cashier, NULL, -1, NULL);
	if (state == STATE_PAID)
		return;
	if (!service_rule (filed->service)->key) {
		walk_service (desk, filed, state);
		return;
	}
	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, NULL, -1, NULL);
	if (state == STATE_REVIEWED)
		return;
	if (state == STATE_ISSUING) {
		desk_expect (desk, filed, ACT_ISSUE, desk->issuer, NULL, -1, NULL);
		return;
	}
	issue (desk, filed);
	if (state == STATE_ISSUED)
		return;
	desk_expect (desk, filed, ACT_DELIVER, desk->clerk, NULL, -1, NULL);
	if (state == STATE_CONFIRMED)
		confirm (desk, filed);
}

Filed *
desk_file_to (Desk *desk, SubjectKind kind, ApplicationState state)
{
	Filed *filed = desk_file (desk, kind, desk_form (kind));

	desk_walk (desk, filed, state);
	desk_assert_state (desk, filed, state);
	return filed;
}
