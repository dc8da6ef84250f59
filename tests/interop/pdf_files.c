/* tests/interop/pdf_files.c — writes the papers into a folder, blank and filled, for other programs to read.
 *   pdf-files DIR [ORGANIZATION.json PERSON.json] */
#include <stdlib.h>

#include "document/document.h"

#define OPEN "https://diqi.example.org/counter/applications/0192f0c4-7d1e-7abc-8def-0123456789ab"
#define NUMBER "TC20261122000017"
#define ACCEPTED G_GINT64_CONSTANT (1795312800000000)      /* 2026-11-22 10:00 in Beijing */

static void
put (const char *dir, const char *name, GBytes *bytes, GError *error)
{
	g_autofree char *path = g_build_filename (dir, name, NULL);

	if (bytes == NULL)
		g_error ("%s: %s", name, error->message);
	g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), NULL));
	g_bytes_unref (bytes);
}

static json_t *
form_of (const char *path)
{
	json_error_t why;
	json_t *file = json_load_file (path, 0, &why);

	if (file == NULL)
		g_error ("%s: %s", path, why.text);
	json_t *form = json_object_get (file, "form");
	return form ? json_incref (form) : file;
}

static void
put_forms (const char *dir, const char *organization, const char *person)
{
	const FormDocument blank = { 0 };
	FormDocument in = { .service = "issue", .number = NUMBER, .open_uri = OPEN, .copies = 2, .reviewer = "审核甲", .issuer = "发证乙", .signer = "王经办",
		.accepted = ACCEPTED, .issued = ACCEPTED + MICROS_PER_DAY, .applied = ACCEPTED - MICROS_PER_DAY };
	GError *error = NULL;

	put (dir, "organization-blank.pdf", document_organization_form (&blank, &error), error);
	put (dir, "person-blank.pdf", document_person_form (&blank, &error), error);
	g_autoptr (json_t) first = form_of (organization), second = form_of (person);
	in.form = first;
	put (dir, "organization.pdf", document_organization_form (&in, &error), error);
	in.form = second;
	in.service = "withdraw_loss";
	put (dir, "person.pdf", document_person_form (&in, &error), error);
}

static void
put_contracts (const char *dir)
{
	const ContractDocument blank = { .first_year_fen = -1, .hardware_fen = -1, .renewal_fen = -1 };
	const ContractDocument in = { .holder = "太仓市港城置业发展有限公司", .first_year_fen = 30000, .hardware_fen = 5000, .renewal_fen = 25000, .years = 1,
		.number = NUMBER, .date = ACCEPTED, .holder_signer = "王经办", .service_signer = "发证乙", .electronic = TRUE };
	GError *error = NULL;

	put (dir, "contract-blank.pdf", document_contract (&blank, &error), error);
	put (dir, "contract.pdf", document_contract (&in, &error), error);
}

static void
put_receipt (const char *dir)
{
	static const char *const rows[] = { "缴款人", "太仓市港城置业发展有限公司", "收费项目", "新办 2 张 × 300.00 元", "金额", "¥600.00", "金额大写", "人民币陆佰元整",
		"缴费方式", "现金", "收款日期", "2026-11-22", "收款人", "收费员丙", NULL };
	const SlipDocument in = { "收费收据", "SJ2026000001", "太仓市国有建设用地使用权网上交易系统", rows, OPEN, "本收据由系统电子签章，扫描二维码可查验申请记录。" };
	GError *error = NULL;

	put (dir, "receipt.pdf", document_slip (&in, &error), error);
}

int
main (int argc, char **argv)
{
	if (argc != 4)
		g_error ("usage: pdf-files DIR ORGANIZATION.json PERSON.json");
	put_forms (argv[1], argv[2], argv[3]);
	put_contracts (argv[1]);
	put_receipt (argv[1]);
	return EXIT_SUCCESS;
}
