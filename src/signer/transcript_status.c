/* signer/transcript_status.c — see transcript_status.h. */
#include "signer/transcript_status.h"

static gboolean
covers (const CrlFacts *facts, const Certificate *certificate)
{
	if (facts->point == NULL)
		return TRUE;
	g_auto (GStrv) points = certificate_addresses (certificate, ADDRESS_LIST);
	return g_strv_contains ((const char *const *) points, facts->point);
}

static void
take (TranscriptStatus *out, TranscriptStanding standing, const CrlFacts *facts)
{
	out->standing = standing;
	out->number = facts->number;
	out->made = facts->this_update;
}

/* A ceremony may itself take the role of one who signs it; any other revocation counts up to the signature. */
static Micros
limit_of (const Transcript *transcript, const TranscriptSigner *signer, RevocationReason reason)
{
	return reason == REASON_PRIVILEGE_WITHDRAWN ? transcript->met : MAX (transcript->met, statement_time (signer->statement));
}

/* The earliest revocation that any list tells counts; beside one, a list that tells none is older or of a lifted hold. */
static void
take_entry (TranscriptStatus *out, const RevokedEntry *entry, Micros limit, const CrlFacts *facts)
{
	gboolean before = out->standing == STANDING_REVOKED || out->standing == STANDING_REVOKED_SINCE;
	if (entry->reason == REASON_REMOVE_FROM_CRL || (before && out->revoked_at <= entry->revoked_at))
		return;
	take (out, entry->revoked_at <= limit ? STANDING_REVOKED : STANDING_REVOKED_SINCE, facts);
	out->revoked_at = entry->revoked_at;
	out->reason = entry->reason;
}

void
transcript_status (const Transcript *transcript, const TranscriptSigner *signer, const Certificate *issuer, GBytes *const *lists, gsize n,
                   TranscriptStatus *out)
{
	const Certificate *certificate = signer->certificate;
	*out = (TranscriptStatus) { STANDING_UNKNOWN, 0, REASON_UNSPECIFIED, 0, 0 };
	for (gsize i = 0; i < n; i++) {
		g_auto (CrlFacts) facts = { 0 };
		RevokedEntry entry;
		if (!crl_verify_list (lists[i], issuer, &facts, NULL) || !covers (&facts, certificate))
			continue;
		if (crl_find (lists[i], certificate_serial (certificate), &entry))
			take_entry (out, &entry, limit_of (transcript, signer, entry.reason), &facts);
		/* A list may leave out what has expired (RFC 5280 3.3). */
		else if (!facts.delta && out->standing == STANDING_UNKNOWN && facts.this_update >= limit_of (transcript, signer, REASON_UNSPECIFIED)
		         && facts.this_update <= certificate_not_after (certificate))
			take (out, STANDING_GOOD, &facts);
	}
}

const char *
transcript_standing_name (TranscriptStanding standing)
{
	static const char *const names[] = {
		[STANDING_UNKNOWN] = "unknown", [STANDING_GOOD] = "good", [STANDING_REVOKED] = "revoked", [STANDING_REVOKED_SINCE] = "revoked since",
	};
	return names[standing];
}
