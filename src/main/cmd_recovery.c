/* main/cmd_recovery.c — diqi recovery …: recovery agents give their shares, the requester fetches the key.
 *
 * An agent signs with his own certificate (--as) and opens his share with the key of his encryption certificate, here: the server
 * sees the share only sealed to the key centre.  What is recovered opens with the key of the application alone. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/identity_file.h"
#include "main/remote.h"
#include "pki/enveloped_key.h"
#include "signer/share.h"
#include "signer/share_order.h"

#define SHARE_MAX 4096

static gboolean
run_list (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	return remote != NULL && remote_print (cli, remote, "/api/v1/recoveries", error);
}

static gboolean
run_agents (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	return remote != NULL && remote_print_columns (cli, remote, "/api/v1/agents", "person name", error);
}

/* --- the agent -------------------------------------------------------------------------- */

/* agent.p12 signs, agent-encryption.p12 opens. */
static char *
share_key_path (const Cli *cli)
{
	const char *as = cli_option (cli, "as"), *said = cli_option (cli, "share-key");
	if (said != NULL || as == NULL)
		return g_strdup (said);
	g_autofree char *stem = g_str_has_suffix (as, ".p12") ? g_strndup (as, strlen (as) - 4) : g_strdup (as);
	return g_strconcat (stem, "-encryption.p12", NULL);
}

typedef struct {
	const char *recovery, *serial;
	GBytes *share, *transport;
	Statement *order;
} Offered;

static void
offered_clear (Offered *offered)
{
	g_clear_pointer (&offered->share, g_bytes_unref);
	g_clear_pointer (&offered->transport, g_bytes_unref);
	g_clear_pointer (&offered->order, statement_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Offered, offered_clear)

static GBytes *
bytes_of (const json_t *view, const char *name)
{
	const char *text = json_string_value (json_object_get (view, name));
	return text != NULL ? base64_decode_strict (text, strlen (text), NULL) : NULL;
}

static gboolean
read_offered (const json_t *view, Offered *out, GError **error)
{
	out->recovery = json_string_value (json_object_get (view, "recovery"));
	out->serial = json_string_value (json_object_get (view, "serial"));
	if (out->recovery == NULL || out->serial == NULL)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server does not say which recovery this is");
	if (json_is_true (json_object_get (view, "done")))
		return diqi_fail (error, DIQI_ERROR_RECOVERY_UNKNOWN, NULL, "the key is recovered already: no further share is needed");
	out->share = bytes_of (view, "share");
	out->transport = bytes_of (view, "transport");
	return (out->share != NULL && out->transport != NULL)
		|| diqi_fail (error, DIQI_ERROR_RECOVERY_AGENT, NULL, "no share of the key of certificate %s was sealed to you", out->serial);
}

/* --- the order: what the share is wanted for, by the key centre's own word ------------------------------ */

typedef struct {
	Certificate *sent[SHARE_ORDER_CHAIN], *root;
} Chain;

static void
chain_clear (Chain *chain)
{
	for (gsize i = 0; i < SHARE_ORDER_CHAIN; i++)
		g_clear_pointer (&chain->sent[i], certificate_unref);
	g_clear_pointer (&chain->root, certificate_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Chain, chain_clear)

static gboolean
read_chain (const Cli *cli, const json_t *order, Chain *chain, GError **error)
{
	const json_t *sent = json_object_get (order, "certificates");
	const char *root = cli_option (cli, "root");
	for (gsize i = 0; i < SHARE_ORDER_CHAIN; i++) {
		const char *text = json_string_value (json_array_get (sent, i));
		g_autoptr (GBytes) der = text != NULL ? base64_decode_strict (text, strlen (text), NULL) : NULL;
		if (der == NULL)
			return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server sends no order of the key centre");
		chain->sent[i] = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error);
		if (chain->sent[i] == NULL)
			return FALSE;
	}
	chain->root = root != NULL ? certificate_file_read (root, error) : NULL;
	return root == NULL || chain->root != NULL;
}

static gboolean
order_fits (const ShareOrder *order, const Offered *offered, GError **error)
{
	Fingerprint transport;
	fingerprint_of (g_bytes_get_data (offered->transport, NULL), g_bytes_get_size (offered->transport), &transport);
	g_autofree char *hex = fingerprint_hex (&transport);
	return (strcmp (order->recovery, offered->recovery) == 0 && strcmp (order->serial, offered->serial) == 0 && strcmp (order->transport, hex) == 0)
		|| diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/order", "the server asks for a share of another certificate, or for another than the key centre");
}

/* Nothing that the server says counts without it: it could have the share sealed to a key of its own. */
static gboolean
check_order (const Cli *cli, const Remote *remote, const json_t *view, Offered *offered, GError **error)
{
	g_auto (Chain) chain = { 0 };
	ShareOrder order;
	const json_t *sent = json_object_get (view, "order");
	const char *compact = json_string_value (json_object_get (sent, "statement"));
	if (compact == NULL)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server sends no order of the key centre");
	if (!read_chain (cli, sent, &chain, error))
		return FALSE;
	offered->order = share_order_open (compact, chain.sent, remote_certificate (remote), chain.root, &order, error);
	if (offered->order == NULL) {
		if (g_error_matches (*error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_CHAIN) && chain.root == NULL)
			g_prefix_error (error, "no share was given; if authorities have changed since you were certified, name the site's root by --root FILE: ");
		return FALSE;
	}
	if (!order_fits (&order, offered, error))
		return FALSE;
	cli_note (cli, "the key centre asks for your share of the key of certificate %s:\n  application %s, approved by %s and %s", order.serial, order.application,
	          order.approvers[0], order.approvers[1]);
	return TRUE;
}

/* The key is all that is needed of it: what "key new" made will do. */
static PrivateKey *
share_key_load (const Cli *cli, const char *path, GError **error)
{
	PrivateKey *key = NULL;
	g_autoptr (Certificate) certificate = NULL;
	if (g_str_has_suffix (path, ".key"))
		return key_file_load (cli, path, error);
	return identity_open (path, &key, &certificate, error) ? key : NULL;
}

/* Opened and sealed anew. */
static GBytes *
reseal (const Cli *cli, const Offered *offered, GError **error)
{
	g_autofree char *path = share_key_path (cli);
	g_autoptr (PrivateKey) key = path != NULL ? share_key_load (cli, path, error) : NULL;
	Serial serial;
	if (key == NULL)
		return NULL;
	if (!serial_from_hex (offered->serial, &serial)) {
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server names no serial");
		return NULL;
	}
	GBytes *sealed = share_reseal (key, offered->share, &serial, offered->transport, error);
	if (sealed == NULL)
		g_prefix_error (error, "%s: ", path);
	return sealed;
}

static json_t *
share_members (const Offered *offered, GBytes *sealed)
{
	Fingerprint transport;
	fingerprint_of (g_bytes_get_data (offered->transport, NULL), g_bytes_get_size (offered->transport), &transport);
	return json_pack ("{s:s, s:s, s:o, s:o}", "recovery", offered->recovery, "serial", offered->serial, "transport", json_hex (transport.b, sizeof transport.b),
	                  "share", json_base64 (g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed)));
}

/* What is said aloud: whose share, of what, how far; not the sealed bytes. */
static void
print_progress (const Cli *cli, const json_t *view)
{
	static const char *const members[] = { "application", "serial", "threshold", "given", "done" };
	g_autoptr (json_t) shown = json_object ();
	for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
		json_object_set (shown, members[i], json_object_get (view, members[i]));
	cli_print (cli, shown);
}

static gboolean
run_share (Cli *cli, GError **error)
{
	g_auto (Offered) offered = { NULL };
	const char *id = cli_argument (cli, 0);
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/recoveries/%s", id);
	g_autofree char *share_path = g_strdup_printf ("%s/share", path);
	g_autoptr (json_t) view = remote_call (remote, "GET", path, NULL, error);
	if (view == NULL || !read_offered (view, &offered, error) || !check_order (cli, remote, view, &offered, error))
		return FALSE;
	g_autoptr (GBytes) sealed = reseal (cli, &offered, error);
	if (sealed == NULL)
		return FALSE;
	g_autoptr (json_t) done = remote_act (remote, share_path, "recovery.share", share_members (&offered, sealed), error);
	if (done == NULL)
		return FALSE;
	print_progress (cli, done);
	return TRUE;
}

/* --- the requester --------------------------------------------------------------------------- */

static gboolean
open_recovered (const json_t *view, const PrivateKey *own, PrivateKey **key, Certificate **certificate, GError **error)
{
	g_autoptr (GBytes) der = bytes_of (view, "certificate");
	g_autoptr (GBytes) envelope = bytes_of (view, "envelope");
	if (der == NULL || envelope == NULL)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server sent no recovered key");
	*certificate = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error);
	if (*certificate == NULL)
		return FALSE;
	*key = enveloped_key_open (own, envelope, *certificate, error);
	return *key != NULL;
}

static gboolean
run_fetch (Cli *cli, GError **error)
{
	g_autofree char *id = NULL;
	g_autoptr (PrivateKey) recovered = NULL;
	g_autoptr (Certificate) certificate = NULL;
	g_autoptr (Remote) remote = remote_open_ticket (cli, &id, error);
	if (remote == NULL)
		return FALSE;
	const char *key_path = cli_option (cli, "key"), *p12_path = cli_option (cli, "p12");
	if (!file_is_free (p12_path, error))
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/recovered-key", id);
	g_autoptr (json_t) view = remote_call (remote, "GET", path, NULL, error);
	g_autoptr (PrivateKey) own = view != NULL ? key_file_load (cli, key_path, error) : NULL;
	if (own == NULL)
		return FALSE;
	if (!open_recovered (view, own, &recovered, &certificate, error)) {
		g_prefix_error (error, "%s: ", key_path);
		return FALSE;
	}
	g_autoptr (Secret) pin = key_file_new_pin (cli, p12_path, error);
	if (pin == NULL || !p12_file_write (p12_path, recovered, certificate, NULL, pin, error))
		return FALSE;
	cli_note (cli, "made %s: the key of encryption certificate %s", p12_path, json_string_value (json_object_get (view, "serial")));
	return TRUE;
}

/* --- table -------------------------------------------------------------------------------------- */

#define END { NULL, NULL, NULL, FALSE }
static const CliOption share_options[] = {
	{ "share-key", "FILE", "your encryption certificate (default: NAME-encryption.p12 beside --as NAME.p12), or its key as \"key new\" made it (FILE.key)", FALSE },
	{ "root", "FILE", "the site's root certificate, where the authority that certified you is not the one of now", FALSE }, END };
static const CliOption fetch_options[] = {
	{ "ticket", "FILE", "number and access code of the application", TRUE }, { "key", "FILE", "the key it was applied for with", TRUE },
	{ "p12", "FILE", "write the recovered key and its certificate there", TRUE }, END };

const CliCommand recovery_commands[] = {
	{ "recovery agents", "", 0, 0, "the recovery agents of the key centre, and how many keys it holds", NULL, run_agents },
	{ "recovery list", "", 0, 0, "recovery agent: recoveries that two officers approved and that wait for shares (密钥恢复)", NULL, run_list },
	{ "recovery share", "APPLICATION", 1, 1, "recovery agent: open your share here and give it to the key centre", share_options, run_share },
	{ "recovery fetch", "", 0, 0, "requester: fetch the recovered key and open it with the key of the application", fetch_options, run_fetch },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
