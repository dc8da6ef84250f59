/* identity/people.c — see people.h. */
#include "identity/people.h"

#include "base/error.h"
#include "base/random.h"
#include "identity/people_db.h"

const char *
person_role_name (PersonRole role)
{
	static const char *const names[] = {
		[PERSON_LEGAL_REPRESENTATIVE] = "legal_representative", [PERSON_OPERATOR] = "operator", [PERSON_HOLDER] = "holder",
	};

	return names[role];
}

/* A human has one key, as a subject, as somebody's operator and as an officer. */
static void
person_key (const char *site, const char *number, Fingerprint *out)
{
	const SubjectIdentity identity = { .site = site, .kind = SUBJECT_PERSON, .number = number };

	subject_identity_key (&identity, out);
}

/* --- people of a subject ----------------------------------------------------------------- */

static gboolean
says_nothing_new (const SubjectPerson *current, const char *person, const PersonFacts *facts)
{
	return g_str_equal (current->person, person) && g_str_equal (current->name, facts->name) &&
	       g_strcmp0 (current->mobile, facts->mobile) == 0 && g_strcmp0 (current->mail, facts->mail) == 0;
}

static gboolean
record_one (Tx *tx, const char *site, const char *subject, const PersonFacts *facts, Micros now, GError **error)
{
	g_autofree char *fresh = uuid7_new (now);
	g_autofree char *row_id = uuid7_new (now);
	g_autofree char *person = NULL;
	g_auto (SubjectPerson) current = { 0 };
	Fingerprint key;
	gboolean found;
	const char *role = person_role_name (facts->role);

	person_key (site, facts->number, &key);
	if (!db_person_upsert (tx, fresh, &key, facts->name, now, &person, error) ||
	    !db_subject_person_current (tx, subject, role, &current, &found, error))
		return FALSE;
	if (found && says_nothing_new (&current, person, facts))
		return TRUE;
	if (found && !db_subject_person_close (tx, current.id, now, error))
		return FALSE;
	const SubjectPerson row = {
		.id = row_id, .person = person, .role = (char *) role, .name = (char *) facts->name,
		.mobile = (char *) facts->mobile, .mail = (char *) facts->mail, .from = now,
	};
	return db_subject_person_insert (tx, subject, &row, error);
}

gboolean
people_record (Tx *tx, const char *site, const char *subject, const PersonFacts *facts, gsize n,
               Micros now, GError **error)
{
	for (gsize i = 0; i < n; i++)
		if (!record_one (tx, site, subject, &facts[i], now, error))
			return FALSE;
	return TRUE;
}

static json_t *
subject_person_view (const SubjectPerson *row)
{
	json_t *view = json_object ();

	json_object_set_new (view, "person", json_string (row->person));
	json_object_set_new (view, "role", json_string (row->role));
	json_object_set_new (view, "name", json_string (row->name));
	json_object_set_new (view, "from", json_time (row->from));
	if (row->until)
		json_object_set_new (view, "until", json_time (row->until));
	return view;
}

json_t *
people_view (Tx *tx, const char *subject, GError **error)
{
	g_auto (Subject) row = { 0 };
	g_autoptr (GArray) people = g_array_new (FALSE, TRUE, sizeof (SubjectPerson));
	g_autoptr (json_t) names = json_array ();
	json_t *list, *view;

	g_array_set_clear_func (people, (GDestroyNotify) subject_person_clear);
	if (!subject_load (tx, subject, &row, error) || !db_subject_names (tx, subject, names, error) ||
	    !db_subject_people (tx, subject, people, error))
		return NULL;
	view = json_object ();
	json_object_set_new (view, "subject", json_string (row.id));
	json_object_set_new (view, "kind", json_string (subject_kind_name (row.kind)));
	json_object_set_new (view, "name", json_string (row.name));
	json_object_set (view, "names", names);
	list = json_array ();
	for (guint i = 0; i < people->len; i++)
		json_array_append_new (list, subject_person_view (&g_array_index (people, SubjectPerson, i)));
	json_object_set_new (view, "people", list);
	return view;
}

/* --- officers ------------------------------------------------------------------------- */

static gboolean
is_active (const OfficerList *officers, const char *person)
{
	for (gsize i = 0; i < officer_list_size (officers); i++) {
		const Officer *officer = officer_list_at (officers, i);

		if (!officer->removed && g_str_equal (officer->person, person))
			return TRUE;
	}
	return FALSE;
}

gboolean
officer_identify (Tx *tx, const OfficerList *officers, const char *person, const Fingerprint *identity,
                  Micros now, GError **error)
{
	g_autoptr (GPtrArray) persons = g_ptr_array_new_with_free_func (g_free);

	if (!is_active (officers, person))
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, "/person", "no active officer is person %s", person);
	if (!db_officer_identity_persons (tx, identity, persons, error))
		return FALSE;
	/* Two officers who are one human would be their own four eyes. */
	for (guint i = 0; i < persons->len; i++) {
		const char *other = g_ptr_array_index (persons, i);

		if (!g_str_equal (other, person) && is_active (officers, other))
			return diqi_fail (error, DIQI_ERROR_SAME_PERSON, "/identity", "officer %s is this human already", other);
	}
	return db_officer_identity_insert (tx, person, identity, now, error);
}

static gboolean
number_matches (Tx *tx, const char *person, const char *site, const char *number, gboolean *match, GError **error)
{
	g_autoptr (GPtrArray) persons = g_ptr_array_new_with_free_func (g_free);
	Fingerprint key;

	person_key (site, number, &key);
	if (!db_officer_identity_persons (tx, &key, persons, error))
		return FALSE;
	*match = g_ptr_array_find_with_equal_func (persons, person, g_str_equal, NULL);
	return TRUE;
}

gboolean
officer_identity_matches (Tx *tx, const char *person, const char *site, const char *const *id_numbers, gsize n,
                          gboolean *match, GError **error)
{
	*match = FALSE;
	for (gsize i = 0; i < n && !*match; i++)
		if (!number_matches (tx, person, site, id_numbers[i], match, error))
			return FALSE;
	return TRUE;
}

gboolean
people_forget (Tx *tx, const char *subject, GError **error)
{
	return db_people_blank (tx, subject, error) && db_subject_people_blank (tx, subject, error);
}
