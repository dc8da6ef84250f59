/* signer/client_private.h — what the sources of client.h share. */
#pragma once
#include "signer/client.h"

/* Takes message.  The reply object. */
json_t *client_call (SignerClient *client, json_t *message, GError **error);
