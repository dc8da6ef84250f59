/* A site with a key centre, double certificates of it and recoveries of their keys: what test_escrow and test_recovery share.
 * Most tests talk to one running signer, each about certificates of its own: starting one takes long, for it opens many keys. */
#pragma once
#include "fixture.h"
#include "signer/share.h"

typedef struct {
	char *dir;
	SignerClient *client;
	gboolean own;                   /* a folder and signer of its own */
	PrivateKey *key;                /* the holder's */
	json_t *json;
	char *request;
	Serial serial, second;
	IssuedPair pair;
	Certificate *signing, *encryption;
} Case;

extern Fixture fixture;

void key_centre_start (KeyAlgorithm algorithm);
void key_centre_stop (void);

/* A request for double certificates with this encryption profile (NULL: for a single one). */
void case_init (Case *c, const char *encryption);
/* For a holder's key of another kind than the site's. */
void case_init_of (Case *c, KeyAlgorithm algorithm, const char *encryption);
void case_init_own (Case *c, const char *encryption);
void case_clear (Case *c);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Case, case_clear)
void restart (Case *c);
gboolean issue_pair (Case *c, const Serial *second, IssuedPair *out, GError **error);
/* Issues, and parses both certificates. */
void case_issue (Case *c);

Certificate *parse (GBytes *der);
GBytes *bytes_of (const json_t *object, const char *key);
char *read_log (const Case *c, const char *name);
/* Lines with both texts. */
guint count_lines (const char *text, const char *what, const char *about);

typedef struct {
	Case c;
	PrivateKey *fresh;
	char *request;
	KeyRecovery state;
} Recovered;

/* Issued, and its recovery begun; in a folder of its own or not. */
void recovered_init (Recovered *r, gboolean own);
void recovered_clear (Recovered *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Recovered, recovered_clear)
char *recovery_request (const Serial *serial, const PrivateKey *fresh);
char *approve_service (guint officer, const char *type, const char *request);
gboolean begin_by (Case *c, const char *request, guint reviewer, guint issuer, KeyRecovery *out, GError **error);
/* What the key centre sealed to this agent; NULL: nothing (any more). */
GBytes *sealed_for (const KeyRecovery *state, guint agent);
/* The statement by which `signer` hands in what was sealed to `agent`; members of `changes` (taken) in place of the right ones. */
char *share_by (const Recovered *r, guint signer, guint agent, json_t *changes);
void give (Recovered *r, guint agent, KeyRecovery *out);
void refused_share (Recovered *r, const char *statement, int code);
