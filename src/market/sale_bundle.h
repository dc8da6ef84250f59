/* market/sale_bundle.h — the evidence bundle of a closed sale (evidence/bundle.h).
 *
 * Leaves: all about the sale and its notice.  Certificates: of the officers who signed, and of the winner.  Everybody
 * else who quoted appears as a key: an outsider can check each signature and learns no name.
 */
#pragma once
#include "evidence/bundle.h"
#include "evidence/checkpoint.h"
#include "market/market.h"

typedef struct {
	const char *site;
	const Certificate *root, *log;
	/* What stands between the root and this signer; NULL: nothing does. */
	const Certificate *(*issuer) (gpointer user, const Certificate *signer);
	LogKeeper *keeper;
	/* An officer's certificate, also a removed or expired one's; new reference. */
	Certificate *(*officer) (gpointer user, const Fingerprint *fingerprint, GError **error);
	gpointer user;
} BundleSources;

/* Not inside a transaction.  DIQI_ERROR_NOT_FOUND; DIQI_ERROR_SALE_STATE before it is closed; DIQI_ERROR_UNAVAILABLE
 * when the log's newest leaves cannot be signed now. */
GBytes *sale_bundle_build (Store *store, const BundleSources *sources, const char *sale, GError **error);
