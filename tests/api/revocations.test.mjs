// Causes of the contract, many certificates at once (also through kill -9), and holds that last too long.
import { createHash } from 'node:crypto';

import { expectProblem, expectStatus } from './lib/expect.mjs';
import { assert, check } from './lib/tap.mjs';
import { sleep, World } from './lib/world.mjs';

const world = await World.make();
const day = 86400000;
const status = async (serial) => expectStatus(await world.public.get(`/api/v1/certificates/${serial}`), 200);
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

async function statements(serials, changes = {}, signers = ['reviewer', 'issuer']) {
	const members = { list: sha256(serials.map((s) => `${s}\n`).join('')), count: serials.length, reason: 'superseded', cause: 'key_replaced', ...changes };
	return Promise.all(signers.map(async (name) => (await world.officer(name)).statement('certificate.revoke_many', members)));
}

async function revokeMany(serials, changes, signers) {
	return (await world.officer('issuer')).post('/api/v1/revocations', { serials, statements: await statements(serials, changes, signers) });
}

async function finished(batch) {
	const issuer = await world.officer('issuer');
	for (let i = 0; i < 100; i++, await sleep(100)) {
		const view = expectStatus(await issuer.get(`/api/v1/revocations/${batch}`), 200);
		if (view.finished)
			return view;
	}
	return assert.fail('the batch does not end');
}

try {
	const never = '41'.padEnd(40, '7');

	await check('a cause of the contract goes with its reason, and holders have theirs', async () => {
		const holder = await world.certify(), issuer = await world.officer('issuer');
		const path = `/api/v1/certificates/${holder.serial}/revoke`;
		const revoke = (who, reason, cause) => who.act(path, 'certificate.revoke', { serial: holder.serial, reason, cause });
		expectProblem(await revoke(issuer, 'superseded', 'unpaid'), 422, 'field.value', '/statement/cause');
		expectProblem(await revoke(issuer, 'privilegeWithdrawn', 'bad'), 422, 'field.value', '/statement/cause');
		expectProblem(await revoke(issuer, 'privilegeWithdrawn', 'other_temporary'), 422, 'field.value', '/statement/cause');
		expectProblem(await revoke(holder, 'cessationOfOperation', 'unpaid'), 422, 'field.value', '/statement/cause');
		expectStatus(await revoke(issuer, 'cessationOfOperation', 'unpaid'), 200);
		assert.equal((await status(holder.serial)).reason, 'cessationOfOperation');
	});

	await check('two officers revoke many; who was revoked before, or never issued, is passed over; kill -9 between chunks', async () => {
		const holders = [];
		for (let i = 0; i < 3; i++)
			holders.push(await world.certify());
		const serials = [never, ...holders.map((holder) => holder.serial)];
		expectProblem(await revokeMany(serials, {}, ['issuer', 'issuer']), 403, 'approval.same_person', '/statements/1');
		expectProblem(await revokeMany(serials, {}, ['clerk', 'issuer']), 403, 'permission.denied', '/statements');
		expectProblem(await revokeMany(serials, { list: sha256('x') }), 422, 'statement.target', '/statement/list');
		expectProblem(await revokeMany([...serials, never]), 422, 'field.value', '/serials/4');
		expectProblem(await revokeMany(serials, { cause: 'unpaid' }), 422, 'field.value', '/statement/cause');
		for (const holder of holders)
			assert.equal((await status(holder.serial)).status, 'valid');
		const begun = expectStatus(await revokeMany(serials), 202);
		assert.deepEqual([begun.total, begun.done], [4, 0]);
		await world.site.restart('SIGKILL');
		const done = await finished(begun.batch);
		assert.deepEqual([done.done, done.revoked, done.passed_over, done.cause], [4, 3, 1, 'key_replaced']);
		for (const holder of holders) {
			assert.deepEqual([(await status(holder.serial)).status, (await status(holder.serial)).reason], ['revoked', 'superseded']);
			assert.equal((await holder.get('/api/v1/session')).status, 401);
		}
		const again = expectStatus(await revokeMany(serials), 202);
		assert.deepEqual([(await finished(again.batch)).revoked, (await finished(again.batch)).passed_over], [0, 4]);
		expectProblem(await world.public.get(`/api/v1/revocations/${begun.batch}`), 401, 'login.required');
	});

	await check('a hold of more than thirty days ends for good: keyCompromise of what was lost, cessationOfOperation of what was frozen', async () => {
		const lost = await (await world.draft()).through('confirmed'), frozen = await (await world.draft()).through('confirmed');
		await (await world.service('report_loss', lost, { by: null })).through('completed');
		await (await world.service('freeze', frozen, { by: await world.officer('clerk'), form: { remark: '法院协助执行通知书' } })).through('completed');
		lost.serial = lost.view.serial, frozen.serial = frozen.view.serial;
		assert.deepEqual([(await status(lost.serial)).status, (await status(frozen.serial)).status], ['held', 'held']);
		await world.advance(29 * day);
		await sleep(1500);
		assert.equal((await status(lost.serial)).status, 'held');
		await world.advance(2 * day);
		for (const { serial } of [lost, frozen])
			for (let i = 0; i < 100 && (await status(serial)).status === 'held'; i++)
				await sleep(100);
		assert.deepEqual([(await status(lost.serial)).reason, (await status(frozen.serial)).reason], ['keyCompromise', 'cessationOfOperation']);
	});
} finally {
	await world.remove();
}
