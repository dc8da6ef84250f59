/* registry/paper_forms.h — the papers of an application: its form (附件一, 附件二), the service contract (附件三), the payment receipt
 * (收费收据) and the acceptance slip (受理回执), filled in from what the registry and the ledger know.
 *
 * Facts are read in the caller's transaction; drawing takes a tenth of a second and no database.  The same facts give the same bytes.
 */
#pragma once
#include "document/document.h"
#include "registry/registry.h"

typedef enum { APPLICATION_PAPER_FORM, APPLICATION_PAPER_CONTRACT, APPLICATION_PAPER_RECEIPT, APPLICATION_PAPER_SLIP } ApplicationPaper;

/* {view, order?, contract, contract_signed?, site_name, open_uri, promised_working_days}: what the papers of an application are drawn from.  Who may see the application may have
 * its papers.  DIQI_ERROR_NOT_FOUND, _PERMISSION. */
gboolean application_paper_facts (Tx *tx, Registry *registry, const Actor *actor, const char *id, json_t **facts, GError **error);
/* PDF, not signed.  A receipt of what was not paid: DIQI_ERROR_ORDER_STATE. */
GBytes *application_paper_draw (const json_t *facts, ApplicationPaper paper, GError **error);
/* The blank form of a kind, and the blank contract. */
GBytes *blank_form (SubjectKind kind, GError **error);
GBytes *blank_contract (GError **error);

/* What a holder signs with "contract.sign": canonical JSON
 * {"type":"application.contract","site","application","number"?,"service","kind","holder","first_year_fen","hardware_fen","renewal_fen","years",
 *  "date","articles"}; articles is the SHA-256 of the contract's words (document_contract_text), date the day the application was made.
 * It changes when the holder or the number does, and with nothing else.  Caller frees. */
gboolean application_contract_document (Tx *tx, Registry *registry, const char *id, char **text, GError **error);
