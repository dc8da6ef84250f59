/* pki/crl_part.h — what the writer of lists sees of a CrlPart.  Private to pki. */
#pragma once
#include "pki/certificate.h"
#include "pki/der.h"

/* The entries, encoded one after the other; borrowed until the next change. */
Der crl_part_bytes (CrlPart *part);
/* Entries with reason removeFromCRL. */
gsize crl_part_removals (CrlPart *part);
