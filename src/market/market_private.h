/* market/market_private.h — shared by the acts of market; not for others. */
#pragma once
#include "market/market.h"
#include "market/market_db.h"

#define STATEMENT_SKEW (5 * MICROS_PER_MIN)     /* docs/statements.md */

/* Type, site, signer, time (around `at`) and exactly these members beside the common ones. */
gboolean act_read_statement (const MarketAct *act, const char *type, Micros at, const Field *fields, gsize n, GError **error);
/* An officer with any of these roles. */
gboolean act_require_role (const MarketAct *act, guint roles, GError **error);
/* {"person","fingerprint","roles"} of the officer who acts, as the site knew him: for the effect of a leaf. */
json_t *act_by (const MarketAct *act);
/* Reads a checked FIELD_HEX32. */
void hash_of_hex (const char *hex, Fingerprint *out);

/* --- effects of the notice's leaves, made live and again by replay (notice_effect.c) ------ */
json_t *notice_effect (const char *notice, gint64 version, const Fingerprint *content_hash, const json_t *by);
typedef struct {
	const char *notice;
	gint64 version;
	const json_t *by;
	const json_t *content, *rule_set;
	const char *submitted_by;
	const SaleState *state;        /* at its beginning */
} Approval;
/* All an outsider needs to compute the sale: content, rules, terms and the first head of the chain. */
json_t *approval_effect (const Approval *approval);

/* --- events (sale_record.c) ----------------------------------------------------------- */
typedef struct {
	SaleState *state;
	const SaleEvent *event;
	const Statement *statement;    /* NULL for time and outages */
	const char *type;              /* of the leaf */
	Micros now;
	const json_t *by;              /* officers' acts: act_by, in the leaf but not in the public event */
} EventRecord;
/* Steps, chains, logs and stores one event; the caller updates the row.  Nothing is written for an event that did
 * not happen.  json (new reference) and position may be NULL. */
gboolean sale_record (Tx *tx, const EventRecord *record, SaleVerdict *verdict, json_t **json, LogPosition *position, GError **error);
/* Every moment up to `until`, each its own event at its own time.  *moved is set when there was one. */
gboolean sale_settle (Tx *tx, SaleState *state, Micros until, Micros now, gboolean *moved, GError **error);
/* Locks; DIQI_ERROR_NOT_FOUND. */
gboolean sale_lock (Tx *tx, const char *sale, SaleState *out, GError **error);
