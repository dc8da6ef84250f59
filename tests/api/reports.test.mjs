// Finding applications, counting them, spreadsheets out, and many applications in from one spreadsheet.

import { Client } from './lib/client.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { organizationForm, personForm } from './lib/forms.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const api = '/api/v1';
const world = await World.make();
const find = async (query, officer = 'clerk') =>
	expectStatus(await (await world.officer(officer)).get(`${api}/search?query=${encodeURIComponent(query)}`), 200).items;
const ids = (items) => items.map((i) => i.application);

// RFC 4180
const csv = (rows) => rows.map((row) => row.map((c) => /[",\r\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c).join(',')).join('\r\n') + '\r\n';
const bulkFile = (forms, drop = () => false) => {
	const names = Object.keys(forms[0]).filter((name) => !drop(name));
	const text = csv([names, ...forms.map((form) => names.map((name) => form[name] === true ? '是' : String(form[name] ?? '')))]);
	return Buffer.from(`\ufeff${text}`).toString('base64');
};
const bulk = async (body, options) => (await world.officer('clerk')).post(`${api}/bulk`, body, options);

try {
	let company, person;
	await check('search: name, part of a name, code, number, running number and serial find the application', async () => {
		company = await world.draft('organization', { name: '太仓虚构寻找置业有限公司' });
		assert.deepEqual(await find('寻找'), [], 'a draft is nobody\'s to find');
		await company.through('issued');
		person = await (await world.draft('person')).through('submitted');
		const { number } = await company.refresh();
		const { uscc } = company.view.form;
		for (const query of ['太仓虚构寻找置业有限公司', '寻找置业', '寻找　有限公司', uscc, uscc.slice(0, 12).toLowerCase(), number, number.split('-')[1], company.view.serial, company.view.serial.slice(0, 10)])
			assert.ok(ids(await find(query)).includes(company.id), query);
		const [found] = await find('寻找');
		assert.equal(found.number, number);
		assert.equal(found.holder, '太仓虚构寻找置业有限公司');
		assert.equal(found.serial, company.view.serial);
		assert.equal(found.state, 'issued');
	});
	await check('search: an identity number is found whole, not by its beginning', async () => {
		const number = personForm(world.applicants).id_number;
		assert.deepEqual(ids(await find(number)), [person.id]);
		assert.deepEqual(await find(number.slice(0, 12)), []);
	});
	await check('search: several words must all fit; newest comes first', async () => {
		const second = await (await world.draft('organization', { name: '太仓虚构寻找建设有限公司' })).through('submitted');
		assert.deepEqual(ids(await find('寻找 有限')), [second.id, company.id]);
		assert.deepEqual(ids(await find('寻找 建设')), [second.id]);
		assert.deepEqual(await find('寻找 没有'), []);
	});
	await check('search: a name that was corrected is found, the old one no longer', async () => {
		const application = await (await world.draft('organization', { name: '太仓虚构错字有限公司' })).through('submitted');
		expectStatus(await application.sendBack('return'), 200);
		await application.refresh();
		expectStatus(await application.edit({ ...application.view.form, name: '太仓虚构改正有限公司' }), 200);
		expectStatus(await application.submit(), 200);
		assert.deepEqual(ids(await find('改正')), [application.id]);
		assert.deepEqual(await find('错字'), []);
	});
	await check('search: refusals', async () => {
		const clerk = await world.officer('clerk');
		expectProblem(await clerk.get(`${api}/search`), 422, 'field.missing', '/query');
		expectProblem(await clerk.get(`${api}/search?query=%20%20`), 422, 'field.value', '/query');
		expectProblem(await clerk.get(`${api}/search?query=${'x'.repeat(201)}`), 422, 'field.length', '/query');
		expectProblem(await clerk.get(`${api}/search?query=${'a+'.repeat(9)}`), 422, 'field.length', '/query');
		expectProblem(await (await world.officer('market_editor')).get(`${api}/search?query=x`), 403, 'permission.denied');
		expectProblem(await world.public.get(`${api}/search?query=x`), 401, 'login.required');
		assert.deepEqual(await find('%_\'";--'), []);
	});

	await check('statistics: by service, point and month, and what was paid', async () => {
		const auditor = await world.officer('auditor');
		const { items } = expectStatus(await auditor.get(`${api}/statistics`), 200);
		assert.equal(items.length, 1);
		const [{ month, service, point, ...counts }] = items;
		assert.deepEqual({ service, point }, { service: 'issue', point: '' });
		assert.equal(month, new Date(await world.now() + 8 * 3600e3).toISOString().slice(0, 7), 'of Beijing time');
		assert.deepEqual(counts, { total: 4, open: 3, done: 1, rejected: 0, withdrawn: 0, paid_fen: '30000' });
		const [whole] = expectStatus(await auditor.get(`${api}/statistics?by=service`), 200).items;
		assert.equal(whole.month, undefined);
		assert.equal(whole.total, 4);
		const from = new Date(await world.now() + 1000).toISOString().replace('Z', '000Z');
		assert.deepEqual(expectStatus(await auditor.get(`${api}/statistics?from=${from}`), 200).items, []);
		expectProblem(await auditor.get(`${api}/statistics?by=weather`), 422, 'field.value', '/by');
		expectProblem(await auditor.get(`${api}/statistics?from=yesterday`), 422, 'field.value', '/from');
		expectProblem(await (await world.officer('clerk')).get(`${api}/statistics`), 403, 'permission.denied');
	});
	await check('spreadsheets: applications and statistics as .xlsx', async () => {
		const auditor = await world.officer('auditor');
		for (const what of ['applications', 'statistics']) {
			const reply = await auditor.get(`${api}/exports/${what}`);
			expectStatus(reply, 200);
			assert.equal(reply.bytes.subarray(0, 4).toString('latin1'), 'PK\u0003\u0004', what);
			assert.match(reply.headers.get('content-disposition'), new RegExp(`filename="${what}.xlsx"`));
			assert.equal(reply.headers.get('cache-control'), 'no-store');
		}
	});

	await check('bulk: the template, filled in, is taken', async () => {
		const template = await world.public.get(`${api}/bulk/template/organization`);
		expectStatus(template, 200);
		const report = expectProblem(await bulk({ kind: 'organization', file: template.bytes.toString('base64') }), 422, 'field.missing', '/file');
		assert.match(report.detail, /no rows/);
		expectProblem(await world.public.get(`${api}/bulk/template/horse`), 422, 'field.value', '/kind');
	});
	await check('bulk: rows become drafts, each with an access code that opens it', async () => {
		const forms = [201, 202, 203].map((n) => organizationForm(n));
		const report = expectStatus(await bulk({ kind: 'organization', file: bulkFile(forms) }), 200);
		assert.deepEqual([report.rows, report.valid, report.created], [3, 3, 3]);
		assert.deepEqual(report.results.map((r) => [r.row, r.holder, r.errors.length]), forms.map((f, i) => [i + 2, f.name, 0]));
		for (const [i, { application, access_code: code }] of report.results.entries()) {
			const applicant = new Client(world.site);
			applicant.accessCode = code;
			const view = expectStatus(await applicant.get(`${api}/applications/${application}`), 200);
			assert.equal(view.state, 'draft');
			assert.equal(view.form.uscc, forms[i].uscc);
		}
	});
	await check('bulk: labels of the form serve as columns, and choices by their labels', async () => {
		const form = personForm(77);
		const file = Buffer.from(csv([['姓名', '性别', '出生日期', '单位名称', '省', '市', '区(市、县)', '详细地址', '邮政编码', '电子邮件', '移动电话', '有效证件', '证件号码', '证书类型',
			'本人承诺提供的资料完全真实，并愿意承担由于提供虚假资料而导致的一切后果'],
		[form.name, form.sex === 'male' ? '男' : '女', form.birth, form.employer, form.province, form.city, form.district, form.address, form.postcode, form.email, form.mobile, '身份证', form.id_number, '硬证书', '√']])).toString('base64');
		const report = expectStatus(await bulk({ kind: 'person', file, check_only: true }), 200);
		assert.deepEqual(report.results[0].errors, []);
		assert.deepEqual([report.valid, report.created], [1, 0], 'only checked');
	});
	await check('bulk: every fault of every row is told, and nothing is made', async () => {
		const forms = [organizationForm(211), organizationForm(212, { uscc: '91320599', postcode: '12', operator_mobile: 'none' }), organizationForm(213, { copies: 'two' })];
		const before = (await find('太仓')).length;
		const report = expectStatus(await bulk({ kind: 'organization', file: bulkFile(forms) }), 200);
		assert.deepEqual([report.rows, report.valid, report.created], [3, 1, 0]);
		assert.deepEqual(report.results[1].errors.map((e) => e.pointer).sort(), ['/form/operator_mobile', '/form/postcode', '/form/uscc']);
		assert.deepEqual(report.results[2].errors.map((e) => [e.pointer, e.column, e.code]), [['/form/copies', '申请张数', 'field.type']]);
		assert.ok(report.results.every((r) => r.application === undefined));
		const partly = expectStatus(await bulk({ kind: 'organization', file: bulkFile(forms), skip_invalid: true }), 200);
		assert.deepEqual([partly.created, partly.results.filter((r) => r.application).length], [1, 1]);
		assert.equal((await find('太仓')).length, before, 'drafts are not found');
	});
	await check('bulk: the same request again gives the same applications and codes', async () => {
		const body = { kind: 'organization', file: bulkFile([organizationForm(221)]) }, options = { headers: { 'Idempotency-Key': 'bulk-again' } };
		const first = expectStatus(await bulk(body, options), 200);
		assert.deepEqual(expectStatus(await bulk(body, options), 200), first);
	});
	await check('bulk: refusals name what is wrong with the file', async () => {
		const file = (text) => Buffer.from(text).toString('base64');
		expectProblem(await bulk({ kind: 'organization', file: file('天气\r\n晴\r\n') }), 422, 'field.unknown', '/file');
		expectProblem(await bulk({ kind: 'organization', file: file('name,单位全称\r\na,b\r\n') }), 422, 'field.value', '/file');
		expectProblem(await bulk({ kind: 'organization', file: bulkFile(Array.from({ length: 1001 }, () => ({ name: 'x' }))) }), 422, 'field.length', '/file');
		expectProblem(await (await world.officer('cashier')).post(`${api}/bulk`, { kind: 'person', file: file('x') }), 403, 'permission.denied');
	});
} finally {
	await world.remove();
}
