/* pki/name.c — distinguished names: attributes, their encoding, their text.
 *
 * One attribute a relative name.  RFC 5280 4.1.2.4: UTF8String, except countryName and
 * serialNumber (and X.520's other PrintableStrings, none of which we use).  Two names are
 * the same here if their bytes are, which holds because both ends are written by us.
 */
#include "pki/name.h"

#include "pki/pki_private.h"

typedef struct {
	const char *key;
	Der oid;
	guint8 tag;
	guint most;            /* characters; RFC 5280 appendix A upper bounds */
} AttributeFacts;

#define OID(text) { (const guint8 *) (text), sizeof (text) - 1 }
static const AttributeFacts attributes[NAME_N_ATTRIBUTES] = {
	[NAME_COUNTRY] = { "C", OID ("\x55\x04\x06"), DER_PRINTABLE_STRING, 2 },
	[NAME_PROVINCE] = { "ST", OID ("\x55\x04\x08"), DER_UTF8_STRING, 128 },
	[NAME_LOCALITY] = { "L", OID ("\x55\x04\x07"), DER_UTF8_STRING, 128 },
	[NAME_ORGANIZATION] = { "O", OID ("\x55\x04\x0a"), DER_UTF8_STRING, 64 },
	[NAME_UNIT] = { "OU", OID ("\x55\x04\x0b"), DER_UTF8_STRING, 64 },
	[NAME_COMMON_NAME] = { "CN", OID ("\x55\x04\x03"), DER_UTF8_STRING, 64 },
	[NAME_SERIAL_NUMBER] = { "serialNumber", OID ("\x55\x04\x05"), DER_PRINTABLE_STRING, 64 },
	/* X.520 6.4.4; no bound of its own there, ub-name of RFC 5280 here */
	[NAME_ORGANIZATION_IDENTIFIER] = { "organizationIdentifier", OID ("\x55\x04\x61"), DER_UTF8_STRING, 256 },
};

const char *
name_attribute_key (NameAttribute a)
{
	return attributes[a].key;
}

gboolean
name_attribute_from_key (const char *key, NameAttribute *out)
{
	for (int a = 0; a < NAME_N_ATTRIBUTES; a++) {
		if (strcmp (attributes[a].key, key) == 0) {
			*out = (NameAttribute) a;
			return TRUE;
		}
	}
	return FALSE;
}

/* X.680 41.4 */
static gboolean
is_printable_string (const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (!g_ascii_isalnum (*p) && strchr (" '()+,-./:=?", *p) == NULL)
			return FALSE;
	}
	return TRUE;
}

static gboolean
has_control (const char *text)
{
	for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
		if (g_unichar_iscntrl (g_utf8_get_char (p)))
			return TRUE;
	}
	return FALSE;
}

static gboolean
check_part (const NamePart *part, GError **error)
{
	const AttributeFacts *f = &attributes[part->attribute];
	g_autofree char *field = g_strconcat ("/subject/", f->key, NULL);

	if (part->value == NULL || part->value[0] == '\0' || !g_utf8_validate (part->value, -1, NULL) || has_control (part->value))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "%s must be non-empty UTF-8 without control characters", f->key);
	if (f->tag == DER_PRINTABLE_STRING && !is_printable_string (part->value))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "%s must be a PrintableString", f->key);
	if (g_utf8_strlen (part->value, -1) > (glong) f->most)
		return diqi_fail (error, DIQI_ERROR_FIELD_LENGTH, field, "%s is longer than %u characters (RFC 5280)", f->key, f->most);
	if (part->attribute == NAME_COUNTRY && (strlen (part->value) != 2 || !g_ascii_isupper (part->value[0]) || !g_ascii_isupper (part->value[1])))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "C must be two capital letters (ISO 3166)");
	return TRUE;
}

gboolean
name_put (GByteArray *w, const NamePart *parts, gsize n, GError **error)
{
	if (n == 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/subject", "the subject name is empty");
	gsize name = der_open (w, DER_SEQUENCE);
	for (gsize i = 0; i < n; i++) {
		g_assert (parts[i].attribute < NAME_N_ATTRIBUTES);
		const AttributeFacts *f = &attributes[parts[i].attribute];
		if (!check_part (&parts[i], error))
			return FALSE;
		gsize set = der_open (w, DER_SET), pair = der_open (w, DER_SEQUENCE);
		der_put_oid (w, f->oid);
		der_put (w, f->tag, parts[i].value, strlen (parts[i].value));
		der_close (w, pair);
		der_close (w, set);
	}
	der_close (w, name);
	return TRUE;
}

/* --- reading ------------------------------------------------------------------------- */

static gboolean
read_pair (Der *set, Der *oid, guint8 *tag, Der *value)
{
	Der pair;

	return der_read (set, DER_SEQUENCE, &pair) && der_read_oid (&pair, oid) && der_next (&pair, tag, value) && pair.n == 0;
}

static gboolean
is_ascii (Der value)
{
	for (gsize i = 0; i < value.n; i++) {
		if (value.p[i] == 0 || value.p[i] >= 0x80)
			return FALSE;
	}
	return TRUE;
}

/* UCS-2: whole characters, no surrogates, no NUL. */
static gboolean
is_bmp_text (Der value)
{
	for (gsize i = 0; i + 1 < value.n; i += 2) {
		guint character = (guint) value.p[i] << 8 | value.p[i + 1];
		if (character == 0 || (character >= 0xd800 && character < 0xe000))
			return FALSE;
	}
	return value.n % 2 == 0;
}

/* DirectoryString and what names of other makers hold beside it: text, not empty. */
static gboolean
value_is_well_formed (guint8 tag, Der value)
{
	switch (tag) {
	case DER_UTF8_STRING:
		return value.n > 0 && g_utf8_validate_len ((const char *) value.p, value.n, NULL);
	case DER_PRINTABLE_STRING:
	case DER_IA5_STRING:
	case DER_NUMERIC_STRING:
		return value.n > 0 && is_ascii (value);
	case DER_T61_STRING:
		return value.n > 0 && memchr (value.p, 0, value.n) == NULL;
	case DER_BMP_STRING:
		return value.n > 0 && is_bmp_text (value);
	default:
		return FALSE;
	}
}

gboolean
name_is_well_formed (Der whole)
{
	Der names, set, oid, value;
	guint8 tag;

	if (!der_read (&whole, DER_SEQUENCE, &names) || whole.n != 0)
		return FALSE;
	while (names.n > 0) {
		if (!der_read (&names, DER_SET, &set) || set.n == 0)
			return FALSE;
		while (set.n > 0) {
			if (!read_pair (&set, &oid, &tag, &value) || !value_is_well_formed (tag, value))
				return FALSE;
		}
	}
	return TRUE;
}

/* A value as UTF-8; NULL for types without text or with a NUL inside. */
static char *
value_text (guint8 tag, Der value)
{
	switch (tag) {
	case DER_UTF8_STRING:
	case DER_PRINTABLE_STRING:
	case DER_IA5_STRING:
	case DER_NUMERIC_STRING:
		return g_utf8_validate_len ((const char *) value.p, value.n, NULL) ? g_strndup ((const char *) value.p, value.n) : NULL;
	case DER_BMP_STRING:
		return is_bmp_text (value) ? g_convert ((const char *) value.p, (gssize) value.n, "UTF-8", "UTF-16BE", NULL, NULL, NULL) : NULL;
	default:
		return NULL;
	}
}

char *
name_attribute_text (Der name, NameAttribute a)
{
	Der names, set, oid, value;
	guint8 tag;

	if (!der_read (&name, DER_SEQUENCE, &names))
		return NULL;
	while (der_read (&names, DER_SET, &set)) {
		while (read_pair (&set, &oid, &tag, &value)) {
			if (der_equal (oid, attributes[a].oid))
				return value_text (tag, value);
		}
	}
	return NULL;
}

static const char *
key_of_oid (Der oid)
{
	for (int a = 0; a < NAME_N_ATTRIBUTES; a++) {
		if (der_equal (oid, attributes[a].oid))
			return attributes[a].key;
	}
	return NULL;
}

static void
append_dotted (GString *out, Der oid)
{
	guint64 arc = 0;
	gboolean first = TRUE;

	for (gsize i = 0; i < oid.n; i++) {
		arc = arc << 7 | (oid.p[i] & 0x7f);
		if (oid.p[i] & 0x80)
			continue;
		if (first)
			g_string_append_printf (out, "%d.%" G_GUINT64_FORMAT, arc < 80 ? (int) (arc / 40) : 2, arc < 80 ? arc % 40 : arc - 80);
		else
			g_string_append_printf (out, ".%" G_GUINT64_FORMAT, arc);
		first = FALSE;
		arc = 0;
	}
}

/* RFC 4514 2.4 */
static void
append_escaped (GString *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		gboolean edge = (*p == ' ' && (p == text || p[1] == '\0')) || (*p == '#' && p == text);
		if ((guchar) *p < 0x20 || *p == 0x7f)
			g_string_append_printf (out, "\\%02X", (guchar) *p);
		else if (edge || strchr (",+\"\\<>;=", *p) != NULL)
			g_string_append_printf (out, "\\%c", *p);
		else
			g_string_append_c (out, *p);
	}
}

static void
append_pair (GString *out, Der oid, guint8 tag, Der value)
{
	const char *key = key_of_oid (oid);
	g_autofree char *text = value_text (tag, value);

	if (key != NULL)
		g_string_append (out, key);
	else
		append_dotted (out, oid);
	g_string_append_c (out, '=');
	if (text != NULL) {
		append_escaped (out, text);
		return;
	}
	/* RFC 4514 2.4: what has no text is the whole value in hexadecimal. */
	g_autoptr (GByteArray) whole = g_byte_array_new ();
	der_put (whole, tag, value.p, value.n);
	g_string_append_c (out, '#');
	for (gsize i = 0; i < whole->len; i++)
		g_string_append_printf (out, "%02X", whole->data[i]);
}

char *
name_text (Der name)
{
	Der names, set, oid, value;
	guint8 tag;
	GString *out = g_string_new (NULL);

	if (!der_read (&name, DER_SEQUENCE, &names))
		return g_string_free (out, FALSE);
	/* RFC 4514 2.1: last relative name first. */
	while (der_read (&names, DER_SET, &set)) {
		g_autoptr (GString) one = g_string_new (NULL);
		while (read_pair (&set, &oid, &tag, &value)) {
			if (one->len > 0)
				g_string_append_c (one, '+');
			append_pair (one, oid, tag, value);
		}
		if (out->len > 0)
			g_string_append_c (one, ',');
		g_string_prepend (out, one->str);
	}
	return g_string_free (out, FALSE);
}
