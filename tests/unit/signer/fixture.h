/* A test site and its officers, and what they sign.  The site is made once a program; each test
 * works on its own copy of the signer's folder. */
#pragma once
#include "base/error.h"
#include "pki/statement.h"
#include "signer/client.h"
#include "signer/create.h"

/* 2026-04-01T02:00:00Z, a Wednesday morning in Suzhou */
#define T0 (G_GINT64_CONSTANT (1775008800) * MICROS_PER_S)
#define SITE "test-site"
#define PASSPHRASE "correct horse battery"

enum { ADMIN, REVIEWER, ISSUER, CLERK, AUDITOR, REVIEWER_AGAIN, BOTH, ADMIN_ISSUER, SECOND_ADMIN, N_OFFICERS,
       AGENT_A = N_OFFICERS, AGENT_B, AGENT_C, AGENT_REVIEWER, N_STAFF };
/* The agents are in a site of fixture_init_staff only. */
/* REVIEWER_AGAIN: the person of REVIEWER with a second certificate, as issuer. */

typedef struct {
	char *root;                       /* temporary folder */
	char *site;                       /* the site as created */
	SignerCreated created;
	PrivateKey *keys[N_STAFF];
	PrivateKey *encryption[N_STAFF];  /* of agents */
	guint copies;
} Fixture;

void fixture_init (Fixture *f, KeyAlgorithm algorithm, gboolean test_site, Micros now);
/* With the first n officers only: SECOND_ADMIN left out, one administrator and another officer change the list. */
void fixture_init_officers (Fixture *f, KeyAlgorithm algorithm, gboolean test_site, Micros now, guint n);
/* With all officers and with agents, of whom two open an escrowed key. */
void fixture_init_staff (Fixture *f, KeyAlgorithm algorithm);
void fixture_clear (Fixture *f);
const char *fixture_person (guint officer);

/* A fresh copy of the signer's folder; caller frees the path. */
char *fixture_copy (Fixture *f);
SignerClient *fixture_start (const char *dir, GError **error);
/* Starts, and stops the clock at T0. */
SignerClient *fixture_run (const char *dir);
/* A raw connection to a spawned signer, greeting read; *child to wait for. */
int fixture_connect (const char *dir, pid_t *child);

/* Members beside type, site, time, nonce are those of `more` (taken). */
char *fixture_sign (const Fixture *f, guint officer, const char *type, Micros time, json_t *more);

/* A good request for a company with this key, and changes to it. */
json_t *fixture_request (const PrivateKey *key);
char *fixture_text (const json_t *json);              /* canonical */
/* An approval of exactly this text by this officer. */
char *fixture_approve (const Fixture *f, guint officer, const char *type, Micros time, const char *request);

/* One issue call with fresh serial at `now`. */
GBytes *fixture_issue (SignerClient *client, const char *request, Micros now, const char *review, const char *issue, GError **error);
GBytes *fixture_issue_copy (SignerClient *client, const char *request, guint copy, Micros now, const char *review, const char *issue, GError **error);
/* A whole, good issuance; the certificate. */
Certificate *fixture_certificate (const Fixture *f, SignerClient *client, const PrivateKey *key);

#define assert_refused(value, error, code_) G_STMT_START { \
	if (value) g_error ("%s:%d: was not refused", __FILE__, __LINE__); \
	if (!g_error_matches ((error), DIQI_ERROR, DIQI_ERROR_##code_)) \
		g_error ("%s:%d: refused with %s: %s", __FILE__, __LINE__, diqi_error_code_name (error), (error)->message); \
	g_clear_error (&(error)); } G_STMT_END
