/* bench/fixture.c — see fixture.h. */
#include "fixture.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "pki/statement.h"

#define BATCH_CONNECTIONS 32

/* --- calls -------------------------------------------------------------------------------- */

typedef struct {
	GPtrArray *bodies;
	char *cookie;            /* of the last answer that set one */
	guint status;            /* of the last answer */
	char *refusal;           /* body of the first answer that is not 2xx */
} Answers;

static void
answers_clear (Answers *a)
{
	g_clear_pointer (&a->bodies, g_ptr_array_unref);
	g_free (a->cookie);
	g_free (a->refusal);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answers, answers_clear)

static void
free_body (gpointer body)
{
	if (body != NULL)
		g_bytes_unref (body);
}

static void
keep_answer (const LoadReply *reply, gpointer user)
{
	Answers *a = user;
	const char *cookie = strcasestr (reply->head, "\r\nSet-Cookie: ");
	a->status = reply->status;
	if (reply->status / 100 != 2 && a->refusal == NULL)
		a->refusal = g_strndup (reply->body, reply->n);
	if (cookie != NULL) {
		cookie += strlen ("\r\nSet-Cookie: ");
		g_free (a->cookie);
		a->cookie = g_strndup (cookie, strcspn (cookie, ";\r"));
	}
	a->bodies->pdata[reply->index] = g_bytes_new (reply->body, reply->n);
}

static gboolean
exchange (Fixture *f, const GPtrArray *requests, Answers *answers, GError **error)
{
	const LoadPlan plan = { .requests = requests, .connections = MIN (requests->len, BATCH_CONNECTIONS), .status = 200,
	                        .reply = keep_answer, .user = answers };
	LoadResult result;
	answers->bodies = g_ptr_array_new_with_free_func (free_body);
	g_ptr_array_set_size (answers->bodies, (int) requests->len);
	if (!load_run (f->port, &plan, &result, error))
		return FALSE;
	return answers->refusal == NULL || diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "refused: %s", answers->refusal);
}

GPtrArray *
fixture_batch (Fixture *f, const GPtrArray *requests, GError **error)
{
	g_auto (Answers) answers = { 0 };
	return exchange (f, requests, &answers, error) ? g_steal_pointer (&answers.bodies) : NULL;
}

json_t *
fixture_json (const GPtrArray *bodies, guint i, GError **error)
{
	gsize n;
	const char *text = g_bytes_get_data (g_ptr_array_index (bodies, i), &n);
	return n > 0 ? json_read_strict (text, n, 1 << 20, error) : json_null ();
}

static json_t *
call (Fixture *f, const char *method, const char *path, const char *headers, json_t *body, char **cookie, GError **error)
{
	g_auto (Answers) answers = { 0 };
	g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func (free_body);
	g_autofree char *key = random_token (16), *all = g_strdup_printf ("%sIdempotency-Key: %s\r\n", headers, key);
	g_autofree char *text = body != NULL ? json_dumps (body, JSON_COMPACT) : NULL;
	json_decref (body);
	g_ptr_array_add (requests, load_request (method, path, all, text != NULL ? "application/json" : NULL, text, text != NULL ? strlen (text) : 0));
	if (!exchange (f, requests, &answers, error)) {
		g_prefix_error (error, "%s %s: ", method, path);
		return NULL;
	}
	if (cookie != NULL)
		*cookie = g_steal_pointer (&answers.cookie);
	return fixture_json (answers.bodies, 0, error);
}

json_t *
fixture_call (Fixture *f, const char *method, const char *path, const char *headers, json_t *body, GError **error)
{
	return call (f, method, path, headers, body, NULL, error);
}

/* --- statements ------------------------------------------------------------------------------ */

char *
fixture_statement (Fixture *f, const Person *person, gboolean by_spki, const char *type, json_t *members, GError **error)
{
	g_autoptr (json_t) payload = members;
	g_autofree char *nonce = random_token (16);
	json_object_set_new (payload, "type", json_string (type));
	json_object_set_new (payload, "site", json_string (f->site));
	json_object_set_new (payload, "time", json_time (f->time + (clock_monotonic () - f->asked)));
	json_object_set_new (payload, "nonce", json_string (nonce));
	return statement_sign (payload, person->key, by_spki ? NULL : person->certificate, error);
}

GBytes *
fixture_act (Fixture *f, const Person *person, const char *path, const char *type, json_t *members, GError **error)
{
	g_autofree char *statement = fixture_statement (f, person, FALSE, type, members, error);
	if (statement == NULL)
		return NULL;
	g_autofree char *key = random_token (16);
	g_autofree char *headers = g_strdup_printf ("%sIdempotency-Key: %s\r\n", person->cookie, key);
	g_autofree char *body = g_strdup_printf ("{\"statement\":\"%s\"}", statement);
	return load_request ("POST", path, headers, "application/json", body, strlen (body));
}

gboolean
fixture_login (Fixture *f, Person *person, GError **error)
{
	g_autofree char *cookie = NULL;
	g_autoptr (json_t) challenge = fixture_call (f, "POST", "/api/v1/login/challenge", "", json_pack ("{s:s}", "purpose", "login"), error);
	if (challenge == NULL)
		return FALSE;
	g_autofree char *statement = fixture_statement (f, person, FALSE, "login",
		json_pack ("{s:O, s:s}", "challenge", json_object_get (challenge, "challenge"), "purpose", "login"), error);
	if (statement == NULL)
		return FALSE;
	g_autoptr (GBytes) der = certificate_der (person->certificate);
	json_t *body = json_pack ("{s:s, s:o}", "statement", statement, "certificate", json_base64 (g_bytes_get_data (der, NULL), g_bytes_get_size (der)));
	g_autoptr (json_t) view = call (f, "POST", "/api/v1/login", "", body, &cookie, error);
	if (view == NULL)
		return FALSE;
	if (cookie == NULL)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "a login without a cookie");
	g_free (person->cookie);
	person->cookie = g_strdup_printf ("Cookie: %s\r\n", cookie);
	return TRUE;
}

/* --- opening ----------------------------------------------------------------------------------- */

static gboolean
load_officer (Fixture *f, const char *dir, FixtureOfficer which, GError **error)
{
	static const char *const names[] = { "clerk", "cashier", "reviewer", "issuer", "market_editor", "market_approver" };
	g_autofree char *p12_path = g_strdup_printf ("%s/officers/%s.p12", dir, names[which]);
	g_autofree char *pin_path = g_strdup_printf ("%s/officers/%s.pin", dir, names[which]);
	g_autofree char *p12 = NULL, *pin = NULL;
	gsize n;
	Person *officer = &f->officers[which];
	if (!g_file_get_contents (p12_path, &p12, &n, error) || !g_file_get_contents (pin_path, &pin, NULL, error))
		return FALSE;
	g_autoptr (GBytes) bytes = g_bytes_new (p12, n);
	return pkcs12_open (bytes, g_strstrip (pin), &officer->key, &officer->certificate, error);
}

static gboolean
ask_time (Fixture *f, GError **error)
{
	g_autoptr (json_t) site = fixture_call (f, "GET", "/api/v1/site", "", NULL, error);
	if (site == NULL)
		return FALSE;
	f->asked = clock_monotonic ();
	g_free (f->site);
	f->site = g_strdup (json_string_value (json_object_get (site, "site")));
	return time_parse (json_string_value (json_object_get (site, "time")), &f->time, error);
}

static gboolean
login_officers (Fixture *f, GError **error)
{
	for (guint i = 0; i < FIXTURE_OFFICERS; i++)
		if (!fixture_login (f, &f->officers[i], error))
			return FALSE;
	return TRUE;
}

gboolean
fixture_open (Fixture *f, const char *dir, guint16 port, GError **error)
{
	g_autofree char *path = g_build_filename (dir, "ca", "issuing.crt", NULL), *pem = NULL;
	gsize n;
	f->port = port;
	for (guint i = 0; i < FIXTURE_OFFICERS; i++)
		if (!load_officer (f, dir, i, error))
			return FALSE;
	if (!g_file_get_contents (path, &pem, &n, error))
		return FALSE;
	f->issuing = certificate_parse_pem (pem, n, error);
	return f->issuing != NULL && ask_time (f, error) && login_officers (f, error);
}

gboolean
fixture_set_clock (Fixture *f, const char *now, GError **error)
{
	g_autoptr (json_t) reply = fixture_call (f, "POST", "/api/v1/test/clock", "", json_pack ("{s:s}", "now", now), error);
	return reply != NULL && ask_time (f, error) && login_officers (f, error);
}

static void
person_clear (Person *person)
{
	g_clear_pointer (&person->key, private_key_free);
	g_clear_pointer (&person->certificate, certificate_unref);
	g_clear_pointer (&person->cookie, g_free);
}

void
fixture_clear (Fixture *f)
{
	for (guint i = 0; i < FIXTURE_OFFICERS; i++)
		person_clear (&f->officers[i]);
	g_clear_pointer (&f->issuing, certificate_unref);
	g_free (f->site);
}

void
applicant_free (gpointer p)
{
	Applicant *a = p;
	person_clear (&a->holder);
	g_free (a->id);
	g_free (a->headers);
	g_free (a->form);
	g_free (a->request);
	json_decref (a->profile);
	json_decref (a->profile_version);
	g_free (a);
}
