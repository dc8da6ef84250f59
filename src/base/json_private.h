/* base/json_private.h — shared by the JSON files of base only. */
#pragma once
#include <glib.h>

/* RFC 6901: appends "/name", with ~ as ~0 and / as ~1. */
void json_pointer_append (GString *pointer, const char *name);
