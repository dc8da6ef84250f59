/* bench/revoke.h — one revocation, from the officer's word to the lists that relying parties fetch. */
#pragma once
#include "fixture.h"

/* The reviewer revokes it; then delta and shard are fetched, again and again, until both name it.  took: from the first octet of
 * the request on. */
gboolean revoke_until_listed (Fixture *f, const Certificate *certificate, Micros *took, GError **error);
