/* document/form_parts.c — see document/form_parts.h. */
#include "document/form_parts.h"

#include <string.h>

#define QR_SIDE 66.0
#define RULE 0.6

Box
form_cell (Paper *paper, double x, double y, double w, double h)
{
	const Box cell = { x, y, w, h };
	paper_frame (paper, cell, RULE);
	return box_inset (cell, 5, 2);
}

const char *
form_value (const FormDocument *in, const char *name)
{
	return in->form ? json_string_value (json_object_get (in->form, name)) : NULL;
}

gboolean
form_asks (const FormDocument *in, const char *service)
{
	return in->service && g_str_equal (in->service, service);
}

const char *
form_other_service (const FormDocument *in)
{
	static const struct { const char *service, *label; } others[] = {
		{ "withdraw_loss", "解挂" }, { "freeze", "冻结" }, { "unfreeze", "解冻" }, { "recover_key", "密钥恢复" }, { "other", "其它业务" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
		if (form_asks (in, others[i].service))
			return others[i].label;
	return NULL;
}

void
form_field (Paper *paper, Box box, const char *label, const char *value)
{
	const double width = paper_text_width (paper, label, PRINTED);

	paper_text (paper, (Box) { box.x, box.y, MIN (width + 1, box.w), box.h }, label, PRINTED);
	if (value != NULL && box.w > width + 4)
		paper_text (paper, (Box) { box.x + width + 3, box.y, box.w - width - 3, box.h }, value, FILLED);
}

void
form_signature (Paper *paper, Box box, const char *label, const char *name)
{
	g_autofree char *signed_by = name ? g_strconcat (name, "（电子签名）", NULL) : NULL;
	form_field (paper, box, label, signed_by);
}

void
form_date (Paper *paper, Box box, const char *label, Micros date)
{
	g_autofree char *text = paper_date (date);

	if (date == 0) {
		g_autofree char *blank = g_strconcat (label, text, NULL);
		paper_text (paper, box, blank, PRINTED);
	} else {
		form_field (paper, box, label, text);
	}
}

gboolean
form_head (Paper *paper, const char *attachment, const char *title, const FormDocument *in, GError **error)
{
	const double right = FORM_LEFT + FORM_WIDTH;

	paper_text (paper, (Box) { FORM_LEFT, 30, 100, 18 }, attachment, (TextStyle) { .size = 12 });
	paper_text (paper, (Box) { FORM_LEFT + QR_SIDE, 58, FORM_WIDTH - 2 * QR_SIDE, 30 }, title,
		(TextStyle) { .size = 18, .align = ALIGN_CENTER, .bold = TRUE });
	form_field (paper, (Box) { FORM_LEFT, 97, FORM_WIDTH - QR_SIDE, 18 }, "受理编号：", in->number);
	return in->open_uri == NULL || paper_qr (paper, (Box) { right - QR_SIDE + 6, 44, QR_SIDE, QR_SIDE }, in->open_uri, error);
}
