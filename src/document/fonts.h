/* document/fonts.h — the fonts that papers are set in; without them text is drawn in whatever there is. */
#pragma once
#include <glib.h>

#define PRINTED_FONT "Noto Serif CJK SC"
#define FILLED_FONT "Noto Sans CJK SC"

gboolean document_font_is_here (const char *family);
