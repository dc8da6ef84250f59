/* pki/identity_number.h — the identity extensions of GB/T 20518 and GM/T 0015: numbers of people and organisations.
 *
 * Certificates of other authorities carry them in many ways, and all are read: under the arc of 2012 (1.2.156.10260.4.1) and
 * that of the old RSA certificates (1.2.86.11.7); the resident card as a CHOICE with IMPLICIT or EXPLICIT tags (the standard
 * leaves it open), as a bare string, or as raw characters without DER at all; the arc of GM/T 0015-2023 below .1.1.  Sources
 * disagree about the credit code of that edition (…4.4 or …4.4.4): both are read, and a third can be said.
 *
 * Our own certificates carry the credit code only, under organizationCode unless the profile says another identifier
 * ("uscc_oid"); people carry a commitment in their name, never a number (docs/decisions/0003).
 */
#pragma once
#include "pki/certificate.h"

typedef enum {
	IDENTITY_RESIDENT_CARD,        /* identifyCode 居民身份证 */
	IDENTITY_MILITARY_CARD,        /* 军官证 */
	IDENTITY_PASSPORT,             /* 护照 */
	IDENTITY_INSURANCE,            /* insuranceNumber 社会保险号 */
	IDENTITY_REGISTRATION,         /* iCRegistrationNumber 工商注册号 */
	IDENTITY_ORGANIZATION,         /* organizationCode 组织机构代码, in practice the 18 characters of the credit code too */
	IDENTITY_TAXATION,             /* taxationNumber 税号 */
	IDENTITY_CREDIT_CODE,          /* 统一社会信用代码 under an identifier of its own */
	IDENTITY_N_NUMBERS
} IdentityNumber;

const char *identity_number_name (IdentityNumber which);      /* "residentCard" … */
/* uscc_oid: one more identifier under which to look for the credit code, dotted; NULL none.  NULL: not there, or not readable. */
char *certificate_identity_number (const Certificate *c, IdentityNumber which, const char *uscc_oid);
