/* base/json_flat.h — a fast way to the members of one flat object in canonical form, without a tree: for the long files that we
 * wrote ourselves (signer/chain.h).
 *
 * It knows objects in RFC 8785 form whose names and texts are printable ASCII without escapes, whose numbers are whole and not negative
 * and which hold nothing else but true and false.  Whatever is different is not flat: read it with json_read_strict, which
 * also says what is wrong.  What is read here, json_read_strict and json_read_fields read alike (a test holds them together).
 */
#pragma once
#include "base/json.h"

#define JSON_FLAT_MEMBERS 24

typedef enum { FLAT_STRING, FLAT_INT, FLAT_BOOL } FlatKind;
typedef struct {
	const char *name;
	gsize name_n;
	FlatKind kind;
	char *text;               /* of a string: between the quotes */
	gsize n;
	gint64 number;            /* FLAT_INT, FLAT_BOOL */
} FlatMember;

typedef struct {
	guint n;
	FlatMember members[JSON_FLAT_MEMBERS];
} FlatObject;

/* FALSE: not flat.  The text is not changed; members point into it. */
gboolean json_flat_split (char *text, gsize n, FlatObject *out);
/* Is there a string member of this name with this value? */
gboolean json_flat_says (const FlatObject *object, const char *name, const char *value);
/* Reads by table as json_read_fields.  Texts end with a NUL where their closing quote was: the text is used up.
 * FALSE: something does not fit the table, or is of a type that flat objects have not; text and table are untouched. */
gboolean json_flat_read (const FlatObject *object, const Field *fields, gsize n);
