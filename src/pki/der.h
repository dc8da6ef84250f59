/* pki/der.h — strict DER (X.690 chapter 10 and 11): a reading cursor and a writer.
 *
 * Everything from outside passes der_check first: one value, definite and minimal
 * lengths, bounded depth, nothing after it.  Only then do the cursor functions (or a
 * library) look inside.  OpenSSL's own templates accept BER (indefinite and
 * over-long lengths), which is why nothing here relies on them.
 * Private to pki.
 */
#pragma once
#include <glib.h>
#include <string.h>
#include "base/clock.h"

#define DER_MAX_DEPTH 24

/* Bytes borrowed from the value being read. */
typedef struct {
	const guint8 *p;
	gsize n;
} Der;

enum {
	DER_BOOLEAN = 0x01, DER_INTEGER = 0x02, DER_BIT_STRING = 0x03, DER_OCTET_STRING = 0x04, DER_NULL = 0x05,
	DER_OID = 0x06, DER_ENUMERATED = 0x0a, DER_UTF8_STRING = 0x0c, DER_NUMERIC_STRING = 0x12,
	DER_PRINTABLE_STRING = 0x13, DER_T61_STRING = 0x14, DER_IA5_STRING = 0x16, DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18, DER_BMP_STRING = 0x1e, DER_SEQUENCE = 0x30, DER_SET = 0x31,
};
#define DER_CONTEXT(k) ((guint8) (0x80 | (k)))              /* [k] IMPLICIT of a primitive type */
#define DER_CONTEXT_CONSTRUCTED(k) ((guint8) (0xa0 | (k)))  /* [k] EXPLICIT, or IMPLICIT of a constructed type */

/* A constant byte string as Der, e.g. an OBJECT IDENTIFIER's content. */
#define DER_LITERAL(text) ((Der) { (const guint8 *) (text), sizeof (text) - 1 })

/* TRUE iff p[0..n) is exactly one value in DER, at most DER_MAX_DEPTH deep.  Also
 * checks the content rules of INTEGER, BOOLEAN, NULL, OID and BIT STRING. */
gboolean der_check (gconstpointer p, gsize n);

static inline gboolean
der_equal (Der a, Der b)
{
	return a.n == b.n && (a.n == 0 || memcmp (a.p, b.p, a.n) == 0);
}

/* All readers: FALSE leaves *in where it was.  Content is what follows the length. */
gboolean der_next (Der *in, guint8 *tag, Der *content);
gboolean der_read (Der *in, guint8 tag, Der *content);
gboolean der_is_next (const Der *in, guint8 tag);
/* The whole value, header included. */
gboolean der_read_whole (Der *in, guint8 tag, Der *whole);
/* OBJECT IDENTIFIER content. */
gboolean der_read_oid (Der *in, Der *oid);
/* INTEGER 0..2^64-1. */
gboolean der_read_uint (Der *in, guint64 *value);
/* Positive INTEGER (> 0) without its sign octet. */
gboolean der_read_positive (Der *in, Der *magnitude);
gboolean der_read_boolean (Der *in, gboolean *value);
/* BIT STRING with no unused bits. */
gboolean der_read_octet_bits (Der *in, Der *octets);
/* BIT STRING as flags: bit k of the string (0 first) is 1 << k; at most 31 bits; DER's
 * "no trailing zero bits" for named bit lists. */
gboolean der_read_flags (Der *in, guint *flags);
/* UTCTime or GeneralizedTime in RFC 5280 4.1.2.5 form (seconds, Z, no fraction). */
gboolean der_read_time (Der *in, Micros *time);
/* GeneralizedTime only. */
gboolean der_read_generalized_time (Der *in, Micros *time);

/* --- writing: into a GByteArray ------------------------------------------------- */
void der_put (GByteArray *w, guint8 tag, gconstpointer p, gsize n);
void der_put_raw (GByteArray *w, gconstpointer p, gsize n);
void der_put_der (GByteArray *w, Der whole);                /* already encoded */
/* A constructed value around what is put between open and close. */
gsize der_open (GByteArray *w, guint8 tag);
void der_close (GByteArray *w, gsize at);
void der_put_oid (GByteArray *w, Der oid);
gboolean der_put_oid_text (GByteArray *w, const char *dotted);     /* FALSE: not an OID, nothing put */
void der_put_uint (GByteArray *w, guint64 value);
void der_put_unsigned (GByteArray *w, gconstpointer big_endian, gsize n);   /* INTEGER from an unsigned number */
void der_put_boolean (GByteArray *w, gboolean value);
void der_put_octet_bits (GByteArray *w, gconstpointer p, gsize n);  /* BIT STRING, no unused bits */
void der_put_flags (GByteArray *w, guint flags);                    /* named bit list */
/* RFC 5280 4.1.2.5: UTCTime until 2049, GeneralizedTime after. */
void der_put_time (GByteArray *w, Micros time);
void der_put_generalized_time (GByteArray *w, Micros time);
GBytes *der_done (GByteArray *w);                                   /* frees the array, keeps the bytes */
