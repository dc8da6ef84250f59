/* identity/session.c — challenges and sessions.
 *
 * Both begin with a UUIDv7, so that their rows stay in time order; what must not be guessed follows
 * after a dot.  A session is found by its id and proven by the hash of its secret.
 */
#include "identity/session.h"

#include "base/error.h"
#include "base/random.h"
#include "identity/identity_db.h"
#include "identity/secret.h"

#define SECRET_BYTES 32
#define ID_LENGTH 36
#define TOKEN_MAX 128
#define TOUCH_EVERY MICROS_PER_MIN
#define KEEP_ENDED MICROS_PER_DAY

static char *
fresh_token (Micros now, char **id)
{
	g_autofree char *uuid = uuid7_new (now);
	g_autofree char *secret = random_token (SECRET_BYTES);
	char *token = g_strdup_printf ("%s.%s", uuid, secret);

	if (id)
		*id = g_steal_pointer (&uuid);
	return token;
}

gboolean
challenge_new (Tx *tx, const char *purpose, Micros now, char **challenge, Micros *expires, GError **error)
{
	g_autofree char *fresh = fresh_token (now, NULL);

	if (!db_challenge_insert (tx, fresh, purpose, now + CHALLENGE_LIFE, error))
		return FALSE;
	*challenge = g_steal_pointer (&fresh);
	*expires = now + CHALLENGE_LIFE;
	return TRUE;
}

gboolean
challenge_use (Tx *tx, const char *challenge, const char *purpose, Micros now, GError **error)
{
	gboolean used;

	if (!db_challenge_use (tx, challenge, purpose, now, &used, error))
		return FALSE;
	return used || diqi_fail (error, DIQI_ERROR_LOGIN_CHALLENGE, "/statement/challenge",
	                          "ask for a new challenge: this one is unknown, used, expired or for another purpose");
}

void
session_clear (Session *session)
{
	g_free (session->id);
	g_free (session->person);
	g_free (session->subject);
	g_free (session->name);
	memset (session, 0, sizeof *session);
}

static Micros
session_end_time (const Session *session)
{
	return MIN (session->last_seen + SESSION_IDLE, session->created + SESSION_LIFE);
}

gboolean
session_open (Tx *tx, const Actor *actor, Micros now, char **token, Session *out, GError **error)
{
	g_autofree char *id = NULL;
	g_autofree char *fresh = fresh_token (now, &id);
	g_auto (Session) session = { 0 };
	Fingerprint secret;

	g_assert (actor->kind == ACTOR_OFFICER || actor->kind == ACTOR_HOLDER);
	session = (Session) {
		.id = g_steal_pointer (&id),
		.kind = actor->kind,
		.person = g_strdup (actor->person),
		.subject = g_strdup (actor->subject),
		.name = g_strdup (actor->name),
		.fingerprint = actor->fingerprint,
		.created = now,
		.last_seen = now,
	};
	session.expires = session_end_time (&session);
	secret_hash (fresh, &secret);
	if (!db_session_insert (tx, &session, &secret, error))
		return FALSE;
	*token = g_steal_pointer (&fresh);
	if (out) {
		*out = session;
		memset (&session, 0, sizeof session);
	}
	return TRUE;
}

/* "<uuid>.<secret>"; NULL for what cannot be a token. */
static char *
token_id (const char *token)
{
	g_autofree char *id = NULL;
	gsize n = token ? strnlen (token, TOKEN_MAX + 1) : 0;

	if (n <= ID_LENGTH + 1 || n > TOKEN_MAX || token[ID_LENGTH] != '.')
		return NULL;
	id = g_strndup (token, ID_LENGTH);
	return uuid_is_valid (id) ? g_steal_pointer (&id) : NULL;
}

static gboolean
no_session (GError **error)
{
	return diqi_fail (error, DIQI_ERROR_LOGIN_REQUIRED, NULL, "the session is unknown or has ended");
}

gboolean
session_find (Tx *tx, const char *token, Micros now, Session *out, GError **error)
{
	g_autofree char *id = token_id (token);
	g_auto (Session) session = { 0 };
	Fingerprint presented, stored;
	gboolean found;

	if (!id)
		return no_session (error);
	if (!db_session_get (tx, id, &session, &stored, &found, error))
		return FALSE;
	secret_hash (token, &presented);
	if (!found || !secret_equal (&presented, &stored))
		return no_session (error);
	session.expires = session_end_time (&session);
	if (now >= session.expires)
		return no_session (error);
	*out = session;
	memset (&session, 0, sizeof session);
	return TRUE;
}

gboolean
session_wants_touch (const Session *session, Micros now)
{
	return now >= session->last_seen + TOUCH_EVERY;
}

gboolean
session_touch (Tx *tx, const char *session_id, Micros now, GError **error)
{
	return db_session_touch (tx, session_id, now, error);
}

gboolean
session_close (Tx *tx, const char *token, Micros now, GError **error)
{
	g_autofree char *id = token_id (token);
	Fingerprint secret;

	if (!id)
		return TRUE;
	secret_hash (token, &secret);
	return db_session_end (tx, id, &secret, now, error);
}

gboolean
session_close_all (Tx *tx, const Fingerprint *certificate, Micros now, GError **error)
{
	g_autofree char *fingerprint = fingerprint_hex (certificate);

	return db_session_end_certificate (tx, fingerprint, now, error);
}

gboolean
session_purge (Tx *tx, Micros now, GError **error)
{
	return db_challenge_purge (tx, now - KEEP_ENDED, error) &&
	       db_session_purge (tx, now - SESSION_LIFE - KEEP_ENDED, error);
}
