/* bench/grow.c — see grow.h. */
#include "grow.h"

#include <string.h>

#include "authority/authority_db.h"
#include "base/error.h"
#include "base/random.h"
#include "signer/keyring.h"

#define BATCH 10000
#define MAKERS 2
#define PROFILE "organization"

typedef struct {
	const KeyringCa *ca;
	const Profile *profile;
	Micros now;
	guint from, to;              /* of the batch */
	Certificate **made;
	GError *failure;
} Maker;

/* --- certificates ------------------------------------------------------------------------------ */

static Certificate *
make_one (const Maker *m, GError **error)
{
	g_autoptr (PrivateKey) private = private_key_generate (m->ca->pin->algorithm, error);
	g_autoptr (PublicKey) key = private != NULL ? private_key_public (private) : NULL;
	static const NamePart subject[] = {
		{ NAME_COUNTRY, "CN" }, { NAME_PROVINCE, "江苏省" }, { NAME_ORGANIZATION, "虚构置业有限公司" }, { NAME_COMMON_NAME, "虚构置业有限公司" },
	};
	Micros start = m->now - m->now % MICROS_PER_S;
	CertificateTemplate t = {
		.subject = subject, .subject_n = G_N_ELEMENTS (subject), .key = key, .not_before = start,
		.not_after = start + 365 * MICROS_PER_DAY - MICROS_PER_S, .path_length = -1,
		.key_usage = profile_key_usage (m->profile, m->ca->pin->algorithm), .extended_key_usage = m->profile->extended_key_usage,
		.policy_oid = m->profile->policy, .uscc = "91350100M000100Y43", .ocsp_uri = m->ca->pin->ocsp_uri, .issuer_uri = m->ca->pin->issuer_uri,
	};
	if (key == NULL)
		return NULL;
	serial_new (m->now, &t.serial);
	g_autofree char *list = pins_shard_uri (m->ca->pin, t.serial.b[19] % m->ca->pin->shards);
	t.crl_uri = list;
	g_autoptr (GBytes) der = issuer_sign_certificate (m->ca->issuer, &t, error);
	return der != NULL ? certificate_parse_over (g_bytes_get_data (der, NULL), g_bytes_get_size (der), key, error) : NULL;
}

static gpointer
make_some (gpointer data)
{
	Maker *m = data;
	for (guint i = m->from; i < m->to && m->failure == NULL; i++)
		m->made[i] = make_one (m, &m->failure);
	return NULL;
}

static gboolean
make_batch (const Maker *like, Certificate **made, guint n, GError **error)
{
	Maker makers[MAKERS];
	GThread *threads[MAKERS];
	for (guint i = 0; i < MAKERS; i++) {
		makers[i] = *like;
		makers[i].made = made;
		makers[i].from = n * i / MAKERS;
		makers[i].to = n * (i + 1) / MAKERS;
		threads[i] = g_thread_new ("grow", make_some, &makers[i]);
	}
	for (guint i = 0; i < MAKERS; i++)
		g_thread_join (threads[i]);
	for (guint i = 0; i < MAKERS; i++)
		if (makers[i].failure != NULL) {
			g_propagate_error (error, makers[i].failure);
			return FALSE;
		}
	return TRUE;
}

/* --- journal ------------------------------------------------------------------------------------ */

typedef struct {
	const char *dir;
	Keyring *keyring;
	Store *store;
	char *issuer;                /* id of the CA in the database */
	guint every;                 /* n-th is revoked; 0 none */
	Micros now;
	Certificate **made;
	guint n;
} Grown;

static gboolean
is_revoked (const Grown *g, guint i)
{
	return g->every != 0 && i % g->every == 0;
}

static gboolean
journal_batch (const Grown *g, GError **error)
{
	g_autofree char *profile = g_strdup_printf ("%s-1", PROFILE);
	for (guint i = 0; i < g->n; i++) {
		Fingerprint request, reviewer = { { 1 } }, issuer = { { 2 } };
		random_bytes (request.b, sizeof request.b);
		const JournalEntry entry = { .time = g->now, .request = &request, .profile = profile, .reviewer = &reviewer, .issuer = &issuer,
		                             .certificate = g->made[i] };
		const RevokedEntry revoked = { *certificate_serial (g->made[i]), g->now, REASON_SUPERSEDED };
		journal_add_issue (g->keyring->journal, &entry);
		if (is_revoked (g, i) && !journal_add_revoked (g->keyring->journal, g->now, &revoked, error))
			return FALSE;
	}
	return keyring_commit (g->keyring, error);
}

/* --- database ------------------------------------------------------------------------------------- */

static gboolean
insert_one (Tx *tx, const Grown *g, guint i, gint64 *seq, GError **error)
{
	const Certificate *certificate = g->made[i];
	g_autofree char *subject = uuid7_new (g->now), *application = uuid7_new (g->now);
	g_auto (CertificateRow) row = {
		.serial = serial_hex (certificate_serial (certificate)), .issuer = g_strdup (g->issuer), .subject = g_steal_pointer (&subject),
		.application = g_steal_pointer (&application), .profile = g_strdup (PROFILE), .profile_version = 1, .status = g_strdup ("valid"),
		.fingerprint = fingerprint_hex (certificate_fingerprint (certificate)),
		.spki = fingerprint_hex (public_key_fingerprint (certificate_public_key (certificate))), .der = certificate_der (certificate),
		.not_before = certificate_not_before (certificate), .not_after = certificate_not_after (certificate),
	};
	gboolean inserted;
	/* The texts of the real ones take five kilobytes; nothing reads them again. */
	const IntentRow intent = { .serial = row.serial, .application = row.application, .request = (char *) "{}",
	                           .reviewer_statement = (char *) "..", .issuer_statement = (char *) ".." };
	if (!db_certificate_insert (tx, &row, g->now, *seq, &inserted, error) || !db_change_insert (tx, &row, g->now, *seq, error) ||
	    !db_intent_insert (tx, &intent, g->now, error) || !db_intent_finish (tx, row.serial, "done", g->now, error))
		return FALSE;
	(*seq)++;
	if (!is_revoked (g, i))
		return TRUE;
	g_free (row.status);
	row.status = g_strdup ("revoked");
	row.revoked_at = g->now;
	row.reason = REASON_SUPERSEDED;
	return db_certificate_revoke (tx, row.serial, row.reason, g->now, *seq, error) && db_change_insert (tx, &row, g->now, (*seq)++, error);
}

static gboolean
insert_batch (Tx *tx, gpointer arg, GError **error)
{
	const Grown *g = arg;
	gint64 seq, last;
	if (!db_counter_next (tx, "change", 0, &seq, error))
		return FALSE;
	for (guint i = 0; i < g->n; i++)
		if (!insert_one (tx, g, i, &seq, error))
			return FALSE;
	/* They are no RSA keys: nothing is left for the next start to adopt (registry/weak_keys.c). */
	return db_counter_next (tx, "change", seq, &last, error) &&
	       tx_exec (tx, error, "UPDATE rsa_progress SET change_seq = $1 WHERE one = 1", P_INT (seq)) == 1;
}

/* --- both -------------------------------------------------------------------------------------------- */

static void
grown_clear (Grown *g)
{
	g_clear_pointer (&g->keyring, keyring_free);
	g_clear_pointer (&g->store, store_close);
	g_free (g->issuer);
	g_free (g->made);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Grown, grown_clear)

static gboolean
grown_open (Grown *g, const char *passphrase, gboolean database, GError **error)
{
	g_autofree char *signer = g_build_filename (g->dir, "signer", NULL), *uri = g_strdup_printf ("sqlite:%s/data/diqi.db", g->dir);
	const StoreOptions options = { 0 };
	g->keyring = keyring_open (signer, passphrase, strlen (passphrase), error);
	if (g->keyring == NULL || (database && (g->store = store_open (uri, &options, error)) == NULL))
		return FALSE;
	g->issuer = fingerprint_hex (certificate_fingerprint (g->keyring->pins->issuing));
	g->made = g_new0 (Certificate *, BATCH);
	return TRUE;
}

static gboolean
grow_batch (Grown *g, const Maker *like, GError **error)
{
	gboolean well = make_batch (like, g->made, g->n, error) && journal_batch (g, error)
		&& (g->store == NULL || store_run (g->store, "bench.grow", insert_batch, g, error));
	for (guint i = 0; i < BATCH; i++)
		g_clear_pointer (&g->made[i], certificate_unref);
	return well;
}

gboolean
grow_site (const char *dir, const char *passphrase, gboolean database, guint certificates, guint revoked, GError **error)
{
	g_auto (Grown) g = { .dir = dir, .every = revoked > 0 ? certificates / revoked : 0 };
	if (!grown_open (&g, passphrase, database, error))
		return FALSE;
	const Profile *profile = pins_profile (g.keyring->pins, PROFILE, 1);
	for (guint done = 0; done < certificates; done += g.n) {
		/* After everything the site's own journal has. */
		g.now = MAX (journal_last_time (g.keyring->journal), certificate_not_before (g.keyring->pins->ocsp));
		g.n = MIN (BATCH, certificates - done);
		const Maker like = { .ca = keyring_ca (g.keyring, NULL), .profile = profile, .now = g.now };
		if (!grow_batch (&g, &like, error))
			return FALSE;
	}
	return TRUE;
}
