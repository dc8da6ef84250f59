/* registry/service.h — what can be asked of the registration service, as a table (docs/registration.md). */
#pragma once
#include "identity/subject.h"
#include "pki/certificate.h"

typedef enum {
	SERVICE_ISSUE, SERVICE_RENEW, SERVICE_CHANGE, SERVICE_REPORT_LOSS, SERVICE_WITHDRAW_LOSS, SERVICE_REISSUE, SERVICE_CANCEL,
	SERVICE_UNLOCK_PIN, SERVICE_FREEZE, SERVICE_UNFREEZE, SERVICE_OTHER, SERVICE_RECOVER_KEY,
	N_SERVICES
} Service;

/* State a target certificate may be in when the service is asked for.  TARGET_NONE: needs or takes none. */
enum { TARGET_VALID = 1 << 0, TARGET_HELD = 1 << 1, TARGET_LAPSED = 1 << 2, TARGET_NONE = 1 << 3, TARGET_REVOKED = 1 << 4 };

typedef enum { EFFECT_ANSWER, EFFECT_CERTIFICATE, EFFECT_HOLD, EFFECT_UNHOLD, EFFECT_REVOKE, EFFECT_TICKET, EFFECT_RECOVER } ServiceEffect;

typedef struct {
	const char *name;              /* "renew" */
	const char *label, *label_en;  /* 延期 */
	ServiceEffect effect;
	guint targets;                 /* TARGET_… */
	gboolean key;                  /* comes with a certificate request: its key is to be certified, or is who a recovered key goes to */
	guint copies;                  /* most copies of one application (organisations) */
	gboolean hold_at_once;         /* when authenticated, at submission */
	RevocationReason reason;       /* of EFFECT_REVOKE, and for the old certificate of EFFECT_CERTIFICATE */
} ServiceRule;

const ServiceRule *service_rule (Service service);
const char *service_name (Service service);
gboolean service_from_name (const char *name, Service *out);
const char *service_effect_name (ServiceEffect effect);     /* `act` of the service request: "hold" … */

/* Sets of services, for the table of states. */
#define SERVICE_BIT(service) (1u << (service))
#define SERVICES_ALL ((1u << N_SERVICES) - 1)
#define SERVICES_KEY (SERVICE_BIT (SERVICE_ISSUE) | SERVICE_BIT (SERVICE_RENEW) | SERVICE_BIT (SERVICE_CHANGE) | SERVICE_BIT (SERVICE_REISSUE))
#define SERVICES_TICKET SERVICE_BIT (SERVICE_UNLOCK_PIN)
#define SERVICES_ANSWER SERVICE_BIT (SERVICE_OTHER)
#define SERVICES_RECOVER SERVICE_BIT (SERVICE_RECOVER_KEY)
/* Fulfilled by service.complete, two persons having approved. */
#define SERVICES_STATUS (SERVICES_ALL & ~(SERVICES_KEY | SERVICES_TICKET | SERVICES_ANSWER | SERVICES_RECOVER))
#define SERVICES_KEYLESS (SERVICES_ALL & ~(SERVICES_KEY | SERVICES_RECOVER))

/* A lapsed certificate is renewed for this long after its end. */
#define RENEW_GRACE_DAYS 90
/* Days of a new certificate; a renewed one adds what the old one has left. */
#define CERTIFICATE_DAYS 365
