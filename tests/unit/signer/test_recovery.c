/* Giving an escrowed key back, at the signer's own socket: k agents do, and fewer, twice the same, a removed one, an old share, a share of
 * something else, and whoever asked for it himself do not (I-11). */
#include "escrow_case.h"

#include <string.h>

#include "pki/enveloped_key.h"
#include "signer/share_order.h"

static void
test_recovery (void)
{
	g_auto (Recovered) r;
	g_auto (KeyRecovery) first = { NULL }, second = { NULL }, again = { NULL };
	g_autoptr (GError) error = NULL;
	recovered_init (&r, FALSE);
	g_assert_cmpint (r.state.threshold, ==, 2);
	g_assert_cmpint (r.state.given, ==, 0);
	g_assert_null (r.state.envelope);
	give (&r, AGENT_B, &first);
	g_assert_cmpint (first.given, ==, 1);
	g_assert_null (first.envelope);
	give (&r, AGENT_A, &second);
	g_assert_nonnull (second.envelope);
	g_assert_null (second.transport);
	g_autoptr (PrivateKey) key = enveloped_key_open (r.fresh, second.envelope, r.c.encryption, &error);
	g_assert_no_error (error);
	/* Asked for again, also after a restart: the same envelope. */
	restart (&r.c);
	begin_by (&r.c, r.request, REVIEWER, ISSUER, &again, &error);
	g_assert_no_error (error);
	g_assert_true (g_bytes_equal (again.envelope, second.envelope));
	/* Who did it is written down. */
	g_autofree char *escrow = read_log (&r.c, "escrow.log");
	g_assert_cmpuint (count_lines (escrow, "\"type\":\"recovery\"", r.state.recovery), ==, 1);
	g_assert_cmpuint (count_lines (escrow, "\"type\":\"share\"", r.state.recovery), ==, 2);
	g_assert_cmpuint (count_lines (escrow, "\"type\":\"recovered\"", r.state.recovery), ==, 1);
	/* A third agent is too late: there is nothing left to give to. */
	r.state.transport = g_steal_pointer (&first.transport);
	g_autofree char *late = share_by (&r, AGENT_C, AGENT_C, NULL);
	refused_share (&r, late, DIQI_ERROR_RECOVERY_UNKNOWN);
}

/* The plaintext of the recovered key is in no file of the signer (the process itself: see sandbox.h). */
static void
test_recovery_leaves_no_plaintext (void)
{
	g_auto (Recovered) r;
	g_auto (KeyRecovery) a = { NULL }, b = { NULL };
	g_autoptr (GError) error = NULL;
	recovered_init (&r, FALSE);
	give (&r, AGENT_A, &a);
	give (&r, AGENT_B, &b);
	g_autoptr (PrivateKey) key = enveloped_key_open (r.fresh, b.envelope, r.c.encryption, &error);
	g_assert_no_error (error);
	g_autoptr (GBytes) plain = private_key_pkcs8 (key, &error);
	gsize n;
	const guint8 *p = g_bytes_get_data (plain, &n);
	/* The private number is in the middle of PKCS#8; also as the logs would write it. */
	g_autofree char *hex = hex_encode (p + 36, 32), *base64 = g_base64_encode (p + 36, 30);
	static const char *const logs[] = { "escrow.log", "journal.log", "agents.log" };
	for (gsize i = 0; i < G_N_ELEMENTS (logs); i++) {
		g_autofree char *text = read_log (&r.c, logs[i]);
		g_assert_null (memmem (text, strlen (text), p + 36, 32));
		g_assert_null (strstr (text, hex));
		g_assert_null (strstr (text, base64));
	}
}

static void
restart_to_fail (Case *c, const char *point)
{
	g_setenv ("DIQI_FAILPOINT", point, TRUE);
	restart (c);
	g_unsetenv ("DIQI_FAILPOINT");
}

/* Begins, and dies at the write that the second share asks for. */
static void
die_at_the_end (Recovered *r, const char *point)
{
	g_auto (KeyRecovery) one = { NULL }, two = { NULL };
	g_autoptr (GError) error = NULL;
	restart_to_fail (&r->c, point);
	key_recovery_clear (&r->state);
	begin_by (&r->c, r->request, REVIEWER, ISSUER, &r->state, &error);
	g_assert_no_error (error);
	give (r, AGENT_A, &one);
	g_autofree char *statement = share_by (r, AGENT_B, AGENT_B, NULL);
	g_assert_false (signer_give_share (r->c.client, statement, &two, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
}

/* kill -9 around the last write: either nothing happened, and the agents give again, or the envelope is there, and asked for again. */
static void
test_crash (void)
{
	g_auto (Recovered) r;
	g_auto (KeyRecovery) after = { NULL };
	g_autoptr (GError) error = NULL;
	recovered_init (&r, TRUE);
	die_at_the_end (&r, "escrow.unwritten:3:kill");
	die_at_the_end (&r, "escrow.written:3:kill");
	restart (&r.c);
	begin_by (&r.c, r.request, REVIEWER, ISSUER, &after, &error);
	g_assert_no_error (error);
	g_assert_nonnull (after.envelope);
	g_autoptr (PrivateKey) key = enveloped_key_open (r.fresh, after.envelope, r.c.encryption, &error);
	g_assert_no_error (error);
	g_autofree char *escrow = read_log (&r.c, "escrow.log");
	g_assert_cmpuint (count_lines (escrow, "\"type\":\"recovered\"", r.state.recovery), ==, 1);
	g_assert_cmpuint (count_lines (escrow, "\"type\":\"recovery\"", r.state.recovery), ==, 3);
}

/* Who can write to the folder changes the record of a key while the signer runs: nothing of it is used. */
static void
test_record_changed (void)
{
	g_auto (Recovered) r;
	g_auto (KeyRecovery) after = { NULL };
	g_autoptr (GError) error = NULL;
	recovered_init (&r, TRUE);
	g_autofree char *path = g_build_filename (r.c.dir, "escrow.log", NULL), *text = read_log (&r.c, "escrow.log");
	FILE *file = fopen (path, "r+e");
	char *sealed = strstr (text, "\"sealed\":\"") + 60;
	fseek (file, sealed - text, SEEK_SET);
	g_assert_cmpint (fputc (*sealed == 'A' ? 'B' : 'A', file), !=, EOF);
	fclose (file);
	g_assert_false (begin_by (&r.c, r.request, REVIEWER, ISSUER, &after, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_INTERNAL);
	g_autofree char *statement = share_by (&r, AGENT_A, AGENT_A, NULL);
	refused_share (&r, statement, DIQI_ERROR_INTERNAL);
}

/* --- I-11 -------------------------------------------------------------------------------------------------- */

static void
test_agent_twice (void)
{
	g_auto (Recovered) r;
	g_auto (KeyRecovery) first = { NULL }, same = { NULL };
	g_autoptr (GError) error = NULL;
	recovered_init (&r, FALSE);
	g_autofree char *statement = share_by (&r, AGENT_A, AGENT_A, NULL);
	signer_give_share (r.c.client, statement, &first, &error);
	g_assert_no_error (error);
	g_autofree char *another = share_by (&r, AGENT_A, AGENT_A, NULL);
	refused_share (&r, another, DIQI_ERROR_RECOVERY_AGENT_TWICE);
	/* A lost answer is given again, and counts once. */
	signer_give_share (r.c.client, statement, &same, &error);
	g_assert_no_error (error);
	g_assert_cmpint (same.given, ==, 1);
	g_assert_null (same.envelope);
	/* The try is on record, once however often it is sent. */
	refused_share (&r, another, DIQI_ERROR_RECOVERY_AGENT_TWICE);
	g_autofree char *escrow = read_log (&r.c, "escrow.log");
	g_assert_cmpuint (count_lines (escrow, "\"code\":\"recovery.agent_twice\"", r.state.recovery), ==, 1);
}

static void
test_replayed_share (void)
{
	g_auto (Recovered) r;
	g_auto (KeyRecovery) first = { NULL };
	g_autoptr (GError) error = NULL;
	recovered_init (&r, FALSE);
	g_autofree char *statement = share_by (&r, AGENT_A, AGENT_A, NULL);
	signer_give_share (r.c.client, statement, &first, &error);
	g_assert_no_error (error);
	/* The key centre restarts: the shares it held are gone, and old statements bring none back. */
	restart (&r.c);
	refused_share (&r, statement, DIQI_ERROR_STATEMENT_REPLAYED);
	g_autofree char *unused = share_by (&r, AGENT_B, AGENT_B, NULL);
	refused_share (&r, unused, DIQI_ERROR_RECOVERY_UNKNOWN);
	key_recovery_clear (&r.state);
	begin_by (&r.c, r.request, REVIEWER, ISSUER, &r.state, &error);
	g_assert_no_error (error);
	g_assert_cmpint (r.state.given, ==, 0);
	refused_share (&r, statement, DIQI_ERROR_STATEMENT_REPLAYED);
	refused_share (&r, unused, DIQI_ERROR_RECOVERY_SHARE);       /* for a transport key that is no more */
	g_auto (KeyRecovery) a = { NULL }, b = { NULL };
	give (&r, AGENT_A, &a);
	give (&r, AGENT_B, &b);
	g_assert_nonnull (b.envelope);
}

/* A share of another certificate's key, another agent's share, somebody else's word for it. */
static void
test_foreign_share (void)
{
	g_auto (Recovered) r;
	g_auto (Case) other;
	g_autoptr (GError) error = NULL;
	recovered_init (&r, FALSE);
	g_autofree char *borrowed = share_by (&r, AGENT_B, AGENT_A, NULL);
	refused_share (&r, borrowed, DIQI_ERROR_RECOVERY_SHARE);
	g_autofree char *clerk = share_by (&r, CLERK, AGENT_A, NULL);
	refused_share (&r, clerk, DIQI_ERROR_RECOVERY_AGENT);
	g_autofree char *serial = serial_hex (&r.c.serial);
	g_autofree char *elsewhere = share_by (&r, AGENT_A, AGENT_A, json_pack ("{s:s}", "serial", serial));
	refused_share (&r, elsewhere, DIQI_ERROR_RECOVERY_SHARE);
	g_autofree char *unknown = share_by (&r, AGENT_A, AGENT_A, json_pack ("{s:s}", "recovery", "00000000000000000000000000000000000000000000000000000000000000dd"));
	refused_share (&r, unknown, DIQI_ERROR_RECOVERY_UNKNOWN);
	g_autofree char *member = share_by (&r, AGENT_A, AGENT_A, json_pack ("{s:s}", "more", "x"));
	refused_share (&r, member, DIQI_ERROR_FIELD_UNKNOWN);
	/* A share of the key of another certificate, by the right agent and for this recovery's transport key. */
	PrivateKey *key = private_key_generate (private_key_algorithm (r.c.key), &error);
	other = (Case) { .key = key, .json = fixture_request (key) };
	json_object_set_new (other.json, "profile_version", json_integer (3));
	json_object_set_new (other.json, "encryption", json_pack ("{s:s, s:i}", "profile", "organization-encryption", "profile_version", 1));
	other.request = fixture_text (other.json);
	serial_new (T0, &other.serial);
	serial_new (T0, &other.second);
	other.client = r.c.client;
	case_issue (&other);
	other.client = NULL;
	g_auto (KeyRecovery) theirs = { NULL };
	g_autoptr (PrivateKey) fresh = private_key_generate (private_key_algorithm (r.c.key), &error);
	g_autofree char *request = recovery_request (&other.second, fresh);
	begin_by (&r.c, request, REVIEWER, ISSUER, &theirs, &error);
	g_assert_no_error (error);
	g_autoptr (GBytes) sealed = sealed_for (&theirs, AGENT_A);
	g_autoptr (GBytes) given = share_reseal (fixture.encryption[AGENT_A], sealed, &other.second, r.state.transport, &error);
	g_assert_no_error (error);
	g_autofree char *base64 = g_base64_encode (g_bytes_get_data (given, NULL), g_bytes_get_size (given));
	g_autofree char *mixed = share_by (&r, AGENT_A, AGENT_A, json_pack ("{s:s}", "share", base64));
	refused_share (&r, mixed, DIQI_ERROR_RECOVERY_SHARE);
	/* And the agent's own program does not reseal a share of another key than the one he is asked about. */
	assert_refused (share_reseal (fixture.encryption[AGENT_A], sealed, &r.c.second, r.state.transport, &error), error, RECOVERY_SHARE);
}

static void
test_own_request (void)
{
	g_auto (Recovered) r;
	g_auto (KeyRecovery) state = { NULL };
	g_autoptr (GError) error = NULL;
	recovered_init (&r, FALSE);
	/* The reviewer of this recovery is an agent too. */
	g_autoptr (PrivateKey) fresh = private_key_generate (private_key_algorithm (r.c.key), &error);
	g_autofree char *request = recovery_request (&r.c.second, fresh);
	key_recovery_clear (&r.state);
	begin_by (&r.c, request, AGENT_REVIEWER, ISSUER, &r.state, &error);
	g_assert_no_error (error);
	g_autofree char *own = share_by (&r, AGENT_REVIEWER, AGENT_REVIEWER, NULL);
	refused_share (&r, own, DIQI_ERROR_RECOVERY_SELF);
	g_auto (KeyRecovery) a = { NULL };
	give (&r, AGENT_A, &a);
	g_assert_null (a.envelope);
	/* To an agent's or an officer's own key nothing is recovered. */
	PrivateKey *const staff[] = { fixture.encryption[AGENT_A], fixture.keys[AGENT_A], fixture.keys[ADMIN] };
	for (gsize i = 0; i < G_N_ELEMENTS (staff); i++) {
		g_autofree char *text = recovery_request (&r.c.second, staff[i]);
		g_assert_false (begin_by (&r.c, text, REVIEWER, ISSUER, &state, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_RECOVERY_SELF);
		g_clear_error (&error);
	}
}

static void
test_begin_refused (void)
{
	g_auto (Recovered) r;
	g_auto (KeyRecovery) state = { NULL };
	g_autoptr (GError) error = NULL;
	recovered_init (&r, FALSE);
	/* Of the signing certificate there is nothing to recover. */
	g_autofree char *signing = recovery_request (&r.c.serial, r.fresh);
	g_assert_false (begin_by (&r.c, signing, REVIEWER, ISSUER, &state, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_NOT_ESCROWED);
	g_clear_error (&error);
	g_autoptr (PrivateKey) fresh = private_key_generate (private_key_algorithm (r.c.key), &error);
	g_autofree char *text = recovery_request (&r.c.second, fresh);
	g_assert_false (begin_by (&r.c, text, BOTH, BOTH, &state, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_SAME_PERSON);
	g_clear_error (&error);
	g_assert_false (begin_by (&r.c, text, CLERK, ISSUER, &state, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_APPROVAL);
	g_clear_error (&error);
	/* Approved is one fresh key, not any. */
	g_autofree char *review = approve_service (REVIEWER, "service.review", r.request);
	g_autofree char *complete = approve_service (ISSUER, "service.complete", r.request);
	g_assert_false (signer_begin_recovery (r.c.client, text, review, complete, &state, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_TARGET);
	g_clear_error (&error);
	/* Another kind of key than can take it. */
	g_autoptr (PrivateKey) odd = private_key_generate (private_key_algorithm (r.c.key) == KEY_SM2 ? KEY_P256 : KEY_SM2, &error);
	g_autofree char *mixed = recovery_request (&r.c.second, odd);
	g_assert_false (begin_by (&r.c, mixed, REVIEWER, ISSUER, &state, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_KEY_ALGORITHM);
}

/* --- the list of agents -------------------------------------------------------------------------------------- */

static char *
sign_change (guint officer, const json_t *current, const json_t *proposed)
{
	g_autoptr (json_t) now = json_deep_copy (current);
	json_object_del (now, "keys");
	json_object_del (now, "lost");
	g_autofree char *a = fixture_text (now), *b = fixture_text (proposed);
	Fingerprint previous = { { 0 } }, list;
	if (json_integer_value (json_object_get (now, "version")) != 0)
		fingerprint_of (a, strlen (a), &previous);
	fingerprint_of (b, strlen (b), &list);
	json_t *more = json_object ();
	json_object_set (more, "version", json_object_get (now, "version"));
	json_object_set_new (more, "previous", json_hex (previous.b, sizeof previous.b));
	json_object_set_new (more, "list", json_hex (list.b, sizeof list.b));
	return fixture_sign (&fixture, officer, "agents.change", T0, more);
}

static json_t *
change (SignerClient *client, guint first, guint second, const json_t *current, const json_t *proposed, GError **error)
{
	g_autofree char *a = sign_change (first, current, proposed), *b = sign_change (second, current, proposed);
	const char *const statements[] = { a, b };
	return signer_set_agents (client, proposed, statements, 2, error);
}

/* The next list: without this agent (N_STAFF: nobody). */
static json_t *
next_list (const json_t *current, guint without)
{
	json_t *next = json_deep_copy (current), *agents = json_object_get (next, "agents");
	json_object_del (next, "keys");
	json_object_del (next, "lost");
	json_object_set_new (next, "version", json_integer (json_integer_value (json_object_get (current, "version")) + 1));
	if (without < N_STAFF)
		json_array_remove (agents, without - AGENT_A);
	return next;
}

static void
test_removed_agent (void)
{
	g_auto (Recovered) r;
	g_autoptr (GError) error = NULL;
	recovered_init (&r, TRUE);
	g_autofree char *statement = share_by (&r, AGENT_C, AGENT_C, NULL);
	g_autoptr (json_t) current = signer_get_agents (r.c.client, &error);
	g_assert_no_error (error);
	g_autoptr (json_t) next = next_list (current, AGENT_C);
	assert_refused (change (r.c.client, ADMIN, ADMIN, current, next, &error), error, SAME_PERSON);
	assert_refused (change (r.c.client, ADMIN, ISSUER, current, next, &error), error, APPROVAL);
	assert_refused (change (r.c.client, ADMIN, AGENT_A, current, next, &error), error, APPROVAL);
	g_autoptr (json_t) done = change (r.c.client, ADMIN, SECOND_ADMIN, current, next, &error);
	g_assert_no_error (error);
	g_assert_cmpint (json_integer_value (json_object_get (done, "keys")), ==, 1);
	g_assert_cmpint (json_integer_value (json_object_get (done, "lost")), ==, 0);
	refused_share (&r, statement, DIQI_ERROR_RECOVERY_AGENT_REMOVED);
	g_autofree char *escrow = read_log (&r.c, "escrow.log");
	g_assert_cmpuint (count_lines (escrow, "\"code\":\"recovery.agent_removed\"", r.state.recovery), ==, 1);
	/* After a restart he still is. */
	restart (&r.c);
	key_recovery_clear (&r.state);
	begin_by (&r.c, r.request, REVIEWER, ISSUER, &r.state, &error);
	g_assert_no_error (error);
	g_assert_null (sealed_for (&r.state, AGENT_C));
	refused_share (&r, statement, DIQI_ERROR_RECOVERY_AGENT_REMOVED);
	/* Sending the change again changes nothing. */
	g_autoptr (json_t) again = change (r.c.client, ADMIN, SECOND_ADMIN, current, next, &error);
	g_assert_no_error (error);
	g_assert_true (json_equal (again, done));
}

/* Too few left: the keys are counted as lost, so that somebody notices while the agents can still be put back. */
static void
test_lost_keys (void)
{
	g_auto (Recovered) r;
	g_autoptr (GError) error = NULL;
	recovered_init (&r, TRUE);
	g_autoptr (json_t) current = signer_get_agents (r.c.client, &error);
	g_autoptr (json_t) next = next_list (current, AGENT_REVIEWER);
	json_t *agents = json_object_get (next, "agents");
	json_array_remove (agents, 2);
	json_array_remove (agents, 1);
	assert_refused (change (r.c.client, ADMIN, SECOND_ADMIN, current, next, &error), error, FIELD_VALUE);       /* one agent, threshold 2 */
	g_autoptr (PrivateKey) key = private_key_generate (private_key_algorithm (r.c.key), &error);
	g_autoptr (GBytes) csr = csr_build (key, "ignored", &error);
	json_t *entry = json_pack ("{s:s, s:s}", "person", fixture_person (AGENT_B), "name", "恢复员乙");
	json_object_set_new (entry, "csr", json_base64 (g_bytes_get_data (csr, NULL), g_bytes_get_size (csr)));
	json_array_append_new (agents, entry);
	g_autoptr (json_t) done = change (r.c.client, ADMIN, SECOND_ADMIN, current, next, &error);
	g_assert_no_error (error);
	g_assert_cmpint (json_integer_value (json_object_get (done, "lost")), ==, 0);       /* AGENT_A, and AGENT_B by his old key */
	g_autoptr (GBytes) der = bytes_of (json_array_get (json_object_get (done, "agents"), 1), "certificate");
	g_autoptr (Certificate) made = parse (der);
	g_assert_true (certificate_has_policy (made, POLICY_RECOVERY_AGENT));
	restart (&r.c);
	g_autoptr (json_t) kept = signer_get_agents (r.c.client, &error);
	g_assert_true (json_equal (kept, done));
	g_autoptr (json_t) last = next_list (kept, N_STAFF);
	json_array_set_new (json_object_get (last, "agents"), 0, json_deep_copy (json_array_get (json_object_get (current, "agents"), 3)));
	json_array_set_new (json_object_get (last, "agents"), 1, json_deep_copy (json_array_get (json_object_get (current, "agents"), 2)));
	g_autoptr (json_t) other = change (r.c.client, ADMIN, SECOND_ADMIN, kept, last, &error);
	g_assert_no_error (error);
	g_assert_cmpint (json_integer_value (json_object_get (other, "lost")), ==, 0);      /* the other two of the four */
	json_array_remove (json_object_get (last, "agents"), 1);
	g_autoptr (json_t) swapped = next_list (other, N_STAFF);
	json_array_set_new (json_object_get (swapped, "agents"), 1, json_deep_copy (json_array_get (json_object_get (kept, "agents"), 1)));
	json_array_remove (json_object_get (swapped, "agents"), 0);
	json_array_append_new (json_object_get (swapped, "agents"), json_pack ("{s:s, s:s, s:O}", "person", fixture_person (ADMIN), "name", "管理员甲",
		"certificate", json_object_get (json_array_get (json_object_get (current, "agents"), 0), "certificate")));
	assert_refused (change (r.c.client, ADMIN, SECOND_ADMIN, other, swapped, &error), error, SIGNER);       /* ADMIN is no agent by role */
}

/* Who can be made an agent: only by a certificate made for it. */
static void
test_odd_certificates (void)
{
	g_auto (Recovered) r;
	g_autoptr (GError) error = NULL;
	recovered_init (&r, FALSE);
	g_autoptr (json_t) current = signer_get_agents (r.c.client, &error);
	GBytes *const ders[] = { r.c.pair.encryption, r.c.pair.certificate };
	for (gsize i = 0; i < G_N_ELEMENTS (ders); i++) {
		g_autoptr (json_t) next = next_list (current, N_STAFF);
		json_object_set_new (json_array_get (json_object_get (next, "agents"), 0), "certificate", json_base64 (g_bytes_get_data (ders[i], NULL), g_bytes_get_size (ders[i])));
		assert_refused (change (r.c.client, ADMIN, SECOND_ADMIN, current, next, &error), error, CERTIFICATE_USAGE);
	}
}

/* --- the order ------------------------------------------------------------------------------------------- */

static Statement *
open_order (const Recovered *r, Certificate *signer, const SignerSite *site, const Certificate *own, const Certificate *root, const char *compact,
            ShareOrder *out, GError **error)
{
	Certificate *const chain[SHARE_ORDER_CHAIN] = { signer, site->issuing, site->root };
	return share_order_open (compact != NULL ? compact : r->state.order, chain, own, root, out, error);
}

/* An agent learns from the key centre itself what his share is for, and no server can tell him otherwise. */
static void
test_order (void)
{
	g_auto (Recovered) r;
	g_autoptr (GError) error = NULL;
	ShareOrder order;
	recovered_init (&r, FALSE);
	g_autoptr (SignerSite) site = signer_get_site (r.c.client, &error);
	const Certificate *agent = fixture.created.officers[AGENT_A].certificate;
	g_autoptr (Statement) good = open_order (&r, site->receipt, site, agent, NULL, NULL, &order, &error);
	g_assert_no_error (error);
	Fingerprint transport;
	fingerprint_of (g_bytes_get_data (r.state.transport, NULL), g_bytes_get_size (r.state.transport), &transport);
	g_autofree char *hex = fingerprint_hex (&transport);
	g_assert_cmpstr (order.recovery, ==, r.state.recovery);
	g_assert_cmpstr (order.serial, ==, r.state.serial);
	g_assert_cmpstr (order.transport, ==, hex);
	g_assert_cmpstr (order.approvers[0], ==, "审核员乙");
	g_assert_cmpstr (order.approvers[1], ==, "发证员丙");
	/* By an authority that did not certify him; good again by the root that he names. */
	assert_refused (open_order (&r, site->receipt, site, site->root, NULL, NULL, &order, &error), error, CERTIFICATE_CHAIN);
	assert_refused (open_order (&r, site->receipt, site, site->root, site->issuing, NULL, &order, &error), error, CERTIFICATE_CHAIN);
	g_autoptr (Statement) by_root = open_order (&r, site->receipt, site, site->root, site->root, NULL, &order, &error);
	g_assert_no_error (error);
	/* The same words by an officer, whom the same authority certified; and under another's certificate. */
	g_autofree char *officers = statement_sign (statement_payload (good), fixture.keys[ADMIN], fixture.created.officers[ADMIN].certificate, &error);
	assert_refused (open_order (&r, fixture.created.officers[ADMIN].certificate, site, agent, NULL, officers, &order, &error), error, CERTIFICATE_CHAIN);
	assert_refused (open_order (&r, site->receipt, site, agent, NULL, officers, &order, &error), error, STATEMENT_SIGNATURE);
	/* Nobody has the receipt key sign such words as a receipt. */
	g_autofree char *receipt = signer_sign_receipt (r.c.client, statement_payload (good), &error);
	assert_refused (receipt, error, FIELD_UNKNOWN);
	/* With the key it is over. */
	g_auto (KeyRecovery) first = { NULL }, second = { NULL };
	give (&r, AGENT_A, &first);
	g_assert_cmpstr (first.order, ==, r.state.order);
	give (&r, AGENT_B, &second);
	g_assert_null (second.order);
}

int
main (int argc, char **argv)
{
	KeyAlgorithm algorithm = KEY_P256;
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_assert_true (argc < 2 || key_algorithm_from_name (argv[1], &algorithm));
	g_test_add_func ("/recovery/good", test_recovery);
	g_test_add_func ("/recovery/order", test_order);
	/* The rest does not depend on the kind of key. */
	if (algorithm == KEY_P256) {
		g_test_add_func ("/recovery/no-plaintext", test_recovery_leaves_no_plaintext);
		g_test_add_func ("/recovery/begin-refused", test_begin_refused);
		g_test_add_func ("/recovery/crash", test_crash);
		g_test_add_func ("/recovery/record-changed", test_record_changed);
		g_test_add_func ("/I-11/agent-twice", test_agent_twice);
		g_test_add_func ("/I-11/replayed", test_replayed_share);
		g_test_add_func ("/I-11/foreign", test_foreign_share);
		g_test_add_func ("/I-11/own-request", test_own_request);
		g_test_add_func ("/I-11/removed-agent", test_removed_agent);
		g_test_add_func ("/agents/lost", test_lost_keys);
		g_test_add_func ("/agents/odd-certificates", test_odd_certificates);
	}
	key_centre_start (algorithm);
	int result = g_test_run ();
	key_centre_stop ();
	return result;
}
