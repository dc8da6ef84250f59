/* bench/bare.c — see bare.h. */
#include "bare.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/rand.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

/* --- OpenSSL -------------------------------------------------------------------------- */

typedef struct {
	const BareUnit *unit;
	EVP_PKEY *key;
	Micros until;
	guint64 done;
} Crypto;

static gpointer
crypto_loop (gpointer data)
{
	Crypto *c = data;
	guint8 digest[32], signature[80], verified[80];
	size_t verified_n = sizeof verified;
	EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new_from_pkey (NULL, c->key, NULL), *verify = EVP_PKEY_CTX_new_from_pkey (NULL, c->key, NULL);
	g_assert (RAND_bytes (digest, sizeof digest) == 1 && EVP_PKEY_sign_init (sign) == 1 && EVP_PKEY_verify_init (verify) == 1);
	g_assert (EVP_PKEY_sign (sign, verified, &verified_n, digest, sizeof digest) == 1);
	while (clock_monotonic () < c->until) {
		for (guint i = 0; i < c->unit->verifies; i++)
			g_assert (EVP_PKEY_verify (verify, verified, verified_n, digest, sizeof digest) == 1);
		for (guint i = 0; i < c->unit->signs; i++) {
			size_t n = sizeof signature;
			g_assert (EVP_PKEY_sign (sign, signature, &n, digest, sizeof digest) == 1);
		}
		c->done++;
	}
	EVP_PKEY_CTX_free (sign);
	EVP_PKEY_CTX_free (verify);
	return NULL;
}

guint64
bare_openssl (const BareUnit *unit, guint threads, Micros limit)
{
	g_autofree Crypto *loops = g_new0 (Crypto, threads);
	g_autofree GThread **started = g_new0 (GThread *, threads);
	EVP_PKEY *key = EVP_EC_gen ("P-256");
	guint64 done = 0;
	g_assert (key != NULL);
	Micros begun = clock_monotonic ();
	for (guint i = 0; i < threads; i++) {
		loops[i] = (Crypto) { unit, key, begun + limit, 0 };
		started[i] = g_thread_new ("bare", crypto_loop, &loops[i]);
	}
	for (guint i = 0; i < threads; i++) {
		g_thread_join (started[i]);
		done += loops[i].done;
	}
	EVP_PKEY_free (key);
	return done * MICROS_PER_S / (guint64) (clock_monotonic () - begun);
}

/* --- SQLite ------------------------------------------------------------------------------- */

typedef struct {
	sqlite3 *db;
	sqlite3_stmt *begin, *row, *commit;
	gint64 next;
} Rows;

static void
rows_open (Rows *r, const char *path)
{
	g_assert (sqlite3_open_v2 (path, &r->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK);
	g_assert (sqlite3_exec (r->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000;"
	                               "CREATE TABLE bare (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT", NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_prepare_v2 (r->db, "BEGIN IMMEDIATE", -1, &r->begin, NULL);
	sqlite3_prepare_v2 (r->db, "INSERT INTO bare (id, body) VALUES ($1, $2)", -1, &r->row, NULL);
	sqlite3_prepare_v2 (r->db, "COMMIT", -1, &r->commit, NULL);
}

static void
run_statement (sqlite3_stmt *statement)
{
	int rc = sqlite3_step (statement);
	g_assert (rc == SQLITE_DONE);
	sqlite3_reset (statement);
}

static void
rows_commit (Rows *r, const BareUnit *unit, guint group)
{
	static const guint8 body[65536];
	run_statement (r->begin);
	for (guint i = 0; i < group; i++)
		for (const guint *size = unit->rows; *size != 0; size++) {
			sqlite3_bind_int64 (r->row, 1, r->next++);
			sqlite3_bind_blob (r->row, 2, body, (int) *size, SQLITE_STATIC);
			run_statement (r->row);
		}
	run_statement (r->commit);
}

static void
rows_close (Rows *r)
{
	sqlite3_finalize (r->begin);
	sqlite3_finalize (r->row);
	sqlite3_finalize (r->commit);
	sqlite3_close (r->db);
}

guint64
bare_sqlite (const BareUnit *unit, const char *work, guint group, Micros limit)
{
	g_autofree char *path = g_build_filename (work, "bare.db", NULL);
	Rows rows = { .next = 1 };
	guint64 done = 0;
	unlink (path);
	rows_open (&rows, path);
	Micros begun = clock_monotonic ();
	for (; clock_monotonic () < begun + limit; done += group)
		rows_commit (&rows, unit, group);
	Micros elapsed = clock_monotonic () - begun;
	rows_close (&rows);
	unlink (path);
	return done * MICROS_PER_S / (guint64) elapsed;
}

/* --- OCSP requests ----------------------------------------------------------------------------- */

static X509 *
x509_of (const Certificate *certificate)
{
	g_autoptr (GBytes) der = certificate_der (certificate);
	gsize n;
	const guint8 *p = g_bytes_get_data (der, &n);
	return d2i_X509 (NULL, &p, (long) n);
}

GBytes *
bare_ocsp_request (const Certificate *leaf, const Certificate *issuing, gboolean nonce)
{
	X509 *subject = x509_of (leaf), *issuer = x509_of (issuing);
	OCSP_REQUEST *request = OCSP_REQUEST_new ();
	guint8 *der = NULL;
	g_assert (OCSP_request_add0_id (request, OCSP_cert_to_id (EVP_sha1 (), subject, issuer)) != NULL);
	if (nonce)
		g_assert (OCSP_request_add1_nonce (request, NULL, 16) == 1);
	int n = i2d_OCSP_REQUEST (request, &der);
	g_assert (n > 0);
	GBytes *bytes = g_bytes_new (der, (gsize) n);
	OPENSSL_free (der);
	OCSP_REQUEST_free (request);
	X509_free (subject);
	X509_free (issuer);
	return bytes;
}
