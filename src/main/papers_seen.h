/* main/papers_seen.h — the clerk's list of papers, from the command line. */
#pragma once
#include "main/remote.h"

/* The member "papers" of application.accept for this application's view: --papers LIST, or with --papers-seen all that its
 * service asks for.  NULL with an error; new reference. */
json_t *papers_seen (const Cli *cli, Remote *remote, const json_t *view, GError **error);
/* GET /papers of a service and kind (either may be NULL). */
json_t *papers_required (Remote *remote, const char *service, const char *kind, GError **error);
