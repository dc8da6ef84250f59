/* signer/complete.c — see complete.h. */
#include "signer/complete.h"

#include <gio/gio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "signer/durable.h"
#include "signer/hierarchy.h"
#include "signer/secret.h"

/* A production site's clock is the system's.  A test site's is told only later: until then the
 * journal's last moment is the nearest to it. */
static gboolean
find_now (const Keyring *keyring, Micros *now, GError **error)
{
	g_autoptr (Clock) system = clock_new_system ();
	Micros last = journal_last_time (keyring->journal);
	*now = keyring->pins->test && last != 0 ? last : clock_now (system);
	return keyring_check_clock (keyring, *now, error);
}

/* A service that folders of older versions are without. */
typedef struct {
	const char *name, *profile;
	OwnKind kind;
	Certificate **pinned;
} LaterService;

static gboolean
write_service (const LaterService *service, const char *dir, const PrivateKey *key, const Certificate *certificate,
               Vault *vault, GError **error)
{
	g_autofree char *pem = certificate_pem (certificate);
	g_autofree char *certificate_file = g_strconcat (service->name, ".crt", NULL);
	return vault_keep_key (vault, service->name, key, error)
		&& durable_replace (dir, certificate_file, pem, strlen (pem), 0644, error);
}

static gboolean
complete_service (Keyring *keyring, const LaterService *service, const char *dir, Vault *vault, GError **error)
{
	Micros now;
	if (*service->pinned != NULL)
		return TRUE;
	if (!find_now (keyring, &now, error))
		return FALSE;
	g_autoptr (PrivateKey) key = vault_generate_key (vault, service->name, keyring->pins->algorithm, error);
	g_autoptr (Certificate) made = key != NULL ? hierarchy_service (keyring->pins, keyring_ca (keyring, NULL)->issuer, service->kind, key, now, error) : NULL;
	if (made == NULL || !write_service (service, dir, key, made, vault, error))
		return FALSE;
	journal_add_issue (keyring->journal, &(JournalEntry) { .time = now, .profile = service->profile, .certificate = made });
	if (!journal_commit (keyring->journal, error))
		return FALSE;
	*service->pinned = g_steal_pointer (&made);
	log_event (LOG_LEVEL_INFO, "signer.completed", "made", "%s", service->name, NULL);
	return pins_rewrite (keyring->pins, dir, error);
}

static gboolean
complete_services (Keyring *keyring, const char *dir, Vault *vault, GError **error)
{
	const LaterService services[] = {
		{ "document", "service-document", OWN_DOCUMENT, &keyring->pins->document },
		{ "tsa", "service-tsa", OWN_TSA, &keyring->pins->tsa },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
		if (!complete_service (keyring, &services[i], dir, vault, error))
			return FALSE;
	return TRUE;
}

static gboolean
complete_secrets (Pins *pins, const char *dir, Vault *vault, GError **error)
{
	if (!secrets_make (pins, dir, vault, error))
		return FALSE;
	log_event (LOG_LEVEL_INFO, "signer.completed", "made", "%s", "secrets", NULL);
	return pins_rewrite (pins, dir, error);
}

/* Newer versions of the profiles: what was pinned stays, for what was approved under it. */
static gboolean
complete_profiles (Keyring *keyring, const char *dir, GError **error)
{
	g_auto (GStrv) names = g_resources_enumerate_children (PROFILE_FOLDER, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	for (gsize i = 0; names != NULL && names[i] != NULL; i++) {
		g_autofree char *path = g_strconcat (PROFILE_FOLDER "/", names[i], NULL);
		g_autoptr (GBytes) text = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
		if (text == NULL || !pins_add_profile (keyring->pins, dir, g_bytes_get_data (text, NULL), g_bytes_get_size (text), error))
			return FALSE;
	}
	return TRUE;
}

/* Empty, they say that the site has no key centre, keeps no keys and has the shipped profiles. */
static gboolean
complete_logs (const char *dir, GError **error)
{
	static const char *const names[] = { "agents.log", "escrow.log", "profiles.log" };
	for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
		g_autofree char *path = g_build_filename (dir, names[i], NULL);
		if (!g_file_test (path, G_FILE_TEST_EXISTS) && (!durable_file (dir, names[i], "", 0, 0600, error) || !durable_sync_folder (dir, error)))
			return FALSE;
	}
	return TRUE;
}

gboolean
complete_folder (Keyring *keyring, const char *dir, Vault *vault, GError **error)
{
	return complete_profiles (keyring, dir, error)
		&& (keyring->pins->has_secrets || complete_secrets (keyring->pins, dir, vault, error))
		&& complete_services (keyring, dir, vault, error) && complete_logs (dir, error);
}
