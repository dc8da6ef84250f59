/* registry/papers_rules.h — which papers a service needs of whom, as data (data/papers/required.json).
 *
 * A service asks an organisation or a person for a few needs (registration, form, contract …); a need is met by any one of
 * its choices, and a choice is a list of papers that go together: a licence with the unified code stands for the licence, the
 * organisation code certificate and the tax certificate of before (三证合一).  The file is read strictly: every
 * service and kind once, no unknown member, no paper without a name.
 */
#pragma once
#include "base/json.h"
#include "identity/subject.h"

typedef struct {
	const char *paper;           /* "uscc_licence"; borrowed from the rules */
	gboolean original;           /* 原件: must have been seen */
	gint64 copies;               /* 一式 N 份 */
	gboolean scan;               /* a scan that the clerk checked does instead */
} PaperItem;

typedef enum {
	PAPER_ALWAYS,
	PAPER_OPERATOR,              /* an operator who is not the legal representative acts */
} PaperWhen;

typedef struct {
	const char *name;
	PaperWhen when;
	gboolean unless_certificate; /* a submission in a session of the holder's certificate does instead */
	GPtrArray *choices;          /* of GArray of PaperItem */
} PaperNeed;

typedef struct PaperRules PaperRules;          /* immutable; thread-safe */
/* The file inside the program. */
PaperRules *paper_rules_builtin (GError **error);
/* DIQI_ERROR_FIELD_… with the member at fault; the document is copied. */
PaperRules *paper_rules_parse (const json_t *document, GError **error);
void paper_rules_free (PaperRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PaperRules, paper_rules_free)

/* The rules' own string for a paper of that name; NULL if there is none. */
const char *paper_rules_find (const PaperRules *rules, const char *paper);
/* 表单用语; of a paper that exists. */
const char *paper_rules_label (const PaperRules *rules, const char *paper);
/* GArray of PaperNeed, borrowed; NULL for a service nobody knows. */
const GArray *paper_rules_needs (const PaperRules *rules, const char *service, SubjectKind kind);
/* {papers:[{paper, zh, en}], items:[{service, kind, needs:[{need, when?, unless?, any, source}]}]}; service or kind NULL: all.
 * DIQI_ERROR_FIELD_VALUE for names nobody knows. */
gboolean paper_rules_view (const PaperRules *rules, const char *service, const char *kind, json_t **out, GError **error);
