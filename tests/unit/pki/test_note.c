/* Checkpoints as signed notes, checked against a log another implementation wrote. */
#include "base/error.h"
#include "base/json.h"
#include "pki/merkle.h"

#include <string.h>

/* A public test key and checkpoint of the Tessera project (testdata/log): leaves "one" … "six". */
#define ORIGIN "example.com/log/testdata"
#define VERIFIER_KEY ORIGIN "+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
#define TYPED_PUBLIC "AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
#define TYPED_SEED "AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"
#define TEXT ORIGIN "\n6\na6sWvsc2eEzmj72vah7mZ5dwFltivehh2b11qwlp5Jg=\n"
#define LINE "\xE2\x80\x94 " ORIGIN " M9e0ln+nHSdGSHEZBcjvqyYDXDbG8WxDwCDjbbGAMv/NTynAtJWhckSXIpuwpN3yJ4PTtzUbD34YGqIZr6RgJRn16gU=\n"
#define NOTE TEXT "\n" LINE
#define WITNESS "\xE2\x80\x94 witness.example/w1 AAAAAAAAAAAAAAAAAAAA\n"

/* DER before the 32 bytes of an Ed25519 key (RFC 8410). */
static const guint8 spki_head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
static const guint8 pkcs8_head[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };

static GByteArray *
with_head (const guint8 *head, gsize head_n, const char *typed)
{
	gsize n;
	g_autofree guchar *key = g_base64_decode (typed, &n);
	GByteArray *der = g_byte_array_new ();
	g_assert_cmpuint (n, ==, 33);
	g_byte_array_append (der, head, (guint) head_n);
	return g_byte_array_append (der, key + 1, 32);
}

static PublicKey *
known_public_key (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GByteArray) spki = with_head (spki_head, sizeof spki_head, TYPED_PUBLIC);
	PublicKey *key = public_key_from_spki (spki->data, spki->len, &error);
	g_assert_no_error (error);
	return key;
}

static PrivateKey *
known_private_key (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GByteArray) der = with_head (pkcs8_head, sizeof pkcs8_head, TYPED_SEED);
	g_autofree char *base64 = g_base64_encode (der->data, der->len);
	g_autofree char *text = g_strdup_printf ("-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", base64);
	g_autoptr (GBytes) pem = g_bytes_new (text, strlen (text));
	PrivateKey *key = private_key_load_pem (pem, NULL, 0, &error);
	g_assert_no_error (error);
	return key;
}

static void
known_checkpoint (Checkpoint *out)
{
	static const char *const leaves[] = { "one", "two", "three", "four", "five", "six" };
	g_autoptr (MerkleTree) t = merkle_tree_new ();
	for (gsize i = 0; i < G_N_ELEMENTS (leaves); i++) {
		Hash h;
		merkle_leaf_hash (leaves[i], strlen (leaves[i]), &h);
		merkle_tree_append (t, &h);
	}
	out->origin = g_strdup (ORIGIN);
	out->size = merkle_tree_size (t);
	merkle_tree_root (t, out->size, &out->root);
}

static void
test_verifier_key (void)
{
	g_autoptr (PublicKey) key = known_public_key ();
	g_autofree char *text = checkpoint_verifier_key (ORIGIN, key);
	g_assert_cmpstr (text, ==, VERIFIER_KEY);
}

static void
test_known_note (void)
{
	g_autoptr (PublicKey) key = known_public_key ();
	g_autoptr (GError) error = NULL;
	g_auto (Checkpoint) ours = { 0 }, theirs = { 0 };
	known_checkpoint (&ours);
	g_assert_true (checkpoint_open (NOTE, ORIGIN, key, &theirs, &error));
	g_assert_no_error (error);
	g_assert_cmpstr (theirs.origin, ==, ORIGIN);
	g_assert_cmpuint (theirs.size, ==, 6);
	g_assert_true (fingerprint_equal (&ours.root, &theirs.root));
	g_assert_cmpuint (checkpoint_signatures (NOTE), ==, 1);
}

/* Ed25519 is deterministic: the same key over the same tree must give their very bytes. */
static void
test_signing_gives_the_known_note (void)
{
	g_autoptr (PrivateKey) key = known_private_key ();
	g_autoptr (GError) error = NULL;
	g_auto (Checkpoint) c = { 0 };
	known_checkpoint (&c);
	g_autofree char *text = checkpoint_text (&c);
	g_autofree char *note = checkpoint_sign (&c, key, &error);
	g_assert_no_error (error);
	g_assert_cmpstr (text, ==, TEXT);
	g_assert_cmpstr (note, ==, NOTE);
}

static void
test_witness_lines (void)
{
	g_autoptr (PublicKey) key = known_public_key ();
	g_autoptr (GError) error = NULL;
	g_auto (Checkpoint) a = { 0 }, b = { 0 }, c = { 0 };
	g_assert_true (checkpoint_open (NOTE WITNESS, ORIGIN, key, &a, &error));
	g_assert_true (checkpoint_open (TEXT "\n" WITNESS LINE, ORIGIN, key, &b, &error));
	g_assert_no_error (error);
	g_assert_cmpuint (checkpoint_signatures (NOTE WITNESS), ==, 2);
	/* Signed extension lines are allowed by the format, read or not. */
	g_assert_true (checkpoint_read_unverified (TEXT "extension\n\n" LINE, &c, &error));
	g_assert_cmpuint (c.size, ==, 6);
}

static void
test_refused (void)
{
	static const char *const bad[] = {
		"", "\n", "\n\n", TEXT, TEXT "\n", TEXT "\n\n", NOTE "\n", NOTE "x", LINE,
		TEXT "\n" WITNESS,                                              /* not signed by the log */
		TEXT "\n\xE2\x80\x94 other.example M9e0ln+nHSdGSHEZBcjvqyYDXDbG8WxDwCDjbbGAMv/NTynAtJWhckSXIpuwpN3yJ4PTtzUbD34YGqIZr6RgJRn16gU=\n",
		ORIGIN "\n7\na6sWvsc2eEzmj72vah7mZ5dwFltivehh2b11qwlp5Jg=\n\n" LINE,
		ORIGIN "\n06\na6sWvsc2eEzmj72vah7mZ5dwFltivehh2b11qwlp5Jg=\n\n" LINE,
		TEXT "extension\n\n" LINE,                                       /* not what was signed */
		TEXT "\n- " ORIGIN " M9e0ln+nHSdGSHEZBcjvqyYDXDbG8WxDwCDjbbGAMv/NTynAtJWhckSXIpuwpN3yJ4PTtzUbD34YGqIZr6RgJRn16gU=\n",
		NOTE "\xE2\x80\x94 witness\n", NOTE "\xE2\x80\x94  AAAAAAAAAAAAAAAAAAAA\n", NOTE "\xE2\x80\x94 a+b AAAAAAAAAAAAAAAAAAAA\n",
		NOTE "\xE2\x80\x94 w AAAA\n", NOTE "\xE2\x80\x94 w AAAAAAAAAAAAAAAAAAA=x\n", NOTE "\xE2\x80\x94 w A\xFF\n", NOTE "\x01\n",
	};
	g_autoptr (PublicKey) key = known_public_key ();
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_auto (Checkpoint) c = { 0 };
		g_assert_false (checkpoint_open (bad[i], ORIGIN, key, &c, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_MERKLE);
		g_assert_null (c.origin);
	}
	g_auto (Checkpoint) c = { 0 };
	g_assert_false (checkpoint_open (NOTE, "example.com/log", key, &c, NULL));
}

/* No bit of the note may change, wherever it stands. */
static void
test_every_bit_counts (void)
{
	g_autoptr (PublicKey) key = known_public_key ();
	for (gsize i = 0; i < 8 * strlen (NOTE); i++) {
		g_auto (Checkpoint) c = { 0 };
		g_autofree char *note = g_strdup (NOTE);
		note[i / 8] = (char) (note[i / 8] ^ (1 << (i % 8)));
		g_assert_false (checkpoint_open (note, ORIGIN, key, &c, NULL));
	}
}

static void
test_refused_text (void)
{
	static const char *const bad[] = {
		"o\n\n\n" LINE, "o\n1\n\n" LINE, "o\n-1\na6sWvsc2eEzmj72vah7mZ5dwFltivehh2b11qwlp5Jg=\n\n" LINE,
		"o\n+1\na6sWvsc2eEzmj72vah7mZ5dwFltivehh2b11qwlp5Jg=\n\n" LINE,
		"o\n18446744073709551616\na6sWvsc2eEzmj72vah7mZ5dwFltivehh2b11qwlp5Jg=\n\n" LINE,
		"o\n1\na6sWvsc2eEzmj72vah7mZ5dwFltivehh2b11qwlp5Jh=\n\n" LINE,        /* stray bits in the base64 */
		"o\n1\na6sWvsc2eEzmj72vah7mZ5dwFltivehh2b11qwlp5A==\n\n" LINE,        /* 31 bytes */
	};
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_auto (Checkpoint) c = { 0 };
		g_assert_false (checkpoint_read_unverified (bad[i], &c, NULL));
	}
	g_auto (Checkpoint) c = { 0 };
	g_assert_true (checkpoint_read_unverified ("o\n18446744073709551615\na6sWvsc2eEzmj72vah7mZ5dwFltivehh2b11qwlp5Jg=\n\n" LINE, &c, NULL));
	g_assert_cmpuint (c.size, ==, G_MAXUINT64);
}

static void
test_origins_that_are_no_key_names (void)
{
	static const char *const bad[] = { "", "a b", "a+b", "a\nb", "a\u3000b", "a\u00a0b", "a\177b", "a\xff" };
	g_autoptr (PrivateKey) key = known_private_key ();
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_auto (Checkpoint) c = { .origin = g_strdup (bad[i]), .size = 0 };
		g_autofree char *note = checkpoint_sign (&c, key, &error);
		g_assert_null (note);
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
	}
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) p256 = private_key_generate (KEY_P256, &error);
	g_auto (Checkpoint) c = { .origin = g_strdup ("diqi.example/log"), .size = 0 };
	g_autofree char *note = checkpoint_sign (&c, p256, &error);
	g_assert_null (note);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_KEY_ALGORITHM);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_func ("/note/verifier-key", test_verifier_key);
	g_test_add_func ("/note/known", test_known_note);
	g_test_add_func ("/note/sign", test_signing_gives_the_known_note);
	g_test_add_func ("/note/witnesses", test_witness_lines);
	g_test_add_func ("/note/refused", test_refused);
	g_test_add_func ("/note/every-bit", test_every_bit_counts);
	g_test_add_func ("/note/text", test_refused_text);
	g_test_add_func ("/note/names", test_origins_that_are_no_key_names);
	return g_test_run ();
}
