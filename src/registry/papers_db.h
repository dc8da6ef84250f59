/* registry/papers_db.h — one SQL statement a function; used by registry only. */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "store/store.h"

typedef struct {
	const char *application;
	gint64 version;
	const char *paper;
	gboolean original;
	gint64 copies;
	const char *scan;             /* NULL: none */
	const char *person;
	Micros at;
} PaperFact;
gboolean db_paper_fact_insert (Tx *tx, const PaperFact *fact, GError **error);
/* Of the last acceptance: calls with facts that live during the call. */
typedef void (*PaperFactFn) (const PaperFact *fact, gpointer user);
gboolean db_paper_facts (Tx *tx, const char *application, PaperFactFn fn, gpointer user, GError **error);
