/* pki/identity_number.c — see identity_number.h. */
#include "pki/identity_number.h"

#include "pki/certificate_private.h"
#include "pki/extension.h"

#define NUMBER_MAX 64
#define NEW_ARC "\x2a\x81\x1c\xd0\x14\x04\x01"      /* 1.2.156.10260.4.1 */
#define USCC_ARC "\x2a\x81\x1c\xd0\x14\x04\x04"     /* 1.2.156.10260.4.4 */
#define OLD_ARC "\x2a\x56\x0b\x07"                  /* 1.2.86.11.7 */
#define OID(text) { (const guint8 *) (text), sizeof (text) - 1 }

static const char *const names[IDENTITY_N_NUMBERS] = {
	"residentCard", "militaryOfficerCard", "passport", "insuranceNumber", "iCRegistrationNumber", "organizationCode", "taxationNumber", "creditCode",
};

/* choice: the member of identifyCode's CHOICE that is meant; -1: a string of its own. */
static const struct {
	Der oid;
	IdentityNumber number;
	int choice;
} places[] = {
	{ OID (NEW_ARC "\x01"), IDENTITY_RESIDENT_CARD, 0 }, { OID (OLD_ARC "\x01"), IDENTITY_RESIDENT_CARD, 0 },
	{ OID (NEW_ARC "\x01\x01"), IDENTITY_RESIDENT_CARD, -1 },      /* GM/T 0015-2023 */
	{ OID (NEW_ARC "\x01"), IDENTITY_MILITARY_CARD, 1 }, { OID (OLD_ARC "\x01"), IDENTITY_MILITARY_CARD, 1 },
	{ OID (NEW_ARC "\x01"), IDENTITY_PASSPORT, 2 }, { OID (OLD_ARC "\x01"), IDENTITY_PASSPORT, 2 },
	{ OID (NEW_ARC "\x01\x02"), IDENTITY_PASSPORT, -1 },
	{ OID (NEW_ARC "\x02"), IDENTITY_INSURANCE, -1 }, { OID (OLD_ARC "\x02"), IDENTITY_INSURANCE, -1 },
	{ OID (NEW_ARC "\x03"), IDENTITY_REGISTRATION, -1 }, { OID (OLD_ARC "\x03"), IDENTITY_REGISTRATION, -1 },
	{ OID (NEW_ARC "\x04"), IDENTITY_ORGANIZATION, -1 }, { OID (OLD_ARC "\x04"), IDENTITY_ORGANIZATION, -1 },
	{ OID (NEW_ARC "\x05"), IDENTITY_TAXATION, -1 }, { OID (OLD_ARC "\x05"), IDENTITY_TAXATION, -1 },
	{ OID (USCC_ARC), IDENTITY_CREDIT_CODE, -1 }, { OID (USCC_ARC "\x04"), IDENTITY_CREDIT_CODE, -1 },
};

const char *
identity_number_name (IdentityNumber which)
{
	return names[which];
}

gboolean
identity_number_oid (Der oid)
{
	for (guint i = 0; i < G_N_ELEMENTS (places); i++) {
		if (der_equal (oid, places[i].oid))
			return TRUE;
	}
	return FALSE;
}

/* --- values -------------------------------------------------------------------------------- */

/* A number shown to people: visible characters, or letters beyond ASCII (the military card's 字第…号). */
static char *
as_text (Der value)
{
	if (value.n == 0 || value.n > NUMBER_MAX || !g_utf8_validate ((const char *) value.p, (gssize) value.n, NULL))
		return NULL;
	g_autofree char *text = g_strndup ((const char *) value.p, value.n);
	for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
		if (!g_unichar_isgraph (g_utf8_get_char (p)) && *p != ' ')
			return NULL;
	}
	return strlen (text) == value.n ? g_steal_pointer (&text) : NULL;
}

static char *
as_string (Der value)
{
	static const guint8 strings[] = { DER_PRINTABLE_STRING, DER_UTF8_STRING, DER_IA5_STRING, DER_NUMERIC_STRING, DER_T61_STRING };
	guint8 tag;
	Der content;

	if (!der_next (&value, &tag, &content) || value.n != 0 || memchr (strings, tag, sizeof strings) == NULL)
		return NULL;
	return as_text (content);
}

/* Raw characters instead of DER; some put an N before them. */
static char *
as_raw (Der value)
{
	char *text = as_text (value);

	for (const char *p = text; p != NULL && *p != '\0'; p++) {
		if (!g_ascii_isalnum (*p))
			g_clear_pointer (&text, g_free);
		if (text == NULL)
			return NULL;
	}
	if (text != NULL && text[0] == 'N' && strlen (text) == 19)
		memmove (text, text + 1, strlen (text));
	return text;
}

/* [k] IMPLICIT or EXPLICIT; a bare string is the resident card's, the first of the CHOICE. */
static char *
as_choice (Der value, guint choice)
{
	Der copy = value, content;
	guint8 tag;

	if (!der_next (&copy, &tag, &content) || copy.n != 0)
		return NULL;
	if (tag == DER_CONTEXT (choice))
		return as_text (content);
	if (tag == DER_CONTEXT_CONSTRUCTED (choice))
		return as_string (content);
	return choice == 0 ? as_string (value) : NULL;
}

static char *
read_value (Der value, int choice)
{
	if (!der_check (value.p, value.n))
		return choice <= 0 ? as_raw (value) : NULL;
	return choice >= 0 ? as_choice (value, (guint) choice) : as_string (value);
}

/* --- asking --------------------------------------------------------------------------------- */

typedef struct {
	IdentityNumber which;
	Der further;                   /* whole OBJECT IDENTIFIER's content; empty none */
	char *found;
} Search;

static gboolean
look (Der oid, G_GNUC_UNUSED gboolean critical, Der value, gpointer user)
{
	Search *search = user;

	for (guint i = 0; search->found == NULL && i < G_N_ELEMENTS (places); i++) {
		if (places[i].number == search->which && der_equal (oid, places[i].oid))
			search->found = read_value (value, places[i].choice);
	}
	if (search->found == NULL && search->further.n > 0 && der_equal (oid, search->further))
		search->found = read_value (value, -1);
	return TRUE;
}

char *
certificate_identity_number (const Certificate *c, IdentityNumber which, const char *uscc_oid)
{
	g_autoptr (GByteArray) encoded = g_byte_array_new ();
	Search search = { .which = which };

	if (which == IDENTITY_CREDIT_CODE && uscc_oid != NULL && der_put_oid_text (encoded, uscc_oid)) {
		Der whole = { encoded->data, encoded->len };
		der_read_oid (&whole, &search.further);
	}
	if (c->extensions.n > 0)
		extensions_read (c->extensions, look, &search);
	return search.found;
}
