/* api/pages.c — see pages.h. */
#include "api/pages.h"

#include <gio/gio.h>
#include <string.h>

#include "api/api.h"
#include "api/cps.h"
#include "api/html.h"
#include "base/error.h"
#include "market/market.h"

static const Api *
api_of (Request *r)
{
	return request_user (r);
}

static const json_t *
at (const json_t *object, const char *name)
{
	return json_object_get (object, name);
}

static const char *
text_at (const json_t *object, const char *name)
{
	return json_string_value (at (object, name));
}

static const char *
phase_label (const json_t *sale)
{
	static const struct { const char *phase, *label; } labels[] = {
		{ "announced", "公告期" }, { "listing", "挂牌期" }, { "quiet", "停止更新" }, { "limit_time", "限时竞价" },
	};
	const char *phase = text_at (sale, "phase");
	for (gsize i = 0; i < G_N_ELEMENTS (labels); i++) {
		if (g_strcmp0 (phase, labels[i].phase) == 0)
			return labels[i].label;
	}
	return g_strcmp0 (text_at (at (sale, "result"), "result"), "won") == 0 ? "成交" : "流拍";
}

/* What people wait for in this phase. */
static const json_t *
next_time (const json_t *sale, const char **label)
{
	const char *phase = text_at (sale, "phase");
	static const struct { const char *phase, *member, *label; } moments[] = {
		{ "announced", "listing_start", "挂牌开始" }, { "listing", "quiet_from", "报价截止" },
		{ "quiet", "listing_end", "挂牌截止" }, { "limit_time", "deadline", "本轮截止" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (moments); i++) {
		if (g_strcmp0 (phase, moments[i].phase) == 0) {
			*label = moments[i].label;
			return at (sale, moments[i].member);
		}
	}
	*label = "结束";
	return at (at (sale, "result"), "closed");
}

static const json_t *
shown_price (const json_t *sale)
{
	const json_t *price = at (sale, "price_fen");
	return json_is_string (price) ? price : at (sale, "start_fen");
}

static const char *
price_label (const json_t *sale)
{
	if (!json_is_string (at (sale, "price_fen")))
		return "起始价";
	if (!json_is_object (at (sale, "result")))
		return "当前价";
	return g_strcmp0 (text_at (at (sale, "result"), "result"), "won") == 0 ? "成交价" : "最高报价";
}

/* --- "/" ------------------------------------------------------------------------------- */

static void
sale_line (Html *html, const json_t *sale)
{
	const json_t *parcel = at (sale, "parcel");
	const char *label;
	g_autofree char *price = html_money (shown_price (sale)), *start = html_money (at (sale, "start_fen"));
	g_autofree char *when = html_time (next_time (sale, &label));
	html_text (html, "<tr><td><a href=\"/sales/%s\">%s</a><br><span class=\"soft\">%s</span></td>",
	           text_at (sale, "sale"), text_at (parcel, "code"), text_at (parcel, "place"));
	html_text (html, "<td>%s<br><span class=\"soft\">%s ㎡</span></td>", text_at (parcel, "use"), text_at (parcel, "area"));
	html_text (html, "<td class=\"number\">%s</td><td class=\"number\"><strong>%s</strong></td>", start, price);
	html_text (html, "<td><span class=\"phase %s\">%s</span></td>", text_at (sale, "phase"), phase_label (sale));
	html_text (html, "<td>%s<br><span class=\"soft\">%s</span></td></tr>\n", when != NULL ? when : "", label);
}

static void
ca_line (Html *html, const char *path, const char *label, const Certificate *certificate)
{
	g_autofree char *fingerprint = fingerprint_hex (certificate_fingerprint (certificate));
	g_autofree char *subject = certificate_subject_text (certificate);
	html_text (html, "<tr><th scope=\"row\"><a href=\"%s\">%s</a></th><td>%s<br><code>SHA-256 %s</code></td></tr>\n", path, label, subject, fingerprint);
}

static void
ca_lines (Html *html, const SignerCa *ca)
{
	g_autofree char *root = g_strdup_printf ("/pki/%s/root.cer", ca->name), *certificate = g_strdup_printf ("/pki/%s/ca.cer", ca->name);
	gboolean gm = strcmp (ca->hierarchy, "gm") == 0;
	ca_line (html, root, gm ? "根证书(国密)" : "根证书", ca->root);
	ca_line (html, certificate, gm ? "签发证书(国密)" : "签发证书", ca->certificate);
	html_text (html, "<tr><th scope=\"row\"><a href=\"/pki/%s/full.crl\">CRL</a></th><td>证书撤销列表;在线状态 OCSP:<code>/pki/%s/ocsp</code></td></tr>\n",
	           ca->name, ca->name);
}

static void
ca_section (Html *html, const Api *api)
{
	html_raw (html, "<h2>CA 证书</h2>\n<div class=\"table\"><table>\n");
	for (guint i = 0; i < api->site->cas->len; i++)
		ca_lines (html, g_ptr_array_index (api->site->cas, i));
	html_raw (html, "<tr><th scope=\"row\"><a href=\"/checkpoint\">日志</a></th><td>证据日志的最新检查点(C2SP tlog-tiles)</td></tr>\n"
	          "<tr><th scope=\"row\"><a href=\"/pki/cps\">业务规则</a></th><td>电子认证业务规则(CP/CPS),由正在执行的设置生成</td></tr>\n</table></div>\n");
}

typedef struct {
	Request *request;
	json_t *sales, *notices;
} Front;

#define FRONT_MOST 100

static gboolean
read_front (Tx *tx, gpointer arg, GError **error)
{
	Front *front = arg;
	Micros now = request_arrival (front->request);
	g_autofree char *more_sales = NULL, *more_notices = NULL;
	g_clear_pointer (&front->sales, json_decref);
	g_clear_pointer (&front->notices, json_decref);
	return sale_list (tx, NULL, FRONT_MOST, now, &front->sales, &more_sales, error) &&
	       notice_list (tx, NULL, NULL, FRONT_MOST, now, &front->notices, &more_notices, error);
}

/* What ends next comes first, closed sales last. */
static int
compare_urgency (gconstpointer a, gconstpointer b)
{
	const json_t *x = *(const json_t *const *) a, *y = *(const json_t *const *) b;
	gboolean x_closed = json_is_object (at (x, "result")), y_closed = json_is_object (at (y, "result"));
	const char *label;
	if (x_closed != y_closed)
		return x_closed ? 1 : -1;
	int order = g_strcmp0 (json_string_value (next_time (x, &label)), json_string_value (next_time (y, &label)));
	return x_closed ? -order : order;
}

static GPtrArray *
by_urgency (const json_t *sales)
{
	GPtrArray *list = g_ptr_array_new ();
	gsize i;
	json_t *sale;
	json_array_foreach (sales, i, sale)
		g_ptr_array_add (list, sale);
	g_ptr_array_sort (list, compare_urgency);
	return list;
}

static void
notice_section (Html *html, const json_t *notices)
{
	html_raw (html, "<h2>公告</h2>\n<div class=\"table\"><table>\n");
	gsize i;
	const json_t *notice;
	json_array_foreach (notices, i, notice) {
		const json_t *content = at (notice, "content");
		g_autofree char *announced = html_time (at (at (content, "times"), "announce"));
		html_text (html, "<tr><th scope=\"row\">%s</th><td><a href=\"/sales/%s\">%s</a><br><span class=\"soft\">%s · %s 公告 · 地块 %s</span></td></tr>\n",
		           text_at (content, "number"), text_at (notice, "sale"), text_at (content, "title"), text_at (content, "grantor"),
		           announced, text_at (at (content, "parcel"), "code"));
	}
	html_raw (html, "</table></div>\n");
}

static Response *
front_page (Request *r)
{
	const Api *api = api_of (r);
	g_autoptr (GError) error = NULL;
	Front front = { r, NULL, NULL };
	gboolean done = store_read (api->store, "page.front", read_front, &front, &error);
	g_autoptr (json_t) sales = front.sales;
	g_autoptr (json_t) notices = front.notices;
	if (!done)
		return response_problem (r, error, NULL);
	g_autofree char *now = time_format_beijing (request_arrival (r));
	Html *html = html_new ("公告与地块", api->site_name, 10);
	html_text (html, "<h2>地块</h2>\n<p class=\"soft\">服务器时间 %s%s</p>\n", now, api->site->test_site ? " · 测试站点,数据均为虚构" : "");
	if (json_array_size (sales) == 0)
		html_raw (html, "<p>目前没有已公告的地块。</p>\n");
	else {
		html_raw (html, "<div class=\"table\"><table class=\"cards\">\n<thead><tr><th scope=\"col\">地块</th><th scope=\"col\">用途</th><th scope=\"col\" class=\"number\">起始价</th>"
		          "<th scope=\"col\" class=\"number\">当前价</th><th scope=\"col\">状态</th><th scope=\"col\">时间</th></tr></thead>\n<tbody>\n");
		g_autoptr (GPtrArray) ordered = by_urgency (sales);
		for (guint i = 0; i < ordered->len; i++)
			sale_line (html, g_ptr_array_index (ordered, i));
		html_raw (html, "</tbody></table></div>\n");
		notice_section (html, notices);
	}
	ca_section (html, api);
	return html_finish (html);
}

/* --- "/sales/{id}" ------------------------------------------------------------------------ */

typedef struct {
	Request *request;
	json_t *sale, *events, *notice;
} SalePage;

static gboolean
read_sale (Tx *tx, gpointer arg, GError **error)
{
	SalePage *page = arg;
	const char *id = request_param (page->request, "id");
	Micros now = request_arrival (page->request);
	guint64 next;
	g_clear_pointer (&page->sale, json_decref);
	g_clear_pointer (&page->events, json_decref);
	g_clear_pointer (&page->notice, json_decref);
	if (!sale_view (tx, id, NULL, now, &page->sale, error) ||
	    !notice_view (tx, NULL, text_at (page->sale, "notice"), now, &page->notice, error))
		return FALSE;
	/* The newest fifty. */
	gint64 seq = json_integer_value (at (page->sale, "seq"));
	return sale_events (tx, id, seq > 50 ? (guint64) (seq - 50) : 0, 50, now, &page->events, &next, error);
}

static void
parcel_table (Html *html, const json_t *sale, const json_t *notice)
{
	const json_t *parcel = at (sale, "parcel"), *content = at (notice, "content");
	g_autofree char *years = g_strdup_printf ("%" JSON_INTEGER_FORMAT " 年", json_integer_value (at (parcel, "years")));
	g_autofree char *area = g_strdup_printf ("%s ㎡", text_at (parcel, "area"));
	html_raw (html, "<h2>公告与地块</h2>\n<div class=\"table\"><table>\n");
	html_row (html, "公告", text_at (content, "title"));
	html_row (html, "公告编号", text_at (content, "number"));
	html_row (html, "出让人", text_at (content, "grantor"));
	html_row (html, "不动产单元码", text_at (parcel, "unit"));
	html_row (html, "坐落", text_at (parcel, "place"));
	html_row (html, "土地面积", area);
	html_row (html, "用途", text_at (parcel, "use"));
	html_row (html, "出让年限", years);
	html_row (html, "容积率", text_at (parcel, "far"));
	html_row (html, "建筑密度", text_at (parcel, "density"));
	html_row (html, "绿地率", text_at (parcel, "green"));
	html_row (html, "限高(米)", text_at (parcel, "height"));
	html_row_money (html, "起始价", at (sale, "start_fen"));
	html_row_money (html, "增价幅度", at (sale, "increment_fen"));
	html_row_money (html, "竞买保证金", at (parcel, "deposit_fen"));
	html_row_time (html, "挂牌开始", at (sale, "listing_start"));
	html_row_time (html, "停止更新", at (sale, "quiet_from"));
	html_row_time (html, "挂牌截止", at (sale, "listing_end"));
	html_raw (html, "</table></div>\n");
}

static void
event_table (Html *html, const json_t *events)
{
	html_raw (html, "<h2>报价记录</h2>\n<div class=\"table\"><table>\n<thead><tr><th scope=\"col\">序号</th><th scope=\"col\">时间</th>"
	          "<th scope=\"col\">竞买号</th><th scope=\"col\" class=\"number\">报价</th><th scope=\"col\">结果</th></tr></thead>\n<tbody>\n");
	for (gsize i = json_array_size (events); i > 0; i--) {
		const json_t *event = json_array_get (events, i - 1);
		if (g_strcmp0 (text_at (event, "kind"), "quote") != 0)
			continue;
		g_autofree char *when = html_time (at (event, "at")), *price = html_money (at (event, "price_fen"));
		const char *code = text_at (event, "code");
		DiqiErrorCode known;
		const char *verdict = code == NULL ? "接受" : diqi_code_from_name (code, &known) ? diqi_code_title_zh (known) : code;
		html_text (html, "<tr><td>%" JSON_INTEGER_FORMAT "</td><td>%s</td><td>%s</td><td class=\"number\">%s</td><td>%s</td></tr>\n",
		           json_integer_value (at (event, "seq")), when, text_at (event, "bidder"), price != NULL ? price : "", verdict);
	}
	html_raw (html, "</tbody></table></div>\n");
}

static Response *
sale_page (Request *r)
{
	const Api *api = api_of (r);
	g_autoptr (GError) error = NULL;
	SalePage page = { r, NULL, NULL, NULL };
	gboolean done = store_read (api->store, "page.sale", read_sale, &page, &error);
	g_autoptr (json_t) sale = page.sale;
	g_autoptr (json_t) events = page.events;
	g_autoptr (json_t) notice = page.notice;
	if (!done)
		return response_problem (r, error, NULL);
	gboolean closed = g_strcmp0 (text_at (sale, "phase"), "closed") == 0;
	const char *label, *code = text_at (at (sale, "parcel"), "code");
	g_autofree char *price = html_money (shown_price (sale)), *when = html_time (next_time (sale, &label));
	g_autofree char *now = time_format_beijing (request_arrival (r));
	Html *html = html_new (code, api->site_name, closed ? 0 : 5);
	html_text (html, "<h2>%s <span class=\"phase %s\">%s</span></h2>\n", code, text_at (sale, "phase"), phase_label (sale));
	html_text (html, "<p class=\"price\"><span class=\"soft\">%s</span> %s</p>\n<p>%s %s</p>\n<p class=\"soft\">服务器时间 %s</p>\n",
	           price_label (sale), price, label, when != NULL ? when : "", now);
	json_int_t prompts = json_integer_value (at (sale, "prompts"));
	if (prompts > 0)
		html_text (html, "<p class=\"phase limit_time\">最后一分钟,第 %" JSON_INTEGER_FORMAT " 次提示</p>\n", prompts);
	if (closed)
		html_text (html, "<p><a href=\"/api/v1/sales/%s/bundle\">下载证据包</a>,用 <code>diqi verify</code> 离线核验。</p>\n", text_at (sale, "sale"));
	parcel_table (html, sale, notice);
	event_table (html, events);
	return html_finish (html);
}

/* --- style ------------------------------------------------------------------------------------ */

static Response *
style (Request *r)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) css = g_resources_lookup_data ("/cn/diqi/pages/page.css", G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
	if (css == NULL)
		return response_problem (r, error, NULL);
	Response *response = response_bytes (200, "text/css; charset=utf-8", css);
	response_header (response, "Cache-Control", "public, max-age=300");
	return response;
}

static const Route routes[] = {
	{ .method = "GET", .path = "/", .handler = front_page, .permission = PERMIT_PUBLIC, .blocking = TRUE },
	{ .method = "GET", .path = "/sales/{id}", .handler = sale_page, .permission = PERMIT_PUBLIC, .blocking = TRUE },
	{ .method = "GET", .path = "/pki/cps", .handler = cps_route_page, .permission = PERMIT_PUBLIC, .blocking = TRUE },
	{ .method = "GET", .path = "/pki/cps.json", .handler = cps_route_json, .permission = PERMIT_PUBLIC, .blocking = TRUE },
	{ .method = "GET", .path = "/static/page.css", .handler = style, .permission = PERMIT_PUBLIC },
};

const Route *
page_routes (gsize *n)
{
	*n = G_N_ELEMENTS (routes);
	return routes;
}
