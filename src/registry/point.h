/* registry/point.h — acceptance points (受理点) and who works where.
 *
 * A point's content: {name, address, phones:[…], hours:{days:[1…7], from:"08:30", to:"17:30"}, services:[…], low_stock, active};
 * hours (Monday to Friday 8:30–17:30, contract, article 二) and low_stock (20) may be left out.  Content and assignments
 * are changed by two administrators; every version is kept.
 *
 * An officer without an assignment works at every point; once he has one, he acts for applications and tokens of his
 * points only.  Applications without a point are everybody's.
 */
#pragma once
#include "identity/officers.h"
#include "registry/two_officers.h"

#define POINT_CODE_MAX 20        /* of A-Z 0-9 - */

/* May an application for this service name this point?  DIQI_ERROR_FIELD_VALUE (unknown, not active) or _POINT_SERVICE at "/point". */
gboolean point_check (Tx *tx, const char *code, const char *service, GError **error);
/* Is there such a point, active or not?  DIQI_ERROR_FIELD_VALUE at `at`. */
gboolean point_expect (Tx *tx, const char *code, const char *at, GError **error);
/* May this person act at this point?  code NULL: at no point, always.  DIQI_ERROR_PERMISSION. */
gboolean point_check_officer (Tx *tx, const char *code, const char *person, GError **error);

/* Statement point.change: {point, version, content}.  version: the one replaced, 0 for a new point; If-Match must say
 * the same.  *view: the point. */
gboolean point_change (Tx *tx, Registry *registry, const char *code, gint64 expected_version, const json_t *content,
                       const TwoOfficers *two, json_t **view, GError **error);
/* Statement point.assign: {person, points}.  Replaces the person's points; none: every point again.  person: an active
 * officer of the list.  *view: {person, points}. */
gboolean point_assign (Tx *tx, Registry *registry, const OfficerList *officers, const TwoOfficers *two, json_t **view, GError **error);

/* {code, version, …content, changed, hash}; DIQI_ERROR_NOT_FOUND. */
gboolean point_view (Tx *tx, const char *code, json_t **view, GError **error);
/* By code.  service NULL: all; else the active ones that do it. */
gboolean point_list (Tx *tx, const char *service, const char *cursor, guint limit, json_t **items, char **next_cursor, GError **error);
/* [{person, points:[…]}], by person. */
gboolean point_assignments (Tx *tx, json_t **items, GError **error);
/* Figures below which a point's stock of blank tokens is low; DIQI_ERROR_NOT_FOUND. */
gboolean point_low_stock (Tx *tx, const char *code, gint64 *low_stock, GError **error);
