/* base/json_flat.c — see json_flat.h. */
#include "base/json_flat.h"

#include <string.h>

#define DIGITS_MAX 15         /* below 2^53 whatever they are */
#define TEXT_MAX_DEFAULT 256  /* as json_read_fields */

/* --- splitting ------------------------------------------------------------------- */

typedef struct {
	char *p, *end;
} Cursor;

static gboolean
take (Cursor *c, char wanted)
{
	if (c->p == c->end || *c->p != wanted)
		return FALSE;
	c->p++;
	return TRUE;
}

/* After the opening quote, up to and with the closing one. */
static gboolean
take_text (Cursor *c, char **text, gsize *n)
{
	guint8 odd = 0;
	char *quote = memchr (c->p, '"', (gsize) (c->end - c->p));
	if (quote == NULL)
		return FALSE;
	for (const char *p = c->p; p < quote; p++)
		odd |= (guint8) ((guint8) *p < 0x20 || (guint8) *p > 0x7e || *p == '\\');
	*text = c->p;
	*n = (gsize) (quote - c->p);
	c->p = quote + 1;
	return odd == 0;
}

/* RFC 8785 3.2.2.3: no sign, no leading zero, no fraction. */
static gboolean
take_number (Cursor *c, gint64 *number)
{
	const char *start = c->p;
	for (*number = 0; c->p < c->end && g_ascii_isdigit (*c->p) && c->p - start <= DIGITS_MAX; c->p++)
		*number = *number * 10 + (*c->p - '0');
	gsize n = (gsize) (c->p - start);
	return n > 0 && n <= DIGITS_MAX && (n == 1 || *start != '0');
}

static gboolean
take_word (Cursor *c, const char *word)
{
	gsize n = strlen (word);
	if ((gsize) (c->end - c->p) < n || memcmp (c->p, word, n) != 0)
		return FALSE;
	c->p += n;
	return TRUE;
}

static gboolean
take_value (Cursor *c, FlatMember *m)
{
	if (take (c, '"')) {
		m->kind = FLAT_STRING;
		return take_text (c, &m->text, &m->n);
	}
	if (take_word (c, "true") || take_word (c, "false")) {
		m->kind = FLAT_BOOL;
		m->number = c->p[-2] == 'u';      /* tr-u-e, fal-s-e */
		return TRUE;
	}
	m->kind = FLAT_INT;
	return take_number (c, &m->number);
}

/* RFC 8785 3.2.3: names rise; so none comes twice. */
static gboolean
rises (const FlatMember *before, const FlatMember *m)
{
	int order = memcmp (before->name, m->name, MIN (before->name_n, m->name_n));
	return order < 0 || (order == 0 && before->name_n < m->name_n);
}

gboolean
json_flat_split (char *text, gsize n, FlatObject *out)
{
	Cursor c = { text, text + n };
	out->n = 0;
	if (!take (&c, '{'))
		return FALSE;
	do {
		if (out->n == JSON_FLAT_MEMBERS)
			return FALSE;
		FlatMember *m = &out->members[out->n];
		char *name;
		if (!take (&c, '"') || !take_text (&c, &name, &m->name_n) || !take (&c, ':') || !take_value (&c, m))
			return FALSE;
		m->name = name;
		if (out->n > 0 && !rises (m - 1, m))
			return FALSE;
		out->n++;
	} while (take (&c, ','));
	return take (&c, '}') && c.p == c.end;
}

/* --- reading ------------------------------------------------------------------------ */

static gboolean
is_named (const FlatMember *m, const char *name)
{
	return strncmp (name, m->name, m->name_n) == 0 && name[m->name_n] == '\0';
}

gboolean
json_flat_says (const FlatObject *object, const char *name, const char *value)
{
	for (guint i = 0; i < object->n; i++) {
		const FlatMember *m = &object->members[i];
		if (is_named (m, name))
			return m->kind == FLAT_STRING && m->n == strlen (value) && memcmp (m->text, value, m->n) == 0;
	}
	return FALSE;
}

static gboolean
is_hex32 (const FlatMember *m)
{
	guint8 odd = m->n != 64;
	for (gsize i = 0; i < m->n && odd == 0; i++)
		odd |= (guint8) !((m->text[i] >= '0' && m->text[i] <= '9') || (m->text[i] >= 'a' && m->text[i] <= 'f'));
	return odd == 0;
}

static gboolean
read_time (const FlatMember *m, Micros *out)
{
	char text[40];
	if (m->n >= sizeof text)
		return FALSE;
	memcpy (text, m->text, m->n);
	text[m->n] = '\0';
	return time_parse (text, out, NULL);
}

/* A number read on trial goes here and not yet to the table. */
typedef union { gint64 number; Micros time; } Value;

static gboolean
fits (const FlatMember *m, const Field *field, Value *value)
{
	switch (field->type) {
	case FIELD_STRING:
		return m->kind == FLAT_STRING && m->n <= (field->max != 0 ? field->max : TEXT_MAX_DEFAULT);
	case FIELD_HEX32:
		return m->kind == FLAT_STRING && is_hex32 (m);
	case FIELD_TIME:
		return m->kind == FLAT_STRING && read_time (m, &value->time);
	case FIELD_INT:
		value->number = m->number;
		return m->kind == FLAT_INT;
	case FIELD_BOOL:
		value->number = m->number;
		return m->kind == FLAT_BOOL;
	default:
		return FALSE;
	}
}

static void
give (const FlatMember *m, const Field *field, const Value *value)
{
	switch (field->type) {
	case FIELD_TIME:
		*(Micros *) field->out = value->time;
		break;
	case FIELD_INT:
		*(gint64 *) field->out = value->number;
		break;
	case FIELD_BOOL:
		*(gboolean *) field->out = value->number != 0;
		break;
	default:
		m->text[m->n] = '\0';
		*(const char **) field->out = m->text;
	}
}

static const Field *
field_of (const FlatMember *m, const Field *fields, gsize n)
{
	for (gsize i = 0; i < n; i++)
		if (is_named (m, fields[i].name))
			return &fields[i];
	return NULL;
}

gboolean
json_flat_read (const FlatObject *object, const Field *fields, gsize n)
{
	const Field *found[JSON_FLAT_MEMBERS];
	Value values[JSON_FLAT_MEMBERS] = { 0 };
	guint required = 0, given = 0;

	for (gsize i = 0; i < n; i++)
		required += fields[i].required ? 1 : 0;
	for (guint i = 0; i < object->n; i++) {
		found[i] = field_of (&object->members[i], fields, n);
		if (found[i] == NULL || !fits (&object->members[i], found[i], &values[i]))
			return FALSE;
		given += found[i]->required ? 1 : 0;
	}
	/* No name comes twice, so that counting is enough. */
	if (given != required)
		return FALSE;
	for (guint i = 0; i < object->n; i++)
		give (&object->members[i], found[i], &values[i]);
	return TRUE;
}
