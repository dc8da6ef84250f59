/* The service request: of this site, of the wanted kind, canonical and closed. */
#include <string.h>

#include "fixture.h"
#include "signer/protocol.h"
#include "signer/service_request.h"

#define APPLICATION "018f0000-0000-7000-8000-0000000000bb"

static const ServiceRequestKind any_service = { "unhold", NULL, 20, "not a request to end a hold" };
static const ServiceRequestKind one_service = { "unlock", "unlock_pin", 1, "not a request to unlock a token" };

static json_t *
request_new (const char *service, const char *act)
{
	return json_pack ("{s:s, s:s, s:s, s:s, s:[s], s:s, s:s}", "type", "service.request", "site", SITE, "application", APPLICATION,
	                  "service", service, "certificates", "01", "act", act, "form",
	                  "00000000000000000000000000000000000000000000000000000000000000ee");
}

static void
test_accepted (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) json = request_new ("unfreeze", "unhold");
	g_autofree char *text = fixture_text (json);
	g_auto (ServiceRequest) request = { NULL };
	Fingerprint hash;
	fingerprint_of (text, strlen (text), &hash);
	g_assert_true (service_request_read (text, SITE, &any_service, NULL, &request, &error));
	g_assert_no_error (error);
	g_assert_cmpstr (request.application, ==, APPLICATION);
	g_assert_cmpuint (json_array_size (request.certificates), ==, 1);
	g_assert_true (fingerprint_equal (&request.hash, &hash));
}

static void
test_extra_member (void)
{
	g_autoptr (GError) error = NULL;
	const char *token = NULL;
	const Field extra = { "token", FIELD_STRING, TRUE, 8, &token };
	g_autoptr (json_t) json = request_new ("unlock_pin", "unlock");
	json_object_set_new (json, "token", json_string ("T-1"));
	g_autofree char *text = fixture_text (json);
	g_auto (ServiceRequest) request = { NULL };
	g_assert_true (service_request_read (text, SITE, &one_service, &extra, &request, &error));
	g_assert_no_error (error);
	g_assert_cmpstr (token, ==, "T-1");
}

/* Each is one change to a good request to unlock a token. */
typedef struct {
	const char *name, *member;
	const char *value;              /* JSON; NULL: the member is taken out */
	DiqiErrorCode code;
	const char *field;
} Refusal;

static const Refusal refusals[] = {
	{ "type", "type", "\"certificate.request\"", DIQI_ERROR_SIGNER, "/request/act" },
	{ "site", "site", "\"another-site\"", DIQI_ERROR_SIGNER, "/request/site" },
	{ "service", "service", "\"unfreeze\"", DIQI_ERROR_SIGNER, "/request/act" },
	{ "act", "act", "\"recover\"", DIQI_ERROR_SIGNER, "/request/act" },
	{ "application-form", "application", "\"1\"", DIQI_ERROR_FIELD_VALUE, "/request/application" },
	{ "too-many-certificates", "certificates", "[\"01\", \"02\"]", DIQI_ERROR_FIELD_LENGTH, "/request/certificates" },
	{ "form-hash", "form", "\"ee\"", DIQI_ERROR_FIELD_VALUE, "/request/form" },
	{ "extra-missing", "token", NULL, DIQI_ERROR_FIELD_MISSING, "/request/token" },
	{ "extra-too-long", "token", "\"123456789\"", DIQI_ERROR_FIELD_LENGTH, "/request/token" },
	{ "unknown-member", "spki", "\"AAAA\"", DIQI_ERROR_FIELD_UNKNOWN, "/request/spki" },
	{ "certificates-missing", "certificates", NULL, DIQI_ERROR_FIELD_MISSING, "/request/certificates" },
};

static void
test_refused (gconstpointer data)
{
	const Refusal *refusal = data;
	g_autoptr (GError) error = NULL;
	const char *token;
	const Field extra = { "token", FIELD_STRING, TRUE, 8, &token };
	g_autoptr (json_t) json = request_new ("unlock_pin", "unlock");
	json_object_set_new (json, "token", json_string ("T-1"));
	if (refusal->value != NULL)
		json_object_set_new (json, refusal->member, json_loads (refusal->value, JSON_DECODE_ANY, NULL));
	else
		json_object_del (json, refusal->member);
	g_autofree char *text = fixture_text (json);
	g_auto (ServiceRequest) request = { NULL };
	g_assert_false (service_request_read (text, SITE, &one_service, &extra, &request, &error));
	g_assert_error (error, DIQI_ERROR, (int) refusal->code);
	g_assert_cmpstr (diqi_error_field (error), ==, refusal->field);
}

/* Without an extra member of its kind the list is closed too. */
static void
test_foreign_extra (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) json = request_new ("unfreeze", "unhold");
	json_object_set_new (json, "token", json_string ("T-1"));
	g_autofree char *text = fixture_text (json);
	g_auto (ServiceRequest) request = { NULL };
	g_assert_false (service_request_read (text, SITE, &any_service, NULL, &request, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_UNKNOWN);
}

/* Both approvals hash the text: there is one text a request. */
static void
test_form (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) json = request_new ("unfreeze", "unhold");
	g_autofree char *canonical = fixture_text (json), *spaced = g_strconcat (canonical, " ", NULL);
	g_autofree char *torn = g_strndup (canonical, strlen (canonical) - 1), *huge = g_strnfill (REQUEST_MAX_BYTES + 1, ' ');
	g_auto (ServiceRequest) a = { NULL }, b = { NULL }, c = { NULL };
	g_assert_false (service_request_read (spaced, SITE, &any_service, NULL, &a, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_REQUEST);
	g_clear_error (&error);
	g_assert_false (service_request_read (torn, SITE, &any_service, NULL, &b, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_JSON);
	g_clear_error (&error);
	g_assert_false (service_request_read (huge, SITE, &any_service, NULL, &c, &error));
	g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/signer/service-request/accepted", test_accepted);
	g_test_add_func ("/signer/service-request/extra-member", test_extra_member);
	for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
		g_autofree char *path = g_strconcat ("/signer/service-request/refused/", refusals[i].name, NULL);
		g_test_add_data_func (path, &refusals[i], test_refused);
	}
	g_test_add_func ("/signer/service-request/foreign-extra", test_foreign_extra);
	g_test_add_func ("/signer/service-request/form", test_form);
	return g_test_run ();
}
