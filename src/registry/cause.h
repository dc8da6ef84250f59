/* registry/cause.h — why a certificate is revoked, in the words of the contract (article 四.7), and what RFC 5280 calls it. */
#pragma once
#include "registry/registry.h"

typedef struct {
	const char *name, *label;              /* "key_replaced", "新的密钥对替代旧的密钥对" */
	RevocationReason reason;               /* REASON_UNSPECIFIED: any */
	gboolean holder;                       /* a holder may give it of his own certificate */
	gboolean for_good;                     /* FALSE: a hold */
} RevocationCause;

/* All of them, for the practice statement. */
const RevocationCause *revocation_causes (gsize *n);
/* NULL: there is none of this name. */
const RevocationCause *revocation_cause (const char *name);
/* May `cause` (NULL: none is said) stand beside this reason of a revocation?  `field` is the statement's member.
 * DIQI_ERROR_FIELD_VALUE. */
gboolean revocation_cause_check (const char *cause, RevocationReason reason, gboolean by_holder, const char *field, GError **error);
