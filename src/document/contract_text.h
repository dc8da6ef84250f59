/* document/contract_text.h — the articles of 附件三 江苏省电子证书技术服务合同书, in the guide's words.  Private to document/. */
#pragma once
#include <glib.h>

typedef enum {
	CONTRACT_HEADING,        /* 一、服务内容： */
	CONTRACT_PLAIN,
	CONTRACT_ARTICLE,        /* "1、", text hangs behind the number */
	CONTRACT_ITEM,           /* "1)" or "·" under an article */
	CONTRACT_HOURS,          /* two columns, see mark and text */
	CONTRACT_FEE,            /* 收费标准：     元/    年。其中含      元硬件费。 */
	CONTRACT_RENEWAL_FEE,    /* 续费标准：     元/    年。 */
} ContractKind;

typedef struct {
	ContractKind kind;
	const char *mark, *text;
} ContractParagraph;

#define CONTRACT_TITLE "江苏省电子证书技术服务合同书"
#define CONTRACT_SERVICE "江苏省电子商务服务中心有限责任公司"       /* 乙方 */

const ContractParagraph *contract_paragraphs (gsize *n);
