// diqi certificate check: what a relying party finds out offline, from files alone; every kind of answer.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { issue } from './lib/command.mjs';
import { expectStatus } from './lib/expect.mjs';
import { program } from './lib/site.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const run = promisify(execFile);
const DAY = 86400000;
const world = await World.make({ second: 'sm2', init: ['--crl-shards', '4'] });
const at = (name) => join(world.site.top, name);
let files = 0;
const ca = (name) => join(world.site.dir, 'ca', name);

async function fetchFile(path) {
	const file = at(`${++files}${path.replaceAll('/', '_')}`), answer = await world.public.get(path);
	assert.equal(answer.status, 200, path);
	writeFileSync(file, answer.bytes);
	return file;
}

// {code, verdict (the JSON), says (what a person is told)}
async function judge(file, { root = ca('root.crt'), chain = [ca('issuing.crt')], lists = [], time, more = [] } = {}) {
	const moment = new Date(time ?? await world.now()).toISOString();
	const repeated = (option, files) => files.flatMap((one) => [`--${option}`, one]);
	const argv = ['certificate', 'check', file, '--at', moment, ...(root === null ? [] : ['--root', root]), ...repeated('chain', chain), ...repeated('list', lists), ...more];
	const done = async (words) => run(program, words).then(({ stdout, stderr }) => ({ code: 0, stdout, stderr }), (failed) => failed);
	const { code, stdout, stderr } = await done([...argv, '--json']);
	return { code, verdict: stdout === '' ? null : JSON.parse(stdout), says: stderr, text: (await done(argv)).stdout };
}

const split = (pem) => pem.match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/g);

try {
	const mine = await (await world.draft()).through('confirmed'), { holder } = mine;
	const file = at('holder.pem'), shard = `/pki/issuing/shard/${Number(`0x${holder.serial.slice(-2)}`) % 4}.crl`;
	const gm = await issue(world, 'gm', 'sm2', 811);
	writeFileSync(file, split(mine.pem)[0]);
	const rootList = await fetchFile('/pki/issuing/root.crl');
	let lists = [rootList, await fetchFile(shard)];

	await check('good: the whole path, the profile, and the list that each was looked up in', async () => {
		const { code, verdict, text, says } = await judge(file, { lists });
		assert.equal(code, 0, says);
		assert.equal(verdict.verdict, 'good');
		assert.deepEqual(verdict.path.map(({ state, profile }) => [state, profile]), [['good', 'organization'], ['good', 'ca'], ['trusted', 'ca']]);
		assert.equal(verdict.path[0].serial, holder.serial);
		assert.match(verdict.path[0].list.point, /\/pki\/issuing\/shard\/\d+\.crl$/);
		assert.match(verdict.path[0].policy, /^2\.25\.\d{39}\.3\.1$/);
		assert.match(text, /^0 {2}good: .*\n {3}serial [0-9a-f]{40}, profile organization.*\n[^]*\ngood at /);
		/* Likewise with the full list and delta, in PEM, the chain behind the leaf in one file, and the site's own folder for the rest. */
		const full = [await fetchFile('/pki/issuing/full.crl'), await fetchFile('/pki/issuing/delta.crl')], pem = at('all.crl'), whole = at('whole.pem');
		const { stdout: one } = await run('openssl', ['crl', '-inform', 'DER', '-in', full[0]]), { stdout: two } = await run('openssl', ['crl', '-inform', 'DER', '-in', full[1]]);
		writeFileSync(pem, `full:\n${one}delta:\n${two}`);
		writeFileSync(whole, mine.pem);
		assert.equal((await judge(whole, { chain: [], lists: [pem, rootList] })).code, 0);
		assert.equal((await judge(file, { root: null, chain: [], lists: [pem], more: ['--dir', world.site.dir] })).code, 0);
	});

	await check('undecided: no list of its shard, another shard\'s, or one that is stale; it says where the list is', async () => {
		for (const [given, field, detail] of [[[rootList], 'cRLDistributionPoints', /none that its issuer signed/],
			[[rootList, await fetchFile(shard.replace(/\d+/, (n) => (Number(n) + 1) % 4))], 'cRLDistributionPoints', /of other distribution points/],
			[[rootList, await fetchFile('/pki/issuing/delta.crl')], 'cRLDistributionPoints', /delta/]]) {
			const { code, verdict, text, says } = await judge(file, { lists: given });
			assert.deepEqual([code, verdict.verdict, verdict.fault.place, verdict.fault.field], [3, 'undecided', 0, field]);
			assert.match(verdict.fault.detail, detail);
			assert.equal(new URL(verdict.fault.fetch[0]).pathname, shard);
			assert.ok(text.includes(`fetch ${verdict.fault.fetch[0]}`) && says.includes(holder.serial), text + says);
		}
		const stale = await judge(file, { lists, time: await world.now() + 2 * DAY });
		assert.deepEqual([stale.code, stale.verdict.verdict, stale.verdict.fault.field], [3, 'undecided', 'nextUpdate']);
		assert.match(stale.says, /stale, it was to be replaced by /);
		/* The CA's own status counts too. */
		const above = await judge(file, { lists: lists.slice(1) });
		assert.deepEqual([above.verdict.fault.place, new URL(above.verdict.fault.fetch[0]).pathname], [1, '/pki/issuing/root.crl']);
	});

	await check('undecided: without the certificate of its issuer it says where that is', async () => {
		const { verdict } = await judge(file, { chain: [], lists });
		assert.deepEqual([verdict.verdict, verdict.fault.field, new URL(verdict.fault.fetch[0]).pathname], ['undecided', 'issuer', '/pki/issuing/ca.cer']);
	});

	await check('refused: expired, another root, a changed certificate', async () => {
		const late = await judge(file, { lists, time: Date.parse((await judge(file, { lists })).verdict.path[0].not_after) + 1000 });
		assert.deepEqual([late.code, late.verdict.verdict, late.verdict.fault.field, late.verdict.fault.code], [3, 'refused', 'notAfter', 'certificate.expired']);
		assert.match(late.verdict.fault.rule, /RFC 5280 6\.1\.3/);
		const foreign = await judge(file, { root: ca('gm-root.crt'), lists });
		assert.deepEqual([foreign.verdict.verdict, foreign.verdict.fault.place], ['undecided', 1]);
		const named = await judge(file, { root: ca('gm-root.crt'), chain: [ca('issuing.crt'), ca('root.crt')], lists });
		assert.deepEqual([named.verdict.verdict, named.verdict.fault.place], ['refused', 2]);
		assert.match(named.says, /none of those that are trusted/);
		const der = Buffer.from(split(mine.pem)[0].replace(/-----.*-----|\n/g, ''), 'base64');
		der[der.length - 3] ^= 1;
		writeFileSync(at('changed.der'), der);
		const changed = await judge(at('changed.der'), { lists });
		assert.equal(changed.verdict.fault.field, 'signatureValue');
	});

	await check('an SM2 holder: to its own root, and over the cross certificate to the first', async () => {
		const [certificate, , cross] = split(expectStatus(await world.public.get('/pki/gm/chain.pem'), 200));
		const last = Number(`0x${gm.serial.slice(-2)}`) % 4, list = await fetchFile(`/pki/gm/shard/${last}.crl`), gmRootList = await fetchFile('/pki/gm/root.crl');
		writeFileSync(at('cross.pem'), certificate + cross);
		const own = await judge(gm.file, { root: ca('gm-root.crt'), chain: [at('cross.pem')], lists: [list, gmRootList] });
		assert.equal(own.code, 0, own.says);
		const over = await judge(gm.file, { chain: [at('cross.pem')], lists: [list, rootList] });
		assert.equal(over.code, 0, over.says);
		assert.equal(over.verdict.path.at(-1).sha256, (await run('openssl', ['x509', '-in', ca('root.crt'), '-noout', '-fingerprint', '-sha256'])).stdout.split('=')[1].trim().replaceAll(':', '').toLowerCase());
		/* Without the first root's list nobody knows whether it still stands by the cross certificate. */
		assert.equal((await judge(gm.file, { chain: [at('cross.pem')], lists: [list] })).verdict.fault.place, 1);
	});

	await check('held, then revoked: since when, and why', async () => {
		const freeze = await world.service('freeze', mine);
		expectStatus(await freeze.submit(), 200);
		await world.site.restart();        /* the lists are made at once at a start */
		lists = [rootList, await fetchFile(shard)];
		const held = await judge(file, { lists });
		assert.deepEqual([held.code, held.verdict.verdict, held.verdict.fault.code], [3, 'refused', 'certificate.held']);
		assert.match(held.says, /on hold since 20/);
		expectStatus(await mine.revoke(await world.officer('issuer'), 'keyCompromise'), 200);
		await world.site.restart();
		const gone = await judge(file, { lists: [rootList, await fetchFile(shard)] });
		assert.deepEqual([gone.verdict.fault.code, gone.verdict.fault.field], ['certificate.revoked', 'revokedCertificates']);
		assert.match(gone.says, /revoked since .*keyCompromise/);
		/* The list from before stays as good as it was, within its day. */
		assert.equal((await judge(file, { lists })).verdict.fault.code, 'certificate.held');
	});

	await check('the shards are as many as init was told, and the practice statement says so; other numbers are refused', async () => {
		const cps = expectStatus(await world.public.get('/pki/cps.json'), 200);
		assert.deepEqual(cps.authorities.map((one) => one.crl_shards), [4, 4]);
		assert.match(String((await world.public.get('/pki/cps')).body), /分为 4 张分片表/);
		assert.equal((await world.public.get('/pki/issuing/shard/3.crl')).status, 200);
		assert.equal((await world.public.get('/pki/issuing/shard/4.crl')).status, 404);
		for (const n of ['0', '3', '512', '-1']) {
			const refused = await run(program, ['demo', '--make-only', '--dir', at(`shards${n}`), '--crl-shards', n]).catch((failed) => failed);
			assert.equal(refused.code, 3, n);
			assert.match(refused.stderr, /1, 2, 4 and so on, at most 256/);
		}
	});

	await check('hostile or wrong input is refused in words: no root, no certificate, a torn block, too many', async () => {
		const torn = at('torn.pem'), many = at('many.pem'), none = at('none.pem');
		writeFileSync(torn, readFileSync(file, 'utf8').slice(0, -40));
		writeFileSync(many, readFileSync(file, 'utf8').repeat(70));
		writeFileSync(none, 'nothing\n');
		for (const [options, words] of [[{ root: null }, /nothing to trust/], [{ chain: [torn] }, /neither DER nor whole PEM blocks/], [{ chain: [many] }, /over 64 blocks/],
			[{ lists: [none] }, /neither DER nor whole PEM blocks/], [{ more: ['--dir', at('nowhere')] }, /No such file/]]) {
			const { code, says, verdict } = await judge(file, options);
			assert.ok(code > 0 && verdict === null, says);
			assert.match(says, words);
		}
		const junk = await judge(file, { lists: [...lists, at('changed.der')] });
		assert.equal(junk.verdict.fault.code, 'certificate.held', 'what is no list of its issuer says nothing');
	});
} finally {
	await world.remove();
}
