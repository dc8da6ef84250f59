/* market/sale_replay.h — a sale computed again from its evidence, by somebody who trusts nobody here.
 *
 * bundle_open has checked the form, the log's proofs and every signature.  Replay checks the rest, from the
 * statements alone wherever a person said something:
 *
 *   notice     submitted by one officer, approved by another, over the same content; the rule set is the one the
 *              content names by hash; the terms and the first head of the chain follow from them
 *   bidders    each qualified by a market approver's statement, which fixes number, subject and key
 *   quotes     price, rule set and head seen come from the statement; its key is the bidder's; order, arrival and
 *              verdict are the site's and every verdict is computed again by sale_step
 *   time       each passing moment is the moment that was due, and no quote from before it was judged after it; an
 *              outage is as stated
 *   chain      every event, and the head after it; nothing missing, nothing more
 *   result     the subject of the bundle is what came out
 *
 * What a bundle cannot show: that a certificate was not revoked when it signed, that the list of officers gave a
 * role (the log holds what the site acted on, and the certificate that it is an officer's), that a quote was
 * never let in (its sender has no receipt then), and that stamped times are true.
 *
 * A refusal is DIQI_ERROR_BUNDLE and names the first leaf that differs and in what.
 */
#pragma once
#include "evidence/bundle.h"
#include "market/sale.h"

#define SALE_BUNDLE_KIND "sale"

typedef struct {
	SaleState state;               /* at the end: closed */
	char *notice;
	char *title, *number, *parcel; /* of the notice */
	guint quotes_accepted, quotes_refused, outages;
	char *winner;                  /* subject of the winner's certificate (RFC 2253); NULL when failed or not in the bundle */
} SaleReplay;
void sale_replay_clear (SaleReplay *replay);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SaleReplay, sale_replay_clear)

gboolean sale_replay (const Bundle *bundle, SaleReplay *out, GError **error);

/* The subject of the bundle of a closed sale: {"sale","notice","seq","head","result","closed","bidder_no"?,"price_fen"?}. */
json_t *sale_bundle_subject (const SaleState *state, const char *notice);
