/* Challenges are used once, sessions end when they must. */
#include <string.h>

#include "base/error.h"
#include "identity/session.h"
#include "unit/support/test_store.h"

#define NOW (G_GINT64_CONSTANT (1795348800) * MICROS_PER_S)

typedef struct {
	Micros now;
	char *text;               /* challenge or token */
	const char *purpose;
	Micros expires;
	Session session;
	Actor actor;
} Args;

static gboolean
tx_challenge (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return challenge_new (tx, args->purpose, args->now, &args->text, &args->expires, error);
}

static gboolean
tx_use (Tx *tx, gpointer arg, GError **error)
{
	const Args *args = arg;

	return challenge_use (tx, args->text, args->purpose, args->now, error);
}

static gboolean
tx_open (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return session_open (tx, &args->actor, args->now, &args->text, &args->session, error);
}

static gboolean
tx_find (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	session_clear (&args->session);
	return session_find (tx, args->text, args->now, &args->session, error);
}

static gboolean
tx_touch (Tx *tx, gpointer arg, GError **error)
{
	const Args *args = arg;

	return session_touch (tx, args->session.id, args->now, error);
}

static gboolean
tx_close (Tx *tx, gpointer arg, GError **error)
{
	const Args *args = arg;

	return session_close (tx, args->text, args->now, error);
}

static gboolean
tx_close_all (Tx *tx, gpointer arg, GError **error)
{
	const Args *args = arg;

	return session_close_all (tx, &args->actor.fingerprint, args->now, error);
}

static gboolean
tx_purge (Tx *tx, gpointer arg, GError **error)
{
	const Args *args = arg;

	return session_purge (tx, args->now, error);
}

static void
run (TestStore *t, StoreFn fn, Args *args)
{
	g_autoptr (GError) error = NULL;

	store_run (t->store, "test", fn, args, &error);
	g_assert_no_error (error);
}

static void
refused (TestStore *t, StoreFn fn, Args *args, int code)
{
	g_autoptr (GError) error = NULL;

	g_assert_false (store_run (t->store, "test", fn, args, &error));
	g_assert_error (error, DIQI_ERROR, code);
}

static void
args_clear (Args *args)
{
	g_free (args->text);
	session_clear (&args->session);
}

static Args
an_officer (void)
{
	Args args = { .now = NOW, .purpose = "login" };

	args.actor = (Actor) { .kind = ACTOR_OFFICER, .person = (char *) "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", .name = (char *) "甲" };
	memset (args.actor.fingerprint.b, 5, sizeof args.actor.fingerprint.b);
	return args;
}

static void
test_challenge_once (TestStore *t)
{
	Args args = an_officer ();

	run (t, tx_challenge, &args);
	g_assert_cmpint (args.expires, ==, NOW + 2 * MICROS_PER_MIN);
	args.purpose = "other";
	refused (t, tx_use, &args, DIQI_ERROR_LOGIN_CHALLENGE);
	args.purpose = "login";
	run (t, tx_use, &args);
	refused (t, tx_use, &args, DIQI_ERROR_LOGIN_CHALLENGE);
	args_clear (&args);
}

static void
test_challenge_expires (TestStore *t)
{
	Args args = an_officer ();

	run (t, tx_challenge, &args);
	args.now = args.expires;
	refused (t, tx_use, &args, DIQI_ERROR_LOGIN_CHALLENGE);
	args.now = args.expires - 1;
	run (t, tx_use, &args);
	args_clear (&args);
	args.text = g_strdup ("never given");
	args.session = (Session) { 0 };
	refused (t, tx_use, &args, DIQI_ERROR_LOGIN_CHALLENGE);
	args_clear (&args);
}

typedef struct {
	TestStore *t;
	Args *args;
	gint won;
} Race;

static gpointer
use_in_thread (gpointer data)
{
	Race *race = data;

	if (store_run (race->t->store, "use", tx_use, race->args, NULL))
		g_atomic_int_inc (&race->won);
	return NULL;
}

static void
test_challenge_race (TestStore *t)
{
	Args args = an_officer ();
	Race race = { t, &args, 0 };
	GThread *threads[16];

	run (t, tx_challenge, &args);
	for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
		threads[i] = g_thread_new ("use", use_in_thread, &race);
	for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
		g_thread_join (threads[i]);
	g_assert_cmpint (race.won, ==, 1);
	args_clear (&args);
}

static void
test_session_life (TestStore *t)
{
	Args args = an_officer ();

	run (t, tx_open, &args);
	g_assert_cmpuint (strlen (args.text), <=, 128);
	g_assert_cmpint (args.session.expires, ==, NOW + 30 * MICROS_PER_MIN);
	run (t, tx_find, &args);
	g_assert_cmpint (args.session.kind, ==, ACTOR_OFFICER);
	g_assert_cmpstr (args.session.person, ==, args.actor.person);
	g_assert_true (fingerprint_equal (&args.session.fingerprint, &args.actor.fingerprint));
	g_assert_false (session_wants_touch (&args.session, NOW + 59 * MICROS_PER_S));
	g_assert_true (session_wants_touch (&args.session, NOW + 60 * MICROS_PER_S));
	args.now = NOW + 30 * MICROS_PER_MIN;
	refused (t, tx_find, &args, DIQI_ERROR_LOGIN_REQUIRED);
	args_clear (&args);
}

/* Used all day, and still over after twelve hours. */
static void
test_absolute_end (TestStore *t)
{
	Args args = an_officer ();

	run (t, tx_open, &args);
	for (args.now = NOW; args.now < NOW + 12 * MICROS_PER_HOUR; args.now += 20 * MICROS_PER_MIN) {
		run (t, tx_find, &args);
		run (t, tx_touch, &args);
	}
	refused (t, tx_find, &args, DIQI_ERROR_LOGIN_REQUIRED);
	args_clear (&args);
}

static void
test_wrong_tokens (TestStore *t)
{
	Args args = an_officer ();
	g_autofree char *token = NULL;

	run (t, tx_open, &args);
	token = g_strdup (args.text);
	args.text[strlen (args.text) - 1] ^= 1;
	refused (t, tx_find, &args, DIQI_ERROR_LOGIN_REQUIRED);
	run (t, tx_close, &args);                   /* does not end somebody else's */
	g_free (args.text);
	args.text = g_strndup (token, 36);
	refused (t, tx_find, &args, DIQI_ERROR_LOGIN_REQUIRED);
	g_free (args.text);
	args.text = g_strnfill (100000, 'a');
	refused (t, tx_find, &args, DIQI_ERROR_LOGIN_REQUIRED);
	g_free (args.text);
	args.text = g_strdup ("");
	refused (t, tx_find, &args, DIQI_ERROR_LOGIN_REQUIRED);
	g_free (args.text);
	args.text = NULL;
	refused (t, tx_find, &args, DIQI_ERROR_LOGIN_REQUIRED);
	args.text = g_strdup (token);
	run (t, tx_find, &args);
	args_clear (&args);
}

static void
test_ends (TestStore *t)
{
	Args first = an_officer (), second = an_officer ();

	run (t, tx_open, &first);
	run (t, tx_open, &second);
	run (t, tx_close, &first);
	refused (t, tx_find, &first, DIQI_ERROR_LOGIN_REQUIRED);
	run (t, tx_close, &first);
	run (t, tx_find, &second);
	run (t, tx_close_all, &second);
	refused (t, tx_find, &second, DIQI_ERROR_LOGIN_REQUIRED);
	args_clear (&first);
	args_clear (&second);
}

static gboolean
tx_token_in_table (Tx *tx, gpointer arg, GError **error)
{
	const Args *args = arg;
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT id, secret_hash, name, fingerprint FROM sessions");
	const char *secret = strchr (args->text, '.') + 1;

	g_assert_true (rows && rows_next (rows, error));
	for (guint i = 0; i < 4; i++) {
		g_autoptr (GBytes) blob = i == 1 ? rows_bytes (rows, i) : NULL;

		if (blob)
			g_assert_null (g_strstr_len (g_bytes_get_data (blob, NULL), g_bytes_get_size (blob), secret));
		else
			g_assert_null (strstr (rows_text (rows, i), secret));
	}
	return TRUE;
}

/* Who reads the table cannot log in with it. */
static void
test_secret_is_not_stored (TestStore *t)
{
	Args args = an_officer ();

	run (t, tx_open, &args);
	run (t, tx_token_in_table, &args);
	args_clear (&args);
}

static gboolean
tx_count (Tx *tx, gpointer arg, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM login_challenges)");

	g_assert_true (rows && rows_next (rows, error));
	((Args *) arg)->expires = rows_int (rows, 0);
	return TRUE;
}

static void
test_purge (TestStore *t)
{
	Args args = an_officer (), challenge = an_officer ();

	run (t, tx_open, &args);
	run (t, tx_challenge, &challenge);
	run (t, tx_purge, &args);
	run (t, tx_count, &args);
	g_assert_cmpint (args.expires, ==, 2);
	args.now = NOW + 3 * MICROS_PER_DAY;
	run (t, tx_purge, &args);
	run (t, tx_count, &args);
	g_assert_cmpint (args.expires, ==, 0);
	args_clear (&args);
	args_clear (&challenge);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	test_store_add ("/identity/challenge/once", test_challenge_once);
	test_store_add ("/identity/challenge/expires", test_challenge_expires);
	test_store_add ("/identity/challenge/race", test_challenge_race);
	test_store_add ("/identity/session/life", test_session_life);
	test_store_add ("/identity/session/absolute-end", test_absolute_end);
	test_store_add ("/identity/session/wrong-tokens", test_wrong_tokens);
	test_store_add ("/identity/session/ends", test_ends);
	test_store_add ("/identity/session/secret-is-not-stored", test_secret_is_not_stored);
	test_store_add ("/identity/session/purge", test_purge);
	return g_test_run ();
}
