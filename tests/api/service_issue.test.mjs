// 新办, several copies: one form, one pair of approvals, a certificate for each key.
import { X509Certificate } from 'node:crypto';

import { certificateRequest } from './lib/der.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { expectCertificate } from './lib/service.mjs';
import { assert, check } from './lib/tap.mjs';
import { newIdentity, World } from './lib/world.mjs';

const world = await World.make();
try {
	await check('新办: an application gets its number at submission, counted by the day, and keeps it', async () => {
		const first = await (await world.draft()).through('submitted');
		const second = await (await world.draft('person')).through('submitted');
		assert.match(first.view.number, /^SL20260224-\d{6}$/);
		assert.equal(Number(second.view.number.slice(11)), Number(first.view.number.slice(11)) + 1);
		assert.ok(Date.parse(first.view.due) > Date.parse(first.view.submitted));
		expectStatus(await first.sendBack('return'), 200);
		const again = expectStatus(await (await first.refresh(), first).submit(), 200);
		assert.equal(again.number, first.view.number);
		assert.equal(again.submitted, first.view.submitted);
		// Another day counts from one.
		await world.setClock('2026-02-24T16:00:00.000000Z');
		assert.equal((await (await world.draft()).through('submitted')).view.number, 'SL20260225-000001');
	});

	await check('申请 3 张: three keys, one fee of three pieces, one pair of approvals, three certificates of one subject', async () => {
		const application = await world.draft('organization', { copies: 3 });
		await application.through('submitted');
		assert.equal(application.view.amount_fen, '90000');
		assert.equal(application.view.copies.length, 3);
		await application.through('reviewed');
		const { request } = await application.request();
		assert.equal(JSON.parse(request).more.length, 2);
		await application.through('confirmed');
		const keys = [application.identity, ...application.more];
		for (const [i, copy] of application.view.copies.entries()) {
			const certificate = new X509Certificate(expectStatus(await application.client.get(`${application.path}/certificate?copy=${i}`), 200));
			assert.ok(certificate.checkPrivateKey(keys[i].key), `copy ${i}`);
			assert.equal(BigInt(`0x${certificate.serialNumber}`), BigInt(`0x${copy.serial}`));
			assert.equal(copy.status, 'valid');
			await expectCertificate(world, copy.serial, 'valid');
		}
		assert.equal(new Set(application.view.copies.map((c) => c.serial)).size, 3);
		expectProblem(await application.client.get(`${application.path}/certificate?copy=3`), 404, 'not_found');
		const clerk = await world.officer('clerk');
		const found = expectStatus(await clerk.get(`/api/v1/subjects?query=${application.view.form.uscc}`), 200);
		const uses = (found.items ?? found)[0].certificates.map((c) => c.use).sort();
		assert.deepEqual(uses, ['encrypt', 'encrypt', 'encrypt', 'sign', 'sign', 'sign']);
	});

	await check('申请 2 张: fewer or more requests than copies, a key twice, or another key than signed are refused', async () => {
		const application = await world.draft('organization', { copies: 2 });
		const pem = (identity) => certificateRequest(identity.key).toString('base64');
		const send = async (identities, more, extra = {}) => {
			const statement = await application.client.statement('application.submit', { application: application.id, service: 'issue',
				form: await application.formHash(), spki: application.identity.spkiHash, ...more }, { identity: application.identity });
			return application.client.post(`${application.path}/submit`, { csrs: identities.map(pem), statement, ...extra });
		};
		const [a, b, c] = [application.identity, newIdentity(), newIdentity()];
		expectProblem(await send([a], {}), 422, 'field.missing', '/csr');
		expectProblem(await send([a, b, c], { more: [b.spkiHash, c.spkiHash] }), 422, 'field.value', '/csr');
		expectProblem(await send([a, a], { more: [a.spkiHash] }), 409, 'key.reused', '/csr');
		expectProblem(await send([a, b], {}), 422, 'statement.target', '/statement/more');
		expectProblem(await send([a, b], { more: [c.spkiHash] }), 422, 'statement.target', '/statement/more');
		expectProblem(await send([a, b], { more: [b.spkiHash] }, { csr: pem(a) }), 422, 'field.value', '/csrs');
		expectStatus(await send([a, b], { more: [b.spkiHash] }), 200);
	});
} finally {
	await world.remove();
}
