/* signer/agents.h — the recovery agents of the key centre, and how their list changes.
 *
 * A list is {"version":n,"threshold":k,"agents":[{"person":UUID,"name":…,"certificate":base64 DER}]}: whoever is in it is an agent,
 * whoever is not any more was removed.  2 <= k <= number of agents <= 15.  The certificate is for encryption, of profile "recovery-agent",
 * ours, one a person; each person is an officer with the role recovery_agent, whose own certificate signs his statements.
 * A change proposes the whole next list (version + 1).  In a proposal an entry may carry "csr" (base64 PKCS#10 of the encryption key) in
 * place of "certificate"; the signer issues from the newest recovery-agent profile and fills it in.  Two statements "agents.change"
 * of two administrators over the hash of the canonical proposal, its predecessor's version and hash (version 0 and 64 zeros when there
 * is none) carry it.
 *
 * agents.log is a Chain of {"version","time","previous","proposed","list","statements"}; version 1 may be made by `diqi init`, with no
 * statements.  Empty: the site has no key centre.
 */
#pragma once
#include "base/json.h"
#include "signer/journal.h"
#include "signer/officers.h"
#include "signer/share.h"

typedef struct {
	char *person, *name;
	Certificate *certificate;       /* NULL in a proposal with a CSR … */
	PublicKey *key;                 /* … then its proven key */
} Agent;

typedef struct {
	gint64 version;
	guint threshold;
	GPtrArray *agents;              /* Agent; at most SHARES_MAX */
	json_t *json;
	Fingerprint hash;               /* of the canonical JSON */
} AgentList;

/* Form only, as roster_parse. */
AgentList *agent_list_parse (const json_t *list, gboolean proposal, const char *at, GError **error);
void agent_list_free (AgentList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AgentList, agent_list_free)
/* Borrowed; NULL: no agent, or no longer. */
const Agent *agent_list_find (const AgentList *list, const char *person);

typedef struct AgentsLog AgentsLog;
AgentsLog *agents_log_open (const char *path, const Pins *pins, const OfficersLog *officers, GError **error);
void agents_log_free (AgentsLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AgentsLog, agents_log_free)
const AgentList *agents_log_current (const AgentsLog *log);         /* NULL: no key centre */
/* Are enough of the agents of that version agents today to open what was sealed to them? */
gboolean agents_log_can_open (const AgentsLog *log, gint64 version);

/* Issues for a proposal's entry with a CSR; `request` identifies it for good. */
typedef Certificate *(*AgentIssue) (gpointer user, const Agent *agent, const Fingerprint *request, GError **error);
/* As officers_log_change; the officers' certificates must not be revoked. */
gboolean agents_log_change (AgentsLog *log, const json_t *proposed, const json_t *statements, const Journal *journal, Micros now,
                            AgentIssue issue, gpointer user, GError **error);
gboolean agents_log_is_dirty (const AgentsLog *log);
gboolean agents_log_commit (AgentsLog *log, GError **error);

/* The first record of a new site's agents.log. */
json_t *agents_log_genesis (const json_t *list, Micros now);
