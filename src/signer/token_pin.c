/* signer/token_pin.c — see token_pin.h. */
#include "signer/token_pin.h"

#include "signer/pins.h"
#include "signer/vault.h"

gboolean
token_pin_store (const TokenPin *in, GError **error)
{
	g_autoptr (Pins) pins = pins_load (in->dir, error);
	g_autoptr (Vault) vault = pins != NULL ? vault_new (in->dir, pins->site, pins->places, in->passphrase, in->passphrase_n, error) : NULL;
	return vault != NULL && vault_change_pin (vault, in->token, in->pin, in->pin_n, error);
}
