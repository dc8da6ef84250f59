/* signer/profiles_log.c — see profiles_log.h. */
#include "signer/profiles_log.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "signer/approval.h"
#include "signer/chain.h"

struct ProfilesLog {
	Pins *pins;
	const OfficersLog *officers;
	Chain *chain;
	GHashTable *used;             /* identities of statements, hex: each carries one change */
	Fingerprint last;             /* of the two statements of the last change: it may be sent again */
	gint64 changes;
};

/* What a change is about. */
typedef struct {
	Profile *profile;             /* as parsed */
	gboolean open;
	const json_t *statements;
} Change;

/* --- statements ---------------------------------------------------------------------- */

static gboolean
check_target (const Change *change, const Statement *statement, const char *at, GError **error)
{
	StatementCommon common;
	const char *name, *hash;
	gint64 version;
	gboolean open;
	const Field fields[] = {
		STATEMENT_COMMON_FIELDS (common),
		{ "name", FIELD_STRING, TRUE, 32, &name }, { "version", FIELD_INT, TRUE, 0, &version },
		{ "profile", FIELD_HEX32, TRUE, 0, &hash }, { "open", FIELD_BOOL, TRUE, 0, &open },
	};
	if (!JSON_READ (statement_payload (statement), at, fields, error) || !statement_nonce_check (common.nonce, at, error))
		return FALSE;
	g_autofree char *expected = fingerprint_hex (&change->profile->hash);
	gboolean same = strcmp (name, change->profile->name) == 0 && version == change->profile->version && strcmp (hash, expected) == 0 && open == change->open;
	return same || diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, at, "is about another profile, version or text, or opens what is to be closed");
}

static char *
identity_of (const Statement *statement)
{
	return fingerprint_hex (statement_identity (statement));
}

/* What both statements are judged by. */
typedef struct {
	const ProfilesLog *log;
	const Court *court;           /* NULL: recorded ones */
	const Change *change;
	char **identities;            /* the statements', to be filled */
} Case;

static Statement *
open_statement (const Case *c, const char *compact, const char *at, const Officer **officer, GError **error)
{
	if (c->court == NULL)
		return approval_open_recorded (officers_log_current (c->log->officers), c->log->pins->site, compact, "profile.change", at, officer, error);
	g_autoptr (Statement) statement = approval_open (c->court, compact, "profile.change", at, officer, error);
	if (statement == NULL || !approval_check_fresh (c->court, statement, at, error))
		return NULL;
	if (((*officer)->roles & ROLE_ADMINISTRATOR) == 0) {
		diqi_error_set (error, DIQI_ERROR_APPROVAL, at, "administrators change profiles");
		return NULL;
	}
	return g_steal_pointer (&statement);
}

static const Officer *
check_statement (gpointer user, gsize i, const char *compact, const char *at, GError **error)
{
	const Case *c = user;
	const Officer *officer;
	g_autoptr (Statement) statement = open_statement (c, compact, at, &officer, error);
	if (statement == NULL || !check_target (c->change, statement, at, error))
		return NULL;
	c->identities[i] = identity_of (statement);
	if (!g_hash_table_contains (c->log->used, c->identities[i]))
		return officer;
	diqi_error_set (error, DIQI_ERROR_STATEMENT_REPLAYED, at, "the statement has carried a change before");
	return NULL;
}

/* court NULL: recorded ones.  identities: the statements'. */
static gboolean
check_statements (const ProfilesLog *log, const Court *court, const Change *change, char *identities[2], GError **error)
{
	Case c = { log, court, change, identities };
	return approvals_of_two (change->statements, check_statement, &c, NULL, error);
}

/* --- the change itself ------------------------------------------------------------------- */

static gint64
newest_version (const Pins *pins, const char *name)
{
	gint64 newest = 0;
	for (guint i = 0; i < pins->profiles->len; i++) {
		const Profile *profile = g_ptr_array_index (pins->profiles, i);
		if (strcmp (profile->name, name) == 0)
			newest = MAX (newest, profile->version);
	}
	return newest;
}

static Profile *
find (const Pins *pins, const Profile *like)
{
	return (Profile *) pins_profile (pins, like->name, like->version);
}

/* Officers and services must go on to be certified: nobody could sign, or say what is revoked. */
static gboolean
check_left (const Pins *pins, const Profile *closing, GError **error)
{
	gboolean needed = closing->kind->use == USE_SERVICE || closing->kind->holder == HOLDER_OFFICER;
	for (guint i = 0; needed && i < pins->profiles->len; i++) {
		const Profile *profile = g_ptr_array_index (pins->profiles, i);
		if (profile->open && profile->version != closing->version && strcmp (profile->name, closing->name) == 0)
			needed = FALSE;
	}
	return !needed || diqi_fail (error, DIQI_ERROR_SIGNER, "/open", "the last open version of %s: the site could not renew its own certificates", closing->name);
}

static gboolean
check_succession (const Pins *pins, const Change *change, GError **error)
{
	const Profile *known = find (pins, change->profile);
	if (known == NULL && !change->open)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/open", "there is no such version to close");
	if (known == NULL)
		return change->profile->version > newest_version (pins, change->profile->name)
			|| diqi_fail (error, DIQI_ERROR_SIGNER, "/profile/version", "the newest version of %s is %" G_GINT64_FORMAT, change->profile->name,
			              newest_version (pins, change->profile->name));
	if (!fingerprint_equal (&known->hash, &change->profile->hash))
		return diqi_fail (error, DIQI_ERROR_EXISTS, "/profile", "%s-%" G_GINT64_FORMAT " has another text; what was once there never changes: make a new version",
		                  known->name, known->version);
	return change->open || check_left (pins, known, error);
}

/* Takes the profile out of change when it is new. */
static void
apply (ProfilesLog *log, Change *change)
{
	Profile *known = find (log->pins, change->profile);
	if (known == NULL) {
		known = g_steal_pointer (&change->profile);
		g_ptr_array_add (log->pins->profiles, known);
	}
	known->open = change->open;
}

static void
remember (ProfilesLog *log, char *identities[2])
{
	log->changes++;
	g_autofree char *both = g_strconcat (identities[0], identities[1], NULL);
	fingerprint_of (both, strlen (both), &log->last);
	for (gsize i = 0; i < 2; i++)
		g_hash_table_add (log->used, g_steal_pointer (&identities[i]));
}

/* --- the log ---------------------------------------------------------------------------------- */

/* A program that came later may ship a version of this name and number: what the officers signed for was first. */
static void
drop_shipped (ProfilesLog *log, const Profile *recorded)
{
	Profile *pinned = find (log->pins, recorded);
	if (pinned != NULL && !fingerprint_equal (&pinned->hash, &recorded->hash))
		g_ptr_array_remove (log->pins->profiles, pinned);
}

static void
free_identities (char *(*identities)[2])
{
	g_free ((*identities)[0]);
	g_free ((*identities)[1]);
}

static gboolean
take_record (const json_t *record, goffset offset, gsize n, gpointer user, GError **error)
{
	ProfilesLog *log = user;
	Micros time;
	const char *text;
	json_t *statements;
	Change change;
	__attribute__ ((cleanup (free_identities))) char *identities[2] = { NULL, NULL };
	const Field fields[] = {
		{ "time", FIELD_TIME, TRUE, 0, &time }, { "profile", FIELD_STRING, TRUE, PROFILE_MAX_BYTES, &text }, { "open", FIELD_BOOL, TRUE, 0, &change.open },
		{ "statements", FIELD_ARRAY, TRUE, 2, &statements },
	};
	(void) offset;
	(void) n;
	if (!JSON_READ (record, "", fields, error))
		return FALSE;
	g_autoptr (Profile) profile = profile_parse (text, strlen (text), error);
	if (profile == NULL)
		return FALSE;
	change.profile = profile;
	change.statements = statements;
	if (!check_statements (log, NULL, &change, identities, error))
		return FALSE;
	drop_shipped (log, profile);
	remember (log, identities);
	apply (log, &change);
	if (change.profile == NULL)
		(void) g_steal_pointer (&profile);
	return TRUE;
}

ProfilesLog *
profiles_log_open (const char *path, Pins *pins, const OfficersLog *officers, GError **error)
{
	g_autoptr (ProfilesLog) log = g_new0 (ProfilesLog, 1);
	log->pins = pins;
	log->officers = officers;
	log->used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
	log->chain = chain_open (path, take_record, log, error);
	return log->chain != NULL ? g_steal_pointer (&log) : NULL;
}

void
profiles_log_free (ProfilesLog *log)
{
	if (log == NULL)
		return;
	chain_free (log->chain);
	g_hash_table_unref (log->used);
	g_free (log);
}

/* The same two statements as the last change, whose answer was lost. */
static gboolean
is_last (const ProfilesLog *log, const json_t *statements)
{
	GString *both = g_string_new (NULL);
	Fingerprint asked;
	for (gsize i = 0; i < json_array_size (statements); i++) {
		const char *compact = json_string_value (json_array_get (statements, i));
		g_autoptr (Statement) statement = compact != NULL ? statement_parse (compact, -1, NULL) : NULL;
		g_autofree char *identity = statement != NULL ? identity_of (statement) : NULL;
		g_string_append (both, identity != NULL ? identity : "?");
	}
	fingerprint_of (both->str, both->len, &asked);
	g_string_free (both, TRUE);
	return fingerprint_equal (&asked, &log->last);
}

static void
append (ProfilesLog *log, const Change *change, const char *text, Micros now)
{
	g_autoptr (json_t) record = json_object ();
	json_object_set_new (record, "time", json_time (now));
	json_object_set_new (record, "profile", json_string (text));
	json_object_set_new (record, "open", json_boolean (change->open));
	json_object_set_new (record, "statements", json_deep_copy (change->statements));
	chain_append (log->chain, record, NULL, NULL);
}

gboolean
profiles_log_change (ProfilesLog *log, const char *text, gsize n, gboolean open, const json_t *statements, const Journal *journal,
                     Micros now, GError **error)
{
	if (is_last (log, statements))
		return TRUE;
	const Court court = { log->pins, officers_log_current (log->officers), now, journal };
	__attribute__ ((cleanup (free_identities))) char *identities[2] = { NULL, NULL };
	g_autoptr (Profile) profile = profile_parse (text, n, error);
	if (profile == NULL)
		return FALSE;
	Change change = { profile, open, statements };
	if (!check_statements (log, &court, &change, identities, error) || !check_succession (log->pins, &change, error))
		return FALSE;
	append (log, &change, text, now);
	remember (log, identities);
	log_event (LOG_LEVEL_INFO, "signer.profile", "name", "%s", profile->name, "version", "%d", (int) profile->version, "open", "%s", open ? "yes" : "no", NULL);
	apply (log, &change);
	if (change.profile == NULL)
		(void) g_steal_pointer (&profile);
	return TRUE;
}

gint64
profiles_log_changes (const ProfilesLog *log)
{
	return log->changes;
}

gboolean
profiles_log_is_dirty (const ProfilesLog *log)
{
	return chain_is_dirty (log->chain);
}

gboolean
profiles_log_commit (ProfilesLog *log, GError **error)
{
	return !profiles_log_is_dirty (log) || chain_commit (log->chain, error);
}
