/* signer/share.c — see share.h. */
#include "signer/share.h"

#include <libgfshare.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "pki/envelope.h"

#define VERSION 1
#define AT_SERIAL 2
#define AT_SECRET (AT_SERIAL + 20)

static void
fill_random (unsigned char *p, unsigned int n)
{
	random_bytes (p, n);
}

void
shares_split (const guint8 secret[SHARE_SECRET_BYTES], const Serial *serial, guint threshold, guint n, guint8 *shares)
{
	guint8 indices[SHARES_MAX];
	g_assert (threshold >= SHARES_MIN_THRESHOLD && threshold <= n && n <= SHARES_MAX);
	for (guint i = 0; i < n; i++)
		indices[i] = (guint8) (i + 1);
	gfshare_fill_rand = fill_random;      /* its own default is no source of secrets */
	gfshare_ctx *ctx = gfshare_ctx_init_enc (indices, n, (unsigned char) threshold, SHARE_SECRET_BYTES);
	if (ctx == NULL)
		g_error ("no memory to split a key");
	gfshare_ctx_enc_setsecret (ctx, (unsigned char *) secret);
	for (guint i = 0; i < n; i++) {
		guint8 *share = shares + i * SHARE_BYTES;
		share[0] = VERSION;
		share[1] = indices[i];
		memcpy (share + AT_SERIAL, serial->b, sizeof serial->b);
		gfshare_ctx_enc_getshare (ctx, (unsigned char) i, share + AT_SECRET);
	}
	gfshare_ctx_free (ctx);               /* overwrites its memory first */
}

void
shares_combine (const guint8 *const *shares, guint threshold, guint8 secret[SHARE_SECRET_BYTES])
{
	guint8 indices[SHARES_MAX];
	g_assert (threshold >= SHARES_MIN_THRESHOLD && threshold <= SHARES_MAX);
	for (guint i = 0; i < threshold; i++)
		indices[i] = shares[i][1];
	gfshare_fill_rand = fill_random;
	gfshare_ctx *ctx = gfshare_ctx_init_dec (indices, threshold, SHARE_SECRET_BYTES);
	if (ctx == NULL)
		g_error ("no memory to combine a key");
	for (guint i = 0; i < threshold; i++)
		gfshare_ctx_dec_giveshare (ctx, (unsigned char) i, (unsigned char *) shares[i] + AT_SECRET);
	gfshare_ctx_dec_extract (ctx, secret);
	gfshare_ctx_free (ctx);
}

gboolean
share_read (GBytes *share, const Serial *serial, guint *index)
{
	gsize n;
	const guint8 *p = g_bytes_get_data (share, &n);
	if (n != SHARE_BYTES || p[0] != VERSION || p[1] < 1 || p[1] > SHARES_MAX || memcmp (p + AT_SERIAL, serial->b, sizeof serial->b) != 0)
		return FALSE;
	*index = p[1];
	return TRUE;
}

GBytes *
share_reseal (const PrivateKey *agent, GBytes *sealed, const Serial *serial, GBytes *transport, GError **error)
{
	guint index;
	g_autoptr (PublicKey) to = public_key_from_spki (g_bytes_get_data (transport, NULL), g_bytes_get_size (transport), error);
	g_autoptr (GBytes) share = to != NULL ? envelope_open (agent, sealed, error) : NULL;
	if (share == NULL)
		return NULL;
	if (!share_read (share, serial, &index)) {
		diqi_error_set (error, DIQI_ERROR_RECOVERY_SHARE, NULL, "not a share of the key of that certificate");
		return NULL;
	}
	return envelope_seal (to, NULL, g_bytes_get_data (share, NULL), g_bytes_get_size (share), error);
}
