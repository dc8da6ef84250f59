/* identity/actor.h — who acts, as the API found out from a session, a certificate or an
 * access code.  Plain data: domain functions decide by it, and never ask how it came about.
 */
#pragma once
#include "base/json.h"
#include "pki/certificate.h"

/* Roles of officers; the names are those of docs/statements.md. */
typedef enum {
	ROLE_REVIEWER = 1 << 0,
	ROLE_ISSUER = 1 << 1,
	ROLE_CLERK = 1 << 2,
	ROLE_CASHIER = 1 << 3,
	ROLE_ADMINISTRATOR = 1 << 4,
	ROLE_MARKET_EDITOR = 1 << 5,
	ROLE_MARKET_APPROVER = 1 << 6,
	ROLE_AUDITOR = 1 << 7,
	ROLE_RECOVERY_AGENT = 1 << 8,
} Role;
#define ROLE_ALL 0x1ffu

const char *role_name (Role role);                              /* one bit; NULL for anything else */
gboolean role_from_name (const char *name, Role *out);
/* Array of names ↔ bits.  Unknown, repeated or non-string items: DIQI_ERROR_FIELD_VALUE at `field`. */
gboolean roles_from_json (const json_t *names, const char *field, guint *out, GError **error);
json_t *roles_to_json (guint roles);

typedef enum {
	ACTOR_OFFICER,       /* person, name, roles, certificate, fingerprint */
	ACTOR_HOLDER,        /* subject, name, certificate, fingerprint */
	ACTOR_APPLICANT,     /* application: holds the access code of exactly that one */
} ActorKind;

typedef struct {
	ActorKind kind;
	char *person;             /* UUID, officers only */
	char *subject;            /* UUID, holders only */
	char *application;        /* UUID, applicants only */
	char *name;
	guint roles;              /* officers only, else 0 */
	Certificate *certificate; /* reference; NULL for applicants, and where only the session was read */
	Fingerprint fingerprint;  /* of the certificate; zero for applicants */
} Actor;

void actor_clear (Actor *actor);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Actor, actor_clear)
static inline gboolean actor_has_role (const Actor *actor, guint any_of) { return actor->kind == ACTOR_OFFICER && (actor->roles & any_of) != 0; }
