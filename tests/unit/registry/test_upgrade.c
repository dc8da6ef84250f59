/* A database of the first version, with an application in each of its states, becomes one of all services; nothing is lost. */
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "registry/application_private.h"
#include "unit/support/test_store.h"

static const char *const old_migrations[] = {
	"store/sql/0001_store.sql", "evidence/sql/0002_evidence.sql", "identity/sql/0003_identity.sql", "authority/sql/0004_authority.sql",
	"registry/sql/0005_registry.sql", "market/sql/0006_market.sql", "api/sql/0007_api.sql",
};
static const char *const old_states[] = {
	"draft", "submitted", "returned", "accepted", "paid", "reviewed", "issuing", "issued", "delivered", "confirmed", "rejected",
};
#define SERIAL "00000000000000000000000000000000000000aa"

static char *
old_folder (TestStore *t)
{
	char *folder = g_build_filename (t->dir, "old", NULL);

	g_mkdir (folder, 0700);
	for (gsize i = 0; i < G_N_ELEMENTS (old_migrations); i++) {
		g_autofree char *from = g_build_filename (g_getenv ("G_TEST_SRCDIR"), "src", old_migrations[i], NULL);
		g_autofree char *name = g_path_get_basename (from);
		g_autofree char *to = g_build_filename (folder, name, NULL);
		g_autofree char *text = NULL;
		gsize n;

		g_assert_true (g_file_get_contents (from, &text, &n, NULL));
		g_assert_true (g_file_set_contents (to, text, n, NULL));
	}
	return folder;
}

static char *
id_of (gsize i)
{
	return g_strdup_printf ("019c8d28-0000-7000-8000-%012zu", i);
}

static gboolean
is_past (const char *state, const char *least)
{
	gsize at = 0, from = 0;

	for (gsize i = 0; i < G_N_ELEMENTS (old_states); i++) {
		at = g_str_equal (old_states[i], state) ? i : at;
		from = g_str_equal (old_states[i], least) ? i : from;
	}
	return at >= from && !g_str_equal (state, "rejected");
}

static gboolean
insert_old (Tx *tx, const char *id, const char *state, GError **error)
{
	g_autofree char *document = g_strdup_printf ("{\"form\":{\"name\":\"虚构\"},\"application\":\"%s\"}", id);
	g_autofree char *spki = g_strdup_printf ("spki of %s", id);
	gboolean submitted = !g_str_equal (state, "draft");
	gboolean reviewed = is_past (state, "reviewed"), issued = is_past (state, "issued");

	return tx_exec (tx, error,
		"INSERT INTO applications (id, kind, service, state, version, document, form_hash, access_hash, created, updated, profile, amount_fen, "
		"fee_paid, uscc_check_digit, spki, clerk, reviewer, issuer, profile_version, request_hash, serial, fingerprint) VALUES "
		"($1, 'person', 'issue', $2, 3, $3, 'hash', $4, 1, 2, 'person', 30000, $5, 0, $6, 'clerk', $7, $8, $9, $10, $11, $12)",
		P_TEXT (id), P_TEXT (state), P_TEXT (document), P_BLOB ("0123456789abcdef0123456789abcdef", 32), P_INT (is_past (state, "paid")),
		submitted ? P_BLOB (spki, strlen (spki)) : P_BYTES (NULL), P_TEXT (reviewed ? "reviewer" : NULL),
		P_TEXT (is_past (state, "issuing") ? "issuer" : NULL), reviewed ? P_INT (1) : P_NULL, P_TEXT (reviewed ? "request" : NULL),
		P_TEXT (is_past (state, "issuing") ? SERIAL : NULL), P_TEXT (issued ? "fingerprint" : NULL)) == 1 &&
	       tx_exec (tx, error, "INSERT INTO application_acts (application_id, version, act, to_state, at, by_name) "
	                "VALUES ($1, 2, 'application.submit', 'submitted', 7, 'applicant')", P_TEXT (id)) == 1 &&
	       tx_exec (tx, error, "INSERT INTO application_keys (spki, application_id) VALUES ($2, $1)", P_TEXT (id), P_TEXT (spki)) == 1 &&
	       (!is_past (state, "paid") ||
	        tx_exec (tx, error, "INSERT INTO fees (application_id, amount_fen, method, cashier, received) VALUES ($1, 30000, 'cash', 'cashier', 9)",
	                 P_TEXT (id)) == 1);
}

static gboolean
fill (Tx *tx, gpointer arg, GError **error)
{
	(void) arg;
	if (tx_exec (tx, error, "INSERT INTO certificates (serial, issuer, subject_id, application_id, profile, profile_version, spki, status, created, change_seq) "
	             "VALUES ('" SERIAL "', 'issuer', 'subject', 'application', 'person', 1, 'spki', 'intended', 1, 0)") != 1)
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS (old_states); i++) {
		g_autofree char *id = id_of (i);

		if (!insert_old (tx, id, old_states[i], error))
			return FALSE;
	}
	return TRUE;
}

static gint64
count (Tx *tx, const char *sql)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Rows) rows = tx_query (tx, &error, sql);

	g_assert_no_error (error);
	g_assert_true (rows_next (rows, NULL));
	return rows_int (rows, 0);
}

static gboolean
look (Tx *tx, gpointer arg, GError **error)
{
	(void) arg;
	for (gsize i = 0; i < G_N_ELEMENTS (old_states); i++) {
		g_autofree char *id = id_of (i);
		g_auto (Application) application = { 0 };
		gboolean submitted = !g_str_equal (old_states[i], "draft");

		if (!application_load (tx, id, FALSE, &application, error))
			return FALSE;
		g_assert_cmpstr (application_state_name (application.state), ==, old_states[i]);
		g_assert_cmpint (application.service, ==, SERVICE_ISSUE);
		g_assert_cmpint (application.version, ==, 3);
		g_assert_cmpint (application.authenticated, ==, AUTHENTICATED_NONE);
		g_assert_cmpint (application.submitted, ==, 7);
		g_assert_cmpint (application.fee_paid, ==, is_past (old_states[i], "paid"));
		g_assert_cmpuint (application.copies->len, ==, submitted ? 1 : 0);
		/* What was approved stays approved over the same days. */
		g_assert_cmpint (application.validity_days, ==, is_past (old_states[i], "reviewed") ? 365 : 0);
	}
	g_assert_cmpint (count (tx, "SELECT count(*) FROM application_acts"), ==, G_N_ELEMENTS (old_states));
	g_assert_cmpint (count (tx, "SELECT count(*) FROM application_keys"), ==, G_N_ELEMENTS (old_states));
	g_assert_cmpint (count (tx, "SELECT count(*) FROM fees"), ==, 6);
	return TRUE;
}

/* History stays insert-only, and children still hang on their application. */
static gboolean
forge (Tx *tx, gpointer arg, GError **error)
{
	return tx_exec (tx, error, (const char *) arg) >= 0;
}

static void
test_upgrade (TestStore *t)
{
	static const char *const forgeries[] = {
		"UPDATE application_acts SET act = 'application.accept'", "DELETE FROM application_keys", "DELETE FROM fees",
		"INSERT INTO application_keys (spki, application_id) VALUES ('x', 'nobody')",
		"UPDATE applications SET state = 'completed' WHERE state = 'paid'", "UPDATE applications SET service = 'polish'",
	};
	g_autofree char *folder = old_folder (t);
	g_autoptr (GError) error = NULL;

	store_migrate_from (t->store, folder, &error);
	g_assert_no_error (error);
	store_run (t->store, "fill", fill, NULL, &error);
	g_assert_no_error (error);
	store_migrate (t->store, &error);
	g_assert_no_error (error);
	store_read (t->store, "look", look, NULL, &error);
	g_assert_no_error (error);
	for (gsize i = 0; i < G_N_ELEMENTS (forgeries); i++) {
		g_autoptr (GError) refused = NULL;

		g_assert_false (store_run (t->store, "forge", forge, (gpointer) forgeries[i], &refused));
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add_empty ("/registry/upgrade/each-state", test_upgrade);
	return g_test_run ();
}
