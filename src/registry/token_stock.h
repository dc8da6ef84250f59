/* registry/token_stock.h — blank tokens (介质): where each is and what became of it.
 *
 * A token is known by the serial printed on it and told by its PKCS#11 module.  A clerk moves tokens by statement
 * token.move {tokens, movement, point, to?, application?, reason?}; `point` is where they are (receive: where they
 * arrive), `to` where a transfer goes, `application` for whom they are reserved:
 *
 *   receive   (unknown)             → stock        transfer  stock → stock, at `to`
 *   reserve   stock                 → reserved     release   reserved → stock
 *   spoil     stock, reserved       → spoiled      return    stock, handed_out → returned      (with a reason)
 *   hand_out  stock, reserved       → handed_out   only by certificate.deliver (registry/handover.h)
 *
 * All tokens of a statement move, or none.  Movements are kept for ever.
 */
#pragma once
#include "registry/registry.h"

/* DIQI_ERROR_TOKEN_STATE names the token at "/statement/tokens/<i>". */
gboolean token_move (Tx *tx, Registry *registry, const Actor *actor, const Statement *statement, json_t **view, GError **error);

/* {serial, state, point, application?, changed, movements:[…]}; DIQI_ERROR_NOT_FOUND. */
gboolean token_view (Tx *tx, const char *serial, json_t **view, GError **error);
/* By serial; point, state NULL: all. */
gboolean token_stock_list (Tx *tx, const char *point, const char *state, const char *cursor, guint limit,
                     json_t **items, char **next_cursor, GError **error);
/* {point, stock, reserved, handed_out, spoiled, returned, low_stock, low}; DIQI_ERROR_NOT_FOUND. */
gboolean token_stock_view (Tx *tx, const char *point, json_t **view, GError **error);

/* A delivery takes these tokens (array of serials), for registry/handover.c: each in stock at the point, or reserved
 * for this very application. */
typedef struct {
	const char *point, *application;
	const Actor *actor;
	const char *statement_identity;
	Micros now;
} TokenHandOut;
gboolean token_hand_out (Tx *tx, const json_t *serials, const TokenHandOut *out, GError **error);
