/* signer/recovery.c — see recovery.h. */
#include "signer/recovery.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "pki/envelope.h"
#include "pki/enveloped_key.h"
#include "signer/approval.h"
#include "signer/dispatch.h"
#include "signer/protocol.h"
#include "signer/service_request.h"
#include "signer/share_order.h"

#define SPKI_MAX 1024
#define UNDER_WAY_MAX 1000

typedef struct {
	char *person;
	Fingerprint statement;
	guint8 *share;                  /* SHARE_BYTES, from pki_secret_alloc */
} Given;

typedef struct {
	char *id;                       /* 64 hex digits */
	Serial serial;
	PublicKey *fresh;               /* the requester's */
	char *approvers[2];
	PrivateKey *transport;
	char *order;                    /* share_order.h: what agents see of all this */
	GPtrArray *given;               /* Given */
} Recovery;

struct Recoveries {
	GHashTable *by_id;              /* id in Recovery → Recovery */
};

static void
given_free (Given *given)
{
	g_free (given->person);
	pki_secret_free (given->share, SHARE_BYTES);
	g_free (given);
}

static void
recovery_free (Recovery *recovery)
{
	if (recovery == NULL)
		return;
	g_clear_pointer (&recovery->fresh, public_key_unref);
	g_clear_pointer (&recovery->transport, private_key_free);
	g_clear_pointer (&recovery->given, g_ptr_array_unref);
	for (gsize i = 0; i < G_N_ELEMENTS (recovery->approvers); i++)
		g_free (recovery->approvers[i]);
	g_free (recovery->order);
	g_free (recovery->id);
	g_free (recovery);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Recovery, recovery_free)

Recoveries *
recoveries_new (void)
{
	Recoveries *recoveries = g_new0 (Recoveries, 1);
	recoveries->by_id = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) recovery_free);
	return recoveries;
}

void
recoveries_free (Recoveries *recoveries)
{
	if (recoveries == NULL)
		return;
	g_hash_table_unref (recoveries->by_id);
	g_free (recoveries);
}

/* --- replies ------------------------------------------------------------------------------------------- */

static const Given *
given_by (const Recovery *recovery, const char *person)
{
	for (guint i = 0; recovery != NULL && i < recovery->given->len; i++) {
		const Given *given = g_ptr_array_index (recovery->given, i);
		if (strcmp (given->person, person) == 0)
			return given;
	}
	return NULL;
}

/* Of those who are still agents: nobody else's share is taken. */
static json_t *
describe_shares (const Keyring *keyring, const Recovery *recovery, const json_t *shares)
{
	json_t *out = json_array (), *share;
	const AgentList *agents = agents_log_current (keyring->agents);
	size_t i;
	json_array_foreach (shares, i, share) {
		const char *person = json_string_value (json_object_get (share, "person"));
		if (person == NULL || agent_list_find (agents, person) == NULL)
			continue;
		json_t *one = json_object ();
		json_object_set (one, "person", json_object_get (share, "person"));
		json_object_set (one, "certificate", json_object_get (share, "certificate"));
		json_object_set (one, "share", json_object_get (share, "sealed"));
		json_object_set_new (one, "given", json_boolean (given_by (recovery, person) != NULL));
		json_array_append_new (out, one);
	}
	return out;
}

/* recovery NULL: it is done, and this its envelope. */
static json_t *
describe (Keyring *keyring, const char *id, const EscrowKey *key, const Recovery *recovery, GBytes *envelope)
{
	json_t *reply = json_object ();
	json_object_set_new (reply, "recovery", json_string (id));
	json_object_set_new (reply, "serial", json_hex (key->serial.b, sizeof key->serial.b));
	json_object_set_new (reply, "threshold", json_integer (key->threshold));
	json_object_set_new (reply, "given", json_integer (recovery != NULL ? recovery->given->len : key->threshold));
	json_object_set_new (reply, "shares", describe_shares (keyring, recovery, escrow_key_shares (key)));
	if (recovery != NULL) {
		g_autoptr (PublicKey) transport = private_key_public (recovery->transport);
		g_autoptr (GBytes) spki = public_key_spki (transport);
		json_object_set_new (reply, "transport", json_base64 (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki)));
		json_object_set_new (reply, "order", json_string (recovery->order));
	}
	if (envelope != NULL)
		json_object_set_new (reply, "envelope", json_base64 (g_bytes_get_data (envelope, NULL), g_bytes_get_size (envelope)));
	return reply;
}

/* --- beginning ------------------------------------------------------------------------------------------- */

static const ServiceRequestKind recover_kind = { "recover", "recover_key", 1, "not a request to recover a key" };

/* What is asked for: whose key, for which fresh one. */
typedef struct {
	ServiceRequest request;
	Serial serial;
	PublicKey *fresh;
} RecoveryRequest;

static void
recovery_request_clear (RecoveryRequest *asked)
{
	service_request_clear (&asked->request);
	g_clear_pointer (&asked->fresh, public_key_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RecoveryRequest, recovery_request_clear)

static gboolean
read_serial (const json_t *certificates, Serial *out, GError **error)
{
	const char *text = json_string_value (json_array_get (certificates, 0));
	return (json_array_size (certificates) == 1 && text != NULL && serial_from_hex (text, out))
		|| diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/request/certificates", "the serial of one encryption certificate");
}

static gboolean
read_request (const Keyring *keyring, const char *text, RecoveryRequest *out, GError **error)
{
	g_autoptr (GBytes) spki = NULL;
	const Field extra = { "spki", FIELD_BASE64, TRUE, SPKI_MAX, &spki };
	if (!service_request_read (text, keyring->pins->site, &recover_kind, &extra, &out->request, error))
		return FALSE;
	out->fresh = public_key_from_spki (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki), error);
	return out->fresh != NULL && read_serial (out->request.certificates, &out->serial, error);
}

/* A key counts as escrowed only with its certificate in the journal. */
static EscrowKey *
find_key (const Keyring *keyring, const Serial *serial, const char *field, GError **error)
{
	g_autoptr (EscrowKey) key = NULL;
	const JournalIssue *issue = journal_by_serial (keyring->journal, serial);
	if (!escrow_find (keyring->escrow, serial, &key, error))
		return NULL;
	if (key != NULL && issue != NULL && fingerprint_equal (&key->spki, &issue->spki))
		return g_steal_pointer (&key);
	diqi_error_set (error, DIQI_ERROR_NOT_ESCROWED, field, "no key of this certificate was escrowed");
	return NULL;
}

/* Whose key the fresh one must not be: those who open the escrow, and those who decide about it. */
static gboolean
belongs_to_staff (const Keyring *keyring, const PublicKey *fresh)
{
	const Fingerprint *spki = public_key_fingerprint (fresh);
	const AgentList *agents = agents_log_current (keyring->agents);
	const Roster *officers = officers_log_current (keyring->officers);
	for (guint i = 0; agents != NULL && i < agents->agents->len; i++)
		if (fingerprint_equal (spki, public_key_fingerprint (certificate_public_key (((const Agent *) g_ptr_array_index (agents->agents, i))->certificate))))
			return TRUE;
	for (guint i = 0; i < officers->officers->len; i++)
		if (fingerprint_equal (spki, public_key_fingerprint (certificate_public_key (((const Officer *) g_ptr_array_index (officers->officers, i))->certificate))))
			return TRUE;
	return FALSE;
}

static gboolean
check_fresh_key (const Keyring *keyring, const RecoveryRequest *asked, const EscrowKey *key, GError **error)
{
	const KeyringCa *ca = keyring_ca (keyring, journal_by_serial (keyring->journal, &key->serial)->ca);
	gboolean sm2 = ca != NULL && ca->pin->algorithm == KEY_SM2;
	if (sm2 != (public_key_algorithm (asked->fresh) == KEY_SM2) || public_key_algorithm (asked->fresh) == KEY_ED25519)
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, "/request/spki", "an SM2 key goes to an SM2 key, another to P-256, P-384 or RSA");
	if (fingerprint_equal (public_key_fingerprint (asked->fresh), &key->spki))
		return diqi_fail (error, DIQI_ERROR_KEY_REUSED, "/request/spki", "the key to be recovered itself");
	if (belongs_to_staff (keyring, asked->fresh))
		return diqi_fail (error, DIQI_ERROR_RECOVERY_SELF, "/request/spki", "an officer's or a recovery agent's own key");
	return public_key_check_strength (asked->fresh, error);
}

static char *
order_of (const Keyring *keyring, const RecoveryRequest *asked, const ServiceApprovals *approvals, const Recovery *recovery, Micros now, GError **error)
{
	g_autoptr (PublicKey) key = private_key_public (recovery->transport);
	g_autofree char *serial = serial_hex (&asked->serial), *fresh = fingerprint_hex (public_key_fingerprint (asked->fresh));
	g_autofree char *transport = fingerprint_hex (public_key_fingerprint (key));
	const ShareOrder order = {
		.application = asked->request.application, .recovery = recovery->id, .serial = serial, .fresh = fresh, .transport = transport,
		.approvers = { approvals->officers[0]->name, approvals->officers[1]->name },
	};
	return share_order_sign (&order, keyring->pins->site, now, keyring->receipt_key, keyring->pins->receipt, error);
}

static Recovery *
start (Keyring *keyring, const RecoveryRequest *asked, const ServiceApprovals *approvals, Micros now, GError **error)
{
	g_autoptr (Recovery) recovery = g_new0 (Recovery, 1);
	recovery->id = fingerprint_hex (&asked->request.hash);
	recovery->serial = asked->serial;
	recovery->fresh = public_key_ref (asked->fresh);
	recovery->given = g_ptr_array_new_with_free_func ((GDestroyNotify) given_free);
	const char *persons[G_N_ELEMENTS (recovery->approvers)];
	for (gsize i = 0; i < G_N_ELEMENTS (recovery->approvers); i++)
		persons[i] = recovery->approvers[i] = g_strdup (approvals->officers[i]->person);
	recovery->transport = private_key_generate (keyring->pins->algorithm == KEY_SM2 ? KEY_SM2 : KEY_P256, error);
	recovery->order = recovery->transport != NULL ? order_of (keyring, asked, approvals, recovery, now, error) : NULL;
	if (recovery->order == NULL)
		return NULL;
	g_autoptr (PublicKey) transport = private_key_public (recovery->transport);
	escrow_note_begun (keyring->escrow, now, &(EscrowActors) { recovery->id, persons, approvals->identities, G_N_ELEMENTS (persons) },
	                   &asked->serial, public_key_fingerprint (asked->fresh), public_key_fingerprint (transport));
	log_event (LOG_LEVEL_INFO, "signer.recovery.begun", "recovery", "%s", recovery->id, NULL);
	return g_steal_pointer (&recovery);
}

static json_t *
begin (Keyring *keyring, const RecoveryRequest *asked, const char *review, const char *complete, GError **error)
{
	Micros now = keyring_now (keyring);
	const Court court = { keyring->pins, officers_log_current (keyring->officers), now, keyring->journal };
	const ApprovalTarget target = { .application = asked->request.application, .request = asked->request.hash };
	ServiceApprovals approvals;
	g_autoptr (EscrowKey) key = NULL;
	g_autofree char *id = fingerprint_hex (&asked->request.hash);
	if (!keyring_check_clock (keyring, now, error) || !service_approvals_check (&court, &target, review, complete, &approvals, error)
	    || (key = find_key (keyring, &asked->serial, "/request/certificates", error)) == NULL || !check_fresh_key (keyring, asked, key, error))
		return NULL;
	Recovery *recovery = g_hash_table_lookup (keyring->recoveries->by_id, id);
	if (recovery == NULL && g_hash_table_size (keyring->recoveries->by_id) >= UNDER_WAY_MAX) {
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "%d recoveries are under way", UNDER_WAY_MAX);
		return NULL;
	}
	if (recovery == NULL) {
		recovery = start (keyring, asked, &approvals, now, error);
		if (recovery == NULL)
			return NULL;
		g_hash_table_insert (keyring->recoveries->by_id, recovery->id, recovery);
	}
	return describe (keyring, id, key, recovery, NULL);
}

/* NULL without error: it is not. */
static json_t *
when_recovered (Keyring *keyring, const char *id, const Serial *serial, GError **error)
{
	g_autoptr (GError) failure = NULL;
	g_autoptr (GBytes) envelope = escrow_recovered (keyring->escrow, id, &failure);
	g_autoptr (EscrowKey) key = envelope != NULL ? find_key (keyring, serial, NULL, &failure) : NULL;
	if (failure != NULL) {
		g_propagate_error (error, g_steal_pointer (&failure));
		return NULL;
	}
	return key != NULL ? describe (keyring, id, key, NULL, envelope) : NULL;
}

json_t *
message_recovery_begin (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const char *text, *review, *complete;
	g_auto (RecoveryRequest) asked = { .fresh = NULL };
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "request", FIELD_STRING, TRUE, REQUEST_MAX_BYTES, &text },
		{ "review", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &review }, { "complete", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &complete },
	};
	g_autoptr (GError) failure = NULL;
	if (!JSON_READ (message, "", fields, error) || !read_request (keyring, text, &asked, error))
		return NULL;
	g_autofree char *id = fingerprint_hex (&asked.request.hash);
	/* Done: the same envelope again, which only the requester can open. */
	json_t *done = when_recovered (keyring, id, &asked.serial, &failure);
	if (done != NULL || failure != NULL) {
		if (failure != NULL)
			g_propagate_error (error, g_steal_pointer (&failure));
		return done;
	}
	return begin (keyring, &asked, review, complete, error);
}

/* --- shares ------------------------------------------------------------------------------------------------- */

typedef struct {
	Statement *statement;
	const Officer *officer;
	const char *recovery, *transport;
	Serial serial;
	GBytes *share;                  /* sealed to the transport key */
	Micros now;
} ShareAct;

static void
share_act_clear (ShareAct *act)
{
	g_clear_pointer (&act->statement, statement_unref);
	g_clear_pointer (&act->share, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ShareAct, share_act_clear)

/* Who was removed is told so, whether as an officer or as an agent. */
static gboolean
check_removed (const Keyring *keyring, const char *compact, GError **error)
{
	g_autoptr (Statement) statement = statement_parse (compact, -1, error);
	if (statement == NULL)
		return FALSE;
	const Officer *officer = statement_by_certificate (statement) ? roster_find (officers_log_current (keyring->officers), statement_signer (statement)) : NULL;
	return officer == NULL || !officer->removed || (officer->roles & ROLE_RECOVERY_AGENT) == 0
		|| diqi_fail (error, DIQI_ERROR_RECOVERY_AGENT_REMOVED, "/statement", "the officer has been removed");
}

static gboolean
read_act (const Keyring *keyring, const char *compact, ShareAct *act, GError **error)
{
	const Court court = { keyring->pins, officers_log_current (keyring->officers), act->now, keyring->journal };
	StatementCommon common;
	const char *serial;
	const Field fields[] = {
		STATEMENT_COMMON_FIELDS (common), { "recovery", FIELD_HEX32, TRUE, 0, &act->recovery }, { "serial", FIELD_STRING, TRUE, 40, &serial },
		{ "transport", FIELD_HEX32, TRUE, 0, &act->transport }, { "share", FIELD_BASE64, TRUE, ENVELOPE_MAX, &act->share },
	};
	if (!check_removed (keyring, compact, error))
		return FALSE;
	act->statement = approval_open (&court, compact, "recovery.share", "/statement", &act->officer, error);
	if (act->statement == NULL || !approval_check_fresh (&court, act->statement, "/statement", error)
	    || !JSON_READ (statement_payload (act->statement), "/statement", fields, error) || !statement_nonce_check (common.nonce, "/statement", error))
		return FALSE;
	return serial_from_hex (serial, &act->serial) || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/serial", "not a serial");
}

/* The entry of this agent in the escrow record, and that the share is that one. */
static gboolean
share_fits (const json_t *shares, guint index, const char *person, GBytes *share)
{
	const json_t *entry = json_array_get (shares, index - 1);
	Fingerprint hash;
	fingerprint_of (g_bytes_get_data (share, NULL), g_bytes_get_size (share), &hash);
	g_autofree char *hex = fingerprint_hex (&hash);
	return g_strcmp0 (json_string_value (json_object_get (entry, "person")), person) == 0
		&& g_strcmp0 (json_string_value (json_object_get (entry, "hash")), hex) == 0;
}

static gboolean
check_agent (const Keyring *keyring, const Recovery *recovery, const ShareAct *act, GError **error)
{
	const char *person = act->officer->person;
	if ((act->officer->roles & ROLE_RECOVERY_AGENT) == 0)
		return diqi_fail (error, DIQI_ERROR_RECOVERY_AGENT, "/statement", "the officer is no recovery agent");
	if (agent_list_find (agents_log_current (keyring->agents), person) == NULL)
		return diqi_fail (error, DIQI_ERROR_RECOVERY_AGENT_REMOVED, "/statement", "not in the list of recovery agents any more");
	if (escrow_statement_used (keyring->escrow, statement_identity (act->statement)))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_REPLAYED, "/statement", "this statement gave its share already");
	if (recovery == NULL)
		return diqi_fail (error, DIQI_ERROR_RECOVERY_UNKNOWN, "/statement/recovery", "not begun, or the key centre was restarted since: begin it again");
	for (gsize i = 0; i < G_N_ELEMENTS (recovery->approvers); i++)
		if (strcmp (recovery->approvers[i], person) == 0)
			return diqi_fail (error, DIQI_ERROR_RECOVERY_SELF, "/statement", "the agent approved this recovery himself");
	return given_by (recovery, person) == NULL || diqi_fail (error, DIQI_ERROR_RECOVERY_AGENT_TWICE, "/statement", "the agent gave his share already");
}

/* Opens the share and takes it in. */
static gboolean
take_share (Keyring *keyring, Recovery *recovery, const EscrowKey *key, const ShareAct *act, GError **error)
{
	guint index;
	g_autoptr (PublicKey) transport = private_key_public (recovery->transport);
	g_autofree char *hex = fingerprint_hex (public_key_fingerprint (transport));
	if (memcmp (&act->serial, &recovery->serial, sizeof act->serial) != 0 || strcmp (act->transport, hex) != 0)
		return diqi_fail (error, DIQI_ERROR_RECOVERY_SHARE, "/statement", "signed for another certificate, or for a transport key that is no more");
	g_autoptr (GBytes) share = envelope_open (recovery->transport, act->share, NULL);
	if (share == NULL || !share_read (share, &recovery->serial, &index) || !share_fits (escrow_key_shares (key), index, act->officer->person, share))
		return diqi_fail (error, DIQI_ERROR_RECOVERY_SHARE, "/statement/share", "not this agent's share of this key");
	Given *given = g_new0 (Given, 1);
	given->person = g_strdup (act->officer->person);
	given->statement = *statement_identity (act->statement);
	given->share = pki_secret_alloc (SHARE_BYTES);
	memcpy (given->share, g_bytes_get_data (share, NULL), SHARE_BYTES);
	g_ptr_array_add (recovery->given, given);
	const char *persons[] = { given->person };
	escrow_note_share (keyring->escrow, act->now, &(EscrowActors) { recovery->id, persons, &given->statement, 1 });
	log_event (LOG_LEVEL_INFO, "signer.recovery.share", "recovery", "%s", recovery->id, "person", "%s", given->person, NULL);
	return TRUE;
}

/* --- the end -------------------------------------------------------------------------------------------------- */

static PrivateKey *
open_key (Keyring *keyring, const Recovery *recovery, const EscrowKey *key, GError **error)
{
	const guint8 *shares[SHARES_MAX];
	for (guint i = 0; i < key->threshold; i++)
		shares[i] = ((const Given *) g_ptr_array_index (recovery->given, i))->share;
	g_autoptr (PrivateKey) opened = escrow_key_open (key, keyring->pins->site, shares, error);
	g_autoptr (PublicKey) public = opened != NULL ? private_key_public (opened) : NULL;
	const JournalIssue *issue = journal_by_serial (keyring->journal, &recovery->serial);
	if (opened == NULL)
		return NULL;
	if (!fingerprint_equal (public_key_fingerprint (public), &issue->spki)) {
		diqi_error_set (error, DIQI_ERROR_ENVELOPE_KEY, NULL, "the escrowed key is not that of the certificate");
		return NULL;
	}
	return g_steal_pointer (&opened);
}

static void
note_recovered (Keyring *keyring, const Recovery *recovery, Micros now, GBytes *envelope)
{
	gsize n = recovery->given->len;
	g_autofree const char **persons = g_new (const char *, n);
	g_autofree Fingerprint *statements = g_new (Fingerprint, n);
	for (gsize i = 0; i < n; i++) {
		const Given *given = g_ptr_array_index (recovery->given, i);
		persons[i] = given->person;
		statements[i] = given->statement;
	}
	escrow_note_recovered (keyring->escrow, now, &(EscrowActors) { recovery->id, persons, statements, n }, envelope);
	log_event (LOG_LEVEL_INFO, "signer.recovered", "recovery", "%s", recovery->id, NULL);
}

/* The k-th share is there: the key goes to the requester, and everything that opened it goes. */
static json_t *
finish (Keyring *keyring, Recovery *recovery, const EscrowKey *key, Micros now, GError **error)
{
	g_autoptr (PrivateKey) opened = open_key (keyring, recovery, key, error);
	g_autoptr (GBytes) envelope = opened != NULL ? enveloped_key_build (recovery->fresh, NULL, opened, error) : NULL;
	if (envelope == NULL)
		return NULL;
	note_recovered (keyring, recovery, now, envelope);
	json_t *reply = describe (keyring, recovery->id, key, NULL, envelope);
	g_hash_table_remove (keyring->recoveries->by_id, recovery->id);
	return reply;
}

/* A lost answer is given again: a statement that counts already changes nothing. */
static json_t *
answered_before (Keyring *keyring, const Recovery *recovery, const EscrowKey *key, const ShareAct *act, GError **error)
{
	const Given *given = given_by (recovery, act->officer->person);
	if (given != NULL && fingerprint_equal (&given->statement, statement_identity (act->statement)))
		return describe (keyring, recovery->id, key, recovery, NULL);
	if (recovery == NULL && escrow_statement_used (keyring->escrow, statement_identity (act->statement)))
		return when_recovered (keyring, act->recovery, &act->serial, error);
	return NULL;
}

static json_t *
judge_share (Keyring *keyring, const ShareAct *act, GError **error)
{
	Recovery *recovery = g_hash_table_lookup (keyring->recoveries->by_id, act->recovery);
	g_autoptr (EscrowKey) key = recovery != NULL ? find_key (keyring, &recovery->serial, "/statement/serial", error) : NULL;
	if (recovery != NULL && key == NULL)
		return NULL;
	g_autoptr (GError) failure = NULL;
	json_t *before = answered_before (keyring, recovery, key, act, &failure);
	if (before != NULL)
		return before;
	if (failure != NULL) {
		g_propagate_error (error, g_steal_pointer (&failure));
		return NULL;
	}
	if (!check_agent (keyring, recovery, act, error) || !take_share (keyring, recovery, key, act, error))
		return NULL;
	return recovery->given->len >= key->threshold ? finish (keyring, recovery, key, act->now, error)
	                                              : describe (keyring, recovery->id, key, recovery, NULL);
}

json_t *
message_recovery_share (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const char *compact;
	g_auto (ShareAct) act = { .now = keyring_now (keyring) };
	const Field fields[] = { ENVELOPE_FIELDS (envelope), { "statement", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &compact } };
	g_autoptr (GError) refusal = NULL;
	if (!JSON_READ (message, "", fields, error) || !keyring_check_clock (keyring, act.now, error) || !read_act (keyring, compact, &act, error))
		return NULL;
	json_t *reply = judge_share (keyring, &act, &refusal);
	if (reply != NULL)
		return reply;
	/* An officer signed for what he may not do: that stays on record. */
	const char *persons[] = { act.officer->person };
	escrow_note_refused (keyring->escrow, act.now, &(EscrowActors) { act.recovery, persons, statement_identity (act.statement), 1 },
	                     diqi_error_code_name (refusal));
	g_propagate_error (error, g_steal_pointer (&refusal));
	return NULL;
}
