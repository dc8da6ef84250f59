/* signer/crl.c — what is revoked and held, and the lists that say so.
 *
 * A revocation is for ever (RFC 5280 5.3.1; a hold alone may be lifted).  What this signer once called revoked or held it keeps
 * so, whatever a caller says later: a row changed in the database, or a database from an old copy, brings no certificate
 * back.  The end of a hold needs the two officers' approvals over the service request that asks for it; each request ends one hold once, and
 * none that began after it was approved.
 *
 * The caller tells what changed, once; lists are made from what is remembered.
 */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "signer/approval.h"
#include "signer/crl.h"
#include "signer/dispatch.h"
#include "signer/protocol.h"
#include "signer/service_request.h"

/* Twice what the authority says (authority/lifetimes.h): a web server that lies cannot keep lists in store that outlive a revocation for long. */
#define CRL_MAX_VALIDITY (2 * MICROS_PER_DAY)
/* How far a list's number may be above the time in seconds, from which callers count, or above the last one.  JSON ends at 2^53: whoever
 * used up all numbers would keep every later revocation off the lists, for good. */
#define NUMBER_LEAP (G_GINT64_CONSTANT (1) << 32)
#define NUMBER_STEP (G_GINT64_CONSTANT (1) << 20)

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
status_take_revocation (const Keyring *keyring, gint64 reason, RevokedEntry *entry, GError **error)
{
	Micros now = keyring_now (keyring);
	/* 7 is unused, and removeFromCRL is what a delta says of a hold that ended. */
	if (reason < 0 || reason > REASON_PRIVILEGE_WITHDRAWN || reason == 7 || reason == REASON_REMOVE_FROM_CRL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/reason", "no reason of RFC 5280 5.3.1 for a revocation");
	if (entry->revoked_at < 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/revoked_at", "a time before 1970");
	/* A clock that was ahead, here or there, keeps nobody from being revoked. */
	if (entry->revoked_at > now + CLOCK_TOLERANCE)
		entry->revoked_at = now;
	entry->reason = (RevocationReason) reason;
	return TRUE;
}

const JournalIssue *
status_issued_by (const Keyring *keyring, const KeyringCa *ca, const Serial *serial)
{
	const JournalIssue *issue = journal_by_serial (keyring->journal, serial);
	return issue != NULL && strcmp (issue->ca, ca->pin->name) == 0 ? issue : NULL;
}

/* --- revoke ---------------------------------------------------------------------------- */

static gboolean
unpack_entry (const Keyring *keyring, const KeyringCa *ca, const guint8 *packed, RevokedEntry *entry, GError **error)
{
	guint64 at;
	memcpy (entry->serial.b, packed, sizeof entry->serial.b);
	memcpy (&at, packed + sizeof entry->serial.b, sizeof at);
	entry->revoked_at = (Micros) GUINT64_FROM_BE (at);
	if (status_issued_by (keyring, ca, &entry->serial) == NULL)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/entries", "this CA never issued one of the serial numbers");
	return status_take_revocation (keyring, packed[CRL_ENTRY_SIZE - 1], entry, error);
}

/* All are looked at before the first is remembered. */
static GArray *
unpack (const Keyring *keyring, const KeyringCa *ca, GBytes *packed, GError **error)
{
	gsize size = 0;
	const guint8 *p = packed != NULL ? g_bytes_get_data (packed, &size) : NULL;
	g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (RevokedEntry));
	if (size == 0 || size % CRL_ENTRY_SIZE != 0 || size > (gsize) CRL_MAX_ENTRIES * CRL_ENTRY_SIZE) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/entries", "1 to %d whole entries", CRL_MAX_ENTRIES);
		return NULL;
	}
	for (gsize at = 0; at < size; at += CRL_ENTRY_SIZE) {
		RevokedEntry entry;
		if (!unpack_entry (keyring, ca, p + at, &entry, error))
			return NULL;
		g_array_append_val (entries, entry);
	}
	return g_steal_pointer (&entries);
}

json_t *
message_revoke (Keyring *keyring, const json_t *message, GBytes *raw, GBytes **reply_raw, GError **error)
{
	Envelope envelope;
	const char *name = NULL;
	const Field fields[] = { ENVELOPE_FIELDS (envelope), { "ca", FIELD_STRING, FALSE, 32, &name } };
	(void) reply_raw;
	if (!JSON_READ (message, "", fields, error))
		return NULL;
	const KeyringCa *ca = keyring_ca_asked (keyring, name, error);
	g_autoptr (GArray) entries = ca != NULL ? unpack (keyring, ca, raw, error) : NULL;
	if (entries == NULL)
		return NULL;
	for (guint i = 0; i < entries->len; i++)
		if (!journal_add_revoked (keyring->journal, keyring_now (keyring), &g_array_index (entries, RevokedEntry, i), error))
			return NULL;
	return json_object ();
}

/* --- unhold ---------------------------------------------------------------------------- */

/* Withdrawing a report of loss and unfreezing both come down to this. */
static const ServiceRequestKind unhold_kind = { "unhold", NULL, 20, "not a request to end a hold" };

/* Of double certificates the request names the signing certificate; the other shares its holder's request. */
static gboolean
is_meant (const Keyring *keyring, const ServiceRequest *request, const JournalIssue *issue)
{
	size_t i;
	json_t *item;
	json_array_foreach (request->certificates, i, item) {
		const char *hex = json_string_value (item);
		Serial named;
		const JournalIssue *other = hex != NULL && serial_from_hex (hex, &named) ? journal_by_serial (keyring->journal, &named) : NULL;
		if (other == issue)
			return TRUE;
		if (other != NULL && other->has_request && issue->has_request && fingerprint_equal (&other->request, &issue->request)
		    && other->copy == issue->copy)
			return TRUE;
	}
	return FALSE;
}

static gboolean
judge_unhold (const Keyring *keyring, const char *text, const char *review, const char *complete, Lifting *lifting, GError **error)
{
	Micros now = keyring_now (keyring);
	const Court court = { keyring->pins, officers_log_current (keyring->officers), now, keyring->journal };
	const JournalIssue *issue = journal_by_serial (keyring->journal, &lifting->serial);
	g_auto (ServiceRequest) request = { NULL };
	ServiceApprovals approvals;
	if (issue == NULL)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/serial", "this signer never issued that serial number");
	if (!keyring_check_clock (keyring, now, error) || !service_request_read (text, keyring->pins->site, &unhold_kind, NULL, &request, error))
		return FALSE;
	if (!is_meant (keyring, &request, issue))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/request/certificates", "the request names another certificate");
	const ApprovalTarget target = { .application = request.application, .request = request.hash };
	if (!service_approvals_check (&court, &target, review, complete, &approvals, error))
		return FALSE;
	lifting->request = target.request;
	lifting->review = approvals.identities[0];
	lifting->complete = approvals.identities[1];
	/* Kept back, they would end a hold that those two never heard of. */
	const Revoked *held = journal_revocation (keyring->journal, &lifting->serial);
	return held == NULL || held->entry.reason != REASON_HOLD || approvals.completed >= held->entry.revoked_at - CLOCK_TOLERANCE
		|| diqi_fail (error, DIQI_ERROR_STATEMENT_TIME, "/complete", "approved before the present hold began");
}

json_t *
message_unhold (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const char *serial, *request, *review, *complete;
	Lifting lifting = { 0 };
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "serial", FIELD_STRING, TRUE, 40, &serial }, { "request", FIELD_STRING, TRUE, REQUEST_MAX_BYTES, &request },
		{ "review", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &review }, { "complete", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &complete },
	};
	if (!JSON_READ (message, "", fields, error))
		return NULL;
	if (!serial_from_hex (serial, &lifting.serial)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/serial", "40 hex digits of a positive number");
		return NULL;
	}
	if (!judge_unhold (keyring, request, review, complete, &lifting, error))
		return NULL;
	const Revoked *revoked = journal_revocation (keyring->journal, &lifting.serial);
	if (revoked == NULL)
		return json_object ();      /* asked again, or never held here */
	if (revoked->entry.reason != REASON_HOLD) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE_STATE, "/serial", "the certificate is revoked for good");
		return NULL;
	}
	if (journal_has_lifted (keyring->journal, &lifting.request, &lifting.serial)) {
		diqi_error_set (error, DIQI_ERROR_SIGNER, "/request", "this request ended an earlier hold");
		return NULL;
	}
	journal_add_unheld (keyring->journal, keyring_now (keyring), &lifting);
	log_event (LOG_LEVEL_INFO, "signer.unheld", "serial", "%s", serial, NULL);
	return json_object ();
}

/* --- lists ----------------------------------------------------------------------------- */

typedef struct {
	const KeyringCa *ca;
	Revocations *revocations;
	ListKind kind;
	gint64 shard, number;
	gboolean base;
	Micros this_update, next_update;
} ListOrder;

static gboolean
read_order (Keyring *keyring, const json_t *message, ListOrder *order, GError **error)
{
	Envelope envelope;
	const char *name = NULL, *list;
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "ca", FIELD_STRING, FALSE, 32, &name }, { "list", FIELD_STRING, TRUE, 8, &list },
		{ "shard", FIELD_INT, FALSE, 0, &order->shard }, { "base", FIELD_BOOL, FALSE, 0, &order->base },
		{ "number", FIELD_INT, TRUE, 0, &order->number },
		{ "this_update", FIELD_TIME, TRUE, 0, &order->this_update }, { "next_update", FIELD_TIME, TRUE, 0, &order->next_update },
	};
	if (!JSON_READ (message, "", fields, error)
	    || !status_check_window (keyring, order->this_update, order->next_update, CRL_MAX_VALIDITY, error)
	    || (order->ca = keyring_ca_asked (keyring, name, error)) == NULL)
		return FALSE;
	order->revocations = journal_revocations (keyring->journal, order->ca->pin->name);
	if (!list_kind_from_name (list, &order->kind))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/list", "full, delta or shard");
	if (order->shard < 0 || order->shard >= (order->kind == LIST_SHARD ? (gint64) order->ca->pin->shards : 1))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/shard", "the CA has no such shard");
	return !order->base || order->kind == LIST_FULL || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/base", "only full lists are bases");
}

/* RFC 5280 5.2.3: numbers rise; two lists with one number could hide a revocation.  Lists of different scope, made together,
 * share one; a full list and the delta of its moment must (5.2.4). */
static gboolean
check_number (const Keyring *keyring, const ListOrder *order, GError **error)
{
	guint64 last = revocations_number (order->revocations);
	gint64 most = MAX (keyring_now (keyring) / MICROS_PER_S + NUMBER_LEAP, (gint64) last + NUMBER_STEP);
	if (order->number > most)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/number", "the last list had number %" G_GUINT64_FORMAT ", and this is far above it", last);
	guint64 of_list = revocations_list_number (order->revocations, order->kind, (guint) order->shard);
	if (order->number > 0 && (guint64) order->number >= last && (guint64) order->number > of_list)
		return order->kind != LIST_DELTA || revocations_base (order->revocations) != 0
			|| diqi_fail (error, DIQI_ERROR_SIGNER, "/list", "no full list came before");
	return diqi_fail (error, DIQI_ERROR_SIGNER, "/number", "the last list had number %" G_GUINT64_FORMAT, last);
}

static GBytes *
sign_list (const Keyring *keyring, const ListOrder *order, gsize *entries, GError **error)
{
	g_autofree char *point = NULL, *freshest = NULL;
	CrlTemplate t = { .number = (guint64) order->number, .this_update = order->this_update, .next_update = order->next_update };
	if (order->kind == LIST_SHARD)
		t.point = point = pins_shard_uri (order->ca->pin, (guint) order->shard);
	if (order->kind == LIST_FULL)
		t.freshest = freshest = pins_delta_uri (order->ca->pin);
	revocations_list (order->revocations, order->kind, (guint) order->shard, keyring_now (keyring), &t);
	*entries = 0;
	for (gsize i = 0; i < t.parts_n; i++)
		*entries += crl_part_count (t.parts[i]);
	return issuer_sign_list (order->ca->issuer, &t, error);
}

json_t *
message_crl (Keyring *keyring, const json_t *message, GBytes *raw, GBytes **reply_raw, GError **error)
{
	ListOrder order = { 0 };
	gsize entries;
	if (raw != NULL) {
		diqi_error_set (error, DIQI_ERROR_SIGNER, "/type", "a list is asked for without a raw part");
		return NULL;
	}
	if (!read_order (keyring, message, &order, error) || !check_number (keyring, &order, error))
		return NULL;
	g_autoptr (GBytes) list = sign_list (keyring, &order, &entries, error);
	if (list == NULL)
		return NULL;
	ListMade made = { .ca = order.ca->pin->name, .kind = order.kind, .shard = (guint) order.shard, .base = order.base,
	                  .number = (guint64) order.number, .entries = entries };
	fingerprint_of (g_bytes_get_data (list, NULL), g_bytes_get_size (list), &made.hash);
	journal_add_list (keyring->journal, keyring_now (keyring), &made);
	*reply_raw = g_steal_pointer (&list);
	json_t *reply = json_object ();
	json_object_set_new (reply, "entries", json_integer ((json_int_t) entries));
	return reply;
}
