/* registry/parcel.c — see parcel.h. */
#include "registry/parcel.h"

#include "base/error.h"
#include "base/random.h"
#include "registry/application_private.h"
#include "registry/handover.h"
#include "registry/handover_db.h"
#include "registry/point.h"

typedef struct {
	const char *application, *carrier, *number, *recipient;
} Sending;

static gboolean
read_sending (const Statement *statement, const char *id, Sending *sending, GError **error)
{
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &sending->application },
		{ "carrier", FIELD_STRING, TRUE, 60, &sending->carrier },
		{ "number", FIELD_STRING, TRUE, 60, &sending->number },
		{ "recipient", FIELD_STRING, TRUE, 300, &sending->recipient },
	};

	if (!EXPECT_MEMBERS (statement, fields, error) || !expect_same ("application", sending->application, id, error))
		return FALSE;
	if (*sending->carrier == '\0' || *sending->number == '\0' || *sending->recipient == '\0')
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING,
		                  *sending->carrier == '\0' ? "/statement/carrier" : *sending->number == '\0' ? "/statement/number" : "/statement/recipient",
		                  "must not be empty");
	return TRUE;
}

static gboolean
check_sending (Tx *tx, const Application *application, const Sending *sending, GError **error)
{
	gboolean known;

	if (application->state != STATE_ISSUED && application->state != STATE_DELIVERED)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "nothing can be sent in state %s", application_state_name (application->state));
	if (!db_parcel_is_known (tx, sending->carrier, sending->number, &known, error))
		return FALSE;
	return !known || diqi_fail (error, DIQI_ERROR_EXISTS, "/statement/number", "a parcel of this carrier and number is recorded already");
}

gboolean
parcel_send (Tx *tx, Registry *registry, const Actor *actor, const char *id, const Statement *statement, json_t **view, GError **error)
{
	g_auto (Application) application = { 0 };
	g_autofree char *identity = fingerprint_hex (statement_identity (statement));
	Micros now = clock_now (registry->clock);
	g_autofree char *parcel = uuid7_new (now);
	g_autoptr (json_t) shown = NULL;
	g_autoptr (json_t) effect = NULL;
	Sending sending;

	if (!application_load (tx, id, TRUE, &application, error))
		return FALSE;
	if (!actor_has_role (actor, ROLE_CLERK))
		return diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "parcels are sent by clerks");
	if (!expect_statement (registry, actor, statement, "parcel.send", now, error) || !read_sending (statement, id, &sending, error) ||
	    !point_check_officer (tx, application.point, actor->person, error) || !check_sending (tx, &application, &sending, error))
		return FALSE;
	const NewParcel row = {
		.id = parcel, .application = id, .carrier = sending.carrier, .number = sending.number, .recipient = sending.recipient,
		.by_person = actor->person, .by_name = actor->name, .statement_identity = identity, .sent = now,
	};
	if (!db_parcel_insert (tx, &row, error) ||
	    !application_tell (tx, &application, "parcel.sent",
	                       json_pack ("{s:s, s:s}", "carrier", sending.carrier, "tracking", sending.number), parcel, now, error) ||
	    !handover_view (tx, actor, id, &shown, error))
		return FALSE;
	effect = json_pack ("{s:s, s:s, s:s, s:s}", "parcel", parcel, "carrier", sending.carrier, "number", sending.number, "person", actor->person);
	if (!evidence_append (tx, "parcel.send", id, now, statement, effect, NULL, error))
		return FALSE;
	*view = g_steal_pointer (&shown);
	return TRUE;
}

static const char *
receiver_label (const Actor *actor)
{
	if (actor->kind == ACTOR_OFFICER)
		return actor->name;
	return actor->kind == ACTOR_HOLDER ? "holder" : "applicant";
}

gboolean
parcel_received (Tx *tx, Registry *registry, const Actor *actor, const char *id, const char *parcel, json_t **view, GError **error)
{
	g_auto (Application) application = { 0 };
	gboolean found, received;
	Micros now = clock_now (registry->clock);
	g_autoptr (json_t) shown = NULL;
	g_autoptr (json_t) effect = NULL;

	if (!application_load (tx, id, TRUE, &application, error) || !application_check_reader (&application, actor, ROLE_CLERK, error) ||
	    !db_parcel_find (tx, id, parcel, &found, &received, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/parcel", "no such parcel was sent for this application");
	if (received)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, "/parcel", "the parcel was received before");
	if (!db_parcel_received (tx, parcel, now, receiver_label (actor), error) || !handover_view (tx, actor, id, &shown, error))
		return FALSE;
	effect = json_pack ("{s:s, s:s}", "parcel", parcel, "by", actor->person ? actor->person : receiver_label (actor));
	if (!evidence_append (tx, "parcel.received", id, now, NULL, effect, NULL, error))
		return FALSE;
	*view = g_steal_pointer (&shown);
	return TRUE;
}
