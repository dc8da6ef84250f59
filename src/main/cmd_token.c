/* main/cmd_token.c — diqi token …: the counter's program at a token.
 *
 * A fresh RSA key for each act, in memory only: the administrator PIN comes encrypted to it, is used and wiped, never shown
 * or stored.  What can be known beforehand (is it the token, would it take the new PIN) is asked before the ticket is used.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/remote.h"
#include "pki/oaep.h"
#include "pki/token.h"

/* One act at one token. */
typedef struct {
	Cli *cli;
	TokenModule *module;
	Token *token;
	PrivateKey *key;
	char *spki_hash;
	Remote *remote;
	char *pin, *admin_pin;       /* Secret */
} Desk;

static void
desk_clear (Desk *desk)
{
	g_clear_pointer (&desk->remote, remote_free);
	g_clear_pointer (&desk->token, token_free);
	g_clear_pointer (&desk->module, token_module_free);
	g_clear_pointer (&desk->key, private_key_free);
	g_clear_pointer (&desk->spki_hash, g_free);
	g_clear_pointer (&desk->pin, secret_free);
	g_clear_pointer (&desk->admin_pin, secret_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Desk, desk_clear)

/* --- list ------------------------------------------------------------------------------- */

static json_t *
token_json (const Token *token)
{
	return json_pack ("{s:I, s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "slot", (json_int_t) token->slot, "serial", token->serial, "label", token->label,
	                  "manufacturer", token->manufacturer, "model", token->model, "initialised", token->initialised,
	                  "pin_locked", token->pin_locked, "admin_pin_locked", token->admin_pin_locked);
}

/* One below the other: a row of all of it is wider than a screen. */
static void
print_tokens (const Cli *cli, json_t *items)
{
	gsize i;
	json_t *token;
	if (cli_wants_json (cli)) {
		g_autoptr (json_t) all = json_pack ("{s:O}", "items", items);
		cli_print (cli, all);
		return;
	}
	json_array_foreach (items, i, token) {
		if (i > 0)
			puts ("");
		cli_print (cli, token);
	}
}

static gboolean
run_list (Cli *cli, GError **error)
{
	g_autoptr (TokenModule) module = token_module_open (cli_option (cli, "module"), error);
	g_autoptr (GPtrArray) tokens = module != NULL ? token_list (module, error) : NULL;
	if (tokens == NULL)
		return FALSE;
	g_autoptr (json_t) items = json_array ();
	for (guint i = 0; i < tokens->len; i++)
		json_array_append_new (items, token_json (g_ptr_array_index (tokens, i)));
	print_tokens (cli, items);
	if (tokens->len == 0)
		cli_note (cli, "no token is plugged in");
	return TRUE;
}

/* --- what both acts need ----------------------------------------------------------------- */

/* The holder types it, twice. */
static char *
new_pin (const Desk *desk, GError **error)
{
	if (cli_option (desk->cli, "new-pin-file") != NULL)
		return secret_read_file (cli_option (desk->cli, "new-pin-file"), error);
	return secret_ask_new ("新 PIN / new PIN", "--new-pin-file FILE", error);
}

static gboolean
make_key (Desk *desk, GError **error)
{
	desk->key = private_key_generate (KEY_RSA3072, error);
	if (desk->key == NULL)
		return FALSE;
	g_autoptr (PublicKey) public_key = private_key_public (desk->key);
	desk->spki_hash = fingerprint_hex (public_key_fingerprint (public_key));
	return TRUE;
}

static gboolean
desk_open (Desk *desk, GError **error)
{
	desk->module = token_module_open (cli_option (desk->cli, "module"), error);
	desk->token = desk->module != NULL ? token_find (desk->module, cli_option (desk->cli, "token"), error) : NULL;
	if (desk->token == NULL)
		return FALSE;
	if (desk->token->admin_pin_locked)
		return diqi_fail (error, DIQI_ERROR_TOKEN, NULL, "slot %lu, token \"%s\": its administrator PIN is locked", desk->token->slot, desk->token->label);
	desk->pin = new_pin (desk, error);
	return desk->pin != NULL && token_check_pin (desk->token, desk->pin, error) && make_key (desk, error)
		&& (desk->remote = remote_open_logged_in (desk->cli, error)) != NULL;
}

static json_t *
body_with_key (const Desk *desk)
{
	g_autoptr (PublicKey) public_key = private_key_public (desk->key);
	g_autoptr (GBytes) spki = public_key_spki (public_key);
	return json_pack ("{s:o}", "spki", json_base64 (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki)));
}

/* Takes body. */
static gboolean
fetch_admin_pin (Desk *desk, const char *path, json_t *body, GError **error)
{
	g_autoptr (json_t) reply = remote_call (desk->remote, "POST", path, body, error);
	if (reply == NULL)
		return FALSE;
	g_autoptr (GBytes) encrypted = NULL;
	const Field fields[] = { { "pin", FIELD_BASE64, TRUE, 1024, &encrypted } };
	g_autoptr (GBytes) plain = JSON_READ (reply, "", fields, error) ? oaep_decrypt (desk->key, encrypted, error) : NULL;
	if (plain == NULL)
		return FALSE;
	desk->admin_pin = g_strndup (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain));
	return TRUE;
}

/* --- init ---------------------------------------------------------------------------------- */

static json_t *
ready_members (const Desk *desk)
{
	return json_pack ("{s:s, s:s}", "token", desk->token->serial, "spki", desk->spki_hash);
}

static gboolean
run_init (Cli *cli, GError **error)
{
	g_auto (Desk) desk = { .cli = cli };
	const char *maker_file = cli_option (cli, "maker-pin-file");
	g_autoptr (Secret) maker_pin = maker_file != NULL ? secret_read_file (maker_file, error) : NULL;
	if ((maker_file != NULL && maker_pin == NULL) || !desk_open (&desk, error))
		return FALSE;
	if (desk.token->initialised && maker_pin == NULL)
		return diqi_fail (error, DIQI_ERROR_TOKEN, NULL, "slot %lu, token \"%s\" has an administrator PIN: give it with --maker-pin-file", desk.token->slot, desk.token->label);
	g_autofree char *own = remote_statement (desk.remote, "token.initialise", ready_members (&desk), NULL, error);
	g_autofree char *other = own != NULL ? remote_statement_with (desk.remote, cli_option (cli, "with"), "token.initialise", ready_members (&desk), error) : NULL;
	if (other == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/tokens/%s/initialise", desk.token->serial);
	json_t *body = body_with_key (&desk);
	json_object_set_new (body, "statements", json_pack ("[s, s]", own, other));
	if (!fetch_admin_pin (&desk, path, body, error)
	    || !token_initialise (desk.module, desk.token, cli_option (cli, "label"), maker_pin, desk.admin_pin, desk.pin, error))
		return FALSE;
	cli_note (cli, "token %s is ready", desk.token->serial);
	return TRUE;
}

/* --- unlock ---------------------------------------------------------------------------------- */

static gboolean
report (Desk *desk, const char *id, const char *outcome, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/unlocked", id);
	return remote_act_and_print (desk->cli, desk->remote, path, "token.unlocked",
	                             json_pack ("{s:s, s:s, s:s}", "application", id, "token", desk->token->serial, "outcome", outcome), error);
}

static gboolean
run_unlock (Cli *cli, GError **error)
{
	g_auto (Desk) desk = { .cli = cli };
	const char *id = cli_argument (cli, 0);
	if (!desk_open (&desk, error))
		return FALSE;
	g_autofree char *statement = remote_statement (desk.remote, "token.unlock", json_pack ("{s:s, s:s, s:s}", "application", id,
	                                               "token", desk.token->serial, "spki", desk.spki_hash), NULL, error);
	if (statement == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/unlock", id);
	json_t *body = body_with_key (&desk);
	json_object_set_new (body, "statement", json_string (statement));
	if (!fetch_admin_pin (&desk, path, body, error))
		return FALSE;
	g_autoptr (GError) failure = NULL;
	if (token_unlock (desk.module, desk.token, desk.admin_pin, desk.pin, &failure))
		return report (&desk, id, "done", error);
	/* The ticket is used up either way; the record says how it went. */
	g_autoptr (GError) unsaid = NULL;
	if (!report (&desk, id, "failed", &unsaid))
		cli_note (cli, "the failure could not be reported: %s", unsaid->message);
	g_propagate_error (error, g_steal_pointer (&failure));
	return FALSE;
}

/* --- table ------------------------------------------------------------------------------------ */

#define MODULE { "module", "FILE", "PKCS#11 module of the token's maker", TRUE }
#define TOKEN { "token", "SERIAL", "which token, when several are plugged in", FALSE }
#define NEW_PIN { "new-pin-file", "FILE", "the holder's new PIN (default: asked twice)", FALSE }

static const CliOption list_options[] = { MODULE, { NULL, NULL, NULL, FALSE } };
static const CliOption init_options[] = {
	MODULE, TOKEN, { "label", "TEXT", "label of the token, at most 32 bytes", TRUE },
	{ "with", "FILE.p12", "the administrator who signs beside you", TRUE },
	{ "maker-pin-file", "FILE", "administrator PIN the token came with", FALSE }, NEW_PIN, { NULL, NULL, NULL, FALSE },
};
static const CliOption unlock_options[] = { MODULE, TOKEN, NEW_PIN, { NULL, NULL, NULL, FALSE } };

const CliCommand token_commands[] = {
	{ "token list", "", 0, 0, "tokens that are plugged in", list_options, run_list },
	{ "token init", "", 0, 0, "clerk and administrator: make a blank token ready, deleting what it holds", init_options, run_init },
	{ "token unlock", "APPLICATION", 1, 1, "clerk: let the holder choose a new PIN, by an approved application", unlock_options, run_unlock },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
