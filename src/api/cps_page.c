/* api/cps_page.c — the practice statement as a page: the document in words, in the order of RFC 3647.  See cps.h. */
#include <string.h>

#include "api/cps.h"
#include "api/html.h"

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

static json_int_t
number_at (const json_t *object, const char *name)
{
	return json_integer_value (at (object, name));
}

/* "24 小时", "10 分钟", "30 天" */
static char *
duration (json_int_t seconds)
{
	if (seconds % 86400 == 0 && seconds >= 2 * 86400)
		return g_strdup_printf ("%" JSON_INTEGER_FORMAT " 天", seconds / 86400);
	if (seconds % 3600 == 0)
		return g_strdup_printf ("%" JSON_INTEGER_FORMAT " 小时", seconds / 3600);
	return g_strdup_printf ("%" JSON_INTEGER_FORMAT " 分钟", seconds / 60);
}

static char *
words (const json_t *list)
{
	GString *text = g_string_new (NULL);
	gsize i;
	const json_t *word;
	json_array_foreach (list, i, word)
		g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", json_string_value (word));
	return g_string_free (text, FALSE);
}

static const char *
label_of (const char *const (*labels)[2], gsize n, const char *name)
{
	for (gsize i = 0; i < n; i++)
		if (g_strcmp0 (labels[i][0], name) == 0)
			return labels[i][1];
	return name;
}

static void
section (Html *html, const char *id, const char *title, const char *english)
{
	html_text (html, "<h2 id=\"%s\">%s <span class=\"soft\" lang=\"en\">%s</span></h2>\n", id, title, english);
}

static void
table_begin (Html *html)
{
	html_raw (html, "<div class=\"table\"><table>\n");
}

static void
table_end (Html *html)
{
	html_raw (html, "</table></div>\n");
}

/* --- sections --------------------------------------------------------------------------------- */

static void
introduction (Html *html, const json_t *d)
{
	g_autofree char *when = html_time (at (d, "generated"));
	html_text (html, "<h2>%s</h2>\n<p class=\"soft\" lang=\"en\">Certificate policy and certification practice statement</p>\n", "电子认证业务规则(CP/CPS)");
	if (g_strcmp0 (text_at (d, "kind"), "test") == 0)
		html_raw (html, "<p class=\"phase limit_time\">演示站点:证书不具法律效力</p>\n");
	html_text (html, "<p>本规则依《电子签名法》第十九条公布,由%s制定。各项数值均取自签发系统正在执行的设置:系统执行什么,这里就写什么。"
	           "机器可读版本:<a href=\"/pki/cps.json\">cps.json</a>。生成时间 %s。</p>\n", text_at (d, "name"), when);
	html_raw (html, "<p>证书按《电子签名法》第二十一条载明:电子认证服务提供者名称、证书持有人名称、证书序列号、证书有效期、"
	          "证书持有人的电子签名验证数据、电子认证服务提供者的电子签名。</p>\n");
}

static void
certificate_row (Html *html, const char *label, const char *href, const json_t *facts)
{
	g_autofree char *from = html_time (at (facts, "not_before")), *to = html_time (at (facts, "not_after"));
	html_text (html, "<tr><th scope=\"row\"><a href=\"%s\">%s</a></th><td>%s<br><span class=\"soft\">%s 至 %s</span><br><code>SHA-256 %s</code></td></tr>\n",
	           href, label, text_at (facts, "subject"), from, to, text_at (facts, "sha256"));
}

static void
authorities_section (Html *html, const json_t *d)
{
	gsize i;
	const json_t *ca;
	section (html, "authorities", "一、认证机构及其证书", "Certification authorities");
	table_begin (html);
	json_array_foreach (at (d, "authorities"), i, ca) {
		const char *name = text_at (ca, "name");
		gboolean gm = g_strcmp0 (text_at (ca, "hierarchy"), "gm") == 0;
		g_autofree char *root = g_strdup_printf ("/pki/%s/root.cer", name), *own = g_strdup_printf ("/pki/%s/ca.cer", name);
		certificate_row (html, gm ? "根证书(国密)" : "根证书", root, at (ca, "root"));
		certificate_row (html, gm ? "签发证书(国密)" : "签发证书", own, at (ca, "certificate"));
		html_text (html, "<tr><th scope=\"row\">%s</th><td>算法 %s;%s<br>撤销列表 CRL <code>%s</code>,另按序列号末字节分为 %" JSON_INTEGER_FORMAT " 张分片表,证书写明其所属分片表的地址<br>在线状态 OCSP <code>%s</code></td></tr>\n", name,
		           text_at (ca, "algorithm"), json_is_true (at (ca, "current")) ? "现用于签发" : "只提供状态,不再签发", text_at (ca, "crl"), number_at (ca, "crl_shards"), text_at (ca, "ocsp"));
	}
	table_end (html);
}

static void
profile_row (Html *html, const json_t *p)
{
	static const char *const uses[][2] = { { "sign", "签名" }, { "encrypt", "加密" }, { "service", "系统服务" } };
	static const char *const carriers[][2] = { { "hard", "硬介质" }, { "soft", "软证书" }, { "none", "" } };
	g_autofree char *algorithms = words (at (p, "algorithms")), *key_usage = words (at (p, "key_usage")), *extended = words (at (p, "extended_key_usage"));
	html_text (html, "<tr><td>%s<br><span class=\"soft\" lang=\"en\">%s</span><br><code>%s-%" JSON_INTEGER_FORMAT "</code></td>", text_at (p, "title_zh"),
	           text_at (p, "title_en"), text_at (p, "name"), number_at (p, "version"));
	html_text (html, "<td>%s<br><span class=\"soft\">%s</span></td><td class=\"number\">%" JSON_INTEGER_FORMAT " 天</td>",
	           label_of (uses, G_N_ELEMENTS (uses), text_at (p, "use")), label_of (carriers, G_N_ELEMENTS (carriers), text_at (p, "carrier")),
	           number_at (p, "validity_days"));
	html_text (html, "<td>%s</td><td>%s<br><span class=\"soft\">%s</span><br><code>%s</code></td></tr>\n", algorithms, key_usage, extended, text_at (p, "policy"));
}

static void
profiles_section (Html *html, const json_t *d)
{
	gsize i;
	const json_t *p;
	section (html, "profiles", "二、证书种类", "Certificate profiles");
	html_raw (html, "<p>新证书按下列各种类的最新版本签发。签名密钥与加密密钥分开:一枚密钥只作其一。加密证书的密钥用法依密钥算法取其所能:"
	          "P-256、P-384 密钥只写 keyAgreement(RFC 8813),RSA 密钥只写 keyEncipherment、dataEncipherment(RFC 3279),SM2 密钥照列书写(GM/T 0015)。种类由两名管理员签名变更,签发系统另有不可更改的限制。</p>\n");
	table_begin (html);
	html_raw (html, "<thead><tr><th>种类</th><th>用途</th><th class=\"number\">最长有效期</th><th>算法</th><th>密钥用法、策略 OID</th></tr></thead><tbody>\n");
	json_array_foreach (at (d, "profiles"), i, p)
		profile_row (html, p);
	html_raw (html, "</tbody>");
	table_end (html);
}

static void
issuing_section (Html *html, const json_t *d)
{
	const json_t *approvals = at (d, "approvals");
	g_autofree char *valid = duration (number_at (approvals, "valid_s")), *tolerance = duration (number_at (approvals, "clock_tolerance_s"));
	section (html, "issuing", "三、身份鉴别与签发", "Identification and issuance");
	html_raw (html, "<ul>\n<li>申请、延期、撤销时均鉴别申请人身份并审查材料(第二十条);证书内容只取自审核通过的登记资料,不取自证书请求文件。</li>\n"
	          "<li>申请人须以新密钥签署申请,证明持有私钥;弱密钥、已公开的密钥及他人用过的密钥一律拒绝。</li>\n");
	html_text (html, "<li>每张证书须由两名不同人员(审核人、发证人)各以本人证书签名批准;签发系统自行核验两份签名,缺一不签。批准自签署起%s内有效。</li>\n", valid);
	html_text (html, "<li>有效期自签发系统时钟的当时起算,系统时钟与业务时钟相差不得超过%s;任何证书不得超出签发证书的有效期。</li>\n</ul>\n", tolerance);
}

static const char *
effect_label (const json_t *service)
{
	static const char *const effects[][2] = {
		{ "answer", "答复" }, { "certificate", "签发新证书" }, { "hold", "暂停(certificateHold)" }, { "unhold", "解除暂停" }, { "revoke", "撤销" },
		{ "unlock", "解锁介质口令" }, { "recover", "恢复加密密钥" },
	};
	return label_of (effects, G_N_ELEMENTS (effects), text_at (service, "effect"));
}

static void
services_section (Html *html, const json_t *d)
{
	gsize i;
	const json_t *s;
	section (html, "services", "四、业务、费用与办理期限", "Services, fees and processing time");
	table_begin (html);
	html_raw (html, "<thead><tr><th>业务</th><th>对证书的效力</th><th>撤销原因(RFC 5280)</th><th class=\"number\">费用</th><th class=\"number\">办理期限</th></tr></thead><tbody>\n");
	json_array_foreach (at (d, "services"), i, s) {
		Money fee;
		gboolean priced = json_is_string (at (s, "fee_fen")) && money_parse_fen (text_at (s, "fee_fen"), &fee, NULL);
		g_autofree char *yuan = priced ? money_format_yuan (fee) : NULL;
		g_autofree char *shown = yuan == NULL ? g_strdup ("") : fee.fen == 0 ? g_strdup ("免费") : g_strdup_printf ("%s 元", yuan);
		json_int_t days = number_at (s, "promised_working_days");
		g_autofree char *within = days > 0 ? g_strdup_printf ("%" JSON_INTEGER_FORMAT " 个工作日", days) : g_strdup ("当场");
		html_text (html, "<tr><td>%s<br><span class=\"soft\" lang=\"en\">%s</span></td><td>%s%s</td><td>%s</td><td class=\"number\">%s</td><td class=\"number\">%s</td></tr>\n",
		           text_at (s, "label"), text_at (s, "label_en"), effect_label (s), json_is_true (at (s, "at_once")) ? ",提交即生效" : "",
		           text_at (s, "reason") != NULL ? text_at (s, "reason") : "", shown, within);
	}
	html_raw (html, "</tbody>");
	table_end (html);
}

static void
causes_table (Html *html, const json_t *causes)
{
	gsize i;
	const json_t *cause;
	if (json_array_size (causes) == 0)
		return;
	html_raw (html, "<h3>合同四.7 所列事由</h3>\n");
	table_begin (html);
	json_array_foreach (causes, i, cause)
		html_row (html, text_at (cause, "label"), text_at (cause, "reason") != NULL ? text_at (cause, "reason") : "按情形");
	table_end (html);
}

static void
status_section (Html *html, const json_t *d)
{
	g_autofree char *life = duration (number_at (at (d, "crl"), "life_s")), *every = duration (number_at (at (d, "crl"), "published_every_s"));
	g_autofree char *answer = duration (number_at (at (d, "ocsp"), "life_s")), *latency = duration (number_at (at (d, "crl"), "full_latency_s"));
	section (html, "status", "五、暂停、撤销与状态", "Suspension, revocation and status");
	html_raw (html, "<ul>\n<li>证书持有人可随时申请暂停或撤销,并以本人证书签名或经柜台鉴别身份;审核人、发证人可按合同四.7 所列事由撤销。</li>\n"
	          "<li>撤销自登记时起立即生效:在线状态与登录会话在 1 秒内反映,不设宽限期。</li>\n");
	if (number_at (d, "max_hold_days") > 0)
		html_text (html, "<li>暂停最长 %" JSON_INTEGER_FORMAT " 天,逾期未解除即撤销。", number_at (d, "max_hold_days"));
	if (number_at (d, "max_hold_days") > 0 && number_at (d, "hold_warning_days") > 0)
		html_text (html, "期满 %" JSON_INTEGER_FORMAT " 天前通知持有人一次。", number_at (d, "hold_warning_days"));
	if (number_at (d, "max_hold_days") > 0)
		html_raw (html, "</li>\n");
	html_text (html, "<li>撤销列表(CRL)有效期 %s,最迟每 %s 公布一次;每有撤销,在 1 秒内公布新表(很长的全表最迟 %s 后,其增量表与分片表仍在 1 秒内)。</li>\n", life, every, latency);
	html_text (html, "<li>在线状态(OCSP)全天提供,回答有效期 %s;“有效”只对本机构确实签发的证书作出。</li>\n</ul>\n", answer);
	causes_table (html, at (d, "causes"));
}

static void
key_section (Html *html, const json_t *d)
{
	const json_t *centre = at (d, "key_centre");
	json_int_t agents = number_at (centre, "agents");
	section (html, "keys", "六、密钥", "Keys");
	html_raw (html, "<ul>\n<li>签名密钥由持有人自行产生,本机构从不产生、保存或恢复签名密钥。</li>\n");
	if (agents > 0)
		html_text (html, "<li>加密密钥由密钥中心产生并托管;恢复须两名人员批准,并由 %" JSON_INTEGER_FORMAT " 名恢复员中的 %" JSON_INTEGER_FORMAT " 名共同开启,只交付给申请人的新密钥。</li>\n",
		           agents, number_at (centre, "threshold"));
	else
		html_raw (html, "<li>本站点未设密钥中心,不签发加密证书。</li>\n");
	html_raw (html, "<li>机构密钥只在独立的签发进程中使用,与网站进程隔离;签发进程自行核验每一项批准。</li>\n</ul>\n");
}

static void
records_section (Html *html, const json_t *d)
{
	section (html, "records", "七、记录、审计与停止服务", "Records, audit and end of service");
	html_text (html, "<ul>\n<li>认证信息自证书失效之日起保存至少 %" JSON_INTEGER_FORMAT " 年(第二十四条);销毁须管理员与审计员共同批准。</li>\n",
	           number_at (at (d, "retention"), "years_after_end"));
	html_raw (html, "<li>每项行为连同行为人的签名写入只增不改的<a href=\"/checkpoint\">证据日志</a>,任何人可离线核验。</li>\n"
	          "<li>拟暂停或终止服务的,在九十日前告知有关各方,并在六十日前向主管部门报告(第二十三条)。</li>\n</ul>\n");
}

Response *
cps_page (const json_t *document)
{
	Html *html = html_new ("电子认证业务规则", text_at (document, "name"), 0);
	introduction (html, document);
	authorities_section (html, document);
	profiles_section (html, document);
	issuing_section (html, document);
	services_section (html, document);
	status_section (html, document);
	key_section (html, document);
	records_section (html, document);
	return html_finish (html);
}
