// The process dies (kill -9) between two steps of a service: several copies, renewal, change, hold, payment.  The next start
// finishes what was begun without anybody's hand; nothing is lost, and nothing is there twice.  (Sanitizer builds only.)
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expectProblem, expectStatus } from '../api/lib/expect.mjs';
import { assert, check } from '../api/lib/tap.mjs';
import { Client } from '../api/lib/client.mjs';
import { World } from '../api/lib/world.mjs';
import { expectWell, signedTimes } from './lib/market.mjs';
import { Record } from './lib/record.mjs';

const world = await World.make();
const record = new Record(world);
const issuingPoints = [['registry.issue.intended', 1], ['authority.signed', 1], ['registry.issue.published', 1]];

// Runs `act` on a server that dies at the n-th pass of `point`, then starts it anew.
async function dieAt(point, act, n = 1) {
	await world.site.stop();
	await world.site.start({ DIQI_FAILPOINT: `${point}:${n}:kill` });
	const done = act();
	const guard = new Promise((resolve) => setTimeout(resolve, 20000).unref());
	const end = await Promise.race([world.site.ended, guard]);
	expectWell(world);
	assert.deepEqual(end, { code: null, signal: 'SIGKILL' }, `${point} was not passed`);
	await done;
	await world.site.stop();
	await world.site.start();
}

// The issuer's order, all else done.
async function issueOrder(application) {
	await application.through('reviewed');
	const issuer = await world.officer('issuer');
	const { hash, profile, profile_version } = await application.request();
	const statement = await issuer.statement('application.issue', { application: application.id, request: hash, profile, profile_version });
	return { kind: 'issue', client: issuer, application, path: `${application.path}/issue`, body: { statement } };
}

const statusOf = async (serial) => expectStatus(await world.public.get(`/api/v1/certificates/${serial}`), 200);

// By a clerk: with a change the holder's session ends.
const look = async (application) => expectStatus(await (await world.officer('clerk')).get(application.path), 200);

// Done by the start alone: each copy signed once and valid; then the repetition says the same.
async function assertIssued(order, copies) {
	assert.equal(order.outcome, 'unknown');
	const view = await look(order.application);
	assert.equal(view.state, 'issued');
	assert.equal(view.copies.length, copies);
	const serials = view.copies.map((c) => c.serial);
	assert.equal(new Set(serials).size, copies);
	await record.resolve();
	assert.equal(order.outcome, 'ack');
	for (const serial of serials) {
		assert.equal(signedTimes(world, serial), 1);
		assert.equal((await statusOf(serial)).status, 'valid');
	}
	const after = await look(order.application);
	assert.deepEqual(after.copies.map((c) => c.serial), serials);
	assert.equal(after.history.filter((h) => h.act === 'certificate.issued').length, 1);
	return serials;
}

try {
	for (const [point, n] of [...issuingPoints, ['authority.signed', 2], ['authority.signed', 3]]) {
		await check(`${point} (${n}): three copies of one application are issued at the next start, each once`, async () => {
			const order = await issueOrder(await world.draft('organization', { copies: 3 }));
			await dieAt(point, () => record.send(order), n);
			await assertIssued(order, 3);
		});
	}

	for (const [point, n] of issuingPoints) {
		await check(`${point}: a renewal is issued at the next start; the old certificate stays good to its end`, async () => {
			const first = await (await world.draft('person')).through('confirmed');
			const order = await issueOrder(await world.service('renew', first));
			await dieAt(point, () => record.send(order), n);
			await assertIssued(order, 1);
			assert.equal((await statusOf(first.view.serial)).status, 'valid');
		});

		await check(`${point}: a change replaces: the new certificate is good and the old one revoked, in one step`, async () => {
			const first = await (await world.draft('organization')).through('confirmed');
			const order = await issueOrder(await world.service('change', first, { form: { name: `太仓虚构变更${point.length}置业有限公司` } }));
			await dieAt(point, () => record.send(order), n);
			await assertIssued(order, 1);
			const old = await statusOf(first.view.serial);
			assert.deepEqual([old.status, old.reason], ['revoked', 'affiliationChanged']);
		});
	}

	await check('crl.signed: a hold stands after the crash, in status, login and list; lifted it is gone from them', async () => {
		const mine = await (await world.draft('person')).through('confirmed');
		const freeze = await world.service('freeze', mine);
		const about = { application: freeze.id, service: 'freeze', form: await freeze.formHash(), ...freeze.target };
		const submit = { kind: 'hold', client: mine.holder, path: `${freeze.path}/submit`, body: { statement: await mine.holder.statement('application.submit', about) } };
		await dieAt('crl.signed', () => record.send(submit), 2);        // the first is signed at start
		assert.equal((await statusOf(mine.view.serial)).status, 'held');
		expectProblem(await new Client(world.site, mine.holder.identity).login(), 403, 'certificate.held');
		const list = join(world.site.top, 'now.crl');
		writeFileSync(list, (await world.public.get('/pki/issuing/full.crl')).bytes);
		const text = execFileSync('openssl', ['crl', '-inform', 'DER', '-in', list, '-noout', '-text']).toString();
		assert.match(text, /Certificate Hold/);
		const lift = await world.service('unfreeze', mine, { by: await world.officer('clerk') });
		lift.view = expectStatus(await lift.lodge(), 200);
		await lift.through('completed');
		assert.equal((await statusOf(mine.view.serial)).status, 'valid');
		expectStatus(await new Client(world.site, mine.holder.identity).login(), 201);
		submit.outcome = 'nack';                                        // its session ended with the hold: nobody may ask again
	});

	await check('pay.posted: money is booked whole or not at all, and once', async () => {
		const application = await (await world.draft('person')).through('accepted');
		const cashier = await world.officer('cashier');
		const members = { application: application.id, amount_fen: application.view.amount_fen, method: 'cash' };
		const pay = { kind: 'pay', client: cashier, path: `${application.path}/fee`, body: { statement: await cashier.statement('fee.record', members) } };
		await dieAt('pay.posted', () => record.send(pay));
		assert.equal((await application.refresh()).state, 'accepted');
		await record.resolve();
		assert.equal(pay.reply.status, 200);
		assert.equal((await application.refresh()).state, 'paid');
		expectProblem(await application.pay(), 409, 'application.state');
	});
} finally {
	await world.remove();
}
