/* signer/agents_log.c — how the list of recovery agents changes, and the log of it.  See agents.h. */
#include <string.h>

#include "base/error.h"
#include "signer/agents.h"
#include "signer/approval.h"
#include "signer/chain.h"
#include "signer/pinned_list.h"

struct AgentsLog {
	const Pins *pins;
	const OfficersLog *officers;
	Chain *chain;
	GPtrArray *lists;              /* AgentList, all versions in their order */
	AgentList *current;            /* the last of them; NULL: none was set */
	Fingerprint proposed;          /* hash of the proposal that made it */
};

/* What a change replaces: nothing, at first. */
static const Fingerprint *
current_hash (const AgentsLog *log)
{
	static const Fingerprint none;
	return log->current != NULL ? &log->current->hash : &none;
}

static gint64
current_version (const AgentsLog *log)
{
	return log->current != NULL ? log->current->version : 0;
}

static void
make_current (AgentsLog *log, AgentList *list)
{
	g_ptr_array_add (log->lists, list);
	log->current = list;
}

/* --- judging a change ------------------------------------------------------------ */

/* What both statements are judged by. */
typedef struct {
	const AgentsLog *log;
	const Court *court;             /* NULL: recorded ones */
	const Fingerprint *proposed;
} Case;

/* A recorded one carried its change when its signer was an administrator. */
static const Officer *
check_statement (gpointer user, gsize i, const char *compact, const char *at, GError **error)
{
	const Case *c = user;
	const AgentsLog *log = c->log;
	const Officer *officer;
	(void) i;
	g_autoptr (Statement) statement = c->court != NULL
		? approval_open (c->court, compact, "agents.change", at, &officer, error)
		: approval_open_recorded (officers_log_current (log->officers), log->pins->site, compact, "agents.change", at, &officer, error);
	if (statement == NULL || !pinned_list_check_target (statement, current_version (log), current_hash (log), c->proposed, at, error))
		return NULL;
	if (c->court != NULL && (officer->roles & ROLE_ADMINISTRATOR) == 0) {
		diqi_error_set (error, DIQI_ERROR_APPROVAL, at, "administrators set the recovery agents");
		return NULL;
	}
	return officer;
}

/* court NULL: recorded ones. */
static gboolean
check_statements (const AgentsLog *log, const Court *court, const json_t *statements, const Fingerprint *proposed, GError **error)
{
	Case c = { log, court, proposed };
	return approvals_of_two (statements, check_statement, &c, NULL, error);
}

/* Shares are sealed only to certificates of our own, made for this: no holder's and no outsider's becomes an agent's. */
static gboolean
check_certificate (const AgentsLog *log, const Certificate *certificate, Micros now, GError **error)
{
	if (!pins_verify (log->pins, certificate, now, error))
		return FALSE;
	return (certificate_has_policy (certificate, POLICY_RECOVERY_AGENT) && (certificate_key_usage (certificate) & KU_DIGITAL_SIGNATURE) == 0)
		|| diqi_fail (error, DIQI_ERROR_CERTIFICATE_USAGE, "/list/agents", "not a recovery agent's certificate");
}

static gboolean
is_active_agent (const Roster *officers, const char *person)
{
	for (guint i = 0; i < officers->officers->len; i++) {
		const Officer *officer = g_ptr_array_index (officers->officers, i);
		if (!officer->removed && (officer->roles & ROLE_RECOVERY_AGENT) != 0 && strcmp (officer->person, person) == 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean
check_agents (const AgentsLog *log, const AgentList *proposed, Micros now, GError **error)
{
	if (proposed->version != current_version (log) + 1)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/list/version", "the next version is %" G_GINT64_FORMAT, current_version (log) + 1);
	for (guint i = 0; i < proposed->agents->len; i++) {
		const Agent *agent = g_ptr_array_index (proposed->agents, i);
		g_autofree char *at = g_strdup_printf ("/list/agents/%u", i);
		if (!is_active_agent (officers_log_current (log->officers), agent->person))
			return diqi_fail (error, DIQI_ERROR_SIGNER, at, "not an officer with the role recovery_agent");
		if (agent->certificate != NULL && !check_certificate (log, agent->certificate, now, error))
			return FALSE;
	}
	return TRUE;
}

/* --- filling certificates in -------------------------------------------------------- */

static gboolean
fill_entry (const AgentList *proposed, guint i, json_t *entry, AgentIssue issue, gpointer user, GError **error)
{
	const Agent *agent = g_ptr_array_index (proposed->agents, i);
	Fingerprint request;
	if (agent->certificate != NULL)
		return TRUE;
	pinned_entry_request ("agent.request", &proposed->hash, agent->person, agent->key, &request);
	g_autoptr (Certificate) certificate = issue (user, agent, &request, error);
	if (certificate == NULL)
		return FALSE;
	pinned_entry_fill (entry, certificate);
	return TRUE;
}

static json_t *
fill_list (const AgentList *proposed, AgentIssue issue, gpointer user, GError **error)
{
	g_autoptr (json_t) list = json_deep_copy (proposed->json);
	json_t *entries = json_object_get (list, "agents");
	for (guint i = 0; i < proposed->agents->len; i++)
		if (!fill_entry (proposed, i, json_array_get (entries, i), issue, user, error))
			return NULL;
	return g_steal_pointer (&list);
}

/* On replay the certificate is taken from the recorded list in place of issuing it. */
static Certificate *
take_recorded (gpointer user, const Agent *agent, const Fingerprint *request, GError **error)
{
	const AgentList *recorded = user;
	(void) request;
	const Agent *made = agent_list_find (recorded, agent->person);
	if (made != NULL && fingerprint_equal (public_key_fingerprint (certificate_public_key (made->certificate)), public_key_fingerprint (agent->key)))
		return certificate_ref (made->certificate);
	diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "the recorded list lacks an issued certificate");
	return NULL;
}

/* --- the log ---------------------------------------------------------------------------- */

json_t *
agents_log_genesis (const json_t *list, Micros now)
{
	return pinned_record_genesis (list, now);
}

/* The list itself and, but for the one made with the site, who signed for it. */
static gboolean
check_record (const AgentsLog *log, const AgentList *list, const PinnedRecord *record, GError **error)
{
	for (guint i = 0; i < list->agents->len; i++)
		if (!check_certificate (log, ((const Agent *) g_ptr_array_index (list->agents, i))->certificate, record->time, error))
			return FALSE;
	if (log->current == NULL && json_array_size (record->statements) == 0)
		return json_equal (record->proposed, list->json) || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "not a first list of recovery agents");
	g_autoptr (AgentList) proposed = agent_list_parse (record->proposed, TRUE, "/proposed", error);
	if (proposed == NULL || !check_statements (log, NULL, record->statements, &proposed->hash, error))
		return FALSE;
	g_autoptr (json_t) filled = fill_list (proposed, take_recorded, (gpointer) list, error);
	return filled != NULL
		&& (json_equal (filled, list->json) || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the list is not what the administrators signed"));
}

static gboolean
take_record (const json_t *json, goffset offset, gsize n, gpointer user, GError **error)
{
	AgentsLog *log = user;
	PinnedRecord record;
	Fingerprint hash;
	(void) offset;
	(void) n;
	if (!pinned_record_read (json, NULL, &record, &hash, error))
		return FALSE;
	g_autoptr (AgentList) list = agent_list_parse (record.list, FALSE, "/list", error);
	if (list == NULL)
		return FALSE;
	if (!fingerprint_equal (&record.previous, current_hash (log)) || record.version != list->version || record.version != current_version (log) + 1)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the lists of recovery agents do not follow each other");
	if (!check_record (log, list, &record, error))
		return FALSE;
	log->proposed = hash;
	make_current (log, g_steal_pointer (&list));
	return TRUE;
}

AgentsLog *
agents_log_open (const char *path, const Pins *pins, const OfficersLog *officers, GError **error)
{
	g_autoptr (AgentsLog) log = g_new0 (AgentsLog, 1);
	log->pins = pins;
	log->officers = officers;
	log->lists = g_ptr_array_new_with_free_func ((GDestroyNotify) agent_list_free);
	log->chain = chain_open (path, take_record, log, error);
	return log->chain != NULL ? g_steal_pointer (&log) : NULL;
}

void
agents_log_free (AgentsLog *log)
{
	if (log == NULL)
		return;
	chain_free (log->chain);
	g_ptr_array_unref (log->lists);
	g_free (log);
}

const AgentList *
agents_log_current (const AgentsLog *log)
{
	return log->current;
}

gboolean
agents_log_can_open (const AgentsLog *log, gint64 version)
{
	if (version < 1 || version > log->lists->len)
		return FALSE;
	const AgentList *list = g_ptr_array_index (log->lists, version - 1);
	guint left = 0;
	for (guint i = 0; i < list->agents->len; i++) {
		const Agent *agent = g_ptr_array_index (list->agents, i);
		left += agent_list_find (log->current, agent->person) != NULL && is_active_agent (officers_log_current (log->officers), agent->person);
	}
	return left >= list->threshold;
}

gboolean
agents_log_change (AgentsLog *log, const json_t *proposed_json, const json_t *statements, const Journal *journal, Micros now,
                   AgentIssue issue, gpointer user, GError **error)
{
	const Court court = { log->pins, officers_log_current (log->officers), now, journal };
	g_autoptr (AgentList) proposed = agent_list_parse (proposed_json, TRUE, "/list", error);
	if (proposed == NULL)
		return FALSE;
	if (log->current != NULL && fingerprint_equal (&proposed->hash, &log->proposed))
		return TRUE;
	if (!check_statements (log, &court, statements, &proposed->hash, error) || !check_agents (log, proposed, now, error))
		return FALSE;
	g_autoptr (json_t) filled = fill_list (proposed, issue, user, error);
	g_autoptr (AgentList) next = filled != NULL ? agent_list_parse (filled, FALSE, "/list", error) : NULL;
	if (next == NULL)
		return FALSE;
	g_autoptr (json_t) record = pinned_record_new (&(PinnedRecord) { next->version, now, *current_hash (log), proposed->json, filled, statements });
	chain_append (log->chain, record, NULL, NULL);
	log->proposed = proposed->hash;
	make_current (log, g_steal_pointer (&next));
	return TRUE;
}

gboolean
agents_log_is_dirty (const AgentsLog *log)
{
	return chain_is_dirty (log->chain);
}

gboolean
agents_log_commit (AgentsLog *log, GError **error)
{
	return !agents_log_is_dirty (log) || chain_commit (log->chain, error);
}
