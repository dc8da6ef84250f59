/* api/log.c — proofs of the log for anybody. */
#include "api/routes.h"
#include "base/error.h"

static json_t *
hashes (const GArray *proof)
{
	json_t *list = json_array ();
	for (guint i = 0; i < proof->len; i++) {
		const Hash *h = &g_array_index (proof, Hash, i);
		json_array_append_new (list, json_hex (h->b, sizeof h->b));
	}
	return list;
}

static gboolean
signed_size (ApiCall *call, guint64 *size, GError **error)
{
	g_autofree char *note = log_keeper_note (call->api->keeper, size);
	return note != NULL || diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no checkpoint has been signed yet");
}

static Response *
get_proof (ApiCall *call, GError **error)
{
	guint64 newest;
	gint64 index, size;
	if (!signed_size (call, &newest, error) || !api_query_int (call, "index", -1, &index, error) ||
	    !api_query_int (call, "size", (gint64) newest, &size, error))
		return NULL;
	if (index < 0 || size < 1 || index >= size || (guint64) size > newest) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "index", "need index < size <= %" G_GUINT64_FORMAT, newest);
		return NULL;
	}
	g_autoptr (GArray) proof = log_keeper_inclusion (call->api->keeper, (guint64) index, (guint64) size, error);
	if (proof == NULL)
		return NULL;
	g_autoptr (json_t) reply = json_pack ("{s:I, s:I, s:o}", "index", index, "size", size, "proof", hashes (proof));
	return api_reply (call, 200, reply);
}

static Response *
get_consistency (ApiCall *call, GError **error)
{
	guint64 newest;
	gint64 from, to;
	if (!signed_size (call, &newest, error) || !api_query_int (call, "from", -1, &from, error) ||
	    !api_query_int (call, "to", (gint64) newest, &to, error))
		return NULL;
	if (from < 1 || from > to || (guint64) to > newest) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "from", "need 1 <= from <= to <= %" G_GUINT64_FORMAT, newest);
		return NULL;
	}
	g_autoptr (GArray) proof = log_keeper_consistency (call->api->keeper, (guint64) from, (guint64) to, error);
	if (proof == NULL)
		return NULL;
	g_autoptr (json_t) reply = json_pack ("{s:I, s:I, s:o}", "from", from, "to", to, "proof", hashes (proof));
	return api_reply (call, 200, reply);
}

const ApiRoute log_routes[] = {
	{ "GET", "/api/v1/log/proof", PERMIT_PUBLIC, 0, 0, get_proof },
	{ "GET", "/api/v1/log/consistency", PERMIT_PUBLIC, 0, 0, get_consistency },
	{ NULL, NULL, 0, 0, 0, NULL },
};
