/* outbox/webhook.h — Standard Webhooks (www.standardwebhooks.com): how a notice to a gateway is signed. */
#pragma once
#include "base/clock.h"
#include <glib.h>

/* "whsec_" + base64 of 24 to 64 bytes; NULL with DIQI_ERROR_CONFIG. */
GBytes *webhook_secret_parse (const char *text, GError **error);
/* "v1," + base64 (HMAC-SHA-256 (secret, id "." seconds "." body)); caller frees. */
char *webhook_signature (GBytes *secret, const char *id, gint64 seconds, const char *body, gsize n);
