/* market/sale_replay.c — see sale_replay.h. */
#include "market/sale_replay.h"

#include <string.h>

#include "market/market_private.h"

typedef struct {
	char *subject;
	Fingerprint spki;
} Bidder;

static void
bidder_free (gpointer p)
{
	Bidder *bidder = p;
	g_free (bidder->subject);
	g_free (bidder);
}

typedef struct {
	const Bundle *bundle;
	guint at;                      /* leaf under judgement */
	SaleReplay *out;
	char *submitter;               /* person */
	gint64 version;                /* submitted */
	Fingerprint content;
	gboolean open;                 /* the sale has begun */
	Micros moment;                 /* last one settled */
	GHashTable *bidders;           /* number → Bidder */
	GHashTable *subjects;          /* of bidders, borrowed */
	GHashTable *heads;             /* hex, owned */
} Replay;

void
sale_replay_clear (SaleReplay *replay)
{
	sale_state_clear (&replay->state);
	g_free (replay->notice);
	g_free (replay->title);
	g_free (replay->number);
	g_free (replay->parcel);
	g_free (replay->winner);
	memset (replay, 0, sizeof *replay);
}

static const BundleLeaf *leaf_of (const Replay *r) { return bundle_leaf (r->bundle, r->at); }

G_GNUC_PRINTF (3, 4) static gboolean
differ (const Replay *r, GError **error, const char *format, ...)
{
	g_autofree char *field = g_strdup_printf ("/leaves/%u/leaf", r->at);
	va_list args;

	va_start (args, format);
	g_autofree char *detail = g_strdup_vprintf (format, args);
	va_end (args);
	return bundle_refuse (error, field, "%s", detail);
}

/* The first member in which what the site logged is not what follows from the evidence. */
static gboolean
same_effect (const Replay *r, const json_t *expected, GError **error)
{
	const json_t *actual = leaf_of (r)->effect;
	const char *name;
	json_t *value;

	if (json_equal (expected, actual))
		return TRUE;
	json_object_foreach ((json_t *) expected, name, value)
		if (!json_equal (value, json_object_get (actual, name)))
			return differ (r, error, "\"%s\" is not what follows from the evidence", name);
	json_object_foreach ((json_t *) actual, name, value)
		if (json_object_get (expected, name) == NULL)
			return differ (r, error, "\"%s\" does not follow from the evidence", name);
	return differ (r, error, "the effect does not follow from the evidence");
}

/* --- statements and officers ---------------------------------------------------------------- */

static gboolean
read_statement (const Replay *r, const char *type, const Field *fields, gsize n, GError **error)
{
	const BundleLeaf *leaf = leaf_of (r);
	const char *text = NULL;
	Micros time = 0;
	const Field common[] = {
		{ "type", FIELD_STRING, TRUE, 32, &text }, { "site", FIELD_STRING, TRUE, 64, &text },
		{ "time", FIELD_TIME, TRUE, 0, &time }, { "nonce", FIELD_STRING, TRUE, 22, &text },
	};
	g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (Field));
	g_autoptr (GError) why = NULL;

	if (leaf->statement == NULL || leaf->others_n != 0)
		return differ (r, error, "%s needs exactly one statement", leaf->type);
	if (strcmp (statement_type (leaf->statement->statement), type) != 0)
		return differ (r, error, "its statement is of type \"%s\"", statement_type (leaf->statement->statement));
	g_array_append_vals (all, common, G_N_ELEMENTS (common));
	g_array_append_vals (all, fields, (guint) n);
	if (!json_read_fields (statement_payload (leaf->statement->statement), "", (const Field *) (gpointer) all->data, all->len, &why))
		return differ (r, error, "its statement: %s", why->message);
	return TRUE;
}

/* Who signed is an officer, is the person whom the log names, and had the role when it was logged. */
static gboolean
check_officer (const Replay *r, const json_t *by, Role role, char **person, GError **error)
{
	const BundleSigned *s = leaf_of (r)->statement;
	g_autoptr (GError) why = NULL;
	guint roles = 0;

	if (s->certificate == NULL || !statement_by_certificate (s->statement) || !certificate_has_policy (s->certificate, POLICY_OFFICER))
		return differ (r, error, "its statement is not signed with an officer's certificate");
	*person = certificate_subject_attribute (s->certificate, NAME_SERIAL_NUMBER);
	g_autofree char *fingerprint = fingerprint_hex (statement_signer (s->statement));
	if (g_strcmp0 (json_string_value (json_object_get (by, "person")), *person) != 0 ||
	    g_strcmp0 (json_string_value (json_object_get (by, "fingerprint")), fingerprint) != 0)
		return differ (r, error, "\"by\" is not the person who signed");
	if (!roles_from_json (json_object_get (by, "roles"), "/effect/by/roles", &roles, &why) || (roles & role) == 0)
		return differ (r, error, "the officer had no right to this act");
	return TRUE;
}

static gboolean
read_notice_statement (const Replay *r, const char *type, const char **notice, gint64 *version, Fingerprint *content, GError **error)
{
	const char *hash = NULL;
	const Field fields[] = {
		{ "notice", FIELD_UUID, TRUE, 0, notice }, { "version", FIELD_INT, TRUE, 0, version }, { "content", FIELD_HEX32, TRUE, 0, &hash },
	};

	if (!read_statement (r, type, fields, G_N_ELEMENTS (fields), error))
		return FALSE;
	hash_of_hex (hash, content);
	return strcmp (*notice, leaf_of (r)->subject) == 0 || differ (r, error, "its statement is about another notice");
}

/* --- the notice --------------------------------------------------------------------------------- */

static gboolean
take_submission (Replay *r, GError **error)
{
	const json_t *by = json_object_get (leaf_of (r)->effect, "by");
	const char *notice = NULL;

	if (r->submitter != NULL)
		return differ (r, error, "the notice was submitted before");
	if (!read_notice_statement (r, "notice.submit", &notice, &r->version, &r->content, error) ||
	    !check_officer (r, by, ROLE_MARKET_EDITOR, &r->submitter, error))
		return FALSE;
	r->out->notice = g_strdup (notice);
	g_autoptr (json_t) expected = notice_effect (notice, r->version, &r->content, by);
	return same_effect (r, expected, error);
}

/* Content and rules against the hashes the officers signed; the trading rules against the content. */
static gboolean
read_terms (Replay *r, SaleTerms *out, GError **error)
{
	const json_t *effect = leaf_of (r)->effect, *content_json = json_object_get (effect, "content");
	const char *sale = json_string_value (json_object_get (effect, "sale"));
	g_autoptr (GError) why = NULL;
	NoticeContent content;
	Fingerprint hash;
	RuleSet rules;
	gsize n;

	if (!json_is_object (content_json) || sale == NULL || strlen (sale) >= SALE_ID_SIZE)
		return differ (r, error, "\"content\" or \"sale\" is missing");
	g_autofree char *canonical = jcs_dump (content_json, &n, &why);
	if (canonical == NULL)
		return differ (r, error, "%s", why->message);
	fingerprint_of (canonical, n, &hash);
	if (!fingerprint_equal (&hash, &r->content))
		return differ (r, error, "\"content\" is not what the officers signed");
	if (!notice_content_read (content_json, "/content", &content, &why) ||
	    !rule_set_parse (json_object_get (effect, "rule_set"), &rules, &why))
		return differ (r, error, "%s", why->message);
	if (!content.has_hash || !fingerprint_equal (&content.rule_hash, &rules.hash))
		return differ (r, error, "\"rule_set\" is not the one the notice names");
	if (!notice_content_check (&content, &rules, "/content", leaf_of (r)->time, NULL, &why))
		return differ (r, error, "%s", why->message);
	notice_content_terms (&content, &rules, &hash, sale, out);
	r->out->title = g_strdup (content.title);
	r->out->number = g_strdup (content.number);
	r->out->parcel = g_strdup (content.code);
	return TRUE;
}

static void
know_head (Replay *r)
{
	g_hash_table_add (r->heads, fingerprint_hex (&r->out->state.head));
}

static gboolean
take_approval (Replay *r, GError **error)
{
	const json_t *effect = leaf_of (r)->effect, *by = json_object_get (effect, "by");
	const char *notice = NULL;
	g_autofree char *person = NULL;
	gint64 version = 0;
	Fingerprint content;
	SaleTerms terms;

	if (r->submitter == NULL || r->open)
		return differ (r, error, "approved out of order");
	if (!read_notice_statement (r, "notice.approve", &notice, &version, &content, error) ||
	    !check_officer (r, by, ROLE_MARKET_APPROVER, &person, error))
		return FALSE;
	if (strcmp (notice, r->out->notice) != 0 || version != r->version + 1 || !fingerprint_equal (&content, &r->content))
		return differ (r, error, "what was approved is not what was submitted");
	if (g_strcmp0 (person, r->submitter) == 0)
		return differ (r, error, "one person submitted and approved");
	if (!read_terms (r, &terms, error))
		return FALSE;
	sale_state_init (&r->out->state, &terms);
	r->open = TRUE;
	know_head (r);
	Approval approval = { notice, version, by, json_object_get (effect, "content"), json_object_get (effect, "rule_set"),
		r->submitter, &r->out->state };
	g_autoptr (json_t) expected = approval_effect (&approval);
	return same_effect (r, expected, error);
}

/* --- events ------------------------------------------------------------------------------------------ */

static gboolean
effect_time (const Replay *r, const char *name, Micros *out, GError **error)
{
	const char *text = json_string_value (json_object_get (leaf_of (r)->effect, name));

	if (text == NULL || !time_parse (text, out, NULL))
		return differ (r, error, "\"%s\" is no time", name);
	return TRUE;
}

/* Steps the event and compares all that the site wrote about it.  by: of an officer's act, checked already. */
static gboolean
step (Replay *r, const SaleEvent *event, const json_t *by, SaleVerdict *verdict, GError **error)
{
	SaleState *state = &r->out->state;

	if (event->at > leaf_of (r)->time)
		return differ (r, error, "logged before it happened");
	sale_step (state, event, verdict);
	if (!verdict->happened)
		return differ (r, error, "nothing happened at that time");
	g_autoptr (json_t) expected = sale_event_json (state->terms.sale, state, event, verdict);
	g_autoptr (json_t) effect = json_copy (expected);
	if (by != NULL)
		json_object_set (effect, "by", (json_t *) by);
	if (!same_effect (r, effect, error))
		return FALSE;
	sale_chain (state, expected);
	know_head (r);
	return TRUE;
}

static gboolean
add_bidder (Replay *r, const char *number, const char *subject, const char *spki, GError **error)
{
	Bidder *bidder;

	if (g_hash_table_contains (r->bidders, number) || g_hash_table_contains (r->subjects, subject))
		return differ (r, error, "a number or a bidder was taken before");
	bidder = g_new0 (Bidder, 1);
	bidder->subject = g_strdup (subject);
	hash_of_hex (spki, &bidder->spki);
	g_hash_table_insert (r->bidders, g_strdup (number), bidder);
	g_hash_table_add (r->subjects, bidder->subject);
	return TRUE;
}

static gboolean
take_qualification (Replay *r, GError **error)
{
	const char *sale = NULL, *subject = NULL, *number = NULL, *certificate = NULL, *spki = NULL;
	const json_t *by = json_object_get (leaf_of (r)->effect, "by");
	g_autofree char *person = NULL;
	SaleEvent event = { .kind = SALE_EVENT_QUALIFY };
	SaleVerdict verdict;
	const Field fields[] = {
		{ "sale", FIELD_UUID, TRUE, 0, &sale }, { "subject", FIELD_UUID, TRUE, 0, &subject },
		{ "bidder_no", FIELD_STRING, TRUE, BIDDER_NO_SIZE - 1, &number },
		{ "certificate", FIELD_HEX32, TRUE, 0, &certificate }, { "spki", FIELD_HEX32, TRUE, 0, &spki },
	};

	if (!read_statement (r, "bidder.qualify", fields, G_N_ELEMENTS (fields), error) || !check_officer (r, by, ROLE_MARKET_APPROVER, &person, error) ||
	    !effect_time (r, "at", &event.at, error))
		return FALSE;
	if (strcmp (sale, r->out->state.terms.sale) != 0 || !bidder_no_is_valid (number))
		return differ (r, error, "its statement is about another sale, or gives no number");
	g_strlcpy (event.bidder, number, sizeof event.bidder);
	return add_bidder (r, number, subject, spki, error) && step (r, &event, by, &verdict, error) &&
	       (verdict.accepted || differ (r, error, "nobody could be qualified any more"));
}

static gboolean
read_quote (const Replay *r, SaleEvent *event, GError **error)
{
	const char *sale = NULL, *rule_set = NULL, *head = NULL;
	const Field fields[] = {
		{ "sale", FIELD_UUID, TRUE, 0, &sale }, { "rule_set", FIELD_HEX32, TRUE, 0, &rule_set },
		{ "price_fen", FIELD_MONEY, TRUE, 0, &event->price }, { "head", FIELD_HEX32, TRUE, 0, &head },
	};

	if (!read_statement (r, "quote", fields, G_N_ELEMENTS (fields), error) || !effect_time (r, "arrival", &event->at, error))
		return FALSE;
	if (strcmp (sale, r->out->state.terms.sale) != 0)
		return differ (r, error, "its statement is about another sale");
	/* TR-35: what arrived first is judged first; a moment settled over its head took its right away. */
	if (event->at < r->moment)
		return differ (r, error, "arrived before a moment that had been settled without it");
	hash_of_hex (rule_set, &event->rule_set);
	hash_of_hex (head, &event->head);
	event->head_known = g_hash_table_contains (r->heads, head);
	Micros skew = statement_time (leaf_of (r)->statement->statement) - event->at;
	return (skew <= STATEMENT_SKEW && skew >= -STATEMENT_SKEW) || differ (r, error, "arrived long before or after it was signed");
}

/* The number is the site's word; that the key is that bidder's is proven. */
static gboolean
find_bidder (const Replay *r, SaleEvent *event, GError **error)
{
	const char *number = json_string_value (json_object_get (leaf_of (r)->effect, "bidder"));
	const Bidder *bidder = number != NULL ? g_hash_table_lookup (r->bidders, number) : NULL;

	if (bidder == NULL)
		return differ (r, error, "\"bidder\" was never qualified");
	if (!fingerprint_equal (public_key_fingerprint (leaf_of (r)->statement->key), &bidder->spki))
		return differ (r, error, "not signed with the key of bidder %s", number);
	g_strlcpy (event->bidder, number, sizeof event->bidder);
	return TRUE;
}

static gboolean
take_quote (Replay *r, GError **error)
{
	const Certificate *certificate = leaf_of (r)->statement != NULL ? leaf_of (r)->statement->certificate : NULL;
	SaleEvent event = { .kind = SALE_EVENT_QUOTE };
	SaleVerdict verdict;

	if (!read_quote (r, &event, error) || !find_bidder (r, &event, error) || !step (r, &event, NULL, &verdict, error))
		return FALSE;
	if (!verdict.accepted) {
		r->out->quotes_refused++;
		return TRUE;
	}
	r->out->quotes_accepted++;
	g_clear_pointer (&r->out->winner, g_free);
	if (certificate != NULL)
		r->out->winner = certificate_subject_text (certificate);
	return TRUE;
}

static gboolean
take_time (Replay *r, GError **error)
{
	const char *kind = json_string_value (json_object_get (leaf_of (r)->effect, "kind"));
	SaleEvent event = { .kind = SALE_EVENT_TIME };
	SaleVerdict verdict;

	if (leaf_of (r)->statement != NULL || leaf_of (r)->others_n != 0)
		return differ (r, error, "time needs no statement");
	if (!effect_time (r, "at", &event.at, error))
		return FALSE;
	if (g_strcmp0 (kind, "outage") == 0) {
		event.kind = SALE_EVENT_OUTAGE;
		r->out->outages++;
		return effect_time (r, "from", &event.from, error) && step (r, &event, NULL, &verdict, error);
	}
	if (event.at != sale_next_moment (&r->out->state))
		return differ (r, error, "no moment of the sale was due then");
	r->moment = event.at;
	return step (r, &event, NULL, &verdict, error);
}

/* --- the whole --------------------------------------------------------------------------------------- */

static gboolean
take_leaf (Replay *r, GError **error)
{
	static const struct { const char *type; gboolean of_sale; gboolean (*take) (Replay *, GError **); } takers[] = {
		{ "notice.submit", FALSE, take_submission }, { "notice.approve", FALSE, take_approval },
		{ "bidder.qualify", TRUE, take_qualification }, { "quote", TRUE, take_quote }, { "sale.phase", TRUE, take_time },
	};
	const BundleLeaf *leaf = leaf_of (r);

	for (gsize i = 0; i < G_N_ELEMENTS (takers); i++) {
		if (strcmp (takers[i].type, leaf->type) != 0)
			continue;
		if (takers[i].of_sale && (!r->open || strcmp (leaf->subject, r->out->state.terms.sale) != 0))
			return differ (r, error, "about another sale, or before the notice was approved");
		return takers[i].take (r, error);
	}
	return differ (r, error, "an act of type \"%s\" has no place here", leaf->type);
}

json_t *
sale_bundle_subject (const SaleState *state, const char *notice)
{
	json_t *subject = json_object ();

	json_object_set_new (subject, "sale", json_string (state->terms.sale));
	json_object_set_new (subject, "notice", json_string (notice));
	json_object_set_new (subject, "seq", json_integer ((json_int_t) state->seq));
	json_object_set_new (subject, "head", json_hex (state->head.b, sizeof state->head.b));
	json_object_set_new (subject, "result", json_string (sale_result_name (state->result)));
	json_object_set_new (subject, "closed", json_time (state->closed_at));
	if (state->result == RESULT_WON) {
		json_object_set_new (subject, "bidder_no", json_string (state->leader));
		json_object_set_new (subject, "price_fen", json_money (state->price));
	}
	return subject;
}

static gboolean
replay_all (Replay *r, GError **error)
{
	for (r->at = 0; r->at < bundle_leaves (r->bundle); r->at++)
		if (!take_leaf (r, error))
			return FALSE;
	if (!r->open || r->out->state.phase != SALE_CLOSED)
		return bundle_refuse (error, "/leaves", "the sale does not close");
	g_autoptr (json_t) subject = sale_bundle_subject (&r->out->state, r->out->notice);
	if (!json_equal (subject, bundle_subject (r->bundle)))
		return bundle_refuse (error, "/subject", "the result claimed is not the one that follows from the leaves");
	return TRUE;
}

gboolean
sale_replay (const Bundle *bundle, SaleReplay *out, GError **error)
{
	Replay r = { .bundle = bundle, .out = out };

	memset (out, 0, sizeof *out);
	if (strcmp (bundle_kind (bundle), SALE_BUNDLE_KIND) != 0)
		return bundle_refuse (error, "/kind", "not the bundle of a sale");
	r.bidders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, bidder_free);
	r.subjects = g_hash_table_new (g_str_hash, g_str_equal);
	r.heads = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
	gboolean same = replay_all (&r, error);
	g_hash_table_unref (r.heads);
	g_hash_table_unref (r.subjects);
	g_hash_table_unref (r.bidders);
	g_free (r.submitter);
	if (!same)
		sale_replay_clear (out);
	return same;
}
