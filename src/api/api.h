/* api/api.h — the JSON API under /api/v1 and the public pages: one table of routes.
 *
 * A handler finds out who asks and reads the body, calls one domain function in one
 * transaction, and answers.  It holds no policy and no SQL.  docs/api/openapi.yaml
 * describes the same table; a test compares them.
 */
#pragma once
#include "authority/authority.h"
#include "base/metrics.h"
#include "evidence/checkpoint.h"
#include "identity/officers.h"
#include "market/broadcast.h"
#include "ledger/provider.h"
#include "market/watermark.h"
#include "net/server.h"
#include "registry/registry.h"
#include "signer/client.h"
#include "store/store.h"

/* What the handlers work with; all borrowed, all set. */
typedef struct {
	Store *store;
	Clock *clock;
	SignerClient *signer;
	const SignerSite *site;
	Authority *authority;
	Officers *officers;
	Registry *registry;
	const Providers *providers;
	LogKeeper *keeper;
	Broadcast *broadcast;
	ArrivalWatermark *watermark;
	Metrics *metrics;
	gint64 max_hold_days;          /* [authority] max_hold_days */
	gint64 hold_warning_days;      /* [authority] hold_warning_days */
	const char *site_name;
	const char *log_origin;
	/* Test sites: moves the injected clock (and the signer's) and everything that waits for it. */
	gboolean (*set_clock) (gpointer user, Micros now, GError **error);
	gpointer set_clock_user;
} Api;

/* Permission of a route: any of these bits, or of the officers' roles (identity/actor.h). */
enum {
	PERMIT_PUBLIC = 1 << 16,       /* anybody */
	PERMIT_APPLICANT = 1 << 17,    /* the access code of the application in the path */
	PERMIT_HOLDER = 1 << 18,       /* a session of a certificate holder */
	PERMIT_OFFICER = 1 << 19,      /* a session of any officer */
	PERMIT_TEST_SITE = 1 << 20,    /* anybody, on a test site only */
};
#define PERMIT_SESSION (PERMIT_HOLDER | PERMIT_OFFICER)

/* Routes for net; constant, one array for the process.  Requests reach Api through request_user. */
const Route *api_routes (gsize *n);
