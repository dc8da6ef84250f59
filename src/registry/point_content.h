/* registry/point_content.h — what is said of an acceptance point, checked; used by registry only. */
#pragma once
#include "base/json.h"

#define POINT_LOW_STOCK 20
#define POINT_HOURS_FROM "08:30"
#define POINT_HOURS_TO "17:30"

/* DIQI_ERROR_FIELD_… below "/point". */
gboolean point_content_check (const json_t *content, gboolean *active, GError **error);
/* With what was left out filled in; new reference. */
json_t *point_content_whole (const json_t *content);
gboolean point_service_is_known (const char *service);
gboolean point_content_does (const json_t *content, const char *service);
/* 1 to 20 of A-Z 0-9 -. */
gboolean point_code_is_valid (const char *code);
