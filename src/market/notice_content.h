/* market/notice_content.h — what a notice (出让公告) with its one parcel says, and the rules it must keep.
 *
 * {"title","number","grantor","rule_set":{"name","version","hash"?},
 *  "parcel":{"code","unit","place","area","use","years","far","density","green","height","start_fen","increment_fen",
 *            "deposit_fen","cap_fen"?},
 *  "times":{"announce","listing_start","listing_end","apply_end","deposit_end"},"text"?}
 * Closed: an unknown member is refused, so that nothing a bidder relies on is silently not enforced.
 * rule_set.hash is filled in by the server; when given it must be right.  area: square metres, at most
 * two decimals, as a string.  text: remarks for people.
 */
#pragma once
#include "market/sale.h"

typedef struct {
	const char *title, *number, *grantor, *text;       /* borrowed from the JSON */
	char rule_set[64];
	int rule_version;
	gboolean has_hash;
	Fingerprint rule_hash;
	const char *code, *unit, *place, *area, *use, *far, *density, *green, *height;
	gint64 years;
	Money start, increment, deposit, cap;
	Micros announce, listing_start, listing_end, apply_end, deposit_end;
} NoticeContent;

/* Members, types, formats.  Errors point below `at` ("/content"). */
gboolean notice_content_read (const json_t *content, const char *at, NoticeContent *out, GError **error);
/* The trading rules: TR-8 lead, listing length, quiet hour, lattice, order of times; not announced in the past.
 * DIQI_ERROR_NOTICE_RULE.  warnings (may be NULL): array that gets {"code","field"} for what is unusual but allowed. */
gboolean notice_content_check (const NoticeContent *content, const RuleSet *rules, const char *at, Micros now,
                               json_t *warnings, GError **error);
/* Terms of the sale it opens; content_hash is of the canonical content. */
void notice_content_terms (const NoticeContent *content, const RuleSet *rules, const Fingerprint *content_hash,
                           const char *sale, SaleTerms *out);
