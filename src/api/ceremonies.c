/* api/ceremonies.c — ceremonies that were held: the list, a transcript as it was signed, and the proof that the log has it. */
#include <string.h>

#include "api/routes.h"
#include "base/error.h"
#include "evidence/bundle.h"
#include "registry/ceremony.h"
#include "signer/transcript.h"

#define BUNDLE_KIND "ceremony"

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
	const char *transcript;
	GBytes *bytes;
	guint64 index;
} Wanted;

static gboolean
read_leaf (Tx *tx, gpointer arg, GError **error)
{
	Wanted *wanted = arg;
	g_clear_pointer (&wanted->bytes, g_bytes_unref);
	wanted->bytes = ceremony_leaf (tx, wanted->transcript, &wanted->index, error);
	return wanted->bytes != NULL;
}

/* Everything leads to the first root: a CA under another is cross-certified by it. */
static void
add_signer (BundleBuilder *builder, const SignerSite *site, const Certificate *signer)
{
	const SignerCa *ca = signer_site_ca_of (site, signer);
	if (ca != NULL)
		bundle_builder_add_certificate (builder, ca->cross != NULL ? ca->cross : ca->certificate);
}

static GBytes *
build (Api *api, const Wanted *wanted, GBytes *leaf, const Transcript *transcript, GError **error)
{
	guint64 size;
	g_autofree char *note = log_keeper_covering (api->keeper, wanted->index, &size, error);
	g_autoptr (GArray) proof = note != NULL ? log_keeper_inclusion (api->keeper, wanted->index, size, error) : NULL;
	if (proof == NULL)
		return NULL;
	Certificate *log = signer_site_now (&api->site->log);
	g_autoptr (BundleBuilder) builder = bundle_builder_new (BUNDLE_KIND, api->site->site, api->site->root, log, note);
	add_signer (builder, api->site, log);
	for (guint i = 0; i < transcript->signers->len; i++) {
		const TranscriptSigner *signer = g_ptr_array_index (transcript->signers, i);
		add_signer (builder, api->site, signer->certificate);
		bundle_builder_add_certificate (builder, signer->certificate);
	}
	bundle_builder_add_leaf (builder, wanted->index, leaf, proof);
	g_autoptr (json_t) subject = json_pack ("{s:s}", "transcript", wanted->transcript);
	return bundle_builder_finish (builder, subject);
}

/* Of a ceremony whose transcript was not kept there is none: nobody's signature is in its leaf, which /log/proof proves. */
static Response *
get_evidence (ApiCall *call, GError **error)
{
	Api *api = call->api;
	Wanted wanted = { 0 };
	if (!hash_of (call, &wanted.transcript, error))
		return NULL;
	g_autoptr (GBytes) text = signer_get_transcript (api->signer, wanted.transcript, error);
	g_autoptr (Transcript) transcript = text != NULL ? transcript_open (text, error) : NULL;
	if (transcript == NULL || !store_read (api->store, "ceremony.leaf", read_leaf, &wanted, error))
		return NULL;
	g_autoptr (GBytes) leaf = wanted.bytes;
	g_autoptr (GBytes) bundle = build (api, &wanted, leaf, transcript, error);
	return bundle != NULL ? file (wanted.transcript, bundle, "bundle") : NULL;
}

const ApiRoute ceremony_routes[] = {
	{ "GET", "/api/v1/ceremonies", ROLE_ADMINISTRATOR | ROLE_AUDITOR, 0, 0, get_ceremonies },
	{ "GET", "/api/v1/ceremonies/{transcript}", ROLE_ADMINISTRATOR | ROLE_AUDITOR, 0, 0, get_transcript },
	{ "GET", "/api/v1/ceremonies/{transcript}/evidence", ROLE_ADMINISTRATOR | ROLE_AUDITOR, 0, 0, get_evidence },
	{ NULL, NULL, 0, 0, 0, NULL },
};
