/* main/ceremony_person.h — one who signs at a ceremony: the key he brought. */
#pragma once
#include "base/json.h"
#include "pki/certificate.h"

typedef struct {
	PrivateKey *key;
	Certificate *certificate;
} CeremonyPerson;
void ceremony_person_clear (gpointer person);
/* From a script's {"p12":FILE,"pin_file":FILE}; field names it in errors. */
gboolean ceremony_person_open (const json_t *from, const char *field, CeremonyPerson *out, GError **error);
