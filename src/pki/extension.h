/* pki/extension.h — X.509 extensions: one reader and one writer for certificates,
 * requests, lists and status messages.  Private to pki. */
#pragma once
#include "pki/der.h"

#define EXTENSIONS_MAX 64

/* RFC 5280 4.2, 5.2, 5.3; RFC 6960 4.4; GM/T 0015 */
#define OID_SUBJECT_KEY_IDENTIFIER "\x55\x1d\x0e"
#define OID_KEY_USAGE "\x55\x1d\x0f"
#define OID_SUBJECT_ALT_NAME "\x55\x1d\x11"
#define OID_BASIC_CONSTRAINTS "\x55\x1d\x13"
#define OID_CRL_NUMBER "\x55\x1d\x14"
#define OID_REASON_CODE "\x55\x1d\x15"
#define OID_DELTA_CRL_INDICATOR "\x55\x1d\x1b"
#define OID_ISSUING_DISTRIBUTION_POINT "\x55\x1d\x1c"
#define OID_CRL_DISTRIBUTION_POINTS "\x55\x1d\x1f"
#define OID_NAME_CONSTRAINTS "\x55\x1d\x1e"
#define OID_CERTIFICATE_POLICIES "\x55\x1d\x20"
#define OID_POLICY_MAPPINGS "\x55\x1d\x21"
#define OID_POLICY_CONSTRAINTS "\x55\x1d\x24"
#define OID_INHIBIT_ANY_POLICY "\x55\x1d\x36"
#define OID_AUTHORITY_KEY_IDENTIFIER "\x55\x1d\x23"
#define OID_FRESHEST_CRL "\x55\x1d\x2e"
#define OID_EXTENDED_KEY_USAGE "\x55\x1d\x25"
#define OID_AUTHORITY_INFORMATION_ACCESS "\x2b\x06\x01\x05\x05\x07\x01\x01"
#define OID_AD_OCSP "\x2b\x06\x01\x05\x05\x07\x30\x01"
#define OID_AD_CA_ISSUERS "\x2b\x06\x01\x05\x05\x07\x30\x02"
#define OID_QUALIFIER_CPS "\x2b\x06\x01\x05\x05\x07\x02\x01"
#define OID_OCSP_BASIC "\x2b\x06\x01\x05\x05\x07\x30\x01\x01"
#define OID_OCSP_NONCE "\x2b\x06\x01\x05\x05\x07\x30\x01\x02"
#define OID_OCSP_RESPONSE "\x2b\x06\x01\x05\x05\x07\x30\x01\x04"
#define OID_OCSP_ARCHIVE_CUTOFF "\x2b\x06\x01\x05\x05\x07\x30\x01\x06"
#define OID_OCSP_PREFERRED "\x2b\x06\x01\x05\x05\x07\x30\x01\x08"
#define OID_OCSP_NO_CHECK "\x2b\x06\x01\x05\x05\x07\x30\x01\x05"
#define OID_ORGANIZATION_CODE "\x2a\x81\x1c\xd0\x14\x04\x01\x04"      /* 1.2.156.10260.4.1.4 */

/* Called for each extension; value is the content of extnValue.  FALSE refuses the whole. */
typedef gboolean (*ExtensionFn) (Der oid, gboolean critical, Der value, gpointer user);
/* extensions: the whole SEQUENCE OF Extension.  FALSE when it is empty, malformed, holds
 * an extension twice (RFC 5280 4.2), more than EXTENSIONS_MAX, or fn refused. */
gboolean extensions_read (Der extensions, ExtensionFn fn, gpointer user);

typedef struct {
	gsize extension, value;
} ExtensionAt;
ExtensionAt extension_open (GByteArray *w, Der oid, gboolean critical);
void extension_close (GByteArray *w, ExtensionAt at);
