/* signer/keyring.c — see keyring.h. */
#include "signer/keyring.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "pki/seal.h"
#include "signer/approval.h"
#include "signer/complete.h"
#include "signer/renew.h"
#include "signer/secret.h"
#include "signer/vault.h"

static void
keyring_ca_free (KeyringCa *ca)
{
	g_clear_pointer (&ca->issuer, issuer_free);
	g_clear_pointer (&ca->responder, ocsp_responder_free);
	g_clear_pointer (&ca->key, private_key_free);
	g_clear_pointer (&ca->ocsp_key, private_key_free);
	g_free (ca);
}

void
keyring_free (Keyring *keyring)
{
	if (keyring == NULL)
		return;
	g_clear_pointer (&keyring->cas, g_ptr_array_unref);
	PrivateKey *const keys[] = { keyring->log_key, keyring->receipt_key, keyring->document_key, keyring->tsa_key };
	for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
		if (keys[i] != NULL)
			private_key_free (keys[i]);
	for (gsize i = 0; i < N_SECRETS; i++)
		if (keyring->secrets[i] != NULL)
			pki_secret_free (keyring->secrets[i], SEAL_KEY_BYTES);
	g_clear_pointer (&keyring->hsms, g_ptr_array_unref);
	key_maker_stop (keyring->maker);
	recoveries_free (keyring->recoveries);
	escrow_free (keyring->escrow);
	profiles_log_free (keyring->profiles);
	agents_log_free (keyring->agents);
	officers_log_free (keyring->officers);
	journal_free (keyring->journal);
	pins_free (keyring->pins);
	g_clear_pointer (&keyring->clock, clock_free);
	g_free (keyring);
}

static gboolean
check_folder (const char *dir, GError **error)
{
	struct stat facts;
	if (stat (dir, &facts) != 0 || !S_ISDIR (facts.st_mode))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: no such folder", dir);
	if (facts.st_uid != geteuid () || (facts.st_mode & 077) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: must belong to the signer's own user, with mode 0700", dir);
	return TRUE;
}

static gboolean
load_key (Vault *vault, const char *name, const Certificate *certificate, PrivateKey **out, GError **error)
{
	const PublicKey *public = certificate_public_key (certificate);
	*out = vault_load_key (vault, name, public, error);
	if (*out == NULL)
		return FALSE;
	/* Also brings in whatever the library loads at a first signature, while files can still be opened; and a token whose
	 * mechanism or key does not do is found now, not at the first certificate. */
	g_autoptr (GBytes) trial = private_key_sign (*out, SIGNATURE_DER, "diqi", 4, error);
	if (trial == NULL) {
		g_prefix_error (error, "trying the key %s: ", name);
		return FALSE;
	}
	return public_key_verify (public, SIGNATURE_DER, "diqi", 4, g_bytes_get_data (trial, NULL), g_bytes_get_size (trial))
		|| diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the key %s signs what its certificate does not verify", name);
}

static gboolean
load_ca (Keyring *k, const PinnedCa *pin, Vault *vault, GError **error)
{
	KeyringCa *ca = g_new0 (KeyringCa, 1);
	g_autofree char *ocsp = pins_ca_file (pin->name, "ocsp", "");
	g_ptr_array_add (k->cas, ca);
	ca->pin = pin;
	return load_key (vault, pin->name, pin->certificate, &ca->key, error)
		&& load_key (vault, ocsp, pin->ocsp, &ca->ocsp_key, error)
		&& (ca->issuer = issuer_new (pin->certificate, ca->key, error)) != NULL
		&& (ca->responder = ocsp_responder_new (pin->ocsp, ca->ocsp_key, error)) != NULL;
}

static gboolean
load_keys (Keyring *k, Vault *vault, GError **error)
{
	k->cas = g_ptr_array_new_with_free_func ((GDestroyNotify) keyring_ca_free);
	for (guint i = 0; i < k->pins->cas->len; i++)
		if (!load_ca (k, g_ptr_array_index (k->pins->cas, i), vault, error))
			return FALSE;
	return load_key (vault, "log", k->pins->log, &k->log_key, error)
		&& load_key (vault, "receipt", k->pins->receipt, &k->receipt_key, error);
}

/* What sites of older versions have only now. */
static gboolean
load_later (Keyring *k, const char *dir, Vault *vault, GError **error)
{
	for (Secret i = 0; i < N_SECRETS; i++)
		if ((k->secrets[i] = secret_load (k->pins, i, dir, vault, error)) == NULL)
			return FALSE;
	return load_key (vault, "document", k->pins->document, &k->document_key, error)
		&& load_key (vault, "tsa", k->pins->tsa, &k->tsa_key, error);
}

/* The key centre: who its agents are, and what it keeps. */
static gboolean
open_key_centre (Keyring *k, const char *dir, GError **error)
{
	g_autofree char *agents = g_build_filename (dir, "agents.log", NULL);
	g_autofree char *escrow = g_build_filename (dir, "escrow.log", NULL);
	k->agents = agents_log_open (agents, k->pins, k->officers, error);
	k->escrow = k->agents != NULL ? escrow_open (escrow, error) : NULL;
	k->recoveries = recoveries_new ();
	return k->escrow != NULL;
}

Keyring *
keyring_open (const char *dir, const char *passphrase, gsize n, GError **error)
{
	g_autoptr (Keyring) keyring = g_new0 (Keyring, 1);
	if (!check_folder (dir, error))
		return NULL;
	keyring->pins = pins_load (dir, error);
	g_autoptr (Vault) vault = keyring->pins != NULL ? vault_new (dir, keyring->pins->site, keyring->pins->places, passphrase, n, error) : NULL;
	if (vault == NULL || !load_keys (keyring, vault, error))
		return NULL;
	g_autofree char *officers = g_build_filename (dir, "officers.log", NULL);
	g_autofree char *journal = g_build_filename (dir, "journal.log", NULL);
	keyring->journal = journal_open (journal, error);
	if (keyring->journal == NULL || !complete_folder (keyring, dir, vault, error) || !load_later (keyring, dir, vault, error))
		return NULL;
	keyring->officers = officers_log_open (officers, keyring->pins, error);
	if (keyring->officers == NULL || !open_key_centre (keyring, dir, error) || !renew_adopt (keyring, error))
		return NULL;
	g_autofree char *profiles = g_build_filename (dir, "profiles.log", NULL);
	keyring->profiles = profiles_log_open (profiles, keyring->pins, keyring->officers, error);
	if (keyring->profiles == NULL)
		return NULL;
	keyring->hsms = g_ptr_array_ref (vault_hsms (vault));
	for (guint i = 0; i < keyring->cas->len; i++) {
		const KeyringCa *ca = g_ptr_array_index (keyring->cas, i);
		revocations_open_lists (journal_revocations (keyring->journal, ca->pin->name), ca->pin->shards);
	}
	keyring->clock = keyring->pins->test ? clock_new_offset (0) : clock_new_system ();
	return g_steal_pointer (&keyring);
}

static const KeyringCa *
of_pin (const Keyring *keyring, const PinnedCa *pin)
{
	for (guint i = 0; pin != NULL && i < keyring->cas->len; i++) {
		const KeyringCa *ca = g_ptr_array_index (keyring->cas, i);
		if (ca->pin == pin)
			return ca;
	}
	return NULL;
}

const KeyringCa *
keyring_ca (const Keyring *keyring, const char *name)
{
	return of_pin (keyring, pins_ca (keyring->pins, name));
}

const KeyringCa *
keyring_ca_for_key (const Keyring *keyring, KeyAlgorithm algorithm, GError **error)
{
	return of_pin (keyring, pins_ca_for_key (keyring->pins, algorithm, error));
}

const KeyringCa *
keyring_ca_asked (const Keyring *keyring, const char *name, GError **error)
{
	const KeyringCa *ca = keyring_ca (keyring, name);
	if (ca == NULL)
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/ca", "this site has no such CA");
	return ca;
}

Micros
keyring_now (const Keyring *keyring)
{
	return clock_now (keyring->clock);
}

gboolean
keyring_check_clock (const Keyring *keyring, Micros now, GError **error)
{
	return now >= journal_last_time (keyring->journal) - CLOCK_TOLERANCE
		|| diqi_fail (error, DIQI_ERROR_SIGNER, NULL, "the signer's clock is behind its own journal");
}

gboolean
keyring_is_dirty (const Keyring *keyring)
{
	return journal_is_dirty (keyring->journal) || officers_log_is_dirty (keyring->officers) || agents_log_is_dirty (keyring->agents)
		|| escrow_is_dirty (keyring->escrow) || profiles_log_is_dirty (keyring->profiles);
}

gboolean
keyring_is_lost (const Keyring *keyring)
{
	for (guint i = 0; i < keyring->hsms->len; i++)
		if (hsm_is_lost (g_ptr_array_index (keyring->hsms, i)))
			return TRUE;
	return FALSE;
}

gboolean
keyring_commit (Keyring *keyring, GError **error)
{
	/* Keys before their certificates (escrow.h).  Certificates before the list that names them: a crash between leaves an unused
	 * certificate that the same change, sent again, will find. */
	if (escrow_is_dirty (keyring->escrow)) {
		FAILPOINT ("escrow.unwritten");
		if (!escrow_commit (keyring->escrow, error))
			return FALSE;
		FAILPOINT ("escrow.written");
	}
	return journal_commit (keyring->journal, error) && officers_log_commit (keyring->officers, error) && agents_log_commit (keyring->agents, error)
		&& profiles_log_commit (keyring->profiles, error);
}
