/* base/error.h — the one set of public error codes.
 *
 * Every refusal a user can see is a GError of domain DIQI_ERROR, made where the
 * failure happens.  It carries the public code (stable, in the API documents),
 * a detail an operator can act on, and, when one input member is at fault, that
 * member as an RFC 6901 JSON pointer ("/price_fen").  Callers pass it through;
 * nobody rewrites the code.  Nothing secret goes into a detail.
 */
#pragma once
#include <glib.h>

/* What kind of refusal a code is; net maps the kind to an HTTP status, and the
 * command line maps it to an exit code. */
typedef enum {
	ERROR_KIND_INVALID,        /* 400 the input is malformed */
	ERROR_KIND_UNAUTHORIZED,   /* 401 not logged in, or not any more */
	ERROR_KIND_FORBIDDEN,      /* 403 logged in, may not */
	ERROR_KIND_NOT_FOUND,      /* 404 */
	ERROR_KIND_CONFLICT,       /* 409 the state does not allow it */
	ERROR_KIND_STALE,          /* 412 If-Match names an older version */
	ERROR_KIND_TOO_LARGE,      /* 413 */
	ERROR_KIND_MEDIA_TYPE,     /* 415 */
	ERROR_KIND_UNPROCESSABLE,  /* 422 well-formed but breaks a rule */
	ERROR_KIND_PRECONDITION,   /* 428 If-Match or Idempotency-Key is missing */
	ERROR_KIND_RATE,           /* 429 */
	ERROR_KIND_INTERNAL,       /* 500 */
	ERROR_KIND_UNAVAILABLE,    /* 503 */
} DiqiErrorKind;

typedef enum {
#define DIQI_CODE(name, code, kind, zh, en) DIQI_ERROR_##name,
#include "base/error_codes.h"
#undef DIQI_CODE
	DIQI_ERROR_N_CODES
} DiqiErrorCode;

#define DIQI_ERROR (diqi_error_quark ())
GQuark diqi_error_quark (void);

/* Sets *error.  field is NULL or a JSON pointer ("/holder/uscc"), copied. */
void diqi_error_set (GError **error, DiqiErrorCode code, const char *field, const char *format, ...)
	G_GNUC_PRINTF (4, 5);

/* As above and returns FALSE, so that a check can read "return diqi_fail (…)". */
gboolean diqi_fail (GError **error, DiqiErrorCode code, const char *field, const char *format, ...)
	G_GNUC_PRINTF (4, 5);

/* Names the member at fault of an error that has none yet (a parser below knew no
 * names).  No effect on other domains. */
void diqi_error_put_field (GError *error, const char *field);

/* The field at fault or NULL; borrowed from error.  NULL for foreign domains. */
const char *diqi_error_field (const GError *error);

/* Facts of a code; a code of another domain counts as DIQI_ERROR_INTERNAL.  */
const char *diqi_error_code_name (const GError *error);   /* "quote.late" */
DiqiErrorKind diqi_error_kind (const GError *error);
const char *diqi_error_title_zh (const GError *error);
const char *diqi_error_title_en (const GError *error);

/* The same facts by code, for tables and documents. */
const char *diqi_code_name (DiqiErrorCode code);
DiqiErrorKind diqi_code_kind (DiqiErrorCode code);
const char *diqi_code_title_zh (DiqiErrorCode code);
const char *diqi_code_title_en (DiqiErrorCode code);
gboolean diqi_code_from_name (const char *name, DiqiErrorCode *out);
