/* main/fetch_issued.h — what an application got, on the applicant's side: GET …/issued, read and put into files. */
#pragma once
#include "main/cli.h"
#include "main/remote.h"

json_t *issued_fetch (Remote *remote, const char *application, GError **error);
/* "certificate", "issuing", "encryption_certificate". */
Certificate *issued_certificate (const json_t *issued, const char *name, GError **error);
/* Out of its envelope, with the holder's own key; it is that of the certificate (DIQI_ERROR_ENVELOPE_KEY). */
PrivateKey *issued_encryption_key (const json_t *issued, const PrivateKey *own, const Certificate *certificate, GError **error);
/* NAME.p12, and of double certificates NAME-encryption.p12. */
gboolean issued_write_p12 (Cli *cli, const json_t *issued, const char *key_path, const char *p12_path, GError **error);
