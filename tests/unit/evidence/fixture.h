/* What the tests of the log share: statements to append, and a signer of checkpoints. */
#pragma once
#include "evidence/checkpoint.h"
#include "unit/support/test_store.h"

#define ORIGIN "diqi.example/log"
#define NOW G_GINT64_CONSTANT (1775181600000000)      /* 2026-04-03 02:00:00 UTC */
#define SITE "00000000-0000-7000-8000-000000000001"

/* A new statement by this key: as a bare key, or by its certificate. */
Statement *fixture_statement (const PrivateKey *key, const Certificate *certificate, const char *type);

/* Appends one leaf in a transaction of its own. */
gboolean fixture_append (Store *store, const char *subject, const Statement *statement, LogPosition *out, GError **error);

/* A signer as the real one: signs only what extends what it signed last. */
typedef struct {
	PrivateKey *key;
	PublicKey *public;
	guint64 size;             /* signed last */
	Hash root;
	guint calls;
	gint refuse;              /* atomic: answers "unavailable" */
	gboolean lose_answer;     /* signs, but the caller never hears of it; once */
} TestSigner;
void test_signer_init (TestSigner *signer);
void test_signer_clear (TestSigner *signer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TestSigner, test_signer_clear)
char *test_signer_sign (gpointer signer, const Hash *root, guint64 size, guint64 old_size, const Hash *proof, gsize n, GError **error);
gboolean test_signer_last (gpointer signer, guint64 *size, Hash *root, GError **error);
LogKeeper *test_signer_keeper (TestSigner *signer, Store *store, const Clock *clock);

/* What somebody with the database password can do. */
void fixture_sql (TestStore *t, const char *sql);
void fixture_lift_triggers (TestStore *t, const char *table);
