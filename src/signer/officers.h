/* signer/officers.h — the pinned list of officers, and how it changes.
 *
 * A list is {"version":n,"officers":[{"person":UUID,"name":…,"roles":[…],"certificate":base64 DER,"removed":false}]}.
 * A person may have several entries (a new card); what counts for "two persons" is `person`.
 *
 * A change proposes the whole next list (version + 1).  In a proposal an entry may carry "csr"
 * (base64 PKCS#10) in place of "certificate"; the signer issues from the newest officer profile and fills
 * the certificate in.  Two statements "officers.change" over the hash of the canonical
 * proposal, its predecessor's version and hash carry it: those of two administrators.  Where fewer than two are active
 * (not removed, with a certificate valid now) an administrator's and that of another person who is auditor, reviewer or
 * issuer do, so that nobody is locked out.  Of entries that were there nothing may
 * vanish: they stay, at most `removed`, for good.  At least one administrator, one
 * reviewer and one issuer stay active, the latter two as different persons; and two administrators where there were two.
 *
 * officers.log is a Chain of {"version","time","previous","proposed","list","statements","rule"?}; version 1 is
 * made by `diqi init`.  At start every later version is judged again, by the list before it.  "rule":2 says that from this
 * record on two administrators are asked for: records older than that rule are judged without it.
 */
#pragma once
#include "base/json.h"
#include "pki/certificate.h"
#include "signer/pins.h"

enum {
	ROLE_REVIEWER = 1 << 0, ROLE_ISSUER = 1 << 1, ROLE_CLERK = 1 << 2, ROLE_CASHIER = 1 << 3, ROLE_ADMINISTRATOR = 1 << 4,
	ROLE_MARKET_EDITOR = 1 << 5, ROLE_MARKET_APPROVER = 1 << 6, ROLE_AUDITOR = 1 << 7,
	ROLE_RECOVERY_AGENT = 1 << 8,
};
gboolean roster_role_from_name (const char *name, guint *bit);

typedef struct {
	char *person, *name;
	guint roles;
	gboolean removed;
	Certificate *certificate;       /* NULL in a proposal with a CSR … */
	PublicKey *key;                 /* … then its proven key */
} Officer;

typedef struct {
	gint64 version;
	GPtrArray *officers;            /* Officer */
	json_t *json;
	Fingerprint hash;               /* of the canonical JSON */
} Roster;

/* Form only.  `proposal`: "csr" is allowed.  Errors name "/officers/3/roles" under `at`. */
Roster *roster_parse (const json_t *list, gboolean proposal, const char *at, GError **error);
void roster_free (Roster *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Roster, roster_free)
/* By certificate fingerprint; borrowed; NULL if unknown. */
const Officer *roster_find (const Roster *list, const Fingerprint *certificate);
/* Persons who are active administrators at `at`; an entry that is still to get its certificate counts. */
guint roster_administrators (const Roster *list, Micros at);
/* Enough people left?  DIQI_ERROR_SIGNER. */
gboolean roster_check_quorum (const Roster *list, GError **error);

typedef struct OfficersLog OfficersLog;
OfficersLog *officers_log_open (const char *path, const Pins *pins, GError **error);
void officers_log_free (OfficersLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OfficersLog, officers_log_free)
const Roster *officers_log_current (const OfficersLog *log);

/* Issues for a proposal's entry with a CSR; `request` identifies it for good. */
typedef Certificate *(*OfficerIssue) (gpointer user, const Officer *officer, const Fingerprint *request, GError **error);

/* Gathers the new version; it counts at once, but nothing may be answered before
 * officers_log_commit.  The change that made the current list may be sent again. */
gboolean officers_log_change (OfficersLog *log, const json_t *proposed, const json_t *statements, Micros now,
                              OfficerIssue issue, gpointer user, GError **error);
gboolean officers_log_is_dirty (const OfficersLog *log);
gboolean officers_log_commit (OfficersLog *log, GError **error);

/* The first record of a new site's officers.log. */
json_t *officers_log_genesis (const json_t *list, Micros now);
