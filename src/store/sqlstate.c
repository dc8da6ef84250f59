/* store/sqlstate.c — see sqlstate.h; codes: PostgreSQL 15 manual, appendix A. */
#include "store/sqlstate.h"
#include <string.h>

#define UNIQUE "23505"
#define FOREIGN_KEY "23503"
#define CHECK "23514"
#define EXCLUSION "23P01"

static gboolean
is (const char *sqlstate, const char *code)
{
	return g_strcmp0 (sqlstate, code) == 0;
}

static gboolean
in_class (const char *sqlstate, const char *class)
{
	return sqlstate != NULL && strncmp (sqlstate, class, 2) == 0;
}

gboolean
sqlstate_is_lost_race (const char *sqlstate)
{
	return is (sqlstate, "40001") || is (sqlstate, "40P01");
}

gboolean
sqlstate_is_lost_connection (const char *sqlstate)
{
	/* 57P01 shutdown, 57P02 crash, 57P03 starting up, 57P05 idle too long, 25P03 idle in a transaction. */
	return is (sqlstate, "57P01") || is (sqlstate, "57P02") || is (sqlstate, "57P03") || is (sqlstate, "57P05") || is (sqlstate, "25P03");
}

DiqiErrorCode
sqlstate_code (const char *sqlstate)
{
	if (is (sqlstate, UNIQUE) || is (sqlstate, FOREIGN_KEY) || is (sqlstate, CHECK) || is (sqlstate, EXCLUSION))
		return DIQI_ERROR_STORE_CONSTRAINT;
	/* 53 resources (disk full, memory, connections), 57014 time-out, 55P03 lock time-out, 58 system. */
	if (sqlstate_is_lost_race (sqlstate) || sqlstate_is_lost_connection (sqlstate) || in_class (sqlstate, "53")
	    || in_class (sqlstate, "58") || is (sqlstate, "57014") || is (sqlstate, "55P03"))
		return DIQI_ERROR_UNAVAILABLE;
	return DIQI_ERROR_STORE;
}

/* "Key (a, b)=(1, 2) already exists." → "t.a, t.b"; in whatever language. */
static char *
columns_of (const char *table, const char *detail)
{
	const char *open = detail != NULL ? strchr (detail, '(') : NULL;
	const char *end = open != NULL ? strstr (open, ")=(") : NULL;
	if (end == NULL || table == NULL)
		return NULL;
	g_autofree char *list = g_strndup (open + 1, (gsize) (end - open - 1));
	g_auto (GStrv) names = g_strsplit (list, ", ", -1);
	GString *out = g_string_new (NULL);
	for (gsize i = 0; names[i] != NULL; i++)
		g_string_append_printf (out, "%s%s.%s", i > 0 ? ", " : "", table, names[i]);
	return g_string_free (out, FALSE);
}

char *
sqlstate_constraint (const char *sqlstate, const char *table, const char *constraint, const char *detail)
{
	const char *name = constraint != NULL ? constraint : "?";
	if (is (sqlstate, FOREIGN_KEY))
		return g_strdup_printf ("FOREIGN KEY constraint failed: %s (%s)", table != NULL ? table : "?", name);
	if (is (sqlstate, CHECK))
		return g_strdup_printf ("CHECK constraint failed: %s", name);
	g_autofree char *columns = columns_of (table, detail);
	return g_strdup_printf ("UNIQUE constraint failed: %s", columns != NULL ? columns : name);
}
