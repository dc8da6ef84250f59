/* api/ceremonies.c — ceremonies that were held: the list, a transcript as it was signed, and the proof that the log has it. */
#include <string.h>

#include "api/routes.h"
#include "base/error.h"
#include "evidence/bundle.h"
#include "registry/ceremony.h"
#include "signer/transcript.h"

#define BUNDLE_KIND "ceremony"
#define LEAF_MAX (1 << 20)

static gboolean
hash_of (ApiCall *call, const char **out, GError **error)
{
	Fingerprint hash;
	*out = request_param (call->request, "transcript");
	return hex_decode (*out, hash.b, sizeof hash.b) || diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "a transcript is named by its hash");
}

/* --- list ---------------------------------------------------------------------------------- */

typedef struct {
	const json_t *held;          /* by the signer */
	json_t *items;
} List;

static gboolean
read_list (Tx *tx, gpointer arg, GError **error)
{
	List *list = arg;
	json_decref (list->items);
	list->items = json_array ();
	for (size_t i = json_array_size (list->held); i > 0; i--) {
		const json_t *one = json_array_get (list->held, i - 1);
		json_t *view = ceremony_view (tx, json_string_value (json_object_get (one, "transcript")), error);
		if (view == NULL)
			return FALSE;
		json_object_set (view, "kept", json_object_get (one, "kept"));
		json_array_append_new (list->items, view);
	}
	return TRUE;
}

static Response *
get_ceremonies (ApiCall *call, GError **error)
{
	g_autoptr (json_t) open = NULL, held = signer_get_ceremonies (call->api->signer, &open, error);
	List list = { held, NULL };
	gboolean well = held != NULL && store_read (call->api->store, "ceremony.list", read_list, &list, error);
	g_autoptr (json_t) reply = json_pack ("{s:o*, s:O*}", "items", list.items, "open", open);
	return well ? api_reply (call, 200, reply) : NULL;
}

/* --- transcript ---------------------------------------------------------------------------- */

static Response *
file (const char *transcript, GBytes *bytes, const char *suffix)
{
	g_autofree char *disposition = g_strdup_printf ("attachment; filename=\"%s.%s.json\"", transcript, suffix);
	Response *response = response_bytes (200, "application/json", bytes);
	response_header (response, "Content-Disposition", disposition);
	return response;
}

static Response *
get_transcript (ApiCall *call, GError **error)
{
	const char *transcript;
	g_autoptr (GBytes) bytes = hash_of (call, &transcript, error) ? signer_get_transcript (call->api->signer, transcript, error) : NULL;
	return bytes != NULL ? file (transcript, bytes, "transcript") : NULL;
}

/* --- evidence -------------------------------------------------------------------------------- */

typedef struct {
	GBytes *bytes;               /* NULL: none */
	guint64 index;
} FoundLeaf;

typedef struct {
	const char *transcript, *site;
	FoundLeaf ceremony, officers;     /* officers: the last list that the log knows */
} Wanted;

static void
wanted_clear (Wanted *wanted)
{
	g_clear_pointer (&wanted->ceremony.bytes, g_bytes_unref);
	g_clear_pointer (&wanted->officers.bytes, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wanted, wanted_clear)

static json_t *
parse_leaf (GBytes *leaf, GError **error)
{
	return json_read_strict (g_bytes_get_data (leaf, NULL), g_bytes_get_size (leaf), LEAF_MAX, error);
}

static gboolean
is_about_officers (GBytes *leaf)
{
	g_autoptr (json_t) parsed = parse_leaf (leaf, NULL);
	const char *type = json_string_value (json_object_get (parsed, "type"));
	return type != NULL && g_str_has_prefix (type, "officers.");
}

static gboolean
find_officers (Tx *tx, Wanted *wanted, GError **error)
{
	g_autoptr (GArray) indices = evidence_leaves_about (tx, wanted->site, error);
	if (indices == NULL)
		return FALSE;
	for (guint i = indices->len; i > 0; i--) {
		guint64 index = g_array_index (indices, guint64, i - 1);
		g_autoptr (GBytes) leaf = evidence_leaf (tx, index, error);
		if (leaf == NULL)
			return FALSE;
		if (!is_about_officers (leaf))
			continue;
		wanted->officers = (FoundLeaf) { g_steal_pointer (&leaf), index };
		break;
	}
	return TRUE;
}

static gboolean
read_leaves (Tx *tx, gpointer arg, GError **error)
{
	Wanted *wanted = arg;
	wanted_clear (wanted);
	wanted->ceremony.bytes = ceremony_leaf (tx, wanted->transcript, &wanted->ceremony.index, error);
	return wanted->ceremony.bytes != NULL && find_officers (tx, wanted, error);
}

/* Everything leads to the first root: a CA under another is cross-certified by it. */
static void
add_ca_of (BundleBuilder *builder, const SignerSite *site, const Certificate *signer)
{
	const SignerCa *ca = signer_site_ca_of (site, signer);
	if (ca != NULL)
		bundle_builder_add_certificate (builder, ca->cross != NULL ? ca->cross : ca->certificate);
}

static void
add_signer (BundleBuilder *builder, const SignerSite *site, const Certificate *signer)
{
	add_ca_of (builder, site, signer);
	bundle_builder_add_certificate (builder, signer);
}

static gboolean
add_leaf (BundleBuilder *builder, LogKeeper *keeper, const FoundLeaf *leaf, guint64 size, GError **error)
{
	g_autoptr (GArray) proof = log_keeper_inclusion (keeper, leaf->index, size, error);
	if (proof != NULL)
		bundle_builder_add_leaf (builder, leaf->index, leaf->bytes, proof);
	return proof != NULL;
}

/* Of an entry in the list, also a removed one; whoever signed a change is in every later list. */
static void
add_who_signed (BundleBuilder *builder, const SignerSite *site, const OfficerList *officers, const json_t *compact)
{
	const char *text = json_string_value (compact);
	g_autoptr (Statement) statement = text != NULL ? statement_parse (text, -1, NULL) : NULL;
	for (gsize i = 0; statement != NULL && i < officer_list_size (officers); i++) {
		const Officer *officer = officer_list_at (officers, i);
		if (fingerprint_equal (certificate_fingerprint (officer->certificate), statement_signer (statement)))
			add_signer (builder, site, officer->certificate);
	}
}

/* The list of officers that its leaf names by hash; NULL: the leaf is of a version that named none, or the list has just changed. */
static OfficerList *
list_of_leaf (Api *api, const json_t *leaf)
{
	g_autoptr (OfficerList) officers = officers_current (api->officers);
	g_autoptr (GBytes) text = jcs_bytes (officer_list_document (officers));
	const char *named = json_string_value (json_object_get (json_object_get (leaf, "effect"), "list"));
	Fingerprint hash;
	fingerprint_of (g_bytes_get_data (text, NULL), g_bytes_get_size (text), &hash);
	g_autofree char *hex = fingerprint_hex (&hash);
	return g_strcmp0 (named, hex) == 0 ? g_steal_pointer (&officers) : NULL;
}

static GBytes *
build (Api *api, const Wanted *wanted, const Transcript *transcript, GError **error)
{
	guint64 size;
	g_autoptr (json_t) leaf = wanted->officers.bytes != NULL ? parse_leaf (wanted->officers.bytes, NULL) : NULL;
	g_autoptr (OfficerList) officers = leaf != NULL ? list_of_leaf (api, leaf) : NULL;
	gboolean first = officers != NULL && wanted->officers.index < wanted->ceremony.index, last = officers != NULL && !first;
	g_autofree char *note = log_keeper_covering (api->keeper, last ? wanted->officers.index : wanted->ceremony.index, &size, error);
	if (note == NULL)
		return NULL;
	Certificate *log = signer_site_now (&api->site->log);
	g_autoptr (BundleBuilder) builder = bundle_builder_new (BUNDLE_KIND, api->site->site, api->site->root, log, note);
	add_ca_of (builder, api->site, log);
	for (guint i = 0; i < transcript->signers->len; i++)
		add_signer (builder, api->site, ((const TranscriptSigner *) g_ptr_array_index (transcript->signers, i))->certificate);
	if (officers != NULL) {
		add_who_signed (builder, api->site, officers, json_object_get (leaf, "statement"));
		add_who_signed (builder, api->site, officers, json_object_get (json_object_get (leaf, "effect"), "second"));
	}
	if ((first && !add_leaf (builder, api->keeper, &wanted->officers, size, error)) || !add_leaf (builder, api->keeper, &wanted->ceremony, size, error)
	    || (last && !add_leaf (builder, api->keeper, &wanted->officers, size, error)))
		return NULL;
	g_autoptr (json_t) subject = json_pack ("{s:s}", "transcript", wanted->transcript);
	if (officers != NULL)
		json_object_set (subject, "officers", (json_t *) officer_list_document (officers));
	return bundle_builder_finish (builder, subject);
}

/* Of a ceremony whose transcript was not kept there is none: nobody's signature is in its leaf, which /log/proof proves. */
static Response *
get_evidence (ApiCall *call, GError **error)
{
	Api *api = call->api;
	g_auto (Wanted) wanted = { .site = api->site->site };
	if (!hash_of (call, &wanted.transcript, error))
		return NULL;
	g_autoptr (GBytes) text = signer_get_transcript (api->signer, wanted.transcript, error);
	g_autoptr (Transcript) transcript = text != NULL ? transcript_open (text, error) : NULL;
	if (transcript == NULL || !store_read (api->store, "ceremony.leaf", read_leaves, &wanted, error))
		return NULL;
	g_autoptr (GBytes) bundle = build (api, &wanted, transcript, error);
	return bundle != NULL ? file (wanted.transcript, bundle, "bundle") : NULL;
}

const ApiRoute ceremony_routes[] = {
	{ "GET", "/api/v1/ceremonies", ROLE_ADMINISTRATOR | ROLE_AUDITOR, 0, 0, get_ceremonies },
	{ "GET", "/api/v1/ceremonies/{transcript}", ROLE_ADMINISTRATOR | ROLE_AUDITOR, 0, 0, get_transcript },
	{ "GET", "/api/v1/ceremonies/{transcript}/evidence", ROLE_ADMINISTRATOR | ROLE_AUDITOR, 0, 0, get_evidence },
	{ NULL, NULL, 0, 0, 0, NULL },
};
