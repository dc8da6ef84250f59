/* document/person_form.c — 附件二 江苏省个人数字证书业务申请单, cell by cell in the order of the guide. */
#include "document/form_parts.h"

#include <string.h>

#define SIDE 74.0                       /* 申请人资料 */
#define SERVICES 62.0                   /* 办理内容 */
#define BODY (FORM_WIDTH - SIDE)
#define LINE 29.0

static const char *
equals (const char *value, const char *wanted)
{
	return value && g_str_equal (value, wanted) ? "☑" : "□";
}

/* --- 申请人资料 ---------------------------------------------------------------------------------- */

static void
draw_birth (Paper *paper, const FormDocument *in, Box line)
{
	const char *birth = form_value (in, "birth");          /* 1985-10-01 */
	g_auto (GStrv) parts = g_strsplit (birth ? birth : "　　　　-　　-　　", "-", 3);
	g_autofree char *text = g_strv_length (parts) == 3 ? g_strdup_printf ("%s年%s月%s日", parts[0], parts[1], parts[2]) : g_strdup (birth);

	form_field (paper, line, "﹡出生日期：", text);
}

static void
draw_name (Paper *paper, const FormDocument *in, Box cell)
{
	const char *sex = form_value (in, "sex");
	g_autofree char *boxes = g_strdup_printf ("%s男　　　%s女", equals (sex, "male"), equals (sex, "female"));
	const double half = cell.w * 0.55;

	form_field (paper, (Box) { cell.x, cell.y, half - 8, LINE }, "﹡姓　　名：", form_value (in, "name"));
	const Box right = { cell.x + half, cell.y, cell.w - half, LINE };
	paper_text (paper, right, "﹡性　　别：", PRINTED);
	paper_text (paper, (Box) { right.x + 74, right.y, right.w - 74, LINE }, boxes, PRINTED);
	draw_birth (paper, in, (Box) { cell.x, cell.y + LINE, cell.w, LINE });
}

static void
draw_employer (Paper *paper, const FormDocument *in, Box cell)
{
	const double left = cell.w * 0.55;

	form_field (paper, (Box) { cell.x, cell.y, left - 8, cell.h }, "﹡单位名称：", form_value (in, "employer"));
	form_field (paper, (Box) { cell.x + left, cell.y, cell.w - left, cell.h }, "信息备注：", form_value (in, "employer_note"));
}

/* 省 市 区(市、县): each name before its word, as one writes an address; a name that brings the word itself is not doubled. */
static double
draw_place (Paper *paper, const FormDocument *in, Box line, const char *field, const char *word, double blank)
{
	const char *value = form_value (in, field);
	const gboolean whole = value && (g_str_has_suffix (value, "省") || g_str_has_suffix (value, "市") || g_str_has_suffix (value, "区")
		|| g_str_has_suffix (value, "县"));
	g_autofree char *name = g_strdup (value);

	if (whole && g_str_has_suffix (name, word))
		name[strlen (name) - strlen (word)] = '\0';
	paper_text (paper, (Box) { line.x, line.y, blank, line.h }, name, (TextStyle) { .size = FORM_SIZE, .filled = TRUE, .align = ALIGN_CENTER });
	paper_text (paper, (Box) { line.x + blank, line.y, line.w - blank, line.h }, word, PRINTED);
	return line.x + blank + paper_text_width (paper, word, PRINTED);
}

static void
draw_address (Paper *paper, const FormDocument *in, Box cell)
{
	Box line = { cell.x, cell.y, cell.w, LINE };
	const double right = cell.x + cell.w;

	paper_text (paper, line, "﹡详细地址：", PRINTED);
	line.x += paper_text_width (paper, "﹡详细地址：", PRINTED);
	line.x = draw_place (paper, in, (Box) { line.x, line.y, right - line.x, LINE }, "province", "省", 46);
	line.x = draw_place (paper, in, (Box) { line.x, line.y, right - line.x, LINE }, "city", "市", 46);
	line.x = draw_place (paper, in, (Box) { line.x, line.y, right - line.x, LINE }, "district", "区(市、县)", 46);
	paper_text (paper, (Box) { line.x + 3, line.y, right - line.x - 3, LINE }, form_value (in, "address"), FILLED);
	form_field (paper, (Box) { cell.x, cell.y + LINE, cell.w, LINE }, "﹡邮政编码：", form_value (in, "postcode"));
}

static void
draw_reach (Paper *paper, const FormDocument *in, Box cell)
{
	const double left = cell.w * 0.55;

	form_field (paper, (Box) { cell.x, cell.y, left - 8, cell.h }, "﹡电子邮件：", form_value (in, "email"));
	form_field (paper, (Box) { cell.x + left, cell.y, cell.w - left, cell.h }, "﹡移动电话：", form_value (in, "mobile"));
}

static void
draw_identity (Paper *paper, const FormDocument *in, Box cell)
{
	const char *type = form_value (in, "id_type");
	g_autofree char *boxes = g_strdup_printf ("﹡有效证件：%s身份证　　%s护照　　%s军官证　　%s返乡证　　%s其它", equals (type, "resident_id"),
		equals (type, "passport"), equals (type, "military_officer"), equals (type, "home_return_permit"), equals (type, "other"));

	paper_text (paper, (Box) { cell.x, cell.y, cell.w, LINE }, boxes, PRINTED);
	form_field (paper, (Box) { cell.x, cell.y + LINE, cell.w, LINE }, "﹡证件号码：", form_value (in, "id_number"));
}

/* The paper comes with the hard certificate ticked. */
static void
draw_carrier (Paper *paper, const FormDocument *in, Box cell)
{
	const char *carrier = form_value (in, "carrier");
	g_autofree char *boxes = g_strdup_printf ("﹡证书类型：%s软证书　　　　　　%s硬证书", equals (carrier, "SOFT"),
		carrier == NULL ? "√" : equals (carrier, "HARD"));

	paper_text (paper, cell, boxes, PRINTED);
}

/* --- 办理内容 -------------------------------------------------------------------------------------- */

static void
draw_services (Paper *paper, const FormDocument *in, double y)
{
	static const struct { const char *label, *service; } items[2][4] = {
		{ { "证书申请", "issue" }, { "证书延期", "renew" }, { "信息变更", "change" }, { "证书挂失", "report_loss" } },
		{ { "证书解锁", "unlock_pin" }, { "证书补办", "reissue" }, { "证书注销", "cancel" }, { "其它", NULL } },
	};
	const double x = FORM_LEFT + SIDE;
	const char *other = form_other_service (in);

	paper_text (paper, form_cell (paper, x, y, SERVICES, 2 * LINE), "办理内容", (TextStyle) { .size = FORM_SIZE, .align = ALIGN_SPREAD });
	for (int row = 0; row < 2; row++) {
		const Box cell = form_cell (paper, x + SERVICES, y + row * LINE, BODY - SERVICES, LINE);
		for (int k = 0; k < 4; k++) {
			const Box place = { cell.x + k * cell.w / 4, cell.y, cell.w / 4, cell.h };
			const char *service = items[row][k].service;
			g_autofree char *text = g_strconcat (service == NULL ? "" : form_asks (in, service) ? "☑" : "□", items[row][k].label, NULL);
			g_autofree char *said = other ? g_strconcat ("☑", other, NULL) : NULL;
			form_field (paper, place, text, service == NULL ? said : NULL);
		}
	}
}

/* --- the rest ---------------------------------------------------------------------------------------- */

static double
draw_promise (Paper *paper, const FormDocument *in, double y)
{
	const Box cell = box_inset (form_cell (paper, FORM_LEFT, y, FORM_WIDTH, 100), 3, 4);

	paper_text (paper, (Box) { cell.x, cell.y, cell.w, 34 }, "本人承诺提供的资料完全真实，并愿意承担由于提供虚假资料而导致的一切后果。", PRINTED);
	form_signature (paper, (Box) { cell.x + cell.w * 0.5, cell.y + 38, cell.w * 0.5, 22 }, "申请人签名：", in->signer);
	form_date (paper, (Box) { cell.x + cell.w * 0.5, cell.y + 66, cell.w * 0.5, 22 }, "申请日期：", in->applied);
	return y + 100;
}

static double
draw_officers (Paper *paper, const FormDocument *in, double y)
{
	const Box cell = box_inset (form_cell (paper, FORM_LEFT, y, FORM_WIDTH, 84), 3, 8);
	const double half = cell.w / 2, bottom = cell.y + cell.h - 22;

	form_signature (paper, (Box) { cell.x, cell.y, half, 22 }, "审核人签名：", in->reviewer);
	form_signature (paper, (Box) { cell.x + half, cell.y, half, 22 }, "发证人签名：", in->issuer);
	form_date (paper, (Box) { cell.x, bottom, half, 22 }, "申请日期：", in->applied);
	form_date (paper, (Box) { cell.x + half, bottom, half, 22 }, "签发日期：", in->issued);
	return y + 84;
}

static double
draw_applicant (Paper *paper, const FormDocument *in, double y)
{
	static const struct {
		void (*draw) (Paper *paper, const FormDocument *in, Box cell);
		int lines;
	} cells[] = {
		{ draw_name, 2 }, { draw_employer, 1 }, { draw_address, 2 }, { draw_reach, 1 }, { draw_identity, 2 }, { draw_carrier, 1 },
	};
	const double top = y;

	for (gsize i = 0; i < G_N_ELEMENTS (cells); i++) {
		const double height = cells[i].lines * LINE + 4;
		cells[i].draw (paper, in, form_cell (paper, FORM_LEFT + SIDE, y, BODY, height));
		y += height;
	}
	draw_services (paper, in, y);
	y += 2 * LINE;
	paper_text (paper, form_cell (paper, FORM_LEFT, top, SIDE, y - top), "申请人资料", (TextStyle) { .size = FORM_SIZE, .align = ALIGN_CENTER });
	return y;
}

GBytes *
document_person_form (const FormDocument *in, GError **error)
{
	const char *title = "江苏省个人数字证书业务申请单";
	g_autoptr (Paper) paper = paper_new (PAPER_A4_HEIGHT, title, in->applied);
	const double remark = 70;
	double y = FORM_TOP;

	if (!form_head (paper, "附件二", title, in, error))
		return NULL;
	paper_text (paper, form_cell (paper, FORM_LEFT, y, FORM_WIDTH, LINE), "以下信息由申请人填写",
		(TextStyle) { .size = FORM_SIZE, .bold = TRUE, .align = ALIGN_CENTER });
	y = draw_applicant (paper, in, y + LINE);
	y = draw_promise (paper, in, y);
	y = draw_officers (paper, in, y);
	const Box cell = form_cell (paper, FORM_LEFT, y, FORM_WIDTH, remark);
	paper_text (paper, (Box) { cell.x + 3, cell.y + 3, 60, 18 }, "备　　注：", PRINTED);
	paper_text (paper, (Box) { cell.x + 58, cell.y + 4, cell.w - 62, cell.h - 6 }, form_value (in, "remark"),
		(TextStyle) { .size = FORM_SIZE, .filled = TRUE, .top = TRUE });
	paper_frame (paper, (Box) { FORM_LEFT, FORM_TOP, FORM_WIDTH, y + remark - FORM_TOP }, 1.2);
	return paper_finish (paper, error);
}
