/* pki/name.h — distinguished names as bytes.  Private to pki. */
#pragma once
#include "pki/certificate.h"
#include "pki/der.h"

/* DIQI_ERROR_FIELD_… with field "/subject/O" and the like. */
gboolean name_put (GByteArray *w, const NamePart *parts, gsize n, GError **error);
/* name: the whole Name value. */
gboolean name_is_well_formed (Der name);
char *name_attribute_text (Der name, NameAttribute a);     /* first one, UTF-8, or NULL */
char *name_text (Der name);                                /* RFC 4514, UTF-8 */
