/* main/story_acts.h — what the people of the story do, each with its check. */
#pragma once
#include "main/story_run.h"

/* One party that applies for a certificate. */
typedef struct {
	const char *name;          /* of its files */
	const char *kind;
	const char *label;
	char *application, *serial;
	char *p12;
} Party;
void party_clear (Party *party);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Party, party_clear)

typedef struct {
	char *notice, *id;
	char *announce, *listing_start, *listing_end;
} Sale;
void sale_clear (Sale *sale);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sale, sale_clear)

/* Fails when view is NULL or the member is not that text. */
gboolean story_expect (const json_t *view, const char *member, const char *value, GError **error);
gboolean story_move_clock (Story *story, const char *to, GError **error);

/* From the form to the confirmed certificate, clerk, cashier, reviewer and issuer acting. */
gboolean story_certify (Story *story, Party *party, GError **error);
/* Drafted, submitted and approved by two officers. */
gboolean story_publish (Story *story, const char *parcel, Sale *sale, GError **error);
gboolean story_qualify (Story *story, const Sale *sale, const char *query, const char *bidder_no, GError **error);
/* price: yuan, or "next". */
gboolean story_quote (Story *story, const Sale *sale, const Party *party, const char *price, GError **error);
