/* main/demo.h — demo sites: `diqi demo` serves one, `diqi demo --story` plays the whole job once. */
#pragma once
#include "main/site.h"
#include "signer/create.h"

typedef struct {
	const char *dir;             /* NULL: temporary, removed at the end */
	const char *listen;          /* NULL: 127.0.0.1:8080, for the story a free port */
	const char *store;           /* NULL: SQLite */
	const char *base_uri;        /* NULL: as init has it */
	KeyAlgorithm algorithm;
	gboolean has_second;         /* a second hierarchy beside it */
	KeyAlgorithm second;
	guint crl_shards;            /* 0: as init does */
	gboolean quiet;
	const SignerCreateToken *token, *root_token;     /* NULL: keys in files */
} DemoOptions;

/* Only an empty test site in DIR/site, for tests; clock NULL: the demo's first moment. */
gboolean demo_make_only (const DemoOptions *options, const char *clock, GError **error);
gboolean demo_serve (const DemoOptions *options, GError **error);
/* The server runs as a child process; every step is a call of this program's command line. */
gboolean demo_story (const DemoOptions *options, GError **error);
