/* main/doctor_server.c — the certificate of the web server, and what a running server says of itself.  See doctor.h. */
#include <string.h>

#include "authority/lifetimes.h"
#include "base/error.h"
#include "main/cli.h"
#include "main/doctor.h"
#include "net/client.h"
#include "pki/certificate.h"

#define ANSWER_SECONDS 5
#define FILE_MAX (1u << 20)
/* A list is replaced before half of its life is over: what has an hour less left than that was not. */
#define CRL_LEAST (CRL_LIFE / 2 - MICROS_PER_HOUR)

/* --- TLS ----------------------------------------------------------------------------------------- */

/* The server's own comes first; what follows belongs to its chain. */
static Certificate *
first_certificate (GBytes *pem, GError **error)
{
	static const char end[] = "-----END CERTIFICATE-----";
	gsize n;
	const char *text = g_bytes_get_data (pem, &n), *stop = g_strstr_len (text, (gssize) n, end);
	if (stop == NULL) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE, NULL, "no certificate in PEM");
		return NULL;
	}
	g_autofree char *first = g_strndup (text, (gsize) (stop - text) + strlen (end));
	g_autofree char *ended = g_strconcat (first, "\n", NULL);
	return certificate_parse_pem (ended, strlen (ended), error);
}

static void
look_at_tls_key (const Doctor *doctor, const Certificate *certificate, const char *path)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) pem = file_read (path, FILE_MAX, &error);
	g_autoptr (PrivateKey) key = pem != NULL ? private_key_load_pem (pem, NULL, 0, &error) : NULL;
	if (pem == NULL)
		doctor_tell (doctor, FOUND_FAIL, "tls", "mend [http] tls_key", "%s", error->message);
	else if (key == NULL)
		doctor_tell (doctor, FOUND_WARN, "tls", "PKCS#8 in PEM can be checked here (openssl pkcs8 -topk8 -nocrypt)", "%s: %s", path, error->message);
	else {
		g_autoptr (PublicKey) public = private_key_public (key);
		gboolean fits = fingerprint_equal (public_key_fingerprint (public), public_key_fingerprint (certificate_public_key (certificate)));
		doctor_tell (doctor, fits ? FOUND_OK : FOUND_FAIL, "tls", fits ? NULL : "put key and certificate of one pair there", "%s %s", path,
		             fits ? "is the key of the certificate" : "is not the key of the certificate");
	}
}

void
doctor_look_at_tls (const Doctor *doctor)
{
	g_autoptr (GError) error = NULL;
	if (config_string (doctor->config, "http", "tls_listen")[0] == '\0') {
		doctor_tell (doctor, FOUND_OK, "tls", NULL, "[http] tls_listen is empty: no HTTPS of its own");
		return;
	}
	g_autofree char *path = config_path (doctor->config, "http", "tls_certificate"), *key = config_path (doctor->config, "http", "tls_key");
	g_autoptr (GBytes) pem = path != NULL ? file_read (path, FILE_MAX, &error) : NULL;
	g_autoptr (Certificate) certificate = pem != NULL ? first_certificate (pem, &error) : NULL;
	if (certificate == NULL || key == NULL) {
		doctor_tell (doctor, FOUND_FAIL, "tls", "mend [http] tls_certificate and tls_key", "%s", error != NULL ? error->message : "tls_certificate or tls_key is empty");
		return;
	}
	examine_expiry (path, certificate_not_after (certificate), doctor->now, doctor->sink, doctor->user);
	look_at_tls_key (doctor, certificate, key);
}

/* --- the running server ------------------------------------------------------------------------------ */

static char *
recorded_address (const Doctor *doctor, const char *file)
{
	g_autofree char *path = g_build_filename (doctor->dir, file, NULL);
	char *text = NULL;
	return g_file_get_contents (path, &text, NULL, NULL) ? g_strstrip (text) : NULL;
}

static gboolean
ask (const char *base, const char *path, HttpReply *out)
{
	g_autoptr (HttpClient) client = http_client_new (base);
	http_client_distrust (client, FILE_MAX * 64, ANSWER_SECONDS);
	return http_request (client, "GET", path, NULL, NULL, NULL, 0, out, NULL);
}

static void
tell_health (const Doctor *doctor, const HttpReply *reply)
{
	g_autoptr (json_t) body = json_loadb (g_bytes_get_data (reply->body, NULL), g_bytes_get_size (reply->body), JSON_REJECT_DUPLICATES, NULL);
	const char *name;
	json_t *check;
	if (reply->status == 200)
		doctor_tell (doctor, FOUND_OK, "server", NULL, "it runs and is ready");
	json_object_foreach (json_object_get (body, "checks"), name, check) {
		const char *output = json_string_value (json_object_get (check, "output"));
		if (g_strcmp0 (json_string_value (json_object_get (check, "status")), "pass") != 0)
			doctor_tell (doctor, FOUND_FAIL, "server", "see docs/operations.md, What to do when", "it runs, but %s: %s", name, output != NULL ? output : "fails");
	}
}

static void
look_at_crl (const Doctor *doctor, const char *base, const char *folder, const char *ca)
{
	g_autofree char *path = g_strdup_printf ("/pki/%s/full.crl", ca), *file = g_strdup_printf ("%s/%s.crt", folder, ca);
	g_autoptr (GError) error = NULL;
	g_auto (HttpReply) reply = { 0 };
	g_autoptr (GBytes) pem = file_read (file, FILE_MAX, &error);
	g_autoptr (Certificate) issuer = pem != NULL ? first_certificate (pem, &error) : NULL;
	guint64 number;
	Micros next_update;
	if (issuer == NULL || !ask (base, path, &reply) || reply.status != 200 || !crl_verify (reply.body, issuer, &number, &next_update, &error)) {
		doctor_tell (doctor, FOUND_FAIL, "crl", "look for authority.crl in the server's log", "%s: %s", path, error != NULL ? error->message : "not answered");
		return;
	}
	Micros left = next_update - doctor->now;
	FoundLevel level = left <= 0 ? FOUND_FAIL : left < CRL_LEAST ? FOUND_WARN : FOUND_OK;
	g_autofree char *state = left <= 0 ? g_strdup ("its next update is overdue")
	                                   : g_strdup_printf ("signed by its CA, %" G_GINT64_FORMAT " hours to its next update", left / MICROS_PER_HOUR);
	doctor_tell (doctor, level, "crl", level == FOUND_OK ? NULL : "look at the CRL job in the server's log", "%s: number %" G_GUINT64_FORMAT ", %s", path, number, state);
}

void
doctor_look_at_server (const Doctor *doctor)
{
	g_autofree char *manage = recorded_address (doctor, "address.manage"), *base = recorded_address (doctor, "address");
	g_autofree char *folder = config_path (doctor->config, "signer", "dir");
	g_auto (HttpReply) reply = { 0 };
	if (manage == NULL || base == NULL || !ask (manage, "/readyz", &reply)) {
		doctor_tell (doctor, FOUND_OK, "server", NULL, "it does not run; its lists and health were not asked for");
		return;
	}
	tell_health (doctor, &reply);
	g_auto (GStrv) cas = signer_ca_names (folder);
	for (gsize i = 0; cas != NULL && cas[i] != NULL; i++)
		look_at_crl (doctor, base, folder, cas[i]);
}
