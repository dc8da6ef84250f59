/* registry/access_code.c — see access_code.h. */
#include "registry/access_code.h"

#include <string.h>

#include "base/random.h"
#include "identity/secret.h"

#define CODE_LETTERS 16
#define GROUP 4
/* 32 signs: no 0, 1, I, O. */
static const char alphabet[33] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

static char *
spell (const guint8 *bytes)
{
	g_autoptr (GString) code = g_string_new (NULL);

	for (guint i = 0; i < CODE_LETTERS; i++) {
		if (i > 0 && i % GROUP == 0)
			g_string_append_c (code, '-');
		g_string_append_c (code, alphabet[bytes[i] & 31]);
	}
	return g_strdup (code->str);
}

char *
access_code_new (void)
{
	guint8 random[CODE_LETTERS];

	random_bytes (random, sizeof random);
	return spell (random);
}

char *
access_code_derive (const char *salt, const char *secret)
{
	g_autofree char *text = g_strconcat ("access code\n", salt, "\n", secret, NULL);
	Fingerprint hash;

	fingerprint_of (text, strlen (text), &hash);
	return spell (hash.b);
}

void
access_code_hash (const char *typed, Fingerprint *out)
{
	g_autoptr (GString) plain = g_string_new (NULL);

	for (const char *p = typed; *p; p++)
		if (*p != '-' && *p != ' ')
			g_string_append_c (plain, g_ascii_toupper (*p));
	secret_hash (plain->str, out);
}
