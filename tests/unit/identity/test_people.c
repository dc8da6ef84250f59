/* People: who stood for a subject and when; who an officer is. */
#include "base/error.h"
#include "base/random.h"
#include "identity/people.h"
#include "unit/support/test_store.h"

#define NOW (G_GINT64_CONSTANT (1795348800) * MICROS_PER_S)
#define SITE "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
#define ZHANG "resident_id:320599190001010010"
#define LI "resident_id:320599190001010029"

typedef struct {
	char *subject;
	PersonFacts facts[2];
	gsize n;
	Micros now;
	json_t *view;
	const OfficerList *officers;
	const char *person, *number;
	gboolean match;
} Args;

static gboolean
tx_subject (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;
	const SubjectIdentity identity = { SITE, SUBJECT_ORGANIZATION, "太仓虚构甲置业有限公司", "91320599MAX000015E" };

	g_clear_pointer (&args->subject, g_free);
	return subject_find_or_create (tx, &identity, NOW, &args->subject, error);
}

static gboolean
tx_record (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return people_record (tx, SITE, args->subject, args->facts, args->n, args->now, error);
}

static gboolean
tx_view (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	args->view = people_view (tx, args->subject, error);
	return args->view != NULL;
}

static gboolean
tx_identify (Tx *tx, gpointer arg, GError **error)
{
	const Args *args = arg;
	const SubjectIdentity identity = { SITE, SUBJECT_PERSON, NULL, args->number };
	Fingerprint key;

	subject_identity_key (&identity, &key);
	return officer_identify (tx, args->officers, args->person, &key, NOW, error);
}

static gboolean
tx_matches (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;
	const char *const numbers[] = { "passport:E00000000", args->number };

	return officer_identity_matches (tx, args->person, SITE, numbers, 2, &args->match, error);
}

static void
run (TestStore *t, StoreFn fn, Args *args)
{
	g_autoptr (GError) error = NULL;

	store_run (t->store, "test", fn, args, &error);
	g_assert_no_error (error);
}

static const char *
text_at (const json_t *list, gsize i, const char *member)
{
	return json_string_value (json_object_get (json_array_get (list, i), member));
}

/* A new operator closes the record of the old one; a form that says nothing new writes nothing. */
static void
test_history (TestStore *t)
{
	Args args = { .now = NOW, .n = 2, .facts = {
		{ PERSON_LEGAL_REPRESENTATIVE, "虚构张一", ZHANG, NULL, NULL },
		{ PERSON_OPERATOR, "虚构张一", ZHANG, "13900000000", "zhang@example.invalid" },
	} };
	const json_t *people;
	g_autofree char *text = NULL;

	run (t, tx_subject, &args);
	run (t, tx_record, &args);
	args.now = NOW + MICROS_PER_DAY;
	run (t, tx_record, &args);
	args.facts[1] = (PersonFacts) { PERSON_OPERATOR, "虚构李二", LI, "13900000001", NULL };
	run (t, tx_record, &args);
	run (t, tx_view, &args);
	people = json_object_get (args.view, "people");
	g_assert_cmpuint (json_array_size (people), ==, 3);
	g_assert_cmpstr (text_at (people, 0, "person"), ==, text_at (people, 1, "person"));
	g_assert_cmpstr (text_at (people, 1, "role"), ==, "operator");
	g_assert_nonnull (text_at (people, 1, "until"));
	g_assert_cmpstr (text_at (people, 2, "name"), ==, "虚构李二");
	g_assert_null (text_at (people, 2, "until"));
	text = json_dumps (args.view, JSON_COMPACT);
	g_assert_null (strstr (text, "320599190001010010"));
	g_assert_null (strstr (text, "1390000"));
	json_decref (args.view);
	g_free (args.subject);
}

static void
test_unknown_subject (TestStore *t)
{
	Args args = { .subject = (char *) SITE };
	g_autoptr (GError) error = NULL;

	g_assert_false (store_read (t->store, "view", tx_view, &args, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_NOT_FOUND);
}

/* --- officers -------------------------------------------------------------------------- */

#define FIRST "018f0000-0000-7000-8000-000000000001"
#define SECOND "018f0000-0000-7000-8000-000000000002"

static GBytes *
self_signed (void)
{
	static const NamePart name[] = { { NAME_COMMON_NAME, "officer" } };
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, &error);
	g_autoptr (PublicKey) public_key = private_key_public (key);
	CertificateTemplate t = {
		.subject = name, .subject_n = 1, .key = public_key, .not_before = NOW, .not_after = NOW + MICROS_PER_DAY,
		.ca = TRUE, .path_length = -1, .key_usage = KU_KEY_CERT_SIGN,
	};
	GBytes *der;

	serial_new (NOW, &t.serial);
	der = root_sign_certificate (key, &t, &error);
	g_assert_no_error (error);
	return der;
}

static OfficerList *
officers (gboolean first_removed)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) der = self_signed ();
	json_t *list = json_array ();
	const char *const persons[] = { FIRST, SECOND };
	g_autoptr (json_t) document = NULL;
	OfficerList *parsed;

	for (guint i = 0; i < 2; i++)
		json_array_append_new (list, json_pack ("{s:s, s:s, s:[s], s:o, s:b}", "person", persons[i], "name", "虚构", "roles", "clerk",
			"certificate", json_base64 (g_bytes_get_data (der, NULL), g_bytes_get_size (der)), "removed", i == 0 && first_removed));
	document = json_pack ("{s:i, s:o}", "version", 1, "officers", list);
	parsed = officer_list_parse (document, &error);
	g_assert_no_error (error);
	return parsed;
}

static gboolean
matches (TestStore *t, const char *person, const char *number)
{
	Args args = { .person = person, .number = number };

	run (t, tx_matches, &args);
	return args.match;
}

/* The officer's own number is found among those of a form; another's, or another kind of document, is not. */
static void
test_officer_matches (TestStore *t)
{
	g_autoptr (OfficerList) list = officers (FALSE);
	Args args = { .officers = list, .person = FIRST, .number = ZHANG };

	g_assert_false (matches (t, FIRST, ZHANG));
	run (t, tx_identify, &args);
	run (t, tx_identify, &args);
	g_assert_true (matches (t, FIRST, ZHANG));
	g_assert_false (matches (t, FIRST, LI));
	g_assert_false (matches (t, SECOND, ZHANG));
	g_assert_false (matches (t, FIRST, "passport:320599190001010010"));
}

/* One human is not two active officers; whoever was removed may come back as a new one. */
static void
test_one_human (TestStore *t)
{
	g_autoptr (OfficerList) both = officers (FALSE);
	g_autoptr (OfficerList) second_only = officers (TRUE);
	Args args = { .officers = both, .person = FIRST, .number = ZHANG };
	g_autoptr (GError) error = NULL;

	run (t, tx_identify, &args);
	args.person = SECOND;
	g_assert_false (store_run (t->store, "identify", tx_identify, &args, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_SAME_PERSON);
	g_clear_error (&error);
	args.officers = second_only;
	run (t, tx_identify, &args);
	args.person = FIRST;
	g_assert_false (store_run (t->store, "identify", tx_identify, &args, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	test_store_add ("/identity/people/history", test_history);
	test_store_add ("/identity/people/unknown-subject", test_unknown_subject);
	test_store_add ("/identity/people/officer-matches", test_officer_matches);
	test_store_add ("/identity/people/one-human", test_one_human);
	return g_test_run ();
}
