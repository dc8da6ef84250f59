/* signer/hierarchy.c — see hierarchy.h and create.h. */
#include "signer/hierarchy.h"

#include <gio/gio.h>
#include <string.h>

#include "base/error.h"
#include "signer/invariant.h"


void
hierarchy_discard (Hierarchy *h)
{
	if (h->vault != NULL)
		vault_discard (h->vault);
	if (h->root_vault != NULL)
		vault_discard (h->root_vault);
}

void
hierarchy_free (Hierarchy *h)
{
	if (h == NULL)
		return;
	if (!h->made)
		hierarchy_discard (h);
	g_clear_pointer (&h->cas, g_ptr_array_unref);
	for (gsize i = 0; i < OWN_N; i++)
		g_clear_pointer (&h->keys[i], private_key_free);
	g_clear_pointer (&h->tls_key, private_key_free);
	g_clear_pointer (&h->tls, certificate_unref);
	g_clear_pointer (&h->tls_root, certificate_unref);
	g_clear_pointer (&h->profile_files, g_ptr_array_unref);
	vault_free (h->vault);
	vault_free (h->root_vault);
	key_places_free (h->root_places);
	g_free (h->signer_dir);
	g_free (h->root_dir);
	pins_free (h->pins);
	g_free (h);
}

/* --- profiles --------------------------------------------------------------------- */

static gboolean
load_profile (Hierarchy *h, const char *name, GError **error)
{
	g_autofree char *path = g_strconcat (PROFILE_FOLDER "/", name, NULL);
	g_autoptr (GBytes) text = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	if (text == NULL)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the program lacks %s", path);
	g_autoptr (Profile) profile = profile_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), error);
	if (profile == NULL) {
		g_prefix_error (error, "%s: ", name);
		return FALSE;
	}
	g_ptr_array_add (h->pins->profiles, g_steal_pointer (&profile));
	g_ptr_array_add (h->profile_files, g_steal_pointer (&text));
	return TRUE;
}

static gboolean
load_profiles (Hierarchy *h, GError **error)
{
	g_auto (GStrv) names = g_resources_enumerate_children (PROFILE_FOLDER, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	h->profile_files = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	for (gsize i = 0; names != NULL && names[i] != NULL; i++)
		if (!load_profile (h, names[i], error))
			return FALSE;
	return pins_newest (h->pins, "officer") != NULL || diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the program has no profile for officers");
}

/* --- certificates -------------------------------------------------------------------- */

Certificate *
hierarchy_service (const Pins *pins, const Issuer *issuer, OwnKind kind, const PrivateKey *key, Micros now, GError **error)
{
	g_assert (kind >= OWN_LOG && kind < OWN_N);
	return own_certificate_make (pins, own_certificate (kind), PINS_FIRST_CA, issuer, key, now, error);
}

static gboolean
add_ca (Hierarchy *h, const char *name, KeyAlgorithm algorithm, Micros now, GError **error)
{
	const NewCa *first = h->cas->len > 0 ? g_ptr_array_index (h->cas, 0) : NULL;
	const NewCaWanted wanted = { { h->vault, h->root_vault }, name, algorithm, NULL, NULL, first != NULL ? first->root_key : NULL, now };
	g_autoptr (NewCa) ca = new_ca_make (h->pins, &wanted, error);
	if (ca == NULL || !pins_add_ca (h->pins, &(const CaCertificates) { name, ca->root, ca->certificate, ca->ocsp, ca->cross }, error))
		return FALSE;
	g_ptr_array_add (h->cas, g_steal_pointer (&ca));
	return TRUE;
}

static gboolean
make_authorities (Hierarchy *h, const SignerCreate *in, GError **error)
{
	h->cas = g_ptr_array_new_with_free_func ((GDestroyNotify) new_ca_free);
	if (!add_ca (h, PINS_FIRST_CA, in->algorithm, in->now, error))
		return FALSE;
	if (!in->has_second)
		return TRUE;
	if (strcmp (hierarchy_name (in->second), hierarchy_name (in->algorithm)) == 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/second", "the second hierarchy must be another than that of %s", key_algorithm_name (in->algorithm));
	return add_ca (h, hierarchy_name (in->second), in->second, in->now, error);
}

const Issuer *
hierarchy_issuer (const Hierarchy *h)
{
	return ((const NewCa *) g_ptr_array_index (h->cas, 0))->issuer;
}

const char *
hierarchy_key_name (OwnKind kind)
{
	static const char *const names[OWN_N] = { [OWN_LOG] = "log", [OWN_RECEIPT] = "receipt", [OWN_DOCUMENT] = "document", [OWN_TSA] = "tsa" };
	return names[kind];
}

static gboolean
make_services (Hierarchy *h, const SignerCreate *in, GError **error)
{
	Certificate **const made[OWN_N] = { [OWN_LOG] = &h->pins->log, [OWN_RECEIPT] = &h->pins->receipt, [OWN_DOCUMENT] = &h->pins->document,
	                                 [OWN_TSA] = &h->pins->tsa };
	for (gsize i = OWN_LOG; i < OWN_N; i++) {
		h->keys[i] = vault_generate_key (h->vault, hierarchy_key_name (i), i == OWN_LOG ? KEY_ED25519 : in->algorithm, error);
		*made[i] = h->keys[i] != NULL ? hierarchy_service (h->pins, hierarchy_issuer (h), i, h->keys[i], in->now, error) : NULL;
		if (*made[i] == NULL)
			return FALSE;
	}
	return TRUE;
}

/* --- TLS ------------------------------------------------------------------------------- */

static Issuer *
tls_issuer (Hierarchy *h, KeyAlgorithm algorithm, Micros now, GError **error)
{
	if (algorithm != KEY_SM2) {
		h->tls_root = certificate_ref (h->pins->root);
		return issuer_new (h->pins->issuing, ((const NewCa *) g_ptr_array_index (h->cas, 0))->key, error);
	}
	const Profile *server = pins_newest (h->pins, "server");
	const OwnCertificate kind = { "网站 TLS CA", NULL, server != NULL ? server->validity_days : 0, KU_KEY_CERT_SIGN, 0, NULL };
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, error);
	h->tls_root = key != NULL ? own_certificate_make (h->pins, &kind, PINS_FIRST_CA, NULL, key, now, error) : NULL;
	return h->tls_root != NULL ? issuer_new (h->tls_root, key, error) : NULL;
}

static gboolean
make_tls (Hierarchy *h, const SignerCreate *in, GError **error)
{
	g_autoptr (Issuer) issuer = tls_issuer (h, in->algorithm, in->now, error);
	if (issuer == NULL)
		return FALSE;
	h->tls_key = private_key_generate (KEY_P256, error);
	g_autoptr (PublicKey) public = h->tls_key != NULL ? private_key_public (h->tls_key) : NULL;
	h->tls = public != NULL ? own_certificate_tls (h->pins, PINS_FIRST_CA, issuer, public, in->hosts, in->now, error) : NULL;
	return h->tls != NULL;
}

/* --- where the keys go ----------------------------------------------------------------- */

static gboolean
use_token (Vault *vault, const SignerCreateToken *token, KeyAlgorithm algorithm, VaultUse use, GError **error)
{
	return token == NULL || vault_use_token (vault, &token->place, token->pin, token->pin_n, algorithm, use, error);
}

static gboolean
open_vaults (Hierarchy *h, const SignerCreate *in, GError **error)
{
	if (in->has_second && (in->token != NULL || in->root_token != NULL) && !vault_check_algorithm (in->second, error))
		return FALSE;
	h->signer_dir = g_build_filename (in->dir, "signer", NULL);
	h->root_dir = g_build_filename (in->dir, "root", NULL);
	h->root_places = key_places_new ();
	h->vault = vault_new (h->signer_dir, h->pins->site, h->pins->places, in->passphrase, in->passphrase_n, error);
	h->root_vault = vault_new (h->root_dir, h->pins->site, h->root_places, in->root_passphrase, in->root_passphrase_n, error);
	return h->vault != NULL && h->root_vault != NULL && use_token (h->vault, in->token, in->algorithm, VAULT_USE_SIGNER, error)
		&& use_token (h->root_vault, in->root_token, in->algorithm, VAULT_USE_ROOT, error);
}

G_STATIC_ASSERT (CREATE_MAX_SHARDS == PINS_MAX_SHARDS);

Hierarchy *
hierarchy_new (const SignerCreate *in, GError **error)
{
	g_autoptr (Hierarchy) h = g_new0 (Hierarchy, 1);
	h->pins = pins_new (in->site, in->name, in->base_uri, in->test, in->algorithm, error);
	if (h->pins == NULL || (in->shards != 0 && !pins_set_shards (h->pins, in->shards, error)) || !open_vaults (h, in, error) || !load_profiles (h, error) || !make_authorities (h, in, error) || !make_services (h, in, error) || !make_tls (h, in, error))
		return NULL;
	return g_steal_pointer (&h);
}

/* --- officers ---------------------------------------------------------------------------- */

Certificate *
hierarchy_staff (const Hierarchy *h, const char *profile_name, const SignerCreateOfficer *officer, Micros now, PrivateKey **key, GError **error)
{
	const Profile *profile = pins_newest (h->pins, profile_name);
	const PinnedCa *ca = pins_ca (h->pins, NULL);
	const NamePart subject[] = {
		{ NAME_COUNTRY, "CN" }, { NAME_ORGANIZATION, h->pins->name }, { NAME_COMMON_NAME, officer->name }, { NAME_SERIAL_NUMBER, officer->person },
	};
	if (profile == NULL) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the program has no profile %s", profile_name);
		return NULL;
	}
	*key = private_key_generate (h->pins->algorithm, error);
	if (*key == NULL || !profile_check_subject (profile, subject, G_N_ELEMENTS (subject), "/officers", error))
		return NULL;
	g_autoptr (PublicKey) public = private_key_public (*key);
	Micros start = now - now % MICROS_PER_S;
	CertificateTemplate t = {
		.subject = subject, .subject_n = G_N_ELEMENTS (subject), .key = public,
		.not_before = start, .not_after = start + profile->validity_days * MICROS_PER_DAY - MICROS_PER_S, .path_length = -1,
		.key_usage = profile_key_usage (profile, h->pins->algorithm), .extended_key_usage = profile->extended_key_usage, .policy_oid = profile->policy,
		.ocsp_uri = ca->ocsp_uri, .issuer_uri = ca->issuer_uri, .cps_uri = ca->cps_uri,
	};
	serial_new (now, &t.serial);
	g_autofree char *list = pins_list_uri (ca, &t.serial);
	t.crl_uri = list;
	g_autoptr (GBytes) der = invariant_template (profile->kind, &t, ca->certificate, now, error) ? issuer_sign_certificate (hierarchy_issuer (h), &t, error) : NULL;
	g_autoptr (Certificate) made = der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
	return made != NULL && invariant_certificate (made, &t, error) ? g_steal_pointer (&made) : NULL;
}
