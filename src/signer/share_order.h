/* signer/share_order.h — what the key centre says an agent's share is wanted for.
 *
 * A statement "recovery.order" of the signer's receipt key: {application, recovery, serial, fresh, transport, approvers}.  The web server
 * in between cannot make one, as the signer signs it only for a recovery that two officers approved.  An agent whose program looks at it
 * gives his share to the key centre and nobody else, and for the certificate that was approved.
 */
#pragma once
#include "pki/statement.h"

#define SHARE_ORDER_APPROVERS 2

typedef struct {
	const char *application, *recovery;     /* id of the service request, and its hash */
	const char *serial;                     /* of the encryption certificate, 40 hex digits */
	const char *fresh, *transport;          /* SHA-256 of SPKIs in hex: the requester's, and the one that shares are sealed to */
	const char *approvers[SHARE_ORDER_APPROVERS];      /* their names */
} ShareOrder;

/* The compact statement of that type. */
char *share_order_sign (const ShareOrder *order, const char *site, Micros now, const PrivateKey *key, const Certificate *receipt, GError **error);

/* What a server sent with the order: certificates of receipt key, its CA, and root. */
#define SHARE_ORDER_CHAIN 3
/* Reads it and checks that it is the key centre's: signed by a receipt certificate, in `chain`, of the CA that certified `own`, the agent's,
 * or of one under `root` (NULL: none is at hand).  The texts of *out live as long as the statement.  DIQI_ERROR_STATEMENT…, _CERTIFICATE_CHAIN. */
Statement *share_order_open (const char *compact, Certificate *const chain[SHARE_ORDER_CHAIN], const Certificate *own, const Certificate *root,
                             ShareOrder *out, GError **error);
