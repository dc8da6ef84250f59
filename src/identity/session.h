/* identity/session.h — login challenges and sessions.
 *
 * No passwords: a challenge is signed with the certificate's key, and a session is opened for the
 * certificate that signed it.  The token is shown once and stored only as SHA-256.  A session ends by
 * logout, 30 minutes without a request, 12 hours in all, or revocation of its certificate (which the
 * caller checks at every request against authority's status index).
 */
#pragma once
#include "identity/actor.h"
#include "store/store.h"

#define CHALLENGE_LIFE (2 * MICROS_PER_MIN)
#define SESSION_IDLE (30 * MICROS_PER_MIN)
#define SESSION_LIFE (12 * MICROS_PER_HOUR)

/* purpose: "login" for now.  Both out parameters may not be NULL; caller frees *challenge. */
gboolean challenge_new (Tx *tx, const char *purpose, Micros now, char **challenge, Micros *expires, GError **error);
/* Takes the challenge out of use.  Unknown, used, expired, other purpose: DIQI_ERROR_LOGIN_CHALLENGE. */
gboolean challenge_use (Tx *tx, const char *challenge, const char *purpose, Micros now, GError **error);

typedef struct {
	char *id;
	ActorKind kind;           /* officer or holder */
	char *person;             /* officers */
	char *subject;            /* holders */
	char *name;
	Fingerprint fingerprint;
	Micros created, last_seen;
	Micros expires;           /* the earlier of idle and absolute end, as of last_seen */
} Session;
void session_clear (Session *session);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Session, session_clear)

/* actor: officer or holder, with fingerprint.  Caller frees *token, at most 128 characters of [A-Za-z0-9_.-];
 * out may be NULL. */
gboolean session_open (Tx *tx, const Actor *actor, Micros now, char **token, Session *out, GError **error);
/* Read only.  DIQI_ERROR_LOGIN_REQUIRED when unknown, ended or expired.  Roles are not in the session:
 * they are looked up in the officers' list at every request. */
gboolean session_find (Tx *tx, const char *token, Micros now, Session *out, GError **error);
/* A request was seen; call in a write transaction when session_wants_touch says so (at most once a minute). */
gboolean session_wants_touch (const Session *session, Micros now);
gboolean session_touch (Tx *tx, const char *session_id, Micros now, GError **error);
/* Logging out twice, or without a session, is no error. */
gboolean session_close (Tx *tx, const char *token, Micros now, GError **error);
/* Ends every session of a certificate (revocation). */
gboolean session_close_all (Tx *tx, const Fingerprint *certificate, Micros now, GError **error);
/* Deletes challenges and sessions that ended more than a day ago. */
gboolean session_purge (Tx *tx, Micros now, GError **error);
