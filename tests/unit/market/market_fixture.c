#include "market_fixture.h"

#include "base/random.h"

#include <string.h>

#define OFFICER_POLICY POLICY_OFFICER
#define ORGANIZATION_POLICY POLICY_ORGANIZATION

static void
make_root (Market *m)
{
	g_autoptr (GError) error = NULL;
	m->root_key = private_key_generate (KEY_P256, &error);
	g_assert_no_error (error);
	const NamePart subject[] = { { NAME_COUNTRY, "CN" }, { NAME_COMMON_NAME, "虚构根" } };
	g_autoptr (PublicKey) key = private_key_public (m->root_key);
	CertificateTemplate t = { .subject = subject, .subject_n = 2, .key = key, .not_before = ANNOUNCE - 400 * MICROS_PER_DAY,
		.not_after = T_END + 4000 * MICROS_PER_DAY, .ca = TRUE, .path_length = 1, .key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN };
	serial_new (ANNOUNCE, &t.serial);
	g_autoptr (GBytes) der = root_sign_certificate (m->root_key, &t, &error);
	g_assert_no_error (error);
	m->root = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_no_error (error);
}

static void
make_person (const Issuer *issuer, const char *name, const char *id, const char *policy, Person *out)
{
	g_autoptr (GError) error = NULL;
	out->key = private_key_generate (KEY_P256, &error);
	g_assert_no_error (error);
	const NamePart subject[] = { { NAME_COUNTRY, "CN" }, { NAME_ORGANIZATION, "虚构" }, { NAME_COMMON_NAME, name }, { NAME_SERIAL_NUMBER, id } };
	g_autoptr (PublicKey) key = private_key_public (out->key);
	CertificateTemplate t = { .subject = subject, .subject_n = 4, .key = key, .not_before = ANNOUNCE - 300 * MICROS_PER_DAY,
		.not_after = T_END + 300 * MICROS_PER_DAY, .path_length = -1, .key_usage = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION,
		.extended_key_usage = EKU_CLIENT_AUTH, .policy_oid = policy };
	serial_new (ANNOUNCE, &t.serial);
	g_autoptr (GBytes) der = issuer_sign_certificate (issuer, &t, &error);
	g_assert_no_error (error);
	out->certificate = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_no_error (error);
	out->actor.name = g_strdup (name);
	out->actor.certificate = certificate_ref (out->certificate);
	out->actor.fingerprint = *certificate_fingerprint (out->certificate);
}

static void
make_officer (const Issuer *issuer, const char *name, Role role, Person *out)
{
	g_autofree char *id = uuid7_new (ANNOUNCE);
	make_person (issuer, name, id, OFFICER_POLICY, out);
	out->actor.kind = ACTOR_OFFICER;
	out->actor.person = g_steal_pointer (&id);
	out->actor.roles = role;
}

void
market_init (Market *m, TestStore *t, guint bidders)
{
	g_autoptr (GError) error = NULL;
	*m = (Market) { .t = t, .bidders_n = bidders, .watermark = arrival_watermark_new () };
	make_root (m);
	g_autoptr (Issuer) issuer = issuer_new (m->root, m->root_key, &error);
	g_assert_no_error (error);
	make_officer (issuer, "虚构编辑", ROLE_MARKET_EDITOR, &m->editor);
	make_officer (issuer, "虚构批准", ROLE_MARKET_APPROVER, &m->approver);
	for (guint i = 0; i < bidders; i++) {
		g_autofree char *name = g_strdup_printf ("虚构竞买人%u", i);
		make_person (issuer, name, "91320599MAX000015E", ORGANIZATION_POLICY, &m->bidders[i]);
		m->bidders[i].actor.kind = ACTOR_HOLDER;
		m->bidders[i].actor.subject = uuid7_new (ANNOUNCE);
	}
}

static void
person_clear (Person *p)
{
	private_key_free (p->key);
	certificate_unref (p->certificate);
	actor_clear (&p->actor);
}

void
market_clear (Market *m)
{
	person_clear (&m->editor);
	person_clear (&m->approver);
	for (guint i = 0; i < m->bidders_n; i++)
		person_clear (&m->bidders[i]);
	private_key_free (m->root_key);
	certificate_unref (m->root);
	g_free (m->notice);
	g_free (m->sale);
	arrival_watermark_free (m->watermark);
}

json_t *
market_content (void)
{
	json_error_t problem;
	json_t *content = json_pack_ex (&problem, 0, "{s:s, s:s, s:s, s:{s:s, s:i}, s:{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:o, s:o, s:o}, "
		"s:{s:o, s:o, s:o, s:o, s:o}}",
		"title", "太仓市（虚构）国有建设用地使用权网上挂牌出让公告", "number", "太测网挂〔2026〕1号", "grantor", "太仓市虚构自然资源和规划局",
		"rule_set", "name", "taicang", "version", 1,
		"parcel", "code", "SYN-2026-WG-01", "unit", "320585 999001 GB99001", "place", "高新区·青禾路东（虚构）", "area", "24906.6",
		"use", "工业用地", "years", 50, "far", "≥1.6", "density", "≥40%", "green", "≤10%", "height", "/",
		"start_fen", json_money (FEN (START)), "increment_fen", json_money (FEN (STEP)), "deposit_fen", json_money (FEN (150000000)),
		"times", "announce", json_time (ANNOUNCE), "listing_start", json_time (LISTING), "listing_end", json_time (T_END),
		"apply_end", json_time (T_END - 2 * MICROS_PER_DAY), "deposit_end", json_time (T_END - 2 * MICROS_PER_DAY));
	g_assert_nonnull (content);
	return content;
}

Statement *
market_statement (const Person *who, const char *type, json_t *members, Micros time)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *nonce = random_token (16);
	json_object_set_new (members, "type", json_string (type));
	json_object_set_new (members, "site", json_string (SITE));
	json_object_set_new (members, "time", json_time (time));
	json_object_set_new (members, "nonce", json_string (nonce));
	g_autofree char *compact = statement_sign (members, who->key, who->certificate, &error);
	json_decref (members);
	g_assert_no_error (error);
	Statement *s = statement_parse (compact, -1, &error);
	g_assert_no_error (error);
	g_assert_true (statement_verify (s, who->certificate, &error));
	return s;
}

/* --- publishing --------------------------------------------------------------------------- */

typedef struct {
	Market *m;
	Micros now;
	const Statement *statement;
	const char *verb;
	json_t *view;
} Publishing;

static gboolean
run_publishing (Tx *tx, gpointer arg, GError **error)
{
	Publishing *p = arg;
	MarketAct act = { SITE, p->verb[0] == 'a' ? &p->m->approver.actor : &p->m->editor.actor, p->statement, p->now };
	if (p->verb[0] == 'c') {
		g_autoptr (json_t) content = market_content ();
		return notice_create (tx, &act, content, &p->view, error);
	}
	return p->verb[0] == 's' ? notice_submit (tx, &act, p->m->notice, &p->view, error)
	                         : notice_approve (tx, &act, p->m->notice, &p->view, error);
}

static json_t *
publish_step (Market *m, const char *verb, const json_t *before, Micros now)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Statement) statement = NULL;
	if (before != NULL) {
		g_autofree char *type = g_strconcat ("notice.", verb, NULL);
		json_t *members = json_pack ("{s:s, s:O, s:O}", "notice", m->notice, "version", json_object_get (before, "version"),
		                             "content", json_object_get (before, "content_hash"));
		statement = market_statement (verb[0] == 'a' ? &m->approver : &m->editor, type, members, now);
	}
	Publishing p = { m, now, statement, verb, NULL };
	store_run (m->t->store, "test.publish", run_publishing, &p, &error);
	g_assert_no_error (error);
	return p.view;
}

void
market_publish (Market *m, Micros now)
{
	g_autoptr (json_t) draft = publish_step (m, "create", NULL, now);
	m->notice = g_strdup (json_string_value (json_object_get (draft, "notice")));
	g_autoptr (json_t) submitted = publish_step (m, "submit", draft, now);
	g_autoptr (json_t) approved = publish_step (m, "approve", submitted, now);
	m->sale = g_strdup (json_string_value (json_object_get (approved, "sale")));
	g_assert_nonnull (m->sale);
}

/* --- bidders ---------------------------------------------------------------------------------- */

typedef struct {
	Market *m;
	guint bidder;
	const Statement *statement;
	Micros now;
} Qualifying;

static gboolean
run_qualify (Tx *tx, gpointer arg, GError **error)
{
	Qualifying *q = arg;
	const Person *bidder = &q->m->bidders[q->bidder];
	MarketAct act = { SITE, &q->m->approver.actor, q->statement, q->now };
	Qualification qualification = { q->m->sale, bidder->certificate, bidder->actor.subject };
	return bidder_qualify (tx, &act, &qualification, NULL, error);
}

gboolean
market_qualify (Market *m, guint bidder, Micros now, GError **error)
{
	const Person *who = &m->bidders[bidder];
	g_autofree char *number = g_strdup_printf ("B%02u", bidder), *hex = fingerprint_hex (&who->actor.fingerprint);
	g_autofree char *spki = fingerprint_hex (public_key_fingerprint (certificate_public_key (who->certificate)));
	g_autoptr (Statement) statement = market_statement (&m->approver, "bidder.qualify", json_pack ("{s:s, s:s, s:s, s:s, s:s}",
		"sale", m->sale, "subject", who->actor.subject, "bidder_no", number, "certificate", hex, "spki", spki), now);
	Qualifying q = { m, bidder, statement, now };
	return store_run (m->t->store, "test.qualify", run_qualify, &q, error);
}

typedef struct {
	Market *m;
	Micros now;
	gboolean moved;
	SaleState *state;
} Looking;

static gboolean
run_tick (Tx *tx, gpointer arg, GError **error)
{
	Looking *l = arg;
	return sale_tick (tx, l->m->sale, l->now, l->now, &l->moved, error);
}

gboolean
market_tick (Market *m, Micros now)
{
	g_autoptr (GError) error = NULL;
	Looking l = { .m = m, .now = now };
	store_run (m->t->store, "test.tick", run_tick, &l, &error);
	g_assert_no_error (error);
	return l.moved;
}

void
market_open (Market *m)
{
	g_autoptr (GError) error = NULL;
	market_publish (m, ANNOUNCE - MICROS_PER_DAY);
	for (guint i = 0; i < m->bidders_n; i++) {
		market_qualify (m, i, ANNOUNCE + MICROS_PER_DAY, &error);
		g_assert_no_error (error);
	}
	g_assert_true (market_tick (m, LISTING));
}

static gboolean
run_load (Tx *tx, gpointer arg, GError **error)
{
	Looking *l = arg;
	return sale_load (tx, l->m->sale, l->state, error);
}

void
market_state (Market *m, SaleState *out)
{
	g_autoptr (GError) error = NULL;
	Looking l = { .m = m, .state = out };
	store_read (m->t->store, "test.state", run_load, &l, &error);
	g_assert_no_error (error);
}

/* --- quotes ------------------------------------------------------------------------------------------ */

Statement *
market_quote_statement (Market *m, guint bidder, gint64 fen, Micros time)
{
	g_auto (SaleState) state;
	market_state (m, &state);
	return market_statement (&m->bidders[bidder], "quote", json_pack ("{s:s, s:o, s:o, s:o}", "sale", m->sale,
		"rule_set", json_hex (state.terms.rules.hash.b, 32), "price_fen", json_money (FEN (fen)), "head", json_hex (state.head.b, 32)), time);
}

typedef struct {
	Market *m;
	const Person *who;
	const Statement *statement;
	Micros arrival;
	ArrivalTicket *ticket;
	QuoteOutcome *out;
} Placing;

static gboolean
run_place (Tx *tx, gpointer arg, GError **error)
{
	Placing *p = arg;
	MarketAct act = { SITE, &p->who->actor, p->statement, p->arrival };
	QuoteRequest request = { p->m->sale, p->arrival, p->ticket };
	return quote_place (tx, &act, &request, p->out, error);
}

gboolean
market_place (Market *m, guint bidder, const Statement *statement, Micros arrival, ArrivalTicket *ticket, QuoteOutcome *out, GError **error)
{
	Placing p = { m, &m->bidders[bidder], statement, arrival, ticket, out };
	return ticket != NULL ? arrival_run (ticket, m->t->store, "test.quote", run_place, &p, error)
	                      : store_run (m->t->store, "test.quote", run_place, &p, error);
}

gboolean
market_quote (Market *m, guint bidder, gint64 fen, Micros arrival, QuoteOutcome *out, GError **error)
{
	g_autoptr (Statement) statement = market_quote_statement (m, bidder, fen, arrival);
	return market_place (m, bidder, statement, arrival, NULL, out, error);
}
