/* api/documents.c — the papers as PDF: blank forms for anybody, an application's own for who may see it.
 *
 * Papers of an application are signed by the service (PAdES); blank ones bind nobody and are not.
 */
#include "api/record_page.h"
#include "api/routes.h"
#include "base/error.h"
#include "pki/cms.h"
#include "registry/paper_forms.h"

#define PDF "application/pdf"

/* inline: the browser shows it, and saves it under this name. */
static Response *
answer_pdf (GBytes *pdf, const char *name)
{
	if (pdf == NULL)
		return NULL;
	g_autofree char *disposition = g_strdup_printf ("inline; filename=\"%s.pdf\"", name);
	Response *response = response_bytes (200, PDF, pdf);
	response_header (response, "Content-Disposition", disposition);
	return response;
}

/* --- blank ------------------------------------------------------------------------------- */

static Response *
answer_blank (GBytes *pdf, const char *name)
{
	Response *response = answer_pdf (pdf, name);
	if (response != NULL)
		response_header (response, "Cache-Control", "public, max-age=86400");
	return response;
}

static Response *
get_organization (ApiCall *call G_GNUC_UNUSED, GError **error)
{
	g_autoptr (GBytes) pdf = blank_form (SUBJECT_ORGANIZATION, error);
	return answer_blank (pdf, "organization");
}

static Response *
get_person (ApiCall *call G_GNUC_UNUSED, GError **error)
{
	g_autoptr (GBytes) pdf = blank_form (SUBJECT_PERSON, error);
	return answer_blank (pdf, "person");
}

static Response *
get_contract_form (ApiCall *call G_GNUC_UNUSED, GError **error)
{
	g_autoptr (GBytes) pdf = blank_contract (error);
	return answer_blank (pdf, "contract");
}

/* --- of an application --------------------------------------------------------------------- */

static gboolean
read_facts (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	json_t **facts = arg;
	(void) reply;
	g_clear_pointer (facts, json_decref);
	return application_paper_facts (tx, call->api->registry, &call->actor, request_param (call->request, "id"), facts, error);
}

static GBytes *
sign (gconstpointer covered, gsize n, gpointer user, GError **error)
{
	const Api *api = user;
	guint8 digest[DOCUMENT_DIGEST_BYTES];

	gsize size = document_digest (api->site->algorithm, covered, n, digest);
	return signer_sign_document (api->signer, digest, size, error);
}

static Response *
get_paper (ApiCall *call, ApplicationPaper paper, const char *name, const char *reason, GError **error)
{
	g_autoptr (json_t) facts = NULL;
	g_autoptr (Response) read = api_read (call, read_facts, &facts, error);

	if (read == NULL)
		return NULL;
	g_autoptr (GBytes) pdf = application_paper_draw (facts, paper, error);
	if (pdf == NULL)
		return NULL;
	g_autoptr (GBytes) signed_pdf = pdf_sign (pdf, call->api->site->name, reason, clock_now (call->api->clock), sign, call->api, error);
	Response *response = answer_pdf (signed_pdf, name);
	/* Identity numbers stand in it. */
	if (response != NULL)
		response_header (response, "Cache-Control", "no-store");
	return response;
}

static Response *get_form (ApiCall *call, GError **error) { return get_paper (call, APPLICATION_PAPER_FORM, "form", "电子证书业务申请单", error); }
static Response *get_contract (ApiCall *call, GError **error) { return get_paper (call, APPLICATION_PAPER_CONTRACT, "contract", "电子证书技术服务合同书", error); }
static Response *get_receipt (ApiCall *call, GError **error) { return get_paper (call, APPLICATION_PAPER_RECEIPT, "receipt", "收费收据", error); }
static Response *get_slip (ApiCall *call, GError **error) { return get_paper (call, APPLICATION_PAPER_SLIP, "slip", "受理回执", error); }

#define READERS (PERMIT_APPLICANT | ROLE_CLERK | ROLE_CASHIER | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)
#define ID "/api/v1/applications/{id}"

const ApiRoute document_routes[] = {
	{ "GET", "/api/v1/forms/organization.pdf", PERMIT_PUBLIC, 0, 0, get_organization, NULL, NULL },
	{ "GET", "/api/v1/forms/person.pdf", PERMIT_PUBLIC, 0, 0, get_person, NULL, NULL },
	{ "GET", "/api/v1/forms/contract.pdf", PERMIT_PUBLIC, 0, 0, get_contract_form, NULL, NULL },
	{ "GET", ID "/form.pdf", READERS, 0, 0, get_form, NULL, NULL },
	{ "GET", ID "/contract.pdf", READERS, 0, 0, get_contract, NULL, NULL },
	{ "GET", ID "/receipt.pdf", READERS, 0, 0, get_receipt, NULL, NULL },
	{ "GET", ID "/slip.pdf", READERS, 0, 0, get_slip, NULL, NULL },
	{ "GET", "/applications/{id}", PERMIT_PUBLIC, 0, 0, get_record_page, NULL, NULL },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
