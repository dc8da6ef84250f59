/* Lint: each rule of pki/lint.h refuses a body that is right but for the one thing the rule is about; every rule has such a case. */
#include "base/error.h"
#include "hierarchy.h"
#include "pki/certificate_private.h"
#include "pki/lint.h"

#include <string.h>

#define NEXT (HIERARCHY_NOW + 7 * MICROS_PER_DAY)
#define MAX_PARTS 32

static Hierarchy *shared;

/* What a body is made of: the values of its outermost SEQUENCE, and of them the extensions'. */
typedef struct {
	GPtrArray *parts;          /* GBytes */
} Body;

/* part of the body, or EXTENSION of an OID; bytes NULL: taken out.  ADD: put behind the other extensions. */
enum { EXTENSION = -1, ADD = -2 };
typedef struct {
	const char *rule;
	int part;
	const char *oid;           /* of EXTENSION, 3 octets from the second on: 0x1d0f … */
	const char *bytes;
	gsize n;
} Case;
#define B(text) (text), sizeof (text) - 1

static GPtrArray *
split (Der content)
{
	GPtrArray *parts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	while (content.n > 0) {
		Der before = content, value;
		guint8 tag;
		g_assert_true (der_next (&content, &tag, &value));
		g_ptr_array_add (parts, g_bytes_new (before.p, before.n - content.n));
	}
	return parts;
}

static void
put_all (GByteArray *w, const GPtrArray *parts)
{
	for (guint i = 0; i < parts->len; i++) {
		gsize n;
		gconstpointer p = g_bytes_get_data (g_ptr_array_index (parts, i), &n);
		der_put_raw (w, p, n);
	}
}

static void
replace (GPtrArray *parts, guint i, const Case *c)
{
	if (c->bytes == NULL) {
		g_ptr_array_remove_index (parts, i);
		return;
	}
	g_bytes_unref (g_ptr_array_index (parts, i));
	g_ptr_array_index (parts, i) = g_bytes_new_static (c->bytes, c->n);
}

static gboolean
is_extension (GBytes *extension, const char *oid)
{
	gsize n;
	const guint8 *p = g_bytes_get_data (extension, &n);
	return n > 7 && memmem (p, 16 < n ? 16 : n, oid, strlen (oid)) != NULL;
}

/* wrapped: [n] { SEQUENCE OF Extension } */
static GBytes *
change_extensions (GBytes *wrapped, const Case *c)
{
	Der whole = { g_bytes_get_data (wrapped, NULL), g_bytes_get_size (wrapped) }, list, content;
	guint8 tag;
	g_assert_true (der_next (&whole, &tag, &list) && der_read (&list, DER_SEQUENCE, &content));
	g_autoptr (GPtrArray) extensions = split (content);
	if (c->part == ADD)
		g_ptr_array_add (extensions, g_bytes_new_static (c->bytes, c->n));
	for (guint i = 0; c->part == EXTENSION && i < extensions->len; i++) {
		if (is_extension (g_ptr_array_index (extensions, i), c->oid)) {
			replace (extensions, i, c);
			break;
		}
	}
	GByteArray *w = g_byte_array_new ();
	gsize outer = der_open (w, tag), inner = der_open (w, DER_SEQUENCE);
	put_all (w, extensions);
	der_close (w, inner);
	der_close (w, outer);
	return der_done (w);
}

static GBytes *
changed (Der body, const Case *c)
{
	Der content;
	g_assert_true (der_read (&body, DER_SEQUENCE, &content));
	g_autoptr (GPtrArray) parts = split (content);
	if (c->part >= 0) {
		replace (parts, (guint) c->part, c);
	} else {
		GBytes *before = g_ptr_array_index (parts, parts->len - 1);
		g_ptr_array_index (parts, parts->len - 1) = change_extensions (before, c);
		g_bytes_unref (before);
	}
	GByteArray *w = g_byte_array_new ();
	gsize at = der_open (w, DER_SEQUENCE);
	put_all (w, parts);
	der_close (w, at);
	return der_done (w);
}

static void
assert_rule (gboolean passed, GError *error, const char *rule)
{
	if (passed)
		g_error ("%s: was not refused", rule);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_SIGNER);
	g_autofree char *named = g_strdup_printf ("(%s,", rule);
	if (strstr (error->message, named) == NULL)
		g_error ("%s: refused as %s", rule, error->message);
}

/* Every rule of a table is the subject of a case. */
static void
assert_covered (const LintRule *rules, gsize n, const Case *cases, gsize cases_n, const char *besides)
{
	for (gsize i = 0; i < n; i++) {
		gboolean found = g_strcmp0 (rules[i].id, besides) == 0;
		for (gsize k = 0; k < cases_n; k++)
			found |= strcmp (cases[k].rule, rules[i].id) == 0;
		if (!found)
			g_error ("%s has no case", rules[i].id);
		g_assert_nonnull (rules[i].source);
		g_assert_nonnull (rules[i].says);
	}
}

/* --- certificates ----------------------------------------------------------------------- */

enum { C_VERSION, C_SERIAL, C_ALGORITHM, C_ISSUER, C_VALIDITY, C_SUBJECT, C_KEY, C_EXTENSIONS };
#define KU "\x55\x1d\x0f"
#define ZERO20 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZERO32 ZERO20 "\0\0\0\0\0\0\0\0\0\0\0\0"

static const Case certificate_cases[] = {
	{ "cert.structure", C_SERIAL, NULL, NULL, 0 },
	{ "cert.structure", C_KEY, NULL, B ("\x30\x80\x00\x00") },
	{ "cert.version", C_VERSION, NULL, NULL, 0 },
	{ "cert.version", C_VERSION, NULL, B ("\xa0\x03\x02\x01\x01") },
	{ "cert.serial.range", C_SERIAL, NULL, B ("\x02\x01\x00") },
	{ "cert.serial.range", C_SERIAL, NULL, B ("\x02\x10\x81\x12\x34\x56\x78\x9a\xbc\xde\xf0\x12\x34\x56\x78\x9a\xbc\xde") },
	{ "cert.serial.range", C_SERIAL, NULL, B ("\x02\x15\x71\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15") },
	{ "cert.serial.random", C_SERIAL, NULL, B ("\x02\x01\x01") },
	{ "cert.serial.random", C_SERIAL, NULL, B ("\x02\x14\x01" ZERO20) - 1 },
	{ "cert.algorithm", C_ALGORITHM, NULL, B ("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03") },
	{ "cert.issuer", C_ISSUER, NULL, B ("\x30\x00") },
	{ "cert.issuer", C_ISSUER, NULL, B ("\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02\x43\x4e") },
	{ "cert.time.form", C_VALIDITY, NULL, B ("\x30\x20\x18\x0f" "20300101000000Z" "\x17\x0d" "310101000000Z") },
	{ "cert.time.order", C_VALIDITY, NULL, B ("\x30\x1e\x17\x0d" "300101000000Z" "\x17\x0d" "290101000000Z") },
	{ "cert.time.issuer", C_VALIDITY, NULL, B ("\x30\x20\x17\x0d" "300101000000Z" "\x18\x0f" "20990101000000Z") },
	{ "cert.subject.empty", C_SUBJECT, NULL, B ("\x30\x00") },
	{ "cert.subject.text", C_SUBJECT, NULL, B ("\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x0c\x02\x43\x4e") },
	{ "cert.subject.text", C_SUBJECT, NULL, B ("\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03\xff\xfe\xfd") },
	{ "cert.subject.twice", C_SUBJECT, NULL, B ("\x30\x1c\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03" "abc" "\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03" "abd") },
	{ "cert.unique_ids", C_EXTENSIONS, NULL, B ("\x81\x02\x00\x01") },
	{ "cert.key.algorithm", C_KEY, NULL, B ("\x30\x2a\x30\x05\x06\x03\x2b\x65\x6e\x03\x21\x00" ZERO32) },
	{ "cert.key.rsa", C_KEY, NULL, B ("\x30\x1a\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x09\x00\x30\x06\x02\x01\x07\x02\x01\x03") },
	{ "cert.extension.twice", ADD, NULL, B ("\x30\x0e\x06\x03" KU "\x01\x01\xff\x04\x04\x03\x02\x06\xc0") },
	{ "cert.extension.unknown", ADD, NULL, B ("\x30\x09\x06\x03\x2a\x03\x04\x04\x02\x05\x00") },
	{ "cert.extension.critical", EXTENSION, KU, B ("\x30\x0b\x06\x03" KU "\x04\x04\x03\x02\x06\xc0") },
	{ "cert.extension.critical", ADD, NULL, B ("\x30\x0f\x06\x03\x55\x1d\x11\x01\x01\xff\x04\x05\x30\x03\x82\x01" "a") },
	{ "cert.ski", EXTENSION, "\x55\x1d\x0e", B ("\x30\x1d\x06\x03\x55\x1d\x0e\x04\x16\x04\x14" ZERO20) },
	{ "cert.ski", EXTENSION, "\x55\x1d\x0e", NULL, 0 },
	{ "cert.aki", EXTENSION, "\x55\x1d\x23", B ("\x30\x1f\x06\x03\x55\x1d\x23\x04\x18\x30\x16\x80\x14" ZERO20) },
	{ "cert.aki", EXTENSION, "\x55\x1d\x23", NULL, 0 },
	{ "cert.key_usage", EXTENSION, KU, NULL, 0 },
	{ "cert.key_usage.authority", EXTENSION, KU, B ("\x30\x0e\x06\x03" KU "\x01\x01\xff\x04\x04\x03\x02\x02\x84") },
	{ "cert.key_usage.key", EXTENSION, KU, B ("\x30\x0e\x06\x03" KU "\x01\x01\xff\x04\x04\x03\x02\x05\x20") },
	{ "cert.key_usage.both", EXTENSION, KU, B ("\x30\x0e\x06\x03" KU "\x01\x01\xff\x04\x04\x03\x02\x03\x88") },
	{ "cert.constraints", ADD, NULL, B ("\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x02\x30\x00") },
	{ "cert.eku", EXTENSION, "\x55\x1d\x25", B ("\x30\x09\x06\x03\x55\x1d\x25\x04\x02\x30\x00") },
	{ "cert.eku", EXTENSION, "\x55\x1d\x25", B ("\x30\x0f\x06\x03\x55\x1d\x25\x04\x08\x30\x06\x06\x04\x55\x1d\x25\x00") },
	{ "cert.eku.alone", EXTENSION, "\x55\x1d\x25",
	  B ("\x30\x1d\x06\x03\x55\x1d\x25\x04\x16\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x09\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02") },
	{ "cert.no_check", ADD, NULL, B ("\x30\x0f\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x05\x04\x02\x05\x00") },
	{ "cert.san", ADD, NULL, B ("\x30\x0c\x06\x03\x55\x1d\x11\x04\x05\x30\x03\x82\x01" "a") },
	{ "cert.policy", EXTENSION, "\x55\x1d\x20", B ("\x30\x11\x06\x03\x55\x1d\x20\x04\x0a\x30\x08\x30\x06\x06\x04\x55\x1d\x20\x00") },
	{ "cert.crl", EXTENSION, "\x55\x1d\x1f", B ("\x30\x18\x06\x03\x55\x1d\x1f\x04\x11\x30\x0f\x30\x0d\xa0\x0b\xa0\x09\x86\x07" "ftp://a") },
	{ "cert.access", EXTENSION, "\x2b\x06\x01\x05\x05\x07\x01\x01",
	  B ("\x30\x23\x06\x08\x2b\x06\x01\x05\x05\x07\x01\x01\x04\x17\x30\x15\x30\x13\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x01\x86\x07" "ftp://a") },
};

static void
test_certificate (void)
{
	g_autoptr (GError) error = NULL;
	gsize n;
	const LintRule *rules = lint_certificate_rules (&n);

	g_assert_true (lint_certificate (shared->holder->tbs, shared->issuing, KEY_P256, &error));
	g_assert_no_error (error);
	g_assert_true (lint_certificate (shared->issuing->tbs, shared->root, KEY_P256, &error));
	g_assert_true (lint_certificate (shared->root->tbs, NULL, KEY_P256, &error));
	g_assert_true (lint_certificate (shared->ocsp->tbs, shared->issuing, KEY_P256, &error));
	g_assert_no_error (error);
	for (gsize i = 0; i < G_N_ELEMENTS (certificate_cases); i++) {
		g_autoptr (GError) why = NULL;
		const Case *c = &certificate_cases[i];
		g_autoptr (GBytes) body = changed (shared->holder->tbs, c);
		Der tbs = { g_bytes_get_data (body, NULL), g_bytes_get_size (body) };
		gboolean passed = lint_certificate (tbs, shared->issuing, KEY_P256, &why);
		assert_rule (passed, why, c->rule);
	}
	assert_covered (rules, n, certificate_cases, G_N_ELEMENTS (certificate_cases), NULL);
	/* Another authority's name and key, and what a root is not. */
	g_assert_false (lint_certificate (shared->holder->tbs, shared->root, KEY_P256, NULL));
	g_assert_false (lint_certificate (shared->holder->tbs, NULL, KEY_P256, NULL));
	g_assert_false (lint_certificate (shared->holder->tbs, shared->issuing, KEY_SM2, NULL));
}

/* --- lists ---------------------------------------------------------------------------------- */

enum { L_VERSION, L_ALGORITHM, L_ISSUER, L_THIS, L_NEXT, L_ENTRIES, L_EXTENSIONS };
#define SERIAL(last) "\x02\x02\x01" last
#define THEN "\x17\x0d" "200101000000Z"
#define ENTRY(last) "\x30\x13" SERIAL (last) THEN
#define REASONED(code) "\x30\x21" SERIAL ("\x01") THEN "\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01" code

static const Case list_cases[] = {
	{ "crl.structure", L_ALGORITHM, NULL, NULL, 0 },
	{ "crl.version", L_VERSION, NULL, B ("\x02\x01\x00") },
	{ "crl.algorithm", L_ALGORITHM, NULL, B ("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03") },
	{ "crl.issuer", L_ISSUER, NULL, B ("\x30\x00") },
	{ "crl.time.form", L_THIS, NULL, B ("\x18\x0f" "20200101000000Z") },
	{ "crl.time.order", L_NEXT, NULL, NULL, 0 },
	{ "crl.time.order", L_NEXT, NULL, B (THEN) },
	{ "crl.empty", L_ENTRIES, NULL, B ("\x30\x00") },
	{ "crl.entry", L_ENTRIES, NULL, B ("\x30\x22\x30\x20" SERIAL ("\x01") THEN "\x30\x0b\x30\x09\x06\x03\x55\x1d\x18\x04\x02\x05\x00") },
	{ "crl.serial", L_ENTRIES, NULL, B ("\x30\x14\x30\x12\x02\x01\x00" THEN) },
	{ "crl.serial", L_ENTRIES, NULL, B ("\x30\x14\x30\x12\x02\x01\x80" THEN) },
	{ "crl.entry.time", L_ENTRIES, NULL, B ("\x30\x15\x30\x13" SERIAL ("\x01") "\x17\x0d" "490101000000Z") },
	{ "crl.entry.time", L_ENTRIES, NULL, B ("\x30\x17\x30\x15" SERIAL ("\x01") "\x18\x0f" "20200101000000Z") },
	{ "crl.reason", L_ENTRIES, NULL, B ("\x30\x23" REASONED ("\x00")) },
	{ "crl.reason", L_ENTRIES, NULL, B ("\x30\x23" REASONED ("\x07")) },
	{ "crl.reason", L_ENTRIES, NULL, B ("\x30\x23" REASONED ("\x0b")) },
	{ "crl.removal", L_ENTRIES, NULL, B ("\x30\x23" REASONED ("\x08")) },
	{ "crl.twice", L_ENTRIES, NULL, B ("\x30\x3f" ENTRY ("\x05") ENTRY ("\x06") ENTRY ("\x05")) },
	{ "crl.twice", L_ENTRIES, NULL, B ("\x30\x2a" ENTRY ("\x05") ENTRY ("\x05")) },
	{ "crl.twice", L_ENTRIES, NULL, B ("\x30\x54" ENTRY ("\x05") ENTRY ("\x06") ENTRY ("\x04") ENTRY ("\x06")) },
	{ "crl.twice", L_ENTRIES, NULL, B ("\x30\x54" ENTRY ("\x05") ENTRY ("\x06") ENTRY ("\x04") ENTRY ("\x04")) },
	{ "crl.extension.twice", ADD, NULL, B ("\x30\x0a\x06\x03\x55\x1d\x14\x04\x03\x02\x01\x05") },
	{ "crl.extension.unknown", ADD, NULL, B ("\x30\x09\x06\x03\x2a\x03\x04\x04\x02\x05\x00") },
	{ "crl.number", EXTENSION, "\x55\x1d\x14", NULL, 0 },
	{ "crl.number", EXTENSION, "\x55\x1d\x14", B ("\x30\x0d\x06\x03\x55\x1d\x14\x01\x01\xff\x04\x03\x02\x01\x05") },
	{ "crl.aki", EXTENSION, "\x55\x1d\x23", NULL, 0 },
	{ "crl.aki", EXTENSION, "\x55\x1d\x23", B ("\x30\x1f\x06\x03\x55\x1d\x23\x04\x18\x30\x16\x80\x14" ZERO20) },
	{ "crl.delta", ADD, NULL, B ("\x30\x0a\x06\x03\x55\x1d\x1b\x04\x03\x02\x01\x05") },
	{ "crl.delta", ADD, NULL, B ("\x30\x0e\x06\x03\x55\x1d\x1b\x01\x01\xff\x04\x04\x02\x02\x7f\xff") },
	{ "crl.point", ADD, NULL, B ("\x30\x09\x06\x03\x55\x1d\x1c\x04\x02\x30\x00") },
	{ "crl.freshest", ADD, NULL, B ("\x30\x0c\x06\x03\x55\x1d\x2e\x01\x01\xff\x04\x02\x30\x00") },
};

static GBytes *
list_body (void)
{
	RevokedEntry entries[3];
	for (gsize i = 0; i < G_N_ELEMENTS (entries); i++) {
		serial_new (HIERARCHY_NOW, &entries[i].serial);
		entries[i].revoked_at = HIERARCHY_NOW;
		entries[i].reason = REASON_KEY_COMPROMISE;
	}
	g_autoptr (GBytes) crl = issuer_sign_crl (shared->issuer, 258, HIERARCHY_NOW, NEXT, entries, G_N_ELEMENTS (entries), NULL);
	Der whole = { g_bytes_get_data (crl, NULL), g_bytes_get_size (crl) }, content, tbs;
	g_assert_true (der_read (&whole, DER_SEQUENCE, &content) && der_read_whole (&content, DER_SEQUENCE, &tbs));
	return g_bytes_new (tbs.p, tbs.n);
}

static void
test_list (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) good = list_body ();
	Der right = { g_bytes_get_data (good, NULL), g_bytes_get_size (good) };
	gsize n;
	const LintRule *rules = lint_list_rules (&n);

	g_assert_true (lint_list (right, shared->issuing, KEY_P256, &error));
	for (gsize i = 0; i < G_N_ELEMENTS (list_cases); i++) {
		g_autoptr (GError) why = NULL;
		g_autoptr (GBytes) body = changed (right, &list_cases[i]);
		gboolean linted = lint_list ((Der) { g_bytes_get_data (body, NULL), g_bytes_get_size (body) }, shared->issuing, KEY_P256, &why);
		assert_rule (linted, why, list_cases[i].rule);
	}
	/* Serial numbers that fall, as where one shard follows another. */
	const Case falling = { NULL, L_ENTRIES, NULL, B ("\x30\x54" ENTRY ("\x05") ENTRY ("\x06") ENTRY ("\x04") ENTRY ("\x07")) };
	g_autoptr (GBytes) fallen = changed (right, &falling);
	g_assert_true (lint_list ((Der) { g_bytes_get_data (fallen, NULL), g_bytes_get_size (fallen) }, shared->issuing, KEY_P256, &error));
	Certificate without = *shared->issuing;
	without.key_usage = KU_KEY_CERT_SIGN;
	gboolean passed = lint_list (right, &without, KEY_P256, &error);
	assert_rule (passed, error, "crl.signer");
	assert_covered (rules, n, list_cases, G_N_ELEMENTS (list_cases), "crl.signer");
}

/* Twice among many, in whatever order, and in no more than linear time. */
static void
test_large_list (void)
{
	enum { N = 100000 };
	g_autofree RevokedEntry *entries = g_new0 (RevokedEntry, N);
	g_autoptr (GError) error = NULL;
	for (gsize i = 0; i < N; i++) {
		serial_new (HIERARCHY_NOW, &entries[i].serial);
		entries[i].revoked_at = HIERARCHY_NOW;
	}
	gint64 before = g_get_monotonic_time ();
	g_autoptr (GBytes) crl = issuer_sign_crl (shared->issuer, 1, HIERARCHY_NOW, NEXT, entries, N, &error);
	g_assert_no_error (error);
	Der whole = { g_bytes_get_data (crl, NULL), g_bytes_get_size (crl) }, content, tbs;
	g_assert_true (der_read (&whole, DER_SEQUENCE, &content) && der_read_whole (&content, DER_SEQUENCE, &tbs));
	gint64 built = g_get_monotonic_time ();
	g_assert_true (lint_list (tbs, shared->issuing, KEY_P256, NULL));
	g_test_message ("100,000 entries: built and linted in %" G_GINT64_FORMAT " us, linted alone in %" G_GINT64_FORMAT " us", built - before, g_get_monotonic_time () - built);
}

/* --- answers ------------------------------------------------------------------------------------- */

enum { A_RESPONDER, A_PRODUCED, A_ANSWERS, A_EXTENSIONS };
#define CERT_ID "\x30\x29\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14" ZERO20 "\x04\x01\x01\x02\x03\x01\x02\x03"
#define AT "\x18\x0f" "20200101000000Z"
#define LATER "\x18\x0f" "20990101000000Z"
#define ONE_N "\x30\x3e"
#define GOOD "\x80\x00"

static const Case answer_cases[] = {
	{ "ocsp.structure", A_ANSWERS, NULL, NULL, 0 },
	{ "ocsp.responder", A_RESPONDER, NULL, B ("\xa2\x16\x04\x14" ZERO20) },
	{ "ocsp.responder", A_RESPONDER, NULL, B ("\xa1\x02\x30\x00") },
	{ "ocsp.produced", A_PRODUCED, NULL, B ("\x17\x0d" "200101000000Z") },
	{ "ocsp.produced", A_PRODUCED, NULL, B ("\x18\x13" "20200101000000.123Z") },
	{ "ocsp.count", A_ANSWERS, NULL, B ("\x30\x00") },
	{ "ocsp.count", A_ANSWERS, NULL, B ("\x30\x81\x80" ONE_N CERT_ID GOOD AT ONE_N CERT_ID GOOD AT) },
	{ "ocsp.cert_id", A_ANSWERS, NULL, B ("\x30\x27\x30\x25\x30\x10\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x02\x03\x01\x02\x04" GOOD AT) },
	{ "ocsp.status", A_ANSWERS, NULL, B ("\x30\x40\x30\x3e" CERT_ID "\x83\x00" AT) },
	{ "ocsp.status", A_ANSWERS, NULL, B ("\x30\x41\x30\x3f" CERT_ID "\x80\x01\x00" AT) },
	{ "ocsp.reason", A_ANSWERS, NULL, B ("\x30\x56\x30\x54" CERT_ID "\xa1\x16" AT "\xa0\x03\x0a\x01\x07" AT) },
	{ "ocsp.reason", A_ANSWERS, NULL, B ("\x30\x56\x30\x54" CERT_ID "\xa1\x16" AT "\xa0\x03\x0a\x01\x00" AT) },
	{ "ocsp.reason", A_ANSWERS, NULL, B ("\x30\x56\x30\x54" CERT_ID "\xa1\x16" AT "\xa0\x03\x0a\x01\x08" AT) },
	{ "ocsp.revoked_at", A_ANSWERS, NULL, B ("\x30\x51\x30\x4f" CERT_ID "\xa1\x11" LATER AT) },
	{ "ocsp.update", A_ANSWERS, NULL, B ("\x30\x3e\x30\x3c" CERT_ID GOOD "\x17\x0d" "200101000000Z") },
	{ "ocsp.order", A_ANSWERS, NULL, B ("\x30\x40\x30\x3e" CERT_ID GOOD LATER) },
	{ "ocsp.order", A_ANSWERS, NULL, B ("\x30\x53\x30\x51" CERT_ID GOOD AT "\xa0\x11\x18\x0f" "20190101000000Z") },
	{ "ocsp.extension.twice", ADD, NULL, B ("\x30\x13\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02\x04\x06\x04\x04" "abcd") },
	{ "ocsp.extension.unknown", ADD, NULL, B ("\x30\x09\x06\x03\x2a\x03\x04\x04\x02\x05\x00") },
	{ "ocsp.nonce", A_EXTENSIONS, NULL, NULL, 0 },
	{ "ocsp.nonce", EXTENSION, "\x2b\x06\x01\x05\x05\x07\x30\x01\x02", B ("\x30\x13\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02\x04\x06\x04\x04" "abce") },
};

static GBytes *
answer_body (Der responder)
{
	GByteArray *w = g_byte_array_new ();
	gsize data = der_open (w, DER_SEQUENCE);
	der_put_der (w, responder);
	der_put_generalized_time (w, HIERARCHY_NOW);
	gsize answers = der_open (w, DER_SEQUENCE), one = der_open (w, DER_SEQUENCE);
	der_put_raw (w, CERT_ID, sizeof CERT_ID - 1);
	der_put_raw (w, GOOD AT, sizeof GOOD AT - 1);
	der_close (w, one);
	der_close (w, answers);
	static const char nonce[] = "\xa1\x17\x30\x15\x30\x13\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02\x04\x06\x04\x04" "abcd";
	der_put_raw (w, nonce, sizeof nonce - 1);
	der_close (w, data);
	return der_done (w);
}

static void
test_answer (void)
{
	static const char id[] = "\xa2\x16\x04\x14" "12345678901234567890";
	const Der responder = { (const guint8 *) id, sizeof id - 1 };
	g_autoptr (GBytes) good = answer_body (responder);
	Der right = { g_bytes_get_data (good, NULL), g_bytes_get_size (good) };
	g_autoptr (GArray) singles = g_array_new (FALSE, TRUE, sizeof (OcspSingle));
	g_autoptr (GBytes) cert_id = g_bytes_new_static (B (CERT_ID)), nonce = g_bytes_new_static ("abcd", 4);
	OcspSingle single = { .cert_id = cert_id, .ours = TRUE };
	g_array_append_val (singles, single);
	OcspRequest asked = { .singles = singles, .nonce = nonce };
	g_autoptr (GError) error = NULL;
	gsize n;
	const LintRule *rules = lint_answer_rules (&n);

	gboolean passed = lint_answer (right, responder, &asked, &error);
	g_assert_no_error (error);
	g_assert_true (passed);
	for (gsize i = 0; i < G_N_ELEMENTS (answer_cases); i++) {
		g_autoptr (GError) why = NULL;
		g_autoptr (GBytes) body = changed (right, &answer_cases[i]);
		passed = lint_answer ((Der) { g_bytes_get_data (body, NULL), g_bytes_get_size (body) }, responder, &asked, &why);
		assert_rule (passed, why, answer_cases[i].rule);
	}
	g_array_index (singles, OcspSingle, 0).ours = FALSE;
	passed = lint_answer (right, responder, &asked, &error);
	assert_rule (passed, error, "ocsp.ours");
	assert_covered (rules, n, answer_cases, G_N_ELEMENTS (answer_cases), "ocsp.ours");
	g_array_index (singles, OcspSingle, 0).ours = TRUE;
	asked.nonce = NULL;
	g_clear_error (&error);
	passed = lint_answer (right, responder, &asked, &error);
	assert_rule (passed, error, "ocsp.nonce");
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	shared = hierarchy_new (KEY_P256);
	g_test_add_func ("/pki/lint/certificate", test_certificate);
	g_test_add_func ("/pki/lint/list", test_list);
	g_test_add_func ("/pki/lint/large-list", test_large_list);
	g_test_add_func ("/pki/lint/answer", test_answer);
	int result = g_test_run ();
	hierarchy_free (shared);
	return result;
}
