/* DER: what is one value, and what only looks like one (X.690 10, 11). */
#include "pki/der.h"

#define BYTES(text) (const guint8 *) (text), sizeof (text) - 1

static void
test_accepted (void)
{
	g_assert_true (der_check (BYTES ("\x05\x00")));
	g_assert_true (der_check (BYTES ("\x30\x00")));
	g_assert_true (der_check (BYTES ("\x30\x06\x02\x01\x00\x01\x01\xff")));
	g_assert_true (der_check (BYTES ("\x03\x02\x07\x80")));
	g_assert_true (der_check (BYTES ("\xa0\x03\x80\x01\x41")));
	g_assert_true (der_check (BYTES ("\x02\x02\x00\x80")));
	g_assert_true (der_check (BYTES ("\x06\x03\x55\x04\x03")));
}

static void
test_refused (void)
{
	static const struct {
		const char *what;
		const char *bytes;
		gsize n;
	} refused[] = {
#define CASE(what, text) { what, text, sizeof (text) - 1 }
		CASE ("nothing", ""),
		CASE ("a tag alone", "\x30"),
		CASE ("indefinite length", "\x30\x80\x00\x00"),
		CASE ("length in more octets than needed", "\x04\x81\x01\x00"),
		CASE ("length with a leading zero", "\x04\x82\x00\x81"),
		CASE ("length of five octets", "\x04\x85\x01\x00\x00\x00\x00"),
		CASE ("length past the end", "\x30\x03\x02\x01"),
		CASE ("length past its own sequence", "\x30\x02\x02\x01\x00"),
		CASE ("bytes after the value", "\x05\x00\x00"),
		CASE ("high tag number", "\x1f\x81\x01\x00"),
		CASE ("end of contents", "\x30\x02\x00\x00"),
		CASE ("constructed OCTET STRING", "\x24\x03\x04\x01\x41"),
		CASE ("primitive SEQUENCE", "\x10\x00"),
		CASE ("empty INTEGER", "\x02\x00"),
		CASE ("INTEGER with a needless zero", "\x02\x02\x00\x7f"),
		CASE ("INTEGER with a needless ff", "\x02\x02\xff\x80"),
		CASE ("BOOLEAN of 1", "\x01\x01\x01"),
		CASE ("BOOLEAN of two octets", "\x01\x02\x00\x00"),
		CASE ("NULL with content", "\x05\x01\x00"),
		CASE ("empty OBJECT IDENTIFIER", "\x06\x00"),
		CASE ("OBJECT IDENTIFIER cut in an arc", "\x06\x02\x55\x84"),
		CASE ("OBJECT IDENTIFIER with a padded arc", "\x06\x03\x55\x80\x01"),
		CASE ("BIT STRING without its first octet", "\x03\x00"),
		CASE ("BIT STRING with unused bits of nothing", "\x03\x01\x01"),
		CASE ("BIT STRING with 8 unused bits", "\x03\x02\x08\x00"),
		CASE ("BIT STRING with a set unused bit", "\x03\x02\x01\x01"),
	};

	for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
		g_test_message ("%s", refused[i].what);
		g_assert_false (der_check (refused[i].bytes, refused[i].n));
	}
}

static GBytes *
nested (guint levels)
{
	GByteArray *w = g_byte_array_new ();
	g_autofree gsize *at = g_new (gsize, levels);

	for (guint i = 0; i < levels; i++)
		at[i] = der_open (w, DER_SEQUENCE);
	for (guint i = levels; i-- > 0;)
		der_close (w, at[i]);
	return der_done (w);
}

static void
test_depth (void)
{
	for (guint levels = 1; levels < 2000; levels = levels < 40 ? levels + 1 : levels * 3) {
		g_autoptr (GBytes) der = nested (levels);
		g_assert_cmpint (der_check (g_bytes_get_data (der, NULL), g_bytes_get_size (der)), ==, levels <= DER_MAX_DEPTH - 1);
	}
}

/* Every length form the writer chooses is the one the reader accepts. */
static void
test_lengths (void)
{
	static const gsize sizes[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, 70000 };

	for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
		GByteArray *w = g_byte_array_new ();
		g_autofree guint8 *content = g_malloc0 (sizes[i] + 1);
		gsize at = der_open (w, DER_SEQUENCE);
		der_put (w, DER_OCTET_STRING, content, sizes[i]);
		der_close (w, at);
		g_autoptr (GBytes) der = der_done (w);
		Der in = { g_bytes_get_data (der, NULL), g_bytes_get_size (der) }, sequence, octets;
		g_assert_true (der_check (in.p, in.n));
		g_assert_true (der_read (&in, DER_SEQUENCE, &sequence));
		g_assert_true (der_read (&sequence, DER_OCTET_STRING, &octets));
		g_assert_cmpuint (octets.n, ==, sizes[i]);
		g_assert_cmpuint (sequence.n + in.n, ==, 0);
	}
}

static void
test_numbers (void)
{
	static const guint64 values[] = { 0, 1, 127, 128, 255, 256, 65535, G_MAXINT64, G_MAXUINT64 };

	for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
		g_autoptr (GByteArray) w = g_byte_array_new ();
		guint64 back = 7;
		der_put_uint (w, values[i]);
		Der in = { w->data, w->len };
		g_assert_true (der_check (in.p, in.n));
		g_assert_true (der_read_uint (&in, &back));
		g_assert_cmpuint (back, ==, values[i]);
	}
	guint64 value;
	Der negative = DER_LITERAL ("\x02\x01\xff"), wide = DER_LITERAL ("\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00");
	Der zero = DER_LITERAL ("\x02\x01\x00"), magnitude;
	g_assert_false (der_read_uint (&negative, &value));
	g_assert_false (der_read_uint (&wide, &value));
	g_assert_false (der_read_positive (&zero, &magnitude));
	g_assert_false (der_read_positive (&negative, &magnitude));
}

static void
test_flags (void)
{
	for (guint flags = 1; flags < 512; flags++) {
		g_autoptr (GByteArray) w = g_byte_array_new ();
		guint back = 0;
		der_put_flags (w, flags);
		Der in = { w->data, w->len };
		g_assert_true (der_check (in.p, in.n));
		g_assert_true (der_read_flags (&in, &back));
		g_assert_cmpuint (back, ==, flags);
	}
	guint flags;
	Der trailing = DER_LITERAL ("\x03\x02\x00\x80");      /* X.690 11.2.2 */
	g_assert_false (der_read_flags (&trailing, &flags));
}

static void
test_oid_text (void)
{
	static const char *const refused[] = { "", "1", "1.", "3.1", "1.40", "1.2.03", "1.2..3", "1.2.x", "1.2.340282366920938463463374607431768211456" };
	g_autoptr (GByteArray) w = g_byte_array_new ();

	g_assert_true (der_put_oid_text (w, "1.2.156.10260.4.1.4"));
	g_assert_cmpmem (w->data, w->len, "\x06\x08\x2a\x81\x1c\xd0\x14\x04\x01\x04", 10);
	for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
		g_assert_false (der_put_oid_text (w, refused[i]));
	g_assert_cmpuint (w->len, ==, 10);
	/* A UUID as an arc (ITU-T X.667); bytes as OpenSSL's asn1parse -genstr writes them. */
	g_byte_array_set_size (w, 0);
	g_assert_true (der_put_oid_text (w, "2.25.305447819689411628422610157834667034486.1"));
	g_assert_cmpmem (w->data, w->len, "\x06\x15\x69\x83\xcb\xcb\x8e\x8e\x93\xb8\xd2\x88\xb7\xbf\xcd\xbb\xe7\xc1\x94\xe0\x8e\x76\x01", 23);
}

/* RFC 5280 4.1.2.5 */
static void
test_time (void)
{
	static const struct {
		const char *text;
		gint64 seconds;
	} times[] = {
		{ "\x17\x0d" "500101000000Z", -631152000 },
		{ "\x17\x0d" "700101000000Z", 0 },
		{ "\x17\x0d" "000229235959Z", 951868799 },
		{ "\x17\x0d" "491231235959Z", 2524607999 },
		{ "\x18\x0f" "20500101000000Z", 2524608000 },
		{ "\x18\x0f" "99991231235959Z", 253402300799 },
	};

	for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
		Der in = { (const guint8 *) times[i].text, strlen (times[i].text) };
		g_autoptr (GByteArray) w = g_byte_array_new ();
		Micros t;
		g_assert_true (der_read_time (&in, &t));
		g_assert_cmpint (t, ==, times[i].seconds * MICROS_PER_S);
		der_put_time (w, t);
		g_assert_cmpmem (w->data, w->len, times[i].text, strlen (times[i].text));
	}
}

static void
test_time_refused (void)
{
	static const char *const refused[] = {
		"\x17\x0b" "2611221200Z", "\x17\x0d" "261122120000+", "\x17\x11" "261122120000+0800", "\x17\x0d" "261322120000Z",
		"\x17\x0d" "260229120000Z", "\x17\x0d" "261122240000Z", "\x17\x0d" "261122126000Z", "\x17\x0d" "261122120060Z",
		"\x17\x0d" "26112212000 Z", "\x17\x0d" "-61122120000Z", "\x18\x11" "20261122120000.0Z", "\x18\x0f" "00001122120000Z",
		"\x18\x0f" "20261122120000z", "\x18\x0d" "261122120000Z",
	};

	for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
		Der in = { (const guint8 *) refused[i], strlen (refused[i]) };
		Micros t;
		g_test_message ("%s", refused[i] + 2);
		g_assert_false (der_read_time (&in, &t));
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/der/accepted", test_accepted);
	g_test_add_func ("/der/refused", test_refused);
	g_test_add_func ("/der/depth", test_depth);
	g_test_add_func ("/der/lengths", test_lengths);
	g_test_add_func ("/der/numbers", test_numbers);
	g_test_add_func ("/der/flags", test_flags);
	g_test_add_func ("/der/oid-text", test_oid_text);
	g_test_add_func ("/der/time", test_time);
	g_test_add_func ("/der/time/refused", test_time_refused);
	return g_test_run ();
}
