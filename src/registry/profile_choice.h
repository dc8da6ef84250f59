/* registry/profile_choice.h — which certificate profile an application comes to.
 *
 * A function of who the holder is, what his key lies on (证书类型: 硬证书, 软证书) and what the key is for; the names are
 * the signer's (signer/invariant.h).
 */
#pragma once
#include "base/json.h"
#include "identity/subject.h"
#include "signer/invariant.h"

/* What the form asks for; a hard one where the form does not say (organisations' never does, 附件一). */
ProfileCarrier form_carrier (const json_t *form);
/* carrier: hard or soft; use: sign or encrypt. */
const char *registry_profile_name (SubjectKind kind, ProfileCarrier carrier, ProfileUse use);
