/* registry/certificate.c — certificates and their holders, seen and revoked. */
#include "base/error.h"
#include "registry/application_private.h"
#include "registry/cause.h"
#include "registry/mass_revocation_db.h"

#define SUBJECTS_MAX 50

gboolean
registry_certificate_view (Tx *tx, Registry *registry, const char *serial, json_t **view, GError **error)
{
	g_auto (CertificateRow) row = { 0 };

	if (!certificate_load (tx, serial, FALSE, &row, error))
		return FALSE;
	/* Nobody outside can know an intended serial: there is no such certificate yet. */
	if (!row.der)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_UNKNOWN, "/serial", "no certificate %s was issued here", serial);
	*view = certificate_view (&row, clock_now (registry->clock));
	return TRUE;
}

/* 订户 of its own certificates; 审核人 and 发证人 of any holder's (contract, article 4.7).  An officer's is ended by
 * himself or by two others who change the list of officers: one person alone must not be able to lock out the rest. */
static gboolean
may_revoke (const Actor *actor, const CertificateRow *row)
{
	g_autofree char *own = fingerprint_hex (&actor->fingerprint);

	if (actor->kind == ACTOR_HOLDER)
		return row->subject && g_strcmp0 (actor->subject, row->subject) == 0;
	if (row->subject)
		return actor_has_role (actor, ROLE_REVIEWER | ROLE_ISSUER);
	return actor->kind == ACTOR_OFFICER && g_strcmp0 (own, row->fingerprint) == 0;
}

static gboolean
read_reason (const char *name, const Actor *actor, RevocationReason *reason, GError **error)
{
	static const RevocationReason holders[] = {
		REASON_UNSPECIFIED, REASON_KEY_COMPROMISE, REASON_AFFILIATION_CHANGED, REASON_SUPERSEDED, REASON_CESSATION,
	};

	if (!reason_from_name (name, reason) || *reason == REASON_CA_COMPROMISE || *reason == REASON_HOLD ||
	    *reason == REASON_REMOVE_FROM_CRL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/reason", "not a reason that revokes a holder's certificate");
	for (gsize i = 0; i < G_N_ELEMENTS (holders); i++)
		if (holders[i] == *reason)
			return TRUE;
	/* privilegeWithdrawn is the authority's word. */
	return actor->kind == ACTOR_OFFICER ||
	       diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/reason", "a holder cannot give this reason");
}

Micros
certificate_revoked_since (const CertificateRow *row, Micros now)
{
	return g_str_equal (row->status, "revoked") && row->reason == REASON_HOLD ? row->revoked_at : now;
}

static gboolean
revoke_row (Tx *tx, Registry *registry, const CertificateRow *row, RevocationReason reason, const char *cause,
        const Statement *statement, json_t **view, GError **error)
{
	g_autoptr (json_t) effect = json_object ();
	g_auto (CertificateRow) now_revoked = { 0 };
	Micros now = clock_now (registry->clock);

	if (!authority_revoke (tx, registry->authority, row->serial, reason, now, error) ||
	    (cause && !db_certificate_cause (tx, row->serial, cause, error)) ||
	    !certificate_end_sessions (tx, row, now, error) ||
	    !certificate_tell_holder (tx, row->serial, "certificate.revoked", reason_name (reason), now, error))
		return FALSE;
	if (view) {
		if (!certificate_load (tx, row->serial, FALSE, &now_revoked, error))
			return FALSE;
		*view = certificate_view (&now_revoked, now);
	}
	json_object_set_new (effect, "serial", json_string (row->serial));
	json_object_set_new (effect, "reason", json_string (reason_name (reason)));
	if (cause)
		json_object_set_new (effect, "cause", json_string (cause));
	json_object_set_new (effect, "revoked_at", json_time (certificate_revoked_since (row, now)));
	return evidence_append (tx, "certificate.revoke", row->application ? row->application : row->serial, now, statement,
	                        effect, NULL, error);
}

gboolean
registry_certificate_revoke (Tx *tx, Registry *registry, const Actor *actor, const char *serial,
                             const Statement *statement, json_t **view, GError **error)
{
	g_auto (CertificateRow) row = { 0 };
	g_autoptr (json_t) shown = NULL;
	const char *said, *name, *note = NULL, *cause = NULL;
	RevocationReason reason;
	const Field fields[] = {
		{ "serial", FIELD_STRING, TRUE, 40, &said },
		{ "reason", FIELD_STRING, TRUE, 0, &name },
		{ "note", FIELD_STRING, FALSE, 1000, &note },
		{ "cause", FIELD_STRING, FALSE, 32, &cause },
	};

	if (!certificate_load (tx, serial, TRUE, &row, error))
		return FALSE;
	if (!may_revoke (actor, &row))
		return diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "the certificate is not yours to revoke");
	if (!expect_statement (registry, actor, statement, "certificate.revoke", clock_now (registry->clock), error) ||
	    !EXPECT_MEMBERS (statement, fields, error) ||
	    !expect_same ("serial", said, row.serial, error) ||
	    !read_reason (name, actor, &reason, error) ||
	    !revocation_cause_check (cause, reason, actor->kind == ACTOR_HOLDER, "/statement/cause", error) ||
	    !revoke_row (tx, registry, &row, reason, cause, statement, view ? &shown : NULL, error))
		return FALSE;
	if (view)
		*view = g_steal_pointer (&shown);
	return TRUE;
}

static json_t *
certificates_view (const GPtrArray *rows, Micros now)
{
	json_t *list = json_array ();

	for (guint i = 0; i < rows->len; i++) {
		const CertificateRow *row = g_ptr_array_index (rows, i);
		g_autoptr (json_t) view = NULL;
		json_t *item;

		if (!row->der)
			continue;
		view = certificate_view (row, now);
		item = json_object ();
		json_object_set_new (item, "serial", json_string (row->serial));
		json_object_set (item, "use", json_object_get (view, "use"));
		if (row->pair)
			json_object_set_new (item, "pair", json_string (row->pair));
		json_object_set_new (item, "fingerprint", json_string (row->fingerprint));
		json_object_set_new (item, "spki", json_string (row->spki));
		json_object_set (item, "status", json_object_get (view, "status"));
		json_array_append_new (list, item);
	}
	return list;
}

gboolean
registry_subjects (Tx *tx, Registry *registry, const char *query, json_t **out, GError **error)
{
	g_autoptr (GPtrArray) subjects = subject_search (tx, query ? query : "", SUBJECTS_MAX, error);
	g_autoptr (json_t) list = json_array ();
	Micros now = clock_now (registry->clock);

	if (!subjects)
		return FALSE;
	for (guint i = 0; i < subjects->len; i++) {
		const Subject *subject = g_ptr_array_index (subjects, i);
		g_autoptr (GPtrArray) rows = certificates_of_subject (tx, subject->id, error);
		json_t *item;

		if (!rows)
			return FALSE;
		item = json_object ();
		json_object_set_new (item, "subject", json_string (subject->id));
		json_object_set_new (item, "kind", json_string (subject_kind_name (subject->kind)));
		json_object_set_new (item, "name", json_string (subject->name));
		json_object_set_new (item, "certificates", certificates_view (rows, now));
		json_array_append_new (list, item);
	}
	*out = g_steal_pointer (&list);
	return TRUE;
}
