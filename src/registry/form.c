/* registry/form.c — the fields of the two forms, in the order of the paper. */
#include "registry/form.h"

#include <string.h>

#include "base/error.h"
#include "pki/key.h"
#include "registry/form_rules.h"

static const char *const certificate_types[] = { "land_mineral_trading", NULL };
static const char *const certificate_type_labels[] = { "土地与矿产电子交易项目证书", NULL };
static const char *const unit_types[] = { "state_owned", "private", "foreign", "sole_trader", "institution", "association", "other", NULL };
static const char *const unit_type_labels[] = { "国有企业", "私营企业", "外资企业", "个体工商户", "事业单位", "社会团体", "其他", NULL };
static const char *const sexes[] = { "male", "female", NULL };
static const char *const sex_labels[] = { "男", "女", NULL };
static const char *const id_types[] = { "resident_id", "passport", "military_officer", "home_return_permit", "other", NULL };
static const char *const id_type_labels[] = { "身份证", "护照", "军官证", "返乡证", "其它", NULL };
static const char *const carriers[] = { "SOFT", "HARD", NULL };
static const char *const carrier_labels[] = { "软证书", "硬证书", NULL };

/* Names are at most 64 characters: ub-organization-name and ub-common-name of RFC 5280. */
static const FormField organization_fields[] = {
	{ "name", "单位全称", FORM_TEXT, TRUE, 64, NULL, NULL },
	{ "uscc", "统一社会信用代码", FORM_USCC, TRUE, 18, NULL, NULL },
	{ "org_code", "组织机构代码", FORM_ORG_CODE, FALSE, 10, NULL, NULL },
	{ "ic_no", "工商执照注册号", FORM_DIGITS, FALSE, 30, NULL, NULL },
	{ "tax_no", "国地税统一税务登记证号码", FORM_DIGITS, FALSE, 30, NULL, NULL },
	{ "postcode", "邮政编码", FORM_POSTCODE, TRUE, 6, NULL, NULL },
	{ "phone", "单位电话", FORM_PHONE, TRUE, 20, NULL, NULL },
	{ "address", "实际经营地址", FORM_TEXT, TRUE, 200, NULL, NULL },
	{ "fax", "单位传真", FORM_PHONE, FALSE, 20, NULL, NULL },
	{ "legal_rep_name", "法人姓名", FORM_TEXT, TRUE, 64, NULL, NULL },
	{ "legal_rep_id", "法人身份证号", FORM_RESIDENT_ID, TRUE, 18, NULL, NULL },
	{ "operator_name", "经办人姓名", FORM_TEXT, TRUE, 64, NULL, NULL },
	{ "operator_id", "经办人身份证号", FORM_RESIDENT_ID, TRUE, 18, NULL, NULL },
	{ "operator_mobile", "经办人手机", FORM_MOBILE, TRUE, 16, NULL, NULL },
	{ "operator_email", "经办人E－MAIL", FORM_EMAIL, TRUE, 254, NULL, NULL },
	{ "certificate_type", "申请证书类型", FORM_CHOICE, TRUE, 32, certificate_types, certificate_type_labels },
	{ "copies", "申请张数", FORM_COUNT, TRUE, 0, NULL, NULL },
	{ "remark", "备注", FORM_TEXT, FALSE, 500, NULL, NULL },
	/* Asked for by 解锁: whose PIN is forgotten. */
	{ "token", "介质序列号", FORM_TOKEN, FALSE, 32, NULL, NULL },
	/* Of the newer forms. */
	{ "name_en", "单位英文名称", FORM_TEXT, FALSE, 128, NULL, NULL },
	{ "unit_type", "单位类型", FORM_CHOICE, FALSE, 32, unit_types, unit_type_labels },
	{ "local_tax_no", "地税管理码", FORM_DIGITS, FALSE, 30, NULL, NULL },
	{ "registered_place", "注册地", FORM_TEXT, FALSE, 200, NULL, NULL },
	{ "registered_capital", "注册资金", FORM_TEXT, FALSE, 50, NULL, NULL },
	{ "industry_project", "证书应用行业项目", FORM_TEXT, FALSE, 100, NULL, NULL },
	{ "declaration", "申请机构在此声明：表内所填内容完全属实，接受据此颁发的电子证书", FORM_DECLARATION, TRUE, 0, NULL, NULL },
};

static const FormField person_fields[] = {
	{ "name", "姓名", FORM_TEXT, TRUE, 64, NULL, NULL },
	{ "sex", "性别", FORM_CHOICE, TRUE, 8, sexes, sex_labels },
	{ "birth", "出生日期", FORM_DATE, TRUE, 10, NULL, NULL },
	{ "employer", "单位名称", FORM_TEXT, TRUE, 100, NULL, NULL },
	{ "employer_note", "信息备注", FORM_TEXT, FALSE, 200, NULL, NULL },
	{ "province", "省", FORM_TEXT, TRUE, 30, NULL, NULL },
	{ "city", "市", FORM_TEXT, TRUE, 30, NULL, NULL },
	{ "district", "区(市、县)", FORM_TEXT, TRUE, 30, NULL, NULL },
	{ "address", "详细地址", FORM_TEXT, TRUE, 200, NULL, NULL },
	{ "postcode", "邮政编码", FORM_POSTCODE, TRUE, 6, NULL, NULL },
	{ "email", "电子邮件", FORM_EMAIL, TRUE, 254, NULL, NULL },
	{ "mobile", "移动电话", FORM_MOBILE, TRUE, 16, NULL, NULL },
	{ "id_type", "有效证件", FORM_CHOICE, TRUE, 32, id_types, id_type_labels },
	{ "id_number", "证件号码", FORM_ID_NUMBER, TRUE, 30, NULL, NULL },
	{ "carrier", "证书类型", FORM_CHOICE, TRUE, 8, carriers, carrier_labels },
	{ "remark", "备注", FORM_TEXT, FALSE, 500, NULL, NULL },
	{ "token", "介质序列号", FORM_TOKEN, FALSE, 32, NULL, NULL },
	{ "industry_project", "证书应用行业项目", FORM_TEXT, FALSE, 100, NULL, NULL },
	{ "declaration", "本人承诺提供的资料完全真实，并愿意承担由于提供虚假资料而导致的一切后果", FORM_DECLARATION, TRUE, 0, NULL, NULL },
};

#define FIELDS_MAX 32
G_STATIC_ASSERT (G_N_ELEMENTS (organization_fields) <= FIELDS_MAX);
G_STATIC_ASSERT (G_N_ELEMENTS (person_fields) <= FIELDS_MAX);

const FormField *
form_fields (SubjectKind kind, gsize *n)
{
	*n = kind == SUBJECT_ORGANIZATION ? G_N_ELEMENTS (organization_fields) : G_N_ELEMENTS (person_fields);
	return kind == SUBJECT_ORGANIZATION ? organization_fields : person_fields;
}

const char *
form_title (SubjectKind kind)
{
	return kind == SUBJECT_ORGANIZATION ? "江苏省组织机构电子证书业务申请单" : "江苏省个人数字证书业务申请单";
}

const char *
form_text (const json_t *form, const char *name)
{
	return json_string_value (json_object_get (form, name));
}

static FieldType
json_type_of (FormFieldType type)
{
	switch (type) {
	case FORM_COUNT:
		return FIELD_INT;
	case FORM_DECLARATION:
		return FIELD_BOOL;
	default:
		return FIELD_STRING;
	}
}

gboolean
form_check_draft (SubjectKind kind, const json_t *form, GError **error)
{
	union { const char *text; gint64 count; gboolean yes; } values[FIELDS_MAX];
	Field fields[FIELDS_MAX];
	gsize n;
	const FormField *table = form_fields (kind, &n);

	for (gsize i = 0; i < n; i++)
		fields[i] = (Field) { table[i].name, json_type_of (table[i].type), FALSE, table[i].max, &values[i] };
	if (!json_read_fields (form, "/form", fields, n, error))
		return FALSE;
	for (gsize i = 0; i < n; i++) {
		const char *text = form_text (form, table[i].name);

		if (table[i].type == FORM_CHOICE && text && *text && !form_rule_choice (&table[i], text, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
is_absent (const json_t *value)
{
	return !value || (json_is_string (value) && *json_string_value (value) == '\0');
}

static gboolean
check_organization (const json_t *form, FormWarnings *warnings, GError **error)
{
	const char *uscc = form_text (form, "uscc");
	const char *org_code = form_text (form, "org_code");

	warnings->uscc_check_digit = uscc_check (uscc) == USCC_CHECK_DIGIT;
	if (!org_code || !*org_code)
		return TRUE;
	return form_rule_org_code_agrees (org_code, uscc, warnings->uscc_check_digit, error);
}

static gboolean
check_person (const json_t *form, GError **error)
{
	const char *number = form_text (form, "id_number");
	g_autofree char *birth = NULL;
	const char *sex;

	if (!g_str_equal (form_text (form, "id_type"), "resident_id"))
		return TRUE;
	birth = resident_id_birth (number);
	if (!g_str_equal (birth, form_text (form, "birth")))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/form/birth", "the identity number says another date of birth");
	sex = resident_id_is_male (number) ? "male" : "female";
	if (!g_str_equal (sex, form_text (form, "sex")))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/form/sex", "the identity number says another sex");
	return TRUE;
}

gboolean
form_check_complete (SubjectKind kind, const json_t *form, Micros now, FormWarnings *warnings, GError **error)
{
	gsize n;
	const FormField *table = form_fields (kind, &n);

	*warnings = (FormWarnings) { 0 };
	if (!form_check_draft (kind, form, error))
		return FALSE;
	for (gsize i = 0; i < n; i++) {
		const json_t *value = json_object_get (form, table[i].name);
		g_autofree char *at = g_strdup_printf ("/form/%s", table[i].name);

		if (is_absent (value)) {
			if (table[i].required)
				return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, at, "%s is required", table[i].label);
			continue;
		}
		if (!form_rule_check (&table[i], form, value, now, at, error))
			return FALSE;
	}
	return kind == SUBJECT_ORGANIZATION ? check_organization (form, warnings, error) : check_person (form, error);
}

const char *
form_holder_name (SubjectKind kind, const json_t *form)
{
	(void) kind;      /* both forms call it name */
	return form_text (form, "name");
}

char *
form_holder_number (SubjectKind kind, const json_t *form)
{
	if (kind == SUBJECT_ORGANIZATION)
		return g_strdup (form_text (form, "uscc"));
	return g_strdup_printf ("%s:%s", form_text (form, "id_type"), form_text (form, "id_number"));
}

const char *
form_number_field (SubjectKind kind)
{
	return kind == SUBJECT_ORGANIZATION ? "/form/uscc" : "/form/id_number";
}

guint
form_copies (SubjectKind kind, const json_t *form)
{
	return kind == SUBJECT_ORGANIZATION ? (guint) CLAMP (json_integer_value (json_object_get (form, "copies")), 1, 20) : 1;
}

char *
form_document (const char *site, const char *application, const char *service, SubjectKind kind,
               const char *certificate, const char *cause, const json_t *form, const char *salt_hex)
{
	g_autoptr (json_t) document = json_object ();
	g_autoptr (GBytes) bytes = NULL;

	json_object_set_new (document, "type", json_string ("application.form"));
	json_object_set_new (document, "site", json_string (site));
	json_object_set_new (document, "application", json_string (application));
	json_object_set_new (document, "service", json_string (service));
	json_object_set_new (document, "kind", json_string (subject_kind_name (kind)));
	if (certificate)
		json_object_set_new (document, "certificate", json_string (certificate));
	if (cause)
		json_object_set_new (document, "cause", json_string (cause));
	json_object_set_new (document, "form", json_incref ((json_t *) form));
	json_object_set_new (document, "salt", json_string (salt_hex));
	bytes = jcs_bytes (document);
	return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

char *
form_commitment (const char *salt_hex, const char *number)
{
	g_autoptr (GByteArray) input = g_byte_array_new ();
	g_autofree char *hex = NULL;
	Fingerprint salt, hash;
	gboolean well_formed = hex_decode (salt_hex, salt.b, sizeof salt.b);

	g_assert (well_formed);
	g_byte_array_append (input, salt.b, sizeof salt.b);
	g_byte_array_append (input, (const guint8 *) number, strlen (number));
	fingerprint_of (input->data, input->len, &hash);
	hex = fingerprint_hex (&hash);
	return g_strdup_printf ("C-%.32s", hex);
}

const char *
form_province (SubjectKind kind, const json_t *form)
{
	return kind == SUBJECT_ORGANIZATION ? form_rule_province (form_text (form, "uscc")) : form_text (form, "province");
}
