/* registry/access_code.h — 受理查询码: what an applicant without a certificate shows. */
#pragma once
#include "pki/key.h"

/* "XXXX-XXXX-XXXX-XXXX", 80 random bits in letters and digits that cannot be mistaken for one another. */
char *access_code_new (void);
/* Always the same of the same two; unguessable while either is.  Neither holds a line break. */
char *access_code_derive (const char *salt, const char *secret);
/* Hash of a code as typed: case, blanks and hyphens do not matter. */
void access_code_hash (const char *typed, Fingerprint *out);
