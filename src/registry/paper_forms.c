/* registry/paper_forms.c — see registry/paper_forms.h. */
#include "registry/paper_forms.h"

#include <string.h>

#include "base/error.h"
#include "registry/states.h"
#include "registry/application_private.h"
#include "registry/contract.h"

#define READERS (ROLE_CLERK | ROLE_CASHIER | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)

static const char *
text_at (const json_t *object, const char *name)
{
	return json_string_value (json_object_get (object, name));
}

static Micros
time_at (const json_t *object, const char *name)
{
	const char *text = text_at (object, name);
	Micros t;
	return text && time_parse (text, &t, NULL) ? t : 0;
}

static gint64
fen_at (const json_t *object, const char *name)
{
	const char *text = text_at (object, name);
	Money amount;
	return text && money_parse_fen (text, &amount, NULL) ? amount.fen : -1;
}

static SubjectKind
kind_of (const json_t *view)
{
	SubjectKind kind = SUBJECT_ORGANIZATION;
	gboolean known = subject_kind_from_name (text_at (view, "kind"), &kind);
	g_assert (known);                    /* our own view */
	return kind;
}

static const char *
number_of (const json_t *view)
{
	const char *number = text_at (view, "number");
	return number ? number : text_at (view, "application");
}

/* --- facts ---------------------------------------------------------------------------------- */

static gboolean
contract_facts (Tx *tx, const Registry *registry, const Application *application, const json_t *view, json_t **out, GError **error)
{
	g_autofree char *words = document_contract_text ();
	g_autofree char *articles = hash_hex (words, strlen (words));
	const char *holder = form_holder_name (application->kind, application->form);
	Tariff first, renewal;

	if (!tariff_at (tx, "issue", application->created, &first, error) || !tariff_at (tx, "renew", application->created, &renewal, error))
		return FALSE;
	/* The tariff asks nothing for hardware: none of the fee is for it. */
	*out = json_pack ("{s:s, s:s, s:s, s:s*, s:s, s:s, s:s, s:o, s:s, s:o, s:i, s:o, s:s}", "type", "application.contract", "site", registry->site,
		"application", application->id, "number", text_at (view, "number"), "service", text_at (view, "service"),
		"kind", text_at (view, "kind"), "holder", holder ? holder : "", "first_year_fen", json_money ((Money) { first.amount_fen }),
		"hardware_fen", "0", "renewal_fen", json_money ((Money) { renewal.amount_fen }), "years", 1,
		"date", json_time (application->created), "articles", articles);
	return TRUE;
}

gboolean
application_contract_document (Tx *tx, Registry *registry, const char *id, char **text, GError **error)
{
	g_auto (Application) application = { 0 };
	g_autoptr (json_t) view = NULL, contract = NULL;

	if (!application_load (tx, id, FALSE, &application, error) || !application_view_load (tx, &application, clock_now (registry->clock), &view, error) ||
	    !contract_facts (tx, registry, &application, view, &contract, error))
		return FALSE;
	*text = jcs_dump (contract, NULL, error);
	return *text != NULL;
}

static gboolean
order_facts (Tx *tx, const char *id, json_t **out, GError **error)
{
	g_autofree char *order = NULL;

	*out = NULL;
	return order_of (tx, id, &order, error) && (order == NULL || order_view (tx, order, out, error));
}

gboolean
application_paper_facts (Tx *tx, Registry *registry, const Actor *actor, const char *id, json_t **facts, GError **error)
{
	const SignerSite *site = authority_site (registry->authority);
	g_auto (Application) application = { 0 };
	g_autoptr (json_t) view = NULL, contract = NULL, order = NULL;
	g_autofree char *open_uri = g_strdup_printf ("%s/applications/%s", site->base_uri, id);
	Tariff tariff;
	Micros signed_at;

	if (!application_load (tx, id, FALSE, &application, error) || !application_check_reader (&application, actor, READERS, error) ||
	    !application_view_load (tx, &application, clock_now (registry->clock), &view, error) || !contract_facts (tx, registry, &application, view, &contract, error) ||
	    !order_facts (tx, id, &order, error) || !contract_signed (tx, registry, id, &signed_at, error) || !tariff_at (tx, text_at (view, "service"), application.created, &tariff, error))
		return FALSE;
	*facts = json_pack ("{s:O, s:O, s:O*, s:s, s:s, s:I}", "view", view, "contract", contract, "order", order, "site_name", site->name,
		"open_uri", open_uri, "promised_working_days", (json_int_t) tariff.promised_working_days);
	if (signed_at)
		json_object_set_new (*facts, "contract_signed", json_time (signed_at));
	return TRUE;
}

/* --- 附件一, 附件二 ------------------------------------------------------------------------------- */

/* What the history says of the version that stands: an act before the last edit or return is void. */
typedef struct {
	Micros submitted, accepted, issued, paid;
	const char *clerk, *reviewer, *issuer, *cashier;
} Acts;

static gboolean
is_act (const json_t *item, ApplicationAct act)
{
	return g_strcmp0 (text_at (item, "act"), application_act_name (act)) == 0;
}

static void
take_act (Acts *acts, const json_t *item)
{
	const char *by = text_at (item, "by");
	const Micros at = time_at (item, "time");

	if (is_act (item, ACT_SUBMIT) || is_act (item, ACT_LODGE)) {
		acts->submitted = at;
	} else if (is_act (item, ACT_ACCEPT)) {
		acts->accepted = at;
		acts->clerk = by;
	} else if (is_act (item, ACT_FEE) || is_act (item, ACT_FEE_PAID)) {
		acts->paid = at;
		acts->cashier = by;
	} else if (is_act (item, ACT_REVIEW) || is_act (item, ACT_SERVICE_REVIEW)) {
		acts->reviewer = by;
	} else if (is_act (item, ACT_ISSUE) || is_act (item, ACT_SERVICE_COMPLETE)) {
		acts->issued = at;
		acts->issuer = by;
	} else if (is_act (item, ACT_RETURN) || is_act (item, ACT_EDIT)) {
		const Acts fresh = { .paid = acts->paid, .cashier = acts->cashier };
		*acts = fresh;
	} else if (is_act (item, ACT_ABANDON)) {
		acts->reviewer = acts->issuer = NULL;
		acts->issued = 0;
	}
}

static Acts
acts_of (const json_t *view)
{
	const json_t *history = json_object_get (view, "history");
	Acts acts = { 0 };

	for (gsize i = 0; i < json_array_size (history); i++)
		take_act (&acts, json_array_get (history, i));
	return acts;
}

static const char *
choice_label (const FormField *field, const char *value)
{
	for (gsize i = 0; field->choices && field->choices[i]; i++)
		if (g_str_equal (field->choices[i], value))
			return field->choice_labels[i];
	return value;
}

/* Fields of newer forms have no cell of their own: they stand below the remark, each with its label. */
static json_t *
form_on_paper (SubjectKind kind, const json_t *form)
{
	static const char *const newer[] = { "name_en", "unit_type", "local_tax_no", "registered_place", "registered_capital", "industry_project" };
	json_t *shown = json_deep_copy (form);
	g_autoptr (GString) remark = g_string_new (form_text (form, "remark"));
	gsize n;
	const FormField *fields = form_fields (kind, &n);

	for (gsize i = 0; i < n; i++)
		for (gsize k = 0; k < G_N_ELEMENTS (newer); k++) {
			const char *value = form_text (form, fields[i].name);
			if (value && *value && g_str_equal (fields[i].name, newer[k]))
				g_string_append_printf (remark, "%s%s：%s", remark->len ? "\n" : "", fields[i].label, choice_label (&fields[i], value));
		}
	if (remark->len)
		json_object_set_new (shown, "remark", json_string (remark->str));
	return shown;
}

static GBytes *
draw_form (const json_t *facts, GError **error)
{
	const json_t *view = json_object_get (facts, "view"), *given = json_object_get (view, "form");
	const SubjectKind kind = kind_of (view);
	const Acts acts = acts_of (view);
	g_autoptr (json_t) form = form_on_paper (kind, given);
	const json_int_t copies = json_integer_value (json_object_get (given, "copies"));
	const FormDocument in = {
		.service = text_at (view, "service"),
		.form = form,
		.number = number_of (view),
		.open_uri = text_at (facts, "open_uri"),
		.copies = copies > 0 ? copies : 1,
		.reviewer = acts.reviewer,
		.issuer = acts.issuer,
		.signer = acts.submitted == 0 ? NULL : kind == SUBJECT_ORGANIZATION ? form_text (form, "operator_name") : form_text (form, "name"),
		.accepted = acts.accepted,
		.issued = acts.issued,
		.applied = acts.submitted,
	};
	return kind == SUBJECT_ORGANIZATION ? document_organization_form (&in, error) : document_person_form (&in, error);
}

GBytes *
blank_form (SubjectKind kind, GError **error)
{
	const FormDocument blank = { 0 };
	return kind == SUBJECT_ORGANIZATION ? document_organization_form (&blank, error) : document_person_form (&blank, error);
}

/* --- 附件三 -------------------------------------------------------------------------------------- */

static GBytes *
draw_contract (const json_t *facts, GError **error)
{
	const json_t *contract = json_object_get (facts, "contract"), *view = json_object_get (facts, "view");
	const char *holder = text_at (contract, "holder");
	const Micros signed_at = time_at (facts, "contract_signed");
	const ContractDocument in = {
		.holder = holder && *holder ? holder : NULL,
		.first_year_fen = fen_at (contract, "first_year_fen"),
		.hardware_fen = fen_at (contract, "hardware_fen"),
		.renewal_fen = fen_at (contract, "renewal_fen"),
		.years = json_integer_value (json_object_get (contract, "years")),
		.number = number_of (view),
		.date = time_at (contract, "date"),
		.holder_signer = signed_at ? holder : NULL,
		.service_signer = signed_at ? text_at (facts, "site_name") : NULL,
		.electronic = signed_at != 0,
		.signed_at = signed_at,
	};
	return document_contract (&in, error);
}

GBytes *
blank_contract (GError **error)
{
	const ContractDocument blank = { .first_year_fen = -1, .hardware_fen = -1, .renewal_fen = -1 };
	return document_contract (&blank, error);
}

/* --- 收费收据, 受理回执 ------------------------------------------------------------------------------ */

static const char *
service_label (const char *service)
{
	Service known;
	return service_from_name (service, &known) ? service_rule (known)->label : service;
}

static const char *
method_label (const char *method)
{
	static const struct { const char *method, *label; } labels[] = {
		{ "cash", "现金" }, { "card", "刷卡" }, { "transfer", "转账" }, { "online", "网上支付" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (labels); i++)
		if (g_strcmp0 (labels[i].method, method) == 0)
			return labels[i].label;
	return method;
}

static char *
yuan_at (const json_t *object, const char *name)
{
	return money_format_yuan ((Money) { MAX (fen_at (object, name), 0) });
}

static char *
lines_text (const json_t *order)
{
	const json_t *lines = json_object_get (order, "lines");
	GString *text = g_string_new (NULL);

	for (gsize i = 0; i < json_array_size (lines); i++) {
		const json_t *line = json_array_get (lines, i);
		g_autofree char *unit = yuan_at (line, "unit_fen");
		g_string_append_printf (text, "%s%s　%" JSON_INTEGER_FORMAT " × %s 元", i ? "\n" : "", service_label (text_at (line, "service")),
			json_integer_value (json_object_get (line, "pieces")), unit);
	}
	return g_string_free (text, FALSE);
}

/* 人民币大写 as the rules for bills have it: the currency first. */
static char *
capitals (gint64 fen)
{
	g_autofree char *amount = money_format_capitals ((Money) { fen });
	return g_str_has_prefix (amount, "人民币") ? g_strdup (amount) : g_strconcat ("人民币", amount, NULL);
}

static const char *
holder_of (const json_t *view)
{
	const char *name = form_holder_name (kind_of (view), json_object_get (view, "form"));
	return name ? name : "";
}

static GBytes *
draw_receipt (const json_t *facts, GError **error)
{
	const json_t *view = json_object_get (facts, "view"), *order = json_object_get (facts, "order"), *receipt = json_object_get (order, "receipt");
	const json_t *payment = json_array_get (json_object_get (order, "payments"), 0);

	if (receipt == NULL) {
		diqi_error_set (error, DIQI_ERROR_ORDER_STATE, NULL, "nothing was paid for this application, so there is no receipt");
		return NULL;
	}
	const Acts acts = acts_of (view);
	g_autofree char *items = lines_text (order), *figures = yuan_at (receipt, "amount_fen"), *words = capitals (fen_at (receipt, "amount_fen"));
	g_autofree char *amount = g_strdup_printf ("￥%s", figures), *paid = time_format_beijing (time_at (receipt, "issued"));
	const char *reference = text_at (payment, "reference");
	const char *const rows[] = { "缴款人", holder_of (view), "受理编号", number_of (view), "订单编号", text_at (order, "number"), "收费项目", items,
		"金额（小写）", amount, "金额（大写）", words, "缴费方式", method_label (text_at (payment, "method")), "收款日期", paid,
		"收款人", acts.cashier ? acts.cashier : "", reference && *reference ? "凭据号" : NULL, reference, NULL };
	const SlipDocument in = { "收费收据", text_at (receipt, "number"), text_at (facts, "site_name"), rows, text_at (facts, "open_uri"),
		"本收据带有服务单位的电子签名，与盖章的纸质收据具有同等效力。扫描二维码可核对申请记录。" };
	return document_slip (&in, error);
}

static GBytes *
draw_slip (const json_t *facts, GError **error)
{
	const json_t *view = json_object_get (facts, "view");
	ApplicationState state = STATE_DRAFT;
	application_state_from_name (text_at (view, "state"), &state);
	const Acts acts = acts_of (view);
	g_autofree char *made = time_format_beijing (time_at (view, "created")), *accepted = acts.accepted ? time_format_beijing (acts.accepted) : g_strdup ("");
	g_autofree char *figures = yuan_at (view, "amount_fen"), *words = capitals (MAX (fen_at (view, "amount_fen"), 0));
	g_autofree char *fee = g_strdup_printf ("￥%s（%s）%s", figures, words, json_is_true (json_object_get (view, "fee_paid")) ? "　已缴" : "　未缴");
	g_autofree char *promise = g_strdup_printf ("自受理且缴费之日起 %" JSON_INTEGER_FORMAT " 个工作日内办结",
		json_integer_value (json_object_get (facts, "promised_working_days")));
	const char *const rows[] = { "申请编号", text_at (view, "application"), "申请人", holder_of (view), "申请单", form_title (kind_of (view)),
		"办理业务", service_label (text_at (view, "service")), "当前状态", application_state_label (state), "申请时间", made,
		"受理时间", accepted, "受理人", acts.clerk ? acts.clerk : "", "应缴费用", fee, "办理承诺", promise, NULL };
	const SlipDocument in = { "受理回执", number_of (view), text_at (facts, "site_name"), rows, text_at (facts, "open_uri"),
		"请妥善保管受理编号和查询码，凭此查询办理进度。时间均为北京时间。" };
	return document_slip (&in, error);
}

GBytes *
application_paper_draw (const json_t *facts, ApplicationPaper paper, GError **error)
{
	switch (paper) {
	case APPLICATION_PAPER_FORM:
		return draw_form (facts, error);
	case APPLICATION_PAPER_CONTRACT:
		return draw_contract (facts, error);
	case APPLICATION_PAPER_RECEIPT:
		return draw_receipt (facts, error);
	default:
		return draw_slip (facts, error);
	}
}
