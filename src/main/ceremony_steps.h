/* main/ceremony_steps.h — what a ceremony's script can ask for, and how each step is known again after it was cut off. */
#pragma once
#include "signer/ceremony.h"

typedef struct {
	const char *dir, *signer, *ca;     /* the site, its signer's folder, its public files */
	const char *passphrase;            /* of the signer's keys */
} CeremonySite;
Ceremony *ceremony_site_open (const CeremonySite *site, GError **error);

typedef struct {
	const char *name;
	/* What is there now, for the record, by which `found` judges; NULL: nothing need be known. */
	json_t *(*before) (const CeremonySite *site, const Ceremony *ceremony, const json_t *wanted, GError **error);
	/* The step was begun and cut off.  Was it done?  *result, or NULL: it was not, and may be done again.  NULL: doing it again finishes it.
	 * FALSE: that cannot be told, or what is left is in the way. */
	gboolean (*found) (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error);
	gboolean (*run) (const CeremonySite *site, const json_t *wanted, const json_t *before, json_t **result, GError **error);
} CeremonyStep;
/* NULL name, or none of that name: DIQI_ERROR_FIELD_VALUE. */
const CeremonyStep *ceremony_step_find (const char *name, GError **error);
/* Is what a cut-off "init" left a whole site?  *result as of the step, NULL: it is not. */
gboolean ceremony_init_found (const CeremonySite *site, json_t **result, GError **error);
