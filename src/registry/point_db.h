/* registry/point_db.h — one SQL statement a function; used by registry only. */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "store/store.h"

typedef struct {
	char *code, *content, *changed_by;
	gint64 version;
	gboolean active;
	Micros changed;
} PointRow;
void point_row_free (PointRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PointRow, point_row_free)

/* NULL without error: no such point. */
gboolean db_point_get (Tx *tx, const char *code, gboolean lock, PointRow **out, GError **error);
/* PointRow *, owned. */
gboolean db_point_list (Tx *tx, const char *after, guint limit, GPtrArray *out, GError **error);
gboolean db_point_put (Tx *tx, const PointRow *row, GError **error);
gboolean db_point_version_insert (Tx *tx, const PointRow *row, GError **error);

/* Points of a person, by code. */
gboolean db_point_assigned (Tx *tx, const char *person, json_t *codes, GError **error);
/* [{person, point}] of everybody, in order. */
gboolean db_point_assignments (Tx *tx, json_t *rows, GError **error);
gboolean db_point_unassign (Tx *tx, const char *person, GError **error);
gboolean db_point_assign (Tx *tx, const char *person, const char *code, Micros since, GError **error);
gboolean db_point_assignment_act (Tx *tx, const char *id, const char *person, const char *points, Micros at, const char *by, GError **error);
