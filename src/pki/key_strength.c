/* pki/key_strength.c — which keys of holders are accepted.
 *
 * Beside algorithm and size, everything that can be told from the public key alone:
 * known test keys, structure of the modulus.  Not covered: a prime shared with another
 * holder's key (needs all keys: batch GCD over the issued ones), Debian's weak keys of
 * 2008 beyond the fingerprints in key_known.c (the list of all of them is some hundred
 * thousand entries a size; those of 3072 and 4096 bits were never listed completely),
 * and weaknesses without a public trace.
 */
#include "pki/pki_private.h"

#define RSA_LEAST 3072
#define RSA_MOST 4096

static gboolean
check_rsa (const PublicKey *key, GError **error)
{
	Der modulus, exponent;

	public_key_rsa (key, &modulus, &exponent);
	const char *weakness = key_is_known (modulus) ? "a published key" : rsa_weakness (modulus, exponent);
	if (weakness != NULL)
		return diqi_fail (error, DIQI_ERROR_KEY_WEAK, NULL, "weak RSA key: %s", weakness);
	if (key->bits < RSA_LEAST || key->bits > RSA_MOST)
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "RSA key of %u bits: %d to %d are accepted", key->bits, RSA_LEAST, RSA_MOST);
	return TRUE;
}

gboolean
public_key_check_strength (const PublicKey *key, GError **error)
{
	if (key_algorithm_is_rsa (key->algorithm))
		return check_rsa (key, error);
	if (key_is_known (key->raw))
		return diqi_fail (error, DIQI_ERROR_KEY_WEAK, NULL, "weak key: a published key");
	return TRUE;
}
