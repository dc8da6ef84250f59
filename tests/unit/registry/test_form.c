/* The two forms: every required field missing one by one, every rule broken once. */
#include <string.h>

#include "base/error.h"
#include "pki/key.h"
#include "registry/form.h"

#define NOW (G_GINT64_CONSTANT (1795348800) * MICROS_PER_S)

static json_t *
complete (SubjectKind kind)
{
	static const char organization[] =
		"{\"name\":\"太仓虚构甲置业有限公司\",\"uscc\":\"91320599MAX000015E\",\"postcode\":\"215400\",\"phone\":\"0512-53500000\","
		"\"address\":\"太仓市虚构路1号\",\"legal_rep_name\":\"虚构张一\",\"legal_rep_id\":\"320599190001010010\","
		"\"operator_name\":\"虚构李二\",\"operator_id\":\"320599190002150023\",\"operator_mobile\":\"13900000000\","
		"\"operator_email\":\"li.er@example.cn\",\"certificate_type\":\"land_mineral_trading\",\"copies\":1,\"declaration\":true}";
	static const char person[] =
		"{\"name\":\"虚构张一\",\"sex\":\"male\",\"birth\":\"1900-01-01\",\"employer\":\"无\",\"province\":\"江苏省\","
		"\"city\":\"苏州市\",\"district\":\"太仓市\",\"address\":\"虚构路1号\",\"postcode\":\"215400\",\"email\":\"z@example.cn\","
		"\"mobile\":\"13900000001\",\"id_type\":\"resident_id\",\"id_number\":\"320599190001010010\",\"carrier\":\"HARD\","
		"\"declaration\":true}";
	json_t *form = json_loads (kind == SUBJECT_ORGANIZATION ? organization : person, 0, NULL);

	g_assert_nonnull (form);
	return form;
}

/* code < 0: complete. */
static void
expect (SubjectKind kind, const json_t *form, int code, const char *field)
{
	g_autoptr (GError) error = NULL;
	FormWarnings warnings;
	gboolean fine = form_check_complete (kind, form, NOW, &warnings, &error);

	if (code < 0)
		g_assert_no_error (error);
	else
		g_assert_error (error, DIQI_ERROR, code);
	g_assert_cmpint (fine, ==, code < 0);
	if (field)
		g_assert_cmpstr (diqi_error_field (error), ==, field);
}

static void
expect_with (SubjectKind kind, const char *name, json_t *value, int code)
{
	g_autoptr (json_t) form = complete (kind);
	g_autofree char *field = g_strdup_printf ("/form/%s", name);

	json_object_set_new (form, name, value);
	expect (kind, form, code, code < 0 ? NULL : field);
}

static void
test_every_required_field (gconstpointer data)
{
	SubjectKind kind = GPOINTER_TO_INT (data);
	gsize n;
	const FormField *fields = form_fields (kind, &n);
	g_autoptr (json_t) whole = complete (kind);
	guint required = 0;

	expect (kind, whole, -1, NULL);
	for (gsize i = 0; i < n; i++) {
		g_autoptr (json_t) form = complete (kind);
		g_autofree char *field = g_strdup_printf ("/form/%s", fields[i].name);

		if (!fields[i].required)
			continue;
		required++;
		g_assert_cmpint (json_object_del (form, fields[i].name), ==, 0);
		expect (kind, form, DIQI_ERROR_FIELD_MISSING, field);
		if (json_is_string (json_object_get (whole, fields[i].name))) {
			json_object_set_new (form, fields[i].name, json_string (""));
			expect (kind, form, DIQI_ERROR_FIELD_MISSING, field);
		}
	}
	/* Nothing in the complete form but what is required. */
	g_assert_cmpuint (required, ==, json_object_size (whole));
}

/* Every line of the paper (附件一, 附件二) has its field. */
static void
test_fields_of_the_guide (void)
{
	static const char *const organization[] = {
		"单位全称", "组织机构代码", "工商执照注册号", "国地税统一税务登记证号码", "邮政编码", "单位电话", "实际经营地址", "单位传真",
		"法人姓名", "法人身份证号", "经办人姓名", "经办人身份证号", "经办人手机", "经办人E－MAIL", "申请证书类型", "备注", NULL,
	};
	static const char *const person[] = {
		"姓名", "性别", "出生日期", "单位名称", "信息备注", "省", "市", "区(市、县)", "详细地址", "邮政编码", "电子邮件", "移动电话",
		"有效证件", "证件号码", "证书类型", "备注", NULL,
	};
	const char *const *const labels[] = { organization, person };

	for (int kind = 0; kind < 2; kind++)
		for (const char *const *label = labels[kind]; *label; label++) {
			gsize n;
			const FormField *fields = form_fields (kind, &n);
			gboolean found = FALSE;

			for (gsize i = 0; i < n; i++)
				found = found || g_str_equal (fields[i].label, *label);
			if (!found)
				g_error ("no field for %s", *label);
		}
}

static void
test_draft_may_be_incomplete (void)
{
	g_autoptr (json_t) empty = json_object ();
	g_autoptr (json_t) unknown = json_pack ("{s:s}", "colour", "red");
	g_autoptr (json_t) wrong_type = json_pack ("{s:i}", "name", 1);
	g_autoptr (json_t) wrong_choice = json_pack ("{s:s}", "sex", "other");
	g_autofree char *letters = g_strnfill (65, 'a');
	g_autoptr (json_t) too_long = json_pack ("{s:s}", "name", letters);
	g_autoptr (GError) error = NULL;

	g_assert_true (form_check_draft (SUBJECT_PERSON, empty, &error));
	g_assert_false (form_check_draft (SUBJECT_PERSON, unknown, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_UNKNOWN);
	g_assert_cmpstr (diqi_error_field (error), ==, "/form/colour");
	g_clear_error (&error);
	g_assert_false (form_check_draft (SUBJECT_PERSON, wrong_type, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_TYPE);
	g_clear_error (&error);
	g_assert_false (form_check_draft (SUBJECT_PERSON, wrong_choice, &error));
	g_assert_cmpstr (diqi_error_field (error), ==, "/form/sex");
	g_clear_error (&error);
	g_assert_false (form_check_draft (SUBJECT_PERSON, too_long, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_LENGTH);
}

static void
test_organization_rules (void)
{
	const SubjectKind o = SUBJECT_ORGANIZATION;

	expect_with (o, "uscc", json_string ("91320599MAX00001"), DIQI_ERROR_USCC);
	expect_with (o, "uscc", json_string ("91320599max000015e"), DIQI_ERROR_USCC);
	expect_with (o, "uscc", json_string ("9132O599MAX000015E"), DIQI_ERROR_USCC);
	expect_with (o, "org_code", json_string ("MAX00001-5"), -1);
	expect_with (o, "org_code", json_string ("MAX000015"), -1);
	expect_with (o, "org_code", json_string ("MAX00002-3"), DIQI_ERROR_ORG_CODE);
	expect_with (o, "org_code", json_string ("MAX00001+5"), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "legal_rep_id", json_string ("320599190001010011"), DIQI_ERROR_RESIDENT_ID);
	expect_with (o, "operator_id", json_string ("320599190002300023"), DIQI_ERROR_RESIDENT_ID);
	expect_with (o, "postcode", json_string ("21540"), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "phone", json_string ("call me"), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "fax", json_string ("0512"), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "operator_mobile", json_string ("1390000000"), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "operator_mobile", json_string ("+85291234567"), -1);
	expect_with (o, "operator_email", json_string ("li.er@example"), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "operator_email", json_string ("li er@example.cn"), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "ic_no", json_string ("32 05"), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "certificate_type", json_string ("tls"), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "unit_type", json_string ("private"), -1);
	expect_with (o, "copies", json_integer (21), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "copies", json_integer (0), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "declaration", json_false (), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "name", json_string (" 甲公司"), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "name", json_string ("甲\n公司"), DIQI_ERROR_FIELD_VALUE);
	expect_with (o, "remark", json_string ("甲\n乙"), -1);
}

/* A real early code: well-formed, its check digit wrong. */
static void
test_early_code_is_a_warning (void)
{
	g_autoptr (json_t) form = complete (SUBJECT_ORGANIZATION);
	g_autoptr (GError) error = NULL;
	FormWarnings warnings;

	g_assert_true (form_check_complete (SUBJECT_ORGANIZATION, form, NOW, &warnings, &error));
	g_assert_false (warnings.uscc_check_digit);
	json_object_set_new (form, "uscc", json_string ("91350100M0001TGQXM"));
	json_object_set_new (form, "org_code", json_string ("M0001TGQX"));
	g_assert_true (form_check_complete (SUBJECT_ORGANIZATION, form, NOW, &warnings, &error));
	g_assert_no_error (error);
	g_assert_true (warnings.uscc_check_digit);
	json_object_set_new (form, "org_code", json_string ("MAX000015"));
	expect (SUBJECT_ORGANIZATION, form, DIQI_ERROR_ORG_CODE, "/form/org_code");
}

static void
test_person_rules (void)
{
	const SubjectKind p = SUBJECT_PERSON;

	expect_with (p, "birth", json_string ("1900-01-02"), DIQI_ERROR_FIELD_VALUE);
	expect_with (p, "birth", json_string ("1900-02-30"), DIQI_ERROR_FIELD_VALUE);
	expect_with (p, "birth", json_string ("1900-1-1"), DIQI_ERROR_FIELD_VALUE);
	expect_with (p, "birth", json_string ("2026-11-23"), DIQI_ERROR_FIELD_VALUE);
	expect_with (p, "sex", json_string ("female"), DIQI_ERROR_FIELD_VALUE);
	expect_with (p, "id_number", json_string ("32059919000101001X"), DIQI_ERROR_RESIDENT_ID);
	expect_with (p, "carrier", json_string ("CLOUD"), DIQI_ERROR_FIELD_VALUE);
	expect_with (p, "email", json_string ("@example.cn"), DIQI_ERROR_FIELD_VALUE);
}

static void
test_other_papers (void)
{
	g_autoptr (json_t) form = complete (SUBJECT_PERSON);
	g_autofree char *number = NULL;

	json_object_set_new (form, "id_type", json_string ("passport"));
	expect (SUBJECT_PERSON, form, -1, NULL);
	json_object_set_new (form, "id_number", json_string ("E12345678"));
	json_object_set_new (form, "sex", json_string ("female"));
	expect (SUBJECT_PERSON, form, -1, NULL);
	number = form_holder_number (SUBJECT_PERSON, form);
	g_assert_cmpstr (number, ==, "passport:E12345678");
	json_object_set_new (form, "id_number", json_string ("e123"));
	expect (SUBJECT_PERSON, form, DIQI_ERROR_FIELD_VALUE, "/form/id_number");
	json_object_set_new (form, "id_type", json_string ("military_officer"));
	json_object_set_new (form, "id_number", json_string ("军字第1234567号"));
	expect (SUBJECT_PERSON, form, -1, NULL);
}

/* The document is what the applicant signs: every byte of it is fixed. */
static void
test_document (void)
{
	g_autoptr (json_t) form = json_pack ("{s:s, s:s}", "name", "甲", "address", "乙");
	g_autofree char *salt = g_strnfill (64, 'a');
	g_autofree char *document = form_document ("site", "id", "issue", SUBJECT_ORGANIZATION, NULL, NULL, form, salt);
	g_autofree char *commitment = form_commitment (salt, "320599190001010010");

	g_assert_cmpstr (document, ==,
		"{\"application\":\"id\",\"form\":{\"address\":\"乙\",\"name\":\"甲\"},\"kind\":\"organization\","
		"\"salt\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"service\":\"issue\","
		"\"site\":\"site\",\"type\":\"application.form\"}");
	/* printf '\252%.0s' {1..32} | cat - <(printf 320599190001010010) | sha256sum */
	g_assert_cmpstr (commitment, ==, "C-95e438897a60a480a6378f49ec9cd84d");
}

static void
test_province (void)
{
	g_autoptr (json_t) form = complete (SUBJECT_ORGANIZATION);

	g_assert_cmpstr (form_province (SUBJECT_ORGANIZATION, form), ==, "江苏省");
	json_object_set_new (form, "uscc", json_string ("91990100M0001TGQXM"));
	g_assert_null (form_province (SUBJECT_ORGANIZATION, form));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_data_func ("/registry/form/required/organization", GINT_TO_POINTER (SUBJECT_ORGANIZATION), test_every_required_field);
	g_test_add_data_func ("/registry/form/required/person", GINT_TO_POINTER (SUBJECT_PERSON), test_every_required_field);
	g_test_add_func ("/registry/form/fields-of-the-guide", test_fields_of_the_guide);
	g_test_add_func ("/registry/form/draft-may-be-incomplete", test_draft_may_be_incomplete);
	g_test_add_func ("/registry/form/organization-rules", test_organization_rules);
	g_test_add_func ("/registry/form/early-code-is-a-warning", test_early_code_is_a_warning);
	g_test_add_func ("/registry/form/person-rules", test_person_rules);
	g_test_add_func ("/registry/form/other-papers", test_other_papers);
	g_test_add_func ("/registry/form/document", test_document);
	g_test_add_func ("/registry/form/province", test_province);
	return g_test_run ();
}
