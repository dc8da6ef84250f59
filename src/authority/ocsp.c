/* authority/ocsp.c — OCSP (RFC 6960) from the status index.
 *
 * "good" is said only of what was published and is not revoked; of everything else that was never
 * issued here, or is not stored yet, "unknown".  Answers to requests without nonce are kept for half their life, and
 * dropped all together when anything is revoked, held or freed from a hold.  An "unknown" is never kept: the certificate may
 * be issued in the next moment.
 */
#include "authority/authority_private.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"

#define OCSP_LIFE (10 * MICROS_PER_MIN)
#define OCSP_CACHE_MAX 16384

typedef struct {
	Fingerprint request;
	GBytes *response;
	Micros from, until;
} CachedAnswer;

struct OcspCache {
	GMutex lock;
	GHashTable *answers;             /* Fingerprint * (inside) → CachedAnswer *, owned */
	guint64 generation;
};

static void
cached_answer_free (gpointer p)
{
	CachedAnswer *answer = p;

	g_bytes_unref (answer->response);
	g_free (answer);
}

OcspCache *
ocsp_cache_new (void)
{
	OcspCache *cache = g_new0 (OcspCache, 1);

	g_mutex_init (&cache->lock);
	cache->answers = g_hash_table_new_full (fingerprint_key_hash, fingerprint_key_equal, NULL, cached_answer_free);
	return cache;
}

void
ocsp_cache_free (OcspCache *cache)
{
	if (!cache)
		return;
	g_hash_table_destroy (cache->answers);
	g_mutex_clear (&cache->lock);
	g_free (cache);
}

static void
forget_older (OcspCache *cache, guint64 generation)
{
	if (cache->generation >= generation)
		return;
	g_hash_table_remove_all (cache->answers);
	cache->generation = generation;
}

static GBytes *
cache_find (OcspCache *cache, const Fingerprint *request, guint64 generation, Micros now)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&cache->lock);
	const CachedAnswer *answer;

	forget_older (cache, generation);
	answer = g_hash_table_lookup (cache->answers, request);
	if (!answer || now < answer->from || now >= answer->until)
		return NULL;
	return g_bytes_ref (answer->response);
}

/* generation: taken before the statuses were looked up. */
static void
cache_add (OcspCache *cache, const Fingerprint *request, guint64 generation, Micros now, GBytes *response)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&cache->lock);
	CachedAnswer *answer;

	forget_older (cache, generation);
	if (cache->generation != generation)
		return;
	if (g_hash_table_size (cache->answers) >= OCSP_CACHE_MAX)
		g_hash_table_remove_all (cache->answers);
	answer = g_new0 (CachedAnswer, 1);
	answer->request = *request;
	answer->response = g_bytes_ref (response);
	answer->from = now;
	answer->until = now + OCSP_LIFE / 2;
	g_hash_table_replace (cache->answers, &answer->request, answer);
}

/* TRUE when every status is known. */
static gboolean
fill_statuses (StatusIndex *index, OcspRequest *request)
{
	gboolean all_known = TRUE;

	for (guint i = 0; i < request->singles->len; i++) {
		OcspSingle *single = &g_array_index (request->singles, OcspSingle, i);
		StatusEntry entry;

		single->status = CERT_STATUS_UNKNOWN;
		if (single->ours && status_index_find (index, &single->serial, &entry) && status_entry_is_stored (&entry)) {
			single->status = entry.status;
			single->revoked_at = entry.revoked_at;
			single->reason = entry.reason;
		}
		all_known = all_known && single->status != CERT_STATUS_UNKNOWN;
	}
	return all_known;
}

static GBytes *
signing_failed (const GError *failure)
{
	log_event (LOG_LEVEL_WARN, "ocsp.failed", "code", "%s", diqi_error_code_name (failure), "detail", "%s", failure->message, NULL);
	return ocsp_error_response (diqi_error_kind (failure) == ERROR_KIND_UNAVAILABLE ? OCSP_TRY_LATER : OCSP_INTERNAL_ERROR);
}

GBytes *
ocsp_answer_kept (Authority *authority, gconstpointer der, gsize n)
{
	Fingerprint key;

	if (n == 0 || n > OCSP_MAX_REQUEST)
		return NULL;
	fingerprint_of (der, n, &key);
	return cache_find (authority->ocsp, &key, status_index_generation (authority->status), clock_now (authority->clock));
}

GBytes *
ocsp_answer (Authority *authority, gconstpointer der, gsize n, GError **error)
{
	g_autoptr (OcspRequest) request = NULL;
	g_autoptr (GBytes) response = NULL;
	g_autoptr (GError) failure = NULL;
	guint64 generation = status_index_generation (authority->status);
	Micros now = clock_now (authority->clock);
	Micros this_update = now - now % MICROS_PER_S;
	gboolean keep;
	Fingerprint key;

	if (n == 0 || n > OCSP_MAX_REQUEST)
		return ocsp_error_response (OCSP_MALFORMED);
	fingerprint_of (der, n, &key);
	response = cache_find (authority->ocsp, &key, generation, now);
	if (response)
		return g_steal_pointer (&response);
	request = ocsp_request_parse (der, n, authority->site->issuing, &failure);
	if (!request)
		return ocsp_error_response (OCSP_MALFORMED);
	keep = fill_statuses (authority->status, request) && !request->nonce;
	response = authority->calls.sign_ocsp (authority->signer, NULL, request, this_update, this_update + OCSP_LIFE, &failure);
	if (!response)
		response = signing_failed (failure);
	else if (keep)
		cache_add (authority->ocsp, &key, generation, now, response);
	if (!response)
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "no OCSP response could be made");
	return g_steal_pointer (&response);
}
