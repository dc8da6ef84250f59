// 电子签名法 24: records are kept five years after the certificate has lapsed, then destroyed by two officers' hands.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expectProblem, expectStatus } from './lib/expect.mjs';
import { pdf } from './lib/files.mjs';
import { hex } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const staff = ['administrator', 'auditor', 'clerk', 'reviewer'];
const years = (from, n, days = 0) => {
	const date = new Date(from);
	date.setUTCFullYear(date.getUTCFullYear() + n);
	return date.getTime() + days * 86400000;
};
const batches = async () => expectStatus(await (await world.officer('auditor')).get('/api/v1/disposals'), 200).items;
const listed = (items) => items.flatMap((b) => JSON.parse(b.list).applications.map((a) => a.application));

// Tables in which one of the texts stands, as text or as bytes; the log keeps what was signed.
function tablesWith(texts) {
	const path = join(world.site.dir, 'data', 'diqi.db');
	const sqlite = (command) => execFileSync('sqlite3', ['-readonly', '-cmd', '.timeout 5000', path, command], { maxBuffer: 1 << 28 }).toString();
	const tables = sqlite("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'log_leaf'").trim().split('\n');
	const forms = texts.flatMap((t) => [t, Buffer.from(t).toString('hex')]);
	return tables.filter((table) => {
		const dump = sqlite(`.dump ${table}`);
		return forms.some((f) => dump.includes(f) || dump.includes(f.toUpperCase()));
	});
}

// The job looks once a day of the site's clock, within a second or two.
async function waitFor(test) {
	for (let i = 0; i < 60; i++) {
		const items = await batches();
		if (test(items))
			return items;
		await sleep(250);
	}
	throw new Error('no such batch was listed');
}

async function approve(batch, { signers = ['administrator', 'auditor'], changes = {}, sender = signers[0] } = {}) {
	const statements = [];
	for (const name of signers)
		statements.push(await (await world.officer(name)).statement('disposal.approve', { batch: batch.batch, list: batch.list_hash, ...changes }));
	return (await world.officer(sender)).post(`/api/v1/disposals/${batch.batch}/approve`, { statements });
}

try {
	const confirmed = await (await world.draft('organization')).through('confirmed');
	const rejected = await (await world.draft('person', { name: '虚构待销毁人', mobile: '13900000077', email: 'gone@example.invalid' })).through('submitted');
	const content = pdf('某人的身份证');
	const { scan } = expectStatus(await rejected.client.post(`${rejected.path}/papers/identity_card/scans?name=${encodeURIComponent('某人.pdf')}`, content, { raw: true }), 201);
	expectStatus(await rejected.sendBack('reject', 'reviewer'), 200);
	const open = await (await world.draft('person')).through('submitted');
	const revoked = await (await world.draft('person')).through('confirmed');
	const start = await world.now();
	const sqlite = (process.env.DIQI_ENGINE ?? 'sqlite') === 'sqlite';
	const personalTexts = (form) => [form.name, form.id_number, form.mobile, form.email].filter((t) => t);
	let first, personal, formerly;

	await check('a record that ended without a certificate is listed after five years, and not a day before', async () => {
		await world.advance(86400000);
		expectStatus(await revoked.revoke(await world.ready(revoked.holder)), 200);
		await world.passTo(years(start, 5, -1), staff);
		await sleep(2500);
		assert.deepEqual(await batches(), []);
		await world.setClock(years(start, 5, 1));
		const items = await waitFor((b) => b.length > 0);
		assert.deepEqual(listed(items), [rejected.id]);
		[first] = items;
		assert.equal(first.list_hash, hex(first.list));
		assert.equal(first.applications, 1);
		assert.equal(first.approved, undefined);
	});

	await check('five years count from the revocation, or from the end of the certificate', async () => {
		await world.setClock(years(start, 5, 2));
		const items = await waitFor((b) => b.length > 1);
		assert.deepEqual(listed([items[0]]), [revoked.id]);
		await world.passTo(years(confirmed.identity.certificate.validTo, 5, -1), staff);
		await sleep(2500);
		assert.equal((await batches()).length, 2);
		await world.setClock(years(confirmed.identity.certificate.validTo, 5, 1));
		assert.deepEqual(listed([(await waitFor((b) => b.length > 2))[0]]), [confirmed.id]);
	});

	await check('what is not ended is never listed', async () => assert.ok(!listed(await batches()).includes(open.id)));

	await check('nothing is destroyed by one person, by others, or over another list', async () => {
		expectProblem(await approve(first, { signers: ['administrator', 'administrator'] }), 403, 'approval.same_person');
		expectProblem(await approve(first, { signers: ['clerk', 'auditor'], sender: 'auditor' }), 403, 'permission.denied');
		expectProblem(await approve(first, { signers: ['auditor', 'reviewer'] }), 403, 'permission.denied');
		expectProblem(await approve(first, { changes: { list: '0'.repeat(64) } }), 422, 'statement.target', '/statement/list');
		expectProblem(await approve({ ...first, batch: '00000000-0000-7000-8000-000000000000' }), 404, 'not_found');
		const administrator = await world.officer('administrator');
		const one = await administrator.statement('disposal.approve', { batch: first.batch, list: first.list_hash });
		expectProblem(await administrator.post(`/api/v1/disposals/${first.batch}/approve`, { statements: [one] }), 422, 'field.value', '/statements');
		assert.ok((await batches()).every((b) => b.approved === undefined));
	});

	await check('administrator and auditor destroy a batch: form and names are gone, hash, history and log stay', async () => {
		const clerk = await world.officer('clerk');
		const seen = await clerk.act(`${rejected.path}/scans/${scan}/look`, 'paper.look', { application: rejected.id, scan, purpose: '销毁前核对' });
		assert.ok(seen.status === 200 && seen.bytes.equals(content));
		const before = expectStatus(await clerk.get(rejected.path), 200);
		[personal, formerly] = [before.form, sqlite ? tablesWith(personalTexts(before.form)) : []];
		const size = await world.logSize();
		const done = expectStatus(await approve(first), 200);
		assert.notEqual(done.administrator, done.auditor);
		assert.ok(done.approved);
		const view = expectStatus(await clerk.get(rejected.path), 200);
		assert.deepEqual(view.form, {});
		assert.equal(view.disposed, done.approved);
		const { items } = expectStatus(await clerk.get('/api/v1/applications'), 200);
		assert.deepEqual(items.filter((a) => a.disposed !== undefined).map((a) => [a.application, a.disposed]), [[rejected.id, done.approved]]);
		assert.equal(view.state, 'rejected');
		assert.equal(view.rejected, undefined);
		assert.deepEqual(view.history.map((h) => h.act), [...before.history.map((h) => h.act), 'records.disposed']);
		const stub = JSON.parse((await clerk.get(`${rejected.path}/form-document`)).bytes);
		assert.match(stub.hash, /^[0-9a-f]{64}$/);
		assert.ok(!JSON.stringify(view).includes(before.form.id_number) && !JSON.stringify(view).includes(before.form.name));
		assert.equal(await world.logSize(), size + 1);
		const [kept] = expectStatus(await clerk.get(`${rejected.path}/papers`), 200).scans;
		assert.deepEqual([kept.sha256, kept.name, kept.disposed], [hex(content), undefined, done.approved]);
		expectProblem(await clerk.act(`${rejected.path}/scans/${scan}/look`, 'paper.look', { application: rejected.id, scan, purpose: '核对' }), 404, 'not_found');
	});

	await check('nobody finds name, number, mobile or mail in any table but the log', async () => {
		if (!sqlite)
			return;
		assert.ok(['applications', 'application_terms'].every((t) => formerly.includes(t)), formerly.join());
		// Answers kept for repetitions go by themselves, at most a minute after they are too old.
		let left = tablesWith(personalTexts(personal));
		for (let i = 0; i < 70 && left.join() === 'idempotency'; i++) {
			await sleep(1000);
			left = tablesWith(personalTexts(personal));
		}
		assert.deepEqual(left, []);
	});

	await check('a second attempt is refused', async () => {
		expectProblem(await approve(first), 409, 'papers.disposal_state');
		const seen = (await batches()).find((b) => b.batch === first.batch);
		assert.ok(seen.approved);
	});

	await check('only administrators and auditors see the lists', async () => {
		for (const name of ['clerk', 'reviewer'])
			expectProblem(await (await world.officer(name)).get('/api/v1/disposals'), 403, 'permission.denied');
		expectStatus(await (await world.officer('administrator')).get('/api/v1/disposals?limit=1'), 200);
	});
} finally {
	await world.remove();
}
