// Revocation lists: full, delta and shards, read and followed by openssl; at the second of the revocation, everywhere.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Client } from './lib/client.mjs';
import { expectProblem, expectStatus, expectWithin } from './lib/expect.mjs';
import { assert, check } from './lib/tap.mjs';
import { sleep, World } from './lib/world.mjs';

const world = await World.make();
const run = promisify(execFile);
const root = join(world.site.dir, 'ca/root.crt'), issuing = join(world.site.dir, 'ca/issuing.crt');

async function fetchList(name) {
	const { bytes } = await world.public.get(`/pki/issuing/${name}`);
	const der = join(world.site.top, name.replace('/', '-')), pem = `${der}.pem`;
	writeFileSync(der, bytes);
	await run('openssl', ['crl', '-inform', 'DER', '-in', der, '-out', pem]);
	return pem;
}

const text = async (pem) => (await run('openssl', ['crl', '-in', pem, '-noout', '-text'])).stdout;
const number = async (pem) => BigInt((await run('openssl', ['crl', '-in', pem, '-noout', '-crlnumber'])).stdout.trim().split('=')[1]);

// "OK", or openssl's number of the error.
async function verify(file, lists, ...options) {
	const rootList = await fetchList('root.crl'), at = String(Math.floor(await world.now() / 1000));
	const argv = ['verify', '-CAfile', root, '-untrusted', issuing, '-attime', at, '-crl_check_all', '-extended_crl', ...options, '-CRLfile', rootList];
	for (const list of lists)
		argv.push('-CRLfile', list);
	try {
		return (await run('openssl', [...argv, file])).stdout.trim().endsWith('OK') ? 'OK' : 'not OK';
	} catch (error) {
		return Number(/error (\d+) at 0/.exec(error.stderr)?.[1]);
	}
}
const REVOKED = 23;

// Until the list says it; openssl's text of serials is upper case.
async function until(done) {
	for (let i = 0; i < 500; i++, await sleep(20))
		if (await done())
			return;
	assert.fail('never');
}

const listed = async (name, serial) => {
	const { bytes } = await world.public.get(`/pki/issuing/${name}`);
	return bytes.includes(Buffer.from(serial, 'hex'));
};

try {
	const application = await (await world.draft()).through('confirmed'), other = await world.certify();
	const { holder } = application;
	const shardOf = (name) => `shard/${Number(`0x${name.slice(-2)}`) % 128}.crl`;
	const serial = holder.serial, shard = shardOf(serial);
	let file, oldFull;

	await check('a certificate names the list of its shard, and passes with full, shard and delta', async () => {
		file = join(world.site.top, 'holder.pem');
		writeFileSync(file, application.pem.match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/)[0]);
		const { stdout } = await run('openssl', ['x509', '-in', file, '-noout', '-ext', 'crlDistributionPoints']);
		assert.ok(stdout.includes(`/pki/issuing/${shard}`), stdout);
		oldFull = await fetchList('full.crl');
		assert.equal(await verify(file, [oldFull]), 'OK');
		assert.equal(await verify(file, [await fetchList(shard)]), 'OK');
		assert.equal(await verify(file, [oldFull, await fetchList('delta.crl')], '-use_deltas'), 'OK');
		assert.match(await text(oldFull), /Freshest CRL/);
		assert.match(await text(await fetchList(shard)), /Issuing Distribution Point: critical/);
		assert.match(await text(await fetchList('delta.crl')), /Delta CRL Indicator: critical/);
		/* Another shard's list says nothing of it: openssl finds none (3). */
		const foreign = `shard/${(Number(`0x${serial.slice(-2)}`) + 1) % 128}.crl`;
		assert.equal(await verify(file, [await fetchList(foreign)]), 44);
	});

	await check('revoked: session, OCSP, delta, shard and full list within a second', async () => {
		writeFileSync(join(world.site.top, 'old.pem'), (await run('openssl', ['crl', '-in', oldFull])).stdout);
		const session = new Client(world.site, holder.identity);
		expectStatus(await session.login(), 201);
		expectStatus(await application.revoke(holder, 'superseded'), 200);
		const start = Date.now();
		assert.equal((await session.get('/api/v1/session')).status, 401);
		const names = async (mine) => {
			for (const list of ['delta.crl', shardOf(mine), 'full.crl'])
				await until(() => listed(list, mine));
		};
		await names(serial);
		const first = Date.now() - start;
		await expectWithin(1000, async (tries) => {
			if (tries === 0)
				return first;
			const again = await (await world.draft()).through('confirmed');
			expectStatus(await again.revoke(again.holder, 'superseded'), 200);
			const since = Date.now();
			await names(again.view.serial);
			return Date.now() - since;
		});
		assert.equal(await verify(file, [await fetchList('full.crl')]), REVOKED);
		assert.equal(await verify(file, [await fetchList(shard)]), REVOKED);
		/* Who has the full list of before learns it from the delta alone. */
		assert.equal(await verify(file, [join(world.site.top, 'old.pem')]), 'OK');
		assert.equal(await verify(file, [join(world.site.top, 'old.pem'), await fetchList('delta.crl')], '-use_deltas'), REVOKED);
		expectProblem(await new Client(world.site, holder.identity).login(), 403, 'certificate.revoked');
	});

	await check('numbers rise through a restart; who has a list is told so', async () => {
		const before = [];
		for (const name of ['full.crl', 'delta.crl', shard])
			before.push(await number(await fetchList(name)));
		await world.site.restart();
		const after = [];
		for (const name of ['full.crl', 'delta.crl', shard])
			after.push(await number(await fetchList(name)));
		after.forEach((n, i) => assert.ok(n > before[i]));
		assert.ok(await listed('full.crl', serial));
		/* Also through a proxy that made the tag a weak one. */
		const etag = (await world.public.get('/pki/issuing/full.crl')).headers.get('etag');
		for (const [tags, status] of [[etag, 304], [`"0", W/${etag}`, 304], ['"0"', 200]])
			assert.equal((await world.public.get('/pki/issuing/full.crl', { headers: { 'If-None-Match': tags } })).status, status);
		for (const path of ['shard/128.crl', 'shard/x.crl', 'shard/01.crl', 'shard/1', 'shard/99999999999999999999.crl'])
			expectProblem(await world.public.get(`/pki/issuing/${path}`), 404, 'not_found');
		expectProblem(await world.public.get('/pki/nobody/full.crl'), 404, 'not_found');
		assert.ok(!(await listed('full.crl', other.serial)));
	});

	await check('a clock that was ahead and is right again: lists and answers go on, and the revoked stay revoked', async () => {
		const right = await world.now(), ahead = await (await world.draft()).through('confirmed');
		await world.advance(40 * 86400000);
		expectStatus(await ahead.revoke(await world.officer('issuer'), 'superseded'), 200);
		await world.site.stop();
		writeFileSync(join(world.site.dir, 'clock'), new Date(right + 60000).toISOString().replace('Z', '000Z'));
		await world.site.start();
		const now = new Date(await world.now()), { serial: stopped } = ahead.view;
		for (const name of ['full.crl', 'delta.crl', shardOf(stopped)]) {
			const told = await text(await fetchList(name));
			const [, date] = new RegExp(`${stopped}\\s+Revocation Date: (.*)`, 'i').exec(told);
			assert.ok(new Date(date) <= now && new Date(/Last Update: (.*)/.exec(told)[1]) <= now, told);
		}
		assert.equal((await fetch(`${world.site.manage}/readyz`)).status, 200);
		assert.match((await run('openssl', ['ocsp', '-issuer', issuing, '-serial', `0x${stopped}`, '-url', `${world.site.url}/pki/issuing/ocsp`, '-CAfile', root,
			'-verify_other', issuing, '-attime', String(Math.floor(now / 1000)), '-validity_period', '1000000000'])).stdout, /: revoked/);
	});

	await check('gnutls and NSS read the lists', async () => {
		const crl = join(world.site.top, 'full.crl');
		for (const name of ['full.crl', 'delta.crl', shard]) {
			const pem = await fetchList(name);
			assert.match((await run('certtool', ['--crl-info', '--infile', pem])).stdout, /CRL Number/);
			/* Its clock is today's, the site's is not: nothing but the age may displease it. */
			const { stdout } = await run('certtool', ['--verify-crl', '--load-ca-certificate', issuing, '--infile', pem]).catch((refused) => refused);
			assert.match(stdout, /Verification output: (Verified|Not verified\.  The certificate is NOT trusted\. The revocation or OCSP data are old and have been superseded\.) *$/m);
		}
		const db = join(world.site.top, 'nss');
		await run('mkdir', ['-p', db]);
		await run('certutil', ['-N', '-d', `sql:${db}`, '--empty-password']);
		await run('certutil', ['-A', '-d', `sql:${db}`, '-n', 'root', '-t', 'CT,C,C', '-i', root]);
		await run('certutil', ['-A', '-d', `sql:${db}`, '-n', 'issuing', '-t', 'C,C,C', '-i', issuing]);
		await run('crlutil', ['-I', '-d', `sql:${db}`, '-i', crl]);
		/* NSS verifies what it takes in, and lists it by the issuer. */
		assert.match((await run('crlutil', ['-L', '-d', `sql:${db}`])).stdout, /issuing/);
	});
} finally {
	await world.remove();
}
