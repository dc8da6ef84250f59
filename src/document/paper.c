/* document/paper.c — Cairo and Pango behind the few things our papers are made of. */
#include "document/paper.h"

#include "document/fonts.h"

#include <math.h>
#include <string.h>

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include "base/civil.h"
#include "base/error.h"

#define LEAST_SIZE 5.0
#define SIZE_STEP 0.5
#define LINE_SPACING 0.92f          /* CJK fonts bring more leading than a form has room for */
#define TICKED "☑"
#define EMPTY_BOX "□"
#define TICK "√"

struct Paper {
	cairo_surface_t *surface;
	cairo_t *cr;
	PangoContext *context;
	GByteArray *bytes;
};

static cairo_status_t
append (void *closure, const unsigned char *bytes, unsigned int n)
{
	g_byte_array_append (closure, bytes, n);
	return CAIRO_STATUS_SUCCESS;
}

static void
set_metadata (Paper *paper, const char *title, Micros created)
{
	char text[TIME_TEXT_SIZE];

	time_format_to (created, text);
	text[19] = 'Z';                /* PDF dates have no fractions */
	text[20] = '\0';
	cairo_pdf_surface_set_metadata (paper->surface, CAIRO_PDF_METADATA_TITLE, title);
	cairo_pdf_surface_set_metadata (paper->surface, CAIRO_PDF_METADATA_CREATOR, "Diqi");
	cairo_pdf_surface_set_metadata (paper->surface, CAIRO_PDF_METADATA_CREATE_DATE, text);
}

Paper *
paper_new (double height, const char *title, Micros created)
{
	Paper *paper = g_new0 (Paper, 1);

	paper->bytes = g_byte_array_new ();
	paper->surface = cairo_pdf_surface_create_for_stream (append, paper->bytes, PAPER_A4_WIDTH, height);
	/* 1.4 has no object or cross-reference streams: pdf_sign reads the table. */
	cairo_pdf_surface_restrict_to_version (paper->surface, CAIRO_PDF_VERSION_1_4);
	set_metadata (paper, title, created);
	paper->cr = cairo_create (paper->surface);
	paper->context = pango_cairo_create_context (paper->cr);
	pango_cairo_context_set_resolution (paper->context, 72);
	pango_context_set_round_glyph_positions (paper->context, FALSE);
	pango_context_set_language (paper->context, pango_language_from_string ("zh-CN"));
	return paper;
}

void
paper_free (Paper *paper)
{
	g_clear_object (&paper->context);
	g_clear_pointer (&paper->cr, cairo_destroy);
	g_clear_pointer (&paper->surface, cairo_surface_destroy);
	g_byte_array_unref (paper->bytes);
	g_free (paper);
}

void
paper_next_page (Paper *paper)
{
	cairo_show_page (paper->cr);
}

GBytes *
paper_finish (Paper *paper, GError **error)
{
	const cairo_status_t drawn = cairo_status (paper->cr);

	cairo_surface_finish (paper->surface);
	const cairo_status_t written = cairo_surface_status (paper->surface);
	if (drawn != CAIRO_STATUS_SUCCESS || written != CAIRO_STATUS_SUCCESS) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "making a PDF: %s",
			cairo_status_to_string (drawn != CAIRO_STATUS_SUCCESS ? drawn : written));
		return NULL;
	}
	return g_bytes_new (paper->bytes->data, paper->bytes->len);
}

Box
box_inset (Box box, double dx, double dy)
{
	return (Box) { box.x + dx, box.y + dy, box.w - 2 * dx, box.h - 2 * dy };
}

/* --- text ------------------------------------------------------------------------------- */

/* A number is read back letter by letter: "ff" must not become one glyph. */
static void
layout_set_attributes (PangoLayout *layout, int letter_spacing)
{
	PangoAttrList *attributes = pango_attr_list_new ();

	pango_attr_list_insert (attributes, pango_attr_font_features_new ("liga=0, clig=0"));
	if (letter_spacing > 0)
		pango_attr_list_insert (attributes, pango_attr_letter_spacing_new (letter_spacing));
	pango_layout_set_attributes (layout, attributes);
	pango_attr_list_unref (attributes);
}

static PangoLayout *
layout_new (Paper *paper, const char *text, TextStyle style, double size)
{
	PangoLayout *layout = pango_layout_new (paper->context);
	PangoFontDescription *font = pango_font_description_new ();
	g_auto (GStrv) parts = g_strsplit (text, TICKED, -1);
	g_autofree char *shown = g_strjoinv (EMPTY_BOX, parts);

	pango_font_description_set_family_static (font, style.filled ? FILLED_FONT : PRINTED_FONT);
	pango_font_description_set_weight (font, style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_font_description_set_absolute_size (font, size * PANGO_SCALE);
	pango_layout_set_font_description (layout, font);
	pango_font_description_free (font);
	pango_layout_set_text (layout, shown, -1);
	layout_set_attributes (layout, 0);
	pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_line_spacing (layout, LINE_SPACING);
	pango_layout_set_alignment (layout, style.align == ALIGN_CENTER ? PANGO_ALIGN_CENTER
		: style.align == ALIGN_RIGHT ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
	return layout;
}

static double
layout_height (PangoLayout *layout)
{
	int height;
	pango_layout_get_size (layout, NULL, &height);
	return (double) height / PANGO_SCALE;
}

static gboolean
layout_fits (PangoLayout *layout, Box box)
{
	int width;
	pango_layout_get_size (layout, &width, NULL);
	return layout_height (layout) <= box.h + 0.5 && width <= (box.w + 0.5) * PANGO_SCALE;
}

static void
layout_spread (PangoLayout *layout, double width)
{
	const gint characters = pango_layout_get_character_count (layout);
	int natural;

	pango_layout_get_size (layout, &natural, NULL);
	if (characters < 2 || natural >= width * PANGO_SCALE)
		return;
	layout_set_attributes (layout, (int) (width * PANGO_SCALE - natural) / characters);
}

static PangoRectangle
layout_ink (PangoLayout *layout)
{
	PangoRectangle ink;
	pango_layout_get_extents (layout, &ink, NULL);
	return ink;
}

/* A tick in the middle of each box that stood as "☑" in text. */
static void
draw_ticks (Paper *paper, PangoLayout *layout, const char *text, TextStyle style, double size, double x, double y)
{
	gsize removed = 0;

	style.bold = style.filled = TRUE;
	style.align = ALIGN_LEFT;
	for (const char *at = strstr (text, TICKED); at != NULL; at = strstr (at + strlen (TICKED), TICKED)) {
		g_autoptr (PangoLayout) tick = layout_new (paper, TICK, style, size * 1.15);
		const PangoRectangle ink = layout_ink (tick);
		PangoRectangle place;

		pango_layout_index_to_pos (layout, (int) (at - text - removed), &place);
		const double left = place.x + (place.width - ink.width) / 2.0 - ink.x, top = place.y + (place.height - ink.height) / 2.0 - ink.y;
		cairo_move_to (paper->cr, x + left / PANGO_SCALE, y + top / PANGO_SCALE);
		pango_cairo_show_layout (paper->cr, tick);
		removed += strlen (TICKED) - strlen (EMPTY_BOX);
	}
}

/* The largest size at which text fits; the least one with an ellipsis if none does. */
static PangoLayout *
layout_fitted (Paper *paper, Box box, const char *text, TextStyle style, double *size)
{
	for (*size = style.size;; *size -= SIZE_STEP) {
		g_autoptr (PangoLayout) layout = layout_new (paper, text, style, *size);
		if (style.align == ALIGN_SPREAD)
			layout_spread (layout, box.w);
		pango_layout_set_width (layout, (int) (box.w * PANGO_SCALE));
		if (layout_fits (layout, box))
			return g_steal_pointer (&layout);
		if (*size - SIZE_STEP < LEAST_SIZE) {
			pango_layout_set_height (layout, (int) (box.h * PANGO_SCALE));
			pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
			return g_steal_pointer (&layout);
		}
	}
}

void
paper_text (Paper *paper, Box box, const char *text, TextStyle style)
{
	double size;

	if (text == NULL || *text == '\0')
		return;
	g_autoptr (PangoLayout) layout = layout_fitted (paper, box, text, style, &size);
	const double y = style.top ? box.y : box.y + (box.h - layout_height (layout)) / 2;

	const PangoRectangle ink = layout_ink (layout);
	/* Where Pango puts the gap of the last character differs between its versions. */
	const double x = style.align == ALIGN_SPREAD ? box.x + (box.w - (double) ink.width / PANGO_SCALE) / 2 - (double) ink.x / PANGO_SCALE : box.x;

	cairo_move_to (paper->cr, x, y);
	pango_cairo_show_layout (paper->cr, layout);
	draw_ticks (paper, layout, text, style, size, x, y);
}

double
paper_text_width (Paper *paper, const char *text, TextStyle style)
{
	g_autoptr (PangoLayout) layout = layout_new (paper, text, style, style.size);
	int width;

	pango_layout_get_size (layout, &width, NULL);
	return (double) width / PANGO_SCALE;
}

double
paper_text_height (Paper *paper, double width, const char *text, TextStyle style)
{
	g_autoptr (PangoLayout) layout = layout_new (paper, text, style, style.size);

	pango_layout_set_width (layout, (int) (width * PANGO_SCALE));
	return layout_height (layout);
}

char *
paper_date (Micros t)
{
	if (t == 0)
		return g_strdup ("　　　　年　　月　　日");
	const CivilDate date = civil_beijing (t);
	return g_strdup_printf ("%d年%d月%d日", date.year, date.month, date.day);
}

/* --- lines ------------------------------------------------------------------------------- */

void
paper_line (Paper *paper, double x1, double y1, double x2, double y2, double width)
{
	cairo_set_line_width (paper->cr, width);
	cairo_move_to (paper->cr, x1, y1);
	cairo_line_to (paper->cr, x2, y2);
	cairo_stroke (paper->cr);
}

void
paper_frame (Paper *paper, Box box, double width)
{
	cairo_set_line_width (paper->cr, width);
	cairo_rectangle (paper->cr, box.x, box.y, box.w, box.h);
	cairo_stroke (paper->cr);
}

void
paper_fill (Paper *paper, Box box)
{
	cairo_rectangle (paper->cr, box.x, box.y, box.w, box.h);
	cairo_fill (paper->cr);
}
