/* authority/authority_private.h — the parts of an Authority; used by authority only. */
#pragma once
#include <string.h>
#include "authority/authority.h"
#include "authority/lists.h"

/* Hash tables whose keys are hashes: any four octets of one will do. */
static inline guint
fingerprint_key_hash (gconstpointer p)
{
	guint h;

	memcpy (&h, ((const Fingerprint *) p)->b, sizeof h);
	return h;
}

static inline gboolean
fingerprint_key_equal (gconstpointer a, gconstpointer b)
{
	return fingerprint_equal (a, b);
}

typedef struct JudgeCache JudgeCache;
JudgeCache *judge_cache_new (void);
void judge_cache_free (JudgeCache *cache);

/* Parsed, and its chain verified at `at`; from the cache when it was seen before.  Status is not looked at. */
Certificate *authority_verified (Authority *authority, GBytes *der, Micros at, GError **error);

typedef struct OcspCache OcspCache;
OcspCache *ocsp_cache_new (void);
void ocsp_cache_free (OcspCache *cache);

typedef struct {
	GMutex lock;
	GCond wake;
	gboolean stop, woken;
	GThread *thread;
} AuthorityWorker;

struct Authority {
	Store *store;
	const Clock *clock;
	SignerSite *site;
	GMutex profiles_lock;     /* guards profiles: officers change them while others issue */
	json_t *profiles;
	gint64 profile_changes;   /* -1: as the signer described itself at start */
	SignerCalls calls;
	gpointer signer;
	StatusIndex *status;
	JudgeCache *judged;
	gint chains_proven;       /* atomic bits, by place in site->cas: the signatures of CA and root have been verified */
	gint key_centre;          /* atomic: both certificates are made */
	OcspCache *ocsp;
	GPtrArray *lists;         /* CaLists, in the order of site->cas */
	GMutex publish_lock;      /* one publication at a time */
	AuthorityWorker worker;
};

/* Takes the next change_seq and notes the new status of row in the log of changes; the index and
 * the worker hear of it after the commit. */
gboolean authority_next_change (Tx *tx, gint64 *change_seq, GError **error);
gboolean authority_changed (Tx *tx, Authority *authority, const CertificateRow *row, Micros now, gint64 change_seq, GError **error);
void authority_wake (Authority *authority);
/* What the certificate itself says, into row; der is referenced.  DIQI_ERROR_CERTIFICATE_CHAIN: of no CA of the site. */
gboolean certificate_row_fill (const Authority *authority, CertificateRow *row, const Certificate *certificate, GError **error);
