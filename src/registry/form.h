/* registry/form.h — the two application forms of the guide as tables.
 *
 * 附件一 江苏省组织机构电子证书业务申请单 and 附件二 江苏省个人数字证书业务申请单, every field of both,
 * and the optional fields of the newer forms (domain.md A.2).  A draft may be incomplete, but what is
 * there has the right type and length; a form that is submitted is complete, and its numbers agree
 * with each other.  Every refusal names the member: "/form/uscc".
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "identity/subject.h"

typedef enum {
	FORM_TEXT,
	FORM_USCC,            /* GB 32100; a failing check digit is a warning, overridden by the clerk */
	FORM_ORG_CODE,        /* GB 11714 */
	FORM_RESIDENT_ID,     /* GB 11643 */
	FORM_ID_NUMBER,       /* checked by id_type */
	FORM_DATE,            /* 1985-10-01, not in the future */
	FORM_POSTCODE, FORM_PHONE, FORM_MOBILE, FORM_EMAIL,
	FORM_TOKEN,           /* serial printed on a token (介质) */
	FORM_DIGITS,          /* registration and tax numbers: letters and digits */
	FORM_CHOICE,          /* one of `choices` */
	FORM_COUNT,           /* integer, 1 to 20; services with one certificate ask for 1 */
	FORM_DECLARATION,     /* true: 表内所填内容完全属实 */
} FormFieldType;

typedef struct {
	const char *name;            /* member of the form */
	const char *label;           /* 表单原文 */
	FormFieldType type;
	gboolean required;           /* at submission */
	guint max;                   /* characters */
	const char *const *choices;  /* NULL-terminated, FORM_CHOICE only */
	const char *const *choice_labels;
} FormField;

/* In the order of the paper form. */
const FormField *form_fields (SubjectKind kind, gsize *n);
const char *form_title (SubjectKind kind);                     /* 江苏省…业务申请单 */

/* Types, lengths, choices; unknown members are refused. */
gboolean form_check_draft (SubjectKind kind, const json_t *form, GError **error);

typedef struct {
	gboolean uscc_check_digit;   /* well-formed code whose check digit does not fit */
} FormWarnings;
/* Everything required, check digits, cross checks: organisation code = characters 9–17 of the code;
 * birth and sex = what the resident identity number says.  `now` for dates. */
gboolean form_check_complete (SubjectKind kind, const json_t *form, Micros now, FormWarnings *warnings, GError **error);

const char *form_text (const json_t *form, const char *name);  /* borrowed; NULL if absent */
/* Name of the organisation or person; NULL if absent; borrowed. */
const char *form_holder_name (SubjectKind kind, const json_t *form);
const char *form_number_field (SubjectKind kind);              /* "/form/uscc", "/form/id_number" */
/* Copies asked for; 1 where the form has no such member. */
guint form_copies (SubjectKind kind, const json_t *form);
/* What identifies the holder: the credit code, or "<id_type>:<number>".  Of a complete form; caller frees. */
char *form_holder_number (SubjectKind kind, const json_t *form);

/* The form document: canonical JSON {type:"application.form", site, application, service, kind, certificate?, cause?, form,
 * salt}; salt = 64 hex digits, new each time the form is saved; certificate and cause NULL: absent.  Its SHA-256 is `form`
 * in statements.  Caller frees. */
char *form_document (const char *site, const char *application, const char *service, SubjectKind kind,
                     const char *certificate, const char *cause, const json_t *form, const char *salt_hex);
/* "C-" + first 32 hex digits of SHA-256 (salt bytes ‖ identity number): a person's serialNumber. */
char *form_commitment (const char *salt_hex, const char *number);
/* 省 of the certificate's name: a person's province, or GB/T 2260 of the credit code's digits 3–4; NULL if neither. */
const char *form_province (SubjectKind kind, const json_t *form);
