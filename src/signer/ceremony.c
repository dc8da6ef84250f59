/* signer/ceremony.c — see ceremony.h. */
#include "signer/ceremony.h"

#include <string.h>

#include "base/error.h"
#include "signer/durable.h"
#include "signer/journal.h"
#include "signer/new_ca.h"
#include "signer/officers.h"
#include "signer/root_key.h"
#include "signer/transcript.h"

#define ROOT_LIST_MAX (1 << 20)

struct Ceremony {
	char *dir, *ca_dir;
	Pins *pins;
	Vault *vault;
	Journal *journal;
};

void
ceremony_free (Ceremony *ceremony)
{
	if (ceremony == NULL)
		return;
	journal_free (ceremony->journal);
	vault_free (ceremony->vault);
	pins_free (ceremony->pins);
	g_free (ceremony->dir);
	g_free (ceremony->ca_dir);
	g_free (ceremony);
}

Ceremony *
ceremony_open (const char *dir, const char *ca_dir, const char *passphrase, gsize n, GError **error)
{
	g_autoptr (Ceremony) ceremony = g_new0 (Ceremony, 1);
	g_autofree char *journal = g_build_filename (dir, "journal.log", NULL);
	ceremony->dir = g_strdup (dir);
	ceremony->ca_dir = g_strdup (ca_dir);
	ceremony->pins = pins_load (dir, error);
	ceremony->vault = ceremony->pins != NULL ? vault_new (ceremony->dir, ceremony->pins->site, ceremony->pins->places, passphrase, n, error) : NULL;
	if (ceremony->vault == NULL)
		return NULL;
	/* New keys under a mistyped passphrase would be found out at the next start. */
	PrivateKey *trial = vault_load_key (ceremony->vault, PINS_FIRST_CA, certificate_public_key (ceremony->pins->issuing), error);
	if (trial == NULL)
		return NULL;
	private_key_free (trial);
	ceremony->journal = journal_open (journal, error);
	return ceremony->journal != NULL ? g_steal_pointer (&ceremony) : NULL;
}

Micros
ceremony_now (const Ceremony *ceremony)
{
	g_autoptr (Clock) system = clock_new_system ();
	return ceremony->pins->test ? journal_last_time (ceremony->journal) : clock_now (system);
}

gboolean
ceremony_is_test (const Ceremony *ceremony)
{
	return ceremony->pins->test;
}

const char *
ceremony_site (const Ceremony *ceremony)
{
	return ceremony->pins->site;
}

/* --- root keys ------------------------------------------------------------------------------ */

static PrivateKey *
load_root (const Ceremony *ceremony, const CeremonyKey *from, const Certificate *root, const char *field, GError **error)
{
	g_autoptr (GError) local = NULL;
	if (from->file == NULL || from->passphrase == NULL) {
		diqi_error_set (error, DIQI_ERROR_FIELD_MISSING, field, "the root's key and its passphrase are needed");
		return NULL;
	}
	PrivateKey *key = root_key_load (from->file, ceremony->pins->site, from->passphrase, root, &local);
	if (key == NULL) {
		diqi_error_put_field (local, field);
		g_propagate_error (error, g_steal_pointer (&local));
	}
	return key;
}

static gboolean
write_root (const CeremonyKey *to, const PrivateKey *key, GError **error)
{
	g_autofree char *folder = g_path_get_dirname (to->file), *name = g_path_get_basename (to->file);
	g_autoptr (GBytes) pem = private_key_encrypt_pem (key, to->passphrase, strlen (to->passphrase), error);
	return pem != NULL && durable_file (folder, name, g_bytes_get_data (pem, NULL), g_bytes_get_size (pem), 0600, error)
		&& durable_sync_folder (folder, error);
}

static gboolean
check_new_root (const CeremonyKey *to, GError **error)
{
	if (to->file == NULL || to->passphrase == NULL || strlen (to->passphrase) < 8)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/root_key", "where the new root's key goes, and a passphrase of 8 bytes or more");
	return !g_file_test (to->file, G_FILE_TEST_EXISTS) || diqi_fail (error, DIQI_ERROR_EXISTS, "/root_key", "%s exists", to->file);
}

/* --- adding a CA ------------------------------------------------------------------------------ */

static gboolean
publish (const Ceremony *ceremony, const NewCa *ca, GError **error)
{
	const struct {
		const char *what;
		const Certificate *certificate;
	} files[] = { { "root", ca->root }, { NULL, ca->certificate }, { "ocsp", ca->ocsp }, { "cross", ca->cross } };
	for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
		if (files[i].certificate == NULL)
			continue;
		g_autofree char *name = pins_ca_file (ca->name, files[i].what, ".crt");
		g_autofree char *pem = certificate_pem (files[i].certificate);
		if (!durable_replace (ceremony->ca_dir, name, pem, strlen (pem), 0644, error))
			return FALSE;
	}
	g_autofree char *list = pins_ca_file (ca->name, "root", ".crl");
	return ca->root_crl == NULL
		|| durable_replace (ceremony->ca_dir, list, g_bytes_get_data (ca->root_crl, NULL), g_bytes_get_size (ca->root_crl), 0644, error);
}

/* It counts from the moment site.json names it; what a crash leaves before is replaced when the step is done again. */
static gboolean
keep (Ceremony *ceremony, const NewCa *ca, Micros now, GError **error)
{
	if (!new_ca_write (ca, ceremony->dir, ceremony->vault, error) || !publish (ceremony, ca, error))
		return FALSE;
	journal_add_issue (ceremony->journal, &(JournalEntry) { .time = now, .ca = ca->name, .profile = "service-ocsp", .certificate = ca->ocsp });
	return journal_commit (ceremony->journal, error) && pins_rewrite (ceremony->pins, ceremony->dir, error);
}

static json_t *
describe (const NewCa *ca)
{
	g_autofree char *certificate = fingerprint_hex (certificate_fingerprint (ca->certificate)), *root = fingerprint_hex (certificate_fingerprint (ca->root));
	g_autofree char *serial = serial_hex (certificate_serial (ca->certificate));
	json_t *result = json_pack ("{s:s, s:s, s:s, s:s, s:o}", "name", ca->name, "certificate_sha256", certificate, "serial", serial,
		"root_sha256", root, "not_after", json_time (certificate_not_after (ca->certificate)));
	if (ca->cross != NULL) {
		g_autofree char *cross = fingerprint_hex (certificate_fingerprint (ca->cross));
		json_object_set_new (result, "cross_sha256", json_string (cross));
	}
	return result;
}

static NewCa *
make (Ceremony *ceremony, const CeremonyCa *in, const PinnedCa *above, Micros now, GError **error)
{
	const PinnedCa *first = pins_ca (ceremony->pins, NULL);
	g_autoptr (PrivateKey) root_key = above != NULL ? load_root (ceremony, &in->root, above->root, "/root_key", error) : NULL;
	if (above != NULL && root_key == NULL)
		return NULL;
	gboolean apart = above == NULL || !fingerprint_equal (certificate_fingerprint (above->root), certificate_fingerprint (first->root));
	g_autoptr (PrivateKey) first_key = apart ? load_root (ceremony, &in->first_root, first->root, "/first_root_key", error) : NULL;
	if (apart && first_key == NULL)
		return NULL;
	/* The root's key of a new root stays in memory until it is on its medium: no token is asked to make it here. */
	const NewCaWanted wanted = { { ceremony->vault, NULL }, in->name, above != NULL ? above->algorithm : in->algorithm,
	                             above != NULL ? above->root : NULL, root_key, first_key, now };
	return new_ca_make (ceremony->pins, &wanted, error);
}

/* above: the CA it is named under, NULL: none, or the site has none of that name. */
static gboolean
check_wanted (const Ceremony *ceremony, const CeremonyCa *in, const PinnedCa *above, GError **error)
{
	if (in->under != NULL && above == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/under", "the site has no CA %s", in->under);
	if (above != NULL && in->has_algorithm && in->algorithm != above->algorithm)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/algorithm", "a CA under a root that is there has its algorithm");
	if (above == NULL && !in->has_algorithm)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/algorithm", "of a new root it must be said");
	if (above == NULL && !check_new_root (&in->root, error))
		return FALSE;
	return pins_ca (ceremony->pins, in->name) == NULL || diqi_fail (error, DIQI_ERROR_EXISTS, "/name", "the site has a CA %s already", in->name);
}

gboolean
ceremony_add_ca (Ceremony *ceremony, const CeremonyCa *in, json_t **result, GError **error)
{
	Micros now = ceremony_now (ceremony);
	const PinnedCa *above = in->under != NULL ? pins_ca (ceremony->pins, in->under) : NULL;
	if (!check_wanted (ceremony, in, above, error))
		return FALSE;
	g_autoptr (NewCa) ca = make (ceremony, in, above, now, error);
	if (ca == NULL || (above == NULL && !write_root (&in->root, ca->root_key, error)))
		return FALSE;
	if (!pins_add_ca (ceremony->pins, &(const CaCertificates) { in->name, ca->root, ca->certificate, ca->ocsp, ca->cross }, error)
	    || !keep (ceremony, ca, now, error))
		return FALSE;
	*result = describe (ca);
	return TRUE;
}

/* --- the root's own list ------------------------------------------------------------------------- */

/* Authorities under one root have one list, under the name of the first of them. */
static const PinnedCa *
named_for (const Pins *pins, const PinnedCa *ca)
{
	for (guint i = 0; i < pins->cas->len; i++) {
		const PinnedCa *other = g_ptr_array_index (pins->cas, i);
		if (fingerprint_equal (certificate_fingerprint (other->root), certificate_fingerprint (ca->root)))
			return other;
	}
	return ca;
}

/* A missing list begins anew above any number it can have had; one of another root is an error. */
static gboolean
read_list (const char *path, const Certificate *root, Micros now, guint64 *number, GArray **entries, GError **error)
{
	char *text;
	gsize n;
	*number = (guint64) (now / MICROS_PER_S);
	if (!g_file_get_contents (path, &text, &n, NULL)) {
		*entries = g_array_new (FALSE, FALSE, sizeof (RevokedEntry));
		return TRUE;
	}
	g_autoptr (GBytes) list = g_bytes_new_take (text, n);
	if (n > ROOT_LIST_MAX || !crl_verify (list, root, number, NULL, error)) {
		g_prefix_error (error, "%s: ", path);
		return FALSE;
	}
	*entries = crl_entries (list, error);
	return *entries != NULL;
}

static gboolean
add_revoked (GArray *entries, const json_t *revoke, Micros now, GError **error)
{
	size_t i;
	json_t *item;
	json_array_foreach (revoke, i, item) {
		RevokedEntry entry = { .revoked_at = now - now % MICROS_PER_S, .reason = REASON_CA_COMPROMISE };
		const char *serial = json_string_value (json_object_get (item, "serial")), *reason = json_string_value (json_object_get (item, "reason"));
		if (serial == NULL || !serial_from_hex (serial, &entry.serial) || reason == NULL || !reason_from_name (reason, &entry.reason)
		    || entry.reason == REASON_HOLD || entry.reason == REASON_REMOVE_FROM_CRL)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/revoke", "serial (40 hex digits) and a reason of RFC 5280 for good");
		for (guint j = 0; j < entries->len; j++)
			if (memcmp (&g_array_index (entries, RevokedEntry, j).serial, &entry.serial, sizeof entry.serial) == 0)
				return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/revoke", "%s is on the list already", serial);
		g_array_append_val (entries, entry);
	}
	return TRUE;
}

gboolean
ceremony_root_list (Ceremony *ceremony, const char *ca, const CeremonyKey *root, const json_t *revoke, json_t **result, GError **error)
{
	const PinnedCa *asked = pins_ca (ceremony->pins, ca);
	if (asked == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/ca", "the site has no CA %s", ca);
	const PinnedCa *named = named_for (ceremony->pins, asked);
	g_autofree char *name = pins_ca_file (named->name, "root", ".crl");
	g_autofree char *path = g_build_filename (ceremony->ca_dir, name, NULL);
	g_autoptr (PrivateKey) key = load_root (ceremony, root, named->root, "/root_key", error);
	g_autoptr (GArray) entries = NULL;
	Micros now = ceremony_now (ceremony), next = 0;
	guint64 number;
	if (key == NULL || !read_list (path, named->root, now, &number, &entries, error) || !add_revoked (entries, revoke, now, error))
		return FALSE;
	g_autoptr (GBytes) list = root_crl_sign (named->root, key, number + 1, entries, now, error);
	if (list == NULL || !crl_verify (list, named->root, &number, &next, error)
	    || !durable_replace (ceremony->ca_dir, name, g_bytes_get_data (list, NULL), g_bytes_get_size (list), 0644, error))
		return FALSE;
	*result = json_pack ("{s:s, s:I, s:i, s:o}", "list", name, "number", (json_int_t) number, "entries", (int) entries->len, "next_update", json_time (next));
	return TRUE;
}

/* --- who is present, and the transcript ---------------------------------------------------------- */

gboolean
ceremony_check_officer (const Ceremony *ceremony, const Certificate *certificate, GError **error)
{
	g_autofree char *path = g_build_filename (ceremony->dir, "officers.log", NULL);
	g_autoptr (OfficersLog) log = officers_log_open (path, ceremony->pins, error);
	if (log == NULL)
		return FALSE;
	const Officer *officer = roster_find (officers_log_current (log), certificate_fingerprint (certificate));
	if (officer == NULL || officer->removed)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, "/present", "%s", officer != NULL ? "the officer was removed" : "not the certificate of an officer of this site");
	return pins_verify (ceremony->pins, certificate, ceremony_now (ceremony), error);
}

GPtrArray *
ceremony_authorities (const Ceremony *ceremony)
{
	GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);
	for (guint i = 0; i < ceremony->pins->cas->len; i++) {
		const PinnedCa *ca = g_ptr_array_index (ceremony->pins->cas, i);
		g_ptr_array_add (list, certificate_ref (ca->cross != NULL ? ca->cross : ca->certificate));
	}
	g_ptr_array_add (list, certificate_ref (ceremony->pins->root));
	return list;
}

gboolean
ceremony_finish (Ceremony *ceremony, GBytes *transcript, GError **error)
{
	g_autoptr (Transcript) checked = transcript_open (transcript, error);
	if (checked == NULL || !transcript_check_chains (checked, ceremony->pins->root, NULL, error))
		return FALSE;
	journal_add_ceremony (ceremony->journal, ceremony_now (ceremony), &checked->hash, transcript);
	return journal_commit (ceremony->journal, error);
}
