// Two hierarchies in one site: SM2 holders under the GM authority, the others under the international one.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { by, command, issue, submit } from './lib/command.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { program } from './lib/site.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const run = promisify(execFile);
const worlds = [];
const makeWorld = async (options) => (worlds.push(await World.make(options)), worlds.at(-1));

async function fetchPem(world, path, kind = 'x509') {
	const file = join(world.site.top, path.replaceAll('/', '_'));
	const answer = await world.public.get(path);
	assert.equal(answer.status, 200, path);
	writeFileSync(file, answer.bytes);
	await run('openssl', [kind, '-inform', 'DER', '-in', file, '-out', `${file}.pem`]);
	return `${file}.pem`;
}

// One link: openssl 3.0 knows the SM2 identity only of the certificate that it is asked about, not of those above it.
async function verify(world, issuer, subject, ...more) {
	const at = Math.floor(await world.now() / 1000);
	const { stdout: text } = await run('openssl', ['x509', '-in', subject, '-noout', '-text']);
	const identity = text.includes('SM2-with-SM3') ? ['-vfyopt', 'distid:1234567812345678'] : [];
	const { stdout } = await run('openssl', ['verify', '-attime', String(at), '-partial_chain', '-trusted', issuer, ...identity, ...more, subject]);
	assert.match(stdout, /OK/);
}

try {
	const world = await makeWorld({ second: 'sm2' });
	const holders = {};
	await check('the same officers issue for an SM2 key and for a P-256 key', async () => {
		holders.gm = await issue(world, 'gm', 'sm2', 801);
		holders.issuing = await issue(world, 'issuing', 'p256', 802);
		const { stdout } = await run('openssl', ['x509', '-in', holders.gm.file, '-noout', '-text']);
		assert.match(stdout, /Signature Algorithm: SM2-with-SM3/);
		assert.match(stdout, /\/pki\/gm\/ca\.cer/);
	});

	await check('openssl verifies each chain to its own root, and neither to the other', async () => {
		for (const ca of ['gm', 'issuing']) {
			const [root, issuing] = [await fetchPem(world, `/pki/${ca}/root.cer`), await fetchPem(world, `/pki/${ca}/ca.cer`)];
			await verify(world, root, issuing);
			await verify(world, issuing, holders[ca].file);
			const other = ca === 'gm' ? 'issuing' : 'gm';
			await assert.rejects(fetchPem(world, `/pki/${other}/root.cer`).then((file) => verify(world, file, issuing)));
			await assert.rejects(fetchPem(world, `/pki/${other}/ca.cer`).then((file) => verify(world, file, holders[ca].file)));
		}
	});

	await check('who trusts the first root alone can check an SM2 holder: it vouches for the GM authority', async () => {
		const chain = join(world.site.top, 'chain.pem');
		const [certificate, root, cross] = expectStatus(await world.public.get('/pki/gm/chain.pem'), 200).match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/g);
		assert.ok(certificate && root && cross);
		writeFileSync(chain, cross);
		await verify(world, await fetchPem(world, '/pki/root/ca.cer'), chain);
		await verify(world, chain, holders.gm.file);
	});

	await check("the roots' own lists are there; openssl checks the CA and the cross certificate against the first's", async () => {
		const [root, list] = [await fetchPem(world, '/pki/issuing/root.cer'), await fetchPem(world, '/pki/issuing/root.crl', 'crl')];
		await verify(world, root, await fetchPem(world, '/pki/issuing/ca.cer'), '-crl_check', '-CRLfile', list);
		await verify(world, root, join(world.site.top, 'chain.pem'), '-crl_check', '-CRLfile', list);
		// openssl 3.0 has no way to say the SM2 identity for a list; the server verified it before it gave it out.
		await fetchPem(world, '/pki/gm/root.crl', 'crl');
	});

	await check('an authority that the site has not is 404', async () => {
		for (const path of ['ca.cer', 'root.cer', 'chain.pem', 'root.crl'])
			expectProblem(await world.public.get(`/pki/nobody/${path}`), 404, 'not_found');
	});

	await check('both survive a restart', async () => {
		await world.site.stop();
		await world.site.start();
		for (const { serial } of Object.values(holders))
			assert.equal(expectStatus(await world.public.get(`/api/v1/certificates/${serial}`), 200).status, 'valid');
		holders.later = await issue(world, 'later', 'sm2', 803);
	});

	await check('an SM2 site has an international hierarchy beside it, which issues for a P-256 key and survives a restart', async () => {
		const other = await makeWorld({ algorithm: 'sm2', second: 'p256' });
		const id = await submit(other, 'abroad', 'p256', 805);
		for (const [act, officer, ...more] of [['accept', 'clerk', '--papers-seen'], ['fee', 'cashier'], ['review', 'reviewer'], ['issue', 'issuer']])
			await command(other, 'application', act, id, ...act === 'fee' ? ['300'] : [], ...more, ...by(other, officer));
		const leaf = join(other.site.top, 'abroad.pem');
		writeFileSync(leaf, (await run(program, ['application', 'certificate', '--ticket', join(other.site.top, 'abroad.ticket'), '--server', other.site.url])).stdout);
		const [root, issuing] = [await fetchPem(other, '/pki/international/root.cer'), await fetchPem(other, '/pki/international/ca.cer')];
		await verify(other, root, issuing);
		await verify(other, issuing, leaf);
		await other.site.restart();
		expectStatus(await other.public.get('/pki/international/full.crl'), 200);
	});

	await check('a site without the GM hierarchy refuses an SM2 key when it is handed in', async () => {
		const plain = await makeWorld();
		await assert.rejects(submit(plain, 'gm', 'sm2', 804), /no authority for sm2 keys/);
	});
} finally {
	await Promise.all(worlds.map((w) => w.remove()));
}
