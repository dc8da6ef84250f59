/* signer/profiles_log.h — profiles that came after the site was made, and which are open.
 *
 * profiles.log is a Chain of {"time","profile","open","statements"}: the text of the profile, whether it is open to new certificates
 * from then on, and two statements "profile.change" of two administrators, two persons, over name, version, hash of the text and `open`.
 * A version once known never changes; a new one follows the newest of its name.  The shipped profiles are pinned in site.json and open
 * until a record closes them.  Profiles of officers and services cannot all be closed: the site could not renew its own certificates.
 * At start every record is judged again by what lasts: an officer's signature over just this, and the invariants.
 */
#pragma once
#include "signer/journal.h"
#include "signer/officers.h"
#include "signer/pins.h"

typedef struct ProfilesLog ProfilesLog;
/* Fills pins->profiles with what the records say.  Borrows both for its life. */
ProfilesLog *profiles_log_open (const char *path, Pins *pins, const OfficersLog *officers, GError **error);
void profiles_log_free (ProfilesLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProfilesLog, profiles_log_free)

/* Gathers the change; it counts at once, but nothing may be answered before profiles_log_commit.  The last change may be sent again.
 * DIQI_ERROR_APPROVAL, _SAME_PERSON, _STATEMENT_…, _SIGNER (an invariant), _EXISTS (another text of this version). */
gboolean profiles_log_change (ProfilesLog *log, const char *text, gsize n, gboolean open, const json_t *statements, const Journal *journal,
                              Micros now, GError **error);
/* How many there were: who knows it tells an older answer from a newer one. */
gint64 profiles_log_changes (const ProfilesLog *log);
gboolean profiles_log_is_dirty (const ProfilesLog *log);
gboolean profiles_log_commit (ProfilesLog *log, GError **error);
