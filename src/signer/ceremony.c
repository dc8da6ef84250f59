/* signer/ceremony.c — see ceremony.h. */
#include "signer/ceremony.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "signer/agents.h"
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
	/* There is none (check_new_root); a torn one would be in the way of the next try. */
	return pem != NULL && durable_replace (folder, name, g_bytes_get_data (pem, NULL), g_bytes_get_size (pem), 0600, error);
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
	if (!journal_commit (ceremony->journal, error))
		return FALSE;
	FAILPOINT ("ceremony.ca");
	return pins_rewrite (ceremony->pins, ceremony->dir, error);
}

static json_t *
describe (const CaCertificates *ca)
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
	*result = describe (&(const CaCertificates) { in->name, ca->root, ca->certificate, ca->ocsp, ca->cross });
	return TRUE;
}

json_t *
ceremony_ca_before (const Ceremony *ceremony, const CeremonyCa *in)
{
	gboolean there = in->under == NULL && in->root.file != NULL && g_file_test (in->root.file, G_FILE_TEST_EXISTS);
	return json_pack ("{s:b, s:b}", "ca", pins_ca (ceremony->pins, in->name) != NULL, "root_key", there);
}

/* A new root's key that site.json never came to name vouches for nothing.  It is ours if it opens under the passphrase given for it. */
static gboolean
drop_root (const CeremonyKey *root, GError **error)
{
	char *text;
	gsize n;
	if (!g_file_get_contents (root->file, &text, &n, NULL))
		return TRUE;
	g_autoptr (GBytes) pem = g_bytes_new_take (text, n);
	g_autoptr (PrivateKey) key = private_key_load_pem (pem, root->passphrase, strlen (root->passphrase), error);
	if (key == NULL) {
		g_prefix_error (error, "%s is not what was cut off here: ", root->file);
		return FALSE;
	}
	return unlink (root->file) == 0 || diqi_fail (error, DIQI_ERROR_CONFIG, "/root_key", "cannot remove %s", root->file);
}

gboolean
ceremony_ca_found (const Ceremony *ceremony, const CeremonyCa *in, const json_t *before, json_t **result, GError **error)
{
	const PinnedCa *ca = pins_ca (ceremony->pins, in->name);
	*result = NULL;
	if (ca != NULL && json_is_false (json_object_get (before, "ca")))
		*result = describe (&(const CaCertificates) { ca->name, ca->root, ca->certificate, ca->ocsp, ca->cross });
	else if (in->under == NULL && in->root.passphrase != NULL && json_is_false (json_object_get (before, "root_key")))
		return drop_root (&in->root, error);
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

/* Where a CA's root has its list; NULL: the site has no such CA. */
static char *
list_path (const Ceremony *ceremony, const char *ca, const PinnedCa **named, GError **error)
{
	const PinnedCa *asked = pins_ca (ceremony->pins, ca);
	if (asked == NULL) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/ca", "the site has no CA %s", ca);
		return NULL;
	}
	*named = named_for (ceremony->pins, asked);
	g_autofree char *name = pins_ca_file ((*named)->name, "root", ".crl");
	return g_build_filename (ceremony->ca_dir, name, NULL);
}

static gboolean
describe_list (const char *path, GBytes *list, const PinnedCa *named, json_t **result, GError **error)
{
	guint64 number;
	Micros next;
	if (!crl_verify (list, named->root, &number, &next, error))
		return FALSE;
	g_autoptr (GArray) entries = crl_entries (list, error);
	g_autofree char *name = g_path_get_basename (path);
	if (entries != NULL)
		*result = json_pack ("{s:s, s:I, s:i, s:o}", "list", name, "number", (json_int_t) number, "entries", (int) entries->len, "next_update", json_time (next));
	return entries != NULL;
}

gboolean
ceremony_root_list (Ceremony *ceremony, const char *ca, const CeremonyKey *root, const json_t *revoke, json_t **result, GError **error)
{
	const PinnedCa *named;
	g_autofree char *path = list_path (ceremony, ca, &named, error);
	g_autoptr (PrivateKey) key = path != NULL ? load_root (ceremony, root, named->root, "/root_key", error) : NULL;
	g_autoptr (GArray) entries = NULL;
	Micros now = ceremony_now (ceremony);
	guint64 number;
	if (key == NULL || !read_list (path, named->root, now, &number, &entries, error) || !add_revoked (entries, revoke, now, error))
		return FALSE;
	g_autofree char *name = g_path_get_basename (path);
	g_autoptr (GBytes) list = root_crl_sign (named->root, key, number + 1, entries, now, error);
	return list != NULL && describe_list (path, list, named, result, error)
		&& durable_replace (ceremony->ca_dir, name, g_bytes_get_data (list, NULL), g_bytes_get_size (list), 0644, error);
}

/* NULL: there is no list, or no such CA, which the step itself will say. */
static GBytes *
present_list (const Ceremony *ceremony, const char *ca, char **path, const PinnedCa **named)
{
	char *text;
	gsize n;
	*path = list_path (ceremony, ca, named, NULL);
	return *path != NULL && g_file_get_contents (*path, &text, &n, NULL) ? g_bytes_new_take (text, n) : NULL;
}

static json_t *
hash_of (GBytes *list)
{
	Fingerprint hash;
	if (list == NULL)
		return json_null ();
	fingerprint_of (g_bytes_get_data (list, NULL), g_bytes_get_size (list), &hash);
	return json_hex (hash.b, sizeof hash.b);
}

json_t *
ceremony_root_list_before (const Ceremony *ceremony, const char *ca)
{
	const PinnedCa *named;
	g_autofree char *path = NULL;
	g_autoptr (GBytes) list = present_list (ceremony, ca, &path, &named);
	return json_pack ("{s:o}", "list", hash_of (list));
}

gboolean
ceremony_root_list_found (const Ceremony *ceremony, const char *ca, const json_t *revoke, const json_t *before, json_t **result, GError **error)
{
	const PinnedCa *named;
	g_autofree char *path = NULL;
	g_autoptr (GBytes) list = present_list (ceremony, ca, &path, &named);
	g_autoptr (json_t) hash = hash_of (list);
	*result = NULL;
	if (list == NULL || json_equal (hash, json_object_get (before, "list")))
		return TRUE;
	for (size_t i = 0; i < json_array_size (revoke); i++) {
		const char *serial = json_string_value (json_object_get (json_array_get (revoke, i), "serial"));
		RevokedEntry entry;
		Serial wanted;
		if (serial == NULL || !serial_from_hex (serial, &wanted) || !crl_find (list, &wanted, &entry))
			return TRUE;
	}
	return describe_list (path, list, named, result, error);
}

/* --- who is present, and the transcript ---------------------------------------------------------- */

static OfficersLog *
open_officers (const Ceremony *ceremony, GError **error)
{
	g_autofree char *path = g_build_filename (ceremony->dir, "officers.log", NULL);
	return officers_log_open (path, ceremony->pins, error);
}

gboolean
ceremony_check_officer (const Ceremony *ceremony, const Certificate *certificate, GError **error)
{
	g_autoptr (OfficersLog) log = open_officers (ceremony, error);
	if (log == NULL)
		return FALSE;
	const Officer *officer = roster_find (officers_log_current (log), certificate_fingerprint (certificate));
	if (officer == NULL || officer->removed)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, "/present", "%s", officer != NULL ? "the officer was removed" : "not the certificate of an officer of this site");
	return pins_verify (ceremony->pins, certificate, ceremony_now (ceremony), error);
}

json_t *
ceremony_officers_list (const Ceremony *ceremony, GError **error)
{
	g_autoptr (OfficersLog) log = open_officers (ceremony, error);
	return log != NULL ? json_deep_copy (officers_log_current (log)->json) : NULL;
}

json_t *
ceremony_agents_list (const Ceremony *ceremony, GError **error)
{
	g_autofree char *path = g_build_filename (ceremony->dir, "agents.log", NULL);
	g_autoptr (OfficersLog) officers = open_officers (ceremony, error);
	g_autoptr (AgentsLog) log = officers != NULL ? agents_log_open (path, ceremony->pins, officers, error) : NULL;
	if (log == NULL)
		return NULL;
	const AgentList *list = agents_log_current (log);
	return list != NULL ? json_deep_copy (list->json) : json_pack ("{s:i, s:i, s:[]}", "version", 0, "threshold", 0, "agents");
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

/* --- the record ---------------------------------------------------------------------------------- */

const json_t *
ceremony_open_record (const Ceremony *ceremony)
{
	return journal_open_ceremony (ceremony->journal);
}

gboolean
ceremony_begin (Ceremony *ceremony, const Fingerprint *script, json_t *steps, json_t *present, Micros time, GError **error)
{
	json_t *members = json_pack ("{s:o, s:O, s:O}", "script", json_hex (script->b, sizeof script->b), "steps", steps, "present", present);
	return journal_note_ceremony (ceremony->journal, "ceremony.begun", time, members, error) && journal_commit (ceremony->journal, error);
}

gboolean
ceremony_note_step (Ceremony *ceremony, guint step, const char *state, json_t *more, Micros time, GError **error)
{
	json_t *members = more != NULL ? more : json_object ();
	json_object_set_new (members, "step", json_integer (step));
	json_object_set_new (members, "state", json_string (state));
	return journal_note_ceremony (ceremony->journal, "ceremony.step", time, members, error) && journal_commit (ceremony->journal, error);
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
