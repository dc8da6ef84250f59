/* main/ceremony_person.c — see ceremony_person.h. */
#include "main/ceremony_person.h"

#include "base/error.h"
#include "main/cli.h"

#define P12_MAX 65536

void
ceremony_person_clear (gpointer p)
{
	CeremonyPerson *person = p;
	g_clear_pointer (&person->key, private_key_free);
	g_clear_pointer (&person->certificate, certificate_unref);
}

gboolean
ceremony_person_open (const json_t *from, const char *field, CeremonyPerson *out, GError **error)
{
	const char *p12_file, *pin_file;
	const Field fields[] = { { "p12", FIELD_STRING, TRUE, 1024, &p12_file }, { "pin_file", FIELD_STRING, TRUE, 1024, &pin_file } };
	if (!JSON_READ (from, field, fields, error))
		return FALSE;
	g_autoptr (Secret) pin = secret_read_file (pin_file, error);
	g_autoptr (GBytes) p12 = pin != NULL ? file_read (p12_file, P12_MAX, error) : NULL;
	if (p12 != NULL && pkcs12_open (p12, pin, &out->key, &out->certificate, error))
		return TRUE;
	g_prefix_error (error, "%s: ", p12_file);
	return FALSE;
}
