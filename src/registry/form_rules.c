/* registry/form_rules.c — one rule a field type. */
#include "registry/form_rules.h"

#include <string.h>

#include "base/error.h"

static gboolean
matches (const char *pattern, const char *text)
{
	return g_regex_match_simple (pattern, text, G_REGEX_DOLLAR_ENDONLY, 0);
}

static gboolean
must_match (const char *pattern, const char *text, const char *at, const char *expected, GError **error)
{
	return matches (pattern, text) || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "expected %s", expected);
}

static gboolean
rule_text (const FormField *field, const char *text, const char *at, GError **error)
{
	gsize n = strlen (text);
	gboolean many_lines = g_str_equal (field->name, "remark") || g_str_equal (field->name, "employer_note");

	/* Goes into certificates and onto forms as it is: nothing invisible at the ends. */
	if (g_ascii_isspace (text[0]) || g_ascii_isspace (text[n - 1]))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "starts or ends with a blank");
	if (!many_lines && strpbrk (text, "\n\t"))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "must be one line");
	return TRUE;
}

static gboolean
rule_date (const char *text, Micros now, const char *at, GError **error)
{
	g_autofree char *today = time_format_beijing (now);
	guint year, month, day;

	if (!matches ("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", text))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "expected a date as 1985-10-01");
	year = g_ascii_strtoull (text, NULL, 10);
	month = g_ascii_strtoull (text + 5, NULL, 10);
	day = g_ascii_strtoull (text + 8, NULL, 10);
	if (year < 1850 || !g_date_valid_dmy (day, month, year))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "there is no such date");
	if (strncmp (text, today, 10) > 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "lies in the future");
	return TRUE;
}

static gboolean
rule_id_number (const json_t *form, const char *text, Micros now, const char *at, GError **error)
{
	const char *type = form_text (form, "id_type");

	if (g_strcmp0 (type, "resident_id") == 0)
		return resident_id_require (text, now, at, error);
	if (g_strcmp0 (type, "passport") == 0)
		return must_match ("^[A-Z0-9]{5,20}$", text, at, "a passport number: 5 to 20 capitals and digits", error);
	return must_match ("^[^\\s]{1,30}$", text, at, "a number without blanks", error);
}

static gboolean
rule_count (const json_t *value, const char *at, GError **error)
{
	json_int_t n = json_integer_value (value);

	return (n >= 1 && n <= 20) || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "1 to 20 copies an application");
}

static gboolean
rule_declaration (const json_t *value, const char *at, GError **error)
{
	return json_is_true (value) || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "the declaration must be accepted");
}

gboolean
form_rule_choice (const FormField *field, const char *text, GError **error)
{
	g_autofree char *at = g_strdup_printf ("/form/%s", field->name);

	for (const char *const *choice = field->choices; *choice; choice++)
		if (g_str_equal (*choice, text))
			return TRUE;
	g_autofree char *list = g_strjoinv (", ", (char **) field->choices);
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "expected one of: %s", list);
}

static gboolean
rule_email (const char *text, const char *at, GError **error)
{
	return must_match ("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
	                   "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
	                   "(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$", text, at, "an e-mail address", error);
}

gboolean
form_rule_check (const FormField *field, const json_t *form, const json_t *value, Micros now,
                 const char *at, GError **error)
{
	const char *text = json_string_value (value);

	switch (field->type) {
	case FORM_TEXT:
		return rule_text (field, text, at, error);
	case FORM_USCC:
		return uscc_require (text, TRUE, at, error);
	case FORM_ORG_CODE:
		return must_match ("^[0-9A-Z]{8}-?[0-9X]$", text, at, "an organisation code as MAX00001-5", error);
	case FORM_RESIDENT_ID:
		return resident_id_require (text, now, at, error);
	case FORM_ID_NUMBER:
		return rule_id_number (form, text, now, at, error);
	case FORM_DATE:
		return rule_date (text, now, at, error);
	case FORM_POSTCODE:
		return must_match ("^[0-9]{6}$", text, at, "a postcode of six digits", error);
	case FORM_PHONE:
		return must_match ("^\\+?[0-9][0-9 ()-]{4,18}[0-9]$", text, at, "a telephone number", error);
	case FORM_MOBILE:
		return must_match ("^(?:1[3-9][0-9]{9}|\\+[1-9][0-9]{7,14})$", text, at,
		                   "a mobile number of eleven digits, or with + and country code", error);
	case FORM_EMAIL:
		return rule_email (text, at, error);
	case FORM_TOKEN:
		return must_match ("^[A-Za-z0-9][A-Za-z0-9._-]*$", text, at, "the serial of a token", error);
	case FORM_DIGITS:
		return must_match ("^[A-Za-z0-9-]{1,30}$", text, at, "letters, digits and hyphens", error);
	case FORM_CHOICE:
		return form_rule_choice (field, text, error);
	case FORM_COUNT:
		return rule_count (value, at, error);
	case FORM_DECLARATION:
		return rule_declaration (value, at, error);
	}
	g_assert_not_reached ();
}

gboolean
form_rule_org_code_agrees (const char *org_code, const char *uscc, gboolean early_code, GError **error)
{
	g_autofree char *inside = g_strndup (uscc + 8, 9);
	g_autoptr (GString) plain = g_string_new (org_code);

	g_string_replace (plain, "-", "", 0);
	if (!g_str_equal (plain->str, inside))
		return diqi_fail (error, DIQI_ERROR_ORG_CODE, "/form/org_code", "is not characters 9 to 17 of the credit code");
	/* Of an early code the clerk judges the whole against the licence. */
	return early_code || org_code_require (org_code, "/form/org_code", error);
}

const char *
form_rule_province (const char *uscc)
{
	static const struct { char code[3]; const char *name; } provinces[] = {
		{ "11", "北京市" }, { "12", "天津市" }, { "13", "河北省" }, { "14", "山西省" }, { "15", "内蒙古自治区" },
		{ "21", "辽宁省" }, { "22", "吉林省" }, { "23", "黑龙江省" },
		{ "31", "上海市" }, { "32", "江苏省" }, { "33", "浙江省" }, { "34", "安徽省" }, { "35", "福建省" }, { "36", "江西省" }, { "37", "山东省" },
		{ "41", "河南省" }, { "42", "湖北省" }, { "43", "湖南省" }, { "44", "广东省" }, { "45", "广西壮族自治区" }, { "46", "海南省" },
		{ "50", "重庆市" }, { "51", "四川省" }, { "52", "贵州省" }, { "53", "云南省" }, { "54", "西藏自治区" },
		{ "61", "陕西省" }, { "62", "甘肃省" }, { "63", "青海省" }, { "64", "宁夏回族自治区" }, { "65", "新疆维吾尔自治区" },
		{ "71", "台湾省" }, { "81", "香港特别行政区" }, { "82", "澳门特别行政区" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS (provinces); i++)
		if (memcmp (uscc + 2, provinces[i].code, 2) == 0)
			return provinces[i].name;
	return NULL;
}
