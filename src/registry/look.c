/* registry/look.c — looks at scans.  See scan.h. */
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/random.h"
#include "pki/seal.h"
#include "registry/application_private.h"
#include "registry/scan_db.h"
#include "signer/look.h"

#define PURPOSE_MAX 500
#define LOOKER_ROLES (ROLE_CLERK | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)

void
sealed_scan_clear (SealedScan *sealed)
{
	g_free (sealed->scan);
	g_free (sealed->media_type);
	g_free (sealed->sha256);
	g_clear_pointer (&sealed->wrapped_key, g_bytes_unref);
	g_clear_pointer (&sealed->ciphertext, g_bytes_unref);
	memset (sealed, 0, sizeof *sealed);
}

/* --- what is signed ----------------------------------------------------------------------- */

static gboolean
read_look (const LookOrder *order, const char *application, const char *scan, const char **purpose, GError **error)
{
	const char *said_application, *said_scan;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &said_application },
		{ "scan", FIELD_UUID, TRUE, 0, &said_scan },
		{ "purpose", FIELD_STRING, TRUE, PURPOSE_MAX, purpose },
	};

	if (!EXPECT_MEMBERS (order->statement, fields, error) ||
	    !expect_same ("application", said_application, application, error) ||
	    !expect_same ("scan", said_scan, scan, error))
		return FALSE;
	return (*purpose)[strspn (*purpose, " \t\n")] != '\0' ||
	       diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/statement/purpose", "a look has a purpose");
}

static gboolean
check_agree (const Registry *registry, const Actor *actor, const LookOrder *order, Micros now, GError **error)
{
	g_autofree char *expected = fingerprint_hex (statement_payload_hash (order->statement));
	const char *look;
	const Field fields[] = { { "look", FIELD_HEX32, TRUE, 0, &look } };

	if (!order->agree)
		return TRUE;
	if (!expect_statement (registry, order->second, order->agree, "paper.look.agree", now, error) ||
	    !EXPECT_MEMBERS (order->agree, fields, error))
		return FALSE;
	if (!actor_has_role (order->second, LOOKER_ROLES))
		return diqi_fail (error, DIQI_ERROR_PERMISSION, "/agree", "clerks, reviewers, issuers and auditors agree to a look");
	if (g_strcmp0 (order->second->person, actor->person) == 0)
		return diqi_fail (error, DIQI_ERROR_SAME_PERSON, "/agree", "another officer must agree");
	return g_strcmp0 (look, expected) == 0 ||
	       diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/agree/look", "the second officer agreed to another look");
}

/* --- writing it down ------------------------------------------------------------------------ */

static char *
day_of (Micros at)
{
	CivilDate date = civil_beijing (at);

	return g_strdup_printf ("%04d-%02d-%02d", date.year, date.month, date.day);
}

static gboolean
check_quota (Tx *tx, const Actor *actor, const LookOrder *order, const char *day, GError **error)
{
	gint64 n;

	if (!db_look_count (tx, actor->person, day, &n, error))
		return FALSE;
	return n <= LOOKS_A_DAY || order->agree ||
	       diqi_fail (error, DIQI_ERROR_LOOK_QUOTA, "/agree", "%d looks today; a second officer must agree to a further one", LOOKS_A_DAY);
}

static gboolean
write_look (Tx *tx, const Actor *actor, const LookOrder *order, const LookRow *row, GError **error)
{
	g_autoptr (json_t) effect = json_pack ("{s:s, s:s, s:s}", "look", row->id, "scan", row->scan, "person", actor->person);

	if (order->agree) {
		json_object_set_new (effect, "second", json_string (statement_compact (order->agree)));
		if (!evidence_use_statement (tx, order->agree, row->at, error))
			return FALSE;
	}
	return db_look_insert (tx, row, error) &&
	       evidence_append (tx, "paper.look", row->application, row->at, order->statement, effect, NULL, error);
}

gboolean
look_record (Tx *tx, Registry *registry, const Actor *actor, const char *id, const char *scan, const LookOrder *order,
             SealedScan *out, GError **error)
{
	g_auto (Application) application = { 0 };
	Micros now = clock_now (registry->clock);
	g_autofree char *day = day_of (now), *look = uuid7_new (now), *identity = fingerprint_hex (statement_identity (order->statement));
	LookRow row = { .id = look, .scan = scan, .application = id, .person = actor->person, .day = day, .at = now, .statement_identity = identity };
	gboolean found = FALSE;

	sealed_scan_clear (out);
	if (!application_load (tx, id, FALSE, &application, error))
		return FALSE;
	if (!actor_has_role (actor, LOOKER_ROLES))
		return diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "clerks, reviewers, issuers and auditors look at scans");
	if (!expect_statement (registry, actor, order->statement, "paper.look", now, error) ||
	    !read_look (order, id, scan, &row.purpose, error) || !check_agree (registry, actor, order, now, error))
		return FALSE;
	if (uuid_is_valid (scan) && !db_scan_sealed (tx, scan, id, out, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "application %s has no such scan", id);
	row.agreed_by = order->agree ? order->second->person : NULL;
	return check_quota (tx, actor, order, day, error) && write_look (tx, actor, order, &row, error);
}

/* --- the bytes -------------------------------------------------------------------------------- */

GBytes *
look_open (SignerClient *signer, const SealedScan *sealed, const LookOrder *order, GError **error)
{
	g_autofree char *context = g_strdup_printf ("scan %s", sealed->scan);
	g_autoptr (GBytes) key = signer_unwrap_record_key (signer, sealed->scan, sealed->wrapped_key, statement_compact (order->statement),
	                                                   order->agree ? statement_compact (order->agree) : NULL, error);
	g_autoptr (GBytes) content = NULL;
	g_autofree char *hash = NULL;
	gsize n = 0;
	gconstpointer p = key ? g_bytes_get_data (key, &n) : NULL;

	if (!key)
		return NULL;
	if (n == SEAL_KEY_BYTES)
		content = seal_decrypt (p, context, sealed->ciphertext, error);
	else
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the signer's key has %zu bytes", n);
	explicit_bzero ((gpointer) p, n);
	if (!content)
		return NULL;
	hash = hash_hex (g_bytes_get_data (content, NULL), g_bytes_get_size (content));
	if (g_str_equal (hash, sealed->sha256))
		return g_steal_pointer (&content);
	diqi_error_set (error, DIQI_ERROR_STORE, NULL, "scan %s is not what was handed in", sealed->scan);
	return NULL;
}

/* --- for the auditor ------------------------------------------------------------------------- */

static gboolean
is_day (const char *day)
{
	int year = 0, month = 0, date = 0, used = 0;

	return strlen (day) == 10 && sscanf (day, "%4d-%2d-%2d%n", &year, &month, &date, &used) == 3 && used == 10 &&
	       civil_is_valid ((CivilDate) { year, month, date });
}

gboolean
looks_list (Tx *tx, const char *person, const char *day, const char *cursor, guint limit, json_t **items, char **next_cursor, GError **error)
{
	g_autoptr (json_t) looks = json_array ();

	*next_cursor = NULL;
	if (person && !uuid_is_valid (person))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/person", "a person is a UUID");
	if (day && !is_day (day))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/day", "a day is YYYY-MM-DD");
	if (cursor && !uuid_is_valid (cursor))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/cursor", "not a cursor of this list");
	if (!db_looks (tx, person ? person : "", day ? day : "", cursor ? cursor : "", limit + 1, looks, error))
		return FALSE;
	if (json_array_size (looks) > limit) {
		json_array_remove (looks, limit);
		*next_cursor = g_strdup (json_string_value (json_object_get (json_array_get (looks, limit - 1), "look")));
	}
	*items = g_steal_pointer (&looks);
	return TRUE;
}
