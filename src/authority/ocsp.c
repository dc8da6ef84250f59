/* authority/ocsp.c — OCSP (RFC 6960, 5019, 9654) from the status index, for each CA of the site.
 *
 * "good" is said only of what was published and is not revoked; of everything else that was never
 * issued here, or is not stored yet, "unknown": RFC 6960 2.2 would also allow "revoked" for it, which a certificate to be issued
 * in the next moment would then have been.  Answers to requests without nonce are kept for half their life, and
 * dropped all together when anything is revoked, held or freed from a hold.  An "unknown" is never kept.
 */
#include "authority/authority_private.h"
#include "authority/lifetimes.h"

#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/log.h"

#define OCSP_CACHE_MAX 16384

/* --- answers ---------------------------------------------------------------------------- */

static void
answer_clear (gpointer p)
{
	g_bytes_unref (((OcspAnswer *) p)->der);
}

OcspAnswer *
ocsp_answer_ref (OcspAnswer *answer)
{
	return g_atomic_rc_box_acquire (answer);
}

void
ocsp_answer_unref (OcspAnswer *answer)
{
	g_atomic_rc_box_release_full (answer, answer_clear);
}

/* Takes der. */
static OcspAnswer *
answer_new (GBytes *der, const char *result)
{
	OcspAnswer *answer = g_atomic_rc_box_new0 (OcspAnswer);

	answer->der = der;
	answer->result = result;
	return answer;
}

static OcspAnswer *
error_answer (OcspErrorStatus status)
{
	gboolean ours = status == OCSP_TRY_LATER || status == OCSP_INTERNAL_ERROR;

	return answer_new (ocsp_error_response (status), ours ? "failed" : "refused");
}

/* IMF-fixdate, whatever the locale. */
static void
http_date (Micros at, char out[30])
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t) (at / MICROS_PER_S);
	struct tm t;

	gmtime_r (&seconds, &t);
	g_snprintf (out, 30, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900,
	            t.tm_hour, t.tm_min, t.tm_sec);
}

static void
label (OcspAnswer *answer, Micros this_update, Micros next_update)
{
	Fingerprint hash;
	gsize n;
	gconstpointer p = g_bytes_get_data (answer->der, &n);
	g_autofree char *hex = NULL;

	fingerprint_of (p, n, &hash);
	hex = hex_encode (hash.b, 20);
	g_snprintf (answer->etag, sizeof answer->etag, "\"%s\"", hex);
	http_date (this_update, answer->last_modified);
	http_date (next_update, answer->expires);
}

/* --- the cache ------------------------------------------------------------------------------ */

/* The same octets asked of two CAs are two questions. */
typedef struct {
	Fingerprint request;
	const SignerCa *ca;
} Question;

typedef struct {
	Question question;
	OcspAnswer *answer;
	Micros from, until;
} CachedAnswer;

struct OcspCache {
	GMutex lock;
	GHashTable *answers;             /* Question * (inside) → CachedAnswer *, owned */
	guint64 generation;
};

static gboolean
question_equal (gconstpointer a, gconstpointer b)
{
	const Question *x = a, *y = b;

	return x->ca == y->ca && fingerprint_equal (&x->request, &y->request);
}

static void
cached_answer_free (gpointer p)
{
	CachedAnswer *cached = p;

	ocsp_answer_unref (cached->answer);
	g_free (cached);
}

OcspCache *
ocsp_cache_new (void)
{
	OcspCache *cache = g_new0 (OcspCache, 1);

	g_mutex_init (&cache->lock);
	/* The hash of the request comes first in a question. */
	cache->answers = g_hash_table_new_full (fingerprint_key_hash, question_equal, NULL, cached_answer_free);
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

static OcspAnswer *
cache_find (OcspCache *cache, const Question *question, guint64 generation, Micros now)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&cache->lock);
	const CachedAnswer *cached;

	forget_older (cache, generation);
	cached = g_hash_table_lookup (cache->answers, question);
	if (!cached || now < cached->from || now >= cached->until)
		return NULL;
	return ocsp_answer_ref (cached->answer);
}

/* generation: taken before the statuses were looked up. */
static void
cache_add (OcspCache *cache, const Question *question, guint64 generation, Micros now, OcspAnswer *answer)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&cache->lock);
	CachedAnswer *cached;

	forget_older (cache, generation);
	if (cache->generation != generation)
		return;
	if (g_hash_table_size (cache->answers) >= OCSP_CACHE_MAX)
		g_hash_table_remove_all (cache->answers);
	cached = g_new0 (CachedAnswer, 1);
	cached->question = *question;
	cached->answer = ocsp_answer_ref (answer);
	cached->from = now;
	cached->until = now + OCSP_LIFE / 2;
	g_hash_table_replace (cache->answers, &cached->question, cached);
}

/* --- answering -------------------------------------------------------------------------------- */

/* TRUE when every status is known. */
static gboolean
fill_statuses (StatusIndex *index, const SignerCa *ca, OcspRequest *request)
{
	gboolean all_known = TRUE;

	for (guint i = 0; i < request->singles->len; i++) {
		OcspSingle *single = &g_array_index (request->singles, OcspSingle, i);
		StatusEntry entry;

		single->status = CERT_STATUS_UNKNOWN;
		if (single->ours && status_index_find (index, &single->serial, &entry) && status_entry_is_stored (&entry)
		    && g_strcmp0 (entry.issuer, ca->id) == 0) {
			single->status = entry.status;
			single->revoked_at = entry.revoked_at;
			single->reason = entry.reason;
		}
		all_known = all_known && single->status != CERT_STATUS_UNKNOWN;
	}
	return all_known;
}

/* We may speak of our own certificates only. */
static gboolean
asks_us (const OcspRequest *request)
{
	for (guint i = 0; i < request->singles->len; i++)
		if (g_array_index (request->singles, OcspSingle, i).names_issuer)
			return TRUE;
	return FALSE;
}

static OcspAnswer *
signing_failed (const GError *failure)
{
	log_event (LOG_LEVEL_WARN, "ocsp.failed", "code", "%s", diqi_error_code_name (failure), "detail", "%s", failure->message, NULL);
	return error_answer (diqi_error_kind (failure) == ERROR_KIND_UNAVAILABLE ? OCSP_TRY_LATER : OCSP_INTERNAL_ERROR);
}

static OcspAnswer *
answer_anew (Authority *authority, const Question *question, gconstpointer der, gsize n)
{
	g_autoptr (GError) failure = NULL;
	guint64 generation = status_index_generation (authority->status);
	Micros now = clock_now (authority->clock), this_update = now - now % MICROS_PER_S;
	g_autoptr (OcspRequest) request = ocsp_request_parse (der, n, question->ca->certificate, &failure);
	GBytes *response;
	OcspAnswer *answer;
	gboolean keep;

	if (!request)
		return error_answer (OCSP_MALFORMED);
	if (!asks_us (request))
		return error_answer (OCSP_UNAUTHORIZED);
	keep = fill_statuses (authority->status, question->ca, request) && !request->nonce;
	response = authority->calls.sign_ocsp (authority->signer, question->ca->name, request, this_update, this_update + OCSP_LIFE, &failure);
	if (!response)
		return signing_failed (failure);
	answer = answer_new (response, "answered");
	if (keep) {
		label (answer, this_update, this_update + OCSP_LIFE);
		cache_add (authority->ocsp, question, generation, now, answer);
	}
	return answer;
}

OcspAnswer *
ocsp_answer_kept (Authority *authority, const SignerCa *ca, gconstpointer der, gsize n)
{
	Question question = { .ca = ca };

	if (n == 0 || n > OCSP_MAX_REQUEST)
		return NULL;
	fingerprint_of (der, n, &question.request);
	return cache_find (authority->ocsp, &question, status_index_generation (authority->status), clock_now (authority->clock));
}

OcspAnswer *
ocsp_answer (Authority *authority, const SignerCa *ca, gconstpointer der, gsize n)
{
	OcspAnswer *kept = ocsp_answer_kept (authority, ca, der, n);
	Question question = { .ca = ca };

	if (kept)
		return kept;
	if (n == 0 || n > OCSP_MAX_REQUEST)
		return error_answer (OCSP_MALFORMED);
	fingerprint_of (der, n, &question.request);
	return answer_anew (authority, &question, der, n);
}
