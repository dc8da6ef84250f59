/* fuzz/fuzz_http_body.c — the path of a request body: strict JSON under the route's limit, then a table of
 * fields as a handler reads it.  What is accepted must be a fixed point of the canonical form, must be the
 * same to a second reader (plain jansson), and every output must lie within what the table declares. */
#include "base/error.h"
#include "base/json.h"
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

#define BODY_LIMIT 8192
#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			g_printerr ("property broken: %s\n", #condition); \
			abort (); /* libFuzzer keeps the input of an abort, not of g_error's trap */ \
		} \
	} while (0)

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

/* A form of the shape of an application, with one member of each type. */
typedef struct {
	const char *kind, *name, *uscc, *address, *phone, *hash, *id;
	gint64 years;
	gboolean agreed;
	json_t *contact, *papers;
	Money fee;
	Micros signed_at;
	GBytes *csr;
	const char *contact_name, *contact_mail;
} Form;

static gboolean
read_form (const json_t *body, Form *f, GError **error)
{
	const Field fields[] = {
		{ "kind", FIELD_STRING, TRUE, 16, &f->kind },
		{ "name", FIELD_STRING, TRUE, 100, &f->name },
		{ "uscc", FIELD_STRING, FALSE, 18, &f->uscc },
		{ "address", FIELD_STRING, FALSE, 0, &f->address },
		{ "phone", FIELD_STRING, FALSE, 20, &f->phone },
		{ "form", FIELD_HEX32, FALSE, 0, &f->hash },
		{ "application", FIELD_UUID, FALSE, 0, &f->id },
		{ "years", FIELD_INT, FALSE, 0, &f->years },
		{ "agreed", FIELD_BOOL, FALSE, 0, &f->agreed },
		{ "contact", FIELD_OBJECT, FALSE, 0, &f->contact },
		{ "papers", FIELD_ARRAY, FALSE, 8, &f->papers },
		{ "fee_fen", FIELD_MONEY, FALSE, 0, &f->fee },
		{ "signed", FIELD_TIME, FALSE, 0, &f->signed_at },
		{ "csr", FIELD_BASE64, FALSE, 1024, &f->csr },
	};
	const Field contact[] = {
		{ "name", FIELD_STRING, TRUE, 50, &f->contact_name },
		{ "mail", FIELD_STRING, FALSE, 80, &f->contact_mail },
	};
	return JSON_READ (body, "", fields, error) && (f->contact == NULL || JSON_READ (f->contact, "/contact", contact, error));
}

static void
check_text (const char *text, glong max)
{
	if (text == NULL)
		return;
	CHECK (g_utf8_validate (text, -1, NULL));
	CHECK (g_utf8_strlen (text, -1) <= max);
	for (const char *p = text; *p != '\0'; p++)
		CHECK ((guchar) *p >= 0x20 || *p == '\n' || *p == '\t');
}

static void
check_typed (const Form *f)
{
	g_autoptr (GError) error = NULL;
	guint8 hash[32];
	Micros again;
	Money fee;
	g_autofree char *time = time_format (f->signed_at), *fen = money_fen_text (f->fee);
	if (f->hash != NULL)
		CHECK (strlen (f->hash) == 64 && hex_decode (f->hash, hash, sizeof hash));
	if (f->id != NULL)
		CHECK (uuid_is_valid (f->id));
	if (f->papers != NULL)
		CHECK (json_is_array (f->papers) && json_array_size (f->papers) <= 8);
	if (f->csr != NULL)
		CHECK (g_bytes_get_size (f->csr) <= 1024);
	CHECK (time_parse (time, &again, &error) && again == f->signed_at);
	CHECK (f->fee.fen >= 0 && f->fee.fen <= MONEY_MAX_FEN && money_parse_fen (fen, &fee, &error) && fee.fen == f->fee.fen);
	CHECK (f->agreed == TRUE || f->agreed == FALSE);
}

static void
check_form (const Form *f)
{
	check_text (f->kind, 16);
	check_text (f->name, 100);
	check_text (f->uscc, 18);
	check_text (f->address, 256);
	check_text (f->phone, 20);
	check_text (f->contact_name, 50);
	check_text (f->contact_mail, 80);
	check_typed (f);
}

static void
check_document (const json_t *body, const char *text, gsize size)
{
	g_autoptr (GError) error = NULL;
	gsize n = 0, other_n = 0;
	g_autofree char *canonical = jcs_dump (body, &n, &error);
	CHECK (canonical != NULL);
	g_autoptr (json_t) reread = json_read_strict (canonical, n, G_MAXSIZE, &error);
	CHECK (reread != NULL && json_equal (reread, body) && jcs_is_canonical (canonical, n, reread));
	/* jansson keeps 15.0 a real, the strict reader makes it 15: compare what they write. */
	g_autoptr (json_t) second = json_loadb (text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	g_autofree char *other = second != NULL ? jcs_dump (second, &other_n, &error) : NULL;
	CHECK (other != NULL && other_n == n && memcmp (other, canonical, n) == 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) body = json_read_strict ((const char *) data, size, BODY_LIMIT, &error);
	if (body == NULL) {
		CHECK (error != NULL && error->domain == DIQI_ERROR);
		return 0;
	}
	CHECK (size <= BODY_LIMIT);
	check_document (body, (const char *) data, size);
	Form form = { 0 };
	if (json_is_object (body) && read_form (body, &form, &error))
		check_form (&form);
	else if (error != NULL)
		CHECK (error->domain == DIQI_ERROR);
	g_clear_pointer (&form.csr, g_bytes_unref);
	return 0;
}
