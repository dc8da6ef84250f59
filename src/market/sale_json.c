/* market/sale_json.c — the canonical JSON of terms and events, and the chain over it. */
#include "market/sale.h"

#include <string.h>

static const char *const phase_names[SALE_N_PHASES] = {
	[SALE_ANNOUNCED] = "announced", [SALE_LISTING] = "listing", [SALE_QUIET] = "quiet",
	[SALE_LIMIT_TIME] = "limit_time", [SALE_CLOSED] = "closed",
};
static const char *const result_names[SALE_N_RESULTS] = { [RESULT_WON] = "won", [RESULT_FAILED] = "failed" };
static const char *const kind_names[SALE_N_EVENTS] = {
	[SALE_EVENT_QUALIFY] = "qualify", [SALE_EVENT_QUOTE] = "quote",
	[SALE_EVENT_TIME] = "time", [SALE_EVENT_OUTAGE] = "outage",
};

const char *sale_phase_name (SalePhase phase) { return phase_names[phase]; }
const char *sale_result_name (SaleResult result) { return result_names[result]; }
const char *sale_event_kind_name (SaleEventKind kind) { return kind_names[kind]; }

/* Index of name, n when it is none. */
static int
index_of (const char *const *names, int n, const char *name)
{
	int i = 0;

	while (i < n && g_strcmp0 (names[i], name) != 0)
		i++;
	return i;
}

gboolean
sale_event_kind_from_name (const char *name, SaleEventKind *out)
{
	*out = (SaleEventKind) index_of (kind_names, SALE_N_EVENTS, name);
	return *out != SALE_N_EVENTS;
}

gboolean
sale_phase_from_name (const char *name, SalePhase *out)
{
	*out = (SalePhase) index_of (phase_names, SALE_N_PHASES, name);
	return *out != SALE_N_PHASES;
}

gboolean
sale_result_from_name (const char *name, SaleResult *out)
{
	*out = (SaleResult) index_of (result_names, SALE_N_RESULTS, name);
	return *out != SALE_N_RESULTS;
}

static void set (json_t *object, const char *name, json_t *value) { json_object_set_new (object, name, value); }

static json_t *hash_json (const Fingerprint *hash) { return json_hex (hash->b, sizeof hash->b); }

json_t *
sale_terms_json (const SaleTerms *terms)
{
	json_t *json = json_object ();

	set (json, "type", json_string ("sale.terms"));
	set (json, "sale", json_string (terms->sale));
	set (json, "content", hash_json (&terms->content));
	set (json, "rule_set", hash_json (&terms->rules.hash));
	set (json, "announced", json_time (terms->announced_at));
	set (json, "listing_start", json_time (terms->listing_start));
	set (json, "listing_end", json_time (terms->listing_end));
	set (json, "start_fen", json_money (terms->start));
	set (json, "increment_fen", json_money (terms->increment));
	if (terms->cap.fen > 0)
		set (json, "cap_fen", json_money (terms->cap));
	return json;
}

/* What the event itself says. */
static void
set_event (json_t *json, const SaleEvent *event)
{
	if (event->kind == SALE_EVENT_QUALIFY || event->kind == SALE_EVENT_QUOTE)
		set (json, "bidder", json_string (event->bidder));
	if (event->kind == SALE_EVENT_OUTAGE)
		set (json, "from", json_time (event->from));
	if (event->kind != SALE_EVENT_QUOTE)
		return;
	set (json, "arrival", json_time (event->at));
	set (json, "price_fen", json_money (event->price));
	set (json, "rule_set", hash_json (&event->rule_set));
	set (json, "seen", hash_json (&event->head));
}

/* How the sale stands after it. */
static void
set_after (json_t *json, const SaleState *after)
{
	set (json, "phase", json_string (sale_phase_name (after->phase)));
	if (after->price.fen > 0) {
		set (json, "highest_fen", json_money (after->price));
		set (json, "leader", json_string (after->leader));
	}
	if (after->phase == SALE_LIMIT_TIME)
		set (json, "deadline", json_time (after->deadline));
	if (after->phase == SALE_CLOSED) {
		set (json, "result", json_string (sale_result_name (after->result)));
		set (json, "closed", json_time (after->closed_at));
	}
	set (json, "prev", hash_json (&after->head));
}

json_t *
sale_event_json (const char *sale, const SaleState *after, const SaleEvent *event, const SaleVerdict *verdict)
{
	json_t *json = json_object ();

	set (json, "seq", json_integer ((json_int_t) after->seq));
	set (json, "sale", json_string (sale));
	set (json, "kind", json_string (sale_event_kind_name (event->kind)));
	set (json, "at", json_time (after->at));
	set_event (json, event);
	set (json, "verdict", json_string (verdict->accepted ? "accepted" : "refused"));
	if (!verdict->accepted)
		set (json, "code", json_string (diqi_code_name (verdict->code)));
	set_after (json, after);
	return json;
}

void
sale_chain (SaleState *state, const json_t *event_json)
{
	g_autoptr (GBytes) canonical = jcs_bytes (event_json);
	gsize n;
	const guint8 *p = g_bytes_get_data (canonical, &n);
	g_autofree guint8 *link = g_malloc (sizeof state->head.b + n);

	memcpy (link, state->head.b, sizeof state->head.b);
	memcpy (link + sizeof state->head.b, p, n);
	fingerprint_of (link, sizeof state->head.b + n, &state->head);
}
