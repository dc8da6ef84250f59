/* signer/client_private.h — what the sources of client.h share. */
#pragma once
#include "signer/client.h"

typedef struct {
	const char *request;
	gsize request_n;
	guint copy;
	const Serial *serial, *encryption;       /* encryption NULL: one certificate */
	const char *reviewer, *issuer;
} ClientOrder;
/* Asks again while the key centre makes a pair.  The reply's members (protocol.h, compact). */
GBytes *client_issue (SignerClient *client, const ClientOrder *order, GError **error);

/* Takes message.  The reply object. */
json_t *client_call (SignerClient *client, json_t *message, GError **error);
