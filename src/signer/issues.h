/* signer/issues.h — every certificate of the site's CAs in memory: found by serial number, by the request it was made for, and
 * by its key.  There are a million of them: they lie in blocks that never move, and the three indices are tables of their numbers.
 *
 * What must hold, whoever wrote the journal: a serial number once, a copy of a request once, a key once – only the site's own
 * services get another certificate over theirs (renew.h).
 */
#pragma once
#include "pki/certificate.h"

typedef struct {
	const char *ca;               /* its issuer: interned name */
	goffset offset;               /* of the record in the file */
	guint32 n;
	Serial serial;
	Fingerprint request, spki, certificate;
	guint8 copy;                  /* which key of the request */
	guint8 has_request : 1;
	guint8 encrypts : 1;          /* the encryption certificate of double certificates */
} JournalIssue;

typedef struct Issues Issues;
Issues *issues_new (void);
void issues_free (Issues *issues);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Issues, issues_free)

/* Copies it; renews: serial of the certificate that this one takes the place of, NULL: the key is new.  DIQI_ERROR_CONFIG. */
gboolean issues_add (Issues *issues, const JournalIssue *issue, const Serial *renews, GError **error);
/* Borrowed for as long as Issues lives; NULL: there is none.  Of a key, the newest. */
const JournalIssue *issues_by_serial (const Issues *issues, const Serial *serial);
const JournalIssue *issues_by_request (const Issues *issues, const Fingerprint *request, guint copy, gboolean encrypts);
const JournalIssue *issues_by_spki (const Issues *issues, const Fingerprint *spki);
