/* api/reports.c — search, statistics, spreadsheets out and in. */
#include <string.h>

#include "api/routes.h"
#include "base/error.h"
#include "document/document.h"
#include "registry/access_code.h"
#include "registry/bulk.h"
#include "registry/export.h"
#include "registry/search.h"
#include "registry/statistics.h"

#define DESK (ROLE_CLERK | ROLE_CASHIER | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)
#define REPORTS (ROLE_ADMINISTRATOR | ROLE_AUDITOR | ROLE_CASHIER)
#define QUERY_MAX 200
#define BULK_LIMIT (4 * 1024 * 1024)
#define XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#define ACCESS_SALT "access_salt"

/* --- search ----------------------------------------------------------------------------- */

typedef struct {
	const char *query;
	guint limit;
} Search;

static gboolean
search (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Search *s = arg;
	json_t *items = NULL;
	if (!search_applications (tx, call->api->registry, s->query, s->limit, &items, error))
		return FALSE;
	*reply = api_page (items, NULL);
	return TRUE;
}

static Response *
get_search (ApiCall *call, GError **error)
{
	Search s = { request_query (call->request, "query"), 0 };
	if (s.query == NULL || strlen (s.query) > QUERY_MAX) {
		diqi_error_set (error, s.query == NULL ? DIQI_ERROR_FIELD_MISSING : DIQI_ERROR_FIELD_LENGTH, "/query", "1 to %d bytes to search for", QUERY_MAX);
		return NULL;
	}
	if (!api_limit (call, &s.limit, error))
		return NULL;
	return api_read (call, search, &s, error);
}

/* --- statistics ---------------------------------------------------------------------------- */

typedef struct {
	Micros from, to;
	guint by;
	json_t *rows;
} Span;

static gboolean
query_time (ApiCall *call, const char *name, Micros fallback, Micros *out, GError **error)
{
	const char *text = request_query (call->request, name);
	g_autoptr (GError) why = NULL;
	*out = fallback;
	if (text == NULL || time_parse (text, out, &why))
		return TRUE;
	g_autofree char *at = g_strconcat ("/", name, NULL);
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "expected a time like 2026-01-01T00:00:00Z");
}

static gboolean
query_by (ApiCall *call, guint *by, GError **error)
{
	static const struct { const char *name; guint bit; } known[] = {
		{ "month", COUNT_BY_MONTH }, { "service", COUNT_BY_SERVICE }, { "point", COUNT_BY_POINT },
	};
	const char *text = request_query (call->request, "by");
	g_auto (GStrv) names = g_strsplit (text != NULL ? text : "month,service,point", ",", 8);
	*by = 0;
	for (guint i = 0; names[i] != NULL; i++) {
		guint bit = 0;
		for (guint k = 0; k < G_N_ELEMENTS (known); k++)
			if (strcmp (names[i], known[k].name) == 0)
				bit = known[k].bit;
		if (bit == 0)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/by", "of month, service, point, with commas");
		*by |= bit;
	}
	return TRUE;
}

static gboolean
query_span (ApiCall *call, Span *span, GError **error)
{
	return query_time (call, "from", 0, &span->from, error) &&
	       query_time (call, "to", request_arrival (call->request) + MICROS_PER_S, &span->to, error) &&
	       query_by (call, &span->by, error);
}

static gboolean
count (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Span *span = arg;
	(void) call;
	json_t *rows = NULL;
	if (!statistics_applications (tx, span->from, span->to, span->by, &rows, error))
		return FALSE;
	*reply = api_page (rows, NULL);
	return TRUE;
}

static Response *
get_statistics (ApiCall *call, GError **error)
{
	Span span = { 0 };
	return query_span (call, &span, error) ? api_read (call, count, &span, error) : NULL;
}

/* --- spreadsheets ------------------------------------------------------------------------------- */

static Response *
answer_sheet (const char *name, const SheetColumn *columns, gsize n, const json_t *rows, GError **error)
{
	g_autoptr (GBytes) bytes = sheet_write (name, columns, n, rows, error);
	if (bytes == NULL)
		return NULL;
	Response *response = response_new (200, XLSX, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
	g_autofree char *disposition = g_strdup_printf ("attachment; filename=\"%s.xlsx\"", name);
	response_header (response, "Content-Disposition", disposition);
	response_header (response, "Cache-Control", "no-store");
	return response;
}

static gboolean
read_export (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	Span *span = arg;
	(void) reply;
	g_clear_pointer (&span->rows, json_decref);
	return export_applications (tx, call->api->registry, span->from, span->to, &span->rows, error);
}

static Response *
get_export_applications (ApiCall *call, GError **error)
{
	static const SheetColumn columns[] = {
		{ "受理编号", 20, FALSE }, { "服务", 14, FALSE }, { "申请人类别", 14, FALSE }, { "名称", 36, FALSE },
		{ "统一社会信用代码", 22, FALSE }, { "状态", 12, FALSE }, { "创建时间", 28, FALSE }, { "更新时间", 28, FALSE },
		{ "费用（元）", 12, TRUE }, { "已缴费", 8, FALSE }, { "证书序列号", 44, FALSE },
	};
	Span span = { 0 };
	if (!query_span (call, &span, error))
		return NULL;
	Response *ignored = api_read (call, read_export, &span, error);
	Response *response = ignored != NULL ? answer_sheet ("applications", columns, G_N_ELEMENTS (columns), span.rows, error) : NULL;
	g_clear_pointer (&ignored, response_free);
	json_decref (span.rows);
	return response;
}

static gboolean
read_counts (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	Span *span = arg;
	(void) call, (void) reply;
	g_clear_pointer (&span->rows, json_decref);
	return statistics_applications (tx, span->from, span->to, span->by, &span->rows, error);
}

static gint64
fen_of (const json_t *member)
{
	gint64 fen = 0;
	return g_ascii_string_to_signed (json_string_value (member), 10, 0, G_MAXINT64, &fen, NULL) ? fen : 0;
}

static json_t *
count_cells (const json_t *groups)
{
	static const char *const members[] = { "month", "service", "point", "total", "open", "done", "rejected", "withdrawn" };
	json_t *rows = json_array ();
	gsize i;
	const json_t *group;
	json_array_foreach (groups, i, group) {
		json_t *row = json_array ();
		for (guint m = 0; m < G_N_ELEMENTS (members); m++) {
			json_t *value = json_object_get (group, members[m]);
			json_array_append (row, value != NULL ? value : json_null ());
		}
		json_array_append_new (row, json_integer (fen_of (json_object_get (group, "paid_fen"))));
		json_array_append_new (rows, row);
	}
	return rows;
}

static Response *
get_export_statistics (ApiCall *call, GError **error)
{
	static const SheetColumn columns[] = {
		{ "月份", 10, FALSE }, { "服务", 14, FALSE }, { "受理点", 14, FALSE }, { "申请", 8, FALSE }, { "在办", 8, FALSE },
		{ "办结", 8, FALSE }, { "不予受理", 10, FALSE }, { "撤回", 8, FALSE }, { "收费（元）", 14, TRUE },
	};
	Span span = { 0 };
	if (!query_span (call, &span, error))
		return NULL;
	Response *ignored = api_read (call, read_counts, &span, error);
	g_autoptr (json_t) rows = ignored != NULL ? count_cells (span.rows) : NULL;
	Response *response = ignored != NULL ? answer_sheet ("statistics", columns, G_N_ELEMENTS (columns), rows, error) : NULL;
	g_clear_pointer (&ignored, response_free);
	json_decref (span.rows);
	return response;
}

/* --- bulk ------------------------------------------------------------------------------------------ */

static gboolean
read_kind (const char *name, SubjectKind *out, GError **error)
{
	return subject_kind_from_name (name, out) ||
	       diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/kind", "kind is \"organization\" or \"person\"");
}

static Response *
get_bulk_template (ApiCall *call, GError **error)
{
	SubjectKind kind;
	if (!read_kind (request_param (call->request, "kind"), &kind, error))
		return NULL;
	g_autoptr (json_t) labels = bulk_columns (kind);
	g_autofree SheetColumn *columns = g_new0 (SheetColumn, json_array_size (labels));
	for (gsize i = 0; i < json_array_size (labels); i++)
		columns[i] = (SheetColumn) { json_string_value (json_array_get (labels, i)), 22, FALSE };
	g_autoptr (json_t) rows = json_array ();
	return answer_sheet (subject_kind_name (kind), columns, json_array_size (labels), rows, error);
}

static gboolean
bulk (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	return bulk_applications (tx, call->api->registry, arg, reply, error);
}

/* As with a single application: recorded are salts, the codes are made from salt and Idempotency-Key. */
static void
show_access_codes (const ApiCall *call, json_t *reply)
{
	gsize i;
	json_t *result;
	json_array_foreach (json_object_get (reply, "results"), i, result) {
		const char *salt = json_string_value (json_object_get (result, ACCESS_SALT));
		if (salt == NULL)
			continue;
		g_autofree char *code = access_code_derive (salt, call->idempotency_key);
		json_object_set_new (result, "access_code", json_string (code));
		json_object_del (result, ACCESS_SALT);
	}
}

static Response *
post_bulk (ApiCall *call, GError **error)
{
	const char *kind = NULL;
	g_autoptr (GBytes) file = NULL;
	BulkOrder order = { .secret = call->idempotency_key };
	const Field fields[] = {
		{ "kind", FIELD_STRING, TRUE, 32, &kind },
		{ "file", FIELD_BASE64, TRUE, BULK_LIMIT, &file },
		{ "check_only", FIELD_BOOL, FALSE, 0, &order.check_only },
		{ "skip_invalid", FIELD_BOOL, FALSE, 0, &order.skip_invalid },
	};
	if (!JSON_READ (call->body, "", fields, error) || !read_kind (kind, &order.kind, error))
		return NULL;
	g_autoptr (json_t) rows = NULL;
	if (!sheet_read (g_bytes_get_data (file, NULL), g_bytes_get_size (file), &rows, error))
		return NULL;
	order.rows = rows;
	guint status = 200;
	g_autoptr (json_t) reply = api_mutate_json (call, &status, bulk, &order, error);
	if (reply == NULL)
		return NULL;
	show_access_codes (call, reply);
	return api_reply (call, status, reply);
}

const ApiRoute report_routes[] = {
	{ "GET", "/api/v1/search", DESK, 0, 0, get_search, NULL, NULL },
	{ "GET", "/api/v1/statistics", REPORTS, 0, 0, get_statistics, NULL, NULL },
	{ "GET", "/api/v1/exports/applications", REPORTS, 0, 0, get_export_applications, NULL, NULL },
	{ "GET", "/api/v1/exports/statistics", REPORTS, 0, 0, get_export_statistics, NULL, NULL },
	{ "GET", "/api/v1/bulk/template/{kind}", PERMIT_PUBLIC, 0, 0, get_bulk_template, NULL, NULL },
	{ "POST", "/api/v1/bulk", ROLE_CLERK, API_IDEMPOTENT, BULK_LIMIT, post_bulk, NULL, NULL },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
