/* registry/search.h — finding applications by name, code, number or serial.
 *
 * A submitted application leaves terms: each suffix of the holder's name (so that a prefix search finds
 * any part of it), the credit code and the older numbers, 受理编号 whole and its running part, the serials of
 * its certificates, the holder's identity number as a hash only; registry/step.c writes them.  A word of the query is a prefix of a
 * term; several words must all fit.  Terms are NFKC, without case and blanks.  A word that fits very many is
 * answered from SEARCH_WORD_MAX of them, the last in order of the terms and the newest of each term: ask for more to get fewer.
 */
#pragma once
#include "registry/registry.h"

#define SEARCH_WORD_MAX 1000

/* Newest first: [{application, number, service, kind, holder, state, created, updated, serial?}].
 * DIQI_ERROR_FIELD_VALUE at "/query" when it holds nothing to search for. */
gboolean search_applications (Tx *tx, Registry *registry, const char *query, guint limit, json_t **items, GError **error);
/* Indexes the applications of an older database that have no terms yet; transactions of its own.  Call at start. */
gboolean search_catch_up (Registry *registry, Store *store, GError **error);
