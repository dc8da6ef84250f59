/* base/json.h — strict JSON in, canonical JSON out.
 *
 * Reading: UTF-8, no duplicate keys, bounded depth and size, no NUL, one value,
 * nothing after it.  Writing: RFC 8785 (JCS).  Objects are jansson's.  Request
 * bodies are read by tables of fields so that every refusal names its member.
 */
#pragma once
#include <glib.h>
#include <jansson.h>
#include "base/clock.h"
#include "base/money.h"

static inline void json_decref_ (json_t *j) { json_decref (j); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC (json_t, json_decref_)

#define JSON_MAX_DEPTH 32
#define JSON_MAX_INT G_GINT64_CONSTANT (9007199254740991)  /* 2^53-1; larger integers travel as strings */

/* Any one JSON value.  Numbers have one meaning: 1, 1.0 and 1e0 are the same integer
 * afterwards; what another reader might round (an integer of over 53 bits) is refused.
 * Errors: DIQI_ERROR_JSON, _JSON_DUPLICATE (names the key), _JSON_DEPTH, _TOO_LARGE. */
json_t *json_read_strict (const char *text, gsize len, gsize max_len, GError **error);

/* RFC 8785 bytes, NUL-terminated; caller frees; *len may be NULL.  Fails on what
 * json_read_strict would refuse: NaN, over 53 bits, bad UTF-8, NUL, too deep. */
char *jcs_dump (const json_t *value, gsize *len, GError **error);
GBytes *jcs_bytes (const json_t *value);      /* programming error if it fails */

/* TRUE iff text is exactly the canonical form of what it parses to. */
gboolean jcs_is_canonical (const char *text, gsize len, const json_t *parsed);

/* --- reading an object by table ------------------------------------------- */
typedef enum {
	FIELD_STRING,      /* const char **, borrowed from the object; valid UTF-8, no control characters except \n\t, no bidi marks */
	FIELD_INT,         /* gint64 * */
	FIELD_BOOL,        /* gboolean * */
	FIELD_OBJECT,      /* json_t **, borrowed */
	FIELD_ARRAY,       /* json_t **, borrowed */
	FIELD_MONEY,       /* Money *, from a string of fen */
	FIELD_TIME,        /* Micros *, from RFC 3339 */
	FIELD_HEX32,       /* const char **, exactly 64 lower-case hex digits */
	FIELD_BASE64,      /* GBytes **, owned by the caller: standard base64 with padding, strict */
	FIELD_UUID,        /* const char ** */
} FieldType;

typedef struct {
	const char *name;
	FieldType type;
	gboolean required;
	gsize max;         /* characters (strings), bytes (base64), items (arrays); 0 = 256 */
	gpointer out;
} Field;

/* Reads object into the table.  Absent optional fields leave *out untouched.
 * Unknown members are refused (DIQI_ERROR_FIELD_UNKNOWN).  `at` is the JSON
 * pointer of the object ("" at the top) and prefixes the field named in errors. */
gboolean json_read_fields (const json_t *object, const char *at, const Field *fields, gsize n, GError **error);
#define JSON_READ(object, at, fields, error) json_read_fields ((object), (at), (fields), G_N_ELEMENTS (fields), (error))

/* --- building ------------------------------------------------------------- */
json_t *json_time (Micros t);
json_t *json_money (Money m);
json_t *json_hex (gconstpointer p, gsize n);          /* lower-case hex string */
json_t *json_base64 (gconstpointer p, gsize n);

/* base64url without padding, strict on decode (no padding, no stray bits). */
char *base64url_encode (gconstpointer p, gsize n);
GBytes *base64url_decode (const char *text, gsize len, GError **error);
GBytes *base64_decode_strict (const char *text, gsize len, GError **error);
char *hex_encode (gconstpointer p, gsize n);
gboolean hex_decode (const char *text, guint8 *out, gsize n);  /* exactly 2n lower-case digits */
