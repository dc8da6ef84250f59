/* signer/examine.c — see examine.h. */
#include "signer/examine.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "pki/seal.h"
#include "signer/ceremony_log.h"
#include "signer/examine_chains.h"
#include "signer/pins.h"
#include "signer/secret.h"
#include "signer/vault.h"

typedef struct {
	const Examine *in;
	FindingSink sink;
	gpointer user;
	Pins *pins;
	Vault *vault;                 /* NULL: no passphrase, or it does not open */
} Examination;

static void G_GNUC_PRINTF (5, 6)
tell (const Examination *e, FoundLevel level, const char *check, const char *advice, const char *format, ...)
{
	va_list arguments;
	va_start (arguments, format);
	g_autofree char *detail = g_strdup_vprintf (format, arguments);
	va_end (arguments);
	e->sink (e->user, &(Finding) { level, check, detail, advice });
}

/* --- the folder ------------------------------------------------------------------------- */

static gboolean
look_at_folder (const Examination *e)
{
	struct stat facts;
	if (stat (e->in->dir, &facts) != 0) {
		tell (e, FOUND_FAIL, "signer", "give the folder of the site, as its own user", "%s: %s", e->in->dir, g_strerror (errno));
		return FALSE;
	}
	if ((facts.st_mode & 077) != 0)
		tell (e, FOUND_FAIL, "signer", "chmod 0700", "%s: mode %04o, others could read keys", e->in->dir, facts.st_mode & 07777);
	else if (facts.st_uid != geteuid ())
		tell (e, FOUND_WARN, "signer", "run doctor as the signer's user, which must own it", "%s: belongs to user %u", e->in->dir, facts.st_uid);
	else
		tell (e, FOUND_OK, "signer", NULL, "%s: mode 0700, of this user", e->in->dir);
	return TRUE;
}

static gboolean
is_secret_file (const char *name)
{
	return g_str_has_suffix (name, ".key") || g_str_has_suffix (name, ".pin") || g_str_has_suffix (name, ".log") || g_strcmp0 (name, "site.json") == 0;
}

static void
look_at_files (const Examination *e)
{
	g_autoptr (GDir) dir = g_dir_open (e->in->dir, 0, NULL);
	const char *name;
	guint seen = 0, open = 0;
	while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
		g_autofree char *path = g_build_filename (e->in->dir, name, NULL);
		struct stat facts;
		if (!is_secret_file (name) || stat (path, &facts) != 0)
			continue;
		seen++;
		if ((facts.st_mode & 077) == 0)
			continue;
		open++;
		tell (e, FOUND_FAIL, "signer", "chmod 0600", "%s: mode %04o", path, facts.st_mode & 07777);
	}
	if (open == 0)
		tell (e, FOUND_OK, "signer", NULL, "%u files of keys and chains are for this user alone", seen);
}

static gboolean
look_at_pins (Examination *e)
{
	g_autoptr (GError) error = NULL;
	e->pins = pins_load (e->in->dir, &error);
	if (e->pins == NULL) {
		tell (e, FOUND_FAIL, "signer", "restore the folder from its backup", "site.json: %s", error->message);
		return FALSE;
	}
	tell (e, FOUND_OK, "signer", NULL, "site.json: %s site %s; its certificates and %u profiles are those it names", e->pins->test ? "test" : "production",
	      e->pins->site, e->pins->profiles->len);
	return TRUE;
}

/* One that is held just now has a record too: no more than to look at. */
static void
look_at_ceremony (const Examination *e)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) open = NULL;
	g_autofree char *journal = g_build_filename (e->in->dir, "journal.log", NULL);
	if (!ceremony_log_peek (journal, &open, &error))
		tell (e, FOUND_FAIL, "ceremony", "restore the folder from its backup", "%s", error->message);
	else if (open == NULL)
		tell (e, FOUND_OK, "ceremony", NULL, "none was cut off");
	else {
		g_autofree char *text = ceremony_log_tell (open);
		tell (e, FOUND_WARN, "ceremony", "unless it is held just now, run its script again (docs/operations.md, Ceremonies)", "%s", text);
	}
}

/* --- certificates ---------------------------------------------------------------------------- */

void
examine_expiry (const char *name, Micros not_after, Micros now, FindingSink sink, gpointer user)
{
	gint64 days = (not_after - now) / MICROS_PER_DAY;
	g_autofree char *until = time_format (not_after);
	gboolean over = not_after < now;
	g_autofree char *detail = over ? g_strdup_printf ("%s: expired on %.10s", name, until)
	                               : g_strdup_printf ("%s: valid until %.10s (%" G_GINT64_FORMAT " days)", name, until, days);
	FoundLevel level = over || days < EXAMINE_FAIL_DAYS ? FOUND_FAIL : days < EXAMINE_WARN_DAYS ? FOUND_WARN : FOUND_OK;
	sink (user, &(Finding) { level, "certificate", detail, level == FOUND_OK ? NULL : "renew it (docs/operations.md)" });
}

static void
look_at_certificate (const Examination *e, const char *name, const Certificate *certificate)
{
	if (certificate != NULL)
		examine_expiry (name, certificate_not_after (certificate), e->in->now, e->sink, e->user);
	else
		tell (e, FOUND_WARN, "certificate", "the next start of the signer makes it", "%s: not there yet", name);
}

/* Name, certificate and key of everything that signs. */
typedef void (*EachKey) (const Examination *e, const char *name, const Certificate *certificate);

static void
each_key (const Examination *e, EachKey each)
{
	for (guint i = 0; i < e->pins->cas->len; i++) {
		const PinnedCa *ca = g_ptr_array_index (e->pins->cas, i);
		g_autofree char *ocsp = pins_ca_file (ca->name, "ocsp", "");
		each (e, ca->name, ca->certificate);
		each (e, ocsp, ca->ocsp);
	}
	each (e, "log", e->pins->log);
	each (e, "receipt", e->pins->receipt);
	each (e, "document", e->pins->document);
	each (e, "tsa", e->pins->tsa);
}

static void
look_at_roots (const Examination *e)
{
	for (guint i = 0; i < e->pins->cas->len; i++) {
		const PinnedCa *ca = g_ptr_array_index (e->pins->cas, i);
		g_autofree char *root = pins_ca_file (ca->name, "root", "");
		look_at_certificate (e, root, ca->root);
	}
}

/* --- tokens ------------------------------------------------------------------------------------ */

static const char *
advice_of (const GError *error)
{
	return g_error_matches (error, DIQI_ERROR, DIQI_ERROR_TOKEN_PIN) ? "store the token's PIN: diqi hsm pin" : "see docs/operations.md, Keys on a token";
}

/* FALSE: no more can be learnt from it. */
static gboolean
look_at_token (const Examination *e, const KeyPlace *place)
{
	g_autoptr (GError) error = NULL;
	Pkcs11Facts facts;
	Hsm *hsm = vault_hsm (e->vault, place, &error);
	if (hsm == NULL || !hsm_facts (hsm, &facts, &error)) {
		tell (e, FOUND_FAIL, "token", advice_of (error), "%s", error->message);
		return FALSE;
	}
	gboolean few = facts.pin_few_tries || facts.pin_last_try;
	tell (e, few ? FOUND_WARN : FOUND_OK, "token", few ? "find out who tried wrong PINs" : NULL,
	      "slot %lu, token \"%s\" (%s), %s %s: logged in%s; mechanisms:%s%s%s%s", facts.slot, facts.label, facts.serial, facts.manufacturer, facts.model,
	      few ? ", but few tries of the PIN are left" : "", facts.ecdsa ? " ECDSA" : "", facts.rsa ? " RSA" : "", facts.eddsa ? " EdDSA" : "",
	      facts.aes_gcm ? " AES-GCM" : "");
	return TRUE;
}

static gboolean
look_at_tokens (const Examination *e)
{
	g_autoptr (GPtrArray) seen = g_ptr_array_new ();
	GHashTableIter iter;
	gpointer place;
	gboolean good = TRUE;
	g_hash_table_iter_init (&iter, e->pins->places->keys);
	while (g_hash_table_iter_next (&iter, NULL, &place)) {
		gboolean known = FALSE;
		for (guint i = 0; i < seen->len && !known; i++)
			known = key_place_same_token (g_ptr_array_index (seen, i), place);
		if (known)
			continue;
		g_ptr_array_add (seen, place);
		good = look_at_token (e, place) && good;
	}
	return good;
}

/* --- keys -------------------------------------------------------------------------------------- */

/* NULL: well. */
static char *
faults_of_place (const Examination *e, const KeyPlace *place, GError **error)
{
	g_auto (Pkcs11KeyFacts) facts = { 0 };
	Hsm *hsm = vault_hsm (e->vault, place, error);
	if (hsm == NULL || !hsm_find_key (hsm, place->label, &facts, error))
		return NULL;
	return facts.extractable || !facts.sensitive ? g_strdup ("the token would give it away (CKA_EXTRACTABLE, or not CKA_SENSITIVE)") : NULL;
}

static gboolean
try_key (const Examination *e, const char *name, const Certificate *certificate, GError **error)
{
	const PublicKey *public = certificate_public_key (certificate);
	g_autoptr (PrivateKey) key = vault_load_key (e->vault, name, public, error);
	g_autoptr (GBytes) trial = key != NULL ? private_key_sign (key, SIGNATURE_DER, "diqi", 4, error) : NULL;
	if (trial == NULL)
		return FALSE;
	return public_key_verify (public, SIGNATURE_DER, "diqi", 4, g_bytes_get_data (trial, NULL), g_bytes_get_size (trial))
		|| diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "it signs what its certificate does not verify");
}

static void
look_at_key (const Examination *e, const char *name, const Certificate *certificate)
{
	g_autoptr (GError) error = NULL;
	const KeyPlace *place = key_places_find (e->pins->places, name);
	if (certificate == NULL)
		return;
	g_autofree char *fault = place != NULL ? faults_of_place (e, place, &error) : NULL;
	if (error != NULL || !try_key (e, name, certificate, &error))
		tell (e, FOUND_FAIL, "key", place != NULL ? advice_of (error) : "restore its file, or give the right passphrase", "%s: %s", name, error->message);
	else if (fault != NULL)
		tell (e, FOUND_WARN, "key", "make a new key on the token", "%s: %s", name, fault);
	else if (place != NULL)
		tell (e, FOUND_OK, "key", NULL, "%s: on token \"%s\", not extractable; a trial signature verifies by its certificate", name, place->token);
	else
		tell (e, FOUND_OK, "key", NULL, "%s: in its file; a trial signature verifies by its certificate", name);
}

static void
look_at_secrets (const Examination *e)
{
	for (Secret i = 0; i < N_SECRETS; i++) {
		g_autoptr (GError) error = NULL;
		guint8 *secret = e->pins->has_secrets ? secret_load (e->pins, i, e->in->dir, e->vault, &error) : NULL;
		if (secret == NULL) {
			tell (e, e->pins->has_secrets ? FOUND_FAIL : FOUND_WARN, "secrets",
			      e->pins->has_secrets ? "restore the file from the backup of this folder" : "the next start of the signer makes it", "%s: %s",
			      pins_secret_name (i), error != NULL ? error->message : "not there yet");
			continue;
		}
		pki_secret_free (secret, SEAL_KEY_BYTES);
		tell (e, FOUND_OK, "secrets", NULL, "%s: opens, and is the one that site.json names", pins_secret_name (i));
	}
}

static void
look_inside (Examination *e)
{
	g_autoptr (GError) error = NULL;
	if (e->in->passphrase == NULL) {
		tell (e, FOUND_WARN, "key", "give the signer's passphrase (--passphrase-fd N) to have keys and tokens tried", "not tried: no passphrase was given");
		return;
	}
	e->vault = vault_new (e->in->dir, e->pins->site, e->pins->places, e->in->passphrase, e->in->passphrase_n, &error);
	if (e->vault == NULL) {
		tell (e, FOUND_FAIL, "key", "give the right passphrase, or restore hsm.pin", "%s", error->message);
		return;
	}
	vault_only_look (e->vault);
	if (look_at_tokens (e)) {
		each_key (e, look_at_key);
		look_at_secrets (e);
	}
	vault_free (e->vault);
}

void
signer_examine (const Examine *in, FindingSink sink, gpointer user)
{
	Examination e = { .in = in, .sink = sink, .user = user };
	if (!look_at_folder (&e))
		return;
	look_at_files (&e);
	if (!look_at_pins (&e))
		return;
	examine_chains (in->dir, sink, user);
	look_at_ceremony (&e);
	look_at_roots (&e);
	each_key (&e, look_at_certificate);
	look_inside (&e);
	pins_free (e.pins);
}

gboolean
signer_is_test_site (const char *dir)
{
	g_autoptr (Pins) pins = pins_load (dir, NULL);
	return pins != NULL && pins->test;
}

char **
signer_ca_names (const char *dir)
{
	g_autoptr (Pins) pins = pins_load (dir, NULL);
	if (pins == NULL)
		return NULL;
	char **names = g_new0 (char *, pins->cas->len + 1);
	for (guint i = 0; i < pins->cas->len; i++)
		names[i] = g_strdup (((const PinnedCa *) g_ptr_array_index (pins->cas, i))->name);
	return names;
}
