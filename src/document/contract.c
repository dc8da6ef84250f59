/* document/contract.c — 附件三 江苏省电子证书技术服务合同书: two copies in one document, one for each party. */
#include "document/contract_text.h"
#include "document/paper.h"

#include <string.h>

#include "base/money.h"

#define LEFT 62.0
#define WIDTH (PAPER_A4_WIDTH - 2 * LEFT)
#define TOP 56.0
#define BOTTOM 786.0
#define SIZE 10.5
#define HANG 24.0                 /* of text behind an article's number */
#define GAP 4.2                   /* between paragraphs */
#define SIGNATURES 128.0

typedef struct {
	Paper *paper;
	const ContractDocument *in;
	const char *copy;             /* 甲方 or 乙方: who keeps this copy */
	double y;
	guint page;
} Contract;

static const TextStyle body = { .size = SIZE, .top = TRUE };

static void
draw_foot (Contract *c)
{
	g_autofree char *page = g_strdup_printf ("第 %u 页", c->page);
	g_autofree char *copy = g_strdup_printf ("本合同一式两份，此份由%s执存", c->copy);
	g_autofree char *number = c->in->number ? g_strconcat ("受理编号：", c->in->number, NULL) : NULL;
	const TextStyle small = { .size = 8 };

	paper_line (c->paper, LEFT, BOTTOM + 12, LEFT + WIDTH, BOTTOM + 12, 0.4);
	paper_text (c->paper, (Box) { LEFT, BOTTOM + 14, WIDTH * 0.4, 14 }, copy, small);
	paper_text (c->paper, (Box) { LEFT + WIDTH * 0.4, BOTTOM + 14, WIDTH * 0.48, 14 }, number, small);
	paper_text (c->paper, (Box) { LEFT, BOTTOM + 14, WIDTH, 14 }, page, (TextStyle) { .size = 8, .align = ALIGN_RIGHT });
}

/* Makes sure of `height` on this page, or begins the next one. */
static void
make_room (Contract *c, double height)
{
	if (c->y + height <= BOTTOM)
		return;
	draw_foot (c);
	paper_next_page (c->paper);
	c->page++;
	c->y = TOP;
}

static void
draw_hanging (Contract *c, double indent, double hang, const char *mark, const char *text, TextStyle style)
{
	const double width = WIDTH - indent - hang;
	const double height = paper_text_height (c->paper, width, text, style);

	make_room (c, height);
	paper_text (c->paper, (Box) { LEFT + indent, c->y, hang, height }, mark, style);
	paper_text (c->paper, (Box) { LEFT + indent + hang, c->y, width, height + 2 }, text, style);
	c->y += height + GAP;
}

/* --- blanks ------------------------------------------------------------------------------------- */

/* Printed words and underlined blanks in turn; returns where the next one starts. */
static double
draw_words (Contract *c, double x, const char *words)
{
	const double width = paper_text_width (c->paper, words, body);
	paper_text (c->paper, (Box) { x, c->y, width + 1, 18 }, words, body);
	return x + width;
}

static double
draw_blank (Contract *c, double x, double width, const char *value)
{
	paper_line (c->paper, x + 1, c->y + 15.5, x + width - 1, c->y + 15.5, 0.5);
	paper_text (c->paper, (Box) { x + 2, c->y - 1, width - 4, 16 }, value, (TextStyle) { .size = SIZE, .filled = TRUE, .align = ALIGN_CENTER });
	return x + width;
}

static double
draw_money (Contract *c, double x, gint64 fen)
{
	g_autofree char *yuan = fen >= 0 ? money_format_yuan ((Money) { fen }) : NULL;
	return draw_blank (c, x, 56, yuan);
}

static void
draw_fee (Contract *c, const char *label, gint64 fen, gint64 years, gboolean hardware)
{
	g_autofree char *number = fen >= 0 && years > 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, years) : NULL;
	double x;

	make_room (c, 20);
	x = draw_words (c, LEFT + HANG, label);
	x = draw_words (c, draw_money (c, x, fen), "元/");
	x = draw_words (c, draw_blank (c, x, 30, number), "年。");
	if (hardware) {
		x = draw_words (c, x, "其中含");
		draw_words (c, draw_money (c, x, c->in->hardware_fen), "元硬件费。");
	}
	c->y += 18 + GAP;
}

static void
draw_party (Contract *c, const char *label, const char *name)
{
	const double x = draw_words (c, LEFT, label);
	draw_blank (c, x, 300, name);
	c->y += 22;
}

/* --- paragraphs ------------------------------------------------------------------------------------ */

static void
draw_hours (Contract *c, const ContractParagraph *p)
{
	make_room (c, 18);
	paper_text (c->paper, (Box) { LEFT + HANG, c->y, WIDTH / 2 - HANG, 18 }, p->mark, body);
	paper_text (c->paper, (Box) { LEFT + WIDTH / 2, c->y, WIDTH / 2, 18 }, p->text, body);
	c->y += 16 + GAP;
}

static void
draw_paragraph (Contract *c, const ContractParagraph *p)
{
	switch (p->kind) {
	case CONTRACT_HEADING:
		make_room (c, 52);                 /* a heading does not stay behind alone */
		c->y += 5;
		draw_hanging (c, 0, 24, p->mark, p->text, (TextStyle) { .size = SIZE + 0.5, .bold = TRUE, .top = TRUE });
		break;
	case CONTRACT_PLAIN:
		draw_hanging (c, HANG, 0, NULL, p->text, body);
		break;
	case CONTRACT_ARTICLE:
		draw_hanging (c, 8, 16 + 2, p->mark, p->text, body);
		break;
	case CONTRACT_ITEM:
		draw_hanging (c, HANG + 6, 16, p->mark, p->text, body);
		break;
	case CONTRACT_HOURS:
		draw_hours (c, p);
		break;
	case CONTRACT_FEE:
		draw_fee (c, "收费标准：", c->in->first_year_fen, c->in->years, TRUE);
		break;
	case CONTRACT_RENEWAL_FEE:
		draw_fee (c, "续费标准：", c->in->renewal_fen, 1, FALSE);
		break;
	}
}

/* --- signature places ---------------------------------------------------------------------------------- */

static void
draw_signature (Contract *c, double x, const char *party, const char *seal, const char *signer)
{
	const double width = WIDTH / 2 - 12;
	g_autofree char *date = paper_date (c->in->signed_at ? c->in->signed_at : c->in->date);
	g_autofree char *dated = g_strconcat ("日期：", date, NULL);
	g_autofree char *signed_by = signer && c->in->electronic ? g_strconcat (signer, "（电子签名）", NULL) : g_strdup (signer);
	g_autofree char *sealed = g_strconcat (party, "（盖章）：", NULL);
	const double label = paper_text_width (c->paper, "法定（授权）代表人（签字）：", body);

	paper_text (c->paper, (Box) { x, c->y, width, 16 }, sealed, body);
	paper_text (c->paper, (Box) { x, c->y + 18, width, 30 }, seal, (TextStyle) { .size = SIZE, .filled = TRUE });
	paper_text (c->paper, (Box) { x, c->y + 60, label + 1, 16 }, "法定（授权）代表人（签字）：", body);
	paper_text (c->paper, (Box) { x + label, c->y + 58, width - label, 20 }, signed_by, (TextStyle) { .size = SIZE, .filled = TRUE });
	paper_text (c->paper, (Box) { x, c->y + 88, width, 16 }, dated, body);
}

static void
draw_signatures (Contract *c)
{
	make_room (c, SIGNATURES);
	c->y += 14;
	draw_signature (c, LEFT, "甲方", c->in->holder, c->in->holder_signer);
	draw_signature (c, LEFT + WIDTH / 2 + 12, "乙方", CONTRACT_SERVICE, c->in->service_signer);
	if (c->in->electronic) {
		g_autofree char *time = c->in->signed_at ? time_format_beijing (c->in->signed_at) : NULL;
		g_autofree char *when = time ? g_strdup_printf ("甲方 %s 于北京时间 %s 以其电子证书签署。", c->in->holder_signer ? c->in->holder_signer : "", time) : g_strdup ("");
		g_autofree char *words = g_strconcat (when, "双方以可靠的电子签名签署，与签字、盖章具有同等效力（《电子签名法》第十四条）。", NULL);

		paper_text (c->paper, (Box) { LEFT, c->y + 106, WIDTH, 26 }, words, (TextStyle) { .size = 8 });
	}
}

static void
draw_copy (Contract *c)
{
	gsize n;
	const ContractParagraph *paragraphs = contract_paragraphs (&n);
	g_autofree char *copy = g_strdup_printf ("一式两份 · %s存", c->copy);

	c->y = TOP;
	c->page = 1;
	paper_text (c->paper, (Box) { LEFT, 30, 100, 18 }, "附件三", (TextStyle) { .size = 12 });
	paper_text (c->paper, (Box) { LEFT + WIDTH - 160, 30, 160, 18 }, copy, (TextStyle) { .size = SIZE, .align = ALIGN_RIGHT });
	paper_text (c->paper, (Box) { LEFT, c->y + 4, WIDTH, 28 }, CONTRACT_TITLE, (TextStyle) { .size = 18, .bold = TRUE, .align = ALIGN_CENTER });
	c->y += 46;
	draw_party (c, "甲方：", c->in->holder);
	draw_party (c, "乙方：", CONTRACT_SERVICE);
	for (gsize i = 0; i < n; i++)
		draw_paragraph (c, &paragraphs[i]);
	draw_signatures (c);
	draw_foot (c);
}

GBytes *
document_contract (const ContractDocument *in, GError **error)
{
	g_autoptr (Paper) paper = paper_new (PAPER_A4_HEIGHT, CONTRACT_TITLE, in->date);
	Contract first = { .paper = paper, .in = in, .copy = "甲方" }, second = { .paper = paper, .in = in, .copy = "乙方" };

	draw_copy (&first);
	paper_next_page (paper);
	draw_copy (&second);
	return paper_finish (paper, error);
}
