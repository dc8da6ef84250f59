/* registry/service_view.c — the services as anybody may see them, with what they cost and how long they take. */
#include "registry/application_private.h"

static json_t *
targets_of (guint targets)
{
	static const struct { guint bit; const char *name; } states[] = {
		{ TARGET_VALID, "valid" }, { TARGET_HELD, "held" }, { TARGET_LAPSED, "lapsed" }, { TARGET_REVOKED, "revoked" }, { TARGET_NONE, "none" },
	};
	json_t *names = json_array ();

	for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
		if (targets & states[i].bit)
			json_array_append_new (names, json_string (states[i].name));
	return names;
}

static json_t *
service_view (const ServiceRule *rule, const Tariff *tariff)
{
	json_t *view = json_object ();

	json_object_set_new (view, "service", json_string (rule->name));
	json_object_set_new (view, "label", json_string (rule->label));
	json_object_set_new (view, "label_en", json_string (rule->label_en));
	json_object_set_new (view, "act", json_string (service_effect_name (rule->effect)));
	json_object_set_new (view, "targets", targets_of (rule->targets));
	json_object_set_new (view, "key", json_boolean (rule->key));
	json_object_set_new (view, "copies", json_integer (rule->copies));
	json_object_set_new (view, "amount_fen", json_money ((Money) { tariff->amount_fen }));
	json_object_set_new (view, "promised_working_days", json_integer (tariff->promised_working_days));
	return view;
}

gboolean
registry_services (Tx *tx, Registry *registry, json_t **out, GError **error)
{
	g_autoptr (json_t) list = json_array ();
	Micros now = clock_now (registry->clock);

	for (Service service = 0; service < N_SERVICES; service++) {
		Tariff tariff;

		if (!tariff_at (tx, service_name (service), now, &tariff, error))
			return FALSE;
		json_array_append_new (list, service_view (service_rule (service), &tariff));
	}
	*out = g_steal_pointer (&list);
	return TRUE;
}
