#include "document/document.h"

#include <string.h>

#include "base/error.h"

#define NOW G_GINT64_CONSTANT (1795312800000000)      /* 2026-11-22T02:00:00Z */

/* Stands for the signer: gives what it was asked to sign back as the "signature", shortened. */
typedef struct {
	GBytes *covered;
	gsize length;
} Asked;

static GBytes *
sign (gconstpointer covered, gsize n, gpointer user, GError **error)
{
	Asked *asked = user;
	g_autofree guint8 *cms = g_malloc (asked->length);

	if (asked->length == 0) {
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "no signer");
		return NULL;
	}
	g_clear_pointer (&asked->covered, g_bytes_unref);
	asked->covered = g_bytes_new (covered, n);
	memset (cms, 0xa5, asked->length);
	return g_bytes_new (cms, asked->length);
}

static GBytes *
paper (void)
{
	const ContractDocument blank = { .first_year_fen = -1, .hardware_fen = -1, .renewal_fen = -1 };
	g_autoptr (GError) error = NULL;
	GBytes *pdf = document_contract (&blank, &error);

	g_assert_no_error (error);
	return pdf;
}

static gsize
find (const char *text, gsize n, const char *part)
{
	const char *at = memmem (text, n, part, strlen (part));
	if (at == NULL)
		g_error ("no %s", part);
	return (gsize) (at - text);
}

static void
test_update (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) pdf = paper ();
	Asked asked = { NULL, 3000 };
	g_autoptr (GBytes) signed_pdf = pdf_sign (pdf, "太仓 (测试)", "合同", NOW, sign, &asked, &error);
	gsize before_n, n, covered_n;
	guint64 range[4];

	g_assert_no_error (error);
	const char *before = g_bytes_get_data (pdf, &before_n), *text = g_bytes_get_data (signed_pdf, &n);
	const char *covered = g_bytes_get_data (asked.covered, &covered_n);
	g_assert_cmpmem (text, before_n, before, before_n);                     /* what was there stays */
	const gsize at = find (text, n, "/ByteRange [");
	g_assert_cmpint (sscanf (text + at, "/ByteRange [%lu %lu %lu %lu]", &range[0], &range[1], &range[2], &range[3]), ==, 4);
	g_assert_cmpuint (range[0], ==, 0);
	g_assert_cmpuint (range[2] + range[3], ==, n);                          /* nothing but the signature is left out */
	g_assert_cmpint (text[range[1]], ==, '<');
	g_assert_cmpint (text[range[2] - 1], ==, '>');
	g_assert_cmpuint (covered_n, ==, range[1] + range[3]);
	g_assert_cmpmem (covered, range[1], text, range[1]);
	g_assert_cmpmem (covered + range[1], range[3], text + range[2], range[3]);
	g_assert_true (strncmp (text + range[1] + 1, "a5a5a5", 6) == 0);
	g_assert_true (text[range[1] + 1 + 6000] == '0');
	find (text, n, "/M (D:20261122020000Z)");
	find (text, n, "/SubFilter /ETSI.CAdES.detached");
	find (text, n, "/Name <FEFF592A4ED30020");
	g_bytes_unref (asked.covered);
}

static void
test_refused (void)
{
	g_autoptr (GBytes) pdf = paper ();
	gsize n;
	const char *bytes = g_bytes_get_data (pdf, &n);
	Asked long_one = { NULL, 9000 }, absent = { NULL, 0 }, good = { NULL, 100 };
	g_autoptr (GError) too_long = NULL, no_signer = NULL, twice = NULL;

	g_assert_null (pdf_sign (pdf, "a", "b", NOW, sign, &long_one, &too_long));
	g_assert_error (too_long, DIQI_ERROR, DIQI_ERROR_INTERNAL);
	g_assert_null (pdf_sign (pdf, "a", "b", NOW, sign, &absent, &no_signer));
	g_assert_error (no_signer, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	/* Signed already: not one revision any more. */
	g_autoptr (GBytes) signed_pdf = pdf_sign (pdf, "a", "b", NOW, sign, &good, NULL);
	g_assert_nonnull (signed_pdf);
	g_assert_null (pdf_sign (signed_pdf, "a", "b", NOW, sign, &good, &twice));
	g_assert_error (twice, DIQI_ERROR, DIQI_ERROR_INTERNAL);
	/* Cut off anywhere in its last part, or no PDF at all. */
	for (gsize cut = n - 1; cut > n - 1200; cut--) {
		g_autoptr (GBytes) part = g_bytes_new (bytes, cut - 1);
		g_autoptr (GBytes) out = pdf_sign (part, "a", "b", NOW, sign, &good, NULL);
		g_assert_null (out);
	}
	g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
	g_assert_null (pdf_sign (nothing, "a", "b", NOW, sign, &good, NULL));
	g_clear_pointer (&long_one.covered, g_bytes_unref);
	g_clear_pointer (&good.covered, g_bytes_unref);
}

/* Whatever byte of table, trailer or catalog is changed: refused, or signed, but never out of bounds. */
static void
test_damaged (void)
{
	g_autoptr (GBytes) pdf = paper ();
	gsize n;
	const guint8 *bytes = g_bytes_get_data (pdf, &n);
	Asked good = { NULL, 100 };

	for (gsize i = n - 1500; i < n; i++) {
		guint8 *copy = g_memdup2 (bytes, n);
		copy[i] ^= 0x11;
		g_autoptr (GBytes) part = g_bytes_new_take (copy, n);
		g_autoptr (GBytes) out = pdf_sign (part, "a", "b", NOW, sign, &good, NULL);
		g_assert_true (out == NULL || g_bytes_get_size (out) > n);
	}
	g_clear_pointer (&good.covered, g_bytes_unref);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/pdf_sign/update", test_update);
	g_test_add_func ("/pdf_sign/refused", test_refused);
	g_test_add_func ("/pdf_sign/damaged", test_damaged);
	return g_test_run ();
}
