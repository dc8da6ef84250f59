/* pki/revocation.c — names of revocation reasons (RFC 5280 5.3.1). */
#include "pki/certificate.h"

#include <string.h>

static const struct {
	RevocationReason reason;
	const char *name;
} reasons[] = {
	{ REASON_UNSPECIFIED, "unspecified" },
	{ REASON_KEY_COMPROMISE, "keyCompromise" },
	{ REASON_CA_COMPROMISE, "cACompromise" },
	{ REASON_AFFILIATION_CHANGED, "affiliationChanged" },
	{ REASON_SUPERSEDED, "superseded" },
	{ REASON_CESSATION, "cessationOfOperation" },
	{ REASON_HOLD, "certificateHold" },
	{ REASON_REMOVE_FROM_CRL, "removeFromCRL" },
	{ REASON_PRIVILEGE_WITHDRAWN, "privilegeWithdrawn" },
};

const char *
reason_name (RevocationReason r)
{
	for (guint i = 0; i < G_N_ELEMENTS (reasons); i++) {
		if (reasons[i].reason == r)
			return reasons[i].name;
	}
	g_return_val_if_reached ("unspecified");
}

gboolean
reason_from_name (const char *name, RevocationReason *out)
{
	for (guint i = 0; i < G_N_ELEMENTS (reasons); i++) {
		if (strcmp (reasons[i].name, name) == 0) {
			*out = reasons[i].reason;
			return TRUE;
		}
	}
	return FALSE;
}
