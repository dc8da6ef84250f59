/* base/json_fields.c — reading an object by a table of fields, see json.h. */
#include "base/json.h"

#include <string.h>

#include "base/error.h"
#include "base/json_private.h"
#include "base/random.h"

#define DEFAULT_MAX 256
#define POINTER_NAME_MAX 128     /* a longer unknown name is not echoed; its object is named instead */

void
json_pointer_append (GString *pointer, const char *name)
{
	g_string_append_c (pointer, '/');
	for (const char *p = name; *p != '\0'; p++) {
		if (*p == '~')
			g_string_append (pointer, "~0");
		else if (*p == '/')
			g_string_append (pointer, "~1");
		else
			g_string_append_c (pointer, *p);
	}
}

/* What is read when one member is read: the member and how to name it. */
typedef struct {
	const Field *field;
	const json_t *value;
	const char *pointer;
} Member;

static gboolean
refuse_type (const Member *m, const char *wanted, GError **error)
{
	return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, m->pointer, "\"%s\" must be %s", m->field->name, wanted);
}

static gboolean
within (const Member *m, gsize n, const char *unit, GError **error)
{
	gsize max = m->field->max != 0 ? m->field->max : DEFAULT_MAX;
	return n <= max
		|| diqi_fail (error, DIQI_ERROR_FIELD_LENGTH, m->pointer, "\"%s\" has over %" G_GSIZE_FORMAT " %s", m->field->name,
			max, unit);
}

/* Marks that turn the reading direction (Unicode Bidi_Control): with them a text
 * shows otherwise than it reads, and what is shown is what people sign. */
static gboolean
turns_text (gunichar c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static gboolean
check_characters (const Member *m, const char *text, GError **error)
{
	for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
		gunichar c = g_utf8_get_char (p);
		if ((g_unichar_iscntrl (c) && c != '\n' && c != '\t') || turns_text (c))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, m->pointer, "\"%s\" holds the control character U+%04X",
				m->field->name, c);
	}
	return TRUE;
}

/* Nothing but printable ASCII, as statements, hashes and most other long texts are: no more need be looked at. */
static gboolean
is_plain_ascii (const char *text, gsize n)
{
	guint8 odd = 0;

	for (gsize i = 0; i < n; i++) {
		guint8 c = (guint8) text[i];
		odd |= (guint8) (c < 0x20 || c > 0x7e);
	}
	return odd == 0;
}

static gboolean
read_string (const Member *m, GError **error)
{
	const char *text = json_string_value (m->value);
	gsize bytes = json_string_length (m->value);

	if (is_plain_ascii (text, bytes)) {
		*(const char **) m->field->out = text;
		return within (m, bytes, "characters", error);
	}
	if (!g_utf8_validate_len (text, bytes, NULL))      /* from json_read_strict it always is */
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, m->pointer, "\"%s\" is not valid UTF-8", m->field->name);
	if (!within (m, (gsize) g_utf8_strlen (text, (gssize) bytes), "characters", error)
	    || !check_characters (m, text, error))
		return FALSE;
	*(const char **) m->field->out = text;
	return TRUE;
}

/* The parsers of base know no field; theirs is added here. */
static gboolean
at_field (const Member *m, gboolean ok, GError **error)
{
	if (!ok && error != NULL)
		diqi_error_put_field (*error, m->pointer);
	return ok;
}

static gboolean
read_hex32 (const Member *m, GError **error)
{
	guint8 scratch[32];
	const char *text = json_string_value (m->value);
	if (!hex_decode (text, scratch, sizeof scratch))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, m->pointer, "\"%s\" must be 64 lower-case hex digits",
			m->field->name);
	*(const char **) m->field->out = text;
	return TRUE;
}

static gboolean
read_uuid (const Member *m, GError **error)
{
	const char *text = json_string_value (m->value);
	if (!uuid_is_valid (text))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, m->pointer, "\"%s\" must be a UUID in lower case", m->field->name);
	*(const char **) m->field->out = text;
	return TRUE;
}

static gboolean
read_base64 (const Member *m, GError **error)
{
	g_autoptr (GBytes) bytes = NULL;
	gsize digits = json_string_length (m->value);

	if (!within (m, digits / 4 * 3 > 2 ? digits / 4 * 3 - 2 : 0, "bytes", error))
		return FALSE;
	bytes = base64_decode_strict (json_string_value (m->value), digits, error);
	if (!at_field (m, bytes != NULL, error) || !within (m, g_bytes_get_size (bytes), "bytes", error))
		return FALSE;
	*(GBytes **) m->field->out = g_steal_pointer (&bytes);
	return TRUE;
}

static gboolean
read_text (const Member *m, GError **error)
{
	if (!json_is_string (m->value))
		return refuse_type (m, "a string", error);
	switch (m->field->type) {
	case FIELD_MONEY:
		return at_field (m, money_parse_fen (json_string_value (m->value), m->field->out, error), error);
	case FIELD_TIME:
		return at_field (m, time_parse (json_string_value (m->value), m->field->out, error), error);
	case FIELD_HEX32:
		return read_hex32 (m, error);
	case FIELD_UUID:
		return read_uuid (m, error);
	case FIELD_BASE64:
		return read_base64 (m, error);
	default:
		return read_string (m, error);
	}
}

static gboolean
read_value (const Member *m, GError **error)
{
	switch (m->field->type) {
	case FIELD_INT:
		if (!json_is_integer (m->value))
			return refuse_type (m, "an integer", error);
		*(gint64 *) m->field->out = json_integer_value (m->value);
		return TRUE;
	case FIELD_BOOL:
		if (!json_is_boolean (m->value))
			return refuse_type (m, "true or false", error);
		*(gboolean *) m->field->out = json_is_true (m->value);
		return TRUE;
	case FIELD_OBJECT:
		if (!json_is_object (m->value))
			return refuse_type (m, "an object", error);
		*(const json_t **) m->field->out = m->value;
		return TRUE;
	case FIELD_ARRAY:
		if (!json_is_array (m->value))
			return refuse_type (m, "an array", error);
		if (!within (m, json_array_size (m->value), "items", error))
			return FALSE;
		*(const json_t **) m->field->out = m->value;
		return TRUE;
	default:
		return read_text (m, error);
	}
}

static gboolean
is_known (const char *name, const Field *fields, gsize n)
{
	for (gsize i = 0; i < n; i++)
		if (strcmp (fields[i].name, name) == 0)
			return TRUE;
	return FALSE;
}

static gboolean
refuse_unknown (const json_t *object, const char *at, const Field *fields, gsize n, GError **error)
{
	json_t *borrowed = (json_t *) object;
	for (void *i = json_object_iter (borrowed); i != NULL; i = json_object_iter_next (borrowed, i)) {
		const char *name = json_object_iter_key (i);
		if (is_known (name, fields, n))
			continue;
		g_autoptr (GString) pointer = g_string_new (at);
		if (strlen (name) <= POINTER_NAME_MAX)
			json_pointer_append (pointer, name);
		return diqi_fail (error, DIQI_ERROR_FIELD_UNKNOWN, pointer->str, "unknown field");
	}
	return TRUE;
}

gboolean
json_read_fields (const json_t *object, const char *at, const Field *fields, gsize n, GError **error)
{
	if (!json_is_object (object))
		return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, at, "must be an object");
	if (!refuse_unknown (object, at, fields, n, error))
		return FALSE;
	for (gsize i = 0; i < n; i++) {
		g_autoptr (GString) pointer = g_string_new (at);
		json_pointer_append (pointer, fields[i].name);
		const json_t *value = json_object_get (object, fields[i].name);
		if (value == NULL) {
			if (fields[i].required)
				return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, pointer->str, "\"%s\" is required", fields[i].name);
			continue;
		}
		if (!read_value (&(Member) { &fields[i], value, pointer->str }, error))
			return FALSE;
	}
	return TRUE;
}
