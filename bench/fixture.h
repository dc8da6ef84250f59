/* bench/fixture.h — people and papers of a measured site, made through its API like anybody's.
 *
 * Everything goes over HTTP with real certificates and statements; what is prepared here is what the measured
 * request needs to find: applications that two officers have brought to `reviewed`, holders with certificates
 * and sessions, sales in their listing.
 */
#pragma once
#include "base/json.h"
#include "pki/certificate.h"
#include "http_load.h"

#define FIXTURE_CLOCK "2026-02-24T01:00:00.000000Z"     /* Tuesday morning, before every announcement */

/* Somebody with a certificate; cookie: a header line once logged in. */
typedef struct {
	PrivateKey *key;
	Certificate *certificate;
	char *cookie;
} Person;

typedef enum { CLERK, CASHIER, REVIEWER, ISSUER, EDITOR, APPROVER, FIXTURE_OFFICERS } FixtureOfficer;

typedef struct {
	guint16 port;
	char *site;                  /* id */
	Micros time, asked;          /* the site's clock, and our monotonic clock then */
	Person officers[FIXTURE_OFFICERS];
	Certificate *issuing;
	guint64 next_number;         /* of credit codes */
} Fixture;

gboolean fixture_open (Fixture *f, const char *dir, guint16 port, GError **error);
void fixture_clear (Fixture *f);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)
/* Moves the site's clock; sessions are too old afterwards, so the officers log in anew. */
gboolean fixture_set_clock (Fixture *f, const char *now, GError **error);

/* One call; NULL on another status than 2xx.  headers: "" or complete lines; body is stolen, may be NULL. */
json_t *fixture_call (Fixture *f, const char *method, const char *path, const char *headers, json_t *body, GError **error);
/* Many at once over many connections; the bodies in order of the requests (GBytes).  All must be answered 2xx. */
GPtrArray *fixture_batch (Fixture *f, const GPtrArray *requests, GError **error);
json_t *fixture_json (const GPtrArray *bodies, guint i, GError **error);

gboolean fixture_login (Fixture *f, Person *person, GError **error);
/* members are stolen.  by_spki: as an applicant who has no certificate yet. */
char *fixture_statement (Fixture *f, const Person *person, gboolean by_spki, const char *type, json_t *members, GError **error);
/* POST of {"statement"} in this person's session, with a fresh Idempotency-Key. */
GBytes *fixture_act (Fixture *f, const Person *person, const char *path, const char *type, json_t *members, GError **error);

/* --- applications (fixture_apply.c) ---------------------------------------------------------- */
typedef struct {
	Person holder;               /* certificate only after applicants_certify */
	char *id, *headers;          /* with the access code */
	char *form;                  /* hash of the form document */
	char *request;               /* hash of the request that is approved */
	json_t *profile, *profile_version;
} Applicant;
void applicant_free (gpointer applicant);

/* n companies, each with its own credit code and key, at `submitted`. */
GPtrArray *applicants_submit (Fixture *f, guint n, GError **error);
/* The same at `reviewed`. */
GPtrArray *applicants_prepare (Fixture *f, guint n, GError **error);
/* The issuer's signed act on each: GBytes requests. */
GPtrArray *applicants_issue (Fixture *f, const GPtrArray *applicants, GError **error);
/* Issued ones fetch their certificates; with login they open sessions. */
gboolean applicants_certify (Fixture *f, const GPtrArray *applicants, gboolean login, GError **error);

/* --- sales (fixture_sale.c) -------------------------------------------------------------------- */
#define SALE_CLOCK "2026-03-20T02:00:00.000000Z"        /* in the listing of the sales published below */
typedef struct {
	char *id, *rule_set, *head;
	Money next, increment;
} FixtureSale;
void fixture_sale_free (gpointer sale);

/* Published at FIXTURE_CLOCK. */
GPtrArray *sales_publish (Fixture *f, guint n, GError **error);
/* At SALE_CLOCK: every applicant becomes a bidder of every sale. */
gboolean sales_qualify (Fixture *f, const GPtrArray *sales, const GPtrArray *applicants, GError **error);
/* Signs the next quote of the sale's price ladder. */
GBytes *sale_quote (Fixture *f, FixtureSale *sale, const Person *bidder, GError **error);
