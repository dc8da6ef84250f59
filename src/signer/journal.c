/* signer/journal.c — see journal.h. */
#include "signer/journal.h"

#include <string.h>

#include "base/error.h"
#include "signer/look.h"
#include "signer/protocol.h"

struct Journal {
	Chain *chain;
	Issues *issues;
	Moduli *moduli;             /* of every RSA key that has a certificate */
	StatusLog *status;
	LookLedger *looks;
	GHashTable *pins;           /* ticket → Fingerprint of the key that got the PIN */
	guint64 size;
	Hash root;
	Micros stamps_until;
	Micros last_time;
	CeremonyLog ceremonies;
	gboolean has_tls;
	Serial tls;                 /* of the newest of JOURNAL_TLS */
};

static void
note_service (Journal *journal, const char *profile, const Serial *serial)
{
	if (strcmp (profile, JOURNAL_TLS) != 0)
		return;
	journal->has_tls = TRUE;
	journal->tls = *serial;
}

static gboolean
remember_modulus (Journal *journal, const char *base64, GError **error)
{
	g_autoptr (GBytes) der = base64_decode_strict (base64, strlen (base64), error);
	if (der == NULL)
		return FALSE;
	gsize n;
	gconstpointer p = g_bytes_get_data (der, &n);
	g_autoptr (PublicKey) key = moduli_key_of (p, n);
	if (key != NULL)
		moduli_add (journal->moduli, key);
	return TRUE;
}

/* --- reading ------------------------------------------------------------------ */

static gboolean
read_hash (const char *hex, const char *pointer, Fingerprint *out, GError **error)
{
	return hex_decode (hex, out->b, sizeof out->b) || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, pointer, "not a hash");
}

static gboolean
read_serial (const char *hex, const char *pointer, Serial *out, GError **error)
{
	return serial_from_hex (hex, out) || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, pointer, "not a serial");
}

/* request, use: may be NULL. */
static gboolean
read_request (const char *request, gint64 copy, const char *use, JournalIssue *issue, GError **error)
{
	if (copy < 0 || copy >= REQUEST_MAX_COPIES)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/copy", "not a copy");
	if (use != NULL && (strcmp (use, "encrypt") != 0 || request == NULL))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/use", "not a use");
	issue->has_request = request != NULL;
	issue->copy = (guint8) copy;
	issue->encrypts = use != NULL;
	return request == NULL || read_hash (request, "/request", &issue->request, error);
}

static gboolean
replay_issue (Journal *journal, ChainLine *record, GError **error)
{
	const char *type, *profile, *serial, *spki, *certificate, *der, *ca = PINS_FIRST_CA, *request = NULL, *reviewer = NULL, *issuer = NULL, *use = NULL, *renews = NULL;
	gint64 copy = 0;
	Micros time;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, &time }, { "ca", FIELD_STRING, FALSE, 32, &ca },
		{ "request", FIELD_HEX32, FALSE, 0, &request }, { "copy", FIELD_INT, FALSE, 0, &copy }, { "use", FIELD_STRING, FALSE, 8, &use }, { "profile", FIELD_STRING, TRUE, 64, &profile },
		{ "serial", FIELD_STRING, TRUE, 40, &serial }, { "spki", FIELD_HEX32, TRUE, 0, &spki },
		{ "certificate", FIELD_HEX32, TRUE, 0, &certificate }, { "der", FIELD_STRING, TRUE, 2 * CERTIFICATE_MAX_DER, &der },
		{ "reviewer", FIELD_HEX32, FALSE, 0, &reviewer }, { "issuer", FIELD_HEX32, FALSE, 0, &issuer },
		{ "renews", FIELD_STRING, FALSE, 40, &renews },
	};
	if (!CHAIN_LINE_READ (record, fields, error))
		return FALSE;
	Serial renewed;
	JournalIssue issue = { .ca = g_intern_string (ca), .offset = record->offset, .n = (guint32) record->n };
	if ((renews != NULL && !read_serial (renews, "/renews", &renewed, error)) || !read_request (request, copy, use, &issue, error)
	    || !read_serial (serial, "/serial", &issue.serial, error) || !read_hash (spki, "/spki", &issue.spki, error)
	    || !read_hash (certificate, "/certificate", &issue.certificate, error))
		return FALSE;
	journal->last_time = MAX (journal->last_time, time);
	note_service (journal, profile, &issue.serial);
	return issues_add (journal->issues, &issue, renews != NULL ? &renewed : NULL, error) && (renews != NULL || remember_modulus (journal, der, error));
}

static const char *
issuer_of (gpointer user, const Serial *serial)
{
	const JournalIssue *issue = journal_by_serial (user, serial);
	return issue != NULL ? issue->ca : NULL;
}

static gboolean
replay_status (Journal *journal, ChainLine *record, GError **error)
{
	Micros time;
	if (!status_log_replay (journal->status, record, issuer_of, journal, &time, error))
		return FALSE;
	journal->last_time = MAX (journal->last_time, time);
	return TRUE;
}

static gboolean
replay_checkpoint (Journal *journal, ChainLine *record, GError **error)
{
	const char *type, *root;
	gint64 size;
	Micros time;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, &time },
		{ "size", FIELD_INT, TRUE, 0, &size }, { "root", FIELD_HEX32, TRUE, 0, &root },
	};
	if (!CHAIN_LINE_READ (record, fields, error))
		return FALSE;
	if (size < 0 || (guint64) size < journal->size || !hex_decode (root, journal->root.b, sizeof journal->root.b))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/size", "checkpoints shrink");
	journal->size = (guint64) size;
	journal->last_time = MAX (journal->last_time, time);
	return TRUE;
}

static gboolean
replay_look (Journal *journal, ChainLine *record, GError **error)
{
	const char *type, *person, *about, *look, *agree = NULL;
	Micros time;
	Fingerprint identity, second;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, &time }, { "person", FIELD_UUID, TRUE, 0, &person },
		{ "record", FIELD_UUID, TRUE, 0, &about }, { "look", FIELD_HEX32, TRUE, 0, &look }, { "agree", FIELD_HEX32, FALSE, 0, &agree },
	};
	if (!CHAIN_LINE_READ (record, fields, error))
		return FALSE;
	if (agree != NULL && !read_hash (agree, "/agree", &second, error))
		return FALSE;
	if (!hex_decode (look, identity.b, sizeof identity.b) || !look_ledger_add (journal->looks, time, person, &identity, agree != NULL ? &second : NULL))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "one statement for two looks");
	journal->last_time = MAX (journal->last_time, time);
	return TRUE;
}

static gboolean
replay_pin (Journal *journal, ChainLine *record, GError **error)
{
	Micros time;
	const json_t *json = chain_line_json (record, error);
	if (json == NULL || !pin_log_replay (journal->pins, json, &time, error))
		return FALSE;
	journal->last_time = MAX (journal->last_time, time);
	return TRUE;
}

static gboolean
replay_stamps (Journal *journal, ChainLine *record, GError **error)
{
	const char *type;
	Micros time, until;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, &time }, { "until", FIELD_TIME, TRUE, 0, &until },
	};
	if (!CHAIN_LINE_READ (record, fields, error))
		return FALSE;
	if (until <= journal->stamps_until)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/until", "times of stamps do not rise");
	journal->stamps_until = until;
	journal->last_time = MAX (journal->last_time, time);
	return TRUE;
}

static gboolean
replay_ceremony (Journal *journal, ChainLine *record, GError **error)
{
	Micros time;
	const json_t *json = chain_line_json (record, error);
	if (json == NULL || !ceremony_log_take (&journal->ceremonies, json, record->offset, record->n, &time, error))
		return FALSE;
	journal->last_time = MAX (journal->last_time, time);
	return TRUE;
}

static const struct {
	const char *type;
	gboolean (*replay) (Journal *journal, ChainLine *record, GError **error);
} kinds[] = {
	{ "issue", replay_issue }, { "revoked", replay_status }, { "unheld", replay_status }, { "crl", replay_status },
	{ "checkpoint", replay_checkpoint }, { "look", replay_look }, { "pin", replay_pin }, { "ceremony", replay_ceremony },
	{ "ceremony.begun", replay_ceremony }, { "ceremony.step", replay_ceremony }, { "stamps", replay_stamps },
};

static gboolean
replay_record (ChainLine *record, gpointer user, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
		if (chain_line_says (record, "type", kinds[i].type))
			return kinds[i].replay (user, record, error);
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/type", "unknown record");
}

Journal *
journal_open (const char *path, GError **error)
{
	g_autoptr (Journal) journal = g_new0 (Journal, 1);
	journal->issues = issues_new ();
	journal->moduli = moduli_new ();
	journal->status = status_log_new ();
	journal->looks = look_ledger_new ();
	ceremony_log_init (&journal->ceremonies);
	journal->pins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	merkle_empty_root (&journal->root);
	journal->chain = chain_open_lines (path, replay_record, journal, error);
	return journal->chain != NULL ? g_steal_pointer (&journal) : NULL;
}

void
journal_free (Journal *journal)
{
	if (journal == NULL)
		return;
	chain_free (journal->chain);
	moduli_free (journal->moduli);
	status_log_free (journal->status);
	look_ledger_free (journal->looks);
	ceremony_log_clear (&journal->ceremonies);
	g_hash_table_unref (journal->pins);
	issues_free (journal->issues);
	g_free (journal);
}

/* --- asking -------------------------------------------------------------------- */

const JournalIssue *
journal_by_request (const Journal *journal, const Fingerprint *request, guint copy)
{
	return issues_by_request (journal->issues, request, copy, FALSE);
}

const JournalIssue *
journal_encryption (const Journal *journal, const Fingerprint *request, guint copy)
{
	return issues_by_request (journal->issues, request, copy, TRUE);
}

const JournalIssue *
journal_by_serial (const Journal *journal, const Serial *serial)
{
	return issues_by_serial (journal->issues, serial);
}

const JournalIssue *
journal_by_spki (const Journal *journal, const Fingerprint *spki)
{
	return issues_by_spki (journal->issues, spki);
}

void
journal_check_primes (const Journal *journal, PrimeCheck *check)
{
	moduli_check (journal->moduli, check);
}

GBytes *
journal_certificate (Journal *journal, const JournalIssue *issue, GError **error)
{
	g_autoptr (json_t) record = chain_read (journal->chain, issue->offset, issue->n, error);
	if (record == NULL)
		return NULL;
	const char *der = json_string_value (json_object_get (record, "der"));
	g_autoptr (GBytes) bytes = der != NULL ? base64_decode_strict (der, strlen (der), error) : NULL;
	if (bytes == NULL)
		return NULL;
	Fingerprint actual;
	fingerprint_of (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &actual);
	if (!fingerprint_equal (&actual, &issue->certificate)) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the journal's certificate changed under us");
		return NULL;
	}
	return g_steal_pointer (&bytes);
}

gboolean
journal_approvals (Journal *journal, const JournalIssue *issue, Fingerprint *reviewer, Fingerprint *issuer, GError **error)
{
	g_autoptr (json_t) record = chain_read (journal->chain, issue->offset, issue->n, error);
	if (record == NULL)
		return FALSE;
	const char *first = json_string_value (json_object_get (record, "reviewer")), *second = json_string_value (json_object_get (record, "issuer"));
	return (first != NULL && second != NULL && hex_decode (first, reviewer->b, sizeof reviewer->b) && hex_decode (second, issuer->b, sizeof issuer->b))
		|| diqi_fail (error, DIQI_ERROR_SIGNER, NULL, "a certificate that nobody approved");
}

Revocations *
journal_revocations (const Journal *journal, const char *ca)
{
	return status_log_of (journal->status, ca);
}

const Revoked *
journal_revocation (const Journal *journal, const Serial *serial)
{
	const JournalIssue *issue = journal_by_serial (journal, serial);
	return issue != NULL ? revocations_find (status_log_of (journal->status, issue->ca), serial) : NULL;
}

gboolean
journal_has_lifted (const Journal *journal, const Fingerprint *request, const Serial *serial)
{
	return status_log_has_lifted (journal->status, request, serial);
}

void
journal_checkpoint (const Journal *journal, guint64 *size, Hash *root)
{
	*size = journal->size;
	*root = journal->root;
}

gboolean
journal_look_used (const Journal *journal, const Fingerprint *identity)
{
	return look_ledger_used (journal->looks, identity);
}

guint
journal_looks (const Journal *journal, Micros now, const char *person)
{
	return look_ledger_count (journal->looks, now, person);
}

const Fingerprint *
journal_pin_key (const Journal *journal, const char *ticket)
{
	return g_hash_table_lookup (journal->pins, ticket);
}

Micros
journal_stamps_until (const Journal *journal)
{
	return journal->stamps_until;
}

const JournalIssue *
journal_tls (const Journal *journal)
{
	return journal->has_tls ? journal_by_serial (journal, &journal->tls) : NULL;
}

const GArray *
journal_ceremonies (const Journal *journal)
{
	return journal->ceremonies.held;
}

const json_t *
journal_open_ceremony (const Journal *journal)
{
	return journal->ceremonies.open;
}

GBytes *
journal_transcript (Journal *journal, const CeremonyHeld *held, GError **error)
{
	g_autoptr (json_t) record = chain_read (journal->chain, held->offset, held->n, error);
	return record != NULL ? ceremony_log_text (record, held, error) : NULL;
}

Micros
journal_last_time (const Journal *journal)
{
	return journal->last_time;
}

/* --- writing ------------------------------------------------------------------- */

static json_t *
record_new (const char *type, Micros time)
{
	json_t *record = json_object ();
	json_object_set_new (record, "type", json_string (type));
	json_object_set_new (record, "time", json_time (time));
	return record;
}

static void
put_hash (json_t *record, const char *key, const Fingerprint *hash)
{
	if (hash != NULL)
		json_object_set_new (record, key, json_hex (hash->b, sizeof hash->b));
}

/* Absent for the first CA: a site with one is written as before there were several. */
static void
put_ca (json_t *record, const char *ca)
{
	if (ca != NULL && strcmp (ca, PINS_FIRST_CA) != 0)
		json_object_set_new (record, "ca", json_string (ca));
}

void
journal_add_issue (Journal *journal, const JournalEntry *entry)
{
	const Certificate *certificate = entry->certificate;
	JournalIssue issue = { .serial = *certificate_serial (certificate), .certificate = *certificate_fingerprint (certificate),
	                       .spki = *public_key_fingerprint (certificate_public_key (certificate)), .ca = g_intern_string (entry->ca != NULL ? entry->ca : PINS_FIRST_CA),
	                       .has_request = entry->request != NULL, .copy = (guint8) entry->copy, .encrypts = entry->encrypts ? 1 : 0 };
	if (entry->request != NULL)
		issue.request = *entry->request;
	g_autoptr (json_t) record = record_new ("issue", entry->time);
	put_ca (record, entry->ca);
	put_hash (record, "request", entry->request);
	if (entry->copy != 0)
		json_object_set_new (record, "copy", json_integer ((json_int_t) entry->copy));
	if (entry->encrypts)
		json_object_set_new (record, "use", json_string ("encrypt"));
	json_object_set_new (record, "profile", json_string (entry->profile));
	json_object_set_new (record, "serial", json_hex (issue.serial.b, sizeof issue.serial.b));
	put_hash (record, "spki", &issue.spki);
	put_hash (record, "certificate", &issue.certificate);
	json_object_set_new (record, "der", certificate_json (certificate));
	put_hash (record, "reviewer", entry->reviewer);
	put_hash (record, "issuer", entry->issuer);
	if (entry->renews != NULL)
		json_object_set_new (record, "renews", json_hex (entry->renews->b, sizeof entry->renews->b));
	gsize n;
	chain_append (journal->chain, record, &issue.offset, &n);
	issue.n = (guint32) n;
	journal->last_time = MAX (journal->last_time, entry->time);
	g_autoptr (GError) error = NULL;
	if (entry->renews == NULL)
		moduli_add (journal->moduli, certificate_public_key (certificate));
	if (!issues_add (journal->issues, &issue, entry->renews, &error))
		g_error ("journal: %s", error->message);       /* callers check uniqueness before they sign */
	note_service (journal, entry->profile, &issue.serial);
}

/* members: what a record says besides type and time; taken, NULL: nothing. */
static void
add_status (Journal *journal, const char *type, Micros time, json_t *members)
{
	if (members == NULL)
		return;
	g_autoptr (json_t) record = members;
	json_object_set_new (record, "type", json_string (type));
	json_object_set_new (record, "time", json_time (time));
	chain_append (journal->chain, record, NULL, NULL);
	journal->last_time = MAX (journal->last_time, time);
}

gboolean
journal_add_revoked (Journal *journal, Micros time, const RevokedEntry *entry, GError **error)
{
	const JournalIssue *issue = journal_by_serial (journal, &entry->serial);
	const Revoked *before = journal_revocation (journal, &entry->serial);
	if (before != NULL && (before->entry.reason != REASON_HOLD || entry->reason == REASON_HOLD))
		return TRUE;
	g_autoptr (GBytes) der = issue != NULL ? journal_certificate (journal, issue, error) : NULL;
	g_autoptr (Certificate) certificate = der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
	if (certificate == NULL)
		return FALSE;
	add_status (journal, "revoked", time, status_log_revoked (journal->status, issue->ca, entry, certificate_not_after (certificate)));
	return TRUE;
}

void
journal_add_unheld (Journal *journal, Micros time, const Lifting *lifting)
{
	const JournalIssue *issue = journal_by_serial (journal, &lifting->serial);
	add_status (journal, "unheld", time, status_log_unheld (journal->status, issue->ca, lifting));
}

void
journal_add_list (Journal *journal, Micros time, const ListMade *made)
{
	add_status (journal, "crl", time, status_log_list (journal->status, made, strcmp (made->ca, PINS_FIRST_CA) == 0, time));
}

void
journal_add_checkpoint (Journal *journal, Micros time, guint64 size, const Hash *root)
{
	g_autoptr (json_t) record = record_new ("checkpoint", time);
	json_object_set_new (record, "size", json_integer ((json_int_t) size));
	put_hash (record, "root", root);
	chain_append (journal->chain, record, NULL, NULL);
	journal->size = size;
	journal->root = *root;
	journal->last_time = MAX (journal->last_time, time);
}

void
journal_add_look (Journal *journal, const JournalLook *look)
{
	g_autoptr (json_t) record = record_new ("look", look->time);
	json_object_set_new (record, "person", json_string (look->person));
	json_object_set_new (record, "record", json_string (look->record));
	put_hash (record, "look", look->identity);
	put_hash (record, "agree", look->agree);
	chain_append (journal->chain, record, NULL, NULL);
	if (!look_ledger_add (journal->looks, look->time, look->person, look->identity, look->agree))
		g_error ("journal: one statement for two looks");
	journal->last_time = MAX (journal->last_time, look->time);
}

void
journal_add_stamps (Journal *journal, Micros time, Micros until)
{
	g_autoptr (json_t) record = record_new ("stamps", time);
	json_object_set_new (record, "until", json_time (until));
	chain_append (journal->chain, record, NULL, NULL);
	journal->stamps_until = until;
	journal->last_time = MAX (journal->last_time, time);
}

void
journal_add_pin (Journal *journal, const JournalPin *pin)
{
	add_status (journal, "pin", pin->time, pin_log_add (journal->pins, pin));
}

void
journal_add_ceremony (Journal *journal, Micros time, const Fingerprint *transcript, GBytes *text)
{
	add_status (journal, "ceremony", time, ceremony_log_members (transcript, text));
	g_clear_pointer (&journal->ceremonies.open, json_decref);
}

gboolean
journal_note_ceremony (Journal *journal, const char *type, Micros time, json_t *members, GError **error)
{
	g_autoptr (json_t) record = members;
	json_object_set_new (record, "type", json_string (type));
	json_object_set_new (record, "time", json_time (time));
	if (!ceremony_log_take (&journal->ceremonies, record, 0, 0, &time, error))
		return FALSE;
	chain_append (journal->chain, record, NULL, NULL);
	journal->last_time = MAX (journal->last_time, time);
	return TRUE;
}

gboolean
journal_is_dirty (const Journal *journal)
{
	return chain_is_dirty (journal->chain);
}

gboolean
journal_commit (Journal *journal, GError **error)
{
	return !journal_is_dirty (journal) || chain_commit (journal->chain, error);
}
