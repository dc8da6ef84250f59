// Profiles: versions come, open and close only by two administrators; they are remembered over a restart, and never change.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { expectProblem, expectStatus } from './lib/expect.mjs';
import { program } from './lib/site.mjs';
import { assert, check } from './lib/tap.mjs';
import { sleep, World } from './lib/world.mjs';

const world = await World.make();
const both = ['administrator', 'administrator-2'];
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const profiles = async () => expectStatus(await (await world.officer('administrator')).get('/api/v1/profiles'), 200).profiles;
const named = (list, name) => list.filter((p) => p.name === name);
const newest = (list, name) => named(list, name).filter((p) => p.open).sort((a, b) => b.version - a.version)[0];

async function signed(text, open, signers = both, changes = {}) {
	const { name, version } = JSON.parse(text);
	const statements = [];
	for (const officer of signers)
		statements.push(await (await world.officer(officer)).statement('profile.change', { name, version, profile: sha256(text), open, ...changes }));
	return statements;
}

async function change(text, open, { signers = both, changes = {}, statements = null, sender = 'administrator' } = {}) {
	return (await world.officer(sender)).post('/api/v1/profiles', { profile: text, statements: statements ?? await signed(text, open, signers, changes) });
}

// The newest of this name under the next version, changed.
async function next(name, edit = {}) {
	const file = JSON.parse(newest(await profiles(), name).text);
	return JSON.stringify({ ...file, version: Math.max(...named(await profiles(), name).map((p) => p.version)) + 1, ...edit }, null, 2);
}

try {
	await check('every shipped profile is listed with its text, and its hash is that of the text', async () => {
		const all = await profiles();
		for (const p of all)
			assert.equal(p.hash, sha256(p.text), p.name);
		assert.ok(all.every((p) => p.open));
		for (const name of ['organization', 'person-soft', 'organization-encryption', 'recovery-agent', 'officer', 'server', 'ocsp', 'tsa', 'document'])
			assert.ok(named(all, name).length > 0, name);
	});

	await check('a form that asks for a soft certificate gets the soft profile, others the hard one', async () => {
		const person = await world.draft('person', { carrier: 'SOFT' });
		assert.equal(person.view.profile, 'person-soft');
		assert.equal((await world.draft('person', { carrier: 'HARD' })).view.profile, 'person');
		assert.equal((await world.draft('organization')).view.profile, 'organization');
	});

	await check('one administrator, another role, one person twice, another text: refused, nothing changes', async () => {
		const before = await profiles(), text = await next('organization', { validity_days: 100 });
		expectProblem(await change(text, true, { signers: ['administrator', 'administrator'] }), 403, 'approval.same_person');
		expectProblem(await change(text, true, { signers: ['administrator', 'reviewer'] }), 403, 'permission.denied');
		expectProblem(await change(text, true, { changes: { profile: sha256('x') } }), 422, 'statement.target');
		expectProblem(await change(text, true, { changes: { version: 99 } }), 422, 'statement.target');
		expectProblem(await change(text, true, { sender: 'reviewer' }), 403, 'permission.denied');
		assert.deepEqual(await profiles(), before);
	});

	await check('whatever two administrators sign: the invariants compiled into the signer hold', async () => {
		for (const edit of [{ key_usage: ['digitalSignature', 'keyCertSign'] }, { extended_key_usage: ['OCSPSigning'] }, { validity_days: 4000 },
			{ policy: '2.25.305447819689411628422610157834667034486.3.3' }, { key_usage: ['keyAgreement'] }, { use: 'encrypt' }]) {
			const text = await next('organization', edit);
			expectProblem(await change(text, true), 403, 'signer.refused');
		}
		assert.equal(newest(await profiles(), 'organization').key_usage.includes('keyCertSign'), false);
	});

	let version;
	await check('a new version counts at once: the next certificate is of it; the very same statements carry no second change', async () => {
		const text = await next('organization', { validity_days: 100 });
		version = JSON.parse(text).version;
		const statements = await signed(text, true);
		expectStatus(await change(text, true, { statements }), 200);
		assert.equal(newest(await profiles(), 'organization').version, version);
		assert.ok(expectStatus(await world.public.get('/api/v1/site'), 200).profiles.some((p) => p.name === 'organization' && p.version === version));
		const application = await (await world.draft('organization')).through('paid');
		assert.equal((await application.request()).profile_version, version);
		await application.through('issued');
		const view = expectStatus(await world.public.get(`/api/v1/certificates/${application.view.serial}`), 200);
		assert.ok(Date.parse(view.not_after) - Date.parse(view.not_before) < 101 * 86400e3);
		const cps = expectStatus(await world.public.get('/pki/cps.json'), 200);
		const shown = cps.profiles.find((p) => p.name === 'organization');
		assert.deepEqual([shown.version, shown.validity_days], [version, 100]);
		const page = String((await world.public.get('/pki/cps')).body);
		assert.ok(page.includes(`organization-${version}`) && page.includes('100 天'), 'the page says what the signer does');
		assert.ok(page.includes(cps.authorities[0].certificate.sha256));
		const again = await change(text, true, { statements });
		assert.equal(again.status, 409, JSON.stringify(again.body));
	});

	await check('a version that was there never changes, and an old number does not come back', async () => {
		const was = named(await profiles(), 'organization').find((p) => p.version === version);
		const other = JSON.stringify({ ...JSON.parse(was.text), validity_days: 99 });
		const answer = await change(other, true);
		expectProblem(answer, 409, 'exists');
	});

	await check('closed: no new certificates of it, also where the review was before; the next newest is used', async () => {
		const text = named(await profiles(), 'organization').find((p) => p.version === version).text;
		const reviewed = await (await world.draft('organization')).through('reviewed');
		expectStatus(await change(text, false), 200);
		assert.equal(newest(await profiles(), 'organization').version < version, true);
		const answer = await reviewed.approve('issue', 'issuer');
		expectProblem(answer, 403, 'signer.refused');
		// The review was of a profile that is gone: it is reviewed again, under the one in use.
		reviewed.view = await reviewed.refresh();
		assert.equal(reviewed.view.state, 'paid');
		await reviewed.through('issued');
		assert.equal((await (await (await world.draft('organization')).through('paid')).request()).profile_version < version, true);
	});

	await check('the last version for officers and services stays open', async () => {
		const all = await profiles();
		const tsa = named(all, 'tsa').filter((p) => p.open);
		assert.equal(tsa.length, 1);
		expectProblem(await change(tsa[0].text, false), 403, 'signer.refused');
	});

	await check('the log holds the change with both statements, and a restart forgets nothing', async () => {
		const before = await profiles();
		await world.site.restart();
		assert.deepEqual(await profiles(), before);
		assert.equal(named(before, 'organization').find((p) => p.version === version).open, false);
	});

	await check('a change that came to the signer by another way than this server is seen within a second', async () => {
		const text = await next('person', { validity_days: 77 }), statements = await signed(text, true), { version: fresh } = JSON.parse(text);
		const socket = join(world.site.top, 'signer.sock');
		await world.site.stop();
		const signer = spawn(program, ['signer', '--dir', join(world.site.dir, 'signer'), '--socket', socket, '--passphrase-fd', '3'],
			{ stdio: ['ignore', 'ignore', 'ignore', openSync(join(world.site.dir, 'passphrase'))] });
		try {
			for (let i = 0; i < 400 && !existsSync(socket); i++)
				await sleep(25);
			world.site.configure('signer', 'socket', socket);
			await world.site.start();
			const shown = async () => expectStatus(await world.public.get('/api/v1/site'), 200).profiles.some((p) => p.name === 'person' && p.version === fresh);
			assert.equal(await shown(), false);
			const line = await new Promise((resolve, reject) => {
				const link = connect(socket, () => {
					const body = Buffer.from(JSON.stringify({ id: 1, type: 'profile.set', profile: text, open: true, statements })), size = Buffer.alloc(4);
					size.writeUInt32BE(body.length);
					link.write(Buffer.concat([size, body]));
				});
				let heard = '';        /* first its greeting */
				link.on('data', (data) => {
					heard += data;
					if (/"id":1\b[^]*}$/.test(heard)) {
						link.destroy();
						resolve(heard);
					}
				});
				link.once('error', reject);
			});
			assert.match(line, /"changes"/);
			for (let i = 0; i < 40 && !await shown(); i++)
				await sleep(50);
			assert.equal(await shown(), true);
			/* So the next review is under it. */
			world.clients.clear();
			assert.equal((await (await (await world.draft('person', { carrier: 'HARD' })).through('paid')).request()).profile_version, fresh);
		} finally {
			await world.site.stop();
			signer.kill();
		}
	});
} finally {
	await world.remove();
}
