/* main/ceremony_lists.c — see ceremony_lists.h. */
#include "main/ceremony_lists.h"

#include <string.h>

#include "api/list_changes.h"
#include "base/error.h"
#include "base/random.h"
#include "main/cli.h"
#include "main/list_change.h"
#include "main/site.h"

#define ENTRIES_MAX 100

typedef enum { OFFICERS, AGENTS, LISTS } Which;

static const struct {
	const char *members, *statement;
} lists[LISTS] = { [OFFICERS] = { "officers", "officers.change" }, [AGENTS] = { "agents", "agents.change" } };

/* A step as it was asked for; borrowed from the script. */
typedef struct {
	Which which;
	gint64 threshold;                /* 0: as it is */
	json_t *remove, *add, *by, *statements;
	const char *proposal;
} Wanted;

static gboolean
read_wanted (const json_t *step, Wanted *w, GError **error)
{
	const char *name;
	const Field fields[] = {
		{ "step", FIELD_STRING, TRUE, 16, &name }, { "remove", FIELD_ARRAY, FALSE, ENTRIES_MAX, &w->remove }, { "add", FIELD_ARRAY, FALSE, ENTRIES_MAX, &w->add },
		{ "by", FIELD_ARRAY, FALSE, 2, &w->by }, { "statements", FIELD_ARRAY, FALSE, 2, &w->statements },
		{ "proposal", FIELD_STRING, FALSE, 1024, &w->proposal }, { "threshold", FIELD_INT, FALSE, 0, &w->threshold },
	};
	/* Officers have no threshold. */
	gsize n = w->which == AGENTS ? G_N_ELEMENTS (fields) : G_N_ELEMENTS (fields) - 1;
	if (!json_read_fields (step, "", fields, n, error))
		return FALSE;
	gboolean here = json_array_size (w->by) == 2 && w->proposal == NULL && w->statements == NULL;
	gboolean elsewhere = w->by == NULL && w->proposal != NULL && json_array_size (w->statements) == 2 && w->add == NULL && w->remove == NULL && w->threshold == 0;
	return here || elsewhere
		|| diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/by", "two who sign, or a proposal with two statements in place of what it changes");
}

/* --- the next list --------------------------------------------------------------------------- */

static const Officer *
find_officer (const OfficerList *officers, const char *who, GError **error)
{
	const Officer *found = NULL;
	for (gsize i = 0; who != NULL && i < officer_list_size (officers); i++) {
		const Officer *officer = officer_list_at (officers, i);
		if (officer->removed || (strcmp (officer->person, who) != 0 && strcmp (officer->name, who) != 0))
			continue;
		if (found != NULL && strcmp (found->person, officer->person) != 0) {
			diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "several officers are called %s: name the person", who);
			return NULL;
		}
		found = officer;
	}
	if (found == NULL)
		diqi_error_set (error, DIQI_ERROR_NOT_FOUND, NULL, "no active officer is %s", who != NULL ? who : "nobody");
	return found;
}

static gboolean
is_person (const json_t *entry, const char *person)
{
	return g_strcmp0 (json_string_value (json_object_get (entry, "person")), person) == 0;
}

static gboolean
take_out (const Wanted *w, json_t *entries, const char *person, GError **error)
{
	gboolean found = FALSE;
	for (size_t i = json_array_size (entries); i > 0; i--) {
		json_t *entry = json_array_get (entries, i - 1);
		if (!is_person (entry, person))
			continue;
		found = TRUE;
		/* Officers stay in their list, as those who were removed; agents leave theirs. */
		if (w->which == OFFICERS)
			json_object_set_new (entry, "removed", json_true ());
		else
			json_array_remove (entries, i - 1);
	}
	return found || diqi_fail (error, DIQI_ERROR_NOT_FOUND, "/remove", "%s is not in the list", person);
}

static json_t *
read_csr (const char *path, GError **error)
{
	g_autoptr (GBytes) csr = file_read (path, CSR_MAX_DER, error);
	return csr != NULL ? json_base64 (g_bytes_get_data (csr, NULL), g_bytes_get_size (csr)) : NULL;
}

static gboolean
put_officer (json_t *entries, const json_t *item, Micros now, GError **error)
{
	const char *name, *csr, *certificate = NULL;
	json_t *roles;
	const Field fields[] = {
		{ "name", FIELD_STRING, TRUE, 64, &name }, { "roles", FIELD_ARRAY, TRUE, 16, &roles }, { "csr", FIELD_STRING, TRUE, 1024, &csr },
		{ "certificate", FIELD_STRING, FALSE, 1024, &certificate },
	};
	if (!JSON_READ (item, "/add", fields, error))
		return FALSE;
	json_t *request = read_csr (csr, error);
	g_autofree char *person = uuid7_new (now);
	if (request != NULL)
		json_array_append_new (entries, json_pack ("{s:s, s:s, s:O, s:o, s:b}", "person", person, "name", name, "roles", roles, "csr", request, "removed", FALSE));
	return request != NULL;
}

/* In the place of an entry that the person has already: a new key. */
static gboolean
put_agent (json_t *entries, const json_t *item, const OfficerList *officers, GError **error)
{
	const char *who, *csr, *certificate = NULL;
	const Field fields[] = {
		{ "who", FIELD_STRING, TRUE, 64, &who }, { "csr", FIELD_STRING, TRUE, 1024, &csr }, { "certificate", FIELD_STRING, FALSE, 1024, &certificate },
	};
	const Officer *officer = JSON_READ (item, "/add", fields, error) ? find_officer (officers, who, error) : NULL;
	json_t *request = officer != NULL ? read_csr (csr, error) : NULL;
	if (request == NULL)
		return FALSE;
	for (size_t i = json_array_size (entries); i > 0; i--)
		if (is_person (json_array_get (entries, i - 1), officer->person))
			json_array_remove (entries, i - 1);
	json_array_append_new (entries, json_pack ("{s:s, s:s, s:o}", "person", officer->person, "name", officer->name, "csr", request));
	return TRUE;
}

static json_t *
next_list (const Wanted *w, const json_t *current, const OfficerList *officers, Micros now, GError **error)
{
	g_autoptr (json_t) next = json_deep_copy (current);
	json_t *entries = json_object_get (next, lists[w->which].members), *item;
	size_t i;
	json_object_set_new (next, "version", json_integer (json_integer_value (json_object_get (current, "version")) + 1));
	if (w->threshold != 0)
		json_object_set_new (next, "threshold", json_integer (w->threshold));
	json_array_foreach (w->remove, i, item) {
		const Officer *officer = find_officer (officers, json_string_value (item), error);
		if (officer == NULL || !take_out (w, entries, officer->person, error))
			return NULL;
	}
	json_array_foreach (w->add, i, item)
		if (!(w->which == OFFICERS ? put_officer (entries, item, now, error) : put_agent (entries, item, officers, error)))
			return NULL;
	return g_steal_pointer (&next);
}

/* --- statements ---------------------------------------------------------------------------------- */

static char *
sign_one (const Site *site, const Wanted *w, const json_t *who, const json_t *current, const json_t *next, GError **error)
{
	CeremonyPerson person = { 0 };
	guint8 random[16];
	if (!ceremony_person_open (who, "/by", &person, error))
		return NULL;
	random_bytes (random, sizeof random);
	g_autofree char *nonce = base64url_encode (random, sizeof random);
	g_autoptr (json_t) payload = list_change_payload (current, next);
	json_object_set_new (payload, "type", json_string (lists[w->which].statement));
	json_object_set_new (payload, "site", json_string (site->api.site->site));
	json_object_set_new (payload, "time", json_time (clock_now (site->clock)));
	json_object_set_new (payload, "nonce", json_string (nonce));
	char *compact = statement_sign (payload, person.key, person.certificate, error);
	ceremony_person_clear (&person);
	return compact;
}

static gboolean
take_statement (const Site *site, char *compact, guint i, TwoOfficers *two, GError **error)
{
	g_autofree char *text = compact;
	two->statement[i] = text != NULL ? statement_parse (text, -1, error) : NULL;
	if (two->statement[i] == NULL)
		return FALSE;
	return officers_actor (site->officers, statement_signer (two->statement[i]), &two->actor[i])
		|| diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, "/by", "statement %u is not an officer's", i + 1);
}

static gboolean
take_statements (const Site *site, const Wanted *w, const json_t *current, const json_t *next, TwoOfficers *two, GError **error)
{
	for (guint i = 0; i < 2; i++) {
		const char *file = json_string_value (json_array_get (w->statements, i));
		if (w->by == NULL && file == NULL)
			return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, "/statements", "names of files are expected");
		char *compact = w->by != NULL ? sign_one (site, w, json_array_get (w->by, i), current, next, error) : statement_file_read (file, error);
		if (!take_statement (site, compact, i, two, error))
			return FALSE;
	}
	return TRUE;
}

/* --- what came of it -------------------------------------------------------------------------------- */

static json_t *
describe_entry (const json_t *entry, GBytes *der)
{
	Fingerprint hash;
	fingerprint_of (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &hash);
	return json_pack ("{s:O, s:O, s:O*, s:o}", "person", json_object_get (entry, "person"), "name", json_object_get (entry, "name"),
		"roles", json_object_get (entry, "roles"), "certificate_sha256", json_hex (hash.b, sizeof hash.b));
}

/* Active entries of one list whose certificate is in no active entry of the other. */
static json_t *
difference (const Wanted *w, const json_t *from, const json_t *without, GError **error)
{
	const json_t *entries = json_object_get (from, lists[w->which].members), *others = json_object_get (without, lists[w->which].members);
	g_autoptr (json_t) out = json_array ();
	for (size_t i = 0; i < json_array_size (entries); i++) {
		const json_t *entry = json_array_get (entries, i), *text = json_object_get (entry, "certificate");
		gboolean there = json_is_true (json_object_get (entry, "removed"));
		for (size_t j = 0; !there && j < json_array_size (others); j++) {
			const json_t *other = json_array_get (others, j);
			there = json_equal (json_object_get (other, "certificate"), text) && !json_is_true (json_object_get (other, "removed"));
		}
		g_autoptr (GBytes) der = there ? NULL : base64_decode_strict (json_string_value (text), json_string_length (text), error);
		if (!there && der == NULL)
			return NULL;
		if (!there)
			json_array_append_new (out, describe_entry (entry, der));
	}
	return g_steal_pointer (&out);
}

static gboolean
write_certificate (const json_t *entry, const char *path, GError **error)
{
	const json_t *text = json_object_get (entry, "certificate");
	g_autoptr (GBytes) der = base64_decode_strict (json_string_value (text), json_string_length (text), error);
	g_autoptr (Certificate) made = der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
	if (made == NULL)
		return FALSE;
	g_autofree char *pem = certificate_pem (made);
	g_autoptr (GBytes) there = file_read (path, 2 * CERTIFICATE_MAX_DER, NULL);
	/* Written before it was cut off. */
	if (there != NULL && g_bytes_get_size (there) == strlen (pem) && memcmp (g_bytes_get_data (there, NULL), pem, strlen (pem)) == 0)
		return TRUE;
	return file_write_new (path, pem, strlen (pem), 0644, error);
}

/* Added entries are the last of the list, in the order of the script. */
static gboolean
hand_out (const Wanted *w, const json_t *pinned, GError **error)
{
	const json_t *entries = json_object_get (pinned, lists[w->which].members);
	size_t n = json_array_size (w->add), first = json_array_size (entries) - n;
	for (size_t i = 0; i < n; i++) {
		const char *path = json_string_value (json_object_get (json_array_get (w->add, i), "certificate"));
		if (path != NULL && !write_certificate (json_array_get (entries, first + i), path, error))
			return FALSE;
	}
	return TRUE;
}

static json_t *
report (const Wanted *w, const json_t *before, const json_t *pinned, GError **error)
{
	json_t *added = difference (w, pinned, before, error), *removed = added != NULL ? difference (w, before, pinned, error) : NULL;
	json_t *out = json_pack ("{s:O, s:O*, s:o*, s:o*}", "version", json_object_get (pinned, "version"), "threshold", json_object_get (pinned, "threshold"),
		"added", added, "removed", removed);
	if (removed != NULL)
		return out;
	json_decref (out);
	return NULL;
}

/* --- the steps ------------------------------------------------------------------------------------------ */

/* The pinned list, without what is counted beside it. */
static json_t *
current_list (const Site *site, Which which, GError **error)
{
	if (which == OFFICERS) {
		g_autoptr (OfficerList) officers = officers_current (site->officers);
		return json_deep_copy (officer_list_document (officers));
	}
	json_t *agents = signer_get_agents (site->signer, error);
	if (agents != NULL) {
		json_object_del (agents, "keys");
		json_object_del (agents, "lost");
	}
	return agents;
}

static gboolean
apply (Site *site, const Wanted *w, const json_t *next, const TwoOfficers *two, json_t **pinned, GError **error)
{
	Micros now = clock_now (site->clock);
	return w->which == OFFICERS ? officers_change_apply (&site->api, next, two->statement, now, pinned, error)
	                            : agents_change_apply (&site->api, next, two, now, pinned, error);
}

static gboolean
change (Site *site, const Wanted *w, json_t **result, GError **error)
{
	g_auto (TwoOfficers) two = { 0 };
	g_autoptr (OfficerList) officers = officers_current (site->officers);
	g_autoptr (json_t) current = current_list (site, w->which, error);
	if (current == NULL)
		return FALSE;
	g_autoptr (json_t) next = w->proposal != NULL ? list_change_proposed (w->proposal, error)
	                                              : next_list (w, current, officers, clock_now (site->clock), error);
	g_autoptr (json_t) pinned = NULL;
	if (next == NULL || !take_statements (site, w, current, next, &two, error) || !apply (site, w, next, &two, &pinned, error)
	    || !hand_out (w, pinned, error))
		return FALSE;
	*result = report (w, current, pinned, error);
	return *result != NULL;
}

static gboolean
run (const char *dir, const char *passphrase, const json_t *step, Which which, json_t **result, GError **error)
{
	Wanted w = { .which = which };
	if (!read_wanted (step, &w, error))
		return FALSE;
	g_autoptr (Site) site = site_open_stopped (dir, passphrase, error);
	/* The log has the lists in their order, also of a site that was never served. */
	return site != NULL && site_record_officers (site, error) && change (site, &w, result, error) && log_keeper_flush (site->keeper, error);
}

/* --- after it was cut off -------------------------------------------------------------------------------- */

static gboolean
same_member (const json_t *one, const json_t *other, const char *name)
{
	const json_t *a = json_object_get (one, name), *b = json_object_get (other, name);
	return (a == NULL && b == NULL) || json_equal (a, b);
}

/* Is `made` what came of the proposed entry?  A new officer's person is made up with the proposal. */
static gboolean
entry_fits (Which which, const json_t *proposed, const json_t *made)
{
	static const char *const same[] = { "name", "roles", "removed" };
	const json_t *request = json_object_get (proposed, "csr"), *text = json_object_get (made, "certificate");
	if (request == NULL)
		return json_equal (proposed, made);
	for (gsize i = 0; i < G_N_ELEMENTS (same); i++)
		if (!same_member (proposed, made, same[i]))
			return FALSE;
	if (which == AGENTS && !same_member (proposed, made, "person"))
		return FALSE;
	g_autoptr (GBytes) csr_bytes = base64_decode_strict (json_string_value (request), json_string_length (request), NULL);
	g_autoptr (GBytes) der = base64_decode_strict (json_string_value (text), json_string_length (text), NULL);
	g_autoptr (Csr) csr = csr_bytes != NULL ? csr_parse (g_bytes_get_data (csr_bytes, NULL), g_bytes_get_size (csr_bytes), "/csr", NULL) : NULL;
	g_autoptr (Certificate) certificate = der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), NULL) : NULL;
	return csr != NULL && certificate != NULL
		&& fingerprint_equal (public_key_fingerprint (csr_public_key (csr)), public_key_fingerprint (certificate_public_key (certificate)));
}

static gboolean
list_fits (Which which, const json_t *proposed, const json_t *made)
{
	const json_t *entries = json_object_get (proposed, lists[which].members), *others = json_object_get (made, lists[which].members);
	gboolean fits = same_member (proposed, made, "version") && same_member (proposed, made, "threshold") && json_array_size (entries) == json_array_size (others);
	for (size_t i = 0; fits && i < json_array_size (entries); i++)
		fits = entry_fits (which, json_array_get (entries, i), json_array_get (others, i));
	return fits;
}

/* The signer has it; database and log may lack it.  A list of officers without a leaf was logged when the site was opened. */
static gboolean
finish (Site *site, const Wanted *w, const json_t *before, const json_t *next, const json_t *pinned, GError **error)
{
	g_auto (TwoOfficers) two = { 0 };
	g_autoptr (json_t) again = NULL;
	json_int_t logged;
	if (w->which == OFFICERS)
		return authority_set_officers (site->authority, pinned, error);
	if (!site_logged_version (site, "agents.", &logged, error))
		return FALSE;
	if (logged >= json_integer_value (json_object_get (pinned, "version")))
		return authority_set_agents (site->authority, pinned, error);
	return take_statements (site, w, before, next, &two, error) && apply (site, w, next, &two, &again, error);
}

static gboolean
find (Site *site, const Wanted *w, const json_t *before, json_t **result, GError **error)
{
	g_autoptr (json_t) pinned = current_list (site, w->which, error);
	json_int_t then = json_integer_value (json_object_get (before, "version")), now = json_integer_value (json_object_get (pinned, "version"));
	if (pinned == NULL || now == then)
		return pinned != NULL;
	if (now != then + 1)
		return diqi_fail (error, DIQI_ERROR_CONFIG, "/steps", "it was cut off in this step, and the list was changed since by others: look at it, and write another script");
	g_autoptr (OfficerList) current = officers_current (site->officers);
	g_autoptr (OfficerList) officers = w->which == OFFICERS ? officer_list_parse (before, error) : officer_list_ref (current);
	g_autoptr (json_t) next = officers == NULL ? NULL : w->proposal != NULL ? list_change_proposed (w->proposal, error)
		: next_list (w, before, officers, clock_now (site->clock), error);
	if (next == NULL)
		return FALSE;
	if (!list_fits (w->which, next, pinned))
		return TRUE;
	if (!finish (site, w, before, next, pinned, error) || !hand_out (w, pinned, error))
		return FALSE;
	*result = report (w, before, pinned, error);
	return *result != NULL;
}

static gboolean
run_found (const char *dir, const char *passphrase, const json_t *step, Which which, const json_t *before, json_t **result, GError **error)
{
	Wanted w = { .which = which };
	*result = NULL;
	if (!read_wanted (step, &w, error))
		return FALSE;
	g_autoptr (Site) site = site_open_stopped (dir, passphrase, error);
	return site != NULL && site_record_officers (site, error) && find (site, &w, before, result, error) && log_keeper_flush (site->keeper, error);
}

gboolean
ceremony_officers_found (const char *dir, const char *passphrase, const json_t *step, const json_t *before, json_t **result, GError **error)
{
	return run_found (dir, passphrase, step, OFFICERS, before, result, error);
}

gboolean
ceremony_agents_found (const char *dir, const char *passphrase, const json_t *step, const json_t *before, json_t **result, GError **error)
{
	return run_found (dir, passphrase, step, AGENTS, before, result, error);
}

gboolean
ceremony_officers (const char *dir, const char *passphrase, const json_t *step, json_t **result, GError **error)
{
	return run (dir, passphrase, step, OFFICERS, result, error);
}

gboolean
ceremony_agents (const char *dir, const char *passphrase, const json_t *step, json_t **result, GError **error)
{
	return run (dir, passphrase, step, AGENTS, result, error);
}
