/* authority/judge.c — may a presented certificate be used here and now?
 *
 * Parsing and chain signatures are done once a certificate and cached; validity and revocation are
 * looked at every time.
 */
#include "authority/authority_private.h"

#include <string.h>

#include "authority/authority_db.h"
#include "base/error.h"

/* About 3 kB each; when full the cache starts afresh, which costs one verification a certificate. */
#define JUDGED_MAX 8192

struct JudgeCache {
	GMutex lock;
	GHashTable *certificates;        /* Fingerprint * (inside) → Certificate *, owned; chain verified */
};

JudgeCache *
judge_cache_new (void)
{
	JudgeCache *cache = g_new0 (JudgeCache, 1);

	g_mutex_init (&cache->lock);
	cache->certificates = g_hash_table_new_full (fingerprint_key_hash, fingerprint_key_equal, NULL,
	                                             (GDestroyNotify) certificate_unref);
	return cache;
}

void
judge_cache_free (JudgeCache *cache)
{
	if (!cache)
		return;
	g_hash_table_destroy (cache->certificates);
	g_mutex_clear (&cache->lock);
	g_free (cache);
}

static Certificate *
cache_find (JudgeCache *cache, const Fingerprint *fingerprint)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&cache->lock);
	Certificate *certificate = g_hash_table_lookup (cache->certificates, fingerprint);

	return certificate ? certificate_ref (certificate) : NULL;
}

static void
cache_add (JudgeCache *cache, Certificate *certificate)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&cache->lock);

	if (g_hash_table_size (cache->certificates) >= JUDGED_MAX)
		g_hash_table_remove_all (cache->certificates);
	g_hash_table_replace (cache->certificates, (gpointer) certificate_fingerprint (certificate), certificate_ref (certificate));
}

void
judgement_clear (Judgement *judgement)
{
	g_clear_pointer (&judgement->certificate, certificate_unref);
	g_clear_pointer (&judgement->subject, g_free);
}

static gboolean
in_validity (const Certificate *certificate, Micros at)
{
	return at >= certificate_not_before (certificate) && at <= certificate_not_after (certificate);
}

static gboolean
verify_chain (Authority *authority, const Certificate *certificate, guint bit, Certificate *const chain[2], Micros at, GError **error)
{
	if ((guint) g_atomic_int_get (&authority->chains_proven) & bit)
		return certificate_verify_below (certificate, chain, 2, at, error);
	if (!certificate_verify_chain (certificate, chain, 2, at, error))
		return FALSE;
	g_atomic_int_or (&authority->chains_proven, bit);
	return TRUE;
}

static const SignerCa *
find_ca (Authority *authority, const Certificate *certificate, guint *place)
{
	const SignerCa *ca = signer_site_ca_of (authority->site, certificate);

	if (ca)
		g_ptr_array_find (authority->site->cas, ca, place);
	return ca;
}

static gboolean
check_chain (Authority *authority, Certificate *certificate, gboolean cached, Micros at, GError **error)
{
	guint place;
	const SignerCa *ca = find_ca (authority, certificate, &place);

	if (!ca)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "no authority of this site issued the certificate");
	Certificate *const chain[] = { ca->certificate, ca->root };
	if (!cached) {
		if (!verify_chain (authority, certificate, 1u << place, chain, at, error))
			return FALSE;
		cache_add (authority->judged, certificate);
		return TRUE;
	}
	if (!in_validity (certificate, at) || !in_validity (chain[0], at) || !in_validity (chain[1], at))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_EXPIRED, NULL, "the certificate, or one above it, is not valid at this time");
	return TRUE;
}

Certificate *
authority_verified (Authority *authority, GBytes *der, Micros at, GError **error)
{
	Fingerprint fingerprint;
	gsize n;
	gconstpointer p = g_bytes_get_data (der, &n);

	fingerprint_of (p, n, &fingerprint);
	g_autoptr (Certificate) certificate = cache_find (authority->judged, &fingerprint);
	gboolean cached = certificate != NULL;
	if (!cached)
		certificate = certificate_parse (p, n, error);
	/* The signer's clock may be a moment ahead of ours. */
	if (!certificate || !check_chain (authority, certificate, cached, MAX (at, certificate_not_before (certificate)), error))
		return NULL;
	return g_steal_pointer (&certificate);
}

static gboolean
check_status (Authority *authority, const Certificate *certificate, StatusEntry *entry, GError **error)
{
	if (!status_index_find_fingerprint (authority->status, certificate_fingerprint (certificate), entry))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_UNKNOWN, NULL, "the certificate was not issued here");
	if (entry->status == CERT_STATUS_REVOKED && entry->reason == REASON_HOLD)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_HELD, NULL, "the certificate is on hold");
	if (entry->status == CERT_STATUS_REVOKED)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_REVOKED, NULL, "the certificate was revoked (%s)", reason_name (entry->reason));
	return TRUE;
}

static gboolean
check_usage (const Certificate *certificate, GError **error)
{
	/* An encryption certificate's key is known to a key centre: it may never sign (ESL Art. 13). */
	if (!(certificate_key_usage (certificate) & KU_DIGITAL_SIGNATURE))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_USAGE, NULL, "keyUsage lacks digitalSignature");
	if (!(certificate_extended_key_usage (certificate) & EKU_CLIENT_AUTH))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_USAGE, NULL, "extendedKeyUsage lacks clientAuth");
	return TRUE;
}

static gboolean
judge (Authority *authority, Certificate *certificate, gboolean cached, Micros at, Judgement *out, GError **error)
{
	StatusEntry entry;

	if (!check_chain (authority, certificate, cached, at, error) ||
	    !check_status (authority, certificate, &entry, error) ||
	    !check_usage (certificate, error))
		return FALSE;
	*out = (Judgement) {
		.certificate = certificate_ref (certificate),
		.officer = entry.officer,
		.subject = entry.officer ? NULL : g_strdup (entry.subject),
	};
	return TRUE;
}

gboolean
certificate_judge (Authority *authority, gconstpointer der, gsize n, Micros at, Judgement *out, GError **error)
{
	g_autoptr (Certificate) certificate = NULL;
	Fingerprint fingerprint;
	gboolean cached;

	if (n == 0 || n > CERTIFICATE_MAX_DER)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "a certificate has 1 to %d bytes", CERTIFICATE_MAX_DER);
	fingerprint_of (der, n, &fingerprint);
	certificate = cache_find (authority->judged, &fingerprint);
	cached = certificate != NULL;
	if (!cached)
		certificate = certificate_parse (der, n, error);
	return certificate && judge (authority, certificate, cached, at, out, error);
}

typedef struct {
	const Fingerprint *fingerprint;
	CertificateRow row;
	gboolean found;
} FindArgs;

static gboolean
find_stored (Tx *tx, gpointer arg, GError **error)
{
	FindArgs *args = arg;
	g_autofree char *hex = fingerprint_hex (args->fingerprint);

	certificate_row_clear (&args->row);
	return db_certificate_by_fingerprint (tx, hex, &args->row, &args->found, error);
}

gboolean
certificate_judge_known (Authority *authority, const Fingerprint *fingerprint, Micros at, Judgement *out, GError **error)
{
	g_autoptr (Certificate) certificate = cache_find (authority->judged, fingerprint);
	g_auto (CertificateRow) row = { 0 };
	FindArgs args = { .fingerprint = fingerprint };

	if (certificate)
		return judge (authority, certificate, TRUE, at, out, error);
	if (!store_read (authority->store, "certificate.find", find_stored, &args, error))
		return FALSE;
	row = args.row;
	if (!args.found || !row.der)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_UNKNOWN, NULL, "the certificate was not issued here");
	return certificate_judge (authority, g_bytes_get_data (row.der, NULL), g_bytes_get_size (row.der), at, out, error);
}
