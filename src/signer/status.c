/* signer/status.c — revocation lists.
 *
 * A revocation is for ever (RFC 5280 5.3.1; a hold alone may be lifted).  What this signer once called revoked it
 * keeps so, whatever a caller says later: a row changed in the database, or a database from an old copy, brings no
 * certificate back.
 */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "signer/approval.h"
#include "signer/crl.h"
#include "signer/dispatch.h"
#include "signer/protocol.h"

#define CRL_MAX_VALIDITY (31 * MICROS_PER_DAY)

gboolean
status_check_window (const Keyring *keyring, Micros this_update, Micros next_update, Micros most, GError **error)
{
	Micros now = keyring_now (keyring);
	if (this_update > now + CLOCK_TOLERANCE || this_update < now - most)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/this_update", "not now");
	if (next_update <= this_update || next_update - this_update > most)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/next_update", "not after this_update, or too far");
	return TRUE;
}

gboolean
status_check_revocation (const Keyring *keyring, Micros at, gint64 reason, GError **error)
{
	/* 7 is unused, and removeFromCRL is for delta lists, which we have none of. */
	if (reason < 0 || reason > REASON_PRIVILEGE_WITHDRAWN || reason == 7 || reason == REASON_REMOVE_FROM_CRL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/reason", "no reason of RFC 5280 5.3.1 for a full list");
	return at <= keyring_now (keyring) + CLOCK_TOLERANCE || diqi_fail (error, DIQI_ERROR_SIGNER, "/revoked_at", "revoked in the future");
}

const JournalIssue *
status_issued_by (const Keyring *keyring, const KeyringCa *ca, const Serial *serial)
{
	const JournalIssue *issue = journal_by_serial (keyring->journal, serial);
	return issue != NULL && strcmp (issue->ca, ca->pin->name) == 0 ? issue : NULL;
}

/* --- CRL ----------------------------------------------------------------------------- */

static gboolean
remember (const Keyring *keyring, const RevokedEntry *entry, GError **error)
{
	return entry->reason == REASON_HOLD || journal_add_revoked (keyring->journal, keyring_now (keyring), entry, error);
}

static gboolean
unpack_entry (const Keyring *keyring, const KeyringCa *ca, const guint8 *packed, RevokedEntry *entry, GError **error)
{
	guint64 at;
	memcpy (entry->serial.b, packed, sizeof entry->serial.b);
	memcpy (&at, packed + sizeof entry->serial.b, sizeof at);
	entry->revoked_at = (Micros) GUINT64_FROM_BE (at);
	entry->reason = (RevocationReason) packed[CRL_ENTRY_SIZE - 1];
	if (entry->revoked_at < 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/entries", "a time before 1970");
	if (status_issued_by (keyring, ca, &entry->serial) == NULL)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/entries", "this signer never issued one of the serial numbers");
	return status_check_revocation (keyring, entry->revoked_at, entry->reason, error);
}

static RevokedEntry
entry_of (const JournalIssue *issue)
{
	return (RevokedEntry) { issue->serial, issue->revoked_at, issue->reason };
}

/* As the caller has them, remembered from now on. */
static gboolean
add_stated (const Keyring *keyring, const KeyringCa *ca, GBytes *packed, GHashTable *seen, GArray *entries, GError **error)
{
	gsize size;
	const guint8 *p = g_bytes_get_data (packed, &size);
	if (size % CRL_ENTRY_SIZE != 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/entries", "not whole entries");
	for (gsize at = 0; at < size; at += CRL_ENTRY_SIZE) {
		RevokedEntry entry;
		if (!unpack_entry (keyring, ca, p + at, &entry, error))
			return FALSE;
		/* The journal has one object a serial: the same object twice is the same serial twice. */
		const JournalIssue *issue = journal_by_serial (keyring->journal, &entry.serial);
		if (!g_hash_table_add (seen, (gpointer) issue))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/entries", "a serial number twice");
		if (issue->revoked)
			entry = entry_of (issue);
		g_array_append_val (entries, entry);
	}
	return TRUE;
}

/* Those the caller forgot, until they expire. */
static void
add_forgotten (const Keyring *keyring, const KeyringCa *ca, GHashTable *seen, GArray *entries)
{
	const GPtrArray *revoked = journal_revoked (keyring->journal);
	Micros now = keyring_now (keyring);
	guint forgotten = 0;
	for (guint i = 0; i < revoked->len; i++) {
		const JournalIssue *issue = g_ptr_array_index (revoked, i);
		if (issue->not_after < now || strcmp (issue->ca, ca->pin->name) != 0 || g_hash_table_contains (seen, issue))
			continue;
		RevokedEntry entry = entry_of (issue);
		g_array_append_val (entries, entry);
		forgotten++;
	}
	if (forgotten > 0)
		log_event (LOG_LEVEL_WARN, "signer.unrevoked", "certificates", "%u", forgotten, NULL);
}

static gboolean
remember_all (const Keyring *keyring, const GArray *entries, GError **error)
{
	for (guint i = 0; i < entries->len; i++)
		if (!remember (keyring, &g_array_index (entries, RevokedEntry, i), error))
			return FALSE;
	return TRUE;
}

static GArray *
read_entries (const Keyring *keyring, const KeyringCa *ca, GBytes *packed, GError **error)
{
	g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (RevokedEntry));
	g_autoptr (GHashTable) seen = g_hash_table_new (g_direct_hash, g_direct_equal);
	if (!add_stated (keyring, ca, packed, seen, entries, error))
		return NULL;
	add_forgotten (keyring, ca, seen, entries);
	return g_steal_pointer (&entries);
}

json_t *
message_crl (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const char *name = NULL;
	gint64 number;
	Micros this_update, next_update;
	g_autoptr (GBytes) packed = NULL;
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "ca", FIELD_STRING, FALSE, 32, &name }, { "number", FIELD_INT, TRUE, 0, &number },
		{ "this_update", FIELD_TIME, TRUE, 0, &this_update }, { "next_update", FIELD_TIME, TRUE, 0, &next_update },
		{ "entries", FIELD_BASE64, TRUE, CRL_MAX_ENTRIES * CRL_ENTRY_SIZE, &packed },
	};
	if (!JSON_READ (message, "", fields, error) || !status_check_window (keyring, this_update, next_update, CRL_MAX_VALIDITY, error))
		return NULL;
	const KeyringCa *ca = keyring_ca_asked (keyring, name, error);
	if (ca == NULL)
		return NULL;
	guint64 last = journal_crl_number (keyring->journal, ca->pin->name);
	if (number <= 0 || (guint64) number <= last) {
		/* RFC 5280 5.2.3: numbers rise; two lists with one number could hide a revocation. */
		diqi_error_set (error, DIQI_ERROR_SIGNER, "/number", "the last CRL had number %" G_GUINT64_FORMAT, last);
		return NULL;
	}
	g_autoptr (GArray) entries = read_entries (keyring, ca, packed, error);
	if (entries == NULL)
		return NULL;
	g_autoptr (GBytes) crl = issuer_sign_crl (ca->issuer, (guint64) number, this_update, next_update,
	                                          (const RevokedEntry *) (gpointer) entries->data, entries->len, error);
	if (crl == NULL || !remember_all (keyring, entries, error))
		return NULL;
	journal_add_crl (keyring->journal, ca->pin->name, keyring_now (keyring), (guint64) number, crl, entries->len);
	json_t *reply = json_object ();
	json_object_set_new (reply, "crl", json_base64 (g_bytes_get_data (crl, NULL), g_bytes_get_size (crl)));
	return reply;
}
