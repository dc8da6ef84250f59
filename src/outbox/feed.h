/* outbox/feed.h — the secret address of a holder's calendar.  One a subject; a new one ends the old.  Only a hash is stored. */
#pragma once
#include "base/clock.h"
#include "store/store.h"

gboolean feed_open (Tx *tx, const char *subject, const char *token, Micros now, GError **error);
/* Whose it is; DIQI_ERROR_NOT_FOUND. */
gboolean feed_owner (Tx *tx, const char *token, char **subject, GError **error);
