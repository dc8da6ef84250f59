/* pki/lint.h — what is about to be signed, read once more before the key is used.
 *
 * Certificate, revocation list and OCSP answer are written by their builders, then read here from the finished bytes by rules that
 * know nothing of the template they came from: a fault in a profile, a template or a builder ends here, and the key stays unused.
 * Every rule names where it is written.  A refusal is DIQI_ERROR_SIGNER with the rule's id in its text.
 * Cheap by design: one pass of the strict reader, one SHA-256 over the key, nothing decoded by a library; lists in linear time.
 * Private to pki.
 */
#pragma once
#include "pki/certificate.h"
#include "pki/der.h"

typedef struct {
	const char *id, *source, *says;
} LintRule;
/* All of them, for documents and tests. */
const LintRule *lint_certificate_rules (gsize *n);
const LintRule *lint_list_rules (gsize *n);
const LintRule *lint_answer_rules (gsize *n);

/* issuer NULL: the key signs its own root. */
gboolean lint_certificate (Der tbs, const Certificate *issuer, KeyAlgorithm signs, GError **error);
gboolean lint_list (Der tbs, const Certificate *issuer, KeyAlgorithm signs, GError **error);
/* responder: its encoded ResponderID; asked: what the answer is to. */
gboolean lint_answer (Der data, Der responder, const OcspRequest *asked, GError **error);

/* --- shared by the three ---------------------------------------------------------- */
#define LINT_EXTENSIONS_MAX 24
typedef struct {
	Der oid, value;
	gboolean critical;
} LintExtension;
typedef struct {
	LintExtension item[LINT_EXTENSIONS_MAX];
	gsize n;
	gboolean twice;
} LintExtensions;
/* content: what lies inside SEQUENCE OF.  FALSE: malformed, empty or too many. */
gboolean lint_extensions_read (Der content, LintExtensions *out);
const LintExtension *lint_extension (const LintExtensions *list, Der oid);
/* A time as it is written: UTCTime from 1950 to 2049, GeneralizedTime else (RFC 5280 4.1.2.5). */
gboolean lint_read_time (Der *in, Micros *time, gboolean *form);
gboolean lint_refuse (const LintRule *rule, GError **error);
/* The issuer's identifier of its key, and that this extension says just it. */
gboolean lint_authority_key_is (const LintExtension *extension, const Certificate *issuer);
