/* signer/transcript_status.h — had those who signed a transcript the standing to, when they met?  What the authority's lists say of their certificates,
 * and what its list of officers says of them.  What neither says is unknown. */
#pragma once
#include "signer/transcript.h"

typedef enum {
	STANDING_UNKNOWN,            /* no list speaks of the certificate at that time, or later */
	STANDING_GOOD,               /* a list made since does not name it */
	STANDING_REVOKED,            /* revoked or held before he signed; of one whose role was withdrawn: before they met */
	STANDING_REVOKED_SINCE,
} TranscriptStanding;

typedef struct {
	TranscriptStanding standing;
	Micros revoked_at;           /* of both REVOKED */
	RevocationReason reason;
	guint64 number;              /* of the list that says so; but of UNKNOWN */
	Micros made;
} TranscriptStatus;
/* lists: DER, in any order; what is not signed by the certificate's issuer, or is of another distribution point, says nothing.  A revocation counts from any
 * list, its absence from full ones that were made after he signed and while the certificate could be listed.  A hold that was lifted before the list was
 * made leaves no trace in it. */
void transcript_status (const Transcript *transcript, const TranscriptSigner *signer, const Certificate *issuer, GBytes *const *lists, gsize n,
                        TranscriptStatus *out);
/* "unknown", "good", "revoked", "revoked since" */
const char *transcript_standing_name (TranscriptStanding standing);
