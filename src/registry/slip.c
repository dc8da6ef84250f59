/* registry/slip.c — 受理回执: what the applicant takes home. */
#include "registry/slip.h"

#include <string.h>

#include "base/error.h"
#include "identity/secret.h"
#include "registry/access_code.h"
#include "registry/application_db.h"

static const char *
choice_label (const FormField *field, const char *value)
{
	for (gsize i = 0; field->choices[i]; i++)
		if (g_str_equal (field->choices[i], value))
			return field->choice_labels[i];
	return value;
}

static void
add_field (GString *text, const FormField *field, const json_t *value)
{
	if (field->type == FORM_DECLARATION) {
		if (json_is_true (value))
			g_string_append_printf (text, "  声明：%s。\n", field->label);
	} else if (field->type == FORM_COUNT) {
		if (value)
			g_string_append_printf (text, "  %s：%" JSON_INTEGER_FORMAT "\n", field->label, json_integer_value (value));
	} else if (value && *json_string_value (value)) {
		const char *said = json_string_value (value);

		g_string_append_printf (text, "  %s：%s\n", field->label, field->type == FORM_CHOICE ? choice_label (field, said) : said);
	}
}

static void
add_fee (GString *text, const Application *application)
{
	const Money amount = { application->amount_fen };
	g_autofree char *figures = money_format_yuan (amount);
	g_autofree char *capitals = money_format_capitals (amount);

	if (application->amount_fen == 0) {
		g_string_append (text, "应缴费用：免费\n");
		return;
	}
	g_string_append_printf (text, "应缴费用：%s 元（%s）\n", figures, capitals);
	g_string_append_printf (text, "缴费情况：%s\n", application->fee_paid ? "已缴" : "未缴");
}

char *
slip_text (const Application *application, const Tariff *tariff, const char *access_code, Micros now)
{
	GString *text = g_string_new ("受 理 回 执\n\n");
	g_autofree char *created = time_format_beijing (application->created);
	g_autofree char *printed = time_format_beijing (now);
	gsize n;
	const FormField *fields = form_fields (application->kind, &n);

	g_string_append_printf (text, "%s\n", form_title (application->kind));
	g_string_append_printf (text, "申请编号：%s\n", application->id);
	g_string_append_printf (text, "查询码：%s\n", access_code ? access_code : "（仅在提交申请时显示一次，请凭当时所记查询码查询）");
	g_string_append_printf (text, "办理业务：%s\n", service_rule (application->service)->label);
	if (application->number)
		g_string_append_printf (text, "受理编号：%s\n", application->number);
	if (application->certificate)
		g_string_append_printf (text, "所办证书：%s\n", application->certificate);
	g_string_append_printf (text, "当前状态：%s\n", application_state_label (application->state));
	g_string_append_printf (text, "申请时间：%s（北京时间）\n\n", created);
	g_string_append (text, "表内所填内容\n");
	for (gsize i = 0; i < n; i++)
		add_field (text, &fields[i], json_object_get (application->form, fields[i].name));
	g_string_append_c (text, '\n');
	add_fee (text, application);
	g_string_append_printf (text, "办理承诺：自受理且缴费之日起 %" G_GINT64_FORMAT " 个工作日内办结。\n", tariff->promised_working_days);
	g_string_append_printf (text, "\n打印时间：%s（北京时间）\n", printed);
	return g_string_free (text, FALSE);
}

/* Only the code that opens this application is printed on its slip. */
static const char *
right_code (const Application *application, const char *access_code)
{
	Fingerprint presented;

	if (!access_code)
		return NULL;
	access_code_hash (access_code, &presented);
	return secret_equal (&presented, &application->access_hash) ? access_code : NULL;
}

gboolean
application_slip (Tx *tx, Registry *registry, const Actor *actor, const char *id, const char *access_code,
                  char **text, GError **error)
{
	g_auto (Application) application = { 0 };
	Micros now = clock_now (registry->clock);
	Tariff tariff;

	if (!application_load (tx, id, FALSE, &application, error) ||
	    !application_check_reader (&application, actor, ROLE_CLERK, error) ||
	    !tariff_at (tx, service_name (application.service), application.created, &tariff, error))
		return FALSE;
	*text = slip_text (&application, &tariff, right_code (&application, access_code), now);
	return TRUE;
}
