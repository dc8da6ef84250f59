/* Revocation by whom it may be done, its effect on sessions and status, and what is shown of certificates. */
#include <string.h>

#include "base/error.h"
#include "identity/session.h"
#include "unit/registry/desk.h"

typedef struct {
	Desk *desk;
	const Actor *actor;
	const char *serial, *token, *query;
	Statement *statement;
	json_t *view;
	char *opened;
	guint64 leaf;
} Args;

static gboolean
tx_revoke (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return registry_certificate_revoke (tx, args->desk->registry, args->actor, args->serial, args->statement, &args->view, error);
}

static gboolean
tx_view (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return registry_certificate_view (tx, args->desk->registry, args->serial, &args->view, error);
}

static gboolean
tx_session (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return session_open (tx, args->actor, clock_now (args->desk->world->clock), &args->opened, NULL, error);
}

static gboolean
tx_find (Tx *tx, gpointer arg, GError **error)
{
	const Args *args = arg;
	g_auto (Session) session = { 0 };

	return session_find (tx, args->token, clock_now (args->desk->world->clock), &session, error);
}

static gboolean
tx_subjects (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return registry_subjects (tx, args->desk->registry, args->query, &args->view, error);
}

static char *
serial_of (Desk *desk, const Filed *filed)
{
	g_autoptr (json_t) view = desk_view (desk, filed);

	return g_strdup (json_string_value (json_object_get (view, "serial")));
}

static void
revoke_with (Desk *desk, const Actor *actor, const PrivateKey *key, const char *serial, json_t *members, int code, const char *field)
{
	g_autoptr (Statement) statement = local_statement ("certificate.revoke", clock_now (desk->world->clock), members, key, actor->certificate);
	Args args = { .desk = desk, .actor = actor, .serial = serial, .statement = statement };
	g_autoptr (GError) error = NULL;
	gboolean done = store_run (desk->store, "revoke", tx_revoke, &args, &error);

	if (code < 0) {
		g_assert_no_error (error);
		g_assert_cmpstr (json_string_value (json_object_get (args.view, "status")), ==, "revoked");
	} else {
		g_assert_error (error, DIQI_ERROR, code);
	}
	g_assert_cmpint (done, ==, code < 0);
	if (field)
		g_assert_cmpstr (diqi_error_field (error), ==, field);
	json_decref (args.view);
}

static json_t *
reason (const char *serial, const char *name)
{
	return json_pack ("{s:s, s:s}", "serial", serial, "reason", name);
}

static void
test_who (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_CONFIRMED);
	g_autoptr (Filed) other = desk_file_to (desk, SUBJECT_PERSON, STATE_CONFIRMED);
	g_autofree char *serial = serial_of (desk, filed);
	g_autofree char *other_serial = serial_of (desk, other);
	g_auto (Actor) holder = { 0 };
	g_auto (Actor) stranger = { 0 };
	Actor clerk = desk_officer (desk->clerk), reviewer = desk_officer (desk->reviewer), auditor = desk_officer (desk->auditor);
	guint64 leaves = desk_leaves (desk);
	g_autofree char *clerk_serial = serial_hex (certificate_serial (desk->clerk->certificate));

	desk_holder (desk, filed, &holder);
	desk_holder (desk, other, &stranger);
	revoke_with (desk, &stranger, other->key, serial, reason (serial, "keyCompromise"), DIQI_ERROR_PERMISSION, NULL);
	revoke_with (desk, &clerk, desk->clerk->key, serial, reason (serial, "keyCompromise"), DIQI_ERROR_PERMISSION, NULL);
	revoke_with (desk, &auditor, desk->auditor->key, serial, reason (serial, "keyCompromise"), DIQI_ERROR_PERMISSION, NULL);
	revoke_with (desk, &holder, filed->key, serial, reason (other_serial, "keyCompromise"), DIQI_ERROR_STATEMENT_TARGET, "/statement/serial");
	revoke_with (desk, &holder, filed->key, serial, reason (serial, "certificateHold"), DIQI_ERROR_FIELD_VALUE, "/statement/reason");
	revoke_with (desk, &holder, filed->key, serial, reason (serial, "privilegeWithdrawn"), DIQI_ERROR_FIELD_VALUE, "/statement/reason");
	revoke_with (desk, &holder, filed->key, serial, reason (serial, "bored"), DIQI_ERROR_FIELD_VALUE, "/statement/reason");
	g_assert_cmpuint (desk_leaves (desk), ==, leaves);
	revoke_with (desk, &holder, filed->key, serial, reason (serial, "keyCompromise"), -1, NULL);
	g_assert_cmpuint (desk_leaves (desk), ==, leaves + 1);
	revoke_with (desk, &holder, filed->key, serial, reason (serial, "keyCompromise"), DIQI_ERROR_CERTIFICATE_STATE, NULL);
	revoke_with (desk, &reviewer, desk->reviewer->key, other_serial, reason (other_serial, "privilegeWithdrawn"), -1, NULL);
	/* One reviewer or issuer could else lock everybody out, for good. */
	revoke_with (desk, &reviewer, desk->reviewer->key, clerk_serial, reason (clerk_serial, "keyCompromise"), DIQI_ERROR_PERMISSION, NULL);
	/* A lost officer's card: ended by its owner. */
	revoke_with (desk, &clerk, desk->clerk->key, clerk_serial, reason (clerk_serial, "keyCompromise"), -1, NULL);
	revoke_with (desk, &reviewer, desk->reviewer->key, "4000000000000000000000000000000000000000",
	        reason ("4000000000000000000000000000000000000000", "superseded"), DIQI_ERROR_CERTIFICATE_UNKNOWN, NULL);
}

/* At once: sessions end, the certificate is judged revoked. */
static void
test_effect (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_CONFIRMED);
	g_autofree char *serial = serial_of (desk, filed);
	g_auto (Actor) holder = { 0 };
	Args args = { .desk = desk };
	g_auto (Judgement) judged = { 0 };
	g_autoptr (GError) error = NULL;

	desk_holder (desk, filed, &holder);
	args.actor = &holder;
	g_assert_true (store_run (desk->store, "session", tx_session, &args, &error));
	args.token = args.opened;
	g_assert_true (store_read (desk->store, "find", tx_find, &args, &error));
	revoke_with (desk, &holder, filed->key, serial, reason (serial, "superseded"), -1, NULL);
	g_assert_false (store_read (desk->store, "find", tx_find, &args, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_LOGIN_REQUIRED);
	g_clear_error (&error);
	g_assert_false (certificate_judge_known (desk->world->authority, &holder.fingerprint, CA_NOW, &judged, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_REVOKED);
	g_free (args.opened);
}

static gboolean
tx_leaf (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;
	g_autoptr (GBytes) leaf = evidence_leaf (tx, args->leaf, error);
	g_clear_pointer (&args->view, json_decref);
	args->view = leaf ? json_read_strict (g_bytes_get_data (leaf, NULL), g_bytes_get_size (leaf), 1 << 20, error) : NULL;
	return args->view != NULL;
}

/* Revoked for good after a hold it is from the day of the hold: so say the list, the public view and the log. */
static void
test_since_the_hold (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_CONFIRMED);
	g_autofree char *serial = serial_of (desk, filed);
	Actor issuer = desk_officer (desk->issuer);
	Micros held = clock_now (desk->world->clock);
	g_autofree char *since = time_format (held);
	Args args = { .desk = desk, .serial = serial };
	g_autoptr (GError) error = NULL;

	g_assert_true (world_hold (desk->world, serial, &error));
	clock_set (desk->world->clock, held + 2 * MICROS_PER_MIN);
	revoke_with (desk, &issuer, desk->issuer->key, serial, reason (serial, "keyCompromise"), -1, NULL);
	args.leaf = desk_leaves (desk) - 1;
	g_assert_true (store_read (desk->store, "leaf", tx_leaf, &args, &error));
	g_assert_cmpstr (json_string_value (json_object_get (args.view, "type")), ==, "certificate.revoke");
	g_assert_cmpstr (json_string_value (json_object_get (json_object_get (args.view, "effect"), "revoked_at")), ==, since);
	json_decref (args.view);
	args.view = NULL;
	g_assert_true (store_read (desk->store, "view", tx_view, &args, &error));
	g_assert_cmpstr (json_string_value (json_object_get (args.view, "revoked_at")), ==, since);
	json_decref (args.view);
}

static json_t *
view_of (Desk *desk, const char *serial)
{
	Args args = { .desk = desk, .serial = serial };
	g_autoptr (GError) error = NULL;

	store_read (desk->store, "view", tx_view, &args, &error);
	g_assert_no_error (error);
	return args.view;
}

/* Anybody may ask, so there is no name in it. */
static void
test_public_view (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_ISSUED);
	g_autoptr (Filed) issuing = desk_file_to (desk, SUBJECT_PERSON, STATE_ISSUING);
	g_autofree char *serial = serial_of (desk, filed);
	g_autoptr (json_t) view = view_of (desk, serial), expired = NULL;
	g_autofree char *text = json_dumps (view, 0);
	Args args = { .desk = desk, .serial = "0000000000000000000000000000000000000000" };
	g_autoptr (GError) error = NULL;

	g_assert_cmpstr (json_string_value (json_object_get (view, "status")), ==, "valid");
	g_assert_null (strstr (text, "虚构"));
	g_assert_cmpuint (json_object_size (view), ==, 6);
	clock_set (desk->world->clock, CA_NOW + 400 * MICROS_PER_DAY);
	expired = view_of (desk, serial);
	g_assert_cmpstr (json_string_value (json_object_get (expired, "status")), ==, "expired");
	g_assert_false (store_read (desk->store, "view", tx_view, &args, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_UNKNOWN);
}

static void
test_subjects (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) first = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_ISSUED);
	g_autoptr (Filed) second = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_ISSUED);
	g_autoptr (Filed) person = desk_file_to (desk, SUBJECT_PERSON, STATE_ISSUED);
	Args args = { .desk = desk, .query = "91320599MAX0" };
	g_autoptr (GError) error = NULL;
	json_t *subject;

	g_assert_true (store_read (desk->store, "subjects", tx_subjects, &args, &error));
	/* Two certificates of one company are one subject. */
	g_assert_cmpuint (json_array_size (args.view), ==, 1);
	subject = json_array_get (args.view, 0);
	g_assert_cmpstr (json_string_value (json_object_get (subject, "kind")), ==, "organization");
	g_assert_cmpuint (json_array_size (json_object_get (subject, "certificates")), ==, 2);
	json_decref (args.view);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/registry/certificate/who", test_who);
	test_store_add ("/registry/certificate/effect", test_effect);
	test_store_add ("/registry/certificate/since-the-hold", test_since_the_hold);
	test_store_add ("/registry/certificate/public-view", test_public_view);
	test_store_add ("/registry/certificate/subjects", test_subjects);
	return g_test_run ();
}
