/* base/json.c — the strict JSON reader.  Three steps, each bounded:
 *
 * 1. a scan without recursion refuses a text that nests too deeply, before any
 *    parser of ours or of a library follows it down;
 * 2. jansson parses (RFC 8259, valid UTF-8, no duplicate keys, no NUL);
 * 3. numbers are brought to the one meaning that every reader gives them: an
 *    integer of at most 53 bits, or a double.  What would be read differently by
 *    different programs (RFC 7493 section 2.2) is refused.
 */
#include "base/json.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json_private.h"

/* --- scan --------------------------------------------------------------------- */

typedef struct {
	gboolean object;
	const char *key;       /* of the member being read, with its quotes; NULL before the first */
	gsize key_len;
	gsize index;           /* of the item being read, in an array */
} Level;

/* Where in the document a byte lies. */
typedef struct {
	Level levels[JSON_MAX_DEPTH];
	guint depth;
	const char *string;    /* the last string read, perhaps a key */
	gsize string_len;
} Place;

static const char *
string_end (const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : end;
}

static gboolean
scan_mark (Place *place, char c)
{
	Level *level = place->depth > 0 ? &place->levels[place->depth - 1] : NULL;

	switch (c) {
	case '{':
	case '[':
		if (place->depth == JSON_MAX_DEPTH)
			return FALSE;
		place->levels[place->depth++] = (Level) { .object = c == '{' };
		break;
	case '}':
	case ']':
		if (level != NULL)      /* an unmatched one is for the parser to refuse */
			place->depth--;
		break;
	case ',':
		if (level != NULL)
			level->index++;
		break;
	case ':':
		if (level != NULL) {
			level->key = place->string;
			level->key_len = place->string_len;
		}
		break;
	default:
		break;
	}
	return TRUE;
}

/* FALSE when the text nests deeper than JSON_MAX_DEPTH.  On a text the parser
 * accepts, both see the same strings and brackets; on any other the parser stops
 * at the first difference, so it never goes deeper than was scanned. */
static gboolean
scan (const char *text, gsize len, Place *place)
{
	const char *end = text + len;

	place->depth = 0;
	place->string = NULL;
	place->string_len = 0;
	for (const char *p = text; p < end;) {
		if (*p == '"') {
			place->string = p;
			p = string_end (p, end);
			place->string_len = (gsize) (p - place->string);
		} else if (!scan_mark (place, *p++)) {
			return FALSE;
		}
	}
	return TRUE;
}

static void
append_key (GString *pointer, const char *key, gsize len)
{
	g_autoptr (json_t) name = json_loadb (key, len, JSON_DECODE_ANY, NULL);
	if (json_is_string (name))
		json_pointer_append (pointer, json_string_value (name));
}

/* The JSON pointer of what lies just before byte `at`: where the parser stopped. */
static char *
pointer_at (const char *text, gsize at)
{
	Place place;
	GString *pointer = g_string_new (NULL);

	if (!scan (text, at, &place))
		return g_string_free (pointer, FALSE);
	for (guint i = 0; i < place.depth; i++) {
		const Level *level = &place.levels[i];
		gboolean innermost = i + 1 == place.depth;
		if (!level->object)
			g_string_append_printf (pointer, "/%" G_GSIZE_FORMAT, level->index);
		else if (innermost && place.string != NULL)
			append_key (pointer, place.string, place.string_len);
		else if (level->key != NULL)
			append_key (pointer, level->key, level->key_len);
	}
	return g_string_free (pointer, FALSE);
}

/* --- numbers ------------------------------------------------------------------ */

/* A double that is an integer becomes one, so that 1.0, 1e0 and 1 are equal, as
 * RFC 8785 writes them.  NULL: leave as it is.  FALSE: not interoperable. */
static gboolean
settle_number (const json_t *number, json_t **out)
{
	*out = NULL;
	if (json_is_integer (number)) {
		json_int_t i = json_integer_value (number);
		return i >= -JSON_MAX_INT && i <= JSON_MAX_INT;
	}
	double d = json_real_value (number);
	if (fabs (d) <= (double) JSON_MAX_INT) {
		if (d >= floor (d) && d <= floor (d))
			*out = json_integer ((json_int_t) d);
		return TRUE;
	}
	return fabs (d) >= 1e21;        /* below that RFC 8785 would write an integer of over 53 bits */
}

static gboolean settle (json_t *value);

static gboolean
settle_object (json_t *object)
{
	for (void *i = json_object_iter (object); i != NULL; i = json_object_iter_next (object, i)) {
		json_t *better = NULL, *value = json_object_iter_value (i);
		if (json_is_number (value) ? !settle_number (value, &better) : !settle (value))
			return FALSE;
		if (better != NULL)
			json_object_iter_set_new (object, i, better);
	}
	return TRUE;
}

/* Recursion is bounded by the scan. */
static gboolean
settle (json_t *value)
{
	if (json_is_object (value))
		return settle_object (value);
	for (gsize i = 0; json_is_array (value) && i < json_array_size (value); i++) {
		json_t *better = NULL, *item = json_array_get (value, i);
		if (json_is_number (item) ? !settle_number (item, &better) : !settle (item))
			return FALSE;
		if (better != NULL)
			json_array_set_new (value, i, better);
	}
	return TRUE;
}

static json_t *
settle_root (json_t *root, GError **error)
{
	g_autoptr (json_t) value = root;
	json_t *better = NULL;

	if (json_is_number (value) ? !settle_number (value, &better) : !settle (value)) {
		diqi_error_set (error, DIQI_ERROR_JSON, NULL, "a number is outside what JSON carries exactly (53 bits)");
		return NULL;
	}
	return better != NULL ? better : g_steal_pointer (&value);
}

/* --- read --------------------------------------------------------------------- */

static void
set_parse_error (GError **error, const json_error_t *at, const char *text, gsize len)
{
	if (json_error_code (at) == json_error_duplicate_key) {
		g_autofree char *pointer = pointer_at (text, MIN ((gsize) MAX (at->position, 0), len));
		diqi_error_set (error, DIQI_ERROR_JSON_DUPLICATE, pointer, "duplicate key at line %d, column %d", at->line,
			at->column);
		return;
	}
	if (json_error_code (at) == json_error_stack_overflow) {
		diqi_error_set (error, DIQI_ERROR_JSON_DEPTH, NULL, "nested deeper than %d levels", JSON_MAX_DEPTH);
		return;
	}
	/* jansson quotes the input in its message; the place is enough and leaks nothing. */
	diqi_error_set (error, DIQI_ERROR_JSON, NULL, "not valid JSON at line %d, column %d", at->line, at->column);
}

json_t *
json_read_strict (const char *text, gsize len, gsize max_len, GError **error)
{
	json_error_t at;
	Place place;

	if (len == 0)
		text = "";      /* an empty body may come without a pointer */
	if (len > max_len) {
		diqi_error_set (error, DIQI_ERROR_TOO_LARGE, NULL, "%" G_GSIZE_FORMAT " bytes of JSON, at most %" G_GSIZE_FORMAT, len,
			max_len);
		return NULL;
	}
	if (!scan (text, len, &place)) {
		diqi_error_set (error, DIQI_ERROR_JSON_DEPTH, NULL, "nested deeper than %d levels", JSON_MAX_DEPTH);
		return NULL;
	}
	/* jansson loses a NUL that follows a number, so [1<NUL>] would pass (found by fuzzing). */
	if (memchr (text, '\0', len) != NULL) {
		diqi_error_set (error, DIQI_ERROR_JSON, NULL, "NUL is not JSON");
		return NULL;
	}
	json_t *root = json_loadb (text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
	if (root == NULL) {
		set_parse_error (error, &at, text, len);
		return NULL;
	}
	return settle_root (root, error);
}
