/* signer/examine.h — looking at a signer's folder before anything depends on it: for `diqi doctor`.
 *
 * Changes nothing, also beside a running signer; tells each finding as it comes.  With the passphrase every key is loaded, tried and
 * verified, and each token logged in to (once: a refused PIN is told, not tried again); without, what can be seen from outside.
 */
#pragma once
#include "base/clock.h"

typedef enum { FOUND_OK, FOUND_WARN, FOUND_FAIL } FoundLevel;

typedef struct {
	FoundLevel level;
	const char *check;            /* "signer", "chain", "ceremony", "certificate", "token", "key", "secrets" */
	const char *detail;           /* holds no secret */
	const char *advice;           /* what to do; NULL when all is well */
} Finding;
typedef void (*FindingSink) (gpointer user, const Finding *finding);

/* Limits of a certificate's remaining life. */
#define EXAMINE_WARN_DAYS 30
#define EXAMINE_FAIL_DAYS 14
void examine_expiry (const char *name, Micros not_after, Micros now, FindingSink sink, gpointer user);

typedef struct {
	const char *dir;              /* the signer's folder */
	const char *passphrase;       /* NULL: not given */
	gsize passphrase_n;
	Micros now;
} Examine;
void signer_examine (const Examine *in, FindingSink sink, gpointer user);

/* Names of the site's CAs, main one first; NULL when that cannot be read. */
char **signer_ca_names (const char *dir);
/* Is it a test site, whose clock may be set?  FALSE also when that cannot be read. */
gboolean signer_is_test_site (const char *dir);
