/* authority/authority.c — making an authority, its facts, its officers, its worker. */
#include "authority/authority_private.h"

#include <string.h>

#include "authority/authority_db.h"
#include "base/error.h"
#include "base/log.h"

#define TICK_MICROS (250 * MICROS_PER_MS)

static gboolean
call_issue (gpointer signer, const char *request, gsize n, guint copy, const Serial *serial, const Serial *encryption_serial,
            const char *reviewer_statement, const char *issuer_statement, IssuedPair *out, GError **error)
{
	return signer_issue_pair (signer, request, n, copy, serial, encryption_serial, reviewer_statement, issuer_statement, out, error);
}

static GBytes *
call_sign_ocsp (gpointer signer, const char *ca, const OcspRequest *answered, Micros this_update, Micros next_update, GError **error)
{
	return signer_sign_ocsp (signer, ca, answered, this_update, next_update, error);
}

static gboolean
call_revoke (gpointer signer, const char *ca, const RevokedEntry *entries, gsize n, GError **error)
{
	return signer_revoke (signer, ca, entries, n, error);
}

static gboolean
call_unhold (gpointer signer, const Serial *serial, const char *request, const char *review, const char *complete, GError **error)
{
	return signer_unhold (signer, serial, request, review, complete, error);
}

static GBytes *
call_sign_list (gpointer signer, const SignerListOrder *order, gsize *entries, GError **error)
{
	return signer_sign_list (signer, order, entries, error);
}

static const SignerCalls signer_calls = { call_issue, call_sign_ocsp, call_revoke, call_unhold, call_sign_list };

static void
drop_json (json_t **document)
{
	json_decref (*document);
}

Authority *
authority_new (Store *store, SignerClient *signer, const Clock *clock, GError **error)
{
	__attribute__ ((cleanup (drop_json))) json_t *officers = NULL, *agents = NULL;
	g_autoptr (SignerSite) site = signer_get_site (signer, error);

	if (!site)
		return NULL;
	officers = signer_get_officers (signer, error);
	if (!officers)
		return NULL;
	agents = signer_get_agents (signer, error);
	if (!agents)
		return NULL;
	Authority *authority = authority_new_with (store, g_steal_pointer (&site), officers, &signer_calls, signer, clock, error);
	if (authority && !authority_set_agents (authority, agents, error))
		g_clear_pointer (&authority, authority_free);
	return authority;
}

Authority *
authority_new_with (Store *store, SignerSite *site, const json_t *officers,
                    const SignerCalls *calls, gpointer signer, const Clock *clock, GError **error)
{
	g_autoptr (Authority) authority = g_new0 (Authority, 1);

	authority->store = store;
	authority->clock = clock;
	authority->site = site;
	g_mutex_init (&authority->profiles_lock);
	authority->profiles = json_incref (site->profiles);
	authority->profile_changes = -1;
	authority->calls = *calls;
	authority->signer = signer;
	authority->status = status_index_new ();
	authority->judged = judge_cache_new ();
	authority->ocsp = ocsp_cache_new ();
	authority->lists = g_ptr_array_new_with_free_func ((GDestroyNotify) ca_lists_free);
	for (guint i = 0; i < site->cas->len; i++)
		g_ptr_array_add (authority->lists, ca_lists_new (g_ptr_array_index (site->cas, i)));
	g_mutex_init (&authority->publish_lock);
	g_mutex_init (&authority->worker.lock);
	g_cond_init (&authority->worker.wake);
	if (officers && !authority_set_officers (authority, officers, error))
		return NULL;
	if (!status_index_refresh (authority->status, store, error))
		return NULL;
	/* Whatever the stored lists say: they may lack revocations made after them. */
	if (!authority_crl_publish (authority, error))
		return NULL;
	return g_steal_pointer (&authority);
}

void
authority_free (Authority *authority)
{
	if (!authority)
		return;
	authority_worker_stop (authority);
	g_ptr_array_unref (authority->lists);
	g_mutex_clear (&authority->publish_lock);
	g_mutex_clear (&authority->worker.lock);
	g_cond_clear (&authority->worker.wake);
	ocsp_cache_free (authority->ocsp);
	judge_cache_free (authority->judged);
	status_index_free (authority->status);
	json_decref (authority->profiles);
	g_mutex_clear (&authority->profiles_lock);
	signer_site_free (authority->site);
	g_free (authority);
}

const SignerSite *
authority_site (const Authority *authority)
{
	return authority->site;
}

void
authority_renewed (Authority *authority, const SignerSite *fresh)
{
	signer_site_renewed (authority->site, fresh);
}

StatusIndex *
authority_status (Authority *authority)
{
	return authority->status;
}

static gint64
version_of (const json_t *profile)
{
	return json_integer_value (json_object_get (profile, "version"));
}

json_t *
authority_profiles (const Authority *authority)
{
	GMutex *lock = (GMutex *) &authority->profiles_lock;

	g_mutex_lock (lock);
	json_t *profiles = json_incref (authority->profiles);
	g_mutex_unlock (lock);
	return profiles;
}

void
authority_set_profiles (Authority *authority, json_t *profiles, gint64 changes)
{
	g_autoptr (json_t) old = json_incref (profiles);

	g_mutex_lock (&authority->profiles_lock);
	if (changes >= authority->profile_changes) {
		json_t *before = authority->profiles;
		authority->profiles = g_steal_pointer (&old);
		authority->profile_changes = changes;
		old = before;
	}
	g_mutex_unlock (&authority->profiles_lock);
}

gint64
authority_profile_changes (Authority *authority)
{
	g_mutex_lock (&authority->profiles_lock);
	gint64 changes = authority->profile_changes;
	g_mutex_unlock (&authority->profiles_lock);
	return changes;
}

/* The newest of this name that is open for new certificates; a new reference. */
static json_t *
find_profile (const Authority *authority, const char *profile, GError **error)
{
	g_autoptr (json_t) profiles = authority_profiles (authority);
	json_t *item, *newest = NULL;
	gsize i;

	json_array_foreach (profiles, i, item) {
		if (g_strcmp0 (json_string_value (json_object_get (item, "name")), profile) == 0 &&
		    json_is_true (json_object_get (item, "open")) && (!newest || version_of (item) > version_of (newest)))
			newest = item;
	}
	if (!newest)
		diqi_error_set (error, DIQI_ERROR_SIGNER, NULL, "the signer has no open certificate profile %s", profile);
	return json_incref (newest);
}

gboolean
authority_profile_version (const Authority *authority, const char *profile, gint64 *version, GError **error)
{
	g_autoptr (json_t) item = find_profile (authority, profile, error);

	if (item)
		*version = version_of (item);
	return item != NULL;
}

gboolean
authority_profile_validity (const Authority *authority, const char *profile, gint64 *days, GError **error)
{
	g_autoptr (json_t) item = find_profile (authority, profile, error);

	if (item)
		*days = json_integer_value (json_object_get (item, "validity_days"));
	return item != NULL;
}

gboolean
authority_profile_allows (const Authority *authority, const char *profile, KeyAlgorithm algorithm, const char *field, GError **error)
{
	g_autoptr (json_t) item = find_profile (authority, profile, error);
	const json_t *one;
	gsize i;

	if (!item)
		return FALSE;
	json_array_foreach (json_object_get (item, "algorithms"), i, one)
		if (g_strcmp0 (json_string_value (one), key_algorithm_name (algorithm)) == 0)
			return signer_site_ca_for_key (authority->site, algorithm) ||
			       diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, field, "this site has no authority for %s keys", key_algorithm_name (algorithm));
	return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, field, "no certificate of the profile %s has a %s key", profile, key_algorithm_name (algorithm));
}

gboolean
authority_has_key_centre (const Authority *authority)
{
	return g_atomic_int_get (&authority->key_centre);
}

/* --- officers ---------------------------------------------------------------------- */

typedef struct {
	Authority *authority;
	const json_t *officers;
	Micros now;
} OfficersArgs;

static Certificate *
officer_certificate (const json_t *officer, GError **error)
{
	const char *text = json_string_value (json_object_get (officer, "certificate"));
	g_autoptr (GBytes) der = NULL;

	if (!text) {
		diqi_error_set (error, DIQI_ERROR_FIELD_MISSING, "/officers", "an officer has no certificate");
		return NULL;
	}
	der = base64_decode_strict (text, strlen (text), error);
	if (!der)
		return NULL;
	return certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error);
}

static gboolean
insert_pinned (Tx *tx, const OfficersArgs *args, CertificateRow *row, const char *profile, GError **error)
{
	gint64 change_seq;
	gboolean inserted;

	row->profile = g_strdup (profile);
	row->status = g_strdup ("valid");
	if (!authority_profile_version (args->authority, profile, &row->profile_version, NULL))
		row->profile_version = 1;      /* made by init, not from a profile */
	return authority_next_change (tx, &change_seq, error) &&
	       db_certificate_insert (tx, row, args->now, change_seq, &inserted, error) &&
	       (!inserted || authority_changed (tx, args->authority, row, args->now, change_seq, error));
}

/* --- the site's own services ----------------------------------------------------------- */

static gboolean
adopt_service (Tx *tx, const OfficersArgs *args, const Certificate *certificate, const char *profile, GError **error)
{
	g_auto (CertificateRow) row = { 0 };
	g_auto (CertificateRow) known = { 0 };
	gboolean found;

	return certificate_row_fill (args->authority, &row, certificate, error) && db_certificate_get (tx, row.serial, FALSE, &known, &found, error) &&
	       (found || insert_pinned (tx, args, &row, profile, error));
}

static gboolean
adopt_services (Tx *tx, gpointer arg, GError **error)
{
	const OfficersArgs *args = arg;
	const SignerSite *site = args->authority->site;
	const struct {
		const Certificate *certificate;
		const char *profile;
	} services[] = {
		{ site->log, "log" }, { site->receipt, "receipt" }, { site->document, "document" }, { site->tsa, "tsa" }, { site->tls, "server" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
		if (services[i].certificate && !adopt_service (tx, args, services[i].certificate, services[i].profile, error))
			return FALSE;
	return TRUE;
}

gboolean
authority_adopt_services (Authority *authority, GError **error)
{
	OfficersArgs args = { .authority = authority, .now = clock_now (authority->clock) };

	return store_run (authority->store, "authority.services", adopt_services, &args, error);
}

/* --- officers' certificates --------------------------------------------------------------- */

static gboolean
adopt_officer (Tx *tx, const OfficersArgs *args, const json_t *officer, GError **error)
{
	Authority *authority = args->authority;
	g_autoptr (Certificate) certificate = officer_certificate (officer, error);
	g_auto (CertificateRow) row = { 0 };
	g_auto (CertificateRow) known = { 0 };
	gboolean found;

	if (!certificate)
		return FALSE;
	if (!certificate_row_fill (args->authority, &row, certificate, error) || !db_certificate_get (tx, row.serial, FALSE, &known, &found, error) ||
	    (!found && !insert_pinned (tx, args, &row, "officer", error)))
		return FALSE;
	if (!json_is_true (json_object_get (officer, "removed")) ||
	    (g_strcmp0 (known.status, "revoked") == 0 && known.reason != REASON_HOLD))
		return TRUE;
	return authority_revoke (tx, authority, row.serial, REASON_PRIVILEGE_WITHDRAWN, args->now, error);
}

static gboolean
adopt_officers (Tx *tx, gpointer arg, GError **error)
{
	const OfficersArgs *args = arg;

	for (gsize i = 0; i < json_array_size (args->officers); i++)
		if (!adopt_officer (tx, args, json_array_get (args->officers, i), error))
			return FALSE;
	return TRUE;
}

gboolean
authority_set_officers (Authority *authority, const json_t *officers, GError **error)
{
	OfficersArgs args = { authority, json_object_get (officers, "officers"), clock_now (authority->clock) };

	if (!json_is_array (args.officers))
		return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, "/officers", "the list of officers has no array of officers");
	return store_run (authority->store, "authority.officers", adopt_officers, &args, error);
}

/* --- recovery agents ------------------------------------------------------------------ */

#define AGENT_PROFILE "recovery-agent"

static gboolean
adopt_agent (Tx *tx, const OfficersArgs *args, const json_t *agent, GHashTable *serials, GError **error)
{
	g_autoptr (Certificate) certificate = officer_certificate (agent, error);
	g_auto (CertificateRow) row = { .encrypts = TRUE };
	g_auto (CertificateRow) known = { 0 };
	gboolean found;

	if (!certificate || !certificate_row_fill (args->authority, &row, certificate, error))
		return FALSE;
	g_hash_table_add (serials, g_strdup (row.serial));
	return db_certificate_get (tx, row.serial, FALSE, &known, &found, error) && (found || insert_pinned (tx, args, &row, AGENT_PROFILE, error));
}

/* Who is not in the list any more was removed. */
static gboolean
revoke_others (Tx *tx, const OfficersArgs *args, GHashTable *serials, GError **error)
{
	g_autoptr (GPtrArray) valid = g_ptr_array_new_with_free_func (g_free);

	if (!db_certificates_valid_of_profile (tx, AGENT_PROFILE, valid, error))
		return FALSE;
	for (guint i = 0; i < valid->len; i++)
		if (!g_hash_table_contains (serials, g_ptr_array_index (valid, i)) &&
		    !authority_revoke (tx, args->authority, g_ptr_array_index (valid, i), REASON_PRIVILEGE_WITHDRAWN, args->now, error))
			return FALSE;
	return TRUE;
}

static gboolean
adopt_agents (Tx *tx, gpointer arg, GError **error)
{
	const OfficersArgs *args = arg;
	g_autoptr (GHashTable) serials = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

	for (gsize i = 0; i < json_array_size (args->officers); i++)
		if (!adopt_agent (tx, args, json_array_get (args->officers, i), serials, error))
			return FALSE;
	return revoke_others (tx, args, serials, error);
}

gboolean
authority_set_agents (Authority *authority, const json_t *agents, GError **error)
{
	OfficersArgs args = { authority, json_object_get (agents, "agents"), clock_now (authority->clock) };

	g_atomic_int_set (&authority->key_centre, json_array_size (args.officers) > 0);
	return store_run (authority->store, "authority.agents", adopt_agents, &args, error);
}

/* --- worker -------------------------------------------------------------------------- */

gboolean
authority_next_change (Tx *tx, gint64 *change_seq, GError **error)
{
	return db_counter_next (tx, "change", 1, change_seq, error);
}

typedef struct {
	Authority *authority;
	StatusEntry entry;
	gint64 change_seq;
} ChangeHook;

static void
change_committed (gpointer data)
{
	const ChangeHook *hook = data;

	if (status_index_apply (hook->authority->status, &hook->entry, hook->change_seq))
		authority_wake (hook->authority);
}

gboolean
authority_changed (Tx *tx, Authority *authority, const CertificateRow *row, Micros now, gint64 change_seq, GError **error)
{
	g_autofree ChangeHook *hook = g_new0 (ChangeHook, 1);

	hook->authority = authority;
	hook->change_seq = change_seq;
	if (!status_entry_of_row (row, &hook->entry, error))
		return FALSE;
	if (!db_change_insert (tx, row, now, change_seq, error))
		return FALSE;
	tx_on_commit (tx, change_committed, g_steal_pointer (&hook), g_free);
	return TRUE;
}

void
authority_wake (Authority *authority)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&authority->worker.lock);

	authority->worker.woken = TRUE;
	g_cond_signal (&authority->worker.wake);
}

/* TRUE: time to tick; FALSE: stop. */
static gboolean
worker_wait (AuthorityWorker *worker)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&worker->lock);
	gint64 until = clock_monotonic () + TICK_MICROS;

	while (!worker->stop && !worker->woken)
		if (!g_cond_wait_until (&worker->wake, &worker->lock, until))
			break;
	worker->woken = FALSE;
	return !worker->stop;
}

static gpointer
worker_main (gpointer data)
{
	Authority *authority = data;
	gboolean failing = FALSE;

	while (worker_wait (&authority->worker)) {
		g_autoptr (GError) error = NULL;

		if (authority_tick (authority, &error)) {
			failing = FALSE;
			continue;
		}
		/* Once, not four times a second. */
		if (!failing)
			log_event (LOG_LEVEL_ERROR_, "authority.tick", "code", "%s", diqi_error_code_name (error),
			           "detail", "%s", error->message, NULL);
		failing = TRUE;
	}
	return NULL;
}

void
authority_worker_start (Authority *authority)
{
	g_assert (!authority->worker.thread);
	authority->worker.stop = FALSE;
	authority->worker.thread = g_thread_new ("authority", worker_main, authority);
}

void
authority_worker_stop (Authority *authority)
{
	if (!authority->worker.thread)
		return;
	g_mutex_lock (&authority->worker.lock);
	authority->worker.stop = TRUE;
	g_cond_signal (&authority->worker.wake);
	g_mutex_unlock (&authority->worker.lock);
	g_clear_pointer (&authority->worker.thread, g_thread_join);
}
