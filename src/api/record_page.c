/* api/record_page.c — an application as the counter sees it after scanning its paper. */
#include "api/record_page.h"

#include "api/html.h"
#include "base/error.h"

static const char *
text_at (const json_t *object, const char *name)
{
	return json_string_value (json_object_get (object, name));
}

static gboolean
view (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	json_t **out = arg;
	(void) reply;
	g_clear_pointer (out, json_decref);
	return application_view (tx, call->api->registry, &call->actor, request_param (call->request, "id"), out, error);
}

static void
form_rows (Html *html, SubjectKind kind, const json_t *form)
{
	gsize n;
	const FormField *fields = form_fields (kind, &n);

	for (gsize i = 0; i < n; i++) {
		const char *value = form_text (form, fields[i].name);
		for (gsize k = 0; value && fields[i].choices && fields[i].choices[k]; k++)
			if (g_str_equal (fields[i].choices[k], value)) {
				value = fields[i].choice_labels[k];
				break;
			}
		html_row (html, fields[i].label, value);
	}
}

static void
paper_links (Html *html, const char *id, gboolean paid)
{
	static const struct { const char *name, *label; } papers[] = {
		{ "form", "申请单" }, { "contract", "服务合同" }, { "slip", "受理回执" }, { "receipt", "收费收据" },
	};
	html_raw (html, "<p>");
	for (gsize i = 0; i < G_N_ELEMENTS (papers) - (paid ? 0 : 1); i++)
		html_text (html, "<a href=\"/api/v1/applications/%s/%s.pdf\">%s</a> ", id, papers[i].name, papers[i].label);
	html_raw (html, "</p>\n");
}

static void
history_table (Html *html, const json_t *history)
{
	html_raw (html, "<h3>办理记录</h3>\n<table><tbody>\n");
	for (gsize i = 0; i < json_array_size (history); i++) {
		const json_t *item = json_array_get (history, i);
		g_autofree char *when = html_time (json_object_get (item, "time"));
		html_text (html, "<tr><td>%s</td><td>%s</td><td>%s</td></tr>\n", when ? when : "", text_at (item, "act"), text_at (item, "by"));
	}
	html_raw (html, "</tbody></table>\n");
}

static Response *
record (const ApiCall *call, const json_t *shown)
{
	SubjectKind kind = SUBJECT_ORGANIZATION;
	ApplicationState state = STATE_DRAFT;
	const char *id = text_at (shown, "application"), *number = text_at (shown, "number");
	subject_kind_from_name (text_at (shown, "kind"), &kind);
	application_state_from_name (text_at (shown, "state"), &state);
	const gboolean paid = json_is_true (json_object_get (shown, "fee_paid"));
	Html *html = html_new ("申请记录", call->api->site_name, 0);

	html_text (html, "<h2>%s</h2>\n", form_title (kind));
	paper_links (html, id, paid);
	html_raw (html, "<table><tbody>\n");
	html_row (html, "受理编号", number);
	html_row (html, "申请编号", id);
	html_row (html, "当前状态", application_state_label (state));
	html_row (html, "缴费情况", paid ? "已缴" : "未缴");
	html_row_time (html, "申请时间", json_object_get (shown, "created"));
	form_rows (html, kind, json_object_get (shown, "form"));
	html_raw (html, "</tbody></table>\n");
	history_table (html, json_object_get (shown, "history"));
	return html_finish (html);
}

static Response *
ask_to_log_in (const ApiCall *call)
{
	Html *html = html_new ("申请记录", call->api->site_name, 0);
	html_raw (html, "<h2>申请记录</h2>\n<p>请以受理点工作人员或证书持有人的证书登录后查看。</p>\n");
	return html_finish (html);
}

/* Who may not and who asks for what is not there get the same page as strangers. */
static gboolean
is_refusal (const GError *error)
{
	const DiqiErrorKind kind = diqi_error_kind (error);
	return kind == ERROR_KIND_NOT_FOUND || kind == ERROR_KIND_FORBIDDEN || kind == ERROR_KIND_UNAUTHORIZED;
}

Response *
get_record_page (ApiCall *call, GError **error)
{
	g_autoptr (json_t) shown = NULL;
	g_autoptr (GError) why = NULL;

	if (!call->has_actor)
		return ask_to_log_in (call);
	g_autoptr (Response) read = api_read (call, view, &shown, &why);
	if (read == NULL && is_refusal (why))
		return ask_to_log_in (call);
	if (read == NULL) {
		g_propagate_error (error, g_steal_pointer (&why));
		return NULL;
	}
	Response *page = record (call, shown);
	response_header (page, "Cache-Control", "no-store");
	return page;
}
