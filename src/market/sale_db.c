/* market/sale_db.c — SQL of sales, rule sets and the sign of life. */
#include "market/market_db.h"

#include <string.h>

#define BLOB_OF(hash) P_BLOB ((hash).b, sizeof (hash).b)

static gboolean
read_hash (Rows *rows, guint column, Fingerprint *out, GError **error)
{
	g_autoptr (GBytes) blob = rows_bytes (rows, column);

	if (blob == NULL || g_bytes_get_size (blob) != sizeof out->b)
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a stored hash has the wrong size");
	memcpy (out->b, g_bytes_get_data (blob, NULL), sizeof out->b);
	return TRUE;
}

gboolean
db_rule_set_put (Tx *tx, const RuleSet *rules, const char *canonical, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO rule_sets (hash, name, version, canonical) VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO NOTHING",
		BLOB_OF (rules->hash), P_TEXT (rules->name), P_INT (rules->version), P_TEXT (canonical)) >= 0;
}

/* --- prompts: a short list in one column ---------------------------------------------------- */

static char *
prompts_text (const RuleSet *rules)
{
	g_autoptr (GString) text = g_string_new (NULL);

	for (guint i = 0; i < rules->prompts_n; i++)
		g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i == 0 ? "" : ",", rules->prompts[i]);
	return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
read_prompts (const char *text, RuleSet *out, GError **error)
{
	const char *p = text;

	while (*p != '\0') {
		char *end;
		if (out->prompts_n == RULE_SET_MAX_PROMPTS)
			return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a stored sale has too many prompts");
		out->prompts[out->prompts_n++] = g_ascii_strtoll (p, &end, 10);
		if (end == p || (*end != ',' && *end != '\0'))
			return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a stored sale has malformed prompts");
		p = *end == ',' ? end + 1 : end;
	}
	return TRUE;
}

/* --- sales ------------------------------------------------------------------------------------- */

#define STATE_COLUMNS "phase, seq, head, at, price_fen, leader, price_seq, deadline, closed_at, bidders_quoted, rounds, result"
#define SALE_COLUMNS "id, notice, rule_set, content, rule_name, rule_version, announce_least, listing_least, quiet, time_window, prompts, " \
	"limit_time_bidders, step_multiple, max_steps, raise_own_lead, enter_without_quote, outage_most, announced_at, listing_start, " \
	"listing_end, start_fen, increment_fen, cap_fen, " STATE_COLUMNS

/* Columns 2 and 4 to 16. */
static gboolean
read_rules (Rows *rows, RuleSet *out, GError **error)
{
	*out = (RuleSet) {
		.version = (int) rows_int (rows, 5), .announce_least = rows_int (rows, 6), .listing_least = rows_int (rows, 7),
		.quiet = rows_int (rows, 8), .window = rows_int (rows, 9), .limit_time_bidders = (guint) rows_int (rows, 11),
		.step_multiple = rows_int (rows, 12) != 0, .max_steps = (guint) rows_int (rows, 13),
		.raise_own_lead = rows_int (rows, 14) != 0, .enter_without_quote = rows_int (rows, 15) != 0,
		.outage_most = rows_int (rows, 16),
	};
	g_strlcpy (out->name, rows_text (rows, 4), sizeof out->name);
	return read_hash (rows, 2, &out->hash, error) && read_prompts (rows_text (rows, 10), out, error);
}

/* Columns 0, 2 to 22. */
static gboolean
read_terms (Rows *rows, SaleTerms *out, GError **error)
{
	*out = (SaleTerms) {
		.announced_at = rows_int (rows, 17), .listing_start = rows_int (rows, 18), .listing_end = rows_int (rows, 19),
		.start = { rows_int (rows, 20) }, .increment = { rows_int (rows, 21) }, .cap = { rows_int (rows, 22) },
	};
	g_strlcpy (out->sale, rows_text (rows, 0), sizeof out->sale);
	return read_hash (rows, 3, &out->content, error) && read_rules (rows, &out->rules, error);
}

static gboolean
read_sale (Rows *rows, SaleState *out, GError **error)
{
	*out = (SaleState) {
		.seq = (guint64) rows_int (rows, 24), .at = rows_int (rows, 26), .price = { rows_int (rows, 27) },
		.price_seq = (guint64) rows_int (rows, 29), .deadline = rows_int (rows, 30), .closed_at = rows_int (rows, 31),
		.bidders_quoted = (guint) rows_int (rows, 32), .rounds = (guint) rows_int (rows, 33),
		.qualified = g_ptr_array_new_with_free_func (g_free), .quoted = g_ptr_array_new_with_free_func (g_free),
	};
	g_strlcpy (out->leader, rows_text (rows, 28), sizeof out->leader);
	gboolean named = sale_phase_from_name (rows_text (rows, 23), &out->phase) &&
	                 sale_result_from_name (rows_text (rows, 34), &out->result);
	if (named && read_hash (rows, 25, &out->head, error) && read_terms (rows, &out->terms, error))
		return TRUE;
	sale_state_clear (out);
	return named ? FALSE : diqi_fail (error, DIQI_ERROR_STORE, NULL, "a stored sale has an unknown state");
}

static Param
moment_param (const SaleState *state)
{
	return state->phase == SALE_CLOSED ? P_NULL : P_INT (sale_next_moment (state));
}

gboolean
db_sale_insert (Tx *tx, const SaleState *state, const char *notice, GError **error)
{
	const SaleTerms *terms = &state->terms;
	const RuleSet *rules = &terms->rules;
	g_autofree char *prompts = prompts_text (rules);

	return tx_exec (tx, error,
		"INSERT INTO sales (" SALE_COLUMNS ", terms_head, next_moment) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
		"$13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)",
		P_TEXT (terms->sale), P_TEXT (notice), BLOB_OF (rules->hash), BLOB_OF (terms->content), P_TEXT (rules->name),
		P_INT (rules->version), P_INT (rules->announce_least), P_INT (rules->listing_least), P_INT (rules->quiet),
		P_INT (rules->window), P_TEXT (prompts), P_INT (rules->limit_time_bidders), P_INT (rules->step_multiple),
		P_INT (rules->max_steps), P_INT (rules->raise_own_lead), P_INT (rules->enter_without_quote), P_INT (rules->outage_most),
		P_INT (terms->announced_at), P_INT (terms->listing_start), P_INT (terms->listing_end), P_INT (terms->start.fen),
		P_INT (terms->increment.fen), P_INT (terms->cap.fen), P_TEXT (sale_phase_name (state->phase)), P_INT ((gint64) state->seq),
		BLOB_OF (state->head), P_INT (state->at), P_INT (state->price.fen), P_TEXT (state->leader), P_INT ((gint64) state->price_seq),
		P_INT (state->deadline), P_INT (state->closed_at), P_INT (state->bidders_quoted), P_INT (state->rounds),
		P_TEXT (sale_result_name (state->result)), BLOB_OF (state->head), moment_param (state)) == 1;
}

gboolean
db_sale_update (Tx *tx, const SaleState *state, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE sales SET phase = $2, seq = $3, head = $4, at = $5, price_fen = $6, leader = $7, price_seq = $8, deadline = $9, "
		"closed_at = $10, bidders_quoted = $11, rounds = $12, result = $13, next_moment = $14 WHERE id = $1",
		P_TEXT (state->terms.sale), P_TEXT (sale_phase_name (state->phase)), P_INT ((gint64) state->seq), BLOB_OF (state->head),
		P_INT (state->at), P_INT (state->price.fen), P_TEXT (state->leader), P_INT ((gint64) state->price_seq),
		P_INT (state->deadline), P_INT (state->closed_at), P_INT (state->bidders_quoted), P_INT (state->rounds),
		P_TEXT (sale_result_name (state->result)), moment_param (state)) == 1;
}

gboolean
db_sale_lock (Tx *tx, const char *id, SaleState *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query_lock (tx, error, "SELECT " SALE_COLUMNS " FROM sales WHERE id = $1", P_TEXT (id));

	if (rows == NULL)
		return FALSE;
	*found = rows_next (rows, error);
	return !*found || read_sale (rows, out, error);
}

gboolean
db_sale_get (Tx *tx, const char *id, SaleState *out, char **notice, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT " SALE_COLUMNS " FROM sales WHERE id = $1", P_TEXT (id));

	if (rows == NULL)
		return FALSE;
	*found = rows_next (rows, error);
	if (*found && notice != NULL)
		*notice = rows_dup_text (rows, 1);
	return !*found || read_sale (rows, out, error);
}

static gboolean
take_ids (Rows *rows, GPtrArray *out)
{
	if (rows == NULL)
		return FALSE;
	while (rows_next (rows, NULL))
		g_ptr_array_add (out, rows_dup_text (rows, 0));
	return TRUE;
}

gboolean
db_sales_announced (Tx *tx, Micros now, const char *cursor, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id FROM sales WHERE announced_at <= $1 AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
		P_INT (now), P_TEXT (cursor), P_INT (limit));

	return take_ids (rows, out);
}

gboolean
db_sales_due (Tx *tx, Micros until, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id FROM sales WHERE next_moment <= $1 ORDER BY next_moment, id", P_INT (until));

	return take_ids (rows, out);
}

gboolean
db_sales_open (Tx *tx, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT id FROM sales WHERE next_moment IS NOT NULL ORDER BY id");

	return take_ids (rows, out);
}

gboolean
db_sale_terms_head (Tx *tx, const char *id, Fingerprint *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT terms_head FROM sales WHERE id = $1", P_TEXT (id));

	if (rows == NULL)
		return FALSE;
	if (!rows_next (rows, error))
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no such sale");
	return read_hash (rows, 0, out, error);
}

/* --- sign of life --------------------------------------------------------------------------------- */

gboolean
db_beat_put (Tx *tx, Micros at, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO service_beat (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at", P_INT (at)) >= 0;
}

gboolean
db_beat_get (Tx *tx, Micros *at, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT at FROM service_beat WHERE id = 1");

	if (rows == NULL)
		return FALSE;
	*at = rows_next (rows, error) ? rows_int (rows, 0) : 0;
	return TRUE;
}
