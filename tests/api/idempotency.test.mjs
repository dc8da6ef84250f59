// An Idempotency-Key causes its effect once, however often and from however many connections it comes.
import { writeFileSync } from 'node:fs';

import { Client } from './lib/client.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { personForm } from './lib/forms.mjs';
import { nonce } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const post = (client, path, body, key) => client.post(path, body, { headers: { 'Idempotency-Key': key } });
const count = async () => {
	let n = 0;
	for (let cursor = ''; cursor !== null;) {
		const page = expectStatus(await (await world.officer('clerk')).get(`/api/v1/applications?limit=200${cursor && `&cursor=${cursor}`}`), 200);
		n += page.items.length;
		cursor = page.next_cursor;
	}
	return n;
};

try {
	await check('the same key with the same body: the same answer, one effect', async () => {
		const body = { kind: 'person', form: personForm(700) }, key = nonce(), before = await count();
		const first = await post(world.public, '/api/v1/applications', body, key);
		expectStatus(first, 201);
		const second = await post(world.public, '/api/v1/applications', body, key);
		expectStatus(second, 201);
		assert.deepEqual(second.body, first.body);
		assert.equal(second.headers.get('etag'), first.headers.get('etag'));
		assert.equal(await count(), before + 1);
		const applicant = Object.assign(new Client(world.site), { accessCode: second.body.access_code });
		expectStatus(await applicant.get(`/api/v1/applications/${first.body.application}`), 200);
	});

	await check('the same key with another body, or on another path, is refused (422)', async () => {
		const key = nonce(), before = await count();
		expectStatus(await post(world.public, '/api/v1/applications', { kind: 'person', form: personForm(701) }, key), 201);
		expectProblem(await post(world.public, '/api/v1/applications', { kind: 'person', form: personForm(702) }, key), 422, 'idempotency.reused');
		const application = await (await world.draft('person')).through('submitted');
		const clerk = await world.officer('clerk');
		const members = { application: application.id, version: application.view.version };
		const accept = { statement: await clerk.statement('application.accept', { ...members, form: await application.formHash(), papers: await application.papers() }) };
		expectStatus(await post(clerk, `${application.path}/accept`, accept, key), 200);      // another actor: the key is not taken
		expectProblem(await post(clerk, `${application.path}/return`, { statement: await clerk.statement('application.return', { ...members, reason: '退' }) }, key), 422, 'idempotency.reused');
		assert.equal(await count(), before + 2);
		assert.equal((await application.refresh()).state, 'accepted');
	});

	await check('a request that was refused leaves its key free', async () => {
		const key = nonce();
		expectProblem(await post(world.public, '/api/v1/applications', { kind: 'person', form: { ...personForm(703), sex: 'other' } }, key), 422, 'field.value', '/form/sex');
		expectStatus(await post(world.public, '/api/v1/applications', { kind: 'person', form: personForm(703) }, key), 201);
	});

	await check('twenty at once with one key: one application', async () => {
		const body = { kind: 'person', form: personForm(704) }, key = nonce(), before = await count();
		const replies = await Promise.all(Array.from({ length: 20 }, () => post(world.public, '/api/v1/applications', body, key)));
		for (const reply of replies)
			assert.deepEqual(expectStatus(reply, 201), replies[0].body);
		assert.equal(await count(), before + 1);
	});

	await check('twenty payments at once with one key: one fee, one act in the log', async () => {
		const application = await (await world.draft('person')).through('accepted');
		const cashier = await world.officer('cashier'), key = nonce(), size = await world.logSize();
		const body = { statement: await cashier.statement('fee.record', { application: application.id, amount_fen: '30000', method: 'cash' }) };
		const replies = await Promise.all(Array.from({ length: 20 }, () => post(cashier, `${application.path}/fee`, body, key)));
		for (const reply of replies)
			assert.deepEqual(expectStatus(reply, 200), replies[0].body);
		assert.equal(await world.logSize(), size + 1);
		assert.equal((await application.refresh()).history.filter((h) => h.act === 'fee.record').length, 1);
	});

	await check('twenty orders to issue at once with one key: one certificate', async () => {
		const application = await (await world.draft('person')).through('reviewed');
		const issuer = await world.officer('issuer'), key = nonce();
		const { hash, profile, profile_version } = await application.request();
		const body = { statement: await issuer.statement('application.issue', { application: application.id, request: hash, profile, profile_version }) };
		const replies = await Promise.all(Array.from({ length: 20 }, () => post(issuer, `${application.path}/issue`, body, key)));
		for (const reply of replies)
			assert.equal(expectStatus(reply, 200).serial, replies[0].body.serial);
		const view = await application.refresh();
		assert.equal(view.state, 'issued');
		assert.equal(view.history.filter((h) => h.act === 'certificate.issued').length, 1);
	});

	await check('the same statement under another key is a replay (409), and changes nothing', async () => {
		const application = await (await world.draft('person')).through('submitted');
		const clerk = await world.officer('clerk');
		const { version } = application.view;
		const returning = { statement: await clerk.statement('application.return', { application: application.id, version, reason: '退' }) };
		expectStatus(await post(clerk, `${application.path}/return`, returning, nonce()), 200);
		const again = await post(clerk, `${application.path}/return`, returning, nonce());
		assert.equal(again.status, 409, JSON.stringify(again.body));
		assert.equal((await application.refresh()).state, 'returned');
	});

	await check('the answer outlives a crash: asked again after it, the same comes', async () => {
		const body = { kind: 'person', form: personForm(705) }, key = nonce();
		const first = expectStatus(await post(world.public, '/api/v1/applications', body, key), 201);
		const before = await count();
		await world.site.restart('SIGKILL');
		assert.deepEqual(expectStatus(await post(world.public, '/api/v1/applications', body, key), 201), first);
		assert.equal(await count(), before);
	});

	await check('a missing key is refused, wherever docs/api/README.md asks for one', async () => {
		const application = await (await world.draft('person')).through('submitted');
		const acts = [['clerk', `${application.path}/accept`], ['clerk', `${application.path}/return`], ['reviewer', `${application.path}/reject`],
			['cashier', `${application.path}/fee`], ['reviewer', `${application.path}/review`], ['issuer', `${application.path}/issue`],
			['clerk', `${application.path}/deliver`], ['administrator', '/api/v1/officers'], ['market_editor', '/api/v1/notices'],
			['market_editor', '/api/v1/notices/x/submit'], ['market_approver', '/api/v1/notices/x/approve'], ['market_approver', '/api/v1/sales/x/bidders'],
			['reviewer', '/api/v1/certificates/00/revoke']];
		for (const [officer, path] of acts)
			expectProblem(await (await world.officer(officer)).post(path, { statement: 'x' }, { key: false }), 400, 'idempotency.missing');
		expectProblem(await world.public.post('/api/v1/applications', { kind: 'person', form: {} }, { key: false }), 400, 'idempotency.missing');
		expectProblem(await application.client.post(`${application.path}/submit`, {}, { key: false }), 400, 'idempotency.missing');
	});

	await check('a malformed key is refused', async () => {
		for (const key of ['a'.repeat(65), 'a b', 'a/b', 'a"', 'é', '{}'])
			expectProblem(await post(world.public, '/api/v1/applications', { kind: 'person', form: {} }, key), 400, 'request.malformed');
		expectStatus(await post(world.public, '/api/v1/applications', { kind: 'person', form: {} }, `${nonce()}_-`.padEnd(64, 'z')), 201);
	});
} finally {
	if (process.env.DIQI_SHOW_LOG)
		writeFileSync(process.env.DIQI_SHOW_LOG, world.site.log);
	await world.remove();
}
