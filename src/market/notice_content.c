/* market/notice_content.c — see notice_content.h. */
#include "market/notice_content.h"

#include <string.h>

/* --- reading ------------------------------------------------------------------------------ */

static gboolean
fail_at (GError **error, DiqiErrorCode code, const char *at, const char *member, const char *why)
{
	g_autofree char *field = g_strconcat (at, member, NULL);
	return diqi_fail (error, code, field, "%s", why);
}

/* Digits with at most two decimals, over zero: "24906.6". */
static gboolean
area_is_valid (const char *text)
{
	const char *point = strchr (text, '.');
	gsize whole = point != NULL ? (gsize) (point - text) : strlen (text);
	gsize decimals = point != NULL ? strlen (point + 1) : 0;

	if (whole == 0 || whole > 10 || (text[0] == '0' && whole > 1) || decimals > 2 || (point != NULL && decimals == 0))
		return FALSE;
	if (strspn (text, "0123456789") != whole || (point != NULL && strspn (point + 1, "0123456789") != decimals))
		return FALSE;
	return strpbrk (text, "123456789") != NULL;
}

/* Real-estate unit code of a parcel (GB/T 37346): 6 + 6 digits of the district, 2 letters, 5 digits; spaces between. */
static gboolean
unit_is_valid (const char *text)
{
	static const char form[] = "dddddddddddduuddddd";
	const char *f = form;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c == ' ' && (f == form + 6 || f == form + 12) && c[-1] != ' ')
			continue;
		if (*f == '\0' || (*f == 'd' ? !g_ascii_isdigit (*c) : !g_ascii_isupper (*c)))
			return FALSE;
		f++;
	}
	return *f == '\0';
}

static gboolean
read_rule_set (const json_t *object, const char *at, NoticeContent *out, GError **error)
{
	g_autofree char *here = g_strconcat (at, "/rule_set", NULL);
	const char *name = NULL, *hash = NULL;
	gint64 version = 0;
	const Field fields[] = {
		{ "name", FIELD_STRING, TRUE, sizeof out->rule_set - 1, &name },
		{ "version", FIELD_INT, TRUE, 0, &version },
		{ "hash", FIELD_HEX32, FALSE, 0, &hash },
	};

	if (!JSON_READ (object, here, fields, error))
		return FALSE;
	if (version < 1 || version > G_MAXINT32)
		return fail_at (error, DIQI_ERROR_FIELD_VALUE, here, "/version", "versions count from 1");
	if (g_strlcpy (out->rule_set, name, sizeof out->rule_set) >= sizeof out->rule_set)
		return fail_at (error, DIQI_ERROR_FIELD_LENGTH, here, "/name", "no rule set has so long a name");
	out->rule_version = (int) version;
	out->has_hash = hash != NULL;
	return hash == NULL || hex_decode (hash, out->rule_hash.b, sizeof out->rule_hash.b);
}

static gboolean
read_parcel (const json_t *object, const char *at, NoticeContent *out, GError **error)
{
	g_autofree char *here = g_strconcat (at, "/parcel", NULL);
	const Field fields[] = {
		{ "code", FIELD_STRING, TRUE, 40, &out->code },
		{ "unit", FIELD_STRING, TRUE, 28, &out->unit },
		{ "place", FIELD_STRING, TRUE, 200, &out->place },
		{ "area", FIELD_STRING, TRUE, 16, &out->area },
		{ "use", FIELD_STRING, TRUE, 100, &out->use },
		{ "years", FIELD_INT, TRUE, 0, &out->years },
		{ "far", FIELD_STRING, TRUE, 40, &out->far },
		{ "density", FIELD_STRING, TRUE, 40, &out->density },
		{ "green", FIELD_STRING, TRUE, 40, &out->green },
		{ "height", FIELD_STRING, TRUE, 40, &out->height },
		{ "start_fen", FIELD_MONEY, TRUE, 0, &out->start },
		{ "increment_fen", FIELD_MONEY, TRUE, 0, &out->increment },
		{ "deposit_fen", FIELD_MONEY, TRUE, 0, &out->deposit },
		{ "cap_fen", FIELD_MONEY, FALSE, 0, &out->cap },
	};

	if (!JSON_READ (object, here, fields, error))
		return FALSE;
	if (!unit_is_valid (out->unit))
		return fail_at (error, DIQI_ERROR_FIELD_VALUE, here, "/unit", "not a real-estate unit code, e.g. 320585 999001 GB99001");
	if (!area_is_valid (out->area))
		return fail_at (error, DIQI_ERROR_FIELD_VALUE, here, "/area", "square metres over zero, at most two decimals");
	/* Longest grant: residential 70 years (城镇国有土地使用权出让和转让暂行条例 第十二条). */
	if (out->years < 1 || out->years > 70)
		return fail_at (error, DIQI_ERROR_FIELD_VALUE, here, "/years", "a term is 1 to 70 years");
	if (json_object_get (object, "cap_fen") != NULL && out->cap.fen == 0)
		return fail_at (error, DIQI_ERROR_FIELD_VALUE, here, "/cap_fen", "leave it out when there is no cap");
	return TRUE;
}

static gboolean
read_times (const json_t *object, const char *at, NoticeContent *out, GError **error)
{
	g_autofree char *here = g_strconcat (at, "/times", NULL);
	const Field fields[] = {
		{ "announce", FIELD_TIME, TRUE, 0, &out->announce },
		{ "listing_start", FIELD_TIME, TRUE, 0, &out->listing_start },
		{ "listing_end", FIELD_TIME, TRUE, 0, &out->listing_end },
		{ "apply_end", FIELD_TIME, TRUE, 0, &out->apply_end },
		{ "deposit_end", FIELD_TIME, TRUE, 0, &out->deposit_end },
	};

	return JSON_READ (object, here, fields, error);
}

static gboolean
require_text (const char *at, const NoticeContent *c, GError **error)
{
	const struct { const char *member, *text; } texts[] = {
		{ "/title", c->title }, { "/number", c->number }, { "/grantor", c->grantor }, { "/parcel/code", c->code },
		{ "/parcel/place", c->place }, { "/parcel/use", c->use },
	};

	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		if (strspn (texts[i].text, " \t\n") == strlen (texts[i].text))
			return fail_at (error, DIQI_ERROR_FIELD_VALUE, at, texts[i].member, "must not be empty");
	return TRUE;
}

gboolean
notice_content_read (const json_t *content, const char *at, NoticeContent *out, GError **error)
{
	json_t *rule_set = NULL, *parcel = NULL, *times = NULL;
	const Field fields[] = {
		{ "title", FIELD_STRING, TRUE, 200, &out->title },
		{ "number", FIELD_STRING, TRUE, 60, &out->number },
		{ "grantor", FIELD_STRING, TRUE, 100, &out->grantor },
		{ "rule_set", FIELD_OBJECT, TRUE, 0, &rule_set },
		{ "parcel", FIELD_OBJECT, TRUE, 0, &parcel },
		{ "times", FIELD_OBJECT, TRUE, 0, &times },
		{ "text", FIELD_STRING, FALSE, 4000, &out->text },
	};

	memset (out, 0, sizeof *out);
	return JSON_READ (content, at, fields, error) && read_rule_set (rule_set, at, out, error) &&
	       read_parcel (parcel, at, out, error) && read_times (times, at, out, error) && require_text (at, out, error);
}

/* --- rules --------------------------------------------------------------------------------- */

static gboolean
check_prices (const NoticeContent *c, const char *at, GError **error)
{
	if (c->start.fen <= 0)
		return fail_at (error, DIQI_ERROR_NOTICE_RULE, at, "/parcel/start_fen", "the start price must be over zero");
	if (c->increment.fen <= 0)
		return fail_at (error, DIQI_ERROR_NOTICE_RULE, at, "/parcel/increment_fen", "the increment must be over zero");
	if (c->deposit.fen <= 0)
		return fail_at (error, DIQI_ERROR_NOTICE_RULE, at, "/parcel/deposit_fen", "there must be a deposit");
	if (c->cap.fen == 0)
		return TRUE;
	if (c->cap.fen < c->start.fen)
		return fail_at (error, DIQI_ERROR_NOTICE_RULE, at, "/parcel/cap_fen", "the cap is below the start price");
	if ((c->cap.fen - c->start.fen) % c->increment.fen != 0)
		return fail_at (error, DIQI_ERROR_NOTICE_RULE, at, "/parcel/cap_fen", "cap minus start must be a whole number of increments");
	return TRUE;
}

static gboolean
check_times (const NoticeContent *c, const RuleSet *rules, const char *at, Micros now, GError **error)
{
	if (c->announce < now)
		return fail_at (error, DIQI_ERROR_NOTICE_RULE, at, "/times/announce", "a notice cannot be announced in the past");
	if (c->listing_start - c->announce < rules->announce_least)
		return fail_at (error, DIQI_ERROR_NOTICE_RULE, at, "/times/listing_start", "too soon after the announcement (TR-8)");
	if (c->listing_end - c->listing_start < rules->listing_least)
		return fail_at (error, DIQI_ERROR_NOTICE_RULE, at, "/times/listing_end", "the listing is too short");
	if (c->listing_end - rules->quiet <= c->listing_start)
		return fail_at (error, DIQI_ERROR_NOTICE_RULE, at, "/times/listing_end", "the quiet time leaves no listing (TR-22)");
	if (c->apply_end <= c->announce || c->apply_end > c->listing_end - rules->quiet)
		return fail_at (error, DIQI_ERROR_NOTICE_RULE, at, "/times/apply_end",
		                "applications end after the announcement and before the quiet time");
	if (c->deposit_end <= c->announce || c->deposit_end > c->listing_end - rules->quiet)
		return fail_at (error, DIQI_ERROR_NOTICE_RULE, at, "/times/deposit_end",
		                "deposits end after the announcement and before the quiet time");
	return TRUE;
}

static void
warn (json_t *warnings, const char *code, const char *at, const char *member)
{
	g_autofree char *field = g_strconcat (at, member, NULL);

	if (warnings != NULL)
		json_array_append_new (warnings, json_pack ("{s:s, s:s}", "code", code, "field", field));
}

gboolean
notice_content_check (const NoticeContent *c, const RuleSet *rules, const char *at, Micros now, json_t *warnings, GError **error)
{
	if (!check_prices (c, at, error) || !check_times (c, rules, at, now, error))
		return FALSE;
	/* 20 % is the norm; real notices round down below it (decision 0001). */
	if (c->deposit.fen < c->start.fen / 5 + (c->start.fen % 5 != 0))
		warn (warnings, "deposit_below_20_percent", at, "/parcel/deposit_fen");
	if (c->deposit.fen > c->start.fen)
		warn (warnings, "deposit_above_start", at, "/parcel/deposit_fen");
	/* 39号令 第十一条: time to judge an application. */
	if (c->listing_end - c->apply_end < 2 * MICROS_PER_DAY)
		warn (warnings, "apply_end_late", at, "/times/apply_end");
	return TRUE;
}

void
notice_content_terms (const NoticeContent *content, const RuleSet *rules, const Fingerprint *content_hash,
                      const char *sale, SaleTerms *out)
{
	memset (out, 0, sizeof *out);
	g_strlcpy (out->sale, sale, sizeof out->sale);
	out->content = *content_hash;
	out->rules = *rules;
	out->announced_at = content->announce;
	out->listing_start = content->listing_start;
	out->listing_end = content->listing_end;
	out->start = content->start;
	out->increment = content->increment;
	out->cap = content->cap;
}
