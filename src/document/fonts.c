/* document/fonts.c — are the fonts here that papers are set in? */
#include <pango/pangocairo.h>
#include <string.h>

#include "document/fonts.h"

gboolean
document_font_is_here (const char *family)
{
	PangoFontFamily **families = NULL;
	int n = 0;
	gboolean found = FALSE;
	pango_font_map_list_families (pango_cairo_font_map_get_default (), &families, &n);
	for (int i = 0; i < n && !found; i++)
		found = strcmp (pango_font_family_get_name (families[i]), family) == 0;
	g_free (families);
	return found;
}
