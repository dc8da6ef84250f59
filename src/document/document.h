/* document/document.h — papers as PDF, QR codes, spreadsheets.  Pure: data in, bytes out; no clock, no database.
 *
 * The three attachments of the guide are drawn cell by cell: blank when their data is NULL, else filled.  Text is set by
 * Pango in Noto Sans CJK; a text that does not fit its cell is set smaller, then cut with an ellipsis, never over the line.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"

typedef struct {
	const char *service;           /* which box is ticked; NULL: none */
	const json_t *form;            /* members of registry/form.h; NULL: blank */
	const char *number;            /* 受理编号; NULL: none */
	const char *open_uri;          /* of the QR code that opens the record at the counter; NULL: none */
	gint64 copies;
	const char *reviewer, *issuer, *signer;   /* names for 审核人, 发证人, 法定代表人或经办人 signatures; NULL: empty */
	Micros accepted, issued, applied;         /* dates; 0: empty */
} FormDocument;
GBytes *document_organization_form (const FormDocument *in, GError **error);   /* 附件一 */
GBytes *document_person_form (const FormDocument *in, GError **error);         /* 附件二 */

typedef struct {
	const char *holder;            /* 甲方; NULL: blank line */
	gint64 first_year_fen, hardware_fen, renewal_fen;   /* -1: blank */
	gint64 years;
	const char *number;
	Micros date;                   /* 0: blank */
	const char *holder_signer, *service_signer;
	gboolean electronic;           /* says that both signed electronically */
	Micros signed_at;              /* by 甲方, electronically; 0: not told */
} ContractDocument;
GBytes *document_contract (const ContractDocument *in, GError **error);        /* 附件三, two copies (甲方, 乙方) */
/* Title, 乙方 and the articles as plain text, a paragraph a line: what a hash of the contract's words is made of.  Caller frees. */
char *document_contract_text (void);

typedef struct {
	const char *title, *number, *issuer;
	const char *const *rows;       /* label, value, label, value … NULL */
	const char *open_uri, *note;
} SlipDocument;
GBytes *document_slip (const SlipDocument *in, GError **error);                /* acceptance slip, payment receipt */

/* --- PAdES baseline B (ETSI EN 319 142-1): an incremental update with a signature dictionary ------------------- */
/* sign: gets what the signature covers (both byte ranges, one behind the other), gives CMS SignedData over it, DER. */
typedef GBytes *(*PdfSignFn) (gconstpointer covered, gsize n, gpointer user, GError **error);
/* Signs a paper of ours (any other PDF is refused: DIQI_ERROR_INTERNAL).  name: who signs; now: the claimed time. */
GBytes *pdf_sign (GBytes *pdf, const char *name, const char *reason, Micros now, PdfSignFn sign, gpointer user, GError **error);

/* --- spreadsheets -------------------------------------------------------------------------------------------- */
typedef struct {
	const char *title;             /* header cell */
	guint width;
	gboolean money;                /* cells are integers of fen, shown as yuan */
} SheetColumn;
/* rows: array of arrays of strings, integers or null, as many as columns. */
GBytes *sheet_write (const char *name, const SheetColumn *columns, gsize n, const json_t *rows, GError **error);
/* First sheet of an .xlsx, or CSV (UTF-8, RFC 4180): array of arrays of strings.  Limits: 10 MB, 5000 rows, 64 columns, 1000 characters a cell. */
gboolean sheet_read (gconstpointer bytes, gsize n, json_t **rows, GError **error);

/* --- uploads -------------------------------------------------------------------------------------------------- */
typedef enum { FILE_PDF, FILE_JPEG, FILE_PNG, FILE_OTHER } FileType;
/* By content (libmagic), and whole to its end mark. */
FileType file_type_of (gconstpointer bytes, gsize n);
const char *file_type_media (FileType type);       /* "application/pdf" … */
