/* signer/ocsp.c — OCSP answers.
 *
 * DigiNotar 2011: certificates the authority had no record of, and OCSP called them good.  Here
 * "good" and "revoked" are said only of a serial in the signer's own journal, under the CA that issued it; and what a
 * relying party asks about is read from its own request, not from what the caller says about it.
 *
 * What this signer once called revoked or held it keeps so, whatever a caller says later.
 */
#include "base/error.h"
#include "signer/compact.h"
#include "signer/crl.h"
#include "signer/protocol.h"

/* Ten minutes is what the authority says (authority/lifetimes.h): a web server that lies cannot keep "good" in store for a day to come. */
#define OCSP_MAX_VALIDITY MICROS_PER_HOUR
#define CA_NAME_MAX 32

typedef struct {
	char *ca;
	Micros this_update, next_update;
	const guint8 *request;           /* borrowed from the frame */
	gsize request_n;
	guint statuses;
} Asked;

static void
asked_clear (Asked *asked)
{
	g_free (asked->ca);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asked, asked_clear)

static void
read_asked (CompactReader *in, Asked *out)
{
	out->ca = compact_read_text (in, 1, CA_NAME_MAX);
	out->this_update = (Micros) compact_read_uint (in, 8);
	out->next_update = (Micros) compact_read_uint (in, 8);
	out->request = compact_read_bytes (in, 4, OCSP_MAX_REQUEST, &out->request_n);
	out->statuses = (guint) compact_read_uint (in, 1);
}

/* What the caller's database says of it. */
static gboolean
read_status (const Keyring *keyring, const KeyringCa *ca, CompactReader *in, OcspSingle *single, GError **error)
{
	guint64 status = compact_read_uint (in, 1);
	if (in->broken || status > CERT_STATUS_UNKNOWN)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statuses", "good, revoked or unknown");
	single->status = (CertStatus) status;
	if (single->status != CERT_STATUS_UNKNOWN && (!single->ours || status_issued_by (keyring, ca, &single->serial) == NULL))
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/statuses", "this CA never issued that serial number");
	if (single->status != CERT_STATUS_REVOKED)
		return TRUE;
	RevokedEntry entry = { .revoked_at = (Micros) compact_read_uint (in, 8) };
	if (!status_take_revocation (keyring, (gint64) compact_read_uint (in, 1), &entry, error))
		return FALSE;
	single->revoked_at = entry.revoked_at;
	single->reason = entry.reason;
	return TRUE;
}

/* What was said before goes before what is said now, but for a revocation that takes the place of a hold. */
static gboolean
recall (const Keyring *keyring, const KeyringCa *ca, OcspSingle *single, GError **error)
{
	const RevokedEntry entry = { single->serial, single->revoked_at, single->reason };
	if (!single->ours || status_issued_by (keyring, ca, &single->serial) == NULL)
		return TRUE;
	if (single->status == CERT_STATUS_REVOKED && !journal_add_revoked (keyring->journal, keyring_now (keyring), &entry, error))
		return FALSE;
	const Revoked *revoked = journal_revocation (keyring->journal, &single->serial);
	if (revoked != NULL) {
		single->status = CERT_STATUS_REVOKED;
		single->revoked_at = revoked_said_at (revoked, keyring_now (keyring));
		single->reason = revoked->entry.reason;
	}
	return TRUE;
}

/* Everything is read before anything is remembered. */
static gboolean
read_statuses (const Keyring *keyring, const KeyringCa *ca, guint n, CompactReader *in, OcspRequest *answered, GError **error)
{
	if (n != answered->singles->len)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statuses", "one for each certificate asked about");
	for (guint i = 0; i < n; i++)
		if (!read_status (keyring, ca, in, &g_array_index (answered->singles, OcspSingle, i), error))
			return FALSE;
	if (!compact_read_end (in, error))
		return FALSE;
	for (guint i = 0; i < n; i++)
		if (!recall (keyring, ca, &g_array_index (answered->singles, OcspSingle, i), error))
			return FALSE;
	return TRUE;
}

GBytes *
compact_ocsp (Keyring *keyring, CompactReader *in, GError **error)
{
	g_auto (Asked) asked = { NULL };
	read_asked (in, &asked);
	if (in->broken) {
		diqi_error_set (error, DIQI_ERROR_SIGNER, NULL, "not the members of such a message");
		return NULL;
	}
	const KeyringCa *ca = keyring_ca_asked (keyring, asked.ca[0] != '\0' ? asked.ca : NULL, error);
	if (ca == NULL || !status_check_window (keyring, asked.this_update, asked.next_update, OCSP_MAX_VALIDITY, error))
		return NULL;
	g_autoptr (OcspRequest) answered = ocsp_request_parse (asked.request, asked.request_n, ca->pin->certificate, error);
	if (answered == NULL || !read_statuses (keyring, ca, asked.statuses, in, answered, error))
		return NULL;
	/* The journal forgets nothing, so expired certificates are answered for like others. */
	answered->archive_cutoff = certificate_not_before (ca->pin->certificate);
	return ocsp_responder_sign (ca->responder, answered, keyring_now (keyring), asked.this_update, asked.next_update, error);
}
