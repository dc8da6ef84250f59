/* base/error.c — see error.h.  A DIQI_ERROR carries its field as private data of
 * an extended GError, so that GLib's own copy, prefix and free keep it. */
#include "base/error.h"

#include <string.h>

typedef struct {
	char *field;
} DiqiErrorPrivate;

static void diqi_error_private_init (DiqiErrorPrivate *priv) { priv->field = NULL; }
static void diqi_error_private_copy (const DiqiErrorPrivate *from, DiqiErrorPrivate *to) { to->field = g_strdup (from->field); }
static void diqi_error_private_clear (DiqiErrorPrivate *priv) { g_free (priv->field); }

G_DEFINE_EXTENDED_ERROR (DiqiError, diqi_error)

static const struct {
	const char *name;
	DiqiErrorKind kind;
	const char *zh, *en;
} codes[DIQI_ERROR_N_CODES] = {
#define DIQI_CODE(name, code, kind, zh, en) [DIQI_ERROR_##name] = { code, ERROR_KIND_##kind, zh, en },
#include "base/error_codes.h"
#undef DIQI_CODE
};

G_GNUC_PRINTF (4, 0) static void
set_valist (GError **error, DiqiErrorCode code, const char *field, const char *format, va_list args)
{
	if (error == NULL)
		return;
	g_autofree char *detail = g_strdup_vprintf (format, args);
	g_set_error_literal (error, DIQI_ERROR, (int) code, detail);
	diqi_error_get_private (*error)->field = g_strdup (field);
}

void
diqi_error_set (GError **error, DiqiErrorCode code, const char *field, const char *format, ...)
{
	va_list args;
	va_start (args, format);
	set_valist (error, code, field, format, args);
	va_end (args);
}

gboolean
diqi_fail (GError **error, DiqiErrorCode code, const char *field, const char *format, ...)
{
	va_list args;
	va_start (args, format);
	set_valist (error, code, field, format, args);
	va_end (args);
	return FALSE;
}

static DiqiErrorCode
code_of (const GError *error)
{
	if (error == NULL || error->domain != DIQI_ERROR || error->code < 0 || error->code >= DIQI_ERROR_N_CODES)
		return DIQI_ERROR_INTERNAL;
	return (DiqiErrorCode) error->code;
}

void
diqi_error_put_field (GError *error, const char *field)
{
	if (error == NULL || error->domain != DIQI_ERROR || diqi_error_get_private (error)->field != NULL)
		return;
	diqi_error_get_private (error)->field = g_strdup (field);
}

const char *
diqi_error_field (const GError *error)
{
	if (error == NULL || error->domain != DIQI_ERROR)
		return NULL;
	return diqi_error_get_private (error)->field;
}

const char *diqi_error_code_name (const GError *error) { return codes[code_of (error)].name; }
DiqiErrorKind diqi_error_kind (const GError *error) { return codes[code_of (error)].kind; }
const char *diqi_error_title_zh (const GError *error) { return codes[code_of (error)].zh; }
const char *diqi_error_title_en (const GError *error) { return codes[code_of (error)].en; }

const char *diqi_code_name (DiqiErrorCode code) { return codes[code].name; }
DiqiErrorKind diqi_code_kind (DiqiErrorCode code) { return codes[code].kind; }
const char *diqi_code_title_zh (DiqiErrorCode code) { return codes[code].zh; }
const char *diqi_code_title_en (DiqiErrorCode code) { return codes[code].en; }

gboolean
diqi_code_from_name (const char *name, DiqiErrorCode *out)
{
	for (int i = 0; i < DIQI_ERROR_N_CODES; i++) {
		if (strcmp (codes[i].name, name) == 0) {
			*out = (DiqiErrorCode) i;
			return TRUE;
		}
	}
	return FALSE;
}
