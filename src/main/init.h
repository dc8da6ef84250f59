/* main/init.h — making a site: the ceremony of `diqi init`, also used by `diqi demo`. */
#pragma once
#include "base/clock.h"
#include "pki/key.h"
#include "signer/create.h"

#define INIT_AGENTS 3
#define INIT_THRESHOLD 2
#define INIT_AGENTS_MAX 9

typedef struct {
	const char *dir;                 /* made; refused if it holds anything */
	const char *site, *name;         /* NULL: a new UUID; 土地交易 */
	const char *base_uri;            /* NULL: http://127.0.0.1:8080 */
	const char *store;               /* NULL: sqlite:data/diqi.db */
	guint crl_shards;                /* of every CA's revocation list: a power of two, at most CREATE_MAX_SHARDS; 0: PINS_SHARDS */
	KeyAlgorithm algorithm;
	gboolean has_second;             /* a second hierarchy beside it */
	KeyAlgorithm second;
	const char *passphrase, *root_passphrase;
	const SignerCreateToken *token, *root_token;     /* NULL: keys in files */
	guint recovery_agents, threshold;    /* of the key centre, at most INIT_AGENTS_MAX; 0 and 0: none */
	/* Test sites (demo and tests) only: */
	gboolean test;
	Micros clock;                    /* frozen there; 0: system clock */
} InitOptions;

/* DIQI_ERROR_EXISTS when there is something already; nothing is left behind on failure. */
gboolean init_site (const InitOptions *options, GError **error);
