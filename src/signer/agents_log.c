/* signer/agents_log.c — how the list of recovery agents changes, and the log of it.  See agents.h. */
#include <string.h>

#include "base/error.h"
#include "signer/agents.h"
#include "signer/approval.h"
#include "signer/chain.h"

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

static gboolean
check_target (const AgentsLog *log, const Statement *statement, const Fingerprint *proposed, const char *at, GError **error)
{
	StatementCommon common;
	const char *previous, *list;
	gint64 version;
	const Field fields[] = {
		STATEMENT_COMMON_FIELDS (common),
		{ "version", FIELD_INT, TRUE, 0, &version }, { "previous", FIELD_HEX32, TRUE, 0, &previous }, { "list", FIELD_HEX32, TRUE, 0, &list },
	};
	if (!JSON_READ (statement_payload (statement), at, fields, error) || !statement_nonce_check (common.nonce, at, error))
		return FALSE;
	g_autofree char *expected = fingerprint_hex (current_hash (log));
	g_autofree char *next = fingerprint_hex (proposed);
	return (version == current_version (log) && strcmp (previous, expected) == 0 && strcmp (list, next) == 0)
		|| diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, at, "names another list, or replaces another one than the present");
}

/* Now: with everything an approval must have. */
static const Officer *
check_statement (const AgentsLog *log, const Court *court, const char *compact, const Fingerprint *proposed, const char *at, GError **error)
{
	const Officer *officer;
	g_autoptr (Statement) statement = approval_open (court, compact, "agents.change", at, &officer, error);
	if (statement == NULL || !check_target (log, statement, proposed, at, error))
		return NULL;
	if ((officer->roles & ROLE_ADMINISTRATOR) == 0) {
		diqi_error_set (error, DIQI_ERROR_APPROVAL, at, "administrators set the recovery agents");
		return NULL;
	}
	return officer;
}

/* At start: the list of officers has moved on since, so only what lasts is judged: an officer's signature over this change. */
static const Officer *
check_recorded (const AgentsLog *log, const char *compact, const Fingerprint *proposed, const char *at, GError **error)
{
	g_autoptr (Statement) statement = statement_parse (compact, -1, error);
	const Officer *officer = statement != NULL ? roster_find (officers_log_current (log->officers), statement_signer (statement)) : NULL;
	if (statement == NULL)
		return NULL;
	if (officer == NULL || strcmp (statement_type (statement), "agents.change") != 0 || strcmp (statement_site (statement), log->pins->site) != 0) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, at, "not a statement by which an officer changed the recovery agents");
		return NULL;
	}
	return check_target (log, statement, proposed, at, error) && statement_verify (statement, officer->certificate, error) ? officer : NULL;
}

/* court NULL: recorded ones. */
static gboolean
check_statements (const AgentsLog *log, const Court *court, const json_t *statements, const Fingerprint *proposed, GError **error)
{
	const Officer *who[2];
	if (json_array_size (statements) != 2)
		return diqi_fail (error, DIQI_ERROR_APPROVAL, "/statements", "exactly two statements are asked for");
	for (gsize i = 0; i < 2; i++) {
		g_autofree char *at = g_strdup_printf ("/statements/%" G_GSIZE_FORMAT, i);
		const char *compact = json_string_value (json_array_get (statements, i));
		if (compact == NULL)
			return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, at, "not a text");
		who[i] = court != NULL ? check_statement (log, court, compact, proposed, at, error) : check_recorded (log, compact, proposed, at, error);
		if (who[i] == NULL)
			return FALSE;
	}
	return strcmp (who[0]->person, who[1]->person) != 0
		|| diqi_fail (error, DIQI_ERROR_SAME_PERSON, "/statements", "both statements are of the same person");
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

/* Names this entry of this proposal, so that sending the change again yields the same certificate. */
static void
entry_request (const AgentList *proposed, const Agent *agent, Fingerprint *out)
{
	g_autoptr (json_t) request = json_object ();
	const Fingerprint *spki = public_key_fingerprint (agent->key);
	json_object_set_new (request, "type", json_string ("agent.request"));
	json_object_set_new (request, "list", json_hex (proposed->hash.b, sizeof proposed->hash.b));
	json_object_set_new (request, "person", json_string (agent->person));
	json_object_set_new (request, "spki", json_hex (spki->b, sizeof spki->b));
	g_autoptr (GBytes) text = jcs_bytes (request);
	fingerprint_of (g_bytes_get_data (text, NULL), g_bytes_get_size (text), out);
}

static gboolean
fill_entry (const AgentList *proposed, guint i, json_t *entry, AgentIssue issue, gpointer user, GError **error)
{
	const Agent *agent = g_ptr_array_index (proposed->agents, i);
	if (agent->certificate != NULL)
		return TRUE;
	Fingerprint request;
	entry_request (proposed, agent, &request);
	g_autoptr (Certificate) certificate = issue (user, agent, &request, error);
	if (certificate == NULL)
		return FALSE;
	g_autoptr (GBytes) der = certificate_der (certificate);
	json_object_del (entry, "csr");
	json_object_set_new (entry, "certificate", json_base64 (g_bytes_get_data (der, NULL), g_bytes_get_size (der)));
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

static json_t *
record_new (gint64 version, Micros now, const Fingerprint *previous, const json_t *proposed, const json_t *list, const json_t *statements)
{
	json_t *record = json_object ();
	json_object_set_new (record, "version", json_integer (version));
	json_object_set_new (record, "time", json_time (now));
	json_object_set_new (record, "previous", json_hex (previous->b, sizeof previous->b));
	json_object_set_new (record, "proposed", json_deep_copy (proposed));
	json_object_set_new (record, "list", json_deep_copy (list));
	json_object_set_new (record, "statements", json_deep_copy (statements));
	return record;
}

json_t *
agents_log_genesis (const json_t *list, Micros now)
{
	static const Fingerprint none;
	g_autoptr (json_t) statements = json_array ();
	return record_new (1, now, &none, list, list, statements);
}

/* The list itself and, but for the one made with the site, who signed for it. */
static gboolean
check_record (AgentsLog *log, const AgentList *list, const json_t *proposed_json, const json_t *statements, Micros time, GError **error)
{
	for (guint i = 0; i < list->agents->len; i++)
		if (!check_certificate (log, ((const Agent *) g_ptr_array_index (list->agents, i))->certificate, time, error))
			return FALSE;
	if (log->current == NULL && json_array_size (statements) == 0)
		return json_equal (proposed_json, list->json) || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "not a first list of recovery agents");
	g_autoptr (AgentList) proposed = agent_list_parse (proposed_json, TRUE, "/proposed", error);
	if (proposed == NULL || !check_statements (log, NULL, statements, &proposed->hash, error))
		return FALSE;
	g_autoptr (json_t) filled = fill_list (proposed, take_recorded, (gpointer) list, error);
	return filled != NULL
		&& (json_equal (filled, list->json) || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the list is not what the administrators signed"));
}

static gboolean
take_record (const json_t *record, goffset offset, gsize n, gpointer user, GError **error)
{
	AgentsLog *log = user;
	gint64 version;
	Micros time;
	const char *previous;
	json_t *proposed, *list_json, *statements;
	const Field fields[] = {
		{ "version", FIELD_INT, TRUE, 0, &version }, { "time", FIELD_TIME, TRUE, 0, &time }, { "previous", FIELD_HEX32, TRUE, 0, &previous },
		{ "proposed", FIELD_OBJECT, TRUE, 0, &proposed }, { "list", FIELD_OBJECT, TRUE, 0, &list_json },
		{ "statements", FIELD_ARRAY, TRUE, 2, &statements },
	};
	(void) offset;
	(void) n;
	if (!JSON_READ (record, "", fields, error))
		return FALSE;
	g_autoptr (AgentList) list = agent_list_parse (list_json, FALSE, "/list", error);
	g_autofree char *expected = fingerprint_hex (current_hash (log));
	if (list == NULL)
		return FALSE;
	if (strcmp (previous, expected) != 0 || version != list->version || version != current_version (log) + 1)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "the lists of recovery agents do not follow each other");
	if (!check_record (log, list, proposed, statements, time, error))
		return FALSE;
	g_autoptr (GBytes) text = jcs_bytes (proposed);
	fingerprint_of (g_bytes_get_data (text, NULL), g_bytes_get_size (text), &log->proposed);
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
	g_autoptr (json_t) record = record_new (next->version, now, current_hash (log), proposed->json, filled, statements);
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
