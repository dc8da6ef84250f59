/* registry/form_rules.h — what a field's value must look like; used by form.c only. */
#pragma once
#include "base/idnum.h"
#include "registry/form.h"

/* value: of the JSON type that the draft check established; `at` its pointer. */
gboolean form_rule_check (const FormField *field, const json_t *form, const json_t *value, Micros now,
                          const char *at, GError **error);
gboolean form_rule_choice (const FormField *field, const char *text, GError **error);
/* Characters 9–17 of the credit code are the organisation code (GB 32100). */
gboolean form_rule_org_code_agrees (const char *org_code, const char *uscc, gboolean early_code, GError **error);
/* 省 by the credit code's digits 3–4 (GB/T 2260); NULL if there is none. */
const char *form_rule_province (const char *uscc);
