/* registry/token_stock.c — see token_stock.h. */
#include "registry/token_stock.h"

#include <string.h>

#include "base/error.h"
#include "registry/application_private.h"
#include "registry/point.h"
#include "registry/token_stock_db.h"

#define TOKENS_MAX 500
#define SERIAL_MIN 4
#define SERIAL_MAX 40
#define REASON_MAX 1000

enum { FROM_NOWHERE = 1 << 0, FROM_STOCK = 1 << 1, FROM_RESERVED = 1 << 2, FROM_HANDED_OUT = 1 << 3 };

typedef struct {
	const char *name;
	guint from;
	const char *to;
	gboolean elsewhere;        /* goes to another point */
	gboolean application;      /* for an application */
	gboolean reason;           /* wants one */
	gboolean by_statement;     /* token.move may say so */
} Movement;

static const Movement movements[] = {
	{ "receive", FROM_NOWHERE, "stock", FALSE, FALSE, FALSE, TRUE },
	{ "transfer", FROM_STOCK, "stock", TRUE, FALSE, FALSE, TRUE },
	{ "reserve", FROM_STOCK, "reserved", FALSE, TRUE, FALSE, TRUE },
	{ "release", FROM_RESERVED, "stock", FALSE, FALSE, FALSE, TRUE },
	{ "spoil", FROM_STOCK | FROM_RESERVED, "spoiled", FALSE, FALSE, TRUE, TRUE },
	{ "return", FROM_STOCK | FROM_HANDED_OUT, "returned", FALSE, FALSE, TRUE, TRUE },
	{ "hand_out", FROM_STOCK | FROM_RESERVED, "handed_out", FALSE, TRUE, FALSE, FALSE },
};

static const struct { const char *name; guint from; } states[] = {
	{ "stock", FROM_STOCK }, { "reserved", FROM_RESERVED }, { "handed_out", FROM_HANDED_OUT }, { "spoiled", 0 }, { "returned", 0 },
};

static const Movement *
find_movement (const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS (movements); i++)
		if (g_str_equal (movements[i].name, name))
			return &movements[i];
	return NULL;
}

static gboolean
find_state (const char *name, guint *from)
{
	for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
		if (g_str_equal (states[i].name, name)) {
			*from = states[i].from;
			return TRUE;
		}
	return FALSE;
}

static gboolean
serial_is_valid (const char *serial)
{
	gsize n = strspn (serial, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-");

	return n >= SERIAL_MIN && n <= SERIAL_MAX && serial[n] == '\0';
}

/* --- one token ---------------------------------------------------------------------------------- */

/* What is done to every token of an act. */
typedef struct {
	Tx *tx;
	const Movement *movement;
	const char *point, *to, *application, *reason, *statement_identity;
	const Actor *actor;
	Micros now;
} Move;

static gboolean
refuse (const char *at, GError **error, const char *serial, const char *why)
{
	return diqi_fail (error, DIQI_ERROR_TOKEN_STATE, at, "token %s %s", serial, why);
}

static gboolean
check_token (const Move *move, const TokenRow *row, const char *serial, const char *at, GError **error)
{
	guint from = FROM_NOWHERE;
	g_autofree char *is = row ? g_strdup_printf ("is \"%s\" at point %s", row->state, row->point) : NULL;

	if (row && !find_state (row->state, &from))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "token %s is in an unknown state", serial);
	if ((move->movement->from & from) == 0)
		return refuse (at, error, serial, row ? is : "was never received");
	/* A holder may bring his token back to any point. */
	if (row && from != FROM_HANDED_OUT && !g_str_equal (row->point, move->point))
		return refuse (at, error, serial, is);
	if (from == FROM_RESERVED && move->application && g_strcmp0 (row->application, move->application) != 0)
		return refuse (at, error, serial, "is reserved for another application");
	return TRUE;
}

static gboolean
write_token (const Move *move, const TokenRow *old, const char *serial, GError **error)
{
	const char *state = move->movement->to;
	/* A returned or spoiled token still says whose it was. */
	const char *application = g_str_equal (state, "stock") ? NULL : move->application ? move->application : old ? old->application : NULL;
	const TokenRow row = {
		.serial = (char *) serial, .state = (char *) state, .point = (char *) (move->movement->elsewhere ? move->to : move->point),
		.application = (char *) application, .movements = old ? old->movements + 1 : 1, .changed = move->now,
	};
	const NewMovement movement = {
		.serial = serial, .movement = move->movement->name, .state = state, .point = row.point,
		.application = move->application ? move->application : old ? old->application : NULL,
		.by_person = move->actor->person, .by_name = move->actor->name, .reason = move->reason,
		.statement_identity = move->statement_identity, .seq = row.movements, .at = move->now,
	};

	return (old ? db_token_update (move->tx, &row, error) : db_token_insert (move->tx, &row, error)) &&
	       db_token_movement_insert (move->tx, &movement, error);
}

static gboolean
move_token (const Move *move, const char *serial, const char *at, GError **error)
{
	g_autoptr (TokenRow) row = NULL;

	return db_token_get (move->tx, serial, TRUE, &row, error) && check_token (move, row, serial, at, error) &&
	       write_token (move, row, serial, error);
}

/* --- all tokens of an act ---------------------------------------------------------------------------- */

typedef struct {
	const char *serial;
	gsize place;               /* in the statement */
} Named;

static gint
by_serial (gconstpointer a, gconstpointer b)
{
	return strcmp (((const Named *) a)->serial, ((const Named *) b)->serial);
}

static GArray *
read_serials (const json_t *serials, GError **error)
{
	g_autoptr (GArray) named = g_array_new (FALSE, FALSE, sizeof (Named));

	for (gsize i = 0; i < json_array_size (serials); i++) {
		Named one = { json_string_value (json_array_get (serials, i)), i };

		if (!one.serial || !serial_is_valid (one.serial)) {
			g_autofree char *at = g_strdup_printf ("/statement/tokens/%zu", i);

			diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, at, "a token's serial is %d to %d of A-Z a-z 0-9 . -", SERIAL_MIN, SERIAL_MAX);
			return NULL;
		}
		g_array_append_val (named, one);
	}
	return g_steal_pointer (&named);
}

/* In the order of serials: two acts over the same tokens then never wait for each other in a circle. */
static gboolean
move_all (const Move *move, const json_t *serials, GError **error)
{
	g_autoptr (GArray) named = read_serials (serials, error);

	if (!named)
		return FALSE;
	g_array_sort (named, by_serial);
	for (guint i = 0; i < named->len; i++) {
		const Named *one = &g_array_index (named, Named, i);
		g_autofree char *at = g_strdup_printf ("/statement/tokens/%zu", one->place);

		if (i > 0 && g_str_equal (one->serial, g_array_index (named, Named, i - 1).serial))
			return refuse (at, error, one->serial, "is named twice");
		if (!move_token (move, one->serial, at, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
token_hand_out (Tx *tx, const json_t *serials, const TokenHandOut *out, GError **error)
{
	const Move move = {
		.tx = tx, .movement = find_movement ("hand_out"), .point = out->point, .application = out->application,
		.statement_identity = out->statement_identity, .actor = out->actor, .now = out->now,
	};

	return move_all (&move, serials, error);
}

/* --- token.move ------------------------------------------------------------------------------------------ */

static gboolean
check_optional (gboolean wanted, const char *said, const char *member, const Movement *movement, GError **error)
{
	g_autofree char *at = g_strconcat ("/statement/", member, NULL);

	if (wanted && (!said || *said == '\0'))
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, at, "%s needs \"%s\"", movement->name, member);
	return wanted || !said || diqi_fail (error, DIQI_ERROR_FIELD_UNKNOWN, at, "%s takes no \"%s\"", movement->name, member);
}

/* Tokens are set aside for certificates that are being made. */
static gboolean
check_application (Tx *tx, const char *id, GError **error)
{
	g_auto (Application) application = { 0 };

	if (!application_load (tx, id, FALSE, &application, error))
		return FALSE;
	switch (application.state) {
	case STATE_ACCEPTED: case STATE_PAID: case STATE_REVIEWED: case STATE_ISSUING: case STATE_ISSUED:
		return TRUE;
	default:
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, "/statement/application", "application %s is %s: no token is reserved for it",
		                  id, application_state_name (application.state));
	}
}

static gboolean
read_move (const Statement *statement, Move *move, json_t **serials, GError **error)
{
	const char *movement;
	const Field fields[] = {
		{ "tokens", FIELD_ARRAY, TRUE, TOKENS_MAX, serials },
		{ "movement", FIELD_STRING, TRUE, 0, &movement },
		{ "point", FIELD_STRING, TRUE, POINT_CODE_MAX, &move->point },
		{ "to", FIELD_STRING, FALSE, POINT_CODE_MAX, &move->to },
		{ "application", FIELD_UUID, FALSE, 0, &move->application },
		{ "reason", FIELD_STRING, FALSE, REASON_MAX, &move->reason },
	};

	if (!EXPECT_MEMBERS (statement, fields, error))
		return FALSE;
	move->movement = find_movement (movement);
	if (!move->movement || !move->movement->by_statement)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/movement", "expected receive, transfer, reserve, release, spoil or return");
	if (json_array_size (*serials) == 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/statement/tokens", "no token is named");
	return check_optional (move->movement->elsewhere, move->to, "to", move->movement, error) &&
	       check_optional (move->movement->application, move->application, "application", move->movement, error) &&
	       (!move->movement->reason || check_optional (TRUE, move->reason, "reason", move->movement, error));
}

static gboolean
check_move (const Move *move, GError **error)
{
	if (move->to && g_str_equal (move->to, move->point))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/to", "the tokens are at point %s already", move->to);
	return (!move->application || check_application (move->tx, move->application, error)) &&
	       point_expect (move->tx, move->point, "/statement/point", error) &&
	       (!move->to || point_expect (move->tx, move->to, "/statement/to", error)) &&
	       point_check_officer (move->tx, move->point, move->actor->person, error);
}

static json_t *
effect_of (const Move *move, const json_t *serials)
{
	json_t *effect = json_pack ("{s:s, s:s, s:O, s:s, s:s}", "movement", move->movement->name, "point", move->point, "tokens", serials,
	                            "state", move->movement->to, "person", move->actor->person);

	if (move->to)
		json_object_set_new (effect, "to", json_string (move->to));
	if (move->application)
		json_object_set_new (effect, "application", json_string (move->application));
	return effect;
}

gboolean
token_move (Tx *tx, Registry *registry, const Actor *actor, const Statement *statement, json_t **view, GError **error)
{
	g_autofree char *identity = fingerprint_hex (statement_identity (statement));
	g_autoptr (json_t) effect = NULL;
	g_autoptr (json_t) stock = NULL;
	json_t *serials = NULL;
	Move move = { .tx = tx, .actor = actor, .statement_identity = identity, .now = clock_now (registry->clock) };

	if (!actor_has_role (actor, ROLE_CLERK))
		return diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "tokens are moved by clerks");
	if (!expect_statement (registry, actor, statement, "token.move", move.now, error) ||
	    !read_move (statement, &move, &serials, error) || !check_move (&move, error) || !move_all (&move, serials, error) ||
	    !token_stock_view (tx, move.point, &stock, error))
		return FALSE;
	effect = effect_of (&move, serials);
	if (!evidence_append (tx, "token.move", move.point, move.now, statement, effect, NULL, error))
		return FALSE;
	*view = json_pack ("{s:s, s:s, s:s, s:O, s:O}", "movement", move.movement->name, "state", move.movement->to, "point", move.point,
	                   "tokens", serials, "stock", stock);
	return TRUE;
}
