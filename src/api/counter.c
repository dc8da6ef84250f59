/* api/counter.c — acceptance points, blank tokens, parcels, the calendar. */
#include "api/routes.h"
#include "api/two_officers.h"
#include "base/error.h"
#include "registry/calendar_change.h"
#include "registry/handover.h"
#include "registry/parcel.h"
#include "registry/point.h"
#include "registry/queue.h"
#include "registry/token_stock.h"

/* --- calendar -------------------------------------------------------------------------------- */

static gboolean
year_of (ApiCall *call, gint64 *year, GError **error)
{
	guint64 n;

	if (!g_ascii_string_to_unsigned (request_param (call->request, "year"), 10, 1, 9999, &n, NULL))
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no such year");
	*year = (gint64) n;
	return TRUE;
}

static gboolean
calendar (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	gint64 year;

	(void) arg;
	return year_of (call, &year, error) && calendar_view (tx, year, reply, error);
}

static Response *
get_calendar (ApiCall *call, GError **error)
{
	return api_read (call, calendar, NULL, error);
}

typedef struct {
	Micros from;
	gint64 days;
} Promise;

static gboolean
promise (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Promise *p = arg;
	gboolean certain;
	Micros due;

	(void) call;
	if (!calendar_due (tx, p->from, p->days, &due, error) || !calendar_is_certain (tx, p->from, due, &certain, error))
		return FALSE;
	*reply = json_pack ("{s:o, s:I, s:o, s:b}", "from", json_time (p->from), "days", (json_int_t) p->days, "due", json_time (due), "certain", certain);
	return TRUE;
}

static Response *
get_due (ApiCall *call, GError **error)
{
	const char *from = request_query (call->request, "from");
	Promise p = { request_arrival (call->request), 0 };

	if (from && !time_parse (from, &p.from, error)) {
		if (error && *error)
			diqi_error_put_field (*error, "/from");
		return NULL;
	}
	if (!request_query (call->request, "days")) {
		diqi_error_set (error, DIQI_ERROR_FIELD_MISSING, "/days", "how many working days?");
		return NULL;
	}
	return api_query_int (call, "days", 0, &p.days, error) ? api_read (call, promise, &p, error) : NULL;
}

typedef struct {
	json_t *document;
	Statement *statement;
} CalendarChange;

static gboolean
change_calendar (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const CalendarChange *change = arg;
	gint64 year;

	return year_of (call, &year, error) &&
	       calendar_change (tx, call->api->registry, &call->actor, year, call->if_match, change->document, change->statement, reply, error);
}

static Response *
put_calendar (ApiCall *call, GError **error)
{
	CalendarChange change = { 0 };
	const char *text;
	const Field fields[] = {
		{ "calendar", FIELD_OBJECT, TRUE, 0, &change.document },
		{ "statement", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &text },
	};

	if (!JSON_READ (call->body, "", fields, error))
		return NULL;
	g_autoptr (Statement) statement = api_statement (call, "calendar.change", error);
	change.statement = statement;
	return statement ? api_mutate (call, 200, change_calendar, &change, error) : NULL;
}

/* --- points ------------------------------------------------------------------------------------- */

static const char *
code_of (ApiCall *call)
{
	return request_param (call->request, "code");
}

typedef struct {
	const char *a, *b, *cursor;      /* filters */
	guint limit;
} Listing;

typedef gboolean (*ListFn) (Tx *tx, const char *a, const char *b, const char *cursor, guint limit, json_t **items, char **next, GError **error);

static gboolean
points_page (Tx *tx, const char *service, const char *none, const char *cursor, guint limit, json_t **items, char **next, GError **error)
{
	(void) none;
	return point_list (tx, service, cursor, limit, items, next, error);
}

typedef struct {
	Listing listing;
	ListFn fn;
} Page;

static gboolean
page (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Page *p = arg;
	json_t *items = NULL;
	char *next = NULL;

	(void) call;
	if (!p->fn (tx, p->listing.a, p->listing.b, p->listing.cursor, p->listing.limit, &items, &next, error))
		return FALSE;
	*reply = api_page (items, next);
	return TRUE;
}

static Response *
list (ApiCall *call, ListFn fn, const char *a, const char *b, GError **error)
{
	Page p = { { a ? request_query (call->request, a) : NULL, b ? request_query (call->request, b) : NULL,
	             request_query (call->request, "cursor"), 0 }, fn };

	return api_limit (call, &p.listing.limit, error) ? api_read (call, page, &p, error) : NULL;
}

static Response *get_points (ApiCall *call, GError **error) { return list (call, points_page, "service", NULL, error); }
static Response *get_tokens (ApiCall *call, GError **error) { return list (call, token_stock_list, "point", "state", error); }

static gboolean
point (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return point_view (tx, code_of (call), reply, error);
}

static Response *get_point (ApiCall *call, GError **error) { return api_read (call, point, NULL, error); }

static gboolean
stock (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return token_stock_view (tx, code_of (call), reply, error);
}

static Response *get_stock (ApiCall *call, GError **error) { return api_read (call, stock, NULL, error); }

typedef struct {
	json_t *content;
	OfficerList *officers;
	TwoOfficers two;
} PointChange;

static gboolean
change_point (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const PointChange *change = arg;
	return point_change (tx, call->api->registry, code_of (call), call->if_match, change->content, &change->two, reply, error);
}

static Response *
put_point (ApiCall *call, GError **error)
{
	PointChange change = { 0 };
	json_t *statements = NULL;
	Response *response = NULL;
	const Field fields[] = {
		{ "point", FIELD_OBJECT, TRUE, 0, &change.content },
		{ "statements", FIELD_ARRAY, TRUE, 2, &statements },
	};

	if (!JSON_READ (call->body, "", fields, error))
		return NULL;
	if (api_two_officers (call, statements, "point.change", &change.two, error))
		response = api_mutate (call, 200, change_point, &change, error);
	two_officers_clear (&change.two);
	return response;
}

static gboolean
assign (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const PointChange *change = arg;
	return point_assign (tx, call->api->registry, change->officers, &change->two, reply, error);
}

static Response *
post_assignment (ApiCall *call, GError **error)
{
	g_autoptr (OfficerList) officers = officers_current (call->api->officers);
	PointChange change = { .officers = officers };
	json_t *statements = NULL;
	Response *response = NULL;
	const Field fields[] = { { "statements", FIELD_ARRAY, TRUE, 2, &statements } };

	if (!JSON_READ (call->body, "", fields, error))
		return NULL;
	if (api_two_officers (call, statements, "point.assign", &change.two, error))
		response = api_mutate (call, 200, assign, &change, error);
	two_officers_clear (&change.two);
	return response;
}

static gboolean
assignments (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	json_t *items = NULL;

	(void) call;
	(void) arg;
	if (!point_assignments (tx, &items, error))
		return FALSE;
	*reply = json_pack ("{s:o}", "items", items);
	return TRUE;
}

static Response *get_assignments (ApiCall *call, GError **error) { return api_read (call, assignments, NULL, error); }

/* --- tokens, parcels --------------------------------------------------------------------------------- */

static gboolean
token (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return token_view (tx, request_param (call->request, "serial"), reply, error);
}

static Response *get_token (ApiCall *call, GError **error) { return api_read (call, token, NULL, error); }

static gboolean
move (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	return token_move (tx, call->api->registry, &call->actor, arg, reply, error);
}

static Response *
post_move (ApiCall *call, GError **error)
{
	g_autoptr (Statement) statement = api_only_statement (call, "token.move", error);
	return statement ? api_mutate (call, 200, move, statement, error) : NULL;
}

static gboolean
send_parcel (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	return parcel_send (tx, call->api->registry, &call->actor, request_param (call->request, "id"), arg, reply, error);
}

static Response *
post_parcel (ApiCall *call, GError **error)
{
	g_autoptr (Statement) statement = api_only_statement (call, "parcel.send", error);
	return statement ? api_mutate (call, 200, send_parcel, statement, error) : NULL;
}

static gboolean
receive_parcel (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	return parcel_received (tx, call->api->registry, &call->actor, request_param (call->request, "id"), arg, reply, error);
}

static Response *
post_received (ApiCall *call, GError **error)
{
	const char *parcel = NULL;
	const Field fields[] = { { "parcel", FIELD_UUID, TRUE, 0, &parcel } };

	return JSON_READ (call->body, "", fields, error) ? api_mutate (call, 200, receive_parcel, (gpointer) parcel, error) : NULL;
}

static gboolean
delivery (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return handover_view (tx, &call->actor, request_param (call->request, "id"), reply, error);
}

static Response *get_delivery (ApiCall *call, GError **error) { return api_read (call, delivery, NULL, error); }

/* --- queue ------------------------------------------------------------------------------------------------ */

static gboolean
queue (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Listing *listing = arg;
	json_t *items = NULL;
	char *next = NULL;

	if (!application_queue (tx, call->api->registry, &call->actor, listing->a, listing->cursor, listing->limit, &items, &next, error))
		return FALSE;
	*reply = api_page (items, next);
	return TRUE;
}

static Response *
get_queue (ApiCall *call, GError **error)
{
	Listing listing = { .a = request_query (call->request, "point"), .cursor = request_query (call->request, "cursor") };

	return api_limit (call, &listing.limit, error) ? api_read (call, queue, &listing, error) : NULL;
}

#define STATEMENT_LIMIT (STATEMENT_MAX_BYTES + 1024)
#define TWO_LIMIT (2 * STATEMENT_MAX_BYTES + 65536)
#define COUNTER (ROLE_CLERK | ROLE_CASHIER | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)
#define KEEPERS (ROLE_CLERK | ROLE_ADMINISTRATOR | ROLE_AUDITOR)
#define CALENDAR "/api/v1/calendar"
#define POINTS "/api/v1/points"
#define TOKENS "/api/v1/tokens"
#define APPLICATION "/api/v1/applications/{id}"

const ApiRoute counter_routes[] = {
	{ "GET", CALENDAR "/due", PERMIT_PUBLIC, 0, 0, get_due },
	{ "GET", CALENDAR "/{year}", PERMIT_PUBLIC, 0, 0, get_calendar },
	{ "PUT", CALENDAR "/{year}", ROLE_ADMINISTRATOR, API_IF_MATCH, TWO_LIMIT, put_calendar },
	{ "GET", POINTS, PERMIT_PUBLIC, 0, 0, get_points },
	{ "GET", POINTS "/assignments", ROLE_ADMINISTRATOR | ROLE_AUDITOR, 0, 0, get_assignments },
	{ "POST", POINTS "/assignments", ROLE_ADMINISTRATOR, API_IDEMPOTENT, TWO_LIMIT, post_assignment },
	{ "GET", POINTS "/{code}", PERMIT_PUBLIC, 0, 0, get_point },
	{ "PUT", POINTS "/{code}", ROLE_ADMINISTRATOR, API_IF_MATCH, TWO_LIMIT, put_point },
	{ "GET", POINTS "/{code}/stock", KEEPERS, 0, 0, get_stock },
	{ "GET", TOKENS, KEEPERS, 0, 0, get_tokens },
	{ "GET", TOKENS "/{serial}", KEEPERS, 0, 0, get_token },
	{ "POST", TOKENS "/moves", ROLE_CLERK, API_IDEMPOTENT, STATEMENT_LIMIT, post_move },
	{ "POST", APPLICATION "/parcel", ROLE_CLERK, API_IDEMPOTENT, STATEMENT_LIMIT, post_parcel },
	{ "POST", APPLICATION "/parcel/received", PERMIT_APPLICANT | ROLE_CLERK, API_IDEMPOTENT, 1024, post_received },
	{ "GET", APPLICATION "/delivery", PERMIT_APPLICANT | COUNTER, 0, 0, get_delivery },
	{ "GET", "/api/v1/queue", ROLE_CLERK | ROLE_CASHIER | ROLE_REVIEWER | ROLE_ISSUER, 0, 0, get_queue },
	{ NULL, NULL, 0, 0, 0, NULL },
};
