/* market/notice_effect.c — what the log holds of a notice; one writer, used live and by replay. */
#include "market/market_private.h"

static void set (json_t *object, const char *name, json_t *value) { json_object_set_new (object, name, value); }

json_t *
notice_effect (const char *notice, gint64 version, const Fingerprint *content_hash, const json_t *by)
{
	json_t *effect = json_object ();

	set (effect, "notice", json_string (notice));
	set (effect, "version", json_integer (version));
	set (effect, "content_hash", json_hex (content_hash->b, sizeof content_hash->b));
	json_object_set (effect, "by", (json_t *) by);
	return effect;
}

json_t *
approval_effect (const Approval *approval)
{
	const SaleTerms *terms = &approval->state->terms;
	json_t *effect = notice_effect (approval->notice, approval->version, &terms->content, approval->by);

	json_object_set (effect, "content", (json_t *) approval->content);
	json_object_set (effect, "rule_set", (json_t *) approval->rule_set);
	set (effect, "submitted_by", json_string (approval->submitted_by));
	set (effect, "sale", json_string (terms->sale));
	set (effect, "terms", sale_terms_json (terms));
	set (effect, "head", json_hex (approval->state->head.b, sizeof approval->state->head.b));
	return effect;
}
