/* signer/status_log.c — see status_log.h. */
#include "signer/status_log.h"

#include <string.h>

#include "base/error.h"
#include "signer/pins.h"

struct StatusLog {
	GHashTable *by_ca;            /* interned name → Revocations, owned */
	GHashTable *used;             /* UsedRequest, owned */
};

typedef struct {
	Fingerprint request;
	Serial serial;
} UsedRequest;

static guint
used_key (gconstpointer p)
{
	guint key;
	memcpy (&key, ((const UsedRequest *) p)->request.b, sizeof key);
	return key;
}

static gboolean
used_same (gconstpointer a, gconstpointer b)
{
	const UsedRequest *x = a, *y = b;
	return fingerprint_equal (&x->request, &y->request) && memcmp (&x->serial, &y->serial, sizeof x->serial) == 0;
}

StatusLog *
status_log_new (void)
{
	StatusLog *log = g_new0 (StatusLog, 1);
	log->by_ca = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, (GDestroyNotify) revocations_free);
	log->used = g_hash_table_new_full (used_key, used_same, g_free, NULL);
	return log;
}

void
status_log_free (StatusLog *log)
{
	if (log == NULL)
		return;
	g_hash_table_unref (log->by_ca);
	g_hash_table_unref (log->used);
	g_free (log);
}

Revocations *
status_log_of (StatusLog *log, const char *ca)
{
	const char *name = g_intern_string (ca);
	Revocations *revocations = g_hash_table_lookup (log->by_ca, name);
	if (revocations == NULL) {
		revocations = revocations_new ();
		g_hash_table_insert (log->by_ca, (gpointer) name, revocations);
	}
	return revocations;
}

gboolean
status_log_has_lifted (const StatusLog *log, const Fingerprint *request, const Serial *serial)
{
	const UsedRequest key = { *request, *serial };
	return g_hash_table_contains (log->used, &key);
}

static gboolean
lift (StatusLog *log, const char *ca, const Fingerprint *request, const Serial *serial)
{
	const UsedRequest key = { *request, *serial };
	if (ca == NULL || !revocations_lift (status_log_of (log, ca), serial))
		return FALSE;
	g_hash_table_add (log->used, g_memdup2 (&key, sizeof key));
	return TRUE;
}

/* --- reading ------------------------------------------------------------------ */

static gboolean
replay_revoked (StatusLog *log, ChainLine *record, StatusLogIssuer issuer, gpointer user, Micros *time, GError **error)
{
	const char *type, *serial;
	gint64 reason;
	Micros not_after;
	RevokedEntry entry = { 0 };
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, time },
		{ "serial", FIELD_STRING, TRUE, 40, &serial }, { "revoked_at", FIELD_TIME, TRUE, 0, &entry.revoked_at },
		{ "reason", FIELD_INT, TRUE, 0, &reason }, { "not_after", FIELD_TIME, TRUE, 0, &not_after },
	};
	if (!CHAIN_LINE_READ (record, fields, error))
		return FALSE;
	if (!serial_from_hex (serial, &entry.serial) || reason < 0 || reason > REASON_PRIVILEGE_WITHDRAWN)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/serial", "not a revocation");
	entry.reason = (RevocationReason) reason;
	const char *ca = issuer (user, &entry.serial);
	return (ca != NULL && revocations_put (status_log_of (log, ca), &entry, not_after))
		|| diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "a revocation of no certificate, or of one twice");
}

static gboolean
replay_unheld (StatusLog *log, ChainLine *record, StatusLogIssuer issuer, gpointer user, Micros *time, GError **error)
{
	const char *type, *serial, *request, *review, *complete;
	Serial lifted;
	Fingerprint hash;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, time }, { "serial", FIELD_STRING, TRUE, 40, &serial },
		{ "request", FIELD_HEX32, TRUE, 0, &request }, { "review", FIELD_HEX32, TRUE, 0, &review }, { "complete", FIELD_HEX32, TRUE, 0, &complete },
	};
	if (!CHAIN_LINE_READ (record, fields, error))
		return FALSE;
	if (!serial_from_hex (serial, &lifted) || !hex_decode (request, hash.b, sizeof hash.b))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/serial", "not a lifted hold");
	return lift (log, issuer (user, &lifted), &hash, &lifted) || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the end of a hold that is none");
}

static gboolean
take_list (Revocations *revocations, const char *list, guint64 number, gint64 shard, gboolean base, Micros time, GError **error)
{
	ListKind kind;
	if (list == NULL) {
		if (number <= revocations_number (revocations))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/number", "CRL numbers do not rise");
		revocations_skip_to (revocations, number);
		return TRUE;
	}
	if (!list_kind_from_name (list, &kind) || shard < 0 || shard > G_MAXUINT8)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/list", "no list of this kind");
	if (number < revocations_number (revocations) || number <= revocations_list_number (revocations, kind, (guint) shard))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/number", "CRL numbers do not rise");
	revocations_published (revocations, kind, (guint) shard, number, base, time);
	return TRUE;
}

static gboolean
replay_list (StatusLog *log, ChainLine *record, Micros *time, GError **error)
{
	const char *type, *hash, *ca = PINS_FIRST_CA, *list = NULL;
	gint64 number, entries, shard = 0;
	gboolean base = FALSE;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, time }, { "ca", FIELD_STRING, FALSE, 32, &ca },
		{ "list", FIELD_STRING, FALSE, 8, &list }, { "shard", FIELD_INT, FALSE, 0, &shard }, { "base", FIELD_BOOL, FALSE, 0, &base },
		{ "number", FIELD_INT, TRUE, 0, &number }, { "hash", FIELD_HEX32, TRUE, 0, &hash }, { "entries", FIELD_INT, TRUE, 0, &entries },
	};
	if (!CHAIN_LINE_READ (record, fields, error))
		return FALSE;
	if (number <= 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/number", "not the number of a list");
	return take_list (status_log_of (log, ca), list, (guint64) number, shard, base, *time, error);
}

gboolean
status_log_replay (StatusLog *log, ChainLine *record, StatusLogIssuer issuer, gpointer user, Micros *time, GError **error)
{
	if (chain_line_says (record, "type", "revoked"))
		return replay_revoked (log, record, issuer, user, time, error);
	if (chain_line_says (record, "type", "unheld"))
		return replay_unheld (log, record, issuer, user, time, error);
	return replay_list (log, record, time, error);
}

/* --- writing ------------------------------------------------------------------- */

static void
put_hash (json_t *record, const char *key, const Fingerprint *hash)
{
	json_object_set_new (record, key, json_hex (hash->b, sizeof hash->b));
}

json_t *
status_log_revoked (StatusLog *log, const char *ca, const RevokedEntry *entry, Micros not_after)
{
	if (!revocations_put (status_log_of (log, ca), entry, not_after))
		return NULL;
	json_t *record = json_object ();
	json_object_set_new (record, "serial", json_hex (entry->serial.b, sizeof entry->serial.b));
	json_object_set_new (record, "revoked_at", json_time (entry->revoked_at));
	json_object_set_new (record, "reason", json_integer ((json_int_t) entry->reason));
	json_object_set_new (record, "not_after", json_time (not_after));
	return record;
}

json_t *
status_log_unheld (StatusLog *log, const char *ca, const Lifting *lifting)
{
	if (!lift (log, ca, &lifting->request, &lifting->serial))
		return NULL;
	json_t *record = json_object ();
	json_object_set_new (record, "serial", json_hex (lifting->serial.b, sizeof lifting->serial.b));
	put_hash (record, "request", &lifting->request);
	put_hash (record, "review", &lifting->review);
	put_hash (record, "complete", &lifting->complete);
	return record;
}

json_t *
status_log_list (StatusLog *log, const ListMade *made, gboolean first, Micros time)
{
	Revocations *revocations = status_log_of (log, made->ca);
	json_t *record = json_object ();
	if (!first)
		json_object_set_new (record, "ca", json_string (made->ca));
	json_object_set_new (record, "list", json_string (list_kind_name (made->kind)));
	if (made->kind == LIST_SHARD)
		json_object_set_new (record, "shard", json_integer ((json_int_t) made->shard));
	if (made->base)
		json_object_set_new (record, "base", json_true ());
	json_object_set_new (record, "number", json_integer ((json_int_t) made->number));
	json_object_set_new (record, "entries", json_integer ((json_int_t) made->entries));
	put_hash (record, "hash", &made->hash);
	revocations_published (revocations, made->kind, made->shard, made->number, made->base, time);
	return record;
}
