/* signer/create.c — writing a new site.  See create.h. */
#include "signer/create.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "signer/chain.h"
#include "signer/create_agents.h"
#include "signer/durable.h"
#include "signer/hierarchy.h"
#include "signer/journal.h"
#include "signer/officers.h"
#include "signer/secret.h"

#define PIN_BYTES 12           /* 96 bits: the PKCS#12 may be attacked offline */

void
signer_created_clear (SignerCreated *created)
{
	g_clear_pointer (&created->root, certificate_unref);
	g_clear_pointer (&created->issuing, certificate_unref);
	for (gsize i = 0; i < created->officers_n; i++) {
		SignerCreatedOfficer *officer = &created->officers[i];
		g_clear_pointer (&officer->p12, g_bytes_unref);
		g_clear_pointer (&officer->certificate, certificate_unref);
		g_clear_pointer (&officer->encryption, certificate_unref);
		g_clear_pointer (&officer->encryption_p12, g_bytes_unref);
		if (officer->pin != NULL)
			explicit_bzero (officer->pin, strlen (officer->pin));
		g_clear_pointer (&officer->pin, g_free);
	}
	g_clear_pointer (&created->officers, g_free);
	created->officers_n = 0;
	g_clear_pointer (&created->hierarchy, hierarchy_free);
}

void
signer_create_undo (SignerCreated *created)
{
	if (created->hierarchy != NULL)
		hierarchy_discard (created->hierarchy);
	signer_created_clear (created);
}

/* --- folders and files ---------------------------------------------------------------- */

static gboolean
prepare_folder (const char *path, GError **error)
{
	if (g_mkdir_with_parents (path, 0700) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: %s", path, g_strerror (errno));
	g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
	if (folder == NULL || g_dir_read_name (folder) != NULL)
		return diqi_fail (error, DIQI_ERROR_EXISTS, NULL, "%s: holds something already; a site is never overwritten", path);
	return durable_folder (path, "ca", 0755, error) && durable_folder (path, "root", 0700, error)
		&& durable_folder (path, "signer", 0700, error) && durable_folder (path, "signer/profiles", 0700, error);
}

static gboolean
write_certificate (const char *dir, const char *name, const Certificate *certificate, const Certificate *chain, GError **error)
{
	g_autofree char *pem = certificate_pem (certificate);
	g_autofree char *more = chain != NULL ? certificate_pem (chain) : g_strdup ("");
	g_autofree char *text = g_strconcat (pem, more, NULL);
	return durable_file (dir, name, text, strlen (text), 0644, error);
}

static gboolean
write_ca_certificates (const char *dir, const NewCa *ca, GError **error)
{
	const struct {
		const char *what;
		const Certificate *certificate;
	} files[] = { { "root", ca->root }, { NULL, ca->certificate }, { "ocsp", ca->ocsp }, { "cross", ca->cross } };
	for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
		g_autofree char *name = pins_ca_file (ca->name, files[i].what, ".crt");
		if (files[i].certificate != NULL && !write_certificate (dir, name, files[i].certificate, NULL, error))
			return FALSE;
	}
	g_autofree char *list = pins_ca_file (ca->name, "root", ".crl");
	return durable_file (dir, list, g_bytes_get_data (ca->root_crl, NULL), g_bytes_get_size (ca->root_crl), 0644, error);
}

static gboolean
write_services (const SignerCreate *in, const Hierarchy *h, GError **error)
{
	const struct {
		const char *name;
		const Certificate *certificate;
	} files[] = { { "log.crt", h->pins->log }, { "receipt.crt", h->pins->receipt }, { "document.crt", h->pins->document }, { "tsa.crt", h->pins->tsa } };
	g_autofree char *ca = g_build_filename (in->dir, "ca", NULL);
	g_autofree char *signer = g_build_filename (in->dir, "signer", NULL);
	for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
		if (!write_certificate (ca, files[i].name, files[i].certificate, NULL, error)
		    || !write_certificate (signer, files[i].name, files[i].certificate, NULL, error))
			return FALSE;
	return TRUE;
}

static gboolean
write_certificates (const SignerCreate *in, const Hierarchy *h, GError **error)
{
	g_autofree char *ca = g_build_filename (in->dir, "ca", NULL);
	for (guint i = 0; i < h->cas->len; i++)
		if (!write_ca_certificates (ca, g_ptr_array_index (h->cas, i), error))
			return FALSE;
	/* The server sends what lies between its certificate and the root. */
	const Certificate *between = in->algorithm != KEY_SM2 ? h->pins->issuing : NULL;
	g_autoptr (GBytes) key = private_key_plain_pem (h->tls_key, error);
	return key != NULL && write_services (in, h, error) && write_certificate (ca, "tls.crt", h->tls, between, error)
		&& write_certificate (ca, "tls-root.crt", h->tls_root, NULL, error)
		&& durable_file (ca, "tls.key", g_bytes_get_data (key, NULL), g_bytes_get_size (key), 0600, error)
		&& durable_sync_folder (ca, error);
}

/* Where a root's key is when it is no file; nobody needs it but who makes a new CA. */
static gboolean
write_root_places (const Hierarchy *h, GError **error)
{
	g_autoptr (json_t) object = json_object ();
	key_places_put_json (h->root_places, object);
	if (json_object_size (object) == 0)
		return TRUE;
	g_autoptr (GBytes) text = jcs_bytes (object);
	return durable_file (h->root_dir, "root.json", g_bytes_get_data (text, NULL), g_bytes_get_size (text), 0600, error)
		&& vault_keep_pins (h->root_vault, error);
}

static gboolean
write_cas (const Hierarchy *h, GError **error)
{
	for (guint i = 0; i < h->cas->len; i++) {
		const NewCa *ca = g_ptr_array_index (h->cas, i);
		g_autofree char *name = pins_ca_file (ca->name, "root", "");
		if (!new_ca_write (ca, h->signer_dir, h->vault, error) || !vault_keep_key (h->root_vault, name, ca->root_key, error))
			return FALSE;
	}
	return write_root_places (h, error) && durable_sync_folder (h->root_dir, error);
}

static gboolean
write_keys (const Hierarchy *h, GError **error)
{
	for (OwnKind i = OWN_LOG; i < OWN_N; i++)
		if (!vault_keep_key (h->vault, hierarchy_key_name (i), h->keys[i], error))
			return FALSE;
	return secrets_make (h->pins, h->signer_dir, h->vault, error) && write_cas (h, error) && vault_keep_pins (h->vault, error);
}

static gboolean
write_site (const SignerCreate *in, const Hierarchy *h, GError **error)
{
	g_autofree char *signer = g_build_filename (in->dir, "signer", NULL);
	g_autofree char *profiles = g_build_filename (signer, "profiles", NULL);
	g_autoptr (json_t) hashes = json_array ();
	for (guint i = 0; i < h->pins->profiles->len; i++) {
		const Profile *profile = g_ptr_array_index (h->pins->profiles, i);
		gsize n;
		gconstpointer text = g_bytes_get_data (g_ptr_array_index (h->profile_files, i), &n);
		Fingerprint hash;
		fingerprint_of (text, n, &hash);
		json_t *pin = json_object ();
		json_object_set_new (pin, "name", json_string (profile->name));
		json_object_set_new (pin, "version", json_integer (profile->version));
		json_object_set_new (pin, "hash", json_hex (hash.b, sizeof hash.b));
		json_array_append_new (hashes, pin);
		g_autofree char *name = g_strdup_printf ("%s-%" G_GINT64_FORMAT ".json", profile->name, profile->version);
		if (!durable_file (profiles, name, text, n, 0600, error))
			return FALSE;
	}
	g_autoptr (GBytes) site = pins_site_json (h->pins, hashes);
	return durable_sync_folder (profiles, error) && durable_file (signer, "profiles.log", "", 0, 0600, error)
		&& durable_file (signer, "site.json", g_bytes_get_data (site, NULL), g_bytes_get_size (site), 0600, error);
}

/* --- officers --------------------------------------------------------------------------- */

static json_t *
officer_entry (const SignerCreateOfficer *officer, const Certificate *certificate)
{
	json_t *roles = json_array (), *entry = json_object ();
	for (gsize i = 0; officer->roles[i] != NULL; i++)
		json_array_append_new (roles, json_string (officer->roles[i]));
	json_object_set_new (entry, "person", json_string (officer->person));
	json_object_set_new (entry, "name", json_string (officer->name));
	json_object_set_new (entry, "roles", roles);
	json_object_set_new (entry, "certificate", certificate_json (certificate));
	json_object_set_new (entry, "removed", json_false ());
	return entry;
}

static gboolean
make_officer (const SignerCreate *in, const Hierarchy *h, gsize i, SignerCreatedOfficer *made, json_t *entries, GError **error)
{
	g_autoptr (PrivateKey) key = NULL;
	Certificate *const chain[] = { h->pins->issuing, h->pins->root };
	made->certificate = hierarchy_staff (h, "officer", &in->officers[i], in->now, &key, error);
	if (made->certificate == NULL)
		return FALSE;
	made->pin = random_token (PIN_BYTES);
	made->p12 = pkcs12_build (key, made->certificate, chain, G_N_ELEMENTS (chain), in->officers[i].name, made->pin, error);
	json_array_append_new (entries, officer_entry (&in->officers[i], made->certificate));
	return made->p12 != NULL;
}

static gboolean
write_genesis (const char *signer, const json_t *list, Micros now, GError **error)
{
	g_autoptr (Roster) roster = roster_parse (list, FALSE, "", error);
	if (roster == NULL || !roster_check_quorum (roster, error) || !durable_file (signer, "officers.log", "", 0, 0600, error))
		return FALSE;
	g_autofree char *path = g_build_filename (signer, "officers.log", NULL);
	g_autoptr (Chain) chain = chain_open (path, NULL, NULL, error);
	if (chain == NULL)
		return FALSE;
	g_autoptr (json_t) record = officers_log_genesis (list, now);
	chain_append (chain, record, NULL, NULL);
	return chain_commit (chain, error);
}

static gboolean
make_officers (const SignerCreate *in, const Hierarchy *h, SignerCreated *out, GError **error)
{
	g_autofree char *signer = g_build_filename (in->dir, "signer", NULL);
	g_autoptr (json_t) list = json_object ();
	json_t *entries = json_array ();
	json_object_set_new (list, "version", json_integer (1));
	json_object_set_new (list, "officers", entries);
	out->officers = g_new0 (SignerCreatedOfficer, in->officers_n + 1);
	out->officers_n = in->officers_n;
	for (gsize i = 0; i < in->officers_n; i++)
		if (!make_officer (in, h, i, &out->officers[i], entries, error))
			return FALSE;
	return write_genesis (signer, list, in->now, error);
}

static char *
profile_text (const Hierarchy *h, const char *name)
{
	const Profile *profile = pins_newest (h->pins, name);
	return g_strdup_printf ("%s-%" G_GINT64_FORMAT, profile->name, profile->version);
}

static void
journal_staff (Journal *journal, const SignerCreate *in, const Hierarchy *h, const SignerCreated *out)
{
	g_autofree char *officer = profile_text (h, "officer");
	g_autofree char *agent = profile_text (h, "recovery-agent");
	for (gsize i = 0; i < out->officers_n; i++) {
		const SignerCreatedOfficer *made = &out->officers[i];
		journal_add_issue (journal, &(JournalEntry) { .time = in->now, .profile = officer, .certificate = made->certificate });
		if (made->encryption != NULL)
			journal_add_issue (journal, &(JournalEntry) { .time = in->now, .profile = agent, .certificate = made->encryption });
	}
}

/* Every certificate of the issuing CA is in the journal, those made here too: OCSP speaks of no other. */
static gboolean
write_journal (const SignerCreate *in, const Hierarchy *h, const SignerCreated *out, GError **error)
{
	g_autofree char *signer = g_build_filename (in->dir, "signer", NULL);
	g_autofree char *path = g_build_filename (signer, "journal.log", NULL);
	if (!durable_file (signer, "journal.log", "", 0, 0600, error))
		return FALSE;
	g_autoptr (Journal) journal = journal_open (path, error);
	if (journal == NULL)
		return FALSE;
	const struct {
		const char *profile;
		const Certificate *certificate;
	} services[] = {
		{ "service-log", h->pins->log }, { "service-receipt", h->pins->receipt },
		{ "service-document", h->pins->document }, { "service-tsa", h->pins->tsa }, { "service-tls", in->algorithm != KEY_SM2 ? h->tls : NULL },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
		if (services[i].certificate != NULL)
			journal_add_issue (journal, &(JournalEntry) { .time = in->now, .profile = services[i].profile, .certificate = services[i].certificate });
	for (guint i = 0; i < h->cas->len; i++) {
		const NewCa *ca = g_ptr_array_index (h->cas, i);
		journal_add_issue (journal, &(JournalEntry) { .time = in->now, .ca = ca->name, .profile = "service-ocsp", .certificate = ca->ocsp });
	}
	journal_staff (journal, in, h, out);
	return journal_commit (journal, error) && durable_sync_folder (signer, error) && durable_sync_folder (in->dir, error);
}

static gboolean
check_passphrase (gsize n, const char *field, GError **error)
{
	return (n >= 8 && n <= 1024) || diqi_fail (error, DIQI_ERROR_FIELD_LENGTH, field, "a passphrase has 8 to 1024 bytes");
}

gboolean
signer_create_site (const SignerCreate *in, SignerCreated *out, GError **error)
{
	g_auto (SignerCreated) created = { 0 };
	if (!check_passphrase (in->passphrase_n, "/passphrase", error) || !check_passphrase (in->root_passphrase_n, "/root_passphrase", error))
		return FALSE;
	g_autoptr (Hierarchy) h = hierarchy_new (in, error);
	if (h == NULL || !prepare_folder (in->dir, error))
		return FALSE;
	if (!write_certificates (in, h, error) || !write_keys (h, error) || !write_site (in, h, error)
	    || !make_officers (in, h, &created, error) || !create_agents (in, h, &created, error) || !write_journal (in, h, &created, error))
		return FALSE;
	created.root = certificate_ref (h->pins->root);
	created.issuing = certificate_ref (h->pins->issuing);
	h->made = TRUE;
	created.hierarchy = g_steal_pointer (&h);
	*out = created;
	created = (SignerCreated) { 0 };
	return TRUE;
}
