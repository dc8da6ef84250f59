/* ledger/provider.c — payment providers of the site, and their signatures. */
#include "ledger/provider.h"

#include <string.h>

#include "base/error.h"

#define FILE_MAX_BYTES (64 * 1024)
#define PROVIDERS_MAX 32
#define SIGNATURE_MAX 1024
#define AHEAD_MAX (5 * MICROS_PER_MIN)

struct Providers {
	GPtrArray *all;          /* Provider * */
};

static void
provider_free (gpointer p)
{
	Provider *provider = p;

	g_free (provider->name);
	g_free (provider->currency);
	g_clear_pointer (&provider->key, public_key_unref);
	g_free (provider);
}

void
providers_free (Providers *providers)
{
	g_ptr_array_unref (providers->all);
	g_free (providers);
}

const Provider *
providers_find (const Providers *providers, const char *name)
{
	for (guint i = 0; i < providers->all->len; i++) {
		const Provider *provider = g_ptr_array_index (providers->all, i);

		if (strcmp (provider->name, name) == 0)
			return provider;
	}
	return NULL;
}

static gboolean
is_name (const char *name)
{
	gsize n = strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= 32 && name[n] == '\0';
}

static gboolean
is_currency (const char *code)
{
	return strlen (code) == 3 && strspn (code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static gboolean
read_key (const char *algorithm, const char *pem, const char *at, PublicKey **out, GError **error)
{
	g_autoptr (PublicKey) key = public_key_parse_pem (pem, strlen (pem), error);
	KeyAlgorithm wanted;

	if (!key)
		return FALSE;
	if (!key_algorithm_from_name (algorithm, &wanted) || (wanted != KEY_P256 && wanted != KEY_RSA3072))
		return diqi_fail (error, DIQI_ERROR_CONFIG, at, "algorithm is \"p256\" or \"rsa3072\"");
	if (public_key_algorithm (key) != wanted || (wanted == KEY_RSA3072 && public_key_bits (key) != 3072))
		return diqi_fail (error, DIQI_ERROR_CONFIG, at, "the key is not of algorithm %s", algorithm);
	*out = g_steal_pointer (&key);
	return TRUE;
}

static gboolean
read_provider (Providers *providers, const json_t *item, guint i, GError **error)
{
	g_autofree char *at = g_strdup_printf ("/%u", i);
	const char *name, *algorithm, *pem, *currency;
	PublicKey *key = NULL;
	Provider *provider;
	const Field fields[] = {
		{ "name", FIELD_STRING, TRUE, 0, &name },
		{ "algorithm", FIELD_STRING, TRUE, 0, &algorithm },
		{ "public_key", FIELD_STRING, TRUE, 4096, &pem },
		{ "currency", FIELD_STRING, TRUE, 0, &currency },
	};

	if (!JSON_READ (item, at, fields, error))
		return FALSE;
	if (!is_name (name) || providers_find (providers, name))
		return diqi_fail (error, DIQI_ERROR_CONFIG, at, "a name of its own, of a-z, 0-9 and \"-\", at most 32 characters");
	if (!is_currency (currency))
		return diqi_fail (error, DIQI_ERROR_CONFIG, at, "currency is a code of three letters, such as \"CNY\"");
	if (!read_key (algorithm, pem, at, &key, error))
		return FALSE;
	provider = g_new0 (Provider, 1);
	*provider = (Provider) { g_strdup (name), g_strdup (currency), key };
	g_ptr_array_add (providers->all, provider);
	return TRUE;
}

static gboolean
read_file (Providers *providers, const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr (json_t) list = NULL;
	gsize n;

	if (!g_file_get_contents (path, &text, &n, error))
		return FALSE;
	list = json_read_strict (text, n, FILE_MAX_BYTES, error);
	if (!list)
		return FALSE;
	if (!json_is_array (list) || json_array_size (list) > PROVIDERS_MAX)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "expected a list of at most %d providers", PROVIDERS_MAX);
	for (guint i = 0; i < json_array_size (list); i++)
		if (!read_provider (providers, json_array_get (list, i), i, error))
			return FALSE;
	return TRUE;
}

Providers *
providers_load (const char *path, GError **error)
{
	g_autoptr (Providers) providers = g_new0 (Providers, 1);

	providers->all = g_ptr_array_new_with_free_func (provider_free);
	if (path && !read_file (providers, path, error)) {
		g_prefix_error (error, "%s: ", path);
		return NULL;
	}
	return g_steal_pointer (&providers);
}

/* --- notifications ---------------------------------------------------------------------------------- */

static gboolean
check_timestamp (const char *timestamp, Micros now, GError **error)
{
	Micros at;

	if (!time_parse (timestamp, &at, NULL))
		return diqi_fail (error, DIQI_ERROR_PAYMENT_SIGNATURE, NULL, "Diqi-Timestamp is not a time of RFC 3339");
	return at <= now + AHEAD_MAX ||
	       diqi_fail (error, DIQI_ERROR_PAYMENT_SIGNATURE, NULL, "Diqi-Timestamp lies more than five minutes ahead");
}

gboolean
notification_verify (const Provider *provider, const char *signature, const char *timestamp, GBytes *body, Micros now, GError **error)
{
	g_autoptr (GByteArray) signed_bytes = g_byte_array_new ();
	g_autoptr (GBytes) der = NULL;
	gsize n = 0;
	gconstpointer p = g_bytes_get_data (body, &n);

	if (!signature || !timestamp || strlen (signature) > SIGNATURE_MAX)
		return diqi_fail (error, DIQI_ERROR_PAYMENT_SIGNATURE, NULL, "Diqi-Signature and Diqi-Timestamp are needed");
	if (!check_timestamp (timestamp, now, error))
		return FALSE;
	der = base64_decode_strict (signature, strlen (signature), NULL);
	if (!der)
		return diqi_fail (error, DIQI_ERROR_PAYMENT_SIGNATURE, NULL, "Diqi-Signature is not base64");
	g_byte_array_append (signed_bytes, (const guint8 *) timestamp, strlen (timestamp));
	g_byte_array_append (signed_bytes, (const guint8 *) ".", 1);
	g_byte_array_append (signed_bytes, p, n);
	return public_key_verify (provider->key, SIGNATURE_DER, signed_bytes->data, signed_bytes->len,
	                          g_bytes_get_data (der, NULL), g_bytes_get_size (der)) ||
	       diqi_fail (error, DIQI_ERROR_PAYMENT_SIGNATURE, NULL, "this is not the signature of provider %s over timestamp and body", provider->name);
}

gboolean
notification_read (const Provider *provider, GBytes *body, json_t **json, Notification *out, GError **error)
{
	gsize n;
	const char *text = g_bytes_get_data (body, &n);
	const Field fields[] = {
		{ "transaction", FIELD_STRING, TRUE, 64, &out->transaction },
		{ "order", FIELD_STRING, TRUE, 64, &out->order_number },
		{ "amount_fen", FIELD_MONEY, TRUE, 0, &out->amount },
		{ "currency", FIELD_STRING, TRUE, 8, &out->currency },
		{ "event", FIELD_STRING, TRUE, 16, &out->event },
		{ "paid_at", FIELD_TIME, TRUE, 0, &out->happened },
	};

	out->provider = provider->name;
	*json = json_read_strict (text ? text : "", n, NOTIFICATION_MAX, error);
	if (!*json || !JSON_READ (*json, "", fields, error))
		return FALSE;
	if (!*out->transaction)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/transaction", "the transaction has no name");
	if (out->amount.fen == 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/amount_fen", "nothing is no payment");
	if (strcmp (out->event, "paid") != 0 && strcmp (out->event, "refunded") != 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/event", "expected \"paid\" or \"refunded\"");
	return TRUE;
}
