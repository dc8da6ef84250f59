/* registry/point_content.c — see point_content.h. */
#include "registry/point_content.h"

#include <string.h>

#include "base/error.h"
#include "registry/point.h"
#include "registry/service.h"

#define PHONES_MAX 10
#define LOW_STOCK_MAX 100000

gboolean
point_code_is_valid (const char *code)
{
	gsize n = strspn (code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return n >= 1 && n <= POINT_CODE_MAX && code[n] == '\0';
}

static gboolean
check_phones (const json_t *phones, GError **error)
{
	if (json_array_size (phones) == 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/point/phones", "a point can be telephoned");
	for (gsize i = 0; i < json_array_size (phones); i++) {
		const char *phone = json_string_value (json_array_get (phones, i));
		gsize n = phone ? strspn (phone, "0123456789-+() ") : 0;
		g_autofree char *at = g_strdup_printf ("/point/phones/%zu", i);

		if (n < 5 || n > 30 || phone[n] != '\0')
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "expected a telephone number");
	}
	return TRUE;
}

/* "08:30". */
static gboolean
is_time_of_day (const char *text)
{
	return strlen (text) == 5 && strspn (text, "0123456789") == 2 && text[2] == ':' && strspn (text + 3, "0123456789") == 2 &&
	       strncmp (text, "24", 2) < 0 && text[3] < '6';
}

static gboolean
check_days (const json_t *days, GError **error)
{
	guint seen = 0;

	for (gsize i = 0; i < json_array_size (days); i++) {
		const json_t *day = json_array_get (days, i);
		json_int_t n = json_is_integer (day) ? json_integer_value (day) : 0;

		if (n < 1 || n > 7 || (seen & (1u << n)) != 0)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/point/hours/days", "expected different days from 1 (Monday) to 7");
		seen |= 1u << n;
	}
	return seen != 0 || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/point/hours/days", "at least one day");
}

static gboolean
check_hours (const json_t *hours, GError **error)
{
	const char *from = NULL, *to = NULL;
	json_t *days = NULL;
	const Field fields[] = {
		{ "days", FIELD_ARRAY, TRUE, 7, &days },
		{ "from", FIELD_STRING, TRUE, 5, &from },
		{ "to", FIELD_STRING, TRUE, 5, &to },
	};

	if (!JSON_READ (hours, "/point/hours", fields, error) || !check_days (days, error))
		return FALSE;
	if (!is_time_of_day (from))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/point/hours/from", "expected a time like 08:30");
	if (!is_time_of_day (to) || strcmp (to, from) <= 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/point/hours/to", "expected a time like 17:30, after %s", from);
	return TRUE;
}

static gboolean
check_services (const json_t *services, GError **error)
{
	g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

	if (json_array_size (services) == 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/point/services", "name the services of the point");
	for (gsize i = 0; i < json_array_size (services); i++) {
		const char *name = json_string_value (json_array_get (services, i));
		g_autofree char *at = g_strdup_printf ("/point/services/%zu", i);
		Service service;

		if (!name || !service_from_name (name, &service))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "no such service");
		if (!g_hash_table_add (seen, GINT_TO_POINTER ((int) service + 1)))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "%s is there twice", name);
	}
	return TRUE;
}

gboolean
point_content_check (const json_t *content, gboolean *active, GError **error)
{
	const char *name = NULL, *address = NULL;
	json_t *phones = NULL, *hours = NULL, *services = NULL;
	gint64 low_stock = POINT_LOW_STOCK;
	const Field fields[] = {
		{ "name", FIELD_STRING, TRUE, 100, &name },
		{ "address", FIELD_STRING, TRUE, 300, &address },
		{ "phones", FIELD_ARRAY, TRUE, PHONES_MAX, &phones },
		{ "hours", FIELD_OBJECT, FALSE, 0, &hours },
		{ "services", FIELD_ARRAY, TRUE, N_SERVICES, &services },
		{ "low_stock", FIELD_INT, FALSE, 0, &low_stock },
		{ "active", FIELD_BOOL, TRUE, 0, active },
	};

	if (!JSON_READ (content, "/point", fields, error) || !check_phones (phones, error) ||
	    (hours && !check_hours (hours, error)) || !check_services (services, error))
		return FALSE;
	if (*name == '\0' || *address == '\0')
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, *name == '\0' ? "/point/name" : "/point/address", "must not be empty");
	if (low_stock < 0 || low_stock > LOW_STOCK_MAX)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/point/low_stock", "expected 0 to %d", LOW_STOCK_MAX);
	return TRUE;
}

json_t *
point_content_whole (const json_t *content)
{
	json_t *whole = json_pack ("{s:{s:[i,i,i,i,i], s:s, s:s}, s:i}", "hours", "days", 1, 2, 3, 4, 5, "from", POINT_HOURS_FROM,
	                           "to", POINT_HOURS_TO, "low_stock", POINT_LOW_STOCK);

	json_object_update (whole, (json_t *) content);
	return whole;
}

gboolean
point_service_is_known (const char *service)
{
	Service known;

	return service_from_name (service, &known);
}

gboolean
point_content_does (const json_t *content, const char *service)
{
	const json_t *services = json_object_get (content, "services");

	for (gsize i = 0; i < json_array_size (services); i++)
		if (g_strcmp0 (json_string_value (json_array_get (services, i)), service) == 0)
			return TRUE;
	return FALSE;
}
