/* document/slip.c — 受理回执, 收费收据: a title, a table of labels and values, a code, a place for the seal. */
#include "document/paper.h"

#define LEFT 48.0
#define WIDTH (PAPER_A4_WIDTH - 2 * LEFT)
#define LABEL 104.0
#define SIZE 10.0
#define ROW 22.0
#define TOP 84.0
#define QR_SIDE 76.0
#define FOOT 70.0

static const TextStyle label_style = { .size = SIZE, .align = ALIGN_SPREAD };
static const TextStyle value_style = { .size = SIZE, .filled = TRUE };

static double
row_height (Paper *paper, const char *value)
{
	const double wanted = paper_text_height (paper, WIDTH - LABEL - 14, value, value_style) + 7;
	return CLAMP (wanted, ROW, 4 * ROW);
}

static double
table_height (const char *const *rows)
{
	g_autoptr (Paper) ruler = paper_new (PAPER_A4_HEIGHT, "", 0);
	double height = 0;

	for (gsize i = 0; rows[i] != NULL; i += 2)
		height += row_height (ruler, rows[i + 1]);
	return height;
}

static double
draw_row (Paper *paper, double y, const char *label, const char *value)
{
	const double height = row_height (paper, value);
	const Box left = { LEFT, y, LABEL, height }, right = { LEFT + LABEL, y, WIDTH - LABEL, height };

	paper_frame (paper, left, 0.6);
	paper_frame (paper, right, 0.6);
	paper_text (paper, box_inset (left, 8, 2), label, label_style);
	paper_text (paper, box_inset (right, 7, 2), value, value_style);
	return y + height;
}

/* Half a sheet where that is enough. */
static double
sheet_height (const SlipDocument *in)
{
	return TOP + table_height (in->rows) + FOOT <= PAPER_A5_HEIGHT ? PAPER_A5_HEIGHT : PAPER_A4_HEIGHT;
}

GBytes *
document_slip (const SlipDocument *in, GError **error)
{
	g_autoptr (Paper) paper = paper_new (sheet_height (in), in->title, 0);
	g_autofree char *number = in->number ? g_strconcat ("编号：", in->number, NULL) : NULL;
	g_autofree char *seal = in->issuer ? g_strconcat (in->issuer, "（盖章）", NULL) : NULL;
	double y = TOP;

	paper_text (paper, (Box) { LEFT + QR_SIDE, 26, WIDTH - 2 * QR_SIDE, 28 }, in->title,
		(TextStyle) { .size = 18, .bold = TRUE, .align = ALIGN_CENTER });
	paper_text (paper, (Box) { LEFT, 60, WIDTH - QR_SIDE, 16 }, number, (TextStyle) { .size = SIZE, .filled = TRUE });
	if (in->open_uri != NULL && !paper_qr (paper, (Box) { LEFT + WIDTH - QR_SIDE + 8, 8, QR_SIDE, QR_SIDE }, in->open_uri, error))
		return NULL;
	for (gsize i = 0; in->rows[i] != NULL; i += 2)
		y = draw_row (paper, y, in->rows[i], in->rows[i + 1]);
	paper_frame (paper, (Box) { LEFT, TOP, WIDTH, y - TOP }, 1.2);
	paper_text (paper, (Box) { LEFT, y + 8, WIDTH * 0.55, FOOT - 24 }, in->note, (TextStyle) { .size = 8.5, .top = TRUE });
	paper_text (paper, (Box) { LEFT + WIDTH * 0.58, y + 14, WIDTH * 0.42, 18 }, seal, (TextStyle) { .size = SIZE, .align = ALIGN_RIGHT });
	return paper_finish (paper, error);
}
