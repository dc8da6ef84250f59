/* pki/key_known.c — keys everybody has the private half of, or that are known broken.
 *
 * SHA-256 of the number that makes the key: the RSA modulus, whatever exponent goes with
 * it, or the encoded point.  RFC 9500's smaller RSA keys are refused for their size.
 */
#include "pki/pki_private.h"

static const char *const known[] = {
	"d5246bc377541fb76508de53d527eb973a81b755144ab531a6a0b7b4af0e7088",      /* RFC 9500 2.1, testRSA4096 */
	"31c152529eb033a010f8c272fd8d42b0a9bde378ae56982058985be84a743cea",      /* Debian 2008 (CVE-2008-0166), badkeys rsa-debianweak */
	"c6d0a4deaff09d6dd83bd7d2ae7c968a7044f87fe7c50825db8b749bcbaebad1",      /* prime shared with other keys (crt.sh 5534506057), badkeys rsa-sharedprimes */
	"92158afb2295628cf0878cb3482f938869f22123b1b4c429ed4e1c5ed2a41779",      /* vanity modulus, badkeys rsa-vanity */
	"7a63dbbef8a0a022215001986df5eb22972869c12d9892eec10ca44d4330e9b5",      /* P-256 example of an RFC, badkeys ec-p256-rfc-example */
	"234878c68de1c6f3b306cb9a8b305fc6e96405f2f596b7db78baaa80d107a3f8",      /* RFC 9500 2.3, testECCP256 */
	"b18b86ce1389e46de87aa4a5131ce83c1160fa33c087ab15b863574d31d8ff3c",      /* RFC 6979 A.2.5 */
	"dcd2446ca98830c843c493a672364ba971d674fbef5ce87d697165b31e90300a",      /* RFC 7515 A.3 */
	"90c71e80304f98d6556a402c0593b33a80acbd08e4aff9c4029f6e17e1039951",      /* RFC 7517 A.1 */
	"698bea63dc44a344663ff1429aea10842df27b6b991ef25866b2c6c02cdcc5be",      /* P-256, private key 1 */
	"54739c7bcf8af7edeae610a61892427534a507b5522b12495d5ca54a24b35e60",      /* P-256, private key n-1 */
	"7ad64964540082dd8bbe4e35de2da6880163d87ddad5cd453f5d6370d4533735",      /* GB/T 32918.5 annex A */
	"cfbbd025bb78217fd99c9620869f6cd4152f43d810a697c52ecc1f67594f632a",      /* SM2, private key 1 */
	"1ea70b8d60b1e6afc5b9f41a4dff7eaac86e4c08241490399bbc8448f2029bd3",      /* SM2, private key n-1 */
	"e744c0791320c3285460eddb523f14c88d857ada46b97a5690d88cf978b9191f",      /* RFC 8410 10.1 */
};

gboolean
key_is_known (Der number)
{
	Fingerprint f;

	fingerprint_of (number.p, number.n, &f);
	g_autofree char *hex = fingerprint_hex (&f);
	for (guint i = 0; i < G_N_ELEMENTS (known); i++) {
		if (strcmp (known[i], hex) == 0)
			return TRUE;
	}
	return FALSE;
}
