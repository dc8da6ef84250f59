/* signer/status.c — OCSP answers and revocation lists.
 *
 * DigiNotar 2011: certificates the authority had no record of, and OCSP called them good.  Here
 * "good" and "revoked" are said only of a serial in the signer's own journal, and which serial a
 * CertID means is read from its bytes, not from what the caller says about it.
 *
 * A revocation is for ever (RFC 5280 5.3.1; a hold alone may be lifted).  What this signer once called revoked it
 * keeps so, whatever a caller says later: a row changed in the database, or a database from an old copy, brings no
 * certificate back.
 */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "signer/approval.h"
#include "signer/dispatch.h"
#include "signer/protocol.h"

#define OCSP_MAX_VALIDITY (10 * MICROS_PER_DAY)
#define CRL_MAX_VALIDITY (31 * MICROS_PER_DAY)

static gboolean
check_window (const Keyring *keyring, Micros this_update, Micros next_update, Micros most, GError **error)
{
	Micros now = keyring_now (keyring);
	if (this_update > now + CLOCK_TOLERANCE || this_update < now - most)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/this_update", "not now");
	if (next_update <= this_update || next_update - this_update > most)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/next_update", "not after this_update, or too far");
	return TRUE;
}

static gboolean
check_revocation (const Keyring *keyring, Micros at, gint64 reason, GError **error)
{
	/* 7 is unused, and removeFromCRL is for delta lists, which we have none of. */
	if (reason < 0 || reason > REASON_PRIVILEGE_WITHDRAWN || reason == 7 || reason == REASON_REMOVE_FROM_CRL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/reason", "no reason of RFC 5280 5.3.1 for a full list");
	return at <= keyring_now (keyring) + CLOCK_TOLERANCE || diqi_fail (error, DIQI_ERROR_SIGNER, "/revoked_at", "revoked in the future");
}

/* --- OCSP --------------------------------------------------------------------------- */

static void
der_wrap (GByteArray *der, guint8 tag)
{
	guint8 header[5] = { tag };
	guint n = der->len, used;
	if (n < 0x80) {
		header[1] = (guint8) n;
		used = 2;
	} else {
		header[1] = 0x83;
		header[2] = (guint8) (n >> 16), header[3] = (guint8) (n >> 8), header[4] = (guint8) n;
		/* DER: the shortest length form. */
		guint skip = n < 0x100 ? 2 : n < 0x10000 ? 1 : 0;
		header[1] = (guint8) (0x83 - skip);
		memmove (header + 2, header + 2 + skip, 3 - skip);
		used = 5 - skip;
	}
	g_byte_array_prepend (der, header, used);
}

static gboolean
add_cert_id (GByteArray *requests, const json_t *single, gsize i, GError **error)
{
	g_autofree char *at = g_strdup_printf ("/singles/%" G_GSIZE_FORMAT "/cert_id", i);
	const char *text = json_string_value (json_object_get (single, "cert_id"));
	g_autoptr (GBytes) id = text != NULL ? base64_decode_strict (text, strlen (text), NULL) : NULL;
	if (id == NULL || g_bytes_get_size (id) > 512)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "no CertID");
	g_autoptr (GByteArray) request = g_byte_array_new ();
	g_byte_array_append (request, g_bytes_get_data (id, NULL), (guint) g_bytes_get_size (id));
	der_wrap (request, 0x30);     /* Request ::= SEQUENCE { reqCert } */
	g_byte_array_append (requests, request->data, request->len);
	return TRUE;
}

/* The CertIDs as an OCSPRequest of our own making, so that pki's one strict reader says whose they are. */
static OcspRequest *
reread (const KeyringCa *ca, const json_t *singles, GError **error)
{
	g_autoptr (GByteArray) der = g_byte_array_new ();
	size_t i;
	json_t *single;
	json_array_foreach (singles, i, single)
		if (!add_cert_id (der, single, i, error))
			return NULL;
	der_wrap (der, 0x30);         /* requestList */
	der_wrap (der, 0x30);         /* TBSRequest */
	der_wrap (der, 0x30);         /* OCSPRequest */
	g_autoptr (OcspRequest) request = ocsp_request_parse (der->data, der->len, ca->pin->certificate, error);
	if (request == NULL)
		return NULL;
	if (request->singles->len != json_array_size (singles)) {
		diqi_error_set (error, DIQI_ERROR_REQUEST, "/singles", "not the CertIDs they seem to be");
		return NULL;
	}
	return g_steal_pointer (&request);
}

/* A certificate of this CA in the journal; NULL: it never issued that. */
static const JournalIssue *
issued_by (const Keyring *keyring, const KeyringCa *ca, const Serial *serial)
{
	const JournalIssue *issue = journal_by_serial (keyring->journal, serial);
	return issue != NULL && strcmp (issue->ca, ca->pin->name) == 0 ? issue : NULL;
}

static gboolean
status_from_name (const char *name, CertStatus *out)
{
	static const char *const names[] = { [CERT_STATUS_GOOD] = "good", [CERT_STATUS_REVOKED] = "revoked", [CERT_STATUS_UNKNOWN] = "unknown" };
	for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
		if (strcmp (names[i], name) == 0) {
			*out = (CertStatus) i;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean
read_single (const Keyring *keyring, const KeyringCa *ca, const json_t *object, OcspSingle *single, GError **error)
{
	const char *cert_id, *status;
	Micros revoked_at = -1;
	gint64 reason = -1;
	const Field fields[] = {
		{ "cert_id", FIELD_STRING, TRUE, 1024, &cert_id }, { "status", FIELD_STRING, TRUE, 16, &status },
		{ "revoked_at", FIELD_TIME, FALSE, 0, &revoked_at }, { "reason", FIELD_INT, FALSE, 0, &reason },
	};
	if (!JSON_READ (object, "/singles", fields, error))
		return FALSE;
	if (!status_from_name (status, &single->status))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/singles/status", "good, revoked or unknown");
	if (single->status != CERT_STATUS_UNKNOWN && (!single->ours || issued_by (keyring, ca, &single->serial) == NULL))
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/singles/status", "this signer never issued that serial number");
	gboolean revoked = single->status == CERT_STATUS_REVOKED;
	if (revoked != (revoked_at >= 0) || revoked != (reason >= 0))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/singles/revoked_at", "revoked_at and reason belong to revoked, and only there");
	if (!revoked)
		return TRUE;
	single->revoked_at = revoked_at;
	single->reason = (RevocationReason) reason;
	return check_revocation (keyring, revoked_at, reason, error);
}

static gboolean
remember (const Keyring *keyring, const RevokedEntry *entry, GError **error)
{
	return entry->reason == REASON_HOLD || journal_add_revoked (keyring->journal, keyring_now (keyring), entry, error);
}

/* What was said before goes before what is said now. */
static gboolean
recall_single (const Keyring *keyring, const KeyringCa *ca, OcspSingle *single, GError **error)
{
	const JournalIssue *issue = single->ours ? issued_by (keyring, ca, &single->serial) : NULL;
	if (issue != NULL && issue->revoked) {
		single->status = CERT_STATUS_REVOKED;
		single->revoked_at = issue->revoked_at;
		single->reason = issue->reason;
		return TRUE;
	}
	const RevokedEntry entry = { single->serial, single->revoked_at, single->reason };
	return single->status != CERT_STATUS_REVOKED || remember (keyring, &entry, error);
}

static OcspRequest *
read_answer (const Keyring *keyring, const KeyringCa *ca, const json_t *singles, GBytes *nonce, GError **error)
{
	g_autoptr (OcspRequest) answered = reread (ca, singles, error);
	if (answered == NULL)
		return NULL;
	for (guint i = 0; i < answered->singles->len; i++) {
		OcspSingle *single = &g_array_index (answered->singles, OcspSingle, i);
		if (!read_single (keyring, ca, json_array_get (singles, i), single, error) || !recall_single (keyring, ca, single, error))
			return NULL;
	}
	if (nonce != NULL)
		answered->nonce = g_bytes_ref (nonce);
	return g_steal_pointer (&answered);
}

json_t *
message_ocsp (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const char *name = NULL;
	json_t *singles;
	Micros this_update, next_update;
	g_autoptr (GBytes) nonce = NULL;
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "ca", FIELD_STRING, FALSE, 32, &name }, { "singles", FIELD_ARRAY, TRUE, OCSP_MAX_SINGLE, &singles },
		{ "this_update", FIELD_TIME, TRUE, 0, &this_update }, { "next_update", FIELD_TIME, TRUE, 0, &next_update },
		{ "nonce", FIELD_BASE64, FALSE, 128, &nonce },       /* RFC 9654 2.1 */
	};
	if (!JSON_READ (message, "", fields, error) || !check_window (keyring, this_update, next_update, OCSP_MAX_VALIDITY, error))
		return NULL;
	const KeyringCa *ca = keyring_ca_asked (keyring, name, error);
	g_autoptr (OcspRequest) answered = ca == NULL ? NULL : read_answer (keyring, ca, singles, nonce, error);
	if (answered == NULL)
		return NULL;
	g_autoptr (GBytes) response = ocsp_responder_sign (ca->responder, answered, keyring_now (keyring), this_update, next_update, error);
	if (response == NULL)
		return NULL;
	json_t *reply = json_object ();
	json_object_set_new (reply, "response", json_base64 (g_bytes_get_data (response, NULL), g_bytes_get_size (response)));
	return reply;
}

/* --- CRL ----------------------------------------------------------------------------- */

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
	if (issued_by (keyring, ca, &entry->serial) == NULL)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/entries", "this signer never issued one of the serial numbers");
	return check_revocation (keyring, entry->revoked_at, entry->reason, error);
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
	if (!JSON_READ (message, "", fields, error) || !check_window (keyring, this_update, next_update, CRL_MAX_VALIDITY, error))
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
