/* main/remote.h — the command line as a client of a site's API.
 *
 * A Remote knows the site (its id and time), may hold an identity (PKCS#12) and logs in
 * with a signed challenge on the first call that needs it.  Statements are completed here
 * (site, time, nonce) and signed, after the caller filled in what they say.
 */
#pragma once
#include "main/cli.h"
#include "net/client.h"
#include "pki/certificate.h"
#include "pki/statement.h"

typedef struct Remote Remote;

/* Contacts --server.  With --as it loads the identity; login waits for remote_login. */
Remote *remote_open (const Cli *cli, GError **error);
void remote_free (Remote *remote);        /* logs out if it logged in */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Remote, remote_free)

/* The first logs in at once, the second when --as was given. */
Remote *remote_open_logged_in (const Cli *cli, GError **error);
Remote *remote_open_maybe_logged_in (const Cli *cli, GError **error);

gboolean remote_login (Remote *remote, GError **error);
const char *remote_site (const Remote *remote);
const json_t *remote_site_facts (const Remote *remote);       /* answer of GET /site */
HttpClient *remote_http (Remote *remote);
const char *remote_server (const Remote *remote);
const Certificate *remote_certificate (const Remote *remote); /* NULL without --as */

/* The holder of an application without certificate sends its access code. */
void remote_use_access_code (Remote *remote, const char *code);

/* Opens --ticket, a file {"application", "access_code", "server"?} that `application new` wrote: *id is the application's (caller
 * frees), and its access code is sent from now on. */
Remote *remote_open_ticket (const Cli *cli, char **id, GError **error);

/* JSON call; body is stolen and may be NULL.  Refusals become GErrors with the server's code, field and
 * detail.  The answer's JSON (new reference; JSON null when there is none). *etag, if wanted, is the caller's. */
json_t *remote_call (Remote *remote, const char *method, const char *path, json_t *body, GError **error);
json_t *remote_call_etag (Remote *remote, const char *method, const char *path, json_t *body,
                           const char *if_match, char **etag, GError **error);
/* Any other body; NULL on refusal. */
GBytes *remote_fetch (Remote *remote, const char *path, GError **error);
/* The same of a POST; body is stolen. */
GBytes *remote_fetch_by_post (Remote *remote, const char *path, json_t *body, GError **error);
/* POST of bytes as they are; the answer's JSON. */
json_t *remote_upload (Remote *remote, const char *path, GBytes *content, GError **error);

/* A statement of this type with these members (stolen), signed by the identity, or by key when given
 * (then without a certificate, as an applicant). */
char *remote_statement (Remote *remote, const char *type, json_t *members, const PrivateKey *key, GError **error);

/* Opens a PKCS#12 with the PIN from the file beside it (NAME.pin, also of NAME-encryption.p12), else asked. */
gboolean identity_open (const char *path, PrivateKey **key, Certificate **certificate, GError **error);

/* The same by the owner of another PKCS#12 who stands beside; his PIN from the file beside it, else asked. */
char *remote_statement_with (Remote *remote, const char *p12, const char *type, json_t *members, GError **error);

/* POST {"statement": …}: the common act.  Logs in. */
json_t *remote_act (Remote *remote, const char *path, const char *type, json_t *members, GError **error);

/* GET and print, of its lists only these columns (cli_print_columns); POST a statement and print. */
gboolean remote_print (const Cli *cli, Remote *remote, const char *path, GError **error);
gboolean remote_print_columns (const Cli *cli, Remote *remote, const char *path, const char *columns, GError **error);
gboolean remote_act_and_print (const Cli *cli, Remote *remote, const char *path, const char *type, json_t *members, GError **error);

/* A JSON file of the command line; errors name it. */
json_t *json_file_read (const char *path, GError **error);
