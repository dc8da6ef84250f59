/* registry/papers.h — 所需资料: what the clerk saw at acceptance.
 *
 * `application.accept` lists each paper with whether its original was seen, how many copies were handed over and, where
 * one does instead, the scan that was checked.  Every acceptance leaves its facts; those of the last one show in the view.
 */
#pragma once
#include "registry/application_private.h"
#include "registry/papers_rules.h"

/* said: the statement's member "papers".  DIQI_ERROR_PAPERS_MISSING at "/statement/papers" names what lacks;
 * DIQI_ERROR_FIELD_… what is not understood.  Writes the facts. */
gboolean papers_accept (Step *step, const json_t *said, GError **error);
/* Adds the members "papers" when the application is accepted, and "disposed" when its records were destroyed. */
gboolean papers_add_view (Tx *tx, const Application *application, json_t *view, GError **error);
/* Does an operator act who is not the legal representative? */
gboolean papers_operator_acts (const Application *application);
