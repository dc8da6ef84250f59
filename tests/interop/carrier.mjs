// A holder's token (SoftHSM2): see carrier.sh.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash, X509Certificate } from 'node:crypto';

import { expectStatus } from '../api/lib/expect.mjs';
import { program } from '../api/lib/site.mjs';
import { assert, check } from '../api/lib/tap.mjs';
import { World } from '../api/lib/world.mjs';

const module = process.env.SOFTHSM2_MODULE;
const home = mkdtempSync(join(tmpdir(), 'diqi-carrier-')), store = join(home, 'tokens');
mkdirSync(store);
writeFileSync(join(home, 'softhsm2.conf'), `directories.tokendir = ${store}\nobjectstore.backend = file\nlog.level = ERROR\n`);
const env = { ...process.env, SOFTHSM2_CONF: join(home, 'softhsm2.conf'), ASAN_OPTIONS: 'detect_leaks=0' };
const run = (file, args, more = {}) => new Promise((resolve) => {
	execFile(file, args, { env: { ...env, ...more }, timeout: 60000, encoding: 'buffer' }, (error, stdout, stderr) =>
		resolve({ code: error === null ? 0 : error.signal ?? error.code ?? -1, stdout, text: stdout.toString(), stderr: stderr.toString() }));
});
const path = (name) => join(home, name);
writeFileSync(path('pin'), '123456\n', { mode: 0o600 });

const world = await World.make();
const prepare = (ticket, serial, more = [], extra = {}) => run(program, ['token', 'prepare', '--module', module, '--token', serial, '--token-pin-file', path('pin'),
	'--ticket', ticket, ...more, '--server', world.site.url], extra);
const serialOf = async (label) => {
	expectedZero(await run('softhsm2-util', ['--init-token', '--free', '--label', label, '--so-pin', '12345678', '--pin', '123456', '--module', module]));
	const { text } = await run(program, ['token', 'list', '--module', module]);
	return text.split(/\n(?=slot: )/).map((t) => [/^label: (.*)$/m.exec(t)?.[1], /^serial: (.*)$/m.exec(t)?.[1]]).find(([l]) => l === label)[1];
};
const expectedZero = (result) => assert.equal(result.code, 0, result.stderr);
const tool = (label, ...args) => run('pkcs11-tool', ['--module', module, '--token-label', label, '--login', '--pin', '123456', ...args]);
// Objects by kind, as another program counts them.
const objects = async (label) => {
	const { text } = await tool(label, '--list-objects');
	return ['Private Key Object', 'Public Key Object', 'Certificate Object'].map((kind) => text.split(kind).length - 1);
};
const ticketOf = async (name) => {
	const application = await world.draft();
	writeFileSync(path(`${name}.json`), JSON.stringify({ application: application.id, access_code: application.byCode.accessCode }), { mode: 0o600 });
	return [application, path(`${name}.json`)];
};
const issue = async (application) => {
	application.view = await application.refresh();
	for (const step of ['accepted', 'paid', 'reviewed', 'issued'])
		application.view = expectStatus(await application.step(step), 200);
};

async function story(algorithm, points) {
	const label = `holder-${algorithm}`, serial = await serialOf(label), [application, ticket] = await ticketOf(label);
	const more = ['--algorithm', algorithm];
	const killed = async (point) => {
		const { code, stderr } = await prepare(ticket, serial, more, { DIQI_FAILPOINT: `${point}:1:kill` });
		assert.equal(code, 'SIGKILL', `${point}: ${stderr}`);
	};

	await check(`${algorithm}: killed after the key pair and after handing in: one key pair, one application`, async () => {
		for (const point of points.slice(0, 2))
			await killed(point);
		assert.deepEqual(await objects(label), [1, 1, 0]);
		assert.equal((await application.refresh()).state, 'submitted');
		expectedZero(await prepare(ticket, serial, more));
		assert.deepEqual(await objects(label), [1, 1, 0]);
	});

	await check(`${algorithm}: pulled out while the authority worked; plugged in, it goes on`, async () => {
		await issue(application);
		renameSync(store, `${store}.away`);
		mkdirSync(store);
		const away = await prepare(ticket, serial, more);
		assert.notEqual(away.code, 0);
		assert.match(away.stderr, /token .*not in any slot/s);
		rmSync(store, { recursive: true });
		renameSync(`${store}.away`, store);
	});

	await check(`${algorithm}: killed at each object, run again: two key pairs, two certificates, nothing doubled`, async () => {
		for (const point of points.slice(2))
			await killed(point);
		const done = await prepare(ticket, serial, more);
		expectedZero(done);
		assert.match(done.text, /^encryption_certificate: there$/m);
		assert.deepEqual(await objects(label), [2, 2, 2]);
		expectedZero(await prepare(ticket, serial, more));
		assert.deepEqual(await objects(label), [2, 2, 2]);
	});

	await check(`${algorithm}: the objects are usable by pkcs11-tool, and openssl agrees`, async () => {
		const id = (use) => `${application.id.replaceAll('-', '')}00${use}`;
		const issued = expectStatus(await application.client.get(`${application.path}/issued`), 200);
		for (const [use, name] of [['01', 'certificate'], ['02', 'encryption_certificate']]) {
			const { stdout } = await tool(label, '--read-object', '--type', 'cert', '--id', id(use), '--output-file', path('cert.der'));
			assert.ok(stdout !== null);
			assert.ok(readFileSync(path('cert.der')).equals(Buffer.from(issued[name], 'base64')), name);
		}
		const signing = new X509Certificate(Buffer.from(issued.certificate, 'base64')), encryption = new X509Certificate(Buffer.from(issued.encryption_certificate, 'base64'));
		writeFileSync(path('message'), 'what is signed');
		writeFileSync(path('signing.pem'), signing.publicKey.export({ type: 'spki', format: 'pem' }));
		const rsa = algorithm.startsWith('rsa');
		// SoftHSM2 signs digests with ECDSA, and messages with RSA.
		writeFileSync(path('digest'), createHash('sha256').update('what is signed').digest());
		expectedZero(await tool(label, '--sign', '--id', id('01'), '--mechanism', rsa ? 'SHA256-RSA-PKCS' : 'ECDSA', '--signature-format', 'openssl',
			'--input-file', path(rsa ? 'message' : 'digest'), '--output-file', path('signature')));
		execFileSync('openssl', ['dgst', '-sha256', '-verify', path('signing.pem'), '-signature', path('signature'), path('message')], { stdio: 'ignore' });
		writeFileSync(path('encryption.pem'), encryption.publicKey.export({ type: 'spki', format: 'pem' }));
		if (rsa) {
			execFileSync('openssl', ['pkeyutl', '-encrypt', '-pubin', '-inkey', path('encryption.pem'), '-in', path('message'), '-out', path('secret')]);
			expectedZero(await tool(label, '--decrypt', '--id', id('02'), '--mechanism', 'RSA-PKCS', '--input-file', path('secret'), '--output-file', path('plain')));
			assert.equal(readFileSync(path('plain'), 'utf8'), 'what is signed');
			return;
		}
		execFileSync('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', path('peer.pem')]);
		execFileSync('openssl', ['pkey', '-in', path('peer.pem'), '-pubout', '-outform', 'DER', '-out', path('peer.der')]);
		execFileSync('openssl', ['pkeyutl', '-derive', '-inkey', path('peer.pem'), '-peerkey', path('encryption.pem'), '-out', path('ours')]);
		expectedZero(await tool(label, '--derive', '--id', id('02'), '--mechanism', 'ECDH1-DERIVE', '--input-file', path('peer.der'), '--output-file', path('theirs')));
		assert.ok(readFileSync(path('ours')).equals(readFileSync(path('theirs'))));
	});
	return [label, serial];
}

const points = ['carrier.key_pair', 'carrier.submitted', 'carrier.signing_certificate', 'carrier.encryption_key', 'carrier.encryption_certificate'];
try {
	const [label, serial] = await story('p256', points);
	await story('rsa3072', points);

	await check('an application whose key is elsewhere, or of which nothing comes, does not look as if it waited', async () => {
		const [elsewhere, ticket] = await ticketOf('elsewhere');
		await elsewhere.through('submitted');
		const other = await prepare(ticket, serial);
		assert.notEqual(other.code, 0);
		assert.match(other.stderr, /goes on with the token whose key it was handed in with.*slot \d+, token "holder-p256" .*find key: there is no key of this label/s);
		const [withdrawn, second] = await ticketOf('withdrawn');
		expectStatus(await withdrawn.client.post(`${withdrawn.path}/withdraw`, {}), 200);
		const over = await prepare(second, serial);
		assert.equal(over.code, 3);
		assert.match(over.stderr, /is withdrawn: no certificate comes of it.*\[application\.state\]/);
		assert.deepEqual(await objects(label), [2, 2, 2]);
	});

	await check('PKCS#11 has no SM2: said so, and nothing is written', async () => {
		const [, ticket] = await ticketOf('sm2');
		const { code, stderr } = await prepare(ticket, serial, ['--algorithm', 'sm2']);
		assert.notEqual(code, 0);
		assert.match(stderr, /slot \d+, token "holder-p256": make key: .*no sm2 keys/);
		assert.deepEqual(await objects(label), [2, 2, 2]);
	});

	await check('the holder changes his PIN; the old one is refused, by slot, token and step', async () => {
		writeFileSync(path('new'), '654321\n', { mode: 0o600 });
		const pin = () => run(program, ['token', 'pin', '--module', module, '--token', serial, '--token-pin-file', path('pin'), '--new-pin-file', path('new')]);
		expectedZero(await pin());
		const again = await pin();
		assert.notEqual(again.code, 0);
		assert.match(again.stderr, /slot \d+, token "holder-p256" .*login: wrong PIN/);
	});
} finally {
	rmSync(home, { recursive: true, force: true });
	await world.remove();
}
