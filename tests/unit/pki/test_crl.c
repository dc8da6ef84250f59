/* Revocation lists: written, read, refused (RFC 5280 5). */
#include "base/error.h"
#include "hierarchy.h"
#include "pki/certificate_private.h"

#include <string.h>

#define NEXT (HIERARCHY_NOW + 7 * MICROS_PER_DAY)

static Hierarchy *shared;

static const RevocationReason reasons[] = {
	REASON_UNSPECIFIED, REASON_KEY_COMPROMISE, REASON_CA_COMPROMISE, REASON_AFFILIATION_CHANGED,
	REASON_SUPERSEDED, REASON_CESSATION, REASON_HOLD, REASON_PRIVILEGE_WITHDRAWN,
};

static void
fill (RevokedEntry *entries, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		serial_new (HIERARCHY_NOW + (Micros) i * MICROS_PER_MS, &entries[i].serial);
		entries[i].revoked_at = HIERARCHY_NOW - (Micros) i * MICROS_PER_S;
		entries[i].reason = reasons[i % G_N_ELEMENTS (reasons)];
	}
}

static void
test_round_trip (gconstpointer data)
{
	g_autoptr (Hierarchy) h = hierarchy_new ((KeyAlgorithm) GPOINTER_TO_INT (data));
	g_autoptr (GError) error = NULL;
	RevokedEntry entries[40], found;
	guint64 number;
	Micros next;

	fill (entries, G_N_ELEMENTS (entries));
	g_autoptr (GBytes) crl = issuer_sign_crl (h->issuer, 258, HIERARCHY_NOW, NEXT, entries, G_N_ELEMENTS (entries), &error);
	g_assert_no_error (error);
	g_assert_true (crl_verify (crl, h->issuing, &number, &next, &error));
	g_assert_no_error (error);
	g_assert_cmpuint (number, ==, 258);
	g_assert_cmpint (next, ==, NEXT);
	for (gsize i = 0; i < G_N_ELEMENTS (entries); i++) {
		g_assert_true (crl_find (crl, &entries[i].serial, &found));
		g_assert_cmpint (found.reason, ==, entries[i].reason);
		g_assert_cmpint (found.revoked_at, ==, entries[i].revoked_at);
	}
	g_assert_false (crl_find (crl, certificate_serial (h->holder), &found));
	g_autoptr (GArray) all = crl_entries (crl, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (all->len, ==, G_N_ELEMENTS (entries));
	for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
		g_assert_cmpmem (g_array_index (all, RevokedEntry, i).serial.b, sizeof (Serial), entries[i].serial.b, sizeof (Serial));
	g_assert_false (crl_verify (crl, h->root, NULL, NULL, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_CHAIN);
}

/* RFC 5280 5.1.2.6: no entries, no field. */
static void
test_empty (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) crl = issuer_sign_crl (shared->issuer, 0, HIERARCHY_NOW, NEXT, NULL, 0, &error);
	guint64 number = 7;

	g_assert_no_error (error);
	g_assert_true (crl_verify (crl, shared->issuing, &number, NULL, &error));
	g_assert_cmpuint (number, ==, 0);
}

static void
test_large (void)
{
	const gsize n = 50000;
	g_autofree RevokedEntry *entries = g_new0 (RevokedEntry, n);
	g_autoptr (GError) error = NULL;
	RevokedEntry found;

	fill (entries, n);
	g_autoptr (GBytes) crl = issuer_sign_crl (shared->issuer, G_MAXUINT64, HIERARCHY_NOW, NEXT, entries, n, &error);
	guint64 number;
	g_assert_true (crl_verify (crl, shared->issuing, &number, NULL, &error));
	g_assert_cmpuint (number, ==, G_MAXUINT64);
	g_assert_true (crl_find (crl, &entries[n - 1].serial, &found));
}

static void
test_refused_requests (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Issuer) root_only = issuer_new (NULL, shared->root_key, NULL);
	RevokedEntry entry;

	fill (&entry, 1);
	g_assert_null (issuer_sign_crl (root_only, 1, HIERARCHY_NOW, NEXT, NULL, 0, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_USAGE);
	g_clear_error (&error);
	g_assert_null (issuer_sign_crl (shared->issuer, 1, NEXT, NEXT, NULL, 0, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
	g_clear_error (&error);
	entry.reason = REASON_REMOVE_FROM_CRL;
	g_assert_null (issuer_sign_crl (shared->issuer, 1, HIERARCHY_NOW, NEXT, &entry, 1, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
}

static void
test_every_bit (void)
{
	RevokedEntry entries[3];
	fill (entries, 3);
	g_autoptr (GBytes) crl = issuer_sign_crl (shared->issuer, 5, HIERARCHY_NOW, NEXT, entries, 3, NULL);
	gsize n = g_bytes_get_size (crl);
	g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (crl, NULL), n);

	for (gsize bit = 0; bit < n * 8; bit++) {
		copy[bit / 8] ^= (guint8) (1u << bit % 8);
		g_autoptr (GBytes) changed = g_bytes_new_static (copy, n);
		g_assert_false (crl_verify (changed, shared->issuing, NULL, NULL, NULL));
		copy[bit / 8] ^= (guint8) (1u << bit % 8);
	}
}

/* A list rightly signed but with one part changed: what limits it critically must not be overlooked. */
static void
resigned_is_refused (const char *what, const char *from, const char *to, gsize n)
{
	RevokedEntry entries[2];
	fill (entries, 2);
	g_autoptr (GBytes) crl = issuer_sign_crl (shared->issuer, 5, HIERARCHY_NOW, NEXT, entries, 2, NULL);
	Der whole = { g_bytes_get_data (crl, NULL), g_bytes_get_size (crl) }, list, tbs;
	GByteArray *w = g_byte_array_new ();

	g_assert_true (der_read (&whole, DER_SEQUENCE, &list) && der_read_whole (&list, DER_SEQUENCE, &tbs));
	der_put_der (w, tbs);
	guint8 *at = memmem (w->data, w->len, from, n);
	g_test_message ("%s", what);
	g_assert_nonnull (at);
	memcpy (at, to, n);
	g_autoptr (GBytes) changed = sign_structure (shared->issuing_key, w, NULL);
	g_assert_false (crl_verify (changed, shared->issuing, NULL, NULL, NULL));
}

static void
test_refused_lists (void)
{
#define REFUSED(what, from, to) resigned_is_refused (what, from, to, sizeof (from) - 1)
	REFUSED ("version 1", "\x02\x01\x01\x30\x0a", "\x02\x01\x00\x30\x0a");
	REFUSED ("no number", "\x06\x03\x55\x1d\x14", "\x06\x03\x55\x1d\x15");
	REFUSED ("number twice in place of the key identifier", "\x06\x03\x55\x1d\x23", "\x06\x03\x55\x1d\x14");
	REFUSED ("reason 7 does not exist", "\x0a\x01\x01", "\x0a\x01\x07");
	REFUSED ("reason 11 does not exist", "\x0a\x01\x01", "\x0a\x01\x0b");
	REFUSED ("ends before it begins", "261129120000Z", "251129120000Z");
}

static void
test_reason_names (void)
{
	for (guint i = 0; i < G_N_ELEMENTS (reasons); i++) {
		RevocationReason back;
		g_assert_true (reason_from_name (reason_name (reasons[i]), &back));
		g_assert_cmpint (back, ==, reasons[i]);
	}
	RevocationReason none;
	g_assert_false (reason_from_name ("KeyCompromise", &none));
}

/* Changed at random, a part has what a plain table has, in order of serial. */
static void
test_part (void)
{
	enum { SERIALS = 60, ROUNDS = 400 };
	g_autoptr (CrlPart) part = crl_part_new ();
	CrlPart *const parts[] = { part };
	const CrlTemplate t = { .number = 3, .this_update = HIERARCHY_NOW, .next_update = NEXT, .parts = parts, .parts_n = 1 };
	RevokedEntry entries[SERIALS];
	gboolean listed[SERIALS] = { FALSE };

	fill (entries, SERIALS);
	for (guint round = 0; round < ROUNDS; round++) {
		for (gint32 change = g_test_rand_int_range (0, 5); change > 0; change--) {
			gint32 i = g_test_rand_int_range (0, SERIALS);
			listed[i] = g_test_rand_bit ();
			entries[i].reason = reasons[g_test_rand_int_range (0, G_N_ELEMENTS (reasons))];
			listed[i] ? crl_part_set (part, &entries[i]) : crl_part_remove (part, &entries[i].serial);
		}
		if (round % 8 != 0)
			continue;
		g_autoptr (GBytes) crl = issuer_sign_list (shared->issuer, &t, NULL);
		g_autoptr (GArray) all = crl_entries (crl, NULL);
		guint at = 0;
		for (gsize i = 0; i < SERIALS; i++) {
			if (!listed[i])
				continue;
			const RevokedEntry *entry = &g_array_index (all, RevokedEntry, at++);
			g_assert_cmpmem (entry->serial.b, sizeof (Serial), entries[i].serial.b, sizeof (Serial));
			g_assert_cmpint (entry->reason, ==, entries[i].reason);
		}
		g_assert_cmpuint (all->len, ==, at);
		g_assert_cmpuint (crl_part_count (part), ==, at);
	}
}

/* RFC 5280 5.2.4, 5.2.5, 5.2.6: what a delta and the list of a shard say of themselves, and that they pass for nothing else. */
static void
test_delta_and_shard (void)
{
	static const char point[] = "http://ca.example/pki/issuing/shard/3.crl", delta[] = "http://ca.example/pki/issuing/delta.crl";
	g_autoptr (CrlPart) part = crl_part_new ();
	CrlPart *const parts[] = { part };
	CrlTemplate t = { .number = 9, .this_update = HIERARCHY_NOW, .next_update = NEXT, .parts = parts, .parts_n = 1 };
	RevokedEntry entry, found;
	g_auto (CrlFacts) whole = { 0 }, change = { 0 }, shard = { 0 };

	fill (&entry, 1);
	crl_part_set (part, &entry);
	t.freshest = delta;
	g_autoptr (GBytes) full = issuer_sign_list (shared->issuer, &t, NULL);
	g_assert_true (crl_verify_list (full, shared->issuing, &whole, NULL));
	g_assert_cmpstr (whole.freshest, ==, delta);
	g_assert_null (whole.point);
	g_assert_true (crl_verify (full, shared->issuing, NULL, NULL, NULL));
	t.freshest = NULL;
	t.point = point;
	g_autoptr (GBytes) of_shard = issuer_sign_list (shared->issuer, &t, NULL);
	g_assert_true (crl_verify_list (of_shard, shared->issuing, &shard, NULL));
	g_assert_cmpstr (shard.point, ==, point);
	g_assert_cmpuint (shard.entries, ==, 1);
	g_assert_false (crl_verify (of_shard, shared->issuing, NULL, NULL, NULL));
	t.point = NULL;
	t.delta = TRUE;
	t.base = 7;
	entry.reason = REASON_REMOVE_FROM_CRL;
	crl_part_set (part, &entry);
	g_autoptr (GBytes) of_change = issuer_sign_list (shared->issuer, &t, NULL);
	g_assert_true (crl_verify_list (of_change, shared->issuing, &change, NULL));
	g_assert_true (change.delta);
	g_assert_cmpuint (change.base, ==, 7);
	g_assert_true (crl_find (of_change, &entry.serial, &found));
	g_assert_cmpint (found.reason, ==, REASON_REMOVE_FROM_CRL);
	g_assert_false (crl_verify (of_change, shared->issuing, NULL, NULL, NULL));
	t.base = 10;      /* of the future */
	g_assert_null (issuer_sign_list (shared->issuer, &t, NULL));
	t.base = 7;
	t.freshest = delta;      /* RFC 5280 5.2.6: not in a delta */
	g_assert_null (issuer_sign_list (shared->issuer, &t, NULL));
	t.freshest = NULL;
	t.delta = FALSE;
	g_assert_null (issuer_sign_list (shared->issuer, &t, NULL));      /* removeFromCRL in a full list */
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_autoptr (Hierarchy) h = shared = hierarchy_new (KEY_P256);
	for (int a = 0; a < KEY_N_ALGORITHMS; a++) {
		g_autofree char *path = g_strconcat ("/crl/round-trip/", key_algorithm_name ((KeyAlgorithm) a), NULL);
		g_test_add_data_func (path, GINT_TO_POINTER (a), test_round_trip);
	}
	g_test_add_func ("/crl/part", test_part);
	g_test_add_func ("/crl/delta-and-shard", test_delta_and_shard);
	g_test_add_func ("/crl/empty", test_empty);
	g_test_add_func ("/crl/large", test_large);
	g_test_add_func ("/crl/refused-requests", test_refused_requests);
	g_test_add_func ("/crl/every-bit", test_every_bit);
	g_test_add_func ("/crl/refused-lists", test_refused_lists);
	g_test_add_func ("/crl/reason-names", test_reason_names);
	return g_test_run ();
}
