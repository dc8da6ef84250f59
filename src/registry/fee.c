/* registry/fee.c — what settles an application without the cashier: waivers, providers, money without a place; and prices. */
#include "registry/fee.h"

#include <string.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "registry/application_private.h"

#define REASON_MAX 1000
#define WAIVERS (ROLE_ADMINISTRATOR | ROLE_REVIEWER | ROLE_ISSUER)

static gboolean
order_of_application (Tx *tx, const char *application, char **order, GError **error)
{
	if (!order_of (tx, application, order, error))
		return FALSE;
	return *order || diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "application %s has no order yet", application);
}

gboolean
fee_order_view (Tx *tx, Registry *registry, const Actor *actor, const char *id, json_t **view, GError **error)
{
	g_auto (Application) application = { 0 };
	g_autofree char *order = NULL;

	(void) registry;
	return application_load (tx, id, FALSE, &application, error) &&
	       application_check_reader (&application, actor, ROLE_CLERK | ROLE_CASHIER | ROLE_AUDITOR | ROLE_ADMINISTRATOR, error) &&
	       order_of_application (tx, id, &order, error) && order_view (tx, order, view, error);
}

/* --- waiver ------------------------------------------------------------------------------------- */

static json_t *
waiver_effect (const TwoOfficers *two, const char *order, Money amount)
{
	return json_pack ("{s:s, s:o, s:[s, s], s:s}", "order", order, "amount_fen", json_money (amount),
	                  "persons", two->actor[0].person, two->actor[1].person, "second", statement_compact (two->statement[1]));
}

/* What both signed is this order of this application, at its price. */
static gboolean
check_waiver (Tx *tx, const Application *application, const char *said_application, const char *said_order, Money amount,
              char **order, GError **error)
{
	if (!expect_same ("application", said_application, application->id, error) ||
	    !order_of_application (tx, application->id, order, error) || !expect_same ("order", said_order, *order, error))
		return FALSE;
	return amount.fen == application->amount_fen ||
	       diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/amount_fen", "the fee is %" G_GINT64_FORMAT " fen", application->amount_fen);
}

gboolean
fee_waive (Tx *tx, Registry *registry, const TwoOfficers *two, const char *id, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };
	g_autofree char *order = NULL;
	const char *application, *said_order, *reason;
	Money amount;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &application },
		{ "order", FIELD_UUID, TRUE, 0, &said_order },
		{ "amount_fen", FIELD_MONEY, TRUE, 0, &amount },
		{ "reason", FIELD_STRING, TRUE, REASON_MAX, &reason },
	};

	if (!expect_two_officers (registry, two, "fee.waive", WAIVERS, WAIVERS, clock_now (registry->clock), error) ||
	    !EXPECT_MEMBERS (two->statement[0], fields, error) ||
	    !step_begin (&step, tx, registry, &two->actor[0], id, ACT_FEE_WAIVE, two->statement[0], error) ||
	    !persons_check (tx, registry, &step.application, two->actor[1].person, error) ||
	    !check_waiver (tx, &step.application, application, said_order, amount, &order, error))
		return FALSE;
	if (reason[strspn (reason, " \t\n")] == '\0')
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/statement/reason", "a waiver needs a reason");
	if (!order_waive (tx, order, two->actor[0].person, two->actor[1].person, reason, step.now, error) ||
	    !evidence_use_statement (tx, two->statement[1], step.now, error))
		return FALSE;
	step.application.fee_paid = TRUE;
	g_autoptr (json_t) effect = waiver_effect (two, order, amount);
	json_object_update (step_effect (&step), effect);
	return step_finish (&step, view, error);
}

/* --- prices ---------------------------------------------------------------------------------------- */

gboolean
fee_tariff_change (Tx *tx, Registry *registry, const TwoOfficers *two, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock), valid_from;
	const char *service, *source;
	Money amount;
	gint64 days;
	g_autoptr (json_t) rows = NULL;
	g_autoptr (json_t) effect = NULL;
	const Field fields[] = {
		{ "service", FIELD_STRING, TRUE, 32, &service },
		{ "valid_from", FIELD_TIME, TRUE, 0, &valid_from },
		{ "amount_fen", FIELD_MONEY, TRUE, 0, &amount },
		{ "promised_working_days", FIELD_INT, TRUE, 0, &days },
		{ "source", FIELD_STRING, TRUE, 200, &source },
	};

	if (!expect_two_officers (registry, two, "tariff.change", ROLE_ADMINISTRATOR, ROLE_ADMINISTRATOR, now, error) ||
	    !EXPECT_MEMBERS (two->statement[0], fields, error) ||
	    !tariff_add (tx, service, valid_from, amount.fen, days, source, now, error) || !tariff_list (tx, &rows, error))
		return FALSE;
	effect = json_pack ("{s:s, s:o, s:o}", "service", service, "valid_from", json_time (valid_from), "amount_fen", json_money (amount));
	if (!two_officers_append (tx, two, "tariff.change", registry->site, now, effect, error))
		return FALSE;
	*view = json_pack ("{s:O}", "items", rows);
	return TRUE;
}

/* --- an order that was paid without the cashier -------------------------------------------------------- */

/* Locks the application (before its order, as everybody does) and tells whether it can be settled. */
static gboolean
look_at_application (Tx *tx, const char *id, gboolean *payable, GError **error)
{
	g_auto (Application) application = { 0 };

	if (!application_load (tx, id, TRUE, &application, error))
		return FALSE;
	*payable = application_transition (application.service, application.state, ACT_FEE_PAID, application.fee_paid) != NULL &&
	           !application.fee_paid;
	return TRUE;
}

/* --- providers -------------------------------------------------------------------------------------------- */

static json_t *
notification_effect (const Notification *n, NotificationFate fate)
{
	return json_pack ("{s:s, s:s, s:s, s:s, s:o, s:s, s:s}", "provider", n->provider, "transaction", n->transaction, "event", n->event,
	                  "order", n->order_number, "amount_fen", json_money (n->amount), "currency", n->currency,
	                  "fate", notification_fate_name (fate));
}

gboolean
fee_notification (Tx *tx, Registry *registry, const Provider *provider, const Notification *n, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	g_autofree char *order = NULL, *about = NULL, *paid = NULL;
	g_autoptr (json_t) effect = NULL;
	gboolean payable = FALSE;
	NotificationFate fate;

	if (!order_find (tx, n->order_number, &order, &about, error) || (about && !look_at_application (tx, about, &payable, error)) ||
	    !notification_take (tx, n, provider->currency, payable, now, &fate, &paid, error))
		return FALSE;
	FAILPOINT ("pay.taken");
	*view = json_pack ("{s:s, s:s}", "transaction", n->transaction, "event", n->event);
	effect = notification_effect (n, fate);
	if (fate == NOTIFICATION_COUNTED && !paid && !order_tell_refunds (tx, order, now, error))
		return FALSE;
	if (paid)
		return application_settle (tx, registry, about, "fee.paid", NULL, NULL, effect, NULL, error);
	return fate == NOTIFICATION_REPEATED || evidence_append (tx, "payment.notified", order ? order : registry->site, now, NULL, effect, NULL, error);
}

/* --- money without a place ----------------------------------------------------------------------------------- */

/* The cashier decides first, the administrator agrees, whoever of them signed first. */
static void
name_persons (const TwoOfficers *two, Resolution *resolution)
{
	guint cashier = actor_has_role (&two->actor[0], ROLE_CASHIER) && actor_has_role (&two->actor[1], ROLE_ADMINISTRATOR) ? 0 : 1;

	resolution->first = two->actor[cashier].person;
	resolution->second = two->actor[1 - cashier].person;
}

static gboolean
apply_to (Tx *tx, const Resolution *resolution, char **about, GError **error)
{
	gboolean payable = FALSE;
	g_autoptr (json_t) item = NULL;

	if (!resolution->order)
		return TRUE;
	if (!order_about (tx, resolution->order, about, error) || !look_at_application (tx, *about, &payable, error) ||
	    !suspense_view (tx, resolution->item, &item, error))
		return FALSE;
	return payable || json_integer_value (json_object_get (item, "posted")) < 0 ||
	       diqi_fail (error, DIQI_ERROR_ORDER_STATE, "/statement/order", "what this order is for is not to be paid now");
}

gboolean
fee_suspense_resolve (Tx *tx, Registry *registry, const TwoOfficers *two, const char *item, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	g_autofree char *about = NULL, *paid = NULL;
	g_autoptr (json_t) effect = NULL;
	g_autoptr (json_t) shown = NULL;
	Resolution resolution = { 0 };
	const Field fields[] = {
		{ "item", FIELD_UUID, TRUE, 0, &resolution.item },
		{ "resolution", FIELD_STRING, TRUE, 16, &resolution.resolution },
		{ "order", FIELD_UUID, FALSE, 0, &resolution.order },
		{ "reason", FIELD_STRING, TRUE, REASON_MAX, &resolution.reason },
	};

	if (!expect_two_officers (registry, two, "suspense.resolve", ROLE_CASHIER, ROLE_ADMINISTRATOR, now, error) ||
	    !EXPECT_MEMBERS (two->statement[0], fields, error) || !expect_same ("item", resolution.item, item, error))
		return FALSE;
	name_persons (two, &resolution);
	if (!apply_to (tx, &resolution, &about, error) || !suspense_resolve (tx, &resolution, now, &paid, error) ||
	    !suspense_view (tx, item, &shown, error))
		return FALSE;
	if (resolution.order && !paid && !order_tell_refunds (tx, resolution.order, now, error))
		return FALSE;
	effect = json_pack ("{s:s, s:s, s:s*}", "item", item, "resolution", resolution.resolution, "order", resolution.order);
	if (!two_officers_append (tx, two, "suspense.resolve", item, now, effect, error) ||
	    (paid && !application_settle (tx, registry, about, "fee.paid", NULL, NULL, effect, NULL, error)))
		return FALSE;
	*view = g_steal_pointer (&shown);
	return TRUE;
}
