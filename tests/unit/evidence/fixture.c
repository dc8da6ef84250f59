#include "unit/evidence/fixture.h"

#include "base/error.h"
#include "base/random.h"

Statement *
fixture_statement (const PrivateKey *key, const Certificate *certificate, const char *type)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *nonce = random_token (16);
	g_autoptr (json_t) payload = json_pack ("{s:s, s:s, s:o, s:s}", "type", type, "site", SITE, "time", json_time (NOW), "nonce", nonce);
	g_autofree char *compact = statement_sign (payload, key, certificate, &error);
	g_assert_no_error (error);
	Statement *s = statement_parse (compact, -1, &error);
	g_assert_no_error (error);
	return s;
}

typedef struct {
	const char *subject;
	const Statement *statement;
	LogPosition *out;
} Append;

static gboolean
append (Tx *tx, gpointer arg, GError **error)
{
	const Append *a = arg;
	g_autoptr (json_t) effect = json_pack ("{s:s}", "note", "\u751f\u6548");
	return evidence_append (tx, "test.act", a->subject, NOW, a->statement, effect, a->out, error);
}

gboolean
fixture_append (Store *store, const char *subject, const Statement *statement, LogPosition *out, GError **error)
{
	return store_run (store, "test.append", append, &(Append) { subject, statement, out }, error);
}

void
test_signer_init (TestSigner *signer)
{
	g_autoptr (GError) error = NULL;
	*signer = (TestSigner) { .key = private_key_generate (KEY_ED25519, &error) };
	g_assert_no_error (error);
	signer->public = private_key_public (signer->key);
}

void
test_signer_clear (TestSigner *signer)
{
	private_key_free (signer->key);
	public_key_unref (signer->public);
}

char *
test_signer_sign (gpointer arg, const Hash *root, guint64 size, guint64 old_size, const Hash *proof, gsize n, GError **error)
{
	TestSigner *s = arg;
	s->calls++;
	if (g_atomic_int_get (&s->refuse)) {
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "the test's signer is away");
		return NULL;
	}
	if (old_size != s->size) {
		diqi_error_set (error, DIQI_ERROR_SIGNER, NULL, "the last checkpoint is another");
		return NULL;
	}
	if (old_size > 0 && !merkle_verify_consistency (old_size, size, proof, n, &s->root, root, error))
		return NULL;
	s->size = size;
	s->root = *root;
	if (s->lose_answer) {
		s->lose_answer = FALSE;
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "the answer got lost");
		return NULL;
	}
	Checkpoint c = { (char *) ORIGIN, size, *root };
	return checkpoint_sign (&c, s->key, error);
}

gboolean
test_signer_last (gpointer arg, guint64 *size, Hash *root, G_GNUC_UNUSED GError **error)
{
	const TestSigner *s = arg;
	*size = s->size;
	*root = s->root;
	return TRUE;
}

LogKeeper *
test_signer_keeper (TestSigner *signer, Store *store, const Clock *clock)
{
	g_autoptr (GError) error = NULL;
	LogKeeper *keeper = log_keeper_open (store, clock, ORIGIN, test_signer_sign, test_signer_last, signer, &error);
	g_assert_no_error (error);
	return keeper;
}

static gboolean
run_sql (Tx *tx, gpointer arg, GError **error)
{
	return tx_exec (tx, error, arg) >= 0;
}

void
fixture_sql (TestStore *t, const char *sql)
{
	g_autoptr (GError) error = NULL;
	store_run (t->store, "test.sql", run_sql, (gpointer) sql, &error);
	g_assert_no_error (error);
}

void
fixture_lift_triggers (TestStore *t, const char *table)
{
	static const char *const verbs[] = { "UPDATE", "DELETE" };
	g_autofree char *sql = g_strdup_printf ("ALTER TABLE %s DISABLE TRIGGER USER", table);
	if (t->engine == TEST_POSTGRESQL)
		fixture_sql (t, sql);
	for (gsize i = 0; t->engine == TEST_SQLITE && i < G_N_ELEMENTS (verbs); i++) {
		g_autofree char *drop = g_strdup_printf ("DROP TRIGGER %s_no_%s", table, verbs[i]);
		fixture_sql (t, drop);
	}
}
