/* market/notice.c — a notice from draft to the opening of its sale. */
#include "market/market_private.h"

#include <string.h>

#include "base/random.h"

#define AT "/content"
#define OFFICERS_WHO_SEE_ALL (ROLE_MARKET_EDITOR | ROLE_MARKET_APPROVER | ROLE_AUDITOR)

/* --- content ------------------------------------------------------------------------------ */

/* What a content means: read, its rule set found, the rules kept. */
typedef struct {
	NoticeContent content;
	RuleSet rules;
	char *rules_text;
} Reading;

static void reading_clear (Reading *reading) { g_free (reading->rules_text); }
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reading, reading_clear)

static gboolean
read_content (const json_t *json, Micros now, Reading *out, json_t *warnings, GError **error)
{
	NoticeContent *c = &out->content;

	if (!notice_content_read (json, AT, c, error))
		return FALSE;
	if (!rule_set_builtin (c->rule_set, c->rule_version, &out->rules, &out->rules_text, NULL))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, AT "/rule_set", "this site has no rule set %s version %d", c->rule_set, c->rule_version);
	if (c->has_hash && !fingerprint_equal (&c->rule_hash, &out->rules.hash))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, AT "/rule_set/hash", "this is not the hash of that rule set");
	return notice_content_check (c, &out->rules, AT, now, warnings, error);
}

/* The canonical text with the rule set's hash in it, so that who signs the content signs the rules. */
static gboolean
set_content (NoticeRow *row, const json_t *json, const Reading *reading, GError **error)
{
	g_autoptr (json_t) filled = json_deep_copy (json);
	gsize n;

	json_object_set_new (json_object_get (filled, "rule_set"), "hash", json_hex (reading->rules.hash.b, sizeof reading->rules.hash.b));
	g_free (row->content);
	row->content = jcs_dump (filled, &n, error);
	if (row->content == NULL)
		return FALSE;
	fingerprint_of (row->content, n, &row->content_hash);
	row->announced_at = reading->content.announce;
	return TRUE;
}

static json_t *
stored_content (const NoticeRow *row, GError **error)
{
	return json_read_strict (row->content, strlen (row->content), 1 << 20, error);
}

/* --- views ------------------------------------------------------------------------------------ */

static const char *
shown_state (const NoticeRow *row, SalePhase phase, Micros now)
{
	if (strcmp (row->state, "approved") != 0)
		return row->state;
	if (phase == SALE_CLOSED)
		return "closed";
	return now >= row->announced_at ? "announced" : "approved";
}

static gboolean
phase_of (Tx *tx, const NoticeRow *row, SalePhase *out, GError **error)
{
	g_auto (SaleState) state = { 0 };
	gboolean found = FALSE;

	*out = SALE_ANNOUNCED;
	if (row->sale == NULL)
		return TRUE;
	if (!db_sale_get (tx, row->sale, &state, NULL, &found, error))
		return FALSE;
	if (found)
		*out = state.phase;
	return TRUE;
}

static gboolean
sees_all (const Actor *actor)
{
	return actor != NULL && actor_has_role (actor, OFFICERS_WHO_SEE_ALL);
}

static void
add_officers_part (json_t *view, const NoticeRow *row, const json_t *content)
{
	g_autoptr (json_t) warnings = json_array ();
	g_auto (Reading) reading = { 0 };

	json_object_set_new (view, "editor", json_string (row->editor));
	if (row->submitted_by != NULL)
		json_object_set_new (view, "submitted_by", json_string (row->submitted_by));
	if (row->approved_by != NULL)
		json_object_set_new (view, "approved_by", json_string (row->approved_by));
	/* Checked as of its making: what time has overtaken is told when it is submitted or approved. */
	if (read_content (content, MIN (row->updated, row->announced_at), &reading, warnings, NULL))
		json_object_set (view, "warnings", warnings);
}

static json_t *
make_view (Tx *tx, const NoticeRow *row, gboolean all, Micros now, GError **error)
{
	g_autoptr (json_t) content = stored_content (row, error);
	SalePhase phase;

	if (content == NULL || !phase_of (tx, row, &phase, error))
		return NULL;
	json_t *view = json_object ();
	json_object_set_new (view, "notice", json_string (row->id));
	json_object_set_new (view, "state", json_string (shown_state (row, phase, now)));
	json_object_set_new (view, "version", json_integer (row->version));
	json_object_set (view, "content", content);
	json_object_set_new (view, "content_hash", json_hex (row->content_hash.b, sizeof row->content_hash.b));
	json_object_set_new (view, "announced", json_time (row->announced_at));
	json_object_set_new (view, "created", json_time (row->created));
	json_object_set_new (view, "updated", json_time (row->updated));
	if (row->sale != NULL)
		json_object_set_new (view, "sale", json_string (row->sale));
	if (all)
		add_officers_part (view, row, content);
	return view;
}

static gboolean
is_public (const NoticeRow *row, Micros now)
{
	return strcmp (row->state, "approved") == 0 && row->announced_at <= now;
}

gboolean
notice_view (Tx *tx, const Actor *actor, const char *id, Micros now, json_t **view, GError **error)
{
	g_auto (NoticeRow) row = { 0 };
	gboolean found = FALSE, all = sees_all (actor);

	if (!db_notice_get (tx, id, &row, &found, error))
		return FALSE;
	if (!found || (!all && !is_public (&row, now)))
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no such notice");
	*view = make_view (tx, &row, all, now, error);
	return *view != NULL;
}

gboolean
notice_list (Tx *tx, const Actor *actor, const char *cursor, guint limit, Micros now,
             json_t **items, char **next_cursor, GError **error)
{
	g_autoptr (GPtrArray) rows = g_ptr_array_new ();
	g_autoptr (json_t) list = json_array ();
	gboolean all = sees_all (actor);

	/* One more than asked for tells whether there is a next page. */
	if (!(all ? db_notices (tx, cursor, limit + 1, rows, error) : db_notices_announced (tx, now, cursor, limit + 1, rows, error)))
		return FALSE;
	for (guint i = 0; i < MIN (rows->len, limit); i++) {
		json_t *view = make_view (tx, g_ptr_array_index (rows, i), all, now, error);
		if (view == NULL)
			return FALSE;
		json_array_append_new (list, view);
	}
	*next_cursor = rows->len > limit ? g_strdup (((NoticeRow *) g_ptr_array_index (rows, limit - 1))->id) : NULL;
	*items = g_steal_pointer (&list);
	return TRUE;
}

static gboolean
give_view (Tx *tx, const char *id, Micros now, json_t **view, GError **error)
{
	g_auto (NoticeRow) row = { 0 };
	gboolean found = FALSE;

	if (view == NULL)
		return TRUE;
	if (!db_notice_get (tx, id, &row, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no such notice");
	*view = make_view (tx, &row, TRUE, now, error);
	return *view != NULL;
}

/* --- drafts ---------------------------------------------------------------------------------------- */

gboolean
notice_create (Tx *tx, const MarketAct *act, const json_t *content, json_t **view, GError **error)
{
	g_auto (Reading) reading = { 0 };
	g_auto (NoticeRow) row = { 0 };

	if (!act_require_role (act, ROLE_MARKET_EDITOR, error) || !read_content (content, act->now, &reading, NULL, error) ||
	    !set_content (&row, content, &reading, error))
		return FALSE;
	row.id = uuid7_new (act->now);
	row.state = g_strdup ("draft");
	row.version = 1;
	row.editor = g_strdup (act->actor->person);
	row.created = row.updated = act->now;
	return db_notice_insert (tx, &row, error) && give_view (tx, row.id, act->now, view, error);
}

static gboolean
lock_in_state (Tx *tx, const char *id, const char *state, NoticeRow *row, GError **error)
{
	gboolean found = FALSE;

	if (!db_notice_lock (tx, id, row, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no such notice");
	if (strcmp (row->state, state) != 0)
		return diqi_fail (error, DIQI_ERROR_NOTICE_STATE, NULL, "the notice is %s, not %s", row->state, state);
	return TRUE;
}

static void
set_text (char **member, const char *text)
{
	g_free (*member);
	*member = g_strdup (text);
}

static gboolean
save (Tx *tx, NoticeRow *row, Micros now, GError **error)
{
	row->version++;
	row->updated = now;
	return db_notice_update (tx, row, error);
}

gboolean
notice_update (Tx *tx, const MarketAct *act, const char *id, gint64 expected_version, const json_t *content,
               json_t **view, GError **error)
{
	g_auto (Reading) reading = { 0 };
	g_auto (NoticeRow) row = { 0 };

	if (!act_require_role (act, ROLE_MARKET_EDITOR, error) || !lock_in_state (tx, id, "draft", &row, error))
		return FALSE;
	if (row.version != expected_version)
		return diqi_fail (error, DIQI_ERROR_IF_MATCH_STALE, NULL, "the notice is at version %" G_GINT64_FORMAT, row.version);
	if (!read_content (content, act->now, &reading, NULL, error) || !set_content (&row, content, &reading, error))
		return FALSE;
	set_text (&row.editor, act->actor->person);
	return save (tx, &row, act->now, error) && give_view (tx, id, act->now, view, error);
}

/* --- signed acts -------------------------------------------------------------------------------------- */

/* The statement names this notice, this version and exactly this content. */
static gboolean
check_statement (const MarketAct *act, const char *type, const char *id, const NoticeRow *row, GError **error)
{
	const char *notice = NULL, *hash = NULL;
	gint64 version = 0;
	Fingerprint content;
	const Field fields[] = {
		{ "notice", FIELD_UUID, TRUE, 0, &notice }, { "version", FIELD_INT, TRUE, 0, &version },
		{ "content", FIELD_HEX32, TRUE, 0, &hash },
	};

	if (!act_read_statement (act, type, act->now, fields, G_N_ELEMENTS (fields), error))
		return FALSE;
	if (strcmp (notice, id) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/notice", "the statement is about another notice");
	if (version != row->version)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/version", "the notice is at version %" G_GINT64_FORMAT, row->version);
	hash_of_hex (hash, &content);
	if (!fingerprint_equal (&content, &row->content_hash))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/content", "the notice says something else");
	return TRUE;
}

gboolean
notice_submit (Tx *tx, const MarketAct *act, const char *id, json_t **view, GError **error)
{
	g_auto (NoticeRow) row = { 0 };
	g_auto (Reading) reading = { 0 };

	if (!act_require_role (act, ROLE_MARKET_EDITOR, error) || !lock_in_state (tx, id, "draft", &row, error) ||
	    !check_statement (act, "notice.submit", id, &row, error))
		return FALSE;
	g_autoptr (json_t) content = stored_content (&row, error);
	if (content == NULL || !read_content (content, act->now, &reading, NULL, error))
		return FALSE;
	g_autoptr (json_t) by = act_by (act);
	g_autoptr (json_t) effect = notice_effect (id, row.version, &row.content_hash, by);
	set_text (&row.state, "submitted");
	set_text (&row.submitted_by, act->actor->person);
	return save (tx, &row, act->now, error) &&
	       evidence_append (tx, "notice.submit", id, act->now, act->statement, effect, NULL, error) &&
	       give_view (tx, id, act->now, view, error);
}

static gboolean
open_sale (Tx *tx, const NoticeRow *row, const Reading *reading, Micros now, SaleState *state, GError **error)
{
	g_autofree char *sale = uuid7_new (now);
	SaleTerms terms;

	notice_content_terms (&reading->content, &reading->rules, &row->content_hash, sale, &terms);
	sale_state_init (state, &terms);
	return db_rule_set_put (tx, &reading->rules, reading->rules_text, error) && db_sale_insert (tx, state, row->id, error);
}

static json_t *
effect_of_approval (const MarketAct *act, const NoticeRow *row, const json_t *content, const Reading *reading,
                    const SaleState *state, GError **error)
{
	g_autoptr (json_t) by = act_by (act);
	g_autoptr (json_t) rule_set = json_read_strict (reading->rules_text, strlen (reading->rules_text), 65536, error);
	Approval approval = { row->id, row->version, by, content, rule_set, row->submitted_by, state };

	return rule_set != NULL ? approval_effect (&approval) : NULL;
}

gboolean
notice_approve (Tx *tx, const MarketAct *act, const char *id, json_t **view, GError **error)
{
	g_auto (NoticeRow) row = { 0 };
	g_auto (Reading) reading = { 0 };
	g_auto (SaleState) state = { 0 };
	const char *person = act->actor->person;

	if (!act_require_role (act, ROLE_MARKET_APPROVER, error) || !lock_in_state (tx, id, "submitted", &row, error))
		return FALSE;
	if (strcmp (person, row.editor) == 0 || strcmp (person, row.submitted_by) == 0)
		return diqi_fail (error, DIQI_ERROR_SAME_PERSON, NULL, "who wrote or submitted a notice does not approve it");
	if (!check_statement (act, "notice.approve", id, &row, error))
		return FALSE;
	g_autoptr (json_t) content = stored_content (&row, error);
	if (content == NULL || !read_content (content, act->now, &reading, NULL, error) ||
	    !open_sale (tx, &row, &reading, act->now, &state, error))
		return FALSE;
	g_autoptr (json_t) effect = effect_of_approval (act, &row, content, &reading, &state, error);
	if (effect == NULL)
		return FALSE;
	set_text (&row.state, "approved");
	set_text (&row.approved_by, person);
	return save (tx, &row, act->now, error) &&
	       evidence_append (tx, "notice.approve", id, act->now, act->statement, effect, NULL, error) &&
	       give_view (tx, id, act->now, view, error);
}
