/* Checkpoints that do not follow each other, receipts that are none: P-16. */
#include <string.h>

#include "base/random.h"
#include "fixture.h"

static Fixture fixture;

static void
grow (MerkleTree *tree, guint64 size)
{
	while (merkle_tree_size (tree) < size) {
		guint64 n = merkle_tree_size (tree);
		Hash leaf;
		merkle_leaf_hash (&n, sizeof n, &leaf);
		merkle_tree_append (tree, &leaf);
	}
}

static char *
sign (SignerClient *client, MerkleTree *tree, guint64 size, guint64 old, GError **error)
{
	Hash root;
	merkle_tree_root (tree, size, &root);
	g_autoptr (GArray) proof = old > 0 && old < size ? merkle_tree_consistency (tree, old, size) : g_array_new (FALSE, FALSE, sizeof (Hash));
	return signer_sign_checkpoint (client, &root, size, old, (const Hash *) (gpointer) proof->data, proof->len, error);
}

static void
test_checkpoints (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	SignerClient *client = fixture_run (dir);
	g_autoptr (GError) error = NULL;
	g_autoptr (MerkleTree) tree = merkle_tree_new ();
	g_autoptr (SignerSite) site = signer_get_site (client, &error);
	g_assert_no_error (error);
	grow (tree, 100);
	g_autofree char *first = sign (client, tree, 7, 0, &error);
	g_assert_no_error (error);
	g_auto (Checkpoint) opened = { 0 };
	g_assert_true (checkpoint_open (first, site->origin, certificate_public_key (site->log), &opened, &error));
	g_assert_cmpuint (opened.size, ==, 7);
	g_assert_cmpstr (opened.origin, ==, "localhost:8080");
	g_autofree char *second = sign (client, tree, 60, 7, &error);
	g_assert_no_error (error);
	/* Signed again as it was. */
	g_autofree char *again = sign (client, tree, 60, 60, &error);
	g_assert_cmpstr (again, ==, second);
	assert_refused (sign (client, tree, 59, 7, &error), error, MERKLE);
	assert_refused (sign (client, tree, 70, 7, &error), error, MERKLE);
	assert_refused (sign (client, tree, 70, 0, &error), error, MERKLE);
	/* Another history, from the last one on, at the same size, and with a proof of its own. */
	g_autoptr (MerkleTree) other = merkle_tree_new ();
	Hash forged = { { 1 } };
	merkle_tree_append (other, &forged);
	grow (other, 100);
	assert_refused (sign (client, other, 60, 60, &error), error, MERKLE);
	assert_refused (sign (client, other, 80, 60, &error), error, MERKLE);
	/* What was signed is known after a restart. */
	signer_client_free (client);
	client = fixture_run (dir);
	guint64 size;
	Hash root, expected;
	g_assert_true (signer_last_checkpoint (client, &size, &root, &error));
	merkle_tree_root (tree, 60, &expected);
	g_assert_cmpuint (size, ==, 60);
	g_assert_true (fingerprint_equal (&root, &expected));
	assert_refused (sign (client, other, 80, 60, &error), error, MERKLE);
	g_autofree char *third = sign (client, tree, 100, 60, &error);
	g_assert_no_error (error);
	signer_client_free (client);
}

static json_t *
receipt (void)
{
	json_t *payload = json_object ();
	g_autofree char *nonce = random_token (16);
	static const Fingerprint hash;
	json_object_set_new (payload, "type", json_string ("receipt"));
	json_object_set_new (payload, "site", json_string (SITE));
	json_object_set_new (payload, "time", json_time (T0));
	json_object_set_new (payload, "nonce", json_string (nonce));
	json_object_set_new (payload, "sale", json_string ("018f0000-0000-7000-8000-0000000000cc"));
	json_object_set_new (payload, "seq", json_integer (3));
	json_object_set_new (payload, "arrival", json_time (T0 - 5));
	json_object_set_new (payload, "verdict", json_string ("accepted"));
	json_object_set_new (payload, "price_fen", json_string ("747000000"));
	json_object_set_new (payload, "quote", json_hex (hash.b, 32));
	json_object_set_new (payload, "head", json_hex (hash.b, 32));
	json_object_set_new (payload, "deadline", json_time (T0 + 240 * MICROS_PER_S));
	json_object_set_new (payload, "log_index", json_integer (12));
	json_object_set_new (payload, "leaf", json_hex (hash.b, 32));
	return payload;
}

static void
test_receipt (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (GError) error = NULL;
	g_autoptr (SignerSite) site = signer_get_site (client, &error);
	g_autoptr (json_t) payload = receipt ();
	g_autofree char *compact = signer_sign_receipt (client, payload, &error);
	g_assert_no_error (error);
	g_autoptr (Statement) statement = statement_parse (compact, -1, &error);
	g_assert_no_error (error);
	g_assert_true (statement_verify (statement, site->receipt, &error));
	g_assert_true (json_equal (statement_payload (statement), payload));
}

/* P-16: the receipt key signs nothing that could pass for an approval, a login or another site's. */
static void
test_not_receipts (void)
{
	static const struct {
		const char *member, *json;
		DiqiErrorCode code;
	} bad[] = {
		{ "type", "\"application.issue\"", DIQI_ERROR_STATEMENT_TYPE }, { "type", "\"login\"", DIQI_ERROR_STATEMENT_TYPE },
		{ "site", "\"other\"", DIQI_ERROR_STATEMENT_TARGET }, { "time", "\"2026-04-01T03:00:00.000000Z\"", DIQI_ERROR_STATEMENT_TIME },
		{ "nonce", "\"AAAA\"", DIQI_ERROR_STATEMENT }, { "request", "\"x\"", DIQI_ERROR_FIELD_UNKNOWN },
		{ "price_fen", "747000000", DIQI_ERROR_FIELD_TYPE }, { "price_fen", "\"1.5\"", DIQI_ERROR_FIELD_VALUE },
		{ "verdict", "\"maybe\"", DIQI_ERROR_FIELD_VALUE }, { "verdict", "\"refused\"", DIQI_ERROR_FIELD_VALUE },
		{ "code", "\"quote.late\"", DIQI_ERROR_FIELD_VALUE }, { "head", "\"00\"", DIQI_ERROR_FIELD_VALUE },
		{ "seq", "-1", DIQI_ERROR_FIELD_VALUE }, { "leaf", NULL, DIQI_ERROR_FIELD_MISSING }, { "sale", "\"x\"", DIQI_ERROR_FIELD_VALUE },
	};
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (SignerClient) client = fixture_run (dir);
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (json_t) payload = receipt ();
		if (bad[i].json == NULL)
			json_object_del (payload, bad[i].member);
		else
			json_object_set_new (payload, bad[i].member, json_loads (bad[i].json, JSON_DECODE_ANY, NULL));
		g_autofree char *compact = signer_sign_receipt (client, payload, &error);
		if (compact != NULL || !g_error_matches (error, DIQI_ERROR, (int) bad[i].code))
			g_error ("%s = %s: %s (%s)", bad[i].member, bad[i].json, error != NULL ? error->message : "signed",
			         error != NULL ? diqi_error_code_name (error) : "");
	}
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) refused = receipt ();
	json_object_set_new (refused, "verdict", json_string ("refused"));
	json_object_set_new (refused, "code", json_string ("quote.late"));
	json_object_del (refused, "deadline");
	g_autofree char *compact = signer_sign_receipt (client, refused, &error);
	g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	g_test_add_func ("/signer/witness/checkpoints", test_checkpoints);
	g_test_add_func ("/signer/witness/receipt", test_receipt);
	g_test_add_func ("/signer/witness/P-16-not-receipts", test_not_receipts);
	int result = g_test_run ();
	fixture_clear (&fixture);
	return result;
}
