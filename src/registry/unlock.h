/* registry/unlock.h — the ticket that unlocks a token's PIN.
 *
 * An approved application of service unlock_pin is the ticket; the token is the one its form names, and so both approvals
 * do.  The signer gives the administrator PIN out to the first key that a clerk names (signer/token.c); here it is written
 * down and logged.  Use: unlock_ticket_open, the signer, unlock_ticket_take; later unlock_ticket_close.
 */
#pragma once
#include "registry/two_officers.h"

typedef struct {
	char *request, *review, *complete;     /* what the signer judges: the service request and both approvals over it */
} UnlockTicket;
void unlock_ticket_clear (UnlockTicket *ticket);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnlockTicket, unlock_ticket_clear)

/* statement: the clerk's "token.unlock" for this key.  DIQI_ERROR_APPLICATION_STATE, _SAME_PERSON, _STATEMENT_TARGET,
 * _TICKET_USED with another key. */
gboolean unlock_ticket_open (Tx *tx, const Registry *registry, const Actor *actor, const char *id, const Statement *statement,
                             const Fingerprint *spki, UnlockTicket *out, GError **error);
/* After the signer gave the PIN to that key: once a row and a leaf. */
gboolean unlock_ticket_take (Tx *tx, const Registry *registry, const Actor *actor, const char *id, const Statement *statement,
                             const Fingerprint *spki, GError **error);
/* statement: the clerk's "token.unlocked"; completes the application. */
gboolean unlock_ticket_close (Tx *tx, Registry *registry, const Actor *actor, const char *id, const Statement *statement,
                              json_t **view, GError **error);
/* A blank token was made ready: two statements "token.initialise" over serial and key.  To be called before the signer,
 * which judges them again and says whether the serial is still free; then for the leaf. */
gboolean token_initialise_check (const Registry *registry, const TwoOfficers *two, const char *token, const Fingerprint *spki, GError **error);
gboolean token_initialise_record (Tx *tx, const Registry *registry, const TwoOfficers *two, const char *token, GError **error);
