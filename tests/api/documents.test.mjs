// Papers as PDF: what an applicant and the counter get, who gets it, and that it says what the record says.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from './lib/client.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const folder = mkdtempSync(join(tmpdir(), 'diqi-pdf-'));

// Text without the spaces that a layout brings.
function words(bytes) {
	const path = join(folder, 'paper.pdf');
	writeFileSync(path, bytes);
	return execFileSync('pdftotext', ['-layout', path, '-'], { maxBuffer: 1 << 26 }).toString().replace(/\s+/g, '');
}

function signature(bytes) {
	const path = join(folder, 'signed.pdf');
	writeFileSync(path, bytes);
	try {
		return execFileSync('pdfsig', ['-nocert', path]).toString();
	} catch (error) {
		return error.stdout.toString();
	}
}

async function pdf(client, path) {
	const reply = await client.get(path);
	expectStatus(reply, 200);
	assert.equal(reply.type, 'application/pdf');
	return reply.bytes;
}

try {
	await check('blank forms are for anybody, and the same each time', async () => {
		for (const [name, title] of [['organization', '江苏省组织机构电子证书业务申请单'], ['person', '江苏省个人数字证书业务申请单'],
			['contract', '江苏省电子证书技术服务合同书']]) {
			const bytes = await pdf(new Client(world.site), `/api/v1/forms/${name}.pdf`);
			assert.ok(words(bytes).includes(title));
			assert.deepEqual(await pdf(new Client(world.site), `/api/v1/forms/${name}.pdf`), bytes);
		}
		expectProblem(await new Client(world.site).get('/api/v1/forms/other.pdf'), 404, 'not_found');
	});

	const organization = await world.draft('organization', { remark: '请尽快办理', unit_type: 'state_owned', registered_place: '太仓市虚构镇' });
	await organization.through('submitted');

	await check('附件一 shows every value of the form, the service, the number', async () => {
		const text = words(await pdf(organization.client, `${organization.path}/form.pdf`));
		const { form } = organization.view;
		for (const [name, value] of Object.entries(form).filter(([, v]) => typeof v === 'string' && !['land_mineral_trading', 'state_owned'].includes(v)))
			assert.ok(text.includes(value.replace(/\s+/g, '')), `${name}: ${value}`);
		assert.ok(text.includes('单位类型：国有企业') && text.includes('√') && text.includes('土地与矿产电子交易项目证书'));
		assert.ok(text.includes(`受理编号：${organization.view.number ?? organization.id}`));
	});

	await check('附件二 shows every value of the form', async () => {
		const person = await (await world.draft('person')).through('submitted');
		const text = words(await pdf(person.client, `${person.path}/form.pdf`));
		const { form } = person.view;
		for (const name of ['name', 'employer', 'address', 'postcode', 'email', 'mobile', 'id_number'])
			assert.ok(text.includes(form[name].replace(/\s+/g, '')), name);
		const [year, month, day] = form.birth.split('-');
		assert.ok(text.includes(`${year}年${month}月${day}日`));
	});

	await check('附件三 names the parties and the fees of the day, in two copies', async () => {
		const text = words(await pdf(organization.client, `${organization.path}/contract.pdf`));
		for (const part of [`甲方：${organization.view.form.name}`, '乙方：江苏省电子商务服务中心有限责任公司', '收费标准：300.00元/1年。', '续费标准：250.00元/1年。',
			'此份由甲方执存', '此份由乙方执存', '一式两份'])
			assert.ok(text.includes(part), part);
	});

	await check('a receipt comes with the payment, not before', async () => {
		expectProblem(await organization.client.get(`${organization.path}/receipt.pdf`), 409, 'order.state');
		await organization.through('paid');
		const text = words(await pdf(organization.client, `${organization.path}/receipt.pdf`));
		for (const part of ['收费收据', organization.view.form.name, '￥300.00', '人民币叁佰元整', '现金'])
			assert.ok(text.includes(part), part);
	});

	await check('the acceptance slip says who accepted what, and what is promised', async () => {
		const text = words(await pdf(organization.client, `${organization.path}/slip.pdf`));
		for (const part of ['受理回执', organization.id, organization.view.form.name, '新办', '已缴', '工作日'])
			assert.ok(text.includes(part), part);
		const { history } = await organization.refresh();
		const accepted = history.find((item) => item.act === 'application.accept');
		const beijing = new Date(Date.parse(accepted.time) + 8 * 3600e3).toISOString().slice(0, 10);
		assert.match(text, new RegExp(`受理时间\\s*${beijing}`), 'when it was accepted');
		assert.match(text, new RegExp(`受理人\\s*${accepted.by}`), 'by whom');
	});

	await check('附件一 of what was issued says who reviewed and who issued it', async () => {
		await organization.through('issued');
		const text = words(await pdf(organization.client, `${organization.path}/form.pdf`));
		const { history } = await organization.refresh();
		for (const [label, act] of [['审核人签名', 'application.review'], ['发证人签名', 'application.issue']])
			assert.match(text, new RegExp(`${label}[:：]?\\s*${history.find((item) => item.act === act).by}`), label);
	});

	await check('each paper carries one signature of the site, whole over the file', async () => {
		for (const name of ['form', 'contract', 'receipt', 'slip']) {
			const bytes = await pdf(organization.client, `${organization.path}/${name}.pdf`);
			const said = signature(bytes);
			assert.match(said, /Signature is Valid/, name);
			assert.match(said, /Total document signed/, name);
			bytes[2000] ^= 1;
			assert.doesNotMatch(signature(bytes), /Signature is Valid/, name);
		}
	});

	await check('papers are for the applicant and the counter, not for others', async () => {
		const other = await world.draft('person');
		for (const name of ['form', 'contract', 'receipt', 'slip']) {
			const path = `${organization.path}/${name}.pdf`;
			expectProblem(await new Client(world.site).get(path), 401, 'login.required');
			expectProblem(await other.client.get(path), 401, 'application.access_code');
			expectProblem(await (await world.officer('market_editor')).get(path), 403, 'permission.denied');
			await pdf(await world.officer('clerk'), path);
		}
	});

	await check('the QR code\'s address shows the record to the counter, and to strangers not even that it is there', async () => {
		const path = `/applications/${organization.id}`;
		const shown = expectStatus(await (await world.officer('clerk')).get(path), 200);
		assert.ok(shown.includes(organization.view.form.name) && shown.includes(`${organization.path}/form.pdf`));
		const stranger = expectStatus(await new Client(world.site).get(path), 200);
		assert.ok(!stranger.includes(organization.view.form.name));
		assert.equal(expectStatus(await new Client(world.site).get('/applications/00000000-0000-7000-8000-000000000000'), 200), stranger);
		assert.equal(expectStatus(await (await world.officer('market_editor')).get(path), 200), stranger);
	});
} finally {
	rmSync(folder, { recursive: true, force: true });
	await world.remove();
}
