// 冻结, 解冻, 挂失, 解挂: a held certificate is stopped everywhere at once and comes back whole; revoked for good it does not.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Client } from './lib/client.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { assert, check } from './lib/tap.mjs';
import { sleep, World } from './lib/world.mjs';

const world = await World.make();
const run = promisify(execFile);
const issuing = join(world.site.dir, 'ca/issuing.crt');

// What a relying party hears: "good", or "revoked: reason".
async function ocsp(serial) {
	const at = String(Math.floor(await world.now() / 1000));
	const { stdout, stderr } = await run('openssl', ['ocsp', '-issuer', issuing, '-serial', `0x${serial}`, '-no_nonce', '-url', `${world.site.url}/pki/issuing/ocsp`,
		'-CAfile', join(world.site.dir, 'ca/root.crt'), '-verify_other', issuing, '-attime', at, '-validity_period', '1000000000']);
	assert.match(stderr, /Response verify OK/);
	const [, state] = /: (good|revoked|unknown)/.exec(stdout), reason = /Reason: (\w+)/.exec(stdout)?.[1];
	return reason === undefined ? state : `${state}: ${reason}`;
}

// The reason under which the full list has the serial; undefined: not there.  It may take a second.
async function listed(serial) {
	const file = join(world.site.top, 'now.crl');
	writeFileSync(file, (await world.public.get('/pki/issuing/full.crl')).bytes);
	const { stdout } = await run('openssl', ['crl', '-inform', 'DER', '-in', file, '-noout', '-text', '-CAfile', issuing]);
	const entry = stdout.split('Serial Number: ').slice(1).find((e) => BigInt(`0x${/^[0-9A-F]+/.exec(e)[0]}`) === BigInt(`0x${serial}`));
	return entry === undefined ? undefined : /Reason Code: \s*([\w ]+\w)/.exec(entry)[1];
}

async function becomesListed(serial, reason) {
	for (let i = 0; i < 200 && await listed(serial) !== reason; i++)
		await sleep(50);
	assert.equal(await listed(serial), reason);
}

const status = async (serial) => expectStatus(await world.public.get(`/api/v1/certificates/${serial}`), 200);

async function assertHeld(holder, serial) {
	assert.equal(await ocsp(serial), 'revoked: certificateHold');
	await becomesListed(serial, 'Certificate Hold');
	const view = await status(serial);
	assert.deepEqual([view.status, view.reason], ['held', 'certificateHold']);
	assert.equal((await holder.get('/api/v1/session')).status, 401);
	expectProblem(await new Client(world.site, holder.identity).login(), 403, 'certificate.held');
}

// Within a second: until the signer has seen both approvals it goes on saying that the certificate is held.
async function becomesGood(serial) {
	for (let i = 0; i < 200 && await ocsp(serial) !== 'good'; i++)
		await sleep(20);
	assert.equal(await ocsp(serial), 'good');
}

async function assertGood(holder, serial) {
	await becomesGood(serial);
	await becomesListed(serial, undefined);
	const view = await status(serial);
	assert.deepEqual(Object.keys(view).sort(), ['not_after', 'not_before', 'pair', 'profile', 'serial', 'status', 'use']);
	assert.ok(!('reason' in view || 'revoked_at' in view));
	if (view.pair)
		await becomesGood(view.pair);
	assert.equal(view.status, 'valid');
	expectStatus(await new Client(world.site, holder.identity).login(), 201);
}

// Lodged by a clerk for somebody who stood at the counter.
async function atCounter(service, of) {
	const application = await world.service(service, of, { by: await world.officer('clerk') });
	application.view = expectStatus(await application.lodge(), 200);
	await application.through('completed');
	return application;
}

try {
	const mine = await (await world.draft('organization')).through('confirmed');
	const { holder, view: { serial } } = mine;

	await check('a freeze asked for in the holder\'s session holds the certificate in that moment, everywhere', async () => {
		assert.equal(await ocsp(serial), 'good');
		const freeze = await world.service('freeze', mine);
		expectStatus(await freeze.submit(), 200);
		await assertHeld(holder, serial);
	});

	await check('a restart changes nothing of a hold', async () => {
		await world.site.restart();
		holder.cookie = null;
		await assertHeld(holder, serial);
	});

	await check('lifted, the certificate is whole again: OCSP, list, login; and a restart keeps it so', async () => {
		await atCounter('unfreeze', mine);
		await assertGood(holder, serial);
		await world.site.restart();
		await assertGood(holder, serial);
	});

	await check('it can be held and freed again', async () => {
		await atCounter('freeze', mine);
		await assertHeld(holder, serial);
		await atCounter('unfreeze', mine);
		await assertGood(holder, serial);
	});

	await check('a held certificate can be revoked for good, from the day of the hold; nothing frees it then', async () => {
		await atCounter('freeze', mine);
		const since = (await status(serial)).revoked_at;
		await world.advance(60000);
		expectStatus(await mine.revoke(await world.officer('issuer'), 'keyCompromise'), 200);
		assert.equal(await ocsp(serial), 'revoked: keyCompromise');
		await becomesListed(serial, 'Key Compromise');
		const view = await status(serial);
		assert.deepEqual([view.status, view.reason, view.revoked_at], ['revoked', 'keyCompromise', since]);
		expectProblem(await new Client(world.site, holder.identity).login(), 403, 'certificate.revoked');
		const asks = { service: 'unfreeze', certificate: serial, kind: 'organization', form: mine.view.form };
		expectProblem(await world.ask(await world.officer('clerk'), asks), 409, 'certificate.state', '/certificate');
	});
} finally {
	await world.remove();
}
