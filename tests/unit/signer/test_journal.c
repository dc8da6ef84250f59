/* The certificates in memory; and records that chain well but say what no journal says are refused, however they are read. */
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "signer/durable.h"
#include "signer/journal.h"

/* --- certificates in memory --------------------------------------------------------------- */

static JournalIssue
nth (guint i)
{
	JournalIssue issue = { .ca = "issuing", .offset = i, .n = 1, .has_request = i % 3 != 0, .copy = (guint8) (i % 2), .encrypts = i % 5 == 0 };
	fingerprint_of (&i, sizeof i, &issue.certificate);
	issue.spki = issue.request = issue.certificate;
	issue.spki.b[31] ^= 1;
	memcpy (issue.serial.b, issue.certificate.b, sizeof issue.serial.b);
	return issue;
}

static void
test_issues (void)
{
	enum { MANY = 20000 };
	g_autoptr (Issues) issues = issues_new ();
	g_autoptr (GError) error = NULL;
	const JournalIssue *first = NULL;
	for (guint i = 0; i < MANY; i++) {
		const JournalIssue issue = nth (i);
		g_assert_null (issues_by_serial (issues, &issue.serial));
		g_assert_true (issues_add (issues, &issue, NULL, &error));
		first = first != NULL ? first : issues_by_serial (issues, &issue.serial);
	}
	for (guint i = 0; i < MANY; i++) {
		const JournalIssue issue = nth (i);
		const JournalIssue *found = issues_by_serial (issues, &issue.serial);
		g_assert_cmpint (found->offset, ==, i);
		g_assert_true (issues_by_spki (issues, &issue.spki) == found);
		g_assert_true (issues_by_request (issues, &issue.request, issue.copy, issue.encrypts) == (issue.has_request ? found : NULL));
		g_assert_null (issues_by_request (issues, &issue.request, issue.copy, !issue.encrypts));
		g_assert_null (issues_by_request (issues, &issue.request, issue.copy + 256u, issue.encrypts));
	}
	/* Who asked early holds a pointer: the blocks have not moved. */
	const Serial serial = nth (0).serial;
	g_assert_true (first == issues_by_serial (issues, &serial));
}

static void
test_issues_once (void)
{
	g_autoptr (Issues) issues = issues_new ();
	const JournalIssue one = nth (1);
	g_assert_true (issues_add (issues, &one, NULL, NULL));
	for (guint i = 0; i < 3; i++) {
		g_autoptr (GError) error = NULL;
		JournalIssue other = nth (2);
		other.has_request = TRUE;
		if (i == 0) {
			other.serial = one.serial;
		} else if (i == 1) {
			other.spki = one.spki;
		} else {
			other.request = one.request;
			other.copy = one.copy;
			other.encrypts = one.encrypts;
		}
		g_assert_false (issues_add (issues, &other, NULL, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CONFIG);
		g_assert_true (i == 0 || issues_by_serial (issues, &other.serial) == NULL);
	}
}

/* --- records --------------------------------------------------------------------------------- */

typedef struct {
	char *folder, *path;
	char *record;             /* of a holder's certificate */
	char *revoked;            /* of its revocation */
} Case;

static Certificate *
make_certificate (KeyAlgorithm algorithm)
{
	static const NamePart name[] = { { NAME_COMMON_NAME, "x" } };
	g_autoptr (PrivateKey) key = private_key_generate (algorithm, NULL);
	g_autoptr (PublicKey) public = private_key_public (key);
	CertificateTemplate t = { .subject = name, .subject_n = 1, .key = public, .not_after = MICROS_PER_DAY, .ca = TRUE, .path_length = 0, .key_usage = KU_KEY_CERT_SIGN };
	serial_new (0, &t.serial);
	g_autoptr (GBytes) der = root_sign_certificate (key, &t, NULL);
	return certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), NULL);
}

static gboolean
keep (const json_t *record, goffset offset, gsize n, gpointer user, GError **error)
{
	Case *c = user;
	(void) offset, (void) n, (void) error;
	if (c->record == NULL)
		c->record = jcs_dump (record, NULL, NULL);
	else
		c->revoked = jcs_dump (record, NULL, NULL);
	return TRUE;
}

static void
case_open (Case *c, KeyAlgorithm algorithm)
{
	g_autoptr (GError) error = NULL;
	c->folder = g_dir_make_tmp ("diqi-journal-XXXXXX", &error);
	g_assert_no_error (error);
	c->path = g_build_filename (c->folder, "journal.log", NULL);
	durable_file (c->folder, "journal.log", "", 0, 0600, &error);
	g_assert_no_error (error);
	g_autoptr (Journal) journal = journal_open (c->path, &error);
	g_autoptr (Certificate) certificate = make_certificate (algorithm);
	const Fingerprint request = { { 1 } }, reviewer = { { 2 } }, issuer = { { 3 } };
	const JournalEntry entry = { .time = 5 * MICROS_PER_S, .request = &request, .profile = "person", .reviewer = &reviewer, .issuer = &issuer, .certificate = certificate };
	const RevokedEntry revoked = { *certificate_serial (certificate), 6 * MICROS_PER_S, REASON_SUPERSEDED };
	journal_add_issue (journal, &entry);
	g_assert_true (journal_add_revoked (journal, 6 * MICROS_PER_S, &revoked, &error));
	g_assert_true (journal_commit (journal, &error));
	g_clear_pointer (&journal, journal_free);
	g_autoptr (Chain) chain = chain_open (c->path, keep, c, &error);
	g_assert_no_error (error);
}

static void
case_clear (Case *c)
{
	g_unlink (c->path);
	g_rmdir (c->folder);
	g_free (c->folder);
	g_free (c->path);
	g_free (c->record);
	g_free (c->revoked);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Case, case_clear)

/* A journal of these texts, chained as they stand. */
static Journal *
open_of (const Case *c, const char *const *texts, gsize n, GError **error)
{
	g_autoptr (GString) file = g_string_new (NULL);
	Fingerprint head = { { 0 } };
	for (gsize i = 0; i < n; i++) {
		g_autoptr (GByteArray) line = g_byte_array_new ();
		g_byte_array_append (line, head.b, sizeof head.b);
		g_byte_array_append (line, (const guint8 *) texts[i], (guint) strlen (texts[i]));
		fingerprint_of (line->data, line->len, &head);
		g_autofree char *hex = fingerprint_hex (&head);
		g_string_append_printf (file, "%s %s\n", hex, texts[i]);
	}
	g_unlink (c->path);      /* another open journal keeps its file, and the lock on it */
	g_assert_true (g_file_set_contents_full (c->path, file->str, (gssize) file->len, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
	return journal_open (c->path, error);
}

/* A blank in front is JSON still, but no canonical form: the general reader takes over. */
static void
check_alike (const Case *c, const char *issue, const char *revoked)
{
	g_autofree char *issue_slow = g_strconcat (" ", issue, NULL), *revoked_slow = g_strconcat (" ", revoked, NULL);
	const char *fast_texts[] = { issue, revoked }, *slow_texts[] = { issue_slow, revoked_slow };
	g_autoptr (GError) fast_error = NULL, slow_error = NULL;
	g_autoptr (Journal) fast = open_of (c, fast_texts, 2, &fast_error), slow = open_of (c, slow_texts, 2, &slow_error);
	if ((fast == NULL) != (slow == NULL))
		g_test_message ("%s\n%s\n%s", issue, revoked, (fast_error != NULL ? fast_error : slow_error)->message);
	g_assert_true ((fast == NULL) == (slow == NULL));
	if (fast == NULL) {
		g_assert_cmpint (fast_error->code, ==, slow_error->code);
		return;
	}
	g_assert_cmpint (journal_last_time (fast), ==, journal_last_time (slow));
	Revocations *a = journal_revocations (fast, PINS_FIRST_CA), *b = journal_revocations (slow, PINS_FIRST_CA);
	g_autoptr (json_t) json = json_loads (revoked, 0, NULL);
	Serial serial;
	if (!serial_from_hex (json_string_value (json_object_get (json, "serial")), &serial))
		return;
	const Revoked *x = revocations_find (a, &serial), *y = revocations_find (b, &serial);
	g_assert_true (x != NULL && y != NULL);
	g_assert_cmpint (x->entry.revoked_at, ==, y->entry.revoked_at);
	g_assert_cmpint (x->entry.reason, ==, y->entry.reason);
	g_assert_cmpint (x->not_after, ==, y->not_after);
	const JournalIssue *i = journal_by_serial (fast, &serial), *j = journal_by_serial (slow, &serial);
	g_assert_true (i->ca == j->ca && i->copy == j->copy && i->encrypts == j->encrypts && i->has_request == j->has_request);
	g_assert_true (fingerprint_equal (&i->request, &j->request) && fingerprint_equal (&i->spki, &j->spki) && fingerprint_equal (&i->certificate, &j->certificate));
	g_assert_cmpint (j->n, ==, i->n + 1);      /* the blank */
}

/* Either record with any one octet changed, or left out. */
static void
test_readers_agree (void)
{
	g_auto (Case) c = { 0 };
	case_open (&c, KEY_P256);
	static const char odd[] = "\"0aZ,:}=+ ";
	check_alike (&c, c.record, c.revoked);
	for (guint which = 0; which < 2; which++) {
		const char *text = which == 0 ? c.record : c.revoked;
		for (gsize at = 0; at < strlen (text); at++) {
			/* All octets of a long base64 text are alike. */
			const char *der = strstr (text, "\"der\":\"");
			if (der != NULL && text + at > der + 40 && at % 16 != 0 && strchr (der + 7, '"') > text + at + 8)
				continue;
			g_autofree char *changed = g_strdup (text), *less = g_strdup_printf ("%.*s%s", (int) at, text, text + at + 1);
			changed[at] = odd[at % (sizeof odd - 1)];
			check_alike (&c, which == 0 ? changed : c.record, which == 1 ? changed : c.revoked);
			check_alike (&c, which == 0 ? less : c.record, which == 1 ? less : c.revoked);
		}
	}
}

typedef struct { const char *member; const char *value; } Change;

static char *
changed (const char *record, const Change *change)
{
	g_autoptr (json_t) json = json_loads (record, 0, NULL);
	if (change->value == NULL)
		json_object_del (json, change->member);
	else
		json_object_set_new (json, change->member, json_loads (change->value, JSON_DECODE_ANY, NULL));
	return jcs_dump (json, NULL, NULL);
}

/* What was noticed at start before records were read fast. */
static void
test_refused (void)
{
	static const Change issues[] = {
		{ "serial", "\"01\"" }, { "serial", "\"0102030405060708090A0b0c0d0e0f1011121314\"" }, { "serial", NULL }, { "spki", "\"00\"" }, { "spki", NULL },
		{ "certificate", "1" }, { "der", "\"AAA\"" }, { "der", "\"AA=A\"" }, { "der", "\"AAB=\"" }, { "der", "\"A A=\"" }, { "der", NULL },
		{ "request", "\"zz\"" }, { "copy", "-1" }, { "copy", "20" }, { "copy", "1.5" }, { "copy", "256" }, { "use", "\"sign\"" }, { "time", "\"yesterday\"" },
		{ "time", "1" }, { "profile", NULL }, { "reviewer", "\"00\"" }, { "renews", "\"00\"" }, { "more", "1" }, { "type", "\"issued\"" }, { "type", "1" }, { "type", NULL },
	};
	static const Change revocations[] = {
		{ "serial", "\"0102030405060708090a0b0c0d0e0f1011121314\"" }, { "reason", "11" }, { "reason", "-1" }, { "reason", "\"4\"" }, { "not_after", NULL },
		{ "revoked_at", "\"2026-02-30T00:00:00.000000Z\"" }, { "until", "1" },
	};
	g_auto (Case) c = { 0 };
	case_open (&c, KEY_P256);
	for (gsize i = 0; i < G_N_ELEMENTS (issues); i++) {
		g_autofree char *text = changed (c.record, &issues[i]);
		g_autoptr (Journal) journal = open_of (&c, (const char *[]) { text }, 1, NULL);
		g_assert_null (journal);
	}
	for (gsize i = 0; i < G_N_ELEMENTS (revocations); i++) {
		g_autofree char *text = changed (c.revoked, &revocations[i]);
		g_autoptr (Journal) journal = open_of (&c, (const char *[]) { c.record, text }, 2, NULL);
		g_assert_null (journal);
	}
	/* Twice the same, and a revocation before its certificate. */
	g_assert_null (open_of (&c, (const char *[]) { c.record, c.record }, 2, NULL));
	g_assert_null (open_of (&c, (const char *[]) { c.record, c.revoked, c.revoked }, 3, NULL));
	g_assert_null (open_of (&c, (const char *[]) { c.revoked, c.record }, 2, NULL));
}

/* The modulus of an RSA key is found in the record: a key that shares a prime with it would be. */
static void
test_moduli (void)
{
	g_auto (Case) c = { 0 };
	case_open (&c, KEY_RSA3072);
	g_autoptr (Journal) journal = open_of (&c, (const char *[]) { c.record }, 1, NULL);
	g_autoptr (json_t) json = json_loads (c.record, 0, NULL);
	const char *text = json_string_value (json_object_get (json, "der"));
	g_autoptr (GBytes) der = base64_decode_strict (text, strlen (text), NULL);
	g_autoptr (PublicKey) key = moduli_key_of (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
	g_autoptr (PrimeCheck) check = prime_check_new (key);
	journal_check_primes (journal, check);
	g_assert_true (prime_check_finds (check));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_func ("/signer/journal/issues", test_issues);
	g_test_add_func ("/signer/journal/issues-once", test_issues_once);
	g_test_add_func ("/signer/journal/readers-agree", test_readers_agree);
	g_test_add_func ("/signer/journal/refused", test_refused);
	g_test_add_func ("/signer/journal/moduli", test_moduli);
	return g_test_run ();
}
