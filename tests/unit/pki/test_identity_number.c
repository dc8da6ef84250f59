/* The identity extensions of GB/T 20518, in every way certificates in the field have them. */
#include "hierarchy.h"
#include "pki/certificate_private.h"
#include "pki/extension.h"
#include "pki/identity_number.h"
#include "pki/pki_private.h"

static Hierarchy *h;

/* The holder's certificate with this extension instead of its own, signed anew. */
static Certificate *
with_extension (const char *oid, gboolean critical, gconstpointer value, gsize n)
{
	GByteArray *w = g_byte_array_new ();
	g_autoptr (GByteArray) named = g_byte_array_new ();
	Der tbs = h->holder->tbs, body, whole, name, content;
	guint8 tag;

	g_assert_true (der_read (&tbs, DER_SEQUENCE, &body));
	gsize at = der_open (w, DER_SEQUENCE);
	for (const guint8 *start = body.p; der_next (&body, &tag, &content); start = body.p) {
		if (tag != DER_CONTEXT_CONSTRUCTED (3))
			der_put_raw (w, start, (gsize) (body.p - start));
	}
	g_assert_true (der_put_oid_text (named, oid));
	whole = (Der) { named->data, named->len };
	g_assert_true (der_read_oid (&whole, &name));
	gsize outer = der_open (w, DER_CONTEXT_CONSTRUCTED (3)), list = der_open (w, DER_SEQUENCE);
	ExtensionAt extension = extension_open (w, name, critical);
	der_put_raw (w, value, n);
	extension_close (w, extension);
	der_close (w, list);
	der_close (w, outer);
	der_close (w, at);
	return certificate_from (sign_structure (h->issuing_key, w, NULL));
}

#define ARC "1.2.156.10260.4.1"
#define OLD "1.2.86.11.7"
#define V(text) text, sizeof (text) - 1

static const struct {
	const char *oid;
	const char *value;
	gsize n;
	IdentityNumber which;
	const char *expected;          /* NULL: not readable */
} cases[] = {
	/* identifyCode: IMPLICIT, EXPLICIT, a bare string, raw characters; both arcs */
	{ ARC ".1", V ("\x80\x12" "11010519491231002X"), IDENTITY_RESIDENT_CARD, "11010519491231002X" },
	{ ARC ".1", V ("\xa0\x14\x13\x12" "11010519491231002X"), IDENTITY_RESIDENT_CARD, "11010519491231002X" },
	{ ARC ".1", V ("\x13\x12" "11010519491231002X"), IDENTITY_RESIDENT_CARD, "11010519491231002X" },
	{ ARC ".1", V ("\x0c\x12" "11010519491231002X"), IDENTITY_RESIDENT_CARD, "11010519491231002X" },
	{ ARC ".1", V ("11010519491231002X"), IDENTITY_RESIDENT_CARD, "11010519491231002X" },
	{ ARC ".1", V ("N11010519491231002X"), IDENTITY_RESIDENT_CARD, "11010519491231002X" },
	{ OLD ".1", V ("\x80\x12" "11010519491231002X"), IDENTITY_RESIDENT_CARD, "11010519491231002X" },
	{ OLD ".1", V ("\x13\x12" "11010519491231002X"), IDENTITY_RESIDENT_CARD, "11010519491231002X" },
	{ ARC ".1.1", V ("\x13\x12" "11010519491231002X"), IDENTITY_RESIDENT_CARD, "11010519491231002X" },
	{ ARC ".1", V ("\x81\x0c\xe5\x86\x9b\xe5\xad\x97\xe7\xac\xac\x31\x32\x33"), IDENTITY_MILITARY_CARD, "军字第123" },
	{ ARC ".1", V ("\xa1\x0e\x0c\x0c\xe5\x86\x9b\xe5\xad\x97\xe7\xac\xac\x31\x32\x33"), IDENTITY_MILITARY_CARD, "军字第123" },
	{ ARC ".1", V ("\x82\x09" "E12345678"), IDENTITY_PASSPORT, "E12345678" },
	{ ARC ".1", V ("\xa2\x0b\x13\x09" "E12345678"), IDENTITY_PASSPORT, "E12345678" },
	{ ARC ".1.2", V ("\x13\x09" "E12345678"), IDENTITY_PASSPORT, "E12345678" },
	/* A passport is no resident card. */
	{ ARC ".1", V ("\x82\x09" "E12345678"), IDENTITY_RESIDENT_CARD, NULL },
	{ ARC ".1", V ("\x13\x12" "11010519491231002X"), IDENTITY_PASSPORT, NULL },
	/* the others */
	{ ARC ".2", V ("\x13\x05" "12345"), IDENTITY_INSURANCE, "12345" },
	{ OLD ".2", V ("\x13\x05" "12345"), IDENTITY_INSURANCE, "12345" },
	{ ARC ".3", V ("\x13\x0f" "320585000012345"), IDENTITY_REGISTRATION, "320585000012345" },
	{ OLD ".3", V ("\x16\x0f" "320585000012345"), IDENTITY_REGISTRATION, "320585000012345" },
	{ ARC ".4", V ("\x13\x12" "91320585MA1MTNQW6K"), IDENTITY_ORGANIZATION, "91320585MA1MTNQW6K" },
	{ ARC ".4", V ("\x13\x0a" "MA1MTNQW-6"), IDENTITY_ORGANIZATION, "MA1MTNQW-6" },
	{ OLD ".4", V ("MA1MTNQW6"), IDENTITY_ORGANIZATION, "MA1MTNQW6" },
	{ ARC ".5", V ("\x0c\x0f" "320585123456789"), IDENTITY_TAXATION, "320585123456789" },
	{ OLD ".5", V ("\x13\x0f" "320585123456789"), IDENTITY_TAXATION, "320585123456789" },
	/* the credit code of GM/T 0015-2023: both places sources name */
	{ "1.2.156.10260.4.4", V ("\x13\x12" "91320585MA1MTNQW6K"), IDENTITY_CREDIT_CODE, "91320585MA1MTNQW6K" },
	{ "1.2.156.10260.4.4.4", V ("\x13\x12" "91320585MA1MTNQW6K"), IDENTITY_CREDIT_CODE, "91320585MA1MTNQW6K" },
	/* nonsense is not a number */
	{ ARC ".1", V ("\x80\x00"), IDENTITY_RESIDENT_CARD, NULL },
	{ ARC ".1", V ("\x80\x02" "a\n"), IDENTITY_RESIDENT_CARD, NULL },
	{ ARC ".1", V ("\x80\x02" "a\0"), IDENTITY_RESIDENT_CARD, NULL },
	{ ARC ".1", V ("\x80\x02\xff\xfe"), IDENTITY_RESIDENT_CARD, NULL },
	{ ARC ".1", V ("\xa0\x04\x30\x02\x05\x00"), IDENTITY_RESIDENT_CARD, NULL },
	{ ARC ".1", V ("not a number"), IDENTITY_RESIDENT_CARD, NULL },
	{ ARC ".4", V ("\x02\x01\x05"), IDENTITY_ORGANIZATION, NULL },
	{ ARC ".4", V ("\x80\x05" "12345"), IDENTITY_ORGANIZATION, NULL },
	{ ARC ".6", V ("\x13\x05" "12345"), IDENTITY_TAXATION, NULL },
};

static void
test_values (void)
{
	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (Certificate) c = with_extension (cases[i].oid, FALSE, cases[i].value, cases[i].n);
		g_autofree char *found = certificate_identity_number (c, cases[i].which, NULL);
		g_test_message ("%u: %s", i, cases[i].oid);
		g_assert_cmpstr (found, ==, cases[i].expected);
	}
}

/* A third place can be named, for reading and for writing. */
static void
test_named (void)
{
	g_autoptr (Certificate) c = with_extension ("1.2.156.112562.2.1.9", FALSE, V ("\x13\x12" "91320585MA1MTNQW6K"));
	g_autofree char *unnamed = certificate_identity_number (c, IDENTITY_CREDIT_CODE, NULL);
	g_autofree char *named = certificate_identity_number (c, IDENTITY_CREDIT_CODE, "1.2.156.112562.2.1.9");
	g_assert_null (unnamed);
	g_assert_cmpstr (named, ==, "91320585MA1MTNQW6K");

	CertificateTemplate t;
	g_autoptr (PublicKey) key = private_key_public (h->holder_key);
	holder_template (h, key, &t);
	g_autoptr (Certificate) usual = issue (h->issuer, &t);
	g_autofree char *organization = certificate_identity_number (usual, IDENTITY_ORGANIZATION, NULL);
	g_assert_cmpstr (organization, ==, t.uscc);
	t.uscc_oid = "1.2.156.10260.4.4";
	g_autoptr (Certificate) other = issue (h->issuer, &t);
	g_autofree char *none = certificate_identity_number (other, IDENTITY_ORGANIZATION, NULL);
	g_autofree char *code = certificate_identity_number (other, IDENTITY_CREDIT_CODE, NULL);
	g_assert_null (none);
	g_assert_cmpstr (code, ==, t.uscc);
	t.uscc_oid = "not.an.oid";
	g_autoptr (GError) error = NULL;
	g_assert_null (issuer_sign_certificate (h->issuer, &t, &error));
}

/* Critical ones are processed, so they do not end a chain. */
static void
test_critical (void)
{
	g_autoptr (Certificate) c = with_extension (ARC ".1", TRUE, V ("\x80\x12" "11010519491231002X"));
	g_autoptr (Certificate) unknown = with_extension (ARC ".9", TRUE, V ("\x80\x12" "11010519491231002X"));
	Certificate *const chain[] = { h->issuing, h->root };

	g_assert_true (certificate_verify_chain (c, chain, 2, h->now, NULL));
	g_assert_false (certificate_verify_chain (unknown, chain, 2, h->now, NULL));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	h = hierarchy_new (KEY_SM2);
	g_test_add_func ("/identity-number/values", test_values);
	g_test_add_func ("/identity-number/named", test_named);
	g_test_add_func ("/identity-number/critical", test_critical);
	int status = g_test_run ();
	hierarchy_free (h);
	return status;
}
