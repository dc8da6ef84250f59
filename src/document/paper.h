/* document/paper.h — a PDF in the making: pages, lines, text that fits its box.  Private to document/.
 *
 * Lengths are points (1/72 inch), from the top left.  What the form prints is set in Noto Serif CJK SC, what a person
 * filled in in Noto Sans CJK SC, so that both tell apart at a glance.
 */
#pragma once
#include "document/document.h"

#define PAPER_A4_WIDTH 595.28
#define PAPER_A4_HEIGHT 841.89
#define PAPER_A5_HEIGHT 419.53        /* A5 on its side is as wide as A4 upright */

typedef struct Paper Paper;
/* created: when the document's content came about (0: a form that nobody filled in); documents have no clock. */
Paper *paper_new (double height, const char *title, Micros created);
void paper_free (Paper *paper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Paper, paper_free)
void paper_next_page (Paper *paper);
/* Ends the document; the paper takes no more drawing. */
GBytes *paper_finish (Paper *paper, GError **error);

typedef struct {
	double x, y, w, h;
} Box;
Box box_inset (Box box, double dx, double dy);

typedef enum { ALIGN_LEFT, ALIGN_CENTER, ALIGN_RIGHT, ALIGN_SPREAD } Align;    /* SPREAD: characters over the whole width (分散对齐) */

typedef struct {
	double size;
	Align align;
	gboolean bold, filled, top;    /* filled: by a person; top: else in the middle of the height */
} TextStyle;

/* "☑" in text becomes a box with a tick.  Too long a text is set smaller, then cut with an ellipsis. */
void paper_text (Paper *paper, Box box, const char *text, TextStyle style);
double paper_text_width (Paper *paper, const char *text, TextStyle style);
/* Height that text takes at the box's width. */
double paper_text_height (Paper *paper, double width, const char *text, TextStyle style);

void paper_line (Paper *paper, double x1, double y1, double x2, double y2, double width);
void paper_frame (Paper *paper, Box box, double width);
void paper_fill (Paper *paper, Box box);
/* In qr.c: dark modules as rectangles.  DIQI_ERROR_FIELD_LENGTH when text is too long for a code. */
gboolean paper_qr (Paper *paper, Box box, const char *text, GError **error);

/* "　　　　年　　月　　日", with the Beijing date of t filled in unless 0.  Caller frees. */
char *paper_date (Micros t);
