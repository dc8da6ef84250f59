/* bench/fixture_apply.c — applications from the form to `reviewed`, stage by stage, all of them at once. */
#include <string.h>

#include "base/error.h"
#include "base/idnum.h"
#include "base/random.h"
#include "fixture.h"
#include "pki/statement.h"

/* --- forms ------------------------------------------------------------------------------------ */

/* The n-th synthetic organisation code and credit code: right check digits, found by trying. */
static void
credit_code (guint64 n, char uscc[19], char org[11])
{
	static const char digits[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	char plain[10];
	g_snprintf (plain, sizeof plain, "MAY%05u0", (guint) (n % 100000));
	for (const char *d = digits; !org_code_check (plain); d++)
		plain[8] = *d;
	g_snprintf (org, 11, "%.8s-%c", plain, plain[8]);
	g_snprintf (uscc, 19, "91%06u%s0", 320500 + (guint) (n / 100000), plain);
	for (const char *d = digits; *d != '\0' && uscc_check (uscc) != USCC_OK; d++)
		uscc[17] = *d;
}

static json_t *
form_of (guint64 n)
{
	char uscc[19], org[11];
	g_autofree char *name = g_strdup_printf ("太仓虚构%" G_GUINT64_FORMAT "号置业有限公司", n);
	credit_code (n, uscc, org);
	return json_pack ("{s:s,s:s,s:s, s:s,s:s,s:s,s:s, s:s,s:s,s:s,s:s,s:s,s:s, s:s,s:i,s:b}",
		"name", name, "uscc", uscc, "org_code", org,
		"postcode", "215400", "phone", "0512-53990001", "address", "太仓市虚构路1号", "fax", "0512-53990002",
		"legal_rep_name", "虚构王三", "legal_rep_id", "320599190012310035", "operator_name", "虚构赵四",
		"operator_id", "320599190106070140", "operator_mobile", "13900000001", "operator_email", "jia@example.invalid",
		"certificate_type", "land_mineral_trading", "copies", 1, "declaration", 1);
}

/* --- stages -------------------------------------------------------------------------------------- */

/* One request of each applicant, and what its answer brings. */
typedef GBytes *(*MakeFn) (Fixture *f, Applicant *a, GError **error);
typedef gboolean (*TakeFn) (Applicant *a, GBytes *body, GError **error);

static GPtrArray *
make_all (Fixture *f, const GPtrArray *applicants, MakeFn make, GError **error)
{
	g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	for (guint i = 0; i < applicants->len; i++) {
		GBytes *request = make (f, g_ptr_array_index (applicants, i), error);
		if (request == NULL)
			return NULL;
		g_ptr_array_add (requests, request);
	}
	return g_steal_pointer (&requests);
}

static gboolean
stage (Fixture *f, const GPtrArray *applicants, MakeFn make, TakeFn take, GError **error)
{
	g_autoptr (GPtrArray) requests = make_all (f, applicants, make, error);
	g_autoptr (GPtrArray) bodies = requests != NULL ? fixture_batch (f, requests, error) : NULL;
	if (bodies == NULL)
		return FALSE;
	for (guint i = 0; take != NULL && i < bodies->len; i++)
		if (!take (g_ptr_array_index (applicants, i), g_ptr_array_index (bodies, i), error))
			return FALSE;
	return TRUE;
}

static char *
path_of (const Applicant *a, const char *verb)
{
	return g_strdup_printf ("/api/v1/applications/%s/%s", a->id, verb);
}

static json_t *
json_of (GBytes *body, GError **error)
{
	gsize n;
	const char *text = g_bytes_get_data (body, &n);
	return json_read_strict (text, n, 1 << 20, error);
}

static GBytes *
json_request (const char *path, const char *headers, json_t *body)
{
	g_autofree char *text = json_dumps (body, JSON_COMPACT);
	g_autofree char *key = random_token (16), *all = g_strdup_printf ("%sIdempotency-Key: %s\r\n", headers, key);
	json_decref (body);
	return load_request ("POST", path, all, "application/json", text, strlen (text));
}

static GBytes *
make_new (Fixture *f, Applicant *a, GError **error)
{
	(void) a, (void) error;
	return json_request ("/api/v1/applications", "", json_pack ("{s:s, s:o}", "kind", "organization", "form", form_of (f->next_number++)));
}

static gboolean
take_new (Applicant *a, GBytes *body, GError **error)
{
	g_autoptr (json_t) view = json_of (body, error);
	if (view == NULL)
		return FALSE;
	a->id = g_strdup (json_string_value (json_object_get (view, "application")));
	a->headers = g_strdup_printf ("Diqi-Access-Code: %s\r\n", json_string_value (json_object_get (view, "access_code")));
	return TRUE;
}

static GBytes *
make_document (Fixture *f, Applicant *a, GError **error)
{
	(void) f, (void) error;
	g_autofree char *path = path_of (a, "form-document");
	return load_request ("GET", path, a->headers, NULL, "", 0);
}

static gboolean
take_document (Applicant *a, GBytes *body, GError **error)
{
	Fingerprint form;
	(void) error;
	fingerprint_of (g_bytes_get_data (body, NULL), g_bytes_get_size (body), &form);
	a->form = fingerprint_hex (&form);
	return TRUE;
}

static GBytes *
make_submit (Fixture *f, Applicant *a, GError **error)
{
	g_autofree char *path = path_of (a, "submit");
	g_autoptr (GBytes) csr = csr_build (a->holder.key, "bench", error);
	if (csr == NULL)
		return NULL;
	g_autoptr (PublicKey) key = private_key_public (a->holder.key);
	g_autofree char *spki = fingerprint_hex (public_key_fingerprint (key));
	g_autofree char *statement = fixture_statement (f, &a->holder, TRUE, "application.submit",
		json_pack ("{s:s, s:s, s:s, s:s}", "application", a->id, "service", "issue", "form", a->form, "spki", spki), error);
	if (statement == NULL)
		return NULL;
	return json_request (path, a->headers, json_pack ("{s:o, s:s}", "csr", json_base64 (g_bytes_get_data (csr, NULL), g_bytes_get_size (csr)),
	                                                  "statement", statement));
}

static json_t *
papers_seen (void)
{
	return json_pack ("[{s:s, s:b, s:i}, {s:s, s:b, s:i}, {s:s, s:b, s:i}, {s:s, s:b, s:i}]",
	                  "paper", "uscc_licence", "original", 1, "copies", 1, "paper", "organization_form", "original", 1, "copies", 1,
	                  "paper", "service_contract", "original", 1, "copies", 2, "paper", "power_of_attorney", "original", 1, "copies", 1);
}

static GBytes *
make_accept (Fixture *f, Applicant *a, GError **error)
{
	g_autofree char *path = path_of (a, "accept");
	/* Made at version 1, submitted at 2. */
	return fixture_act (f, &f->officers[CLERK], path, "application.accept",
	                    json_pack ("{s:s, s:i, s:s, s:o}", "application", a->id, "version", 2, "form", a->form, "papers", papers_seen ()), error);
}

static GBytes *
make_fee (Fixture *f, Applicant *a, GError **error)
{
	g_autofree char *path = path_of (a, "fee");
	return fixture_act (f, &f->officers[CASHIER], path, "fee.record",
	                    json_pack ("{s:s, s:s, s:s}", "application", a->id, "amount_fen", "30000", "method", "cash"), error);
}

static GBytes *
make_read (Fixture *f, Applicant *a, GError **error)
{
	(void) error;
	g_autofree char *path = path_of (a, "request");
	return load_request ("GET", path, f->officers[REVIEWER].cookie, NULL, "", 0);
}

static gboolean
take_read (Applicant *a, GBytes *body, GError **error)
{
	g_autoptr (json_t) view = json_of (body, error);
	if (view == NULL)
		return FALSE;
	a->request = g_strdup (json_string_value (json_object_get (view, "hash")));
	a->profile = json_incref (json_object_get (view, "profile"));
	a->profile_version = json_incref (json_object_get (view, "profile_version"));
	return TRUE;
}

static GBytes *
approval (Fixture *f, const Applicant *a, FixtureOfficer officer, const char *verb, const char *type, GError **error)
{
	g_autofree char *path = path_of (a, verb);
	return fixture_act (f, &f->officers[officer], path, type,
	                    json_pack ("{s:s, s:s, s:O, s:O}", "application", a->id, "request", a->request,
	                               "profile", a->profile, "profile_version", a->profile_version), error);
}

static GBytes *
make_review (Fixture *f, Applicant *a, GError **error)
{
	return approval (f, a, REVIEWER, "review", "application.review", error);
}

static GBytes *
make_issue (Fixture *f, Applicant *a, GError **error)
{
	return approval (f, a, ISSUER, "issue", "application.issue", error);
}

static GBytes *
make_fetch (Fixture *f, Applicant *a, GError **error)
{
	(void) error;
	g_autofree char *path = path_of (a, "certificate");
	return load_request ("GET", path, f->officers[ISSUER].cookie, NULL, "", 0);
}

static gboolean
take_certificate (Applicant *a, GBytes *body, GError **error)
{
	static const char end[] = "-----END CERTIFICATE-----";
	gsize n;
	const char *text = g_bytes_get_data (body, &n), *leaf_end = g_strstr_len (text, (gssize) n, end);
	if (leaf_end == NULL)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "no PEM chain");
	a->holder.certificate = certificate_parse_pem (text, (gsize) (leaf_end - text) + strlen (end), error);
	return a->holder.certificate != NULL;
}

/* --- whole lives ------------------------------------------------------------------------------------- */

GPtrArray *
applicants_submit (Fixture *f, guint n, GError **error)
{
	g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (applicant_free);
	for (guint i = 0; i < n; i++) {
		Applicant *a = g_new0 (Applicant, 1);
		g_ptr_array_add (all, a);
		a->holder.key = private_key_generate (KEY_P256, error);
		if (a->holder.key == NULL)
			return NULL;
	}
	if (!stage (f, all, make_new, take_new, error) || !stage (f, all, make_document, take_document, error) ||
	    !stage (f, all, make_submit, NULL, error))
		return NULL;
	return g_steal_pointer (&all);
}

GPtrArray *
applicants_prepare (Fixture *f, guint n, GError **error)
{
	g_autoptr (GPtrArray) all = applicants_submit (f, n, error);
	if (all == NULL || !stage (f, all, make_accept, NULL, error) ||
	    !stage (f, all, make_fee, NULL, error) || !stage (f, all, make_read, take_read, error) ||
	    !stage (f, all, make_review, NULL, error))
		return NULL;
	return g_steal_pointer (&all);
}

GPtrArray *
applicants_issue (Fixture *f, const GPtrArray *applicants, GError **error)
{
	return make_all (f, applicants, make_issue, error);
}

gboolean
applicants_certify (Fixture *f, const GPtrArray *applicants, gboolean login, GError **error)
{
	if (!stage (f, applicants, make_fetch, take_certificate, error))
		return FALSE;
	for (guint i = 0; login && i < applicants->len; i++)
		if (!fixture_login (f, &((Applicant *) g_ptr_array_index (applicants, i))->holder, error))
			return FALSE;
	return TRUE;
}
