/* Changing the pinned list of officers: who may, to what, and what a restart makes of it. */
#include <glib/gstdio.h>
#include <string.h>

#include "fixture.h"

#include "pki/der.h"
#include "signer/chain.h"

#define FIRST_OFFICERS SECOND_ADMIN      /* all but the second administrator */

static Fixture fixture;

typedef struct {
	char *dir;
	SignerClient *client;
	json_t *list;             /* the present list; tests change a copy into the next */
} Case;

static void
case_init (Case *c)
{
	g_autoptr (GError) error = NULL;
	*c = (Case) { .dir = fixture_copy (&fixture) };
	c->client = fixture_run (c->dir);
	c->list = signer_get_officers (c->client, &error);
	g_assert_no_error (error);
}

static void
case_clear (Case *c)
{
	signer_client_free (c->client);
	json_decref (c->list);
	g_free (c->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Case, case_clear)

static json_t *
next_list (const Case *c)
{
	json_t *next = json_deep_copy (c->list);
	json_object_set_new (next, "version", json_integer (json_integer_value (json_object_get (c->list, "version")) + 1));
	return next;
}

static json_t *
entry (json_t *list, guint i)
{
	return json_array_get (json_object_get (list, "officers"), i);
}

static json_t *
hash_json (const json_t *list)
{
	g_autofree char *text = fixture_text (list);
	Fingerprint hash;
	fingerprint_of (text, strlen (text), &hash);
	return json_hex (hash.b, sizeof hash.b);
}

static char *
consent (const Case *c, guint officer, const json_t *next, Micros time)
{
	json_t *more = json_object ();
	json_object_set (more, "version", json_object_get (c->list, "version"));
	json_object_set_new (more, "previous", hash_json (c->list));
	json_object_set_new (more, "list", hash_json (next));
	return fixture_sign (&fixture, officer, "officers.change", time, more);
}

static json_t *
change (const Case *c, const json_t *next, guint first, guint second, GError **error)
{
	g_autofree char *one = consent (c, first, next, T0), *two = consent (c, second, next, T0);
	const char *const statements[] = { one, two };
	return signer_change_officers (c->client, next, statements, 2, error);
}

static GBytes *
issue_by (Case *c, guint reviewer, guint issuer, const PrivateKey *key, GError **error)
{
	g_autoptr (json_t) json = fixture_request (key);
	g_autofree char *request = fixture_text (json);
	g_autofree char *review = fixture_approve (&fixture, reviewer, "application.review", T0, request);
	g_autofree char *issue = fixture_approve (&fixture, issuer, "application.issue", T0, request);
	return fixture_issue (c->client, request, T0, review, issue, error);
}

static void
test_remove (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) next = next_list (&c);
	json_object_set_new (entry (next, REVIEWER), "removed", json_true ());
	g_autoptr (json_t) pinned = change (&c, next, ADMIN, AUDITOR, &error);
	g_assert_no_error (error);
	g_assert_true (json_equal (pinned, next));
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, NULL);
	assert_refused (issue_by (&c, REVIEWER, ISSUER, key, &error), error, APPROVAL);
	/* The same after a restart, which judges the change again. */
	signer_client_free (c.client);
	c.client = fixture_run (c.dir);
	assert_refused (issue_by (&c, REVIEWER, ISSUER, key, &error), error, APPROVAL);
	g_autoptr (GBytes) by_another = issue_by (&c, BOTH, ISSUER, key, &error);
	g_assert_no_error (error);
	g_autoptr (json_t) after = signer_get_officers (c.client, &error);
	g_assert_true (json_equal (after, next));
	/* Removed is for good. */
	json_decref (c.list);
	c.list = json_deep_copy (next);
	g_autoptr (json_t) back = next_list (&c);
	json_object_set_new (entry (back, REVIEWER), "removed", json_false ());
	assert_refused (change (&c, back, ADMIN, AUDITOR, &error), error, SIGNER);
}

static void
test_who_may (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) next = next_list (&c);
	json_object_set_new (entry (next, CLERK), "removed", json_true ());
	assert_refused (change (&c, next, ADMIN, ADMIN, &error), error, SAME_PERSON);
	assert_refused (change (&c, next, ADMIN, ADMIN_ISSUER, &error), error, SAME_PERSON);
	assert_refused (change (&c, next, ADMIN, CLERK, &error), error, APPROVAL);
	assert_refused (change (&c, next, AUDITOR, REVIEWER, &error), error, APPROVAL);
	g_autofree char *one = consent (&c, ADMIN, next, T0), *two = consent (&c, AUDITOR, next, T0), *old = consent (&c, AUDITOR, next, T0 - 31 * MICROS_PER_DAY);
	const char *const statements[] = { one, two, two }, *const stale[] = { one, old };
	assert_refused (signer_change_officers (c.client, next, statements, 0, &error), error, APPROVAL);
	assert_refused (signer_change_officers (c.client, next, statements, 1, &error), error, APPROVAL);
	assert_refused (signer_change_officers (c.client, next, statements, 3, &error), error, APPROVAL);
	assert_refused (signer_change_officers (c.client, next, stale, 2, &error), error, STATEMENT_TIME);
	/* Consent to one list is none to another. */
	json_object_set_new (entry (next, AUDITOR), "removed", json_true ());
	assert_refused (signer_change_officers (c.client, next, statements, 2, &error), error, STATEMENT_TARGET);
	g_autoptr (json_t) after = signer_get_officers (c.client, &error);
	g_assert_true (json_equal (after, c.list));
}

static void
test_bad_lists (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) vanished = next_list (&c);
	json_array_remove (json_object_get (vanished, "officers"), CLERK);
	assert_refused (change (&c, vanished, ADMIN, AUDITOR, &error), error, SIGNER);
	g_autoptr (json_t) moved = next_list (&c);
	json_object_set_new (entry (moved, CLERK), "person", json_string (fixture_person (AUDITOR)));
	assert_refused (change (&c, moved, ADMIN, AUDITOR, &error), error, SIGNER);
	g_autoptr (json_t) skipped = next_list (&c);
	json_object_set_new (skipped, "version", json_integer (3));
	assert_refused (change (&c, skipped, ADMIN, AUDITOR, &error), error, SIGNER);
	g_autoptr (json_t) alone = next_list (&c);
	json_object_set_new (entry (alone, REVIEWER), "removed", json_true ());
	json_object_set_new (entry (alone, BOTH), "removed", json_true ());
	assert_refused (change (&c, alone, ADMIN, AUDITOR, &error), error, SIGNER);
	g_autoptr (json_t) headless = next_list (&c);
	json_object_set_new (entry (headless, ADMIN), "removed", json_true ());
	assert_refused (change (&c, headless, ADMIN, AUDITOR, &error), error, SIGNER);
	g_autoptr (json_t) role = next_list (&c);
	json_array_append_new (json_object_get (entry (role, CLERK), "roles"), json_string ("king"));
	assert_refused (change (&c, role, ADMIN, AUDITOR, &error), error, FIELD_VALUE);
	g_autoptr (json_t) twice = next_list (&c);
	json_array_append (json_object_get (twice, "officers"), entry (twice, CLERK));
	assert_refused (change (&c, twice, ADMIN, AUDITOR, &error), error, FIELD_VALUE);
}

/* A bidder's certificate, though of the same authority, is no officer's. */
static void
test_holder_certificate (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, NULL);
	g_autoptr (Certificate) holder = fixture_certificate (&fixture, c.client, key);
	g_autoptr (GBytes) der = certificate_der (holder);
	g_autoptr (json_t) next = next_list (&c);
	json_t *added = json_deep_copy (entry (next, CLERK));
	json_object_set_new (added, "certificate", json_base64 (g_bytes_get_data (der, NULL), g_bytes_get_size (der)));
	json_array_append_new (json_object_get (next, "officers"), added);
	assert_refused (change (&c, next, ADMIN, AUDITOR, &error), error, CERTIFICATE_USAGE);
}

static json_t *
with_newcomer (const Case *c, const PrivateKey *key)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) csr = csr_build (key, "ignored", &error);
	g_assert_no_error (error);
	json_t *next = next_list (c), *added = json_object (), *roles = json_array ();
	json_array_append_new (roles, json_string ("reviewer"));
	json_object_set_new (added, "person", json_string ("018f0000-0000-7000-8000-000000000099"));
	json_object_set_new (added, "name", json_string ("新审核员"));
	json_object_set_new (added, "roles", roles);
	json_object_set_new (added, "csr", json_base64 (g_bytes_get_data (csr, NULL), g_bytes_get_size (csr)));
	json_object_set_new (added, "removed", json_false ());
	json_array_append_new (json_object_get (next, "officers"), added);
	return next;
}

static void
test_newcomer (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, NULL);
	g_autoptr (json_t) next = with_newcomer (&c, key);
	assert_refused (change (&c, next, ADMIN, ADMIN, &error), error, SAME_PERSON);
	g_autoptr (json_t) pinned = change (&c, next, ADMIN, ISSUER, &error);
	g_assert_no_error (error);
	/* Sent again, as after a lost answer: the same list, not a third version. */
	g_autoptr (json_t) again = change (&c, next, ADMIN, ISSUER, &error);
	g_assert_no_error (error);
	g_assert_true (json_equal (pinned, again));
	g_assert_null (json_object_get (entry (pinned, FIRST_OFFICERS), "csr"));
	const char *text = json_string_value (json_object_get (entry (pinned, FIRST_OFFICERS), "certificate"));
	g_autoptr (GBytes) der = base64_decode_strict (text, strlen (text), &error);
	g_autoptr (Certificate) certificate = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_no_error (error);
	g_autofree char *name = certificate_subject_attribute (certificate, NAME_COMMON_NAME);
	g_assert_cmpstr (name, ==, "新审核员");

	signer_client_free (c.client);
	c.client = fixture_run (c.dir);
	g_autoptr (json_t) after = signer_get_officers (c.client, &error);
	g_assert_true (json_equal (pinned, after));
	/* And the newcomer reviews. */
	PrivateKey *old_key = fixture.keys[REVIEWER];
	Certificate *old = fixture.created.officers[REVIEWER].certificate;
	g_autoptr (PrivateKey) holder = private_key_generate (KEY_P256, NULL);
	fixture.keys[REVIEWER] = key;
	fixture.created.officers[REVIEWER].certificate = certificate;
	g_autoptr (GBytes) made = issue_by (&c, REVIEWER, ISSUER, holder, &error);
	fixture.keys[REVIEWER] = old_key;
	fixture.created.officers[REVIEWER].certificate = old;
	g_assert_no_error (error);
}

/* ADMIN and AUDITOR, the old way, make the auditor the second administrator. */
static void
add_second_administrator (Case *c)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) next = next_list (c);
	json_array_append_new (json_object_get (entry (next, AUDITOR), "roles"), json_string ("administrator"));
	json_t *pinned = change (c, next, ADMIN, AUDITOR, &error);
	g_assert_no_error (error);
	json_decref (c->list);
	c->list = pinned;
}

/* As long as there are two administrators both sign, and neither of them can be left alone; a second certificate is no second person. */
static void
test_two_administrators (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	add_second_administrator (&c);
	for (int restarted = 0; restarted < 2; restarted++) {
		g_autoptr (json_t) next = next_list (&c);
		json_object_set_new (entry (next, CLERK), "removed", json_true ());
		assert_refused (change (&c, next, ADMIN, ISSUER, &error), error, APPROVAL);
		assert_refused (change (&c, next, AUDITOR, REVIEWER, &error), error, APPROVAL);
		assert_refused (change (&c, next, ADMIN, ADMIN_ISSUER, &error), error, SAME_PERSON);
		g_autoptr (json_t) alone = next_list (&c);
		json_object_set_new (entry (alone, ADMIN), "removed", json_true ());
		assert_refused (change (&c, alone, ADMIN, AUDITOR, &error), error, SIGNER);
		signer_client_free (c.client);
		c.client = fixture_run (c.dir);
	}
	g_autoptr (json_t) next = next_list (&c);
	json_object_set_new (entry (next, CLERK), "removed", json_true ());
	g_autoptr (json_t) pinned = change (&c, next, AUDITOR, ADMIN, &error);
	g_assert_no_error (error);
	signer_client_free (c.client);
	c.client = fixture_run (c.dir);
	g_autoptr (json_t) after = signer_get_officers (c.client, &error);
	g_assert_true (json_equal (pinned, after));
}

/* One replaced by another in one change: two stay. */
static void
test_administrator_replaced (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	add_second_administrator (&c);
	g_autoptr (json_t) next = next_list (&c);
	json_object_set_new (entry (next, ADMIN), "removed", json_true ());
	json_array_append_new (json_object_get (entry (next, CLERK), "roles"), json_string ("administrator"));
	g_autoptr (json_t) pinned = change (&c, next, ADMIN, AUDITOR, &error);
	g_assert_no_error (error);
}

static gboolean
ignore (const json_t *record, goffset offset, gsize n, gpointer user, GError **error)
{
	(void) offset;
	(void) n;
	(void) error;
	json_t **last = user;
	json_decref (*last);
	*last = json_deep_copy (record);
	return TRUE;
}

static gboolean
keep_record (const json_t *record, goffset offset, gsize n, gpointer user, GError **error)
{
	(void) offset;
	(void) n;
	(void) error;
	g_ptr_array_add (user, json_deep_copy (record));
	return TRUE;
}

static void
forget_rule (json_t *record)
{
	json_object_del (record, "rule");
}

/* Writes the log anew, as `edit` changes its records. */
static void
rewrite_log (const char *dir, void (*edit) (json_t *record))
{
	g_autoptr (GError) error = NULL;
	g_autofree char *path = g_build_filename (dir, "officers.log", NULL);
	g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) json_decref);
	g_autoptr (Chain) old = chain_open (path, keep_record, records, &error);
	g_assert_no_error (error);
	g_clear_pointer (&old, chain_free);
	g_assert_cmpint (g_remove (path), ==, 0);
	g_assert_true (g_file_set_contents (path, "", 0, NULL));
	g_assert_cmpint (g_chmod (path, 0600), ==, 0);
	g_autoptr (Chain) fresh = chain_open (path, keep_record, records, &error);
	g_assert_no_error (error);
	for (guint i = 0; i < records->len; i++) {
		edit (g_ptr_array_index (records, i));
		chain_append (fresh, g_ptr_array_index (records, i), NULL, NULL);
	}
	g_assert_true (chain_commit (fresh, &error));
}

/* A log of before the rule, in which one of two administrators and an auditor changed the list, stays good; but a
 * record that lacks the rule after one that has it is judged by it. */
static void
test_older_log (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	add_second_administrator (&c);
	g_autoptr (json_t) next = next_list (&c);
	json_object_set_new (entry (next, CLERK), "removed", json_true ());
	g_autofree char *one = consent (&c, ADMIN, next, T0), *two = consent (&c, REVIEWER, next, T0);
	signer_client_free (c.client);
	g_autofree char *path = g_build_filename (c.dir, "officers.log", NULL);
	g_autoptr (json_t) last = NULL;
	g_autoptr (Chain) chain = chain_open (path, ignore, &last, &error);
	g_assert_no_error (error);
	g_autoptr (json_t) record = json_pack ("{s:I, s:O, s:o, s:O, s:O, s:[s,s]}", "version", (json_int_t) 3, "time", json_object_get (last, "time"),
		"previous", hash_json (c.list), "proposed", next, "list", next, "statements", one, two);
	chain_append (chain, record, NULL, NULL);
	g_assert_true (chain_commit (chain, &error));
	g_clear_pointer (&chain, chain_free);
	assert_refused (fixture_start (c.dir, &error), error, APPROVAL);
	rewrite_log (c.dir, forget_rule);
	c.client = fixture_run (c.dir);
	g_autoptr (json_t) after = signer_get_officers (c.client, &error);
	g_assert_true (json_equal (after, next));
}

#define SIGNED_BY_P256 "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define CHALLENGE_PASSWORD "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"

/* A good one, with an attribute of this length that nobody reads. */
static json_t *
long_csr (gsize n)
{
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, NULL);
	g_autoptr (PublicKey) public = private_key_public (key);
	g_autoptr (GBytes) spki = public_key_spki (public), signature = NULL;
	g_autofree char *text = g_strnfill (n, 'x');
	g_autoptr (GByteArray) w = g_byte_array_new ();
	gsize info = der_open (w, DER_SEQUENCE);
	der_put_uint (w, 0);
	der_put (w, DER_SEQUENCE, NULL, 0);
	der_put_raw (w, g_bytes_get_data (spki, NULL), g_bytes_get_size (spki));
	gsize attributes = der_open (w, DER_CONTEXT_CONSTRUCTED (0)), one = der_open (w, DER_SEQUENCE);
	der_put_oid (w, DER_LITERAL (CHALLENGE_PASSWORD));
	gsize values = der_open (w, DER_SET);
	der_put (w, DER_UTF8_STRING, text, n);
	der_close (w, values);
	der_close (w, one);
	der_close (w, attributes);
	der_close (w, info);
	signature = private_key_sign (key, SIGNATURE_DER, w->data, w->len, NULL);
	GByteArray *csr = g_byte_array_new ();
	gsize whole = der_open (csr, DER_SEQUENCE);
	der_put_raw (csr, w->data, w->len);
	der_put_der (csr, DER_LITERAL (SIGNED_BY_P256));
	der_put_octet_bits (csr, g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
	der_close (csr, whole);
	g_autoptr (GBytes) der = der_done (csr);
	return json_base64 (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}

/* A change whose record the next start would not read is not made: the signer would never start again. */
static void
test_too_long (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) next = next_list (&c);
	for (guint i = 0; i < 200; i++) {
		g_autofree char *person = g_strdup_printf ("018f0000-0000-7000-8000-%012u", i);
		json_array_append_new (json_object_get (next, "officers"), json_pack ("{s:s, s:s, s:[s], s:o, s:b}", "person", person, "name", "新人",
			"roles", "clerk", "csr", long_csr (15000), "removed", FALSE));
	}
	assert_refused (change (&c, next, ADMIN, AUDITOR, &error), error, TOO_LARGE);
	signer_client_free (c.client);
	c.client = fixture_run (c.dir);
	g_autoptr (json_t) after = signer_get_officers (c.client, &error);
	g_assert_true (json_equal (after, c.list));
}

/* Somebody with the disk writes himself into the log, and chains it properly. */
static void
test_forged_log (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = fixture_copy (&fixture);
	g_autofree char *path = g_build_filename (dir, "officers.log", NULL);
	g_autoptr (json_t) last = NULL;
	g_autoptr (Chain) chain = chain_open (path, ignore, &last, &error);
	g_assert_no_error (error);
	g_autoptr (json_t) forged = json_deep_copy (last);
	json_t *list = json_object_get (forged, "list");
	json_object_set_new (forged, "previous", hash_json (list));
	json_object_set_new (forged, "version", json_integer (2));
	json_object_set_new (list, "version", json_integer (2));
	json_array_append_new (json_object_get (entry (list, CLERK), "roles"), json_string ("reviewer"));
	json_object_set_new (forged, "proposed", json_deep_copy (list));
	chain_append (chain, forged, NULL, NULL);
	g_assert_true (chain_commit (chain, &error));
	g_clear_pointer (&chain, chain_free);
	assert_refused (fixture_start (dir, &error), error, APPROVAL);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init_officers (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY, FIRST_OFFICERS);
	g_test_add_func ("/signer/officers/remove", test_remove);
	g_test_add_func ("/signer/officers/I-03-who-may", test_who_may);
	g_test_add_func ("/signer/officers/bad-lists", test_bad_lists);
	g_test_add_func ("/signer/officers/holder-certificate", test_holder_certificate);
	g_test_add_func ("/signer/officers/newcomer", test_newcomer);
	g_test_add_func ("/signer/officers/two-administrators", test_two_administrators);
	g_test_add_func ("/signer/officers/administrator-replaced", test_administrator_replaced);
	g_test_add_func ("/signer/officers/older-log", test_older_log);
	g_test_add_func ("/signer/officers/too-long", test_too_long);
	g_test_add_func ("/signer/officers/forged-log", test_forged_log);
	int result = g_test_run ();
	fixture_clear (&fixture);
	return result;
}
