/* registry/weak_keys.c — see weak_keys.h. */
#include "registry/weak_keys.h"

#include "authority/authority.h"
#include "base/error.h"
#include "base/log.h"
#include "pki/moduli.h"
#include "registry/weak_keys_db.h"

#define CERTIFICATES_AT_ONCE 500

static gboolean
multiply_in (Tx *tx, const PublicKey *key, GError **error)
{
	gint64 block, keys;
	g_autoptr (GBytes) product = NULL;

	if (!db_moduli_last (tx, &block, &keys, &product, error))
		return FALSE;
	if (keys == MODULI_IN_BLOCK) {
		block++;
		keys = 0;
		g_clear_pointer (&product, g_bytes_unref);
	}
	g_autoptr (GBytes) grown = moduli_multiply (product, key);
	return db_moduli_set (tx, block, keys + 1, grown, error);
}

static gboolean
hold_against_all (Tx *tx, PrimeCheck *check, GError **error)
{
	for (gint64 block = 0;; block++) {
		g_autoptr (GBytes) product = NULL;

		if (!db_moduli_product (tx, block, &product, error))
			return FALSE;
		if (!product)
			return TRUE;
		prime_check_against (check, product);
	}
}

/* As an earlier key; `known`: it was one. */
static gboolean
remember (Tx *tx, const PublicKey *key, gboolean *known, GError **error)
{
	g_autofree char *spki = fingerprint_hex (public_key_fingerprint (key));
	gboolean added;

	if (!db_rsa_key_add (tx, spki, &added, error))
		return FALSE;
	*known = !added;
	return TRUE;
}

gboolean
weak_keys_take (Tx *tx, const PublicKey *key, const char *field, GError **error)
{
	g_autoptr (PrimeCheck) check = prime_check_new (key);
	gboolean known;

	if (!check)
		return TRUE;
	if (!db_moduli_lock (tx, error) || !remember (tx, key, &known, error))
		return FALSE;
	if (known)      /* key.reused is said elsewhere */
		return TRUE;
	if (!hold_against_all (tx, check, error))
		return FALSE;
	if (prime_check_finds (check)) {
		g_autofree char *spki = fingerprint_hex (public_key_fingerprint (key));

		log_event (LOG_LEVEL_WARN, "registry.shared_prime", "spki", "%s", spki, NULL);
		return diqi_fail (error, DIQI_ERROR_KEY_WEAK, field, "weak RSA key: it shares a prime with an earlier key, and both are broken by that");
	}
	return multiply_in (tx, key, error);
}

/* --- certificates from elsewhere -------------------------------------------------------- */

typedef struct {
	gint64 done;
	guint seen;
} Progress;

static gboolean
adopt_one (Tx *tx, GBytes *der, gint64 change_seq, gpointer user, GError **error)
{
	Progress *progress = user;
	gsize n;
	gconstpointer p = g_bytes_get_data (der, &n);
	g_autoptr (PublicKey) key = moduli_key_of (p, n);
	gboolean known = TRUE;

	progress->done = change_seq;
	progress->seen++;
	if (key && !remember (tx, key, &known, error))
		return FALSE;
	return known || multiply_in (tx, key, error);
}

static gboolean
adopt_some (Tx *tx, gpointer arg, GError **error)
{
	Progress *progress = arg;

	*progress = (Progress) { 0 };
	return db_moduli_lock (tx, error) && db_rsa_progress (tx, &progress->done, error) &&
	       authority_each_certificate (tx, progress->done, CERTIFICATES_AT_ONCE, adopt_one, progress, error) &&
	       (progress->seen == 0 || db_rsa_progress_set (tx, progress->done, error));
}

gboolean
weak_keys_adopt (Store *store, GError **error)
{
	Progress progress;

	do {
		if (!store_run (store, "weak_keys.adopt", adopt_some, &progress, error))
			return FALSE;
	} while (progress.seen == CERTIFICATES_AT_ONCE);
	return TRUE;
}
