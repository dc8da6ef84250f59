/* bench/fixture_sale.c — sales in their listing, with bidders. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "fixture.h"

#define START_FEN 747000000
#define INCREMENT_FEN 10000

void
fixture_sale_free (gpointer p)
{
	FixtureSale *sale = p;
	g_free (sale->id);
	g_free (sale->rule_set);
	g_free (sale->head);
	g_free (sale);
}

static json_t *
notice_content (guint i)
{
	g_autofree char *code = g_strdup_printf ("SYN-BENCH-%04u", i), *number = g_strdup_printf ("太测网挂〔2026〕%u号", i);
	json_t *parcel = json_pack ("{s:s,s:s,s:s,s:s,s:s,s:i, s:s,s:s,s:s,s:s, s:o,s:o,s:o}",
		"code", code, "unit", "320585 999001 GB99001", "place", "高新区(虚构)", "area", "24906.6", "use", "工业用地", "years", 50,
		"far", "≥1.6", "density", "≥40%", "green", "≤10%", "height", "/", "start_fen", json_money ((Money) { START_FEN }),
		"increment_fen", json_money ((Money) { INCREMENT_FEN }), "deposit_fen", json_money ((Money) { START_FEN / 5 }));
	json_t *times = json_pack ("{s:s,s:s,s:s,s:s,s:s}", "announce", "2026-02-25T01:00:00.000000Z", "listing_start", "2026-03-20T01:00:00.000000Z",
		"listing_end", "2026-04-03T02:00:00.000000Z", "apply_end", "2026-04-01T08:00:00.000000Z", "deposit_end", "2026-04-01T08:00:00.000000Z");
	return json_pack ("{s:s,s:s,s:s, s:{s:s,s:i}, s:o,s:o}", "title", "国有建设用地使用权网上挂牌出让公告(虚构)", "number", number,
		"grantor", "太仓市虚构自然资源和规划局", "rule_set", "name", "taicang", "version", 1, "parcel", parcel, "times", times);
}

/* One act of a market officer on a notice; its new view. */
static json_t *
act_on_notice (Fixture *f, FixtureOfficer who, const json_t *notice, const char *verb, const char *type, GError **error)
{
	const Person *officer = &f->officers[who];
	g_autofree char *path = g_strdup_printf ("/api/v1/notices/%s/%s", json_string_value (json_object_get (notice, "notice")), verb);
	g_autofree char *statement = fixture_statement (f, officer, FALSE, type,
		json_pack ("{s:O, s:O, s:O}", "notice", json_object_get (notice, "notice"), "version", json_object_get (notice, "version"),
		           "content", json_object_get (notice, "content_hash")), error);
	if (statement == NULL)
		return NULL;
	return fixture_call (f, "POST", path, officer->cookie, json_pack ("{s:s}", "statement", statement), error);
}

static FixtureSale *
publish (Fixture *f, guint i, GError **error)
{
	g_autoptr (json_t) draft = fixture_call (f, "POST", "/api/v1/notices", f->officers[EDITOR].cookie, json_pack ("{s:o}", "content", notice_content (i)), error);
	if (draft == NULL)
		return NULL;
	g_autoptr (json_t) submitted = act_on_notice (f, EDITOR, draft, "submit", "notice.submit", error);
	if (submitted == NULL)
		return NULL;
	g_autoptr (json_t) approved = act_on_notice (f, APPROVER, submitted, "approve", "notice.approve", error);
	if (approved == NULL)
		return NULL;
	FixtureSale *sale = g_new0 (FixtureSale, 1);
	sale->id = g_strdup (json_string_value (json_object_get (approved, "sale")));
	sale->next.fen = START_FEN;
	sale->increment.fen = INCREMENT_FEN;
	return sale;
}

GPtrArray *
sales_publish (Fixture *f, guint n, GError **error)
{
	g_autoptr (GPtrArray) sales = g_ptr_array_new_with_free_func (fixture_sale_free);
	for (guint i = 0; i < n; i++) {
		FixtureSale *sale = publish (f, i, error);
		if (sale == NULL)
			return NULL;
		g_ptr_array_add (sales, sale);
	}
	return g_steal_pointer (&sales);
}

/* --- bidders -------------------------------------------------------------------------------------- */

static char *
subject_of (Fixture *f, const Person *holder, GError **error)
{
	g_autoptr (json_t) session = fixture_call (f, "GET", "/api/v1/session", holder->cookie, NULL, error);
	return session != NULL ? g_strdup (json_string_value (json_object_get (session, "subject"))) : NULL;
}

static GBytes *
qualification (Fixture *f, const FixtureSale *sale, const Person *holder, const char *subject, guint number, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/sales/%s/bidders", sale->id);
	g_autofree char *bidder_no = g_strdup_printf ("%02u", number);
	g_autofree char *certificate = fingerprint_hex (certificate_fingerprint (holder->certificate));
	g_autofree char *spki = fingerprint_hex (public_key_fingerprint (certificate_public_key (holder->certificate)));
	return fixture_act (f, &f->officers[APPROVER], path, "bidder.qualify",
	                    json_pack ("{s:s, s:s, s:s, s:s, s:s}", "sale", sale->id, "subject", subject, "bidder_no", bidder_no,
	                               "certificate", certificate, "spki", spki), error);
}

static gboolean
qualify_everywhere (Fixture *f, const GPtrArray *sales, const Person *holder, guint number, GError **error)
{
	g_autofree char *subject = subject_of (f, holder, error);
	g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	for (guint i = 0; subject != NULL && i < sales->len; i++) {
		GBytes *request = qualification (f, g_ptr_array_index (sales, i), holder, subject, number, error);
		if (request == NULL)
			return FALSE;
		g_ptr_array_add (requests, request);
	}
	g_autoptr (GPtrArray) bodies = subject != NULL ? fixture_batch (f, requests, error) : NULL;
	return bodies != NULL;
}

/* Bidders see the sale as it stands before the first quote. */
static gboolean
look_at (Fixture *f, FixtureSale *sale, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/sales/%s", sale->id);
	g_autoptr (json_t) view = fixture_call (f, "GET", path, "", NULL, error);
	if (view == NULL)
		return FALSE;
	sale->head = g_strdup (json_string_value (json_object_get (view, "head")));
	sale->rule_set = g_strdup (json_string_value (json_object_get (json_object_get (view, "rule_set"), "hash")));
	return sale->head != NULL && sale->rule_set != NULL ? TRUE
		: diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the view of sale %s lacks head or rule set", sale->id);
}

gboolean
sales_qualify (Fixture *f, const GPtrArray *sales, const GPtrArray *applicants, GError **error)
{
	for (guint i = 0; i < applicants->len; i++)
		if (!qualify_everywhere (f, sales, &((Applicant *) g_ptr_array_index (applicants, i))->holder, i + 1, error))
			return FALSE;
	for (guint i = 0; i < sales->len; i++)
		if (!look_at (f, g_ptr_array_index (sales, i), error))
			return FALSE;
	return TRUE;
}

GBytes *
sale_quote (Fixture *f, FixtureSale *sale, const Person *bidder, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/sales/%s/quotes", sale->id);
	GBytes *request = fixture_act (f, bidder, path, "quote",
	                               json_pack ("{s:s, s:s, s:o, s:s}", "sale", sale->id, "rule_set", sale->rule_set,
	                                          "price_fen", json_money (sale->next), "head", sale->head), error);
	sale->next.fen += sale->increment.fen;
	return request;
}
