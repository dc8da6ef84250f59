/* tests/unit/market/market_fixture.h — a site with officers, bidders and a notice, over a test store. */
#pragma once
#include "market/market.h"
#include "market/sale_clock.h"
#include "sale_fixture.h"
#include "unit/support/test_store.h"

#define SITE "01890a5d-ac96-774b-bcce-b302099a0001"
#define BIDDERS_MAX 64
#define ANNOUNCE (T_END - 32 * MICROS_PER_DAY)
#define LISTING (T_END - 11 * MICROS_PER_DAY)

typedef struct {
	PrivateKey *key;
	Certificate *certificate;
	Actor actor;
} Person;

typedef struct {
	TestStore *t;
	PrivateKey *root_key;
	Certificate *root;
	Person editor, approver;
	Person bidders[BIDDERS_MAX];
	guint bidders_n;
	char *notice, *sale;
	ArrivalWatermark *watermark;
} Market;

/* Officers and n bidders with certificates; nothing in the store yet. */
void market_init (Market *m, TestStore *t, guint bidders);
void market_clear (Market *m);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Market, market_clear)

json_t *market_content (void);                       /* TR-8 times around T_END, START, STEP, Taicang rules */
/* members is taken; type, site, time and nonce are added. */
Statement *market_statement (const Person *who, const char *type, json_t *members, Micros time);

/* In their own transactions, aborting the test on any error unless error is given. */
void market_publish (Market *m, Micros now);          /* create, submit, approve */
gboolean market_qualify (Market *m, guint bidder, Micros now, GError **error);
/* Publishes, qualifies all as "B00", "B01" …, and lets the listing begin. */
void market_open (Market *m);
gboolean market_tick (Market *m, Micros now);
/* By the bidder's statement over what the sale shows now. */
gboolean market_quote (Market *m, guint bidder, gint64 fen, Micros arrival, QuoteOutcome *out, GError **error);
/* With a ticket, as the API does it; statement given. */
gboolean market_place (Market *m, guint bidder, const Statement *statement, Micros arrival, ArrivalTicket *ticket, QuoteOutcome *out, GError **error);
Statement *market_quote_statement (Market *m, guint bidder, gint64 fen, Micros time);
void market_state (Market *m, SaleState *out);
