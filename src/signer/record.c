/* signer/record.c — wrapping the keys of records, and opening one for a look.  See look.h. */
#include "base/error.h"
#include "base/log.h"
#include "pki/seal.h"
#include "signer/approval.h"
#include "signer/dispatch.h"
#include "signer/look.h"
#include "signer/protocol.h"

#define LOOKER_ROLES (ROLE_CLERK | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)
#define PURPOSE_MAX 500

static char *
record_context (const Keyring *keyring, const char *record)
{
	return g_strdup_printf ("diqi record key %s of %s", record, keyring->pins->site);
}

static json_t *
reply_base64 (const char *key, GBytes *bytes)
{
	json_t *reply = json_object ();
	json_object_set_new (reply, key, json_base64 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
	return reply;
}

json_t *
message_record_wrap (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const char *record;
	g_autoptr (GBytes) key = NULL;
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "record", FIELD_UUID, TRUE, 0, &record }, { "key", FIELD_BASE64, TRUE, SEAL_KEY_BYTES, &key },
	};
	if (!JSON_READ (message, "", fields, error))
		return NULL;
	if (g_bytes_get_size (key) != SEAL_KEY_BYTES) {
		diqi_error_set (error, DIQI_ERROR_FIELD_LENGTH, "/key", "a record's key has %d bytes", SEAL_KEY_BYTES);
		return NULL;
	}
	g_autofree char *context = record_context (keyring, record);
	g_autoptr (GBytes) wrapped = seal_encrypt (keyring->secrets[SECRET_STORAGE], context, g_bytes_get_data (key, NULL), SEAL_KEY_BYTES, error);
	return wrapped != NULL ? reply_base64 ("wrapped", wrapped) : NULL;
}

/* --- a look -------------------------------------------------------------------------------- */

/* What a look comes down to. */
typedef struct {
	const char *record;
	const Officer *officer;
	Fingerprint identity, payload;
	const Officer *second;
	Fingerprint agree;
} Look;

static Statement *
open_fresh (const Court *court, const char *compact, const char *type, const char *field, const Officer **officer, GError **error)
{
	g_autoptr (Statement) statement = approval_open (court, compact, type, field, officer, error);
	if (statement == NULL || !approval_check_fresh (court, statement, field, error))
		return NULL;
	if (((*officer)->roles & LOOKER_ROLES) == 0) {
		diqi_error_set (error, DIQI_ERROR_APPROVAL, field, "only clerks, reviewers, issuers and auditors look at records");
		return NULL;
	}
	return g_steal_pointer (&statement);
}

static gboolean
read_look (const Court *court, const char *compact, Look *look, GError **error)
{
	StatementCommon common;
	const char *application, *scan, *purpose;
	const Field fields[] = {
		STATEMENT_COMMON_FIELDS (common), { "application", FIELD_UUID, TRUE, 0, &application },
		{ "scan", FIELD_UUID, TRUE, 0, &scan }, { "purpose", FIELD_STRING, TRUE, PURPOSE_MAX, &purpose },
	};
	g_autoptr (Statement) statement = open_fresh (court, compact, "paper.look", "/look", &look->officer, error);
	if (statement == NULL || !JSON_READ (statement_payload (statement), "/look", fields, error) || !statement_nonce_check (common.nonce, "/look", error))
		return FALSE;
	if (g_strcmp0 (scan, look->record) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/look/scan", "a look at another record");
	if (purpose[0] == '\0')
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/look/purpose", "a look has a purpose");
	look->identity = *statement_identity (statement);
	look->payload = *statement_payload_hash (statement);
	return TRUE;
}

static gboolean
read_agree (const Court *court, const char *compact, Look *look, GError **error)
{
	StatementCommon common;
	const char *hash;
	const Field fields[] = { STATEMENT_COMMON_FIELDS (common), { "look", FIELD_HEX32, TRUE, 0, &hash } };
	g_autoptr (Statement) statement = open_fresh (court, compact, "paper.look.agree", "/agree", &look->second, error);
	if (statement == NULL || !JSON_READ (statement_payload (statement), "/agree", fields, error) || !statement_nonce_check (common.nonce, "/agree", error))
		return FALSE;
	g_autofree char *expected = fingerprint_hex (&look->payload);
	if (g_strcmp0 (hash, expected) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/agree/look", "agrees to another look");
	if (g_strcmp0 (look->second->person, look->officer->person) == 0)
		return diqi_fail (error, DIQI_ERROR_SAME_PERSON, "/agree", "the second officer must be another person");
	look->agree = *statement_identity (statement);
	return TRUE;
}

static gboolean
judge_look (const Keyring *keyring, Look *look, const char *compact, const char *agree, Micros now, GError **error)
{
	const Court court = { keyring->pins, officers_log_current (keyring->officers), now, keyring->journal };
	if (!keyring_check_clock (keyring, now, error) || !read_look (&court, compact, look, error))
		return FALSE;
	if (journal_look_used (keyring->journal, &look->identity))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_REPLAYED, "/look", "a statement is good for one look");
	if (agree != NULL && !read_agree (&court, agree, look, error))
		return FALSE;
	if (agree != NULL)
		return !journal_look_used (keyring->journal, &look->agree)
			|| diqi_fail (error, DIQI_ERROR_STATEMENT_REPLAYED, "/agree", "a second officer's word is good for one look");
	return journal_looks (keyring->journal, now, look->officer->person) < LOOKS_A_DAY
		|| diqi_fail (error, DIQI_ERROR_LOOK_QUOTA, "/agree", "%d looks today; a second officer must agree to a further one", LOOKS_A_DAY);
}

static void
remember_look (Keyring *keyring, const Look *look, Micros now)
{
	journal_add_look (keyring->journal, &(JournalLook) {
		.time = now, .person = look->officer->person, .record = look->record, .identity = &look->identity,
		.agree = look->second != NULL ? &look->agree : NULL });
	log_event (LOG_LEVEL_INFO, "signer.looked", "record", "%s", look->record, "person", "%s", look->officer->person,
	           "second", "%s", look->second != NULL ? look->second->person : "", NULL);
}

json_t *
message_record_unwrap (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	Look look = { NULL };
	const char *statement, *agree = NULL;
	g_autoptr (GBytes) wrapped = NULL;
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "record", FIELD_UUID, TRUE, 0, &look.record },
		{ "wrapped", FIELD_BASE64, TRUE, SEAL_KEY_BYTES + SEAL_OVERHEAD, &wrapped },
		{ "look", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &statement }, { "agree", FIELD_STRING, FALSE, STATEMENT_MAX_BYTES, &agree },
	};
	Micros now = keyring_now (keyring);
	if (!JSON_READ (message, "", fields, error) || !judge_look (keyring, &look, statement, agree, now, error))
		return NULL;
	g_autofree char *context = record_context (keyring, look.record);
	g_autoptr (GBytes) key = seal_decrypt (keyring->secrets[SECRET_STORAGE], context, wrapped, error);
	if (key == NULL) {
		g_prefix_error (error, "the wrapped key of record %s: ", look.record);
		return NULL;
	}
	remember_look (keyring, &look, now);
	return reply_base64 ("key", key);
}
