/* The bundle of a sale replays to the live result, and nothing in it can be changed unseen. */
#include "market_fixture.h"

#include <string.h>

#include "market/sale_bundle.h"
#include "market/sale_replay.h"

#define ORIGIN "diqi.test/log"
#define HOUR MICROS_PER_HOUR

typedef struct {
	Market m;
	PrivateKey *log_key;
	Certificate *log;
	Clock *clock;
	LogKeeper *keeper;
} Scene;

static char *
sign_checkpoint (gpointer user, const Hash *root, guint64 size, guint64 old_size G_GNUC_UNUSED, const Hash *proof G_GNUC_UNUSED,
                 gsize n G_GNUC_UNUSED, GError **error)
{
	Checkpoint c = { (char *) ORIGIN, size, *root };
	return checkpoint_sign (&c, user, error);
}

static const Certificate *
no_issuer (G_GNUC_UNUSED gpointer user, G_GNUC_UNUSED const Certificate *signer)
{
	return NULL;
}

static Certificate *
find_officer (gpointer user, const Fingerprint *fingerprint, GError **error)
{
	Market *m = user;
	Person *officers[] = { &m->editor, &m->approver };
	for (gsize i = 0; i < 2; i++)
		if (fingerprint_equal (fingerprint, &officers[i]->actor.fingerprint))
			return certificate_ref (officers[i]->certificate);
	diqi_error_set (error, DIQI_ERROR_CERTIFICATE_UNKNOWN, NULL, "no officer");
	return NULL;
}

static void
scene_init (Scene *s, TestStore *t, guint bidders)
{
	g_autoptr (GError) error = NULL;
	market_init (&s->m, t, bidders);
	s->log_key = private_key_generate (KEY_ED25519, &error);
	g_autoptr (PublicKey) key = private_key_public (s->log_key);
	g_autoptr (Issuer) issuer = issuer_new (s->m.root, s->m.root_key, &error);
	const NamePart subject[] = { { NAME_COUNTRY, "CN" }, { NAME_COMMON_NAME, "虚构日志" } };
	CertificateTemplate template = { .subject = subject, .subject_n = 2, .key = key, .not_before = ANNOUNCE - 300 * MICROS_PER_DAY,
		.not_after = T_END + 300 * MICROS_PER_DAY, .path_length = -1, .key_usage = KU_DIGITAL_SIGNATURE, .extended_key_usage = EKU_DIQI_LOG };
	serial_new (ANNOUNCE, &template.serial);
	g_autoptr (GBytes) der = issuer_sign_certificate (issuer, &template, &error);
	g_assert_no_error (error);
	s->log = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	s->clock = clock_new_frozen (T_END + MICROS_PER_DAY);
	s->keeper = log_keeper_new (t->store, s->clock, ORIGIN, sign_checkpoint, s->log_key, &error);
	g_assert_no_error (error);
}

static void
scene_clear (Scene *s)
{
	log_keeper_free (s->keeper);
	clock_free (s->clock);
	certificate_unref (s->log);
	private_key_free (s->log_key);
	market_clear (&s->m);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static GBytes *
build (Scene *s, GError **error)
{
	BundleSources sources = { SITE, s->m.root, s->log, no_issuer, s->keeper, find_officer, &s->m };
	return sale_bundle_build (s->m.t->store, &sources, s->m.sale, error);
}

static void
quote (Scene *s, guint bidder, gint64 fen, Micros at, gboolean accepted)
{
	g_autoptr (GError) error = NULL;
	g_auto (QuoteOutcome) out = { 0 };
	market_quote (&s->m, bidder, fen, at, &out, &error);
	g_assert_no_error (error);
	g_assert_cmpint (out.verdict.accepted, ==, accepted);
}

typedef struct { Market *m; } Breaking;

static gboolean
break_down (Tx *tx, gpointer arg, GError **error)
{
	Breaking *b = arg;
	return sale_outage (tx, b->m->sale, T_END + 100 * S, T_END + 160 * S, NULL, error);
}

/* Everything once: refusals of several kinds, three bidders, an outage, limit-time, a late quote. */
static void
play (Scene *s)
{
	g_autoptr (GError) error = NULL;
	market_open (&s->m);
	quote (s, 0, START, T_END - 5 * HOUR, TRUE);
	quote (s, 1, START + 1, T_END - 4 * HOUR, FALSE);
	quote (s, 1, START + STEP, T_END - 3 * HOUR, TRUE);
	quote (s, 0, START + 2 * STEP, T_END - 1800 * S, FALSE);
	market_tick (&s->m, T_END);
	quote (s, 2, START + 4 * STEP, T_END + 90 * S, TRUE);
	store_run (s->m.t->store, "test.outage", break_down, &(Breaking) { &s->m }, &error);
	g_assert_no_error (error);
	quote (s, 0, START + 5 * STEP, T_END + 200 * S, TRUE);
	quote (s, 1, START + 6 * STEP, T_END + 440 * S, FALSE);
}

static void
test_same_result (TestStore *t)
{
	g_auto (Scene) s = { 0 };
	g_auto (SaleState) live = { 0 };
	g_auto (SaleReplay) replay = { 0 };
	g_autoptr (GError) error = NULL;
	g_autoptr (Bundle) bundle = NULL;
	scene_init (&s, t, 4);
	play (&s);
	g_autoptr (GBytes) bytes = build (&s, &error);
	g_assert_no_error (error);
	g_assert_true (bundle_open (bytes, s.m.root, &bundle, &error));
	g_assert_no_error (error);
	g_assert_true (sale_replay (bundle, &replay, &error));
	g_assert_no_error (error);
	market_state (&s.m, &live);
	g_assert_true (sale_state_equal (&live, &replay.state));
	g_assert_cmpint (replay.state.result, ==, RESULT_WON);
	g_assert_cmpint (replay.state.closed_at, ==, T_END + 440 * S);
	g_assert_cmpuint (replay.quotes_accepted, ==, 4);
	g_assert_cmpuint (replay.quotes_refused, ==, 3);
	g_assert_cmpuint (replay.outages, ==, 1);
	/* The winner by name, nobody else: two officers and one bidder, and two keys. */
	g_assert_nonnull (strstr (replay.winner, "虚构竞买人0"));
	g_assert_cmpuint (bundle_certificates (bundle), ==, 3);
}

static void
test_failed_sale (TestStore *t)
{
	g_auto (Scene) s = { 0 };
	g_auto (SaleReplay) replay = { 0 };
	g_autoptr (GError) error = NULL;
	g_autoptr (Bundle) bundle = NULL;
	scene_init (&s, t, 1);
	market_open (&s.m);
	g_assert_null (build (&s, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_SALE_STATE);
	g_clear_error (&error);
	market_tick (&s.m, T_END);
	g_autoptr (GBytes) bytes = build (&s, &error);
	g_assert_no_error (error);
	g_assert_true (bundle_open (bytes, s.m.root, &bundle, &error));
	g_assert_true (sale_replay (bundle, &replay, &error));
	g_assert_no_error (error);
	g_assert_cmpint (replay.state.result, ==, RESULT_FAILED);
	g_assert_null (replay.winner);
}

/* --- a site that lies ------------------------------------------------------------------------- */

/* The site holds its log's key: it can log anything and prove it included.  What it cannot do is sign for
 * others, and so its story has to follow from what they signed. */
typedef struct {
	const char *name;
	void (*lie) (json_t *leaf, guint i);
	gboolean (*drop) (const json_t *leaf, guint i);
	const char *detail;            /* part of the refusal */
} Lie;

static json_t *effect_of (json_t *leaf) { return json_object_get (leaf, "effect"); }
static gboolean is_kind (const json_t *leaf, const char *type) { return strcmp (json_string_value (json_object_get (leaf, "type")), type) == 0; }
static void put (json_t *leaf, const char *member, const char *text) { json_object_set_new (effect_of (leaf), member, json_string (text)); }
static gboolean
was (const json_t *leaf, const char *member, const char *text)
{
	return g_strcmp0 (json_string_value (json_object_get (json_object_get (leaf, "effect"), member)), text) == 0;
}

static void lie_price (json_t *l, guint i G_GNUC_UNUSED) { if (was (l, "price_fen", "767000000")) put (l, "price_fen", "762000000"); }
static void lie_verdict (json_t *l, guint i G_GNUC_UNUSED) { if (was (l, "code", "quote.off_lattice")) { put (l, "verdict", "accepted"); json_object_del (effect_of (l), "code"); } }
static void lie_bidder (json_t *l, guint i G_GNUC_UNUSED) { if (is_kind (l, "quote") && was (l, "bidder", "B02")) put (l, "bidder", "B00"); }
static void lie_arrival (json_t *l, guint i G_GNUC_UNUSED) { if (was (l, "code", "quote.late")) put (l, "arrival", "2026-04-03T02:07:19.999999Z"); }
static void lie_deadline (json_t *l, guint i G_GNUC_UNUSED) { if (was (l, "kind", "outage")) put (l, "deadline", "2026-04-03T02:05:00.000000Z"); }
static void lie_result (json_t *l, guint i G_GNUC_UNUSED) { if (was (l, "result", "won")) put (l, "result", "failed"); }
static void lie_moment (json_t *l, guint i G_GNUC_UNUSED) { if (was (l, "phase", "quiet") && was (l, "kind", "time")) put (l, "at", "2026-04-03T00:30:00.000000Z"); }
static void lie_role (json_t *l, guint i G_GNUC_UNUSED) { if (is_kind (l, "notice.approve")) json_object_set_new (json_object_get (effect_of (l), "by"), "roles", json_pack ("[s]", "clerk")); }
static void lie_content (json_t *l, guint i G_GNUC_UNUSED) { if (is_kind (l, "notice.approve")) json_object_set_new (json_object_get (json_object_get (effect_of (l), "content"), "parcel"), "years", json_integer (40)); }
static void lie_rules (json_t *l, guint i G_GNUC_UNUSED) { if (is_kind (l, "notice.approve")) json_object_set_new (json_object_get (json_object_get (json_object_get (effect_of (l), "rule_set"), "rules"), "window_seconds"), "value", json_integer (300)); }
static void lie_terms (json_t *l, guint i G_GNUC_UNUSED) { if (is_kind (l, "notice.approve")) json_object_set_new (json_object_get (effect_of (l), "terms"), "start_fen", json_string ("1")); }
static void lie_statement (json_t *l, guint i G_GNUC_UNUSED) { if (is_kind (l, "sale.phase")) json_object_set_new (effect_of (l), "note", json_string ("x")); }
static gboolean drop_refused (const json_t *l, guint i G_GNUC_UNUSED) { return was (l, "code", "quote.off_lattice"); }
static gboolean drop_last (const json_t *l, guint i G_GNUC_UNUSED) { return was (l, "phase", "closed"); }
static gboolean drop_approval (const json_t *l, guint i G_GNUC_UNUSED) { return is_kind (l, "notice.approve"); }

static const Lie lies[] = {
	{ "price", lie_price, NULL, "\"price_fen\"" },
	{ "verdict", lie_verdict, NULL, "\"verdict\"" },
	{ "bidder", lie_bidder, NULL, "not signed with the key of bidder B00" },
	{ "arrival", lie_arrival, NULL, "arrived before a moment" },
	{ "deadline", lie_deadline, NULL, "\"deadline\"" },
	{ "result", lie_result, NULL, "\"result\"" },
	{ "moment", lie_moment, NULL, "no moment of the sale was due" },
	{ "role", lie_role, NULL, "no right to this act" },
	{ "content", lie_content, NULL, "not what the officers signed" },
	{ "rules", lie_rules, NULL, "not the one the notice names" },
	{ "terms", lie_terms, NULL, "\"terms\"" },
	{ "extra", lie_statement, NULL, "\"note\" does not follow" },
	{ "dropped refusal", NULL, drop_refused, "\"" },
	{ "dropped end", NULL, drop_last, "the sale does not close" },
	{ "dropped approval", NULL, drop_approval, "before the notice was approved" },
};

/* A log of these leaves, newly signed by the site's own log key. */
static GBytes *
forge (Scene *s, const Bundle *honest, const Lie *lie)
{
	g_autoptr (MerkleTree) tree = merkle_tree_new ();
	g_autoptr (GPtrArray) leaves = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	g_autoptr (GHashTable) signers = g_hash_table_new (NULL, NULL);
	for (guint i = 0; i < bundle_leaves (honest); i++) {
		const BundleLeaf *original = bundle_leaf (honest, i);
		g_autoptr (json_t) leaf = json_loads (original->text, 0, NULL);
		if (lie->drop != NULL && lie->drop (leaf, i))
			continue;
		if (lie->lie != NULL)
			lie->lie (leaf, i);
		json_object_set_new (leaf, "index", json_integer (leaves->len));
		GBytes *bytes = jcs_bytes (leaf);
		Hash h;
		merkle_leaf_hash (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &h);
		merkle_tree_append (tree, &h);
		g_ptr_array_add (leaves, bytes);
		if (original->statement != NULL)
			g_hash_table_add (signers, (gpointer) original->statement);
	}
	Checkpoint c = { (char *) ORIGIN, merkle_tree_size (tree), { { 0 } } };
	merkle_tree_root (tree, c.size, &c.root);
	g_autofree char *note = checkpoint_sign (&c, s->log_key, NULL);
	g_autoptr (BundleBuilder) builder = bundle_builder_new (SALE_BUNDLE_KIND, SITE, s->m.root, s->log, note);
	GHashTableIter iter;
	gpointer p;
	g_hash_table_iter_init (&iter, signers);
	while (g_hash_table_iter_next (&iter, &p, NULL)) {
		const BundleSigned *signer = p;
		if (signer->certificate != NULL)
			bundle_builder_add_certificate (builder, signer->certificate);
		else
			bundle_builder_add_key (builder, signer->key);
	}
	for (guint i = 0; i < leaves->len; i++) {
		g_autoptr (GArray) proof = merkle_tree_inclusion (tree, i, c.size);
		bundle_builder_add_leaf (builder, i, g_ptr_array_index (leaves, i), proof);
	}
	return bundle_builder_finish (builder, bundle_subject (honest));
}

static void
test_lies (TestStore *t)
{
	static const Lie honest_lie = { "none", NULL, NULL, NULL };
	g_auto (Scene) s = { 0 };
	g_autoptr (GError) error = NULL;
	g_autoptr (Bundle) honest = NULL, same = NULL;
	g_auto (SaleReplay) replay = { 0 };
	scene_init (&s, t, 3);
	play (&s);
	g_autoptr (GBytes) bytes = build (&s, &error);
	g_assert_no_error (error);
	g_assert_true (bundle_open (bytes, s.m.root, &honest, &error));
	g_autoptr (GBytes) again = forge (&s, honest, &honest_lie);
	g_assert_true (bundle_open (again, s.m.root, &same, &error));
	g_assert_true (sale_replay (same, &replay, &error));           /* the forger's tools are sound */
	g_assert_no_error (error);
	for (gsize i = 0; i < G_N_ELEMENTS (lies); i++) {
		g_autoptr (GError) refusal = NULL;
		g_autoptr (GBytes) forged = forge (&s, honest, &lies[i]);
		g_autoptr (Bundle) bundle = NULL;
		g_auto (SaleReplay) none = { 0 };
		g_test_message ("lie: %s", lies[i].name);
		gboolean passed = bundle_open (forged, s.m.root, &bundle, &refusal) && sale_replay (bundle, &none, &refusal);
		g_assert_false (passed);
		g_assert_error (refusal, DIQI_ERROR, DIQI_ERROR_BUNDLE);
		g_test_message ("%s: %s", diqi_error_field (refusal), refusal->message);
		g_assert_nonnull (strstr (refusal->message, lies[i].detail));
	}
}

/* A changed byte anywhere in the file is found. */
static void
test_any_byte (TestStore *t)
{
	g_auto (Scene) s = { 0 };
	g_autoptr (GError) error = NULL;
	scene_init (&s, t, 2);
	market_open (&s.m);
	quote (&s, 0, START, T_END - 5 * HOUR, TRUE);
	market_tick (&s.m, T_END);
	g_autoptr (GBytes) bytes = build (&s, &error);
	g_assert_no_error (error);
	gsize n;
	const guint8 *p = g_bytes_get_data (bytes, &n);
	for (gsize at = 0; at < n; at += 37) {
		g_autoptr (GError) refusal = NULL;
		g_autoptr (Bundle) bundle = NULL;
		g_auto (SaleReplay) replay = { 0 };
		g_autofree guint8 *copy = g_memdup2 (p, n);
		copy[at] ^= 1;
		g_autoptr (GBytes) changed = g_bytes_new (copy, n);
		gboolean passed = bundle_open (changed, s.m.root, &bundle, &refusal) && sale_replay (bundle, &replay, &refusal);
		g_assert_false (passed);
		g_assert_nonnull (refusal);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	test_store_add ("/sale-replay/same-result", test_same_result);
	test_store_add ("/sale-replay/failed-sale", test_failed_sale);
	test_store_add ("/sale-replay/lies", test_lies);
	test_store_add ("/sale-replay/any-byte", test_any_byte);
	return g_test_run ();
}
