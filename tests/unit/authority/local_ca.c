#include "signer/pins.h"
#include "unit/authority/local_ca.h"

#include <string.h>

#include "authority/authority_private.h"
#include "base/error.h"
#include "base/random.h"

static const char *const role_names[] = {
	"reviewer", "issuer", "clerk", "cashier", "administrator", "market_editor", "market_approver", "auditor", "recovery_agent",
};

PrivateKey *
local_key (void)
{
	g_autoptr (GError) error = NULL;
	PrivateKey *key = private_key_generate (KEY_P256, &error);

	g_assert_no_error (error);
	return key;
}

static Certificate *
parse (GBytes *der)
{
	g_autoptr (GBytes) owned = der;
	g_autoptr (GError) error = NULL;
	Certificate *certificate;

	g_assert_nonnull (der);
	certificate = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_no_error (error);
	return certificate;
}

static void
ca_template (PublicKey *key, const NamePart *name, int path_length, CertificateTemplate *t)
{
	*t = (CertificateTemplate) {
		.subject = name, .subject_n = 1, .key = key, .ca = TRUE, .path_length = path_length,
		.not_before = CA_NOW - 30 * MICROS_PER_DAY, .not_after = CA_NOW + 3650 * MICROS_PER_DAY,
		.key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
	};
	serial_new (CA_NOW, &t->serial);
}

static void
make_authorities (LocalCa *ca)
{
	static const NamePart root_name[] = { { NAME_COMMON_NAME, "Local Root" } };
	static const NamePart issuing_name[] = { { NAME_COMMON_NAME, "Local Issuing" } };
	g_autoptr (PublicKey) root_key = private_key_public (ca->root_key);
	g_autoptr (PublicKey) issuing_key = private_key_public (ca->issuing_key);
	g_autoptr (Issuer) root = NULL;
	g_autoptr (GError) error = NULL;
	CertificateTemplate t;

	ca_template (root_key, root_name, 1, &t);
	ca->root = parse (root_sign_certificate (ca->root_key, &t, &error));
	root = issuer_new (ca->root, ca->root_key, &error);
	g_assert_no_error (error);
	ca_template (issuing_key, issuing_name, 0, &t);
	ca->issuing = parse (issuer_sign_certificate (root, &t, &error));
	ca->issuer = issuer_new (ca->issuing, ca->issuing_key, &error);
	g_assert_no_error (error);
}

static GBytes *
sign_leaf (LocalCa *ca, PublicKey *key, const Serial *serial, const NamePart *name, gsize n, const LeafOptions *o)
{
	static const char *const hosts[] = { "localhost", NULL };
	g_autoptr (GError) error = NULL;
	const CertificateTemplate t = {
		.hosts = (o->extended_key_usage & EKU_SERVER_AUTH) != 0 ? hosts : NULL,
		.serial = *serial, .subject = name, .subject_n = n, .key = key, .path_length = -1,
		.not_before = o->not_before, .not_after = o->not_after,
		.key_usage = o->key_usage, .extended_key_usage = o->extended_key_usage,
		.ocsp_no_check = (o->extended_key_usage & EKU_OCSP_SIGNING) != 0,
	};
	GBytes *der = issuer_sign_certificate (ca->issuer, &t, &error);

	g_assert_no_error (error);
	return der;
}

static const LeafOptions usual = {
	CA_NOW - MICROS_PER_DAY, CA_NOW + 365 * MICROS_PER_DAY, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, EKU_CLIENT_AUTH,
};

Certificate *
local_ca_leaf (LocalCa *ca, const PrivateKey *key, const LeafOptions *options)
{
	static const NamePart name[] = { { NAME_COUNTRY, "CN" }, { NAME_COMMON_NAME, "leaf" } };
	g_autoptr (PublicKey) public_key = private_key_public (key);
	Serial serial;

	serial_new (CA_NOW, &serial);
	return parse (sign_leaf (ca, public_key, &serial, name, G_N_ELEMENTS (name), options ? options : &usual));
}

static void
officer_free (gpointer p)
{
	LocalOfficer *officer = p;

	g_free (officer->person);
	g_free (officer->name);
	private_key_free (officer->key);
	certificate_unref (officer->certificate);
	g_free (officer);
}

LocalCa *
local_ca_new (void)
{
	LocalCa *ca = g_new0 (LocalCa, 1);
	const LeafOptions ocsp = { usual.not_before, usual.not_after, KU_DIGITAL_SIGNATURE, EKU_OCSP_SIGNING };
	g_autoptr (GError) error = NULL;

	pki_init ();
	ca->person_profile = 3;
	ca->root_key = local_key ();
	ca->issuing_key = local_key ();
	ca->ocsp_key = local_key ();
	make_authorities (ca);
	ca->ocsp = local_ca_leaf (ca, ca->ocsp_key, &ocsp);
	ca->responder = ocsp_responder_new (ca->ocsp, ca->ocsp_key, &error);
	g_assert_no_error (error);
	g_mutex_init (&ca->lock);
	ca->revocations = revocations_new ();
	revocations_open_lists (ca->revocations, PINS_SHARDS);
	ca->by_request = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
	ca->serials = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
	ca->officers = g_ptr_array_new_with_free_func (officer_free);
	return ca;
}

void
local_ca_free (LocalCa *ca)
{
	if (!ca)
		return;
	private_key_free (ca->root_key);
	private_key_free (ca->issuing_key);
	private_key_free (ca->ocsp_key);
	issuer_free (ca->issuer);
	ocsp_responder_free (ca->responder);
	certificate_unref (ca->root);
	certificate_unref (ca->issuing);
	certificate_unref (ca->ocsp);
	revocations_free (ca->revocations);
	g_hash_table_destroy (ca->by_request);
	g_hash_table_destroy (ca->serials);
	g_ptr_array_unref (ca->officers);
	g_mutex_clear (&ca->lock);
	g_free (ca);
}

LocalOfficer *
local_ca_add_officer (LocalCa *ca, const char *name, guint roles_bits)
{
	LocalOfficer *officer = g_new0 (LocalOfficer, 1);

	officer->person = uuid7_new (CA_NOW);
	officer->name = g_strdup (name);
	officer->roles_bits = roles_bits;
	officer->key = local_key ();
	officer->certificate = local_ca_leaf (ca, officer->key, NULL);
	g_hash_table_add (ca->serials, serial_hex (certificate_serial (officer->certificate)));
	g_ptr_array_add (ca->officers, officer);
	return officer;
}

static json_t *
officer_json (const LocalOfficer *officer)
{
	g_autoptr (GBytes) der = certificate_der (officer->certificate);
	json_t *item = json_object ();
	json_t *roles = json_array ();

	for (guint i = 0; i < G_N_ELEMENTS (role_names); i++)
		if (officer->roles_bits & (1u << i))
			json_array_append_new (roles, json_string (role_names[i]));
	json_object_set_new (item, "person", json_string (officer->person));
	json_object_set_new (item, "name", json_string (officer->name));
	json_object_set_new (item, "roles", roles);
	json_object_set_new (item, "certificate", json_base64 (g_bytes_get_data (der, NULL), g_bytes_get_size (der)));
	json_object_set_new (item, "removed", json_boolean (officer->removed));
	return item;
}

json_t *
local_ca_officers (LocalCa *ca)
{
	json_t *document = json_object ();
	json_t *officers = json_array ();

	for (guint i = 0; i < ca->officers->len; i++)
		json_array_append_new (officers, officer_json (g_ptr_array_index (ca->officers, i)));
	json_object_set_new (document, "version", json_integer (++ca->officers_version));
	json_object_set_new (document, "officers", officers);
	return document;
}

SignerSite *
local_ca_site (LocalCa *ca)
{
	SignerSite *site = g_new0 (SignerSite, 1);

	site->site = g_strdup (CA_SITE);
	site->name = g_strdup ("test");
	site->test_site = TRUE;
	site->base_uri = g_strdup ("http://ca.test");
	site->origin = g_strdup ("ca.test");
	site->root = certificate_ref (ca->root);
	site->issuing = certificate_ref (ca->issuing);
	site->ocsp = certificate_ref (ca->ocsp);
	site->log = certificate_ref (ca->ocsp);
	site->receipt = certificate_ref (ca->ocsp);
	site->document = certificate_ref (ca->ocsp);
	signer_site_add_ca (site, "issuing", ca->root, ca->issuing, ca->ocsp);
	site->profiles = json_pack ("[{s:s, s:i, s:b, s:i, s:[s, s, s, s, s]}, {s:s, s:i, s:b, s:i, s:[s, s]}]",
	                            "name", "organization", "version", 1, "open", 1, "validity_days", 365, "algorithms", "p256", "p384", "rsa3072", "rsa4096", "sm2",
	                            "name", "person", "version", ca->person_profile, "open", 1, "validity_days", 300, "algorithms", "p256", "sm2");
	return site;
}

/* --- the three calls ------------------------------------------------------------------ */

static gboolean
approves (const char *compact, const char *request_hash, GError **error)
{
	g_autoptr (Statement) statement = statement_parse (compact, -1, error);
	const char *said = statement ? json_string_value (json_object_get (statement_payload (statement), "request")) : NULL;

	if (!statement)
		return FALSE;
	return g_strcmp0 (said, request_hash) == 0 || diqi_fail (error, DIQI_ERROR_APPROVAL, NULL, "approval of another request");
}

static gboolean
in_mood (LocalCa *ca, GError **error)
{
	if (ca->mood == SIGN_AWAY)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the signer is away");
	if (ca->mood == SIGN_REFUSES)
		return diqi_fail (error, DIQI_ERROR_APPROVAL, NULL, "the signer refuses");
	return TRUE;
}

static GBytes *
sign_request (LocalCa *ca, const char *request, gsize n, guint copy, const Serial *serial)
{
	g_autoptr (json_t) document = json_read_strict (request, n, n, NULL);
	json_t *subject = json_object_get (document, "subject");
	g_autofree NamePart *name = g_new0 (NamePart, json_array_size (subject));
	g_autoptr (GBytes) spki = NULL;
	g_autoptr (PublicKey) key = NULL;
	const char *text = json_string_value (copy == 0 ? json_object_get (document, "spki")
	                                                : json_array_get (json_object_get (document, "more"), copy - 1));

	for (gsize i = 0; i < json_array_size (subject); i++) {
		void *part = json_object_iter (json_array_get (subject, i));

		g_assert_true (name_attribute_from_key (json_object_iter_key (part), &name[i].attribute));
		name[i].value = json_string_value (json_object_iter_value (part));
	}
	spki = base64_decode_strict (text, strlen (text), NULL);
	key = public_key_from_spki (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki), NULL);
	g_assert_nonnull (key);
	return sign_leaf (ca, key, serial, name, json_array_size (subject), &usual);
}

static GBytes *
issue_one (gpointer signer, const char *request, gsize n, guint copy, const Serial *serial,
           const char *reviewer_statement, const char *issuer_statement, GError **error)
{
	LocalCa *ca = signer;
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&ca->lock);
	Fingerprint hash;
	g_autofree char *hex = NULL;
	g_autofree char *asked = NULL;
	GBytes *der;

	fingerprint_of (request, n, &hash);
	hex = fingerprint_hex (&hash);
	asked = g_strdup_printf ("%s-%u", hex, copy);
	if (!in_mood (ca, error) || !approves (reviewer_statement, hex, error) || !approves (issuer_statement, hex, error))
		return NULL;
	der = g_hash_table_lookup (ca->by_request, asked);
	if (!der) {
		if (ca->mood == SIGN_STOPS_AFTER_FIRST && copy > 0) {
			diqi_error_set (error, DIQI_ERROR_SIGNER, NULL, "the signer refuses the others");
			return NULL;
		}
		der = sign_request (ca, request, n, copy, serial);
		g_hash_table_insert (ca->by_request, g_steal_pointer (&asked), der);
		g_hash_table_add (ca->serials, serial_hex (serial));
		ca->signed_certificates++;
	}
	if (ca->mood == SIGN_LOSES_REPLY) {
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "the answer was lost");
		return NULL;
	}
	return g_bytes_ref (der);
}

static gboolean
local_issue (gpointer signer, const char *request, gsize n, guint copy, const Serial *serial, const Serial *encryption_serial,
             const char *reviewer_statement, const char *issuer_statement, IssuedPair *out, GError **error)
{
	g_assert_null (encryption_serial);
	*out = (IssuedPair) { .certificate = issue_one (signer, request, n, copy, serial, reviewer_statement, issuer_statement, error) };
	return out->certificate != NULL;
}

static GBytes *
local_sign_ocsp (gpointer signer, G_GNUC_UNUSED const char *name, const OcspRequest *answered, Micros this_update, Micros next_update, GError **error)
{
	LocalCa *ca = signer;
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&ca->lock);

	if (!in_mood (ca, error))
		return NULL;
	for (guint i = 0; i < answered->singles->len; i++) {
		const OcspSingle *single = &g_array_index (answered->singles, OcspSingle, i);
		g_autofree char *hex = serial_hex (&single->serial);

		if (single->status != CERT_STATUS_UNKNOWN && !g_hash_table_contains (ca->serials, hex)) {
			diqi_error_set (error, DIQI_ERROR_SIGNER, NULL, "never issued");
			return NULL;
		}
	}
	ca->signed_ocsp++;
	return ocsp_responder_sign (ca->responder, answered, this_update, this_update, next_update, error);
}

static gboolean
local_revoke (gpointer signer, G_GNUC_UNUSED const char *name, const RevokedEntry *entries, gsize n, GError **error)
{
	LocalCa *ca = signer;
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&ca->lock);

	if (!in_mood (ca, error))
		return FALSE;
	for (gsize i = 0; i < n; i++) {
		g_autofree char *hex = serial_hex (&entries[i].serial);

		if (!g_hash_table_contains (ca->serials, hex))
			return diqi_fail (error, DIQI_ERROR_SIGNER, NULL, "never issued %s", hex);
		/* The validity of the certificates of these tests. */
		revocations_put (ca->revocations, &entries[i], serial_time (&entries[i].serial) + 365 * MICROS_PER_DAY);
	}
	ca->told += n;
	return TRUE;
}

static gboolean
local_unhold (gpointer signer, const Serial *serial, const char *request, G_GNUC_UNUSED const char *review,
              G_GNUC_UNUSED const char *complete, GError **error)
{
	LocalCa *ca = signer;
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&ca->lock);

	if (!in_mood (ca, error))
		return FALSE;
	if (!g_str_equal (request, "unhold"))
		return diqi_fail (error, DIQI_ERROR_APPROVAL, NULL, "not approved");
	revocations_lift (ca->revocations, serial);
	return TRUE;
}

static GBytes *
local_sign_list (gpointer signer, const SignerListOrder *order, gsize *entries, GError **error)
{
	LocalCa *ca = signer;
	CrlTemplate t = { .number = order->number, .this_update = order->this_update, .next_update = order->next_update };
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&ca->lock);

	if (!in_mood (ca, error))
		return NULL;
	if (order->number < revocations_number (ca->revocations) ||
	    order->number <= revocations_list_number (ca->revocations, order->kind, order->shard)) {
		diqi_error_set (error, DIQI_ERROR_SIGNER, NULL, "CRL number does not rise");
		return NULL;
	}
	revocations_list (ca->revocations, order->kind, order->shard, order->this_update, &t);
	if (order->kind == LIST_SHARD)
		t.point = "http://ca.test/pki/issuing/shard";
	*entries = 0;
	for (gsize i = 0; i < t.parts_n; i++)
		*entries += crl_part_count (t.parts[i]);
	ca->signed_crls++;
	g_autoptr (GBytes) list = issuer_sign_list (ca->issuer, &t, error);
	if (list)
		revocations_published (ca->revocations, order->kind, order->shard, order->number, order->base, order->this_update);
	return g_steal_pointer (&list);
}

const SignerCalls local_ca_calls = { local_issue, local_sign_ocsp, local_revoke, local_unhold, local_sign_list };

Statement *
local_statement (const char *type, Micros time, json_t *members, const PrivateKey *key, const Certificate *certificate)
{
	g_autoptr (json_t) payload = members ? members : json_object ();
	g_autofree char *nonce = random_token (16);
	g_autofree char *compact = NULL;
	g_autoptr (GError) error = NULL;
	Statement *statement;

	json_object_set_new (payload, "type", json_string (type));
	if (!json_object_get (payload, "site"))
		json_object_set_new (payload, "site", json_string (CA_SITE));
	json_object_set_new (payload, "time", json_time (time));
	json_object_set_new (payload, "nonce", json_string (nonce));
	compact = statement_sign (payload, key, certificate, &error);
	g_assert_no_error (error);
	statement = statement_parse (compact, -1, &error);
	g_assert_no_error (error);
	return statement;
}

/* --- an authority on a fresh store ------------------------------------------------------ */

static Authority *
start_authority (World *world)
{
	g_autoptr (json_t) officers = local_ca_officers (world->ca);
	g_autoptr (GError) error = NULL;
	Authority *authority = authority_new_with (world->store, local_ca_site (world->ca), officers, &local_ca_calls,
	                                           world->ca, world->clock, &error);

	g_assert_no_error (error);
	return authority;
}

World *
world_new (Store *store)
{
	World *world = g_new0 (World, 1);

	world->store = store;
	world->ca = local_ca_new ();
	world->clock = clock_new_frozen (CA_NOW);
	world->reviewer = local_ca_add_officer (world->ca, "审核甲", 1 << 0);
	world->issuer = local_ca_add_officer (world->ca, "发证乙", 1 << 1);
	world->authority = start_authority (world);
	return world;
}

void
world_restart (World *world)
{
	authority_free (world->authority);
	world->authority = start_authority (world);
}

void
world_free (World *world)
{
	if (!world)
		return;
	authority_free (world->authority);
	local_ca_free (world->ca);
	clock_free (world->clock);
	g_free (world);
}

static json_t *
json_spki (const PrivateKey *key)
{
	g_autoptr (PublicKey) public_key = private_key_public (key);
	g_autoptr (GBytes) spki = public_key_spki (public_key);

	return json_base64 (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki));
}

static char *
request_text (const char *application, PrivateKey *const *keys, guint copies, gsize *n)
{
	g_autoptr (json_t) request = json_pack ("{s:s, s:s, s:[{s:s}, {s:s}]}", "type", "certificate.request",
		"application", application, "subject", "C", "CN", "CN", "holder");

	json_object_set_new (request, "spki", json_spki (keys[0]));
	if (copies > 1)
		json_object_set_new (request, "more", json_array ());
	for (guint i = 1; i < copies; i++)
		json_array_append_new (json_object_get (request, "more"), json_spki (keys[i]));
	return jcs_dump (request, n, NULL);
}

typedef struct {
	World *world;
	IssueIntent intent;
	Serial *serial;
	const char *application;
	const GPtrArray *pairs;
	const char *revoke;
	RevocationReason reason;
} WorldArgs;

static gboolean
tx_intend (Tx *tx, gpointer arg, GError **error)
{
	WorldArgs *args = arg;

	return authority_intend (tx, args->world->authority, &args->intent, clock_now (args->world->clock), args->serial, error);
}

static void
intend_copy (World *world, IssueIntent intent, guint copy, const PrivateKey *key, Serial *serial)
{
	g_autoptr (PublicKey) public_key = private_key_public (key);
	WorldArgs args = { .world = world, .serial = serial, .intent = intent };
	g_autoptr (GError) error = NULL;

	args.intent.copy = copy;
	args.intent.spki = public_key_fingerprint (public_key);
	store_run (world->store, "intend", tx_intend, &args, &error);
	g_assert_no_error (error);
}

void
world_intend_copies (World *world, const char *application, PrivateKey *const *keys, guint copies, Serial *serials)
{
	gsize n;
	g_autofree char *request = request_text (application, keys, copies, &n);
	g_autoptr (Statement) review = NULL, issue = NULL;
	g_autofree char *hex = NULL;
	Fingerprint hash;

	fingerprint_of (request, n, &hash);
	hex = fingerprint_hex (&hash);
	review = local_statement ("application.review", CA_NOW, json_pack ("{s:s}", "request", hex), world->reviewer->key, world->reviewer->certificate);
	issue = local_statement ("application.issue", CA_NOW, json_pack ("{s:s}", "request", hex), world->issuer->key, world->issuer->certificate);
	const IssueIntent intent = {
		.application = application, .subject = "0190a1b2-c3d4-7e5f-8a9b-000000000001", .profile = "organization",
		.profile_version = 1, .request = request, .request_n = n,
		.reviewer_statement = statement_compact (review), .issuer_statement = statement_compact (issue),
	};
	for (guint i = 0; i < copies; i++)
		intend_copy (world, intent, i, keys[i], &serials[i]);
}

void
world_intend (World *world, const char *application, PrivateKey *key, Serial *serial)
{
	world_intend_copies (world, application, &key, 1, serial);
}

GBytes *
world_sign (World *world, const char *application, GError **error)
{
	g_autoptr (GPtrArray) pairs = authority_sign (world->authority, application, error);

	g_assert_true (!pairs || pairs->len == 1);
	return pairs ? g_bytes_ref (((const IssuedPair *) g_ptr_array_index (pairs, 0))->certificate) : NULL;
}

static gboolean
tx_publish (Tx *tx, gpointer arg, GError **error)
{
	WorldArgs *args = arg;

	return authority_publish (tx, args->world->authority, args->application, args->pairs, clock_now (args->world->clock), NULL, error);
}

void
world_publish (World *world, const char *application, GBytes *der)
{
	g_autoptr (GPtrArray) pairs = g_ptr_array_new ();
	IssuedPair pair = { .certificate = der };

	g_ptr_array_add (pairs, &pair);
	world_publish_all (world, application, pairs);
}

void
world_publish_all (World *world, const char *application, const GPtrArray *pairs)
{
	WorldArgs args = { .world = world, .application = application, .pairs = pairs };
	g_autoptr (GError) error = NULL;

	store_run (world->store, "publish", tx_publish, &args, &error);
	g_assert_no_error (error);
}

Certificate *
world_issue (World *world, const char *application, PrivateKey *key)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) der = NULL;
	Serial serial;

	world_intend (world, application, key, &serial);
	der = world_sign (world, application, &error);
	g_assert_no_error (error);
	world_publish (world, application, der);
	return parse (g_bytes_ref (der));
}

static gboolean
tx_revoke (Tx *tx, gpointer arg, GError **error)
{
	WorldArgs *args = arg;

	return authority_revoke (tx, args->world->authority, args->revoke, args->reason, clock_now (args->world->clock), error);
}

gboolean
world_revoke (World *world, const char *serial, RevocationReason reason, GError **error)
{
	WorldArgs args = { .world = world, .revoke = serial, .reason = reason };

	return store_run (world->store, "revoke", tx_revoke, &args, error);
}

static gboolean
tx_hold (Tx *tx, gpointer arg, GError **error)
{
	WorldArgs *args = arg;

	return authority_hold (tx, args->world->authority, args->revoke, clock_now (args->world->clock), error);
}

gboolean
world_hold (World *world, const char *serial, GError **error)
{
	WorldArgs args = { .world = world, .revoke = serial };

	return store_run (world->store, "hold", tx_hold, &args, error);
}

static gboolean
tx_unhold (Tx *tx, gpointer arg, GError **error)
{
	WorldArgs *args = arg;

	const HoldLifting lifting = { args->world->unapproved ? "stranger" : "unhold", "a", "b" };

	return authority_unhold (tx, args->world->authority, args->revoke, &lifting, clock_now (args->world->clock), error);
}

gboolean
world_unhold (World *world, const char *serial, GError **error)
{
	WorldArgs args = { .world = world, .revoke = serial };

	return store_run (world->store, "unhold", tx_unhold, &args, error);
}

gboolean
world_tick (World *world, GError **error)
{
	const GPtrArray *all = world->authority->lists;
	for (guint i = 0; i < all->len; i++)
		while (((const CaLists *) g_ptr_array_index (all, i))->rest_until > clock_monotonic ())
			g_usleep (10 * MICROS_PER_MS);
	return authority_tick (world->authority, error);
}
