/* signer/activation.c — see activation.h. */
#include "signer/activation.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "pki/seal.h"
#include "signer/durable.h"
#include "signer/share.h"

#define FILE_NAME "activation.json"
#define FILE_MAX 16384
#define PASSPHRASE_LEAST 8

/* --- splitting ---------------------------------------------------------------------------- */

static gboolean
check_wanted (guint threshold, const ActivationHolder *holders, gsize n, GError **error)
{
	if (n > ACTIVATION_MAX || threshold < SHARES_MIN_THRESHOLD || threshold > n)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/threshold", "%d to n of at most %d shares", SHARES_MIN_THRESHOLD, ACTIVATION_MAX);
	for (gsize i = 0; i < n; i++) {
		if (strlen (holders[i].passphrase) < PASSPHRASE_LEAST)
			return diqi_fail (error, DIQI_ERROR_FIELD_LENGTH, "/holders", "the passphrase of %s's share has fewer than %d bytes", holders[i].holder, PASSPHRASE_LEAST);
		if (g_file_test (holders[i].file, G_FILE_TEST_EXISTS))
			return diqi_fail (error, DIQI_ERROR_EXISTS, "/holders", "%s exists; a share is never overwritten", holders[i].file);
	}
	return TRUE;
}

static char *
share_context (const char *site, const char *set, gint64 index)
{
	return g_strdup_printf ("diqi activation share %" G_GINT64_FORMAT " of set %s of %s", index, set, site);
}

static char *
sealed_context (const char *site, const char *set)
{
	return g_strdup_printf ("diqi signer passphrase of %s, set %s", site, set);
}

static json_t *
json_sealed (GBytes *sealed)
{
	return json_base64 (g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed));
}

typedef struct {
	const char *dir, *site, *set;
	guint threshold;
	gsize n;
} Splitting;

static gboolean
write_share (const Splitting *s, const ActivationHolder *holder, const guint8 *share, GError **error)
{
	g_autofree char *context = share_context (s->site, s->set, share[1]);
	g_autoptr (GBytes) sealed = seal_lock (holder->passphrase, strlen (holder->passphrase), context, share, SHARE_BYTES, error);
	if (sealed == NULL)
		return FALSE;
	g_autoptr (json_t) object = json_pack ("{s:i, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:o}", "v", 1, "type", "diqi.share", "site", s->site,
		"set", s->set, "holder", holder->holder, "index", share[1], "of", (int) s->n, "threshold", (int) s->threshold, "sealed", json_sealed (sealed));
	g_autoptr (GBytes) text = jcs_bytes (object);
	g_autofree char *folder = g_path_get_dirname (holder->file), *name = g_path_get_basename (holder->file);
	/* There is none (check_wanted); a torn one would be in the way of the next try. */
	return durable_replace (folder, name, g_bytes_get_data (text, NULL), g_bytes_get_size (text), 0600, error);
}

static gboolean
write_sealed (const Splitting *s, const guint8 key[SEAL_KEY_BYTES], const char *passphrase, gsize passphrase_n, GError **error)
{
	g_autofree char *context = sealed_context (s->site, s->set);
	g_autoptr (GBytes) sealed = seal_encrypt (key, context, passphrase, passphrase_n, error);
	if (sealed == NULL)
		return FALSE;
	g_autoptr (json_t) object = json_pack ("{s:i, s:s, s:s, s:i, s:i, s:o}", "v", 1, "site", s->site, "set", s->set, "of", (int) s->n,
		"threshold", (int) s->threshold, "sealed", json_sealed (sealed));
	g_autoptr (GBytes) text = jcs_bytes (object);
	return durable_replace (s->dir, FILE_NAME, g_bytes_get_data (text, NULL), g_bytes_get_size (text), 0600, error);
}

gboolean
activation_split (const char *dir, const char *site, const char *passphrase, gsize passphrase_n, guint threshold,
                  const ActivationHolder *holders, gsize n, GError **error)
{
	Serial set;
	if (!check_wanted (threshold, holders, n, error))
		return FALSE;
	serial_new (0, &set);
	g_autofree char *hex = serial_hex (&set);
	const Splitting s = { dir, site, hex, threshold, n };
	gsize size = SEAL_KEY_BYTES + n * SHARE_BYTES;
	guint8 *key = pki_secret_alloc (size), *shares = key + SEAL_KEY_BYTES;
	seal_new_key (key);
	shares_split (key, &set, threshold, (guint) n, shares);
	/* The shares first: until all are on disk, those of the set before still start the signer. */
	gboolean well = TRUE;
	for (gsize i = 0; well && i < n; i++) {
		well = write_share (&s, &holders[i], shares + i * SHARE_BYTES, error);
		FAILPOINT ("ceremony.share");
	}
	well = well && write_sealed (&s, key, passphrase, passphrase_n, error);
	pki_secret_free (key, size);
	return well;
}

/* --- joining ------------------------------------------------------------------------------- */

typedef struct {
	json_t *json;                 /* owns the texts */
	const char *site, *set, *holder;
	gint64 index, of, threshold;
	GBytes *sealed;
} Part;

static void
part_clear (Part *part)
{
	g_clear_pointer (&part->json, json_decref);
	g_clear_pointer (&part->sealed, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Part, part_clear)

static gboolean
read_part (const char *path, gboolean share, Part *part, GError **error)
{
	gsize n;
	gint64 v;
	const char *type = NULL;
	g_autofree char *text = NULL;
	g_autoptr (GError) local = NULL;
	const Field fields[] = {
		{ "v", FIELD_INT, TRUE, 0, &v }, { "site", FIELD_STRING, TRUE, 64, &part->site }, { "set", FIELD_STRING, TRUE, 40, &part->set },
		{ "of", FIELD_INT, TRUE, 0, &part->of }, { "threshold", FIELD_INT, TRUE, 0, &part->threshold },
		{ "sealed", FIELD_BASE64, TRUE, 4096, &part->sealed }, { "type", FIELD_STRING, TRUE, 16, &type },
		{ "holder", FIELD_STRING, TRUE, 128, &part->holder }, { "index", FIELD_INT, TRUE, 0, &part->index },
	};
	if (!g_file_get_contents (path, &text, &n, &local))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s", local->message);
	part->json = json_read_strict (text, n, FILE_MAX, error);
	if (part->json == NULL || !json_read_fields (part->json, "", fields, G_N_ELEMENTS (fields) - (share ? 0 : 3), error)) {
		g_prefix_error (error, "%s: ", path);
		return FALSE;
	}
	gboolean well = v == 1 && (!share || strcmp (type, "diqi.share") == 0) && part->threshold >= SHARES_MIN_THRESHOLD
		&& part->of <= ACTIVATION_MAX && part->threshold <= part->of;
	return well || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s is no file of this kind", path);
}

/* --- after a crash ------------------------------------------------------------------------- */

json_t *
activation_before (const ActivationHolder *holders, gsize n)
{
	json_t *files = json_array ();
	for (gsize i = 0; i < n; i++)
		json_array_append_new (files, json_boolean (g_file_test (holders[i].file, G_FILE_TEST_EXISTS)));
	return json_pack ("{s:o}", "files", files);
}

/* Is this file a share of the set that activation.json names? */
static gboolean
is_of_set (const Part *whole, const char *file, Part *part)
{
	return whole->json != NULL && read_part (file, TRUE, part, NULL) && strcmp (part->site, whole->site) == 0 && strcmp (part->set, whole->set) == 0;
}

static gboolean
is_split_so (const Part *whole, guint threshold, const ActivationHolder *holders, gsize n, const json_t *files)
{
	gboolean so = whole->threshold == threshold && whole->of == (gint64) n;
	for (gsize i = 0; so && i < n; i++) {
		g_auto (Part) part = { 0 };
		so = json_is_false (json_array_get (files, i)) && is_of_set (whole, holders[i].file, &part) && strcmp (part.holder, holders[i].holder) == 0;
	}
	return so;
}

static gboolean
drop_share (const Part *whole, const char *site, const char *file, GError **error)
{
	g_auto (Part) part = { 0 }, again = { 0 };
	g_autoptr (GError) local = NULL;
	if (!g_file_test (file, G_FILE_TEST_EXISTS))
		return TRUE;
	if (!read_part (file, TRUE, &part, &local) || strcmp (part.site, site) != 0 || is_of_set (whole, file, &again))
		return diqi_fail (error, DIQI_ERROR_EXISTS, "/holders", "%s exists, and is not what was cut off here", file);
	return unlink (file) == 0 || diqi_fail (error, DIQI_ERROR_CONFIG, "/holders", "cannot remove %s", file);
}

gboolean
activation_found (const char *dir, const char *site, guint threshold, const ActivationHolder *holders, gsize n, const json_t *before,
                  gboolean *found, GError **error)
{
	g_auto (Part) whole = { 0 };
	g_autofree char *path = g_build_filename (dir, FILE_NAME, NULL);
	const json_t *files = json_object_get (before, "files");
	gboolean well = TRUE;
	if (g_file_test (path, G_FILE_TEST_EXISTS) && !read_part (path, FALSE, &whole, error))
		return FALSE;
	*found = is_split_so (&whole, threshold, holders, n, files);
	/* activation.json is written last: without it these shares were of a key that is nowhere. */
	for (gsize i = 0; well && !*found && i < n; i++)
		if (json_is_false (json_array_get (files, i)))
			well = drop_share (&whole, site, holders[i].file, error);
	return well;
}

/* --- opening ------------------------------------------------------------------------------- */

/* Opens one share into `out`. */
static gboolean
open_share (const Part *whole, const ActivationShare *share, guint8 out[SHARE_BYTES], GError **error)
{
	g_auto (Part) part = { 0 };
	Serial set;
	guint index;
	if (!read_part (share->file, TRUE, &part, error))
		return FALSE;
	if (strcmp (part.site, whole->site) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s is a share of another site", share->file);
	if (strcmp (part.set, whole->set) != 0 || !serial_from_hex (part.set, &set))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s is of another set: the passphrase was split again since, or before", share->file);
	g_autofree char *context = share_context (part.site, part.set, part.index);
	g_autoptr (GBytes) opened = seal_unlock (share->passphrase, strlen (share->passphrase), context, part.sealed, NULL);
	if (opened == NULL || !share_read (opened, &set, &index) || index != (guint) part.index)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: a wrong passphrase, or the share was changed", share->file);
	memcpy (out, g_bytes_get_data (opened, NULL), SHARE_BYTES);
	return TRUE;
}

static gboolean
open_shares (const Part *whole, const ActivationShare *shares, guint8 *opened, GError **error)
{
	for (gsize i = 0; i < (gsize) whole->threshold; i++) {
		guint8 *own = opened + i * SHARE_BYTES;
		if (!open_share (whole, &shares[i], own, error))
			return FALSE;
		for (gsize j = 0; j < i; j++)
			if (opened[j * SHARE_BYTES + 1] == own[1])
				return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s and %s are the same share", shares[j].file, shares[i].file);
	}
	return TRUE;
}

static char *
unseal (const Part *whole, const guint8 *opened, gsize *n, GError **error)
{
	const guint8 *parts[ACTIVATION_MAX];
	for (gsize i = 0; i < (gsize) whole->threshold; i++)
		parts[i] = opened + i * SHARE_BYTES;
	guint8 *key = pki_secret_alloc (SEAL_KEY_BYTES);
	shares_combine (parts, (guint) whole->threshold, key);
	g_autofree char *context = sealed_context (whole->site, whole->set);
	g_autoptr (GBytes) passphrase = seal_decrypt (key, context, whole->sealed, NULL);
	pki_secret_free (key, SEAL_KEY_BYTES);
	if (passphrase == NULL) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "the shares do not open " FILE_NAME);
		return NULL;
	}
	*n = g_bytes_get_size (passphrase);
	char *out = pki_secret_alloc (*n + 1);
	memcpy (out, g_bytes_get_data (passphrase, NULL), *n);
	out[*n] = '\0';
	return out;
}

char *
activation_join (const char *dir, const ActivationShare *shares, gsize shares_n, gsize *n, GError **error)
{
	g_auto (Part) whole = { 0 };
	g_autofree char *path = g_build_filename (dir, FILE_NAME, NULL);
	if (!read_part (path, FALSE, &whole, error))
		return NULL;
	if (shares_n < (gsize) whole.threshold) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " shares are needed, %" G_GSIZE_FORMAT " given",
		                whole.threshold, whole.of, shares_n);
		return NULL;
	}
	gsize size = (gsize) whole.threshold * SHARE_BYTES;
	guint8 *opened = pki_secret_alloc (size);
	char *passphrase = open_shares (&whole, shares, opened, error) ? unseal (&whole, opened, n, error) : NULL;
	pki_secret_free (opened, size);
	return passphrase;
}
