/* The evidence bundle: what holds, what is refused, and that every refusal says where. */
#include "base/error.h"
#include "base/random.h"
#include "evidence/bundle.h"
#include "unit/evidence/fixture.h"

#include <string.h>

#define DAY MICROS_PER_DAY

/* A small authority, an officer, a bidder whose certificate stays out of the bundle, and an applicant
 * who has only a key. */
typedef struct {
	PrivateKey *root_key, *ca_key, *log_key, *officer_key, *bidder_key, *applicant_key, *stranger_key;
	Certificate *root, *ca, *log, *officer, *bidder, *stranger;
	MerkleTree *tree;
	GPtrArray *leaves;                 /* of GBytes */
	char *note;
} World;

static World world;

static PrivateKey *
new_key (KeyAlgorithm algorithm)
{
	g_autoptr (GError) error = NULL;
	PrivateKey *key = private_key_generate (algorithm, &error);
	g_assert_no_error (error);
	return key;
}

typedef struct {
	const char *name;
	Micros from, to;
	gboolean ca;
	guint key_usage, extended_key_usage;
} Kind;

static Certificate *
issue (const Certificate *issuer_certificate, const PrivateKey *issuer_key, const PrivateKey *key, Kind kind)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PublicKey) public = private_key_public (key);
	NamePart name[] = { { NAME_COUNTRY, "CN" }, { NAME_COMMON_NAME, kind.name } };
	CertificateTemplate t = {
		.subject = name, .subject_n = G_N_ELEMENTS (name), .key = public, .not_before = kind.from, .not_after = kind.to,
		.ca = kind.ca, .path_length = -1, .key_usage = kind.key_usage, .extended_key_usage = kind.extended_key_usage,
	};
	serial_new (kind.from, &t.serial);
	g_autoptr (GBytes) der = NULL;
	if (issuer_certificate == NULL) {
		der = root_sign_certificate (key, &t, &error);
	} else {
		g_autoptr (Issuer) issuer = issuer_new (issuer_certificate, issuer_key, &error);
		g_assert_no_error (error);
		der = issuer_sign_certificate (issuer, &t, &error);
	}
	g_assert_no_error (error);
	Certificate *c = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_no_error (error);
	return c;
}

static Certificate *
issue_log (guint extended_key_usage, Micros from, Micros to)
{
	return issue (world.ca, world.ca_key, world.log_key, (Kind) { "log", from, to, FALSE, KU_DIGITAL_SIGNATURE, extended_key_usage });
}

/* --- leaves ------------------------------------------------------------------------------ */

static void
add_leaf (const char *type, Micros time, const Statement *statement, json_t *effect)
{
	g_autoptr (json_t) leaf = json_pack ("{s:i, s:I, s:s, s:o, s:s, s:o, s:o}", "v", 1, "index", (json_int_t) world.leaves->len, "type", type,
		"time", json_time (time), "subject", "sale-1", "statement", statement != NULL ? json_string (statement_compact (statement)) : json_null (),
		"effect", effect);
	g_autoptr (GBytes) bytes = jcs_bytes (leaf);
	Hash h;
	merkle_leaf_hash (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &h);
	merkle_tree_append (world.tree, &h);
	g_ptr_array_add (world.leaves, g_steal_pointer (&bytes));
}

static void
add_other_leaves (guint n)
{
	for (guint i = 0; i < n; i++)
		add_leaf ("other", NOW, NULL, json_object ());
}

static char *
sign_note (void)
{
	g_autoptr (GError) error = NULL;
	Checkpoint c = { (char *) ORIGIN, merkle_tree_size (world.tree), { { 0 } } };
	merkle_tree_root (world.tree, c.size, &c.root);
	char *note = checkpoint_sign (&c, world.log_key, &error);
	g_assert_no_error (error);
	return note;
}

enum { LEAF_SUBMIT = 2, LEAF_APPROVE = 3, LEAF_QUOTE = 7, LEAF_QUOTE_AGAIN = 8, LEAF_CLOSE = 11, LEAF_STRANGE = 12 };

static void
build_leaves (void)
{
	g_autoptr (Statement) submit = fixture_statement (world.applicant_key, NULL, "application.submit");
	g_autoptr (Statement) approve = fixture_statement (world.officer_key, world.officer, "notice.approve");
	g_autoptr (Statement) second = fixture_statement (world.officer_key, world.officer, "officers.change");
	g_autoptr (Statement) quote = fixture_statement (world.bidder_key, world.bidder, "quote");
	g_autoptr (Statement) again = fixture_statement (world.bidder_key, world.bidder, "quote");
	g_autoptr (Statement) strange = fixture_statement (world.stranger_key, world.stranger, "quote");
	add_other_leaves (2);
	add_leaf ("application.submit", NOW, submit, json_object ());
	add_leaf ("notice.approve", NOW + 1, approve, json_pack ("{s:[{s:s}]}", "further", "second", statement_compact (second)));
	add_other_leaves (3);
	add_leaf ("quote", NOW + 3, quote, json_pack ("{s:s}", "verdict", "accepted"));
	add_leaf ("quote", NOW + 4, again, json_pack ("{s:s}", "verdict", "accepted"));
	add_other_leaves (2);
	add_leaf ("sale.closed", NOW + 5, NULL, json_pack ("{s:s, s:s}", "sale", "sale-1", "winner", "\u7ade\u4e70\u4eba 3"));
	add_leaf ("quote", NOW + 6, strange, json_object ());
	add_other_leaves (4);
}

static void
world_open (void)
{
	const guint ca_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN, holder = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION;
	world.root_key = new_key (KEY_P256);
	world.ca_key = new_key (KEY_P256);
	world.log_key = new_key (KEY_ED25519);
	world.officer_key = new_key (KEY_P256);
	world.bidder_key = new_key (KEY_P256);
	world.applicant_key = new_key (KEY_P256);
	world.stranger_key = new_key (KEY_P256);
	world.root = issue (NULL, NULL, world.root_key, (Kind) { "root", NOW - 900 * DAY, NOW + 900 * DAY, TRUE, ca_usage, 0 });
	world.ca = issue (world.root, world.root_key, world.ca_key, (Kind) { "issuing", NOW - 800 * DAY, NOW + 800 * DAY, TRUE, ca_usage, 0 });
	world.log = issue_log (EKU_DIQI_LOG, NOW - 5 * DAY, NOW + 5 * DAY);
	world.officer = issue (world.ca, world.ca_key, world.officer_key, (Kind) { "officer", NOW - DAY, NOW + DAY, FALSE, holder, EKU_CLIENT_AUTH });
	world.bidder = issue (world.ca, world.ca_key, world.bidder_key, (Kind) { "bidder", NOW - DAY, NOW + DAY, FALSE, holder, EKU_CLIENT_AUTH });
	world.stranger = issue (world.ca, world.ca_key, world.stranger_key, (Kind) { "stranger", NOW - DAY, NOW + DAY, FALSE, holder, EKU_CLIENT_AUTH });
	world.tree = merkle_tree_new ();
	world.leaves = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	build_leaves ();
	world.note = sign_note ();
}

static void
world_close (void)
{
	PrivateKey *keys[] = { world.root_key, world.ca_key, world.log_key, world.officer_key, world.bidder_key, world.applicant_key, world.stranger_key };
	Certificate *certificates[] = { world.root, world.ca, world.log, world.officer, world.bidder, world.stranger };
	for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
		private_key_free (keys[i]);
	for (gsize i = 0; i < G_N_ELEMENTS (certificates); i++)
		certificate_unref (certificates[i]);
	merkle_tree_free (world.tree);
	g_ptr_array_unref (world.leaves);
	g_free (world.note);
}

/* --- bundles -------------------------------------------------------------------------------- */

static void
put_leaf (BundleBuilder *builder, guint64 index)
{
	g_autoptr (GArray) proof = merkle_tree_inclusion (world.tree, index, merkle_tree_size (world.tree));
	bundle_builder_add_leaf (builder, index, g_ptr_array_index (world.leaves, index), proof);
}

static void
put_key (BundleBuilder *builder, const PrivateKey *key)
{
	g_autoptr (PublicKey) public = private_key_public (key);
	bundle_builder_add_key (builder, public);
}

/* Everything but what the mask leaves out. */
enum { NO_CA = 1, NO_OFFICER = 2, NO_BIDDER_KEY = 4, NO_APPLICANT_KEY = 8, NO_QUOTES = 16, NO_SUBMIT = 32, NO_APPROVE = 64 };

static BundleBuilder *
begin_bundle (guint without, const Certificate *log, const char *note)
{
	BundleBuilder *builder = bundle_builder_new ("sale", SITE, world.root, log, note);
	if ((without & NO_OFFICER) == 0)
		bundle_builder_add_certificate (builder, world.officer);
	if ((without & NO_CA) == 0)
		bundle_builder_add_certificate (builder, world.ca);
	if ((without & NO_BIDDER_KEY) == 0)
		put_key (builder, world.bidder_key);
	if ((without & NO_APPLICANT_KEY) == 0)
		put_key (builder, world.applicant_key);
	if ((without & NO_SUBMIT) == 0)
		put_leaf (builder, LEAF_SUBMIT);
	if ((without & NO_APPROVE) == 0)
		put_leaf (builder, LEAF_APPROVE);
	if ((without & NO_QUOTES) == 0) {
		put_leaf (builder, LEAF_QUOTE);
		put_leaf (builder, LEAF_QUOTE_AGAIN);
	}
	put_leaf (builder, LEAF_CLOSE);
	return builder;
}

static GBytes *
end_bundle (BundleBuilder *builder)
{
	g_autoptr (json_t) subject = json_pack ("{s:s, s:s}", "sale", "sale-1", "winner", "\u7ade\u4e70\u4eba 3");
	return bundle_builder_finish (builder, subject);
}

static GBytes *
make_bundle (guint without)
{
	g_autoptr (BundleBuilder) builder = begin_bundle (without, world.log, world.note);
	return end_bundle (builder);
}

/* What the caller does for its kind: here the subject is what the last leaf says. */
static gboolean
open_and_judge (GBytes *bytes, const Certificate *root, GError **error)
{
	g_autoptr (Bundle) b = NULL;
	if (!bundle_open (bytes, root, &b, error))
		return FALSE;
	const BundleLeaf *last = bundle_leaf (b, bundle_leaves (b) - 1);
	return json_equal (bundle_subject (b), last->effect) || bundle_refuse (error, "/subject", "not what the log says");
}

static void
assert_refused (GBytes *bytes, const char *field)
{
	g_autoptr (Bundle) b = NULL;
	g_autoptr (GError) error = NULL;
	g_assert_false (bundle_open (bytes, world.root, &b, &error));
	g_assert_null (b);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_BUNDLE);
	g_assert_cmpstr (diqi_error_field (error), ==, field);
}

/* --- what holds --------------------------------------------------------------------------------- */

static void
test_good (void)
{
	g_autoptr (GBytes) bytes = make_bundle (0);
	g_autoptr (Bundle) b = NULL;
	g_autoptr (GError) error = NULL;
	g_assert_true (bundle_open (bytes, world.root, &b, &error));
	g_assert_no_error (error);
	g_assert_cmpstr (bundle_kind (b), ==, "sale");
	g_assert_cmpstr (bundle_site (b), ==, SITE);
	g_assert_cmpuint (bundle_checkpoint (b)->size, ==, world.leaves->len);
	g_assert_cmpstr (bundle_checkpoint (b)->origin, ==, ORIGIN);
	g_assert_cmpuint (bundle_certificates (b), ==, 2);
	g_assert_true (certificate_is_ca (bundle_certificate (b, 0)));
	g_assert_nonnull (bundle_find_certificate (b, certificate_fingerprint (world.officer)));
	g_assert_null (bundle_find_certificate (b, certificate_fingerprint (world.bidder)));
	g_assert_cmpuint (bundle_leaves (b), ==, 5);

	const BundleLeaf *approve = bundle_leaf (b, 1), *quote = bundle_leaf (b, 2), *closed = bundle_leaf (b, 4);
	g_assert_cmpuint (approve->index, ==, LEAF_APPROVE);
	g_assert_cmpint (approve->time, ==, NOW + 1);
	g_assert_cmpstr (approve->subject, ==, "sale-1");
	g_assert_true (fingerprint_equal (certificate_fingerprint (approve->statement->certificate), certificate_fingerprint (world.officer)));
	g_assert_cmpuint (approve->others_n, ==, 1);
	g_assert_cmpstr (statement_type (approve->others[0].statement), ==, "officers.change");
	g_assert_nonnull (approve->others[0].certificate);
	/* The bidder is known by the key alone; his certificate only by name. */
	g_assert_null (quote->statement->certificate);
	g_assert_true (quote->statement->key == bundle_find_key (b, public_key_fingerprint (certificate_public_key (world.bidder))));
	g_assert_true (fingerprint_equal (statement_signer (quote->statement->statement), certificate_fingerprint (world.bidder)));
	g_assert_null (closed->statement);
	g_assert_cmpuint (closed->others_n, ==, 0);
	g_assert_true (bundle_check_certificate (b, bundle_certificate (b, 1), NOW, &error));
	g_assert_false (bundle_check_certificate (b, bundle_certificate (b, 1), NOW + 2 * DAY, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_EXPIRED);
}

static void
test_same_parts_same_bytes (void)
{
	g_autoptr (GBytes) one = make_bundle (0);
	g_autoptr (GBytes) two = make_bundle (0);
	g_assert_true (g_bytes_equal (one, two));
}

static void
test_root (void)
{
	g_autoptr (GBytes) bytes = make_bundle (0);
	g_autoptr (PrivateKey) key = new_key (KEY_P256);
	g_autoptr (Certificate) other = issue (NULL, NULL, key, (Kind) { "root", NOW - 900 * DAY, NOW + 900 * DAY, TRUE, KU_KEY_CERT_SIGN, 0 });
	g_autoptr (GError) error = NULL;
	g_assert_true (open_and_judge (bytes, NULL, &error));
	g_assert_false (open_and_judge (bytes, other, &error));
	g_assert_cmpstr (diqi_error_field (error), ==, "/root");
}

/* A log's key may be renewed after the sale; it may not have ended before. */
static void
test_log_certificate (void)
{
	g_autoptr (Certificate) later = issue_log (EKU_DIQI_LOG, NOW + 20 * DAY, NOW + 30 * DAY);
	g_autoptr (Certificate) ended = issue_log (EKU_DIQI_LOG, NOW - 20 * DAY, NOW - 10 * DAY);
	g_autoptr (Certificate) no_log = issue_log (EKU_DIQI_RECEIPT, NOW - DAY, NOW + DAY);
	const struct { const Certificate *log; gboolean good; } cases[] = { { later, TRUE }, { ended, FALSE }, { no_log, FALSE } };
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (BundleBuilder) builder = begin_bundle (0, cases[i].log, world.note);
		g_autoptr (GBytes) bytes = end_bundle (builder);
		if (cases[i].good)
			g_assert_true (open_and_judge (bytes, world.root, NULL));
		else
			assert_refused (bytes, "/log_certificate");
	}
}

/* --- what is missing, what is idle ------------------------------------------------------------------ */

static void
test_missing_and_idle (void)
{
	const struct { guint without; const char *field; } cases[] = {
		{ NO_CA, "/certificates/0" },                         /* the officer's leads nowhere */
		{ NO_OFFICER, "/leaves/1/leaf" }, { NO_BIDDER_KEY, "/leaves/2/leaf" }, { NO_APPLICANT_KEY, "/leaves/0/leaf" },
		{ NO_QUOTES, "/keys/0" }, { NO_SUBMIT, "/keys/1" }, { NO_APPROVE, "/certificates/1" },
		{ NO_QUOTES | NO_SUBMIT | NO_APPROVE | NO_OFFICER | NO_BIDDER_KEY | NO_APPLICANT_KEY, "/site" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GBytes) bytes = make_bundle (cases[i].without);
		assert_refused (bytes, cases[i].field);
	}
}

static void
test_stranger (void)
{
	g_autoptr (BundleBuilder) builder = begin_bundle (0, world.log, world.note);
	put_leaf (builder, LEAF_STRANGE);
	g_autoptr (GBytes) bytes = end_bundle (builder);
	assert_refused (bytes, "/leaves/5/leaf");
	bundle_builder_add_certificate (builder, world.stranger);
	g_autoptr (GBytes) named = end_bundle (builder);
	g_autoptr (Bundle) b = NULL;
	g_assert_true (bundle_open (named, world.root, &b, NULL));
}

/* --- parts that do not fit --------------------------------------------------------------------------- */

typedef void (*Spoil) (json_t *bundle);

static json_t *
leaf_json (json_t *bundle, gsize i)
{
	return json_array_get (json_object_get (bundle, "leaves"), i);
}

static void
replace_in (json_t *object, const char *member, const char *what, const char *with)
{
	g_auto (GStrv) parts = g_strsplit (json_string_value (json_object_get (object, member)), what, 2);
	g_assert_cmpuint (g_strv_length (parts), ==, 2);
	g_autofree char *changed = g_strjoinv (with, parts);
	json_object_set_new (object, member, json_string (changed));
}

static void spoil_format (json_t *b) { json_object_set_new (b, "format", json_string ("diqi-bundle-2")); }
static void spoil_kind (json_t *b) { json_object_set_new (b, "kind", json_string ("lottery")); }
static void spoil_site (json_t *b) { json_object_set_new (b, "site", json_string ("00000000-0000-7000-8000-000000000002")); }
static void spoil_extra (json_t *b) { json_object_set_new (b, "extra", json_null ()); }
static void spoil_missing (json_t *b) { json_object_del (b, "keys"); }
static void spoil_subject (json_t *b) { json_object_set_new (b, "subject", json_array ()); }
static void spoil_no_leaves (json_t *b) { json_array_clear (json_object_get (b, "leaves")); }
static void spoil_leaf_member (json_t *b) { json_object_set_new (leaf_json (b, 1), "x", json_null ()); }
static void spoil_leaf_text (json_t *b) { replace_in (leaf_json (b, 2), "leaf", "accepted", "refused"); }
static void spoil_leaf_form (json_t *b) { replace_in (leaf_json (b, 2), "leaf", ":\"accepted\"", ": \"accepted\""); }
static void spoil_leaf_inner_index (json_t *b) { replace_in (leaf_json (b, 2), "leaf", "\"index\":7", "\"index\":6"); }
static void spoil_leaf_version (json_t *b) { replace_in (leaf_json (b, 2), "leaf", "\"v\":1", "\"v\":2"); }
static void spoil_leaf_time (json_t *b) { replace_in (leaf_json (b, 2), "leaf", "2026-", "2006-"); }
static void spoil_index (json_t *b) { json_object_set_new (leaf_json (b, 3), "index", json_integer (9)); }
static void spoil_proof (json_t *b) { json_array_remove (json_object_get (leaf_json (b, 3), "proof"), 0); }
static void spoil_proof_case (json_t *b)
{
	json_array_set_new (json_object_get (leaf_json (b, 0), "proof"), 0,
	                    json_string ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}
static void spoil_repeated_leaf (json_t *b) { json_array_insert (json_object_get (b, "leaves"), 1, leaf_json (b, 0)); }
static void spoil_order (json_t *b)
{
	g_autoptr (json_t) first = json_incref (leaf_json (b, 0));
	json_array_remove (json_object_get (b, "leaves"), 0);
	json_array_insert (json_object_get (b, "leaves"), 1, first);
}
static void spoil_repeated_certificate (json_t *b)
{
	json_t *list = json_object_get (b, "certificates");
	json_array_append (list, json_array_get (list, 1));
}
static void spoil_root_as_certificate (json_t *b) { json_array_append (json_object_get (b, "certificates"), json_object_get (b, "root")); }
static void spoil_repeated_key (json_t *b)
{
	json_t *list = json_object_get (b, "keys");
	json_array_append (list, json_array_get (list, 0));
}
static void spoil_witness (json_t *b)
{
	g_autofree char *more = g_strconcat (world.note, "\xE2\x80\x94 witness.example/w1 AAAAAAAAAAAAAAAAAAAA\n", NULL);
	json_object_set_new (b, "checkpoint", json_string (more));
}
static void spoil_base64 (json_t *b)
{
	json_t *list = json_object_get (b, "certificates");
	g_autofree char *padded = g_strconcat (json_string_value (json_array_get (list, 1)), "====", NULL);
	json_array_set_new (list, 1, json_string (padded));
}

static void
test_spoilt_parts (void)
{
	static const struct { Spoil spoil; const char *field; } cases[] = {
		{ spoil_format, "/format" }, { spoil_kind, "/kind" }, { spoil_site, "/site" }, { spoil_extra, "/extra" },
		{ spoil_missing, "/keys" }, { spoil_subject, "/subject" }, { spoil_no_leaves, "/leaves" },
		{ spoil_leaf_member, "/leaves/1" }, { spoil_leaf_text, "/leaves/2/proof" }, { spoil_leaf_form, "/leaves/2/leaf" },
		{ spoil_leaf_inner_index, "/leaves/2/index" }, { spoil_leaf_version, "/leaves/2/leaf" }, { spoil_leaf_time, "/leaves/2/proof" },
		{ spoil_index, "/leaves/3/index" }, { spoil_proof, "/leaves/3/proof" }, { spoil_proof_case, "/leaves/0/proof" },
		{ spoil_repeated_leaf, "/leaves/1/index" }, { spoil_order, "/leaves/1/index" },
		{ spoil_repeated_certificate, "/certificates/2" }, { spoil_root_as_certificate, "/certificates/2" },
		{ spoil_repeated_key, "/keys/2" }, { spoil_witness, "/checkpoint" }, { spoil_base64, "/certificates/1" },
	};
	g_autoptr (GBytes) good = make_bundle (0);
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (json_t) json = json_loadb (g_bytes_get_data (good, NULL), g_bytes_get_size (good), 0, NULL);
		cases[i].spoil (json);
		g_autoptr (GBytes) bad = jcs_bytes (json);
		assert_refused (bad, cases[i].field);
	}
}

/* The same statement proves one act, not two. */
static void
test_statement_twice (void)
{
	World kept = world;
	g_autoptr (Statement) s = fixture_statement (world.bidder_key, world.bidder, "quote");
	world.tree = merkle_tree_new ();
	world.leaves = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	add_leaf ("quote", NOW, s, json_object ());
	add_leaf ("quote", NOW, s, json_object ());
	g_autofree char *note = sign_note ();
	g_autoptr (BundleBuilder) builder = bundle_builder_new ("sale", SITE, world.root, world.log, note);
	bundle_builder_add_certificate (builder, world.ca);
	put_key (builder, world.bidder_key);
	put_leaf (builder, 0);
	put_leaf (builder, 1);
	g_autoptr (GBytes) bytes = end_bundle (builder);
	merkle_tree_free (world.tree);
	g_ptr_array_unref (world.leaves);
	world = kept;
	assert_refused (bytes, "/leaves/1/leaf");
}

/* --- every byte ------------------------------------------------------------------------------------------ */

static const char *const members[] = { "certificates", "checkpoint", "format", "keys", "kind", "leaves", "log_certificate", "root", "site", "subject" };

/* Where each member's value stands, in canonical order. */
static const char *
member_at (const char *text, gsize offset)
{
	const char *found = members[0], *from = text;
	for (gsize i = 0; i < G_N_ELEMENTS (members); i++) {
		g_autofree char *key = g_strdup_printf ("%c\"%s\":", i == 0 ? '{' : ',', members[i]);
		const char *at = strstr (from, key);
		g_assert_nonnull (at);
		if ((gsize) (at - text) > offset)
			break;
		found = members[i];
		from = at;
	}
	return found;
}

static gboolean
still_canonical (const char *text, gsize n)
{
	g_autoptr (json_t) parsed = json_read_strict (text, n, n, NULL);
	return parsed != NULL && jcs_is_canonical (text, n, parsed) && json_object_size (parsed) == G_N_ELEMENTS (members);
}

static void
assert_named (const GError *error, const char *text, const char *changed, gsize n, gsize i)
{
	const char *field = diqi_error_field (error);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_BUNDLE);
	g_assert_nonnull (field);
	g_autofree char *zh = bundle_part_name (field, FALSE);
	g_autofree char *en = bundle_part_name (field, TRUE);
	g_assert_true (zh[0] != '\0' && en[0] != '\0');
	/* What is still JSON with all its members must be blamed on the right one. */
	if (!still_canonical (changed, n) || memcmp (changed, text, 16) != 0)
		return;
	g_autofree char *want = g_strconcat ("/", member_at (text, i), NULL);
	if (!g_str_has_prefix (field, want) && strstr (error->message, "unknown") == NULL) {
		g_test_message ("byte %" G_GSIZE_FORMAT " of %s: blamed on %s (%s)", i, want, field, error->message);
		g_test_fail ();
	}
}

static void
test_every_byte (gconstpointer pinned)
{
	g_autoptr (GBytes) good = make_bundle (0);
	gsize n;
	const char *text = g_bytes_get_data (good, &n);
	for (gsize i = 0; i < n; i++) {
		g_autoptr (GError) error = NULL;
		g_autofree char *changed = g_memdup2 (text, n);
		changed[i] = (char) (changed[i] ^ (1 << (i % 7)));
		g_autoptr (GBytes) bad = g_bytes_new_static (changed, n);
		if (open_and_judge (bad, pinned != NULL ? world.root : NULL, &error)) {
			g_test_message ("byte %" G_GSIZE_FORMAT " of %s may change", i, member_at (text, i));
			g_test_fail ();
			continue;
		}
		assert_named (error, text, changed, n, i);
	}
}

static void
test_cut (void)
{
	g_autoptr (GBytes) good = make_bundle (0);
	for (gsize n = 0; n < g_bytes_get_size (good); n += 13) {
		g_autoptr (GBytes) cut = g_bytes_new_from_bytes (good, 0, n);
		g_autoptr (GError) error = NULL;
		g_assert_false (open_and_judge (cut, world.root, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_BUNDLE);
	}
}

static void
test_part_names (void)
{
	static const struct { const char *field, *zh, *en; } cases[] = {
		{ "/leaves/3/proof", "第 4 条日志记录的包含证明", "log leaf 4, its inclusion proof" },
		{ "/leaves/0/leaf", "第 1 条日志记录的内容", "log leaf 1, its text" },
		{ "/leaves/0", "第 1 条日志记录", "log leaf 1" },
		{ "/leaves", "日志记录清单", "list of log leaves" },
		{ "/certificates/0", "第 1 个证书", "certificate 1" },
		{ "/keys/9", "第 10 个公钥", "key 10" },
		{ "/checkpoint", "日志检查点", "log checkpoint" },
		{ "/subject/winner", "证明事项", "subject" },
		{ "/zzz", "未知部分“zzz”", "the unknown part \"zzz\"" },
		{ "", "整个文件", "the file as a whole" },
		{ NULL, "整个文件", "the file as a whole" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autofree char *zh = bundle_part_name (cases[i].field, FALSE);
		g_autofree char *en = bundle_part_name (cases[i].field, TRUE);
		g_assert_cmpstr (zh, ==, cases[i].zh);
		g_assert_cmpstr (en, ==, cases[i].en);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	world_open ();
	g_test_add_func ("/bundle/good", test_good);
	g_test_add_func ("/bundle/same-bytes", test_same_parts_same_bytes);
	g_test_add_func ("/bundle/root", test_root);
	g_test_add_func ("/bundle/log-certificate", test_log_certificate);
	g_test_add_func ("/bundle/missing-and-idle", test_missing_and_idle);
	g_test_add_func ("/bundle/stranger", test_stranger);
	g_test_add_func ("/bundle/spoilt", test_spoilt_parts);
	g_test_add_func ("/bundle/statement-twice", test_statement_twice);
	g_test_add_data_func ("/bundle/every-byte/pinned", "pinned", test_every_byte);
	g_test_add_data_func ("/bundle/every-byte/unpinned", NULL, test_every_byte);
	g_test_add_func ("/bundle/cut", test_cut);
	g_test_add_func ("/bundle/part-names", test_part_names);
	int rc = g_test_run ();
	world_close ();
	return rc;
}
