/* registry/papers.c — see papers.h. */
#include "registry/papers.h"

#include "base/error.h"
#include "registry/contract.h"
#include "registry/disposal_db.h"
#include "registry/papers_db.h"
#include "registry/scan_db.h"

#define COPIES_MAX 99

/* --- what the clerk says ----------------------------------------------------------------- */

typedef struct {
	const char *paper;               /* of the rules */
	gboolean original;
	gint64 copies;
	const char *scan;                /* of the statement; NULL: none */
} Said;

static const Said *
find_said (const GArray *said, const char *paper)
{
	for (guint i = 0; i < said->len; i++) {
		const Said *one = &g_array_index (said, Said, i);

		if (g_str_equal (one->paper, paper))
			return one;
	}
	return NULL;
}

static gboolean
check_scan (const Step *step, const Said *one, const char *at, GError **error)
{
	g_autofree char *scan_at = g_strconcat (at, "/scan", NULL);
	gboolean found = FALSE;

	if (!one->scan)
		return TRUE;
	if (!db_scan_exists (step->tx, one->scan, step->application.id, one->paper, &found, error))
		return FALSE;
	return found || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, scan_at, "this application has no such scan of %s", one->paper);
}

static gboolean
read_said (const Step *step, const json_t *item, const char *at, GArray *said, GError **error)
{
	const PaperRules *rules = step->registry->papers;
	g_autofree char *paper_at = g_strconcat (at, "/paper", NULL);
	const char *paper = NULL;
	Said one = { 0 };
	const Field fields[] = {
		{ "paper", FIELD_STRING, TRUE, 64, &paper },
		{ "original", FIELD_BOOL, TRUE, 0, &one.original },
		{ "copies", FIELD_INT, TRUE, 0, &one.copies },
		{ "scan", FIELD_UUID, FALSE, 0, &one.scan },
	};

	if (!JSON_READ (item, at, fields, error))
		return FALSE;
	one.paper = paper_rules_find (rules, paper);
	if (!one.paper)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, paper_at, "there is no paper of this name");
	if (find_said (said, one.paper))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, paper_at, "%s is listed twice", one.paper);
	if (one.copies < 0 || one.copies > COPIES_MAX)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "copies are 0 to %d", COPIES_MAX);
	if (!check_scan (step, &one, at, error))
		return FALSE;
	g_array_append_val (said, one);
	return TRUE;
}

static gboolean
read_all (const Step *step, const json_t *list, GArray *said, GError **error)
{
	gsize i;
	json_t *item;

	json_array_foreach (list, i, item) {
		g_autofree char *at = g_strdup_printf ("/statement/papers/%zu", i);

		if (!read_said (step, item, at, said, error))
			return FALSE;
	}
	return TRUE;
}

/* --- what is needed ---------------------------------------------------------------------- */

static gboolean
is_seen (const PaperItem *item, const GArray *said, gboolean signed_contract)
{
	const Said *one = find_said (said, item->paper);

	if (signed_contract && g_str_equal (item->paper, CONTRACT_PAPER))
		return TRUE;
	if (!one)
		return FALSE;
	return (item->scan && one->scan) || ((!item->original || one->original) && one->copies >= item->copies);
}

static gboolean
is_met (const PaperNeed *need, const GArray *said, gboolean signed_contract)
{
	for (guint i = 0; i < need->choices->len; i++) {
		const GArray *choice = g_ptr_array_index (need->choices, i);
		guint seen = 0;

		while (seen < choice->len && is_seen (&g_array_index (choice, PaperItem, seen), said, signed_contract))
			seen++;
		if (seen == choice->len)
			return TRUE;
	}
	return FALSE;
}

static void
describe_item (GString *text, const PaperRules *rules, const PaperItem *item)
{
	g_string_append_printf (text, "%s %s (", paper_rules_label (rules, item->paper), item->paper);
	if (item->original)
		g_string_append (text, item->copies > 0 ? "original and " : "original");
	if (item->copies > 0)
		g_string_append_printf (text, "%d %s", (int) item->copies, item->copies == 1 ? "copy" : "copies");
	g_string_append_printf (text, "%s)", item->scan ? ", or a checked scan" : "");
}

/* "registration: A (original and 1 copy), or B (…) and C (…)". */
static void
describe_need (GString *text, const PaperRules *rules, const PaperNeed *need)
{
	if (text->len > 0)
		g_string_append (text, "; ");
	g_string_append_printf (text, "%s: ", need->name);
	for (guint i = 0; i < need->choices->len; i++) {
		const GArray *choice = g_ptr_array_index (need->choices, i);

		g_string_append (text, i > 0 ? ", or " : "");
		for (guint k = 0; k < choice->len; k++) {
			g_string_append (text, k > 0 ? " and " : "");
			describe_item (text, rules, &g_array_index (choice, PaperItem, k));
		}
	}
}

gboolean
papers_operator_acts (const Application *application)
{
	const char *operator_id = form_text (application->form, "operator_id");
	const char *legal_rep_id = form_text (application->form, "legal_rep_id");

	return application->kind == SUBJECT_ORGANIZATION && operator_id && (!legal_rep_id || g_ascii_strcasecmp (operator_id, legal_rep_id) != 0);
}

/* 电子签名法 14: the holder logged in with his certificate and signed what he handed in. */
static gboolean
signed_by_holder (const Application *application)
{
	return application->authenticated == AUTHENTICATED_CERTIFICATE && application->submission_hash != NULL;
}

static gboolean
is_asked (const PaperNeed *need, const Application *application)
{
	return (need->when != PAPER_OPERATOR || papers_operator_acts (application)) &&
	       !(need->unless_certificate && signed_by_holder (application));
}

static gboolean
check_needs (const Step *step, const GArray *said, GError **error)
{
	const Application *application = &step->application;
	const PaperRules *rules = step->registry->papers;
	const GArray *needs = paper_rules_needs (rules, service_name (application->service), application->kind);
	g_autoptr (GString) missing = g_string_new (NULL);
	Micros contract_at;

	if (!contract_signed (step->tx, step->registry, application->id, &contract_at, error))
		return FALSE;
	if (!needs)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "nothing says which papers service %s needs", service_name (application->service));
	for (guint i = 0; i < needs->len; i++) {
		const PaperNeed *need = &g_array_index (needs, PaperNeed, i);

		if (is_asked (need, application) && !is_met (need, said, contract_at != 0))
			describe_need (missing, rules, need);
	}
	return missing->len == 0 || diqi_fail (error, DIQI_ERROR_PAPERS_MISSING, "/statement/papers", "missing %s", missing->str);
}

/* --- facts ------------------------------------------------------------------------------- */

static gboolean
write_facts (const Step *step, const GArray *said, GError **error)
{
	for (guint i = 0; i < said->len; i++) {
		const Said *one = &g_array_index (said, Said, i);
		const PaperFact fact = {
			.application = step->application.id,
			.version = step->application.version + 1,
			.paper = one->paper,
			.original = one->original,
			.copies = one->copies,
			.scan = one->scan,
			.person = step->actor->person,
			.at = step->now,
		};

		if (!db_paper_fact_insert (step->tx, &fact, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
papers_accept (Step *step, const json_t *list, GError **error)
{
	g_autoptr (GArray) said = g_array_new (FALSE, FALSE, sizeof (Said));

	return read_all (step, list, said, error) && check_needs (step, said, error) && write_facts (step, said, error);
}

/* --- view -------------------------------------------------------------------------------- */

static void
show_fact (const PaperFact *fact, gpointer user)
{
	json_t *item = json_object ();

	json_object_set_new (item, "paper", json_string (fact->paper));
	json_object_set_new (item, "original", json_boolean (fact->original));
	json_object_set_new (item, "copies", json_integer (fact->copies));
	if (fact->scan)
		json_object_set_new (item, "scan", json_string (fact->scan));
	json_object_set_new (item, "time", json_time (fact->at));
	json_array_append_new (user, item);
}

gboolean
papers_add_view (Tx *tx, const Application *application, json_t *view, GError **error)
{
	g_autoptr (json_t) papers = json_array ();
	Micros disposed;

	if (!db_disposed_at (tx, application->id, &disposed, error))
		return FALSE;
	if (disposed)
		json_object_set_new (view, "disposed", json_time (disposed));
	/* A return or an edit forgets the acceptance. */
	if (!application->clerk)
		return TRUE;
	if (!db_paper_facts (tx, application->id, show_fact, papers, error))
		return FALSE;
	json_object_set (view, "papers", papers);
	return TRUE;
}

gboolean
registry_required_papers (Registry *registry, const char *service, const char *kind, json_t **out, GError **error)
{
	return paper_rules_view (registry->papers, service, kind, out, error);
}
