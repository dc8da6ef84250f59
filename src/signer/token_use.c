/* signer/token_use.c — see token_use.h. */
#include "signer/token_use.h"

#include "base/error.h"
#include "signer/journal.h"
#include "signer/pins.h"
#include "signer/vault.h"

gboolean
token_store_pin (const TokenUse *in, GError **error)
{
	g_autoptr (Pins) pins = pins_load (in->dir, error);
	g_autoptr (Vault) vault = pins != NULL ? vault_new (in->dir, pins->site, pins->places, in->passphrase, in->passphrase_n, error) : NULL;
	return vault != NULL && vault_change_pin (vault, in->token.token, in->pin, in->pin_n, error);
}

/* The PIN is there before site.json asks for it. */
static gboolean
enter (const TokenUse *in, Pins *pins, Vault *vault, GError **error)
{
	if (vault_use_token (vault, &in->token, in->pin, in->pin_n, pins->algorithm, VAULT_USE_SIGNER, error)
	    && vault_keep_pins (vault, error) && pins_rewrite (pins, in->dir, error))
		return TRUE;
	vault_discard (vault);
	return FALSE;
}

gboolean
token_take_into_use (const TokenUse *in, GError **error)
{
	g_autofree char *path = g_build_filename (in->dir, "journal.log", NULL);
	g_autoptr (Pins) pins = pins_load (in->dir, error);
	if (pins == NULL)
		return FALSE;
	if (pins->places->fresh != NULL)
		return diqi_fail (error, DIQI_ERROR_EXISTS, NULL, "new keys are made on token \"%s\" already", pins->places->fresh->token);
	/* A running signer has its lock. */
	Journal *journal = journal_open (path, error);
	if (journal == NULL)
		return FALSE;
	g_autoptr (Vault) vault = vault_new (in->dir, pins->site, pins->places, in->passphrase, in->passphrase_n, error);
	/* A mistyped passphrase would be found out at the next start. */
	g_autoptr (PrivateKey) trial = vault != NULL ? vault_load_key (vault, PINS_FIRST_CA, certificate_public_key (pins->issuing), error) : NULL;
	gboolean done = trial != NULL && enter (in, pins, vault, error);
	journal_free (journal);
	return done;
}
