/* identity/actor.c — roles by name, and copies of actors. */
#include "identity/actor.h"

#include <string.h>

#include "base/error.h"

static const struct { Role role; const char *name; } role_names[] = {
	{ ROLE_REVIEWER, "reviewer" },
	{ ROLE_ISSUER, "issuer" },
	{ ROLE_CLERK, "clerk" },
	{ ROLE_CASHIER, "cashier" },
	{ ROLE_ADMINISTRATOR, "administrator" },
	{ ROLE_MARKET_EDITOR, "market_editor" },
	{ ROLE_MARKET_APPROVER, "market_approver" },
	{ ROLE_AUDITOR, "auditor" },
	{ ROLE_RECOVERY_AGENT, "recovery_agent" },
};

const char *
role_name (Role role)
{
	for (gsize i = 0; i < G_N_ELEMENTS (role_names); i++)
		if (role_names[i].role == role)
			return role_names[i].name;
	return NULL;
}

gboolean
role_from_name (const char *name, Role *out)
{
	for (gsize i = 0; i < G_N_ELEMENTS (role_names); i++) {
		if (!g_str_equal (role_names[i].name, name))
			continue;
		*out = role_names[i].role;
		return TRUE;
	}
	return FALSE;
}

gboolean
roles_from_json (const json_t *names, const char *field, guint *out, GError **error)
{
	guint roles = 0;

	if (!json_is_array (names))
		return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, field, "roles must be an array of names");
	for (gsize i = 0; i < json_array_size (names); i++) {
		const char *name = json_string_value (json_array_get (names, i));
		g_autofree char *item = g_strdup_printf ("%s/%zu", field ? field : "", i);
		Role role;

		if (!name || !role_from_name (name, &role))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, item, "unknown role %s", name ? name : "(not a string)");
		if (roles & role)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, item, "role %s given twice", name);
		roles |= role;
	}
	*out = roles;
	return TRUE;
}

json_t *
roles_to_json (guint roles)
{
	json_t *names = json_array ();

	for (gsize i = 0; i < G_N_ELEMENTS (role_names); i++)
		if (roles & role_names[i].role)
			json_array_append_new (names, json_string (role_names[i].name));
	return names;
}

void
actor_clear (Actor *actor)
{
	g_free (actor->person);
	g_free (actor->subject);
	g_free (actor->application);
	g_free (actor->name);
	g_clear_pointer (&actor->certificate, certificate_unref);
	memset (actor, 0, sizeof *actor);
}
