/* document/contract_text.c — the articles of 附件三, word for word; the headings count in Chinese numerals, as the guide cites them. */
#include "document/contract_text.h"

#include "document/document.h"

static const ContractParagraph paragraphs[] = {
	{ CONTRACT_HEADING, "一、", "服务内容：" },
	{ CONTRACT_ARTICLE, "1、", "乙方作为权威的、公正的第三方机构，为甲方所发放的电子证书主要是用于在网上作业中的身份识别和信息加密。乙方所发放的证书只能用于在网络（Internet/Intranet/Extranet）上标识用户身份，各应用系统可以根据该功能对其进行定义。" },
	{ CONTRACT_ARTICLE, "2、", "乙方受理甲方电子证书的申请，为甲方签发、更新、废除、冻结、解冻、恢复或重发电子证书等服务。" },
	{ CONTRACT_ARTICLE, "3、", "乙方委托证书受理点进行甲方的信息录入、身份审核和证书制作工作。甲方在申请电子证书时应遵守各证书受理点的规程和办理手续。" },
	{ CONTRACT_HEADING, "二、", "服务方式：" },
	{ CONTRACT_PLAIN, NULL, "甲方在使用证书时如遇到问题，可以随时向乙方及相关部门进行咨询和要求解答，也可登陆WWW.JSCA.COM.CN向我们求助。" },
	{ CONTRACT_PLAIN, NULL, "服务时间：周一至周五8：30—17：30（法定节假日除外）" },
	{ CONTRACT_HOURS, "服务热线：　025—96010", "监督电话：　025--83393080" },
	{ CONTRACT_HEADING, "三、", "电子证书收费标准：" },
	{ CONTRACT_FEE, NULL, NULL },
	{ CONTRACT_RENEWAL_FEE, NULL, NULL },
	{ CONTRACT_HEADING, "四、", "违约责任：" },
	{ CONTRACT_ARTICLE, "1、", "乙方不得无故结束对甲方的服务。甲方有权向乙方或电子证书的业务应用部门投诉乙方的服务质量，乙方对投诉的问题经查实确认后及时将处理结果通知甲方。" },
	{ CONTRACT_ARTICLE, "2、", "甲方的名称、地址、电话、税务登记号等客户信息发生变更等情况，应及时通知乙方。凡因甲方提供客户资料不详，不准确或有变化却没有及时通知乙方，所产生的后果由甲方自行承担。" },
	{ CONTRACT_ARTICLE, "3、", "由于以下情况造成电子证书无法正常使用，乙方只负责恢复电子证书的正常使用，不承担由此造成的损失：" },
	{ CONTRACT_ITEM, "1)", "甲方操作人员误操作；" },
	{ CONTRACT_ITEM, "2)", "甲方硬件及软件环境不能达到电子证书的使用要求；" },
	{ CONTRACT_ITEM, "3)", "计算机感染病毒；" },
	{ CONTRACT_ITEM, "4)", "不可抗力（如突然停电、自然灾害、硬件损坏等原因）。" },
	{ CONTRACT_ARTICLE, "4、", "乙方不负责解决因网络运营商和业务应用系统终端服务器原因造成的使用问题。" },
	{ CONTRACT_ARTICLE, "5、", "甲方必须妥善保管乙方所签发的电子证书和密码，不得泄漏或交付他人。如因故意、过失导致他人知道或被盗用、冒用、伪造或者篡改的，甲方自行承担一切责任。" },
	{ CONTRACT_ARTICLE, "6、", "证书存储介质如果因甲方的保管或使用不当而导致遗失、损坏等，则甲方必须重新申领并交缴纳介质费用。" },
	{ CONTRACT_ARTICLE, "7、", "乙方对以下情况之一，有权主动废除所签发的证书：" },
	{ CONTRACT_ITEM, "·", "新的密钥对替代旧的密钥对；" },
	{ CONTRACT_ITEM, "·", "申请初始注册时，提供不真实材料；" },
	{ CONTRACT_ITEM, "·", "没有按规定缴纳证书费用，或者其它相关费用；" },
	{ CONTRACT_ITEM, "·", "违反国家法律或者其它规章制度，不应签发电子证书的；" },
	{ CONTRACT_ITEM, "·", "有盗用、冒用、伪造或者篡改他人证书的；" },
	{ CONTRACT_ITEM, "·", "证书持有者不履行或已经不能履行安全电子业务应承担责任和义务的；" },
	{ CONTRACT_ITEM, "·", "其他情况。这些情况可以是因为法律或政策的要求乙方采取的临时作废措施。" },
	{ CONTRACT_ARTICLE, "8、", "乙方承诺在现有的技术下，由乙方签发的电子证书不会被伪造、篡改。如果发生甲方电子证书被篡改、伪造，一经确认，乙方承担相应的赔偿责任。" },
	{ CONTRACT_HEADING, "五、", "双方约定事项：" },
	{ CONTRACT_ARTICLE, "1、", "本协议自甲、乙双方签字之日成立，自甲方一次性支付完首年度费用之日起，乙方即开始提供服务。甲方应每年按时向乙方支付当年的服务费用，否则乙方将停止对甲方提供服务，由此产生的后果由甲方自行承担。" },
	{ CONTRACT_ARTICLE, "2、", "本协议涉及的服务项目不发生变动时，只需续缴服务费，不用重新签订，服务有效期以证书为准。" },
	{ CONTRACT_ARTICLE, "3、", "当甲方停止服务需求时应与乙方办理书面手续，否则乙方将依照原协议执行。" },
	{ CONTRACT_ARTICLE, "4、", "本协议未尽事宜，甲、乙双方协商补充，经双方签字确认为本协议组成部分。" },
	{ CONTRACT_ARTICLE, "5、", "在本协议执行过程中发生争议，甲、乙双方友好协商解决。当事人不愿协商、调解解决或协商、调解解决不成的，双方商定提请乙方所在地司法机关裁决。" },
	{ CONTRACT_ARTICLE, "6、", "本协议自甲乙双方法定代表人（或授权人）签字（或盖章）并加盖公章之日起生效。" },
};

const ContractParagraph *
contract_paragraphs (gsize *n)
{
	*n = G_N_ELEMENTS (paragraphs);
	return paragraphs;
}

char *
document_contract_text (void)
{
	GString *text = g_string_new (CONTRACT_TITLE "\n乙方：" CONTRACT_SERVICE "\n");

	for (gsize i = 0; i < G_N_ELEMENTS (paragraphs); i++) {
		const ContractParagraph *p = &paragraphs[i];
		const char *said = p->kind == CONTRACT_FEE ? "收费标准：" : p->kind == CONTRACT_RENEWAL_FEE ? "续费标准：" : p->text;
		g_string_append_printf (text, "%s%s\n", p->mark ? p->mark : "", said);
	}
	return g_string_free (text, FALSE);
}
