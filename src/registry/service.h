/* registry/service.h — what can be asked of the registration service, as a table (docs/registration.md). */
#pragma once
#include "identity/subject.h"
#include "pki/certificate.h"

typedef enum {
	SERVICE_ISSUE, SERVICE_RENEW, SERVICE_CHANGE, SERVICE_REPORT_LOSS, SERVICE_WITHDRAW_LOSS, SERVICE_REISSUE, SERVICE_CANCEL,
	SERVICE_UNLOCK_PIN, SERVICE_FREEZE, SERVICE_UNFREEZE, SERVICE_OTHER, SERVICE_RECOVER_KEY,
	N_SERVICES
} Service;

/* State a target certificate may be in when the service is asked for. */
enum { TARGET_VALID = 1 << 0, TARGET_HELD = 1 << 1, TARGET_LAPSED = 1 << 2, TARGET_NONE = 1 << 3 };

typedef enum { EFFECT_ANSWER, EFFECT_CERTIFICATE, EFFECT_HOLD, EFFECT_UNHOLD, EFFECT_REVOKE, EFFECT_TICKET, EFFECT_RECOVER } ServiceEffect;

typedef struct {
	const char *name;              /* "renew" */
	const char *label, *label_en;  /* 延期 */
	ServiceEffect effect;
	guint targets;                 /* TARGET_… ; TARGET_NONE: needs or takes none */
	gboolean key;                  /* comes with a certificate request */
	gboolean hold_at_once;         /* when authenticated, at submission */
	RevocationReason reason;       /* of EFFECT_REVOKE, and for the old certificate of EFFECT_CERTIFICATE */
} ServiceRule;

const ServiceRule *service_rule (Service service);
const char *service_name (Service service);
gboolean service_from_name (const char *name, Service *out);
