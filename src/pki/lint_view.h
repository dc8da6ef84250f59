/* pki/lint_view.h — what the rules about certificates look at: a TBSCertificate taken apart, leniently.
 *
 * Only what no rule could name is refused here; what is read but wrong is for the rules to say.
 */
#pragma once
#include "pki/certificate.h"
#include "pki/der.h"
#include "pki/lint.h"

typedef enum { LINT_RSA, LINT_EC, LINT_SM2, LINT_EDWARDS, LINT_OTHER } LintKey;

typedef struct {
	const Certificate *by;         /* who will sign; NULL: a root */
	Der signs;                     /* AlgorithmIdentifier of the key that will sign */
	guint64 version;
	Der serial, algorithm, issuer, subject, spki, key;
	LintKey kind;
	Der modulus;
	guint64 exponent;
	Micros not_before, not_after;
	gboolean time_form;
	gboolean unique_ids;
	LintExtensions extensions;
	guint key_usage;               /* 0: absent or malformed */
	gboolean ca;                   /* by basicConstraints */
	Der usages;                    /* content of extKeyUsage, empty when absent or malformed */
} LintView;

/* v->by and v->signs are the caller's; the rest is filled and points into tbs.  FALSE: not a TBSCertificate at all. */
gboolean lint_view_read (Der tbs, LintView *v);
