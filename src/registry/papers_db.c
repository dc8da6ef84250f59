/* registry/papers_db.c — SQL of what was seen at acceptance. */
#include "registry/papers_db.h"

gboolean
db_paper_fact_insert (Tx *tx, const PaperFact *f, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO paper_facts (application_id, version, paper, original, copies, scan_id, person, at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		P_TEXT (f->application), P_INT (f->version), P_TEXT (f->paper), P_INT (f->original), P_INT (f->copies), P_TEXT (f->scan),
		P_TEXT (f->person), P_INT (f->at)) == 1;
}

gboolean
db_paper_facts (Tx *tx, const char *application, PaperFactFn fn, gpointer user, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT version, paper, original, copies, scan_id, person, at FROM paper_facts WHERE application_id = $1 "
		"AND version = (SELECT MAX(version) FROM paper_facts WHERE application_id = $1) ORDER BY paper", P_TEXT (application));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		const PaperFact fact = {
			.application = application,
			.version = rows_int (rows, 0),
			.paper = rows_text (rows, 1),
			.original = rows_int (rows, 2) != 0,
			.copies = rows_int (rows, 3),
			.scan = rows_text (rows, 4),
			.person = rows_text (rows, 5),
			.at = rows_int (rows, 6),
		};

		fn (&fact, user);
	}
	return TRUE;
}
