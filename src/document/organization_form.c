/* document/organization_form.c — 附件一 江苏省组织机构电子证书业务申请单, cell by cell in the order of the guide. */
#include "document/form_parts.h"

#define LABEL_LEFT 88.0
#define VALUE_LEFT 150.0
#define LABEL_RIGHT 131.0
#define VALUE_RIGHT (FORM_WIDTH - LABEL_LEFT - VALUE_LEFT - LABEL_RIGHT)
#define HALF (LABEL_LEFT + VALUE_LEFT)

typedef struct {
	const char *label, *field, *label2, *field2;     /* no label2: a heading over the whole width */
	double height;
} Row;

static const Row rows[] = {
	{ "申请机构基本信息：", NULL, NULL, NULL, 22 },
	{ "单位全称", "name", "组织机构代码", "org_code", 34 },
	{ "工商执照注册号", "ic_no", "国地税统一税务登记证号码", "tax_no", 34 },
	{ "邮政编码", "postcode", "单位电话", "phone", 28 },
	{ "实际经营地址", "address", "单位传真", "fax", 44 },
	{ "法人姓名", "legal_rep_name", "法人身份证号", "legal_rep_id", 28 },
	{ "经办人信息：", NULL, NULL, NULL, 22 },
	{ "经办人姓名", "operator_name", "经办人身份证号", "operator_id", 28 },
	{ "经办人手机", "operator_mobile", "经办人E－MAIL", "operator_email", 30 },
};

static const TextStyle label_style = { .size = FORM_SIZE, .align = ALIGN_SPREAD };
static const TextStyle value_style = { .size = FORM_SIZE, .align = ALIGN_CENTER, .filled = TRUE };

/* Since 2015 the unified credit code stands in the place of the organisation code, and holds it (GB 32100). */
static char *
value_of (const FormDocument *in, const char *field)
{
	const char *value = form_value (in, field), *code = form_value (in, "uscc");

	if (!g_str_equal (field, "org_code") || code == NULL)
		return g_strdup (value);
	return value ? g_strdup_printf ("%s\n%s", code, value) : g_strdup (code);
}

static double
draw_row (Paper *paper, const FormDocument *in, const Row *row, double y)
{
	double x = FORM_LEFT;

	if (row->label2 == NULL) {
		paper_text (paper, form_cell (paper, x, y, FORM_WIDTH, row->height), row->label, (TextStyle) { .size = FORM_SIZE, .bold = TRUE });
		return y + row->height;
	}
	g_autofree char *left = value_of (in, row->field), *right = value_of (in, row->field2);
	paper_text (paper, form_cell (paper, x, y, LABEL_LEFT, row->height), row->label, label_style);
	paper_text (paper, form_cell (paper, x += LABEL_LEFT, y, VALUE_LEFT, row->height), left, value_style);
	paper_text (paper, form_cell (paper, x += VALUE_LEFT, y, LABEL_RIGHT, row->height), row->label2, label_style);
	paper_text (paper, form_cell (paper, x + LABEL_RIGHT, y, VALUE_RIGHT, row->height), right, value_style);
	return y + row->height;
}

/* 申请证书类型 … 申请 N 张, and the hint below. */
static double
draw_certificate_type (Paper *paper, const FormDocument *in, double y)
{
	const Box cell = form_cell (paper, FORM_LEFT, y, FORM_WIDTH, 28);
	g_autofree char *copies = in->copies > 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, in->copies) : NULL;
	const double right = cell.x + cell.w - 130;

	paper_text (paper, (Box) { cell.x, cell.y, 80, cell.h }, "申请证书类型", PRINTED);
	paper_text (paper, (Box) { cell.x + 100, cell.y, 220, cell.h }, "土地与矿产电子交易项目证书", (TextStyle) { .size = FORM_SIZE + 1 });
	paper_text (paper, (Box) { right, cell.y, 30, cell.h }, "申请", PRINTED);
	paper_text (paper, (Box) { right + 30, cell.y, 50, cell.h }, copies, value_style);
	paper_text (paper, (Box) { right + 80, cell.y, 30, cell.h }, "张", PRINTED);
	paper_text (paper, form_cell (paper, FORM_LEFT, y + 28, FORM_WIDTH, 22), "请在需要的服务后面打“√”", PRINTED);
	return y + 50;
}

/* --- services -------------------------------------------------------------------------------- */

static void
draw_service (Paper *paper, const FormDocument *in, Box line, const char *label, const char *service)
{
	paper_text (paper, box_inset (line, 14, 0), label, PRINTED);
	paper_text (paper, box_inset (line, 14, 0), form_asks (in, service) ? "☑" : "□",
		(TextStyle) { .size = FORM_SIZE + 2, .align = ALIGN_RIGHT });
}

static double
draw_services (Paper *paper, const FormDocument *in, double y)
{
	const double line = 24, x = FORM_LEFT, right = FORM_LEFT + HALF, rest = FORM_WIDTH - HALF;
	const char *other = form_other_service (in);
	g_autofree char *ticked = other ? g_strconcat ("☑ ", other, NULL) : NULL;

	paper_text (paper, form_cell (paper, x, y, LABEL_LEFT, 2 * line), "申请证书", label_style);
	form_cell (paper, x + LABEL_LEFT, y, VALUE_LEFT, 2 * line);
	form_cell (paper, right, y, rest, 2 * line);
	draw_service (paper, in, (Box) { x + LABEL_LEFT, y, VALUE_LEFT, line }, "新办", "issue");
	draw_service (paper, in, (Box) { x + LABEL_LEFT, y + line, VALUE_LEFT, line }, "补办", "reissue");
	draw_service (paper, in, (Box) { right, y, rest, line }, "注销证书", "cancel");
	draw_service (paper, in, (Box) { right, y + line, rest, line }, "延期证书", "renew");
	form_cell (paper, x, y + 2 * line, HALF, line);
	form_cell (paper, right, y + 2 * line, rest, line);
	draw_service (paper, in, (Box) { x, y + 2 * line, HALF, line }, "信息变更", "change");
	draw_service (paper, in, (Box) { right, y + 2 * line, rest, line }, "挂失证书", "report_loss");
	form_cell (paper, x, y + 3 * line, HALF, line);
	draw_service (paper, in, (Box) { x, y + 3 * line, HALF, line }, "解密证书", "unlock_pin");
	const Box last = form_cell (paper, right, y + 3 * line, rest, line);
	form_field (paper, box_inset (last, 9, 0), "其它", ticked);
	return y + 4 * line;
}

/* --- 声明, 盖章, 签名 ------------------------------------------------------------------------------ */

static void
draw_declaration (Paper *paper, const FormDocument *in, double y, double height)
{
	const double left = 222, line = 22;
	const Box a = box_inset (form_cell (paper, FORM_LEFT, y, left, height), 3, 3);
	const Box b = box_inset (form_cell (paper, FORM_LEFT + left, y, FORM_WIDTH - left, height), 3, 3);
	const double bottom = a.y + a.h - line;

	paper_text (paper, (Box) { a.x, a.y + 2, a.w, 34 }, "申请机构在此声明：表内所填内容完全属实，接受据此颁发的电子证书。",
		(TextStyle) { .size = FORM_SIZE, .top = TRUE });
	form_signature (paper, (Box) { a.x, a.y + 46, a.w, line }, "法定代表人或经办人签名：", in->signer);
	paper_text (paper, (Box) { a.x, a.y + 92, a.w, line }, "(申请机构盖章处)", (TextStyle) { .size = FORM_SIZE, .align = ALIGN_CENTER });
	form_date (paper, (Box) { a.x, bottom, a.w, line }, "受理日期：", in->accepted);
	form_signature (paper, (Box) { b.x, a.y + 10, b.w, line }, "审核人签名：", in->reviewer);
	form_signature (paper, (Box) { b.x, a.y + 56, b.w, line }, "发证人签名：", in->issuer);
	form_date (paper, (Box) { b.x, bottom, b.w / 2, line }, "受理日期：", in->accepted);
	form_date (paper, (Box) { b.x + b.w / 2, bottom, b.w / 2, line }, "签发日期：", in->issued);
}

GBytes *
document_organization_form (const FormDocument *in, GError **error)
{
	const char *title = "江苏省组织机构电子证书业务申请单";
	g_autoptr (Paper) paper = paper_new (PAPER_A4_HEIGHT, title, in->applied);
	const double remark = 84, declaration = 158;
	double y = FORM_TOP;

	if (!form_head (paper, "附件一", title, in, error))
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
		y = draw_row (paper, in, &rows[i], y);
	y = draw_certificate_type (paper, in, y);
	y = draw_services (paper, in, y);
	paper_text (paper, form_cell (paper, FORM_LEFT, y, LABEL_LEFT, remark), "备注", label_style);
	paper_text (paper, form_cell (paper, FORM_LEFT + LABEL_LEFT, y, FORM_WIDTH - LABEL_LEFT, remark), form_value (in, "remark"),
		(TextStyle) { .size = FORM_SIZE, .filled = TRUE, .top = TRUE });
	y += remark;
	draw_declaration (paper, in, y, declaration);
	paper_frame (paper, (Box) { FORM_LEFT, FORM_TOP, FORM_WIDTH, y + declaration - FORM_TOP }, 1.2);
	return paper_finish (paper, error);
}
