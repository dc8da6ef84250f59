/* signer/officers_log.c — how the list changes, and the log of it.  See officers.h. */
#include <string.h>

#include "base/error.h"
#include "signer/approval.h"
#include "signer/chain.h"
#include "signer/officers.h"
#include "signer/pinned_list.h"

#define RULE_TWO_ADMINISTRATORS 2
/* What a certificate may have more, in base64, than the CSR in whose place it comes. */
#define MORE_THAN_CSR 2048
#define ROLES_OVER_OFFICERS (ROLE_ADMINISTRATOR | ROLE_AUDITOR | ROLE_REVIEWER | ROLE_ISSUER)

struct OfficersLog {
	const Pins *pins;
	Chain *chain;
	Roster *current;          /* NULL before the genesis record */
	Fingerprint proposed;          /* hash of the proposal that made it */
	gboolean two_administrators;   /* a record says that they are asked for: they are from there on */
};

/* --- judging a change ------------------------------------------------------------ */

/* What both statements are judged by. */
typedef struct {
	const Court *court;
	const Fingerprint *proposed;
} Case;

static const Officer *
check_statement (gpointer user, gsize i, const char *compact, const char *at, GError **error)
{
	const Case *c = user;
	const Roster *present = c->court->officers;
	const Officer *officer;
	(void) i;
	g_autoptr (Statement) statement = approval_open (c->court, compact, "officers.change", at, &officer, error);
	if (statement == NULL || !pinned_list_check_target (statement, present->version, &present->hash, c->proposed, at, error))
		return NULL;
	if ((officer->roles & ROLES_OVER_OFFICERS) == 0) {
		diqi_error_set (error, DIQI_ERROR_APPROVAL, at, "the officer has no say in the list of officers");
		return NULL;
	}
	return officer;
}

/* who: two persons with a say in the list. */
static gboolean
check_administrators (const Court *court, const Officer *const who[2], gboolean two, GError **error)
{
	if (((who[0]->roles | who[1]->roles) & ROLE_ADMINISTRATOR) == 0)
		return diqi_fail (error, DIQI_ERROR_APPROVAL, "/statements", "one of the two must be an administrator");
	if (two && roster_administrators (court->officers, court->now) >= 2 && (who[0]->roles & who[1]->roles & ROLE_ADMINISTRATOR) == 0)
		return diqi_fail (error, DIQI_ERROR_APPROVAL, "/statements", "both must be administrators, as long as there are two");
	return TRUE;
}

static gboolean
check_statements (const Court *court, const json_t *statements, const Fingerprint *proposed, gboolean two, GError **error)
{
	const Officer *who[2];
	Case c = { court, proposed };
	return approvals_of_two (statements, check_statement, &c, who, error) && check_administrators (court, who, two, error);
}

/* Officers' certificates are our own, from an officer profile: a bidder's certificate cannot become one. */
static gboolean
check_certificate (const Pins *pins, const Certificate *certificate, Micros now, GError **error)
{
	if (!pins_verify (pins, certificate, now, error))
		return FALSE;
	if (certificate_has_policy (certificate, POLICY_OFFICER))
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_CERTIFICATE_USAGE, "/list/officers", "not an officer certificate");
}

static gboolean
check_kept (const Officer *old, const Roster *proposed, GError **error)
{
	const Officer *now = roster_find (proposed, certificate_fingerprint (old->certificate));
	if (now == NULL || strcmp (now->person, old->person) != 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/list/officers", "an entry of the present list is missing or belongs to another person");
	return !old->removed || now->removed || diqi_fail (error, DIQI_ERROR_SIGNER, "/list/officers", "a removed officer stays removed; make a new certificate");
}

static gboolean
check_succession (const Court *court, const Roster *proposed, gboolean two, GError **error)
{
	if (proposed->version != court->officers->version + 1)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/list/version", "the next version is %" G_GINT64_FORMAT, court->officers->version + 1);
	for (guint i = 0; i < court->officers->officers->len; i++)
		if (!check_kept (g_ptr_array_index (court->officers->officers, i), proposed, error))
			return FALSE;
	for (guint i = 0; i < proposed->officers->len; i++) {
		const Officer *officer = g_ptr_array_index (proposed->officers, i);
		gboolean added = officer->certificate != NULL && roster_find (court->officers, certificate_fingerprint (officer->certificate)) == NULL;
		if (added && !check_certificate (court->pins, officer->certificate, court->now, error))
			return FALSE;
	}
	if (two && roster_administrators (court->officers, court->now) >= 2 && roster_administrators (proposed, court->now) < 2)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/list/officers", "two administrators must stay");
	return roster_check_quorum (proposed, error);
}

/* Before certificates are made: a record that the next start does not read would be the last. */
static gboolean
check_length (const Roster *proposed, const json_t *statements, GError **error)
{
	gsize more = 0;
	for (guint i = 0; i < proposed->officers->len; i++)
		if (((const Officer *) g_ptr_array_index (proposed->officers, i))->certificate == NULL)
			more += MORE_THAN_CSR;
	g_autoptr (json_t) record = pinned_record_new (&(PinnedRecord) { .version = proposed->version, .proposed = proposed->json, .list = proposed->json, .statements = statements });
	return chain_fits (record, more + MORE_THAN_CSR, error);
}

/* --- filling certificates in -------------------------------------------------------- */

static gboolean
fill_entry (const Roster *proposed, guint i, json_t *entry, OfficerIssue issue, gpointer user, GError **error)
{
	const Officer *officer = g_ptr_array_index (proposed->officers, i);
	Fingerprint request;
	if (officer->certificate != NULL)
		return TRUE;
	pinned_entry_request ("officer.request", &proposed->hash, officer->person, officer->key, &request);
	g_autoptr (Certificate) certificate = issue (user, officer, &request, error);
	if (certificate == NULL)
		return FALSE;
	pinned_entry_fill (entry, certificate);
	return TRUE;
}

static json_t *
fill_list (const Roster *proposed, OfficerIssue issue, gpointer user, GError **error)
{
	g_autoptr (json_t) list = json_deep_copy (proposed->json);
	json_t *entries = json_object_get (list, "officers");
	for (guint i = 0; i < proposed->officers->len; i++)
		if (!fill_entry (proposed, i, json_array_get (entries, i), issue, user, error))
			return NULL;
	return g_steal_pointer (&list);
}

/* On replay the certificate is taken from the recorded list in place of issuing it. */
typedef struct {
	const Roster *recorded;
	const Court *court;
} Recorded;

static Certificate *
take_recorded (gpointer user, const Officer *officer, const Fingerprint *request, GError **error)
{
	const Recorded *recorded = user;
	(void) request;
	for (guint i = 0; i < recorded->recorded->officers->len; i++) {
		const Officer *made = g_ptr_array_index (recorded->recorded->officers, i);
		if (fingerprint_equal (public_key_fingerprint (certificate_public_key (made->certificate)), public_key_fingerprint (officer->key)))
			return check_certificate (recorded->court->pins, made->certificate, recorded->court->now, error) ? certificate_ref (made->certificate) : NULL;
	}
	diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "the recorded list lacks an issued certificate");
	return NULL;
}

/* --- the log ---------------------------------------------------------------------------- */

/* Whatever is recorded from now on is recorded under the present rule. */
static json_t *
under_rule (json_t *record)
{
	json_object_set_new (record, "rule", json_integer (RULE_TWO_ADMINISTRATORS));
	return record;
}

json_t *
officers_log_genesis (const json_t *list, Micros now)
{
	return under_rule (pinned_record_genesis (list, now));
}

static gboolean
take_genesis (const OfficersLog *log, const Roster *list, const PinnedRecord *record, GError **error)
{
	if (list->version != 1 || json_array_size (record->statements) != 0 || !json_equal (record->proposed, list->json))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "not a first list of officers");
	for (guint i = 0; i < list->officers->len; i++) {
		const Officer *officer = g_ptr_array_index (list->officers, i);
		if (!check_certificate (log->pins, officer->certificate, record->time, error))
			return FALSE;
	}
	return roster_check_quorum (list, error);
}

static gboolean
take_change (const OfficersLog *log, const Roster *list, const PinnedRecord *record, GError **error)
{
	const Court court = { log->pins, log->current, record->time, NULL };
	g_autoptr (Roster) proposed = roster_parse (record->proposed, TRUE, "/proposed", error);
	if (proposed == NULL || !check_statements (&court, record->statements, &proposed->hash, log->two_administrators, error)
	    || !check_succession (&court, proposed, log->two_administrators, error))
		return FALSE;
	Recorded recorded = { list, &court };
	g_autoptr (json_t) filled = fill_list (proposed, take_recorded, &recorded, error);
	if (filled == NULL)
		return FALSE;
	return json_equal (filled, list->json) || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the list is not what the officers signed");
}

static gboolean
take_rule (OfficersLog *log, gint64 rule, GError **error)
{
	if (rule != 1 && rule != RULE_TWO_ADMINISTRATORS)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "a record of the list of officers under a rule of the future");
	log->two_administrators |= rule == RULE_TWO_ADMINISTRATORS;
	return TRUE;
}

static gboolean
take_record (const json_t *json, goffset offset, gsize n, gpointer user, GError **error)
{
	static const Fingerprint none;
	OfficersLog *log = user;
	gint64 rule = 1;
	PinnedRecord record;
	Fingerprint hash;
	const Field extra = { "rule", FIELD_INT, FALSE, 0, &rule };
	(void) offset;
	(void) n;
	if (!pinned_record_read (json, &extra, &record, &hash, error))
		return FALSE;
	g_autoptr (Roster) list = roster_parse (record.list, FALSE, "/list", error);
	if (list == NULL)
		return FALSE;
	if (!fingerprint_equal (&record.previous, log->current != NULL ? &log->current->hash : &none) || record.version != list->version)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the lists of officers do not follow each other");
	if (!take_rule (log, rule, error))
		return FALSE;
	if (!(log->current == NULL ? take_genesis (log, list, &record, error) : take_change (log, list, &record, error)))
		return FALSE;
	log->proposed = hash;
	roster_free (log->current);
	log->current = g_steal_pointer (&list);
	return TRUE;
}

OfficersLog *
officers_log_open (const char *path, const Pins *pins, GError **error)
{
	g_autoptr (OfficersLog) log = g_new0 (OfficersLog, 1);
	log->pins = pins;
	log->chain = chain_open (path, take_record, log, error);
	if (log->chain == NULL)
		return NULL;
	if (log->current == NULL) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s: no list of officers", path);
		return NULL;
	}
	return g_steal_pointer (&log);
}

void
officers_log_free (OfficersLog *log)
{
	if (log == NULL)
		return;
	chain_free (log->chain);
	roster_free (log->current);
	g_free (log);
}

const Roster *
officers_log_current (const OfficersLog *log)
{
	return log->current;
}

gboolean
officers_log_change (OfficersLog *log, const json_t *proposed_json, const json_t *statements, Micros now,
                     OfficerIssue issue, gpointer user, GError **error)
{
	const Court court = { log->pins, log->current, now, NULL };
	g_autoptr (Roster) proposed = roster_parse (proposed_json, TRUE, "/list", error);
	if (proposed == NULL)
		return FALSE;
	if (fingerprint_equal (&proposed->hash, &log->proposed))
		return TRUE;
	if (!check_statements (&court, statements, &proposed->hash, TRUE, error) || !check_succession (&court, proposed, TRUE, error)
	    || !check_length (proposed, statements, error))
		return FALSE;
	g_autoptr (json_t) filled = fill_list (proposed, issue, user, error);
	g_autoptr (Roster) next = filled != NULL ? roster_parse (filled, FALSE, "/list", error) : NULL;
	if (next == NULL)
		return FALSE;
	const PinnedRecord change = { next->version, now, log->current->hash, proposed->json, filled, statements };
	g_autoptr (json_t) record = under_rule (pinned_record_new (&change));
	chain_append (log->chain, record, NULL, NULL);
	log->proposed = proposed->hash;
	log->two_administrators = TRUE;
	roster_free (log->current);
	log->current = g_steal_pointer (&next);
	return TRUE;
}

gboolean
officers_log_is_dirty (const OfficersLog *log)
{
	return chain_is_dirty (log->chain);
}

gboolean
officers_log_commit (OfficersLog *log, GError **error)
{
	return !officers_log_is_dirty (log) || chain_commit (log->chain, error);
}
