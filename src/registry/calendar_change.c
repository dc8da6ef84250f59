/* registry/calendar_change.c — see calendar_change.h. */
#include "registry/calendar_change.h"

#include <string.h>

#include "base/error.h"
#include "registry/application_private.h"

static gboolean
expect_change (const Registry *registry, const Actor *actor, gint64 year, const json_t *document, const Statement *statement,
               Micros now, GError **error)
{
	g_autofree char *text = jcs_dump (document, NULL, error);
	g_autofree char *hash = text ? hash_hex (text, strlen (text)) : NULL;
	const char *said;
	gint64 said_year;
	const Field fields[] = {
		{ "year", FIELD_INT, TRUE, 0, &said_year },
		{ "calendar", FIELD_HEX32, TRUE, 0, &said },
	};

	if (!text || !expect_statement (registry, actor, statement, "calendar.change", now, error) ||
	    !EXPECT_MEMBERS (statement, fields, error))
		return FALSE;
	if (said_year != year)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/year", "the statement is about another year");
	return expect_same ("calendar", said, hash, error);
}

gboolean
calendar_change (Tx *tx, Registry *registry, const Actor *actor, gint64 year, gint64 expected_version,
                 const json_t *document, const Statement *statement, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	g_autofree char *subject = g_strdup_printf ("calendar/%" G_GINT64_FORMAT, year);
	g_autoptr (json_t) effect = NULL;
	g_autoptr (json_t) shown = NULL;
	gint64 version;

	if (!actor_has_role (actor, ROLE_ADMINISTRATOR))
		return diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "the calendar is the administrator's");
	if (!expect_change (registry, actor, year, document, statement, now, error) || !calendar_version (tx, year, &version, error))
		return FALSE;
	if (version != expected_version)
		return diqi_fail (error, DIQI_ERROR_IF_MATCH_STALE, NULL, "the calendar of %" G_GINT64_FORMAT " is at version %" G_GINT64_FORMAT, year, version);
	if (!calendar_replace (tx, year, document, actor->person, now, error) || !calendar_view (tx, year, &shown, error))
		return FALSE;
	effect = json_pack ("{s:I, s:I, s:O, s:s}", "year", (json_int_t) year, "version", (json_int_t) version + 1,
	                    "calendar", json_object_get (shown, "hash"), "person", actor->person);
	if (!evidence_append (tx, "calendar.change", subject, now, statement, effect, NULL, error))
		return FALSE;
	*view = g_steal_pointer (&shown);
	return TRUE;
}
