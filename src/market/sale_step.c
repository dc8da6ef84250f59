/* market/sale_step.c — see sale.h.  Idea: time is settled first, moment by moment, then the event is judged
 * against what is left; nothing else ever changes a sale. */
#include "market/sale.h"

#include <string.h>

/* --- lists of bidder numbers --------------------------------------------------------- */

/* Index of bidder, or where it would go. */
static guint
list_find (const GPtrArray *list, const char *bidder, gboolean *found)
{
	guint low = 0, high = list->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;
		int order = strcmp (g_ptr_array_index (list, middle), bidder);
		if (order == 0) {
			*found = TRUE;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = FALSE;
	return low;
}

gboolean
bidder_list_has (const GPtrArray *list, const char *bidder)
{
	gboolean found;

	list_find (list, bidder, &found);
	return found;
}

void
bidder_list_add (GPtrArray *list, const char *bidder)
{
	gboolean found;
	guint place = list_find (list, bidder, &found);

	if (!found)
		g_ptr_array_insert (list, (gint) place, g_strdup (bidder));
}

gboolean
bidder_no_is_valid (const char *text)
{
	gsize n = strlen (text);

	if (n == 0 || n >= BIDDER_NO_SIZE)
		return FALSE;
	for (gsize i = 0; i < n; i++)
		if (!g_ascii_isalnum (text[i]) && text[i] != '-')
			return FALSE;
	return TRUE;
}

/* --- state ----------------------------------------------------------------------------- */

void
sale_state_init (SaleState *state, const SaleTerms *terms)
{
	g_autoptr (json_t) json = sale_terms_json (terms);
	g_autoptr (GBytes) canonical = jcs_bytes (json);

	memset (state, 0, sizeof *state);
	state->terms = *terms;
	state->phase = SALE_ANNOUNCED;
	state->at = terms->announced_at;
	fingerprint_of (g_bytes_get_data (canonical, NULL), g_bytes_get_size (canonical), &state->head);
	state->qualified = g_ptr_array_new_with_free_func (g_free);
	state->quoted = g_ptr_array_new_with_free_func (g_free);
}

void
sale_state_clear (SaleState *state)
{
	g_clear_pointer (&state->qualified, g_ptr_array_unref);
	g_clear_pointer (&state->quoted, g_ptr_array_unref);
}

static gpointer copy_text (gconstpointer text, gpointer unused G_GNUC_UNUSED) { return g_strdup (text); }

static GPtrArray *
list_copy (GPtrArray *from)
{
	GPtrArray *to = g_ptr_array_copy (from, copy_text, NULL);

	g_ptr_array_set_free_func (to, g_free);
	return to;
}

void
sale_state_copy (SaleState *to, const SaleState *from)
{
	*to = *from;
	to->qualified = list_copy (from->qualified);
	to->quoted = list_copy (from->quoted);
}

static gboolean
list_equal (const GPtrArray *a, const GPtrArray *b)
{
	if (a->len != b->len)
		return FALSE;
	for (guint i = 0; i < a->len; i++)
		if (strcmp (g_ptr_array_index (a, i), g_ptr_array_index (b, i)) != 0)
			return FALSE;
	return TRUE;
}

gboolean
sale_state_equal (const SaleState *a, const SaleState *b)
{
	g_autoptr (json_t) terms_a = sale_terms_json (&a->terms);
	g_autoptr (json_t) terms_b = sale_terms_json (&b->terms);

	return json_equal (terms_a, terms_b) && a->phase == b->phase && a->seq == b->seq &&
	       fingerprint_equal (&a->head, &b->head) && a->at == b->at && a->price.fen == b->price.fen &&
	       strcmp (a->leader, b->leader) == 0 && a->price_seq == b->price_seq && a->deadline == b->deadline &&
	       a->closed_at == b->closed_at && a->bidders_quoted == b->bidders_quoted && a->rounds == b->rounds &&
	       a->result == b->result && list_equal (a->qualified, b->qualified) && list_equal (a->quoted, b->quoted);
}

/* --- time ------------------------------------------------------------------------------- */

Micros
sale_next_moment (const SaleState *state)
{
	switch (state->phase) {
	case SALE_ANNOUNCED:
		return state->terms.listing_start;
	case SALE_LISTING:
		return state->terms.listing_end - state->terms.rules.quiet;
	case SALE_QUIET:
		return state->terms.listing_end;
	case SALE_LIMIT_TIME:
		return state->deadline;
	case SALE_CLOSED:
	case SALE_N_PHASES:
		break;
	}
	return G_MAXINT64;
}

static void
start_window (SaleState *state, Micros at)
{
	state->deadline = at + state->terms.rules.window;
	state->rounds++;
}

static void
close_sale (SaleState *state, Micros moment)
{
	state->phase = SALE_CLOSED;
	state->deadline = 0;
	state->closed_at = moment;
	/* TR-18, TR-20, TR-21: the highest quote wins, wherever it was made; none is 流拍. */
	state->result = state->price.fen > 0 ? RESULT_WON : RESULT_FAILED;
}

/* The one transition that is due at `moment`. */
static void
pass_moment (SaleState *state, Micros moment)
{
	switch (state->phase) {
	case SALE_ANNOUNCED:
		state->phase = SALE_LISTING;
		return;
	case SALE_LISTING:
		state->phase = SALE_QUIET;             /* TR-22 */
		return;
	case SALE_QUIET:
		if (state->bidders_quoted < state->terms.rules.limit_time_bidders) {
			close_sale (state, moment);    /* TR-18 */
			return;
		}
		state->phase = SALE_LIMIT_TIME;        /* TR-19 */
		start_window (state, moment);
		return;
	case SALE_LIMIT_TIME:
		close_sale (state, moment);            /* TR-20 */
		return;
	case SALE_CLOSED:
	case SALE_N_PHASES:
		return;
	}
}

static gboolean
settle (SaleState *state, Micros until)
{
	gboolean moved = FALSE;

	for (Micros moment; (moment = sale_next_moment (state)) <= until; moved = TRUE)
		pass_moment (state, moment);
	return moved;
}

/* TR-20 owes every bidder a whole window: one that an outage touched is void and a new one runs from its end.
 * A listing is not prolonged (the rule has no such clause; suspending a sale is an act of officers, TR-23). */
static gboolean
outlast (SaleState *state, Micros from, Micros until)
{
	gboolean moved = settle (state, MIN (from, until));

	if (until - from <= state->terms.rules.outage_most)
		return settle (state, until) || moved;
	while (state->phase != SALE_LIMIT_TIME && sale_next_moment (state) <= until) {
		pass_moment (state, sale_next_moment (state));
		moved = TRUE;
	}
	if (state->phase != SALE_LIMIT_TIME)
		return moved;
	start_window (state, until);
	return TRUE;
}

guint
sale_prompts_due (const SaleState *state, Micros now)
{
	guint due = 0;

	if (state->phase != SALE_LIMIT_TIME)
		return 0;
	while (due < state->terms.rules.prompts_n && now >= state->deadline - state->terms.rules.prompts[due])
		due++;
	return due;
}

/* --- quotes -------------------------------------------------------------------------------- */

static gboolean
is_open (SalePhase phase)
{
	return phase == SALE_LISTING || phase == SALE_LIMIT_TIME;
}

/* Does price lie on the lattice above what is there (TR-16)?  Prices lie in 0..MONEY_MAX_FEN, so the
 * difference cannot overflow. */
static gboolean
on_lattice (const SaleState *state, Money price)
{
	const RuleSet *rules = &state->terms.rules;
	gint64 step = state->terms.increment.fen;
	gboolean first = state->price.fen == 0;
	gint64 above = price.fen - (first ? state->terms.start.fen : state->price.fen);

	if (above < (first ? 0 : step))
		return FALSE;
	if (rules->step_multiple && above % step != 0)
		return FALSE;
	/* Rounded up, so that a part of a step counts as one. */
	return rules->max_steps == 0 || above / step + (above % step != 0) <= (gint64) rules->max_steps;
}

static gboolean
refuse (SaleVerdict *verdict, DiqiErrorCode code)
{
	verdict->accepted = FALSE;
	verdict->code = code;
	return FALSE;
}

static gboolean
judge_price (const SaleState *state, Money price, SaleVerdict *verdict)
{
	if (price.fen < state->terms.start.fen)
		return refuse (verdict, DIQI_ERROR_QUOTE_BELOW_START);
	if (price.fen > MONEY_MAX_FEN || (state->terms.cap.fen > 0 && price.fen > state->terms.cap.fen))
		return refuse (verdict, DIQI_ERROR_QUOTE_ABOVE_LIMIT);
	if (!on_lattice (state, price))
		return refuse (verdict, DIQI_ERROR_QUOTE_LATTICE);
	return TRUE;
}

static gboolean
judge_quote (const SaleState *state, const SaleEvent *event, SaleVerdict *verdict)
{
	const RuleSet *rules = &state->terms.rules;

	if (!bidder_list_has (state->qualified, event->bidder))
		return refuse (verdict, DIQI_ERROR_BIDDER_UNQUALIFIED);
	if (state->phase == SALE_CLOSED)
		return refuse (verdict, DIQI_ERROR_QUOTE_LATE);
	if (!is_open (state->phase))
		return refuse (verdict, DIQI_ERROR_QUOTE_NOT_OPEN);
	if (!fingerprint_equal (&event->rule_set, &rules->hash))
		return refuse (verdict, DIQI_ERROR_QUOTE_RULE_SET);
	if (!event->head_known)
		return refuse (verdict, DIQI_ERROR_QUOTE_HEAD);
	if (state->phase == SALE_LIMIT_TIME && !rules->enter_without_quote &&
	    !bidder_list_has (state->quoted, event->bidder))
		return refuse (verdict, DIQI_ERROR_QUOTE_NO_ENTRY);
	if (!rules->raise_own_lead && strcmp (state->leader, event->bidder) == 0)
		return refuse (verdict, DIQI_ERROR_QUOTE_OWN_LEAD);
	return judge_price (state, event->price, verdict);
}

static void
take_quote (SaleState *state, const SaleEvent *event, Micros at, SaleVerdict *verdict)
{
	if (!judge_quote (state, event, verdict))
		return;
	state->price = event->price;
	state->price_seq = state->seq + 1;
	g_strlcpy (state->leader, event->bidder, sizeof state->leader);
	if (!bidder_list_has (state->quoted, event->bidder)) {
		bidder_list_add (state->quoted, event->bidder);
		state->bidders_quoted++;
	}
	if (state->phase == SALE_LIMIT_TIME) {
		start_window (state, at);              /* TR-20 */
		verdict->moved = TRUE;
	}
}

gboolean
sale_next_price (const SaleState *state, Money *out)
{
	Money next = state->terms.start;

	if (!is_open (state->phase))
		return FALSE;
	if (state->price.fen > 0 && !money_add (state->price, state->terms.increment, &next))
		return FALSE;
	if (next.fen > MONEY_MAX_FEN || (state->terms.cap.fen > 0 && next.fen > state->terms.cap.fen))
		return FALSE;
	*out = next;
	return TRUE;
}

/* --- qualification --------------------------------------------------------------------------- */

/* Who may take part is settled before limit-time: nobody is let in while a window runs. */
static void
take_qualification (SaleState *state, const SaleEvent *event, SaleVerdict *verdict)
{
	if (state->phase >= SALE_LIMIT_TIME || state->qualified->len >= SALE_MAX_BIDDERS)
		refuse (verdict, DIQI_ERROR_SALE_STATE);
	else if (bidder_list_has (state->qualified, event->bidder))
		refuse (verdict, DIQI_ERROR_BIDDER_QUALIFIED);
	else
		bidder_list_add (state->qualified, event->bidder);
}

void
sale_step (SaleState *state, const SaleEvent *event, SaleVerdict *verdict)
{
	Micros at = MAX (event->at, state->at);

	*verdict = (SaleVerdict) { .accepted = TRUE, .happened = TRUE, .phase_before = state->phase };
	if (event->kind == SALE_EVENT_OUTAGE)
		/* A quote accepted after `from` proves that the service was there until then. */
		verdict->moved = outlast (state, MAX (event->from, state->at), at);
	else
		verdict->moved = settle (state, at);
	switch (event->kind) {
	case SALE_EVENT_QUALIFY:
		take_qualification (state, event, verdict);
		break;
	case SALE_EVENT_QUOTE:
		take_quote (state, event, at, verdict);
		break;
	case SALE_EVENT_TIME:
	case SALE_EVENT_OUTAGE:
	case SALE_N_EVENTS:
		verdict->happened = verdict->moved;
		break;
	}
	if (!verdict->happened)
		return;
	state->seq++;
	state->at = at;
}
