/* registry/expect.c — what a statement must say before anybody acts on it. */
#include <string.h>

#include "base/error.h"
#include "registry/application_private.h"

#define TIME_TOLERANCE (5 * MICROS_PER_MIN)
#define BASE_MEMBERS 4
#define MEMBERS_MAX 16

static gboolean
expect_form (const Registry *registry, const Statement *statement, const char *type, Micros now, GError **error)
{
	Micros stated = statement_time (statement);

	if (!g_str_equal (statement_type (statement), type))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TYPE, "/statement/type", "expected %s, not %s", type, statement_type (statement));
	if (!g_str_equal (statement_site (statement), registry->site))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/site", "the statement is for another site");
	if (stated < now - TIME_TOLERANCE || stated > now + TIME_TOLERANCE)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TIME, "/statement/time", "more than five minutes from the time here");
	return TRUE;
}

gboolean
expect_statement (const Registry *registry, const Actor *actor, const Statement *statement,
                  const char *type, Micros now, GError **error)
{
	if (!expect_form (registry, statement, type, now, error))
		return FALSE;
	/* A submission is signed with the new key, whoever is logged in: its act compares it with the request's. */
	if (g_str_equal (type, "application.submit"))
		return TRUE;
	if (!statement_by_certificate (statement) || !fingerprint_equal (statement_signer (statement), &actor->fingerprint))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, "/statement", "signed with another certificate than the session's");
	return TRUE;
}

gboolean
expect_members (const Statement *statement, const Field *fields, gsize n, GError **error)
{
	const char *type, *site, *nonce;
	Micros stated;
	Field all[MEMBERS_MAX] = {
		{ "type", FIELD_STRING, TRUE, 0, &type },
		{ "site", FIELD_STRING, TRUE, 0, &site },
		{ "time", FIELD_TIME, TRUE, 0, &stated },
		{ "nonce", FIELD_STRING, TRUE, 0, &nonce },
	};

	g_assert (BASE_MEMBERS + n <= MEMBERS_MAX);
	memcpy (all + BASE_MEMBERS, fields, n * sizeof *fields);
	return json_read_fields (statement_payload (statement), "/statement", all, BASE_MEMBERS + n, error);
}

gboolean
expect_same (const char *member, const char *said, const char *is, GError **error)
{
	g_autofree char *at = NULL;

	if (g_strcmp0 (said, is) == 0)
		return TRUE;
	at = g_strdup_printf ("/statement/%s", member);
	return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, at, "the statement is about another %s", member);
}

gboolean
expect_version (gint64 said, const Application *application, GError **error)
{
	if (said == application->version)
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/version",
	                  "the statement is about version %" G_GINT64_FORMAT ", the application is at %" G_GINT64_FORMAT,
	                  said, application->version);
}

gboolean
expect_approval (const Statement *statement, const Application *application, const CertificateRequest *request, GError **error)
{
	const char *id, *hash, *profile;
	gint64 profile_version;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &id },
		{ "request", FIELD_HEX32, TRUE, 0, &hash },
		{ "profile", FIELD_STRING, TRUE, 0, &profile },
		{ "profile_version", FIELD_INT, TRUE, 0, &profile_version },
	};

	if (!EXPECT_MEMBERS (statement, fields, error) ||
	    !expect_same ("application", id, application->id, error) ||
	    !expect_same ("profile", profile, application->profile, error))
		return FALSE;
	if (profile_version != request->profile_version)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/profile_version",
		                  "the request is for version %" G_GINT64_FORMAT " of the profile", request->profile_version);
	return expect_same ("request", hash, request->hash, error);
}
