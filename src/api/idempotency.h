/* api/idempotency.h — an Idempotency-Key causes its effect once.
 *
 * The record is written in the transaction of the effect, so a crash leaves either both
 * or neither.  The same key with the same request gives the recorded answer; with another
 * request DIQI_ERROR_IDEMPOTENCY_REUSED.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "pki/key.h"
#include "store/store.h"

typedef struct {
	const char *actor, *key;
	Fingerprint request;
} IdempotencyKey;

/* *found FALSE: not used yet.  *reply: new reference. */
gboolean idempotency_find (Tx *tx, const IdempotencyKey *key, gboolean *found, guint *status, json_t **reply, GError **error);
/* A concurrent twin that was first shows as DIQI_ERROR_STORE_CONSTRAINT: run again, and find it. */
gboolean idempotency_record (Tx *tx, const IdempotencyKey *key, guint status, const json_t *reply, Micros now, GError **error);
/* Forgets what is older than `before`; keys of quotes live as long as their sale, which is why the
 * statement in them is refused a second time by the log as well. */
gboolean idempotency_purge (Tx *tx, Micros before, GError **error);
