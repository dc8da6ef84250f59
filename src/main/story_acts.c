/* main/story_acts.c — see story_acts.h. */
#include "main/story_acts.h"

#include <string.h>

#include "base/error.h"
#include "main/demo_site.h"

void
party_clear (Party *party)
{
	g_free (party->application);
	g_free (party->serial);
	g_free (party->p12);
}

gboolean
story_expect (const json_t *view, const char *member, const char *value, GError **error)
{
	if (view == NULL)
		return FALSE;
	if (strcmp (story_text (view, member), value) == 0)
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "%s should be \"%s\" and is \"%s\"", member, value, story_text (view, member));
}

/* --- chapter 1: certificates ------------------------------------------------------------- */

static gboolean
apply (Story *story, Party *party, GError **error)
{
	g_autofree char *stem = story_file (story, party->name);
	g_autofree char *pin = g_strconcat (stem, ".pin", NULL), *key = g_strconcat (stem, ".key", NULL);
	g_autofree char *csr = g_strconcat (stem, ".csr", NULL), *ticket = g_strconcat (stem, ".ticket", NULL);
	g_autofree char *form_name = g_strconcat (party->kind, ".json", NULL);
	g_autofree char *form = story_file (story, form_name);
	/* On an SM2 site everybody has SM2; elsewhere P-256 will do. */
	const char *algorithm = key_algorithm_name (story->algorithm == KEY_SM2 ? KEY_SM2 : KEY_P256);
	party->p12 = g_strconcat (stem, ".p12", NULL);
	if (!demo_write_resource (form_name, form, error) || !demo_write_pin (pin, error) ||
	    !story_exits (story, 0, NULL, error, "key", "new", stem, "--algorithm", algorithm, "--pin-file", pin, NULL))
		return FALSE;
	g_autoptr (json_t) made = story_run (story, error, "application", "new", party->kind, "--form", form, "--ticket", ticket, NULL);
	if (!story_expect (made, "state", "draft", error))
		return FALSE;
	party->application = g_strdup (story_text (made, "application"));
	g_autoptr (json_t) submitted = story_run (story, error, "application", "submit", "--ticket", ticket,
	                                          "--key", key, "--csr", csr, "--pin-file", pin, NULL);
	if (!story_expect (submitted, "state", "submitted", error))
		return FALSE;
	story_say (story, "%s fills in the form, makes its key and hands in: application %s", party->label, party->application);
	return TRUE;
}

/* One act of an officer that moves the application to `state`. */
static gboolean
officer_act (Story *story, const char *officer, const char *verb, const Party *party, const char *more, const char *state, GError **error)
{
	g_autofree char *p12 = story_officer (story, officer);
	g_autoptr (json_t) view = story_run (story, error, "application", verb, party->application, "--as", p12, more, NULL);
	if (!story_expect (view, "state", state, error))
		return FALSE;
	story_say (story, "  %s: %s → %s", officer, verb, state);
	return TRUE;
}

static gboolean
fetch (Story *story, Party *party, GError **error)
{
	g_autofree char *stem = story_file (story, party->name);
	g_autofree char *pin = g_strconcat (stem, ".pin", NULL), *key = g_strconcat (stem, ".key", NULL), *ticket = g_strconcat (stem, ".ticket", NULL);
	g_autoptr (json_t) fetched = story_run (story, error, "application", "certificate", "--ticket", ticket, "--key", key,
	                                        "--p12", party->p12, "--pin-file", pin, NULL);
	if (fetched == NULL)
		return FALSE;
	g_autoptr (json_t) status = story_run (story, error, "application", "status", "--ticket", ticket, NULL);
	if (status == NULL)
		return FALSE;
	party->serial = g_strdup (story_text (status, "serial"));
	return TRUE;
}

gboolean
story_certify (Story *story, Party *party, GError **error)
{
	g_autofree char *reviewer = story_officer (story, "reviewer");
	if (!apply (story, party, error) || !officer_act (story, "clerk", "accept", party, "--papers-seen", "accepted", error))
		return FALSE;
	/* Nothing is reviewed, let alone issued, unpaid. */
	if (!story_refused (story, "application.state", error, "application", "review", party->application, "--as", reviewer, NULL))
		return FALSE;
	if (!officer_act (story, "cashier", "fee", party, "300.00", "paid", error) ||
	    !officer_act (story, "reviewer", "review", party, NULL, "reviewed", error) ||
	    !officer_act (story, "issuer", "issue", party, NULL, "issued", error) ||
	    !fetch (story, party, error) ||
	    !officer_act (story, "clerk", "deliver", party, NULL, "delivered", error))
		return FALSE;
	g_autoptr (json_t) confirmed = story_run (story, error, "application", "confirm", party->application, "--as", party->p12, NULL);
	if (!story_expect (confirmed, "state", "confirmed", error))
		return FALSE;
	g_autoptr (json_t) who = story_run (story, error, "whoami", "--as", party->p12, NULL);
	if (!story_expect (who, "kind", "holder", error))
		return FALSE;
	story_say (story, "%s holds certificate %s and logs in with it", party->label, party->serial);
	return TRUE;
}

/* --- chapter 2: the sale ------------------------------------------------------------------ */

void
sale_clear (Sale *sale)
{
	g_free (sale->notice);
	g_free (sale->id);
	g_free (sale->announce);
	g_free (sale->listing_start);
	g_free (sale->listing_end);
}

gboolean
story_move_clock (Story *story, const char *to, GError **error)
{
	g_autoptr (json_t) reply = story_run (story, error, "clock", to, NULL);
	if (reply == NULL)
		return FALSE;
	story_say (story, "the clock moves to %s", story_text (reply, "time"));
	return TRUE;
}

gboolean
story_publish (Story *story, const char *parcel, Sale *sale, GError **error)
{
	g_autofree char *editor = story_officer (story, "market_editor"), *approver = story_officer (story, "market_approver");
	g_autofree char *file = g_strconcat (parcel, ".json", NULL), *content = story_file (story, file);
	if (!demo_write_notice (parcel, content, error))
		return FALSE;
	g_autoptr (json_t) drafted = story_run (story, error, "notice", "new", "--content", content, "--as", editor, NULL);
	if (!story_expect (drafted, "state", "draft", error))
		return FALSE;
	sale->notice = g_strdup (story_text (drafted, "notice"));
	g_autoptr (json_t) submitted = story_run (story, error, "notice", "submit", sale->notice, "--as", editor, NULL);
	if (!story_expect (submitted, "state", "submitted", error))
		return FALSE;
	g_autoptr (json_t) approved = story_run (story, error, "notice", "approve", sale->notice, "--as", approver, NULL);
	if (!story_expect (approved, "state", "approved", error))
		return FALSE;
	sale->id = g_strdup (story_text (approved, "sale"));
	story_say (story, "market_editor drafts, market_approver publishes the notice of %s: sale %s", parcel, sale->id);
	const json_t *times = json_object_get (json_object_get (approved, "content"), "times");
	sale->announce = g_strdup (story_text (times, "announce"));
	sale->listing_start = g_strdup (story_text (times, "listing_start"));
	sale->listing_end = g_strdup (story_text (times, "listing_end"));
	return TRUE;
}

gboolean
story_qualify (Story *story, const Sale *sale, const char *query, const char *bidder_no, GError **error)
{
	g_autofree char *approver = story_officer (story, "market_approver");
	g_autoptr (json_t) view = story_run (story, error, "sale", "qualify", sale->id, query, bidder_no, "--as", approver, NULL);
	if (!story_expect (view, "bidder_no", bidder_no, error))
		return FALSE;
	story_say (story, "market_approver qualifies %s as bidder %s", query, bidder_no);
	return TRUE;
}

gboolean
story_quote (Story *story, const Sale *sale, const Party *party, const char *price, GError **error)
{
	g_autoptr (json_t) view = story_run (story, error, "sale", "quote", sale->id, price, "--as", party->p12, NULL);
	if (!story_expect (view, "verdict", "accepted", error))
		return FALSE;
	story_say (story, "%s quotes %s fen; receipt no. %" JSON_INTEGER_FORMAT "%s%s", party->label, story_text (view, "price_fen"),
	           json_integer_value (json_object_get (view, "seq")),
	           *story_text (view, "deadline") != '\0' ? ", new deadline " : "", story_text (view, "deadline"));
	return TRUE;
}
