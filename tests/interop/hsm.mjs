// A site on a token (SoftHSM2): see hsm.sh.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createHash, verify, X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expectStatus } from '../api/lib/expect.mjs';
import { program, Site } from '../api/lib/site.mjs';
import { canonical, timeText } from '../api/lib/statement.mjs';
import { assert, check } from '../api/lib/tap.mjs';
import { sleep, World } from '../api/lib/world.mjs';

const module = process.env.SOFTHSM2_MODULE, PIN = '7531-2468', DAY = 86400000;
const home = mkdtempSync(join(tmpdir(), 'diqi-hsm-')), tokens = join(home, 'tokens'), away = join(home, 'away');
mkdirSync(tokens);
writeFileSync(join(home, 'softhsm2.conf'), `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
process.env.SOFTHSM2_CONF = join(home, 'softhsm2.conf');
process.env.ASAN_OPTIONS = `${process.env.ASAN_OPTIONS ?? ''}:detect_leaks=0`;        // SoftHSM forgets a little with every Ed25519 signature

const run = (file, args, timeout = 60000) => new Promise((resolve) => {
	execFile(file, args, { timeout, maxBuffer: 1 << 24 }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code ?? -1, stdout, stderr }));
});
const well = async (file, args) => {
	const end = await run(file, args);
	assert.equal(end.code, 0, `${file} ${args.join(' ')}: ${end.stderr}${end.stdout}`);
	return end;
};
const secret = (name, text) => {
	writeFileSync(join(home, name), `${text}\n`, { mode: 0o600 });
	return join(home, name);
};
const newToken = (label) => well('softhsm2-util', ['--init-token', '--free', '--label', label, '--so-pin', '12345678', '--pin', PIN, '--module', module]);
const onToken = (label, ...args) => run('pkcs11-tool', ['--module', module, '--token-label', label, '--login', '--pin', PIN, ...args]);
const changePin = (from, to) => well('pkcs11-tool', ['--module', module, '--token-label', 'diqi', '--login', '--pin', from, '--change-pin', '--new-pin', to]);
const pullOut = () => {
	renameSync(tokens, away);
	mkdirSync(tokens);
};
const plugIn = () => {
	rmdirSync(tokens);
	renameSync(away, tokens);
};

await newToken('diqi');
await newToken('root');
const pinFile = secret('pin', PIN);
const hsm = ['--hsm-module', module, '--hsm-token', 'diqi', '--hsm-pin-file', pinFile, '--root-hsm-token', 'root', '--root-hsm-pin-file', pinFile];
const world = await World.make({ init: hsm });
const { site } = world, signer = join(site.dir, 'signer'), passphrase = join(site.dir, 'passphrase');
const file = (name, content) => {
	if (content !== undefined)
		writeFileSync(join(home, name), content);
	return join(home, name);
};
const ca = (name) => join(site.dir, 'ca', `${name}.crt`);
const epoch = async () => String(Math.floor(await world.now() / 1000));
const pinned = () => JSON.parse(readFileSync(join(signer, 'site.json'), 'utf8'));
// The program tries to serve, and says why it cannot.
const refusal = async () => {
	const { code, stderr } = await run(program, ['serve', '--dir', site.dir, '--listen', '127.0.0.1:0', '--passphrase-file', passphrase], 30000);
	assert.notEqual(code, 0);
	assert.ok(!stderr.includes(PIN), 'the PIN is never shown');
	return stderr;
};
const doctor = async () => {
	const { code, stdout } = await run(program, ['doctor', '--json', '--dir', site.dir, '--passphrase-file', passphrase]);
	assert.ok(!stdout.includes(PIN) && !stdout.includes(readFileSync(passphrase, 'utf8').trim()), 'no secret is shown');
	return { code, ...JSON.parse(stdout) };
};
const found = (report, level, name) => report.findings.filter((f) => f.level === level && f.check === name).map((f) => f.detail);
async function ocsp(serial) {
	const { stdout, stderr } = await well('openssl', ['ocsp', '-issuer', ca('issuing'), '-serial', `0x${serial}`, '-url', `${site.url}/pki/issuing/ocsp`,
		'-CAfile', ca('root'), '-verify_other', ca('issuing'), '-attime', await epoch(), '-validity_period', '1000000000']);
	assert.match(stderr, /Response verify OK/);
	return /: (good|revoked|unknown)/.exec(stdout)?.[1];
}
const publicKey = (name) => new X509Certificate(readFileSync(ca(name))).publicKey;
// Everything below a folder, to see that nobody changed it.
const fingerprint = (folder, but = /$^/) => readdirSync(folder, { recursive: true }).sort().filter((f) => statSync(join(folder, f)).isFile() && !but.test(f))
	.map((f) => `${f} ${createHash('sha256').update(readFileSync(join(folder, f))).digest('hex')}`).join('\n');

try {
	let victim;

	await check('every key is made on the token, not to be extracted; no file holds one', async () => {
		const { stdout } = await onToken('diqi', '-O');
		const keys = [...stdout.matchAll(/(Private|Secret) Key Object;(.*?)Access:\s+([^\n]*)/gs)];
		assert.equal(keys.length, Object.keys(pinned().keys).length);
		for (const [, , , access] of keys)
			assert.match(access, /always sensitive, never extractable, local/);
		const root = (await onToken('root', '-O')).stdout;
		assert.match(root, /Private Key Object/);
		for (const folder of [signer, join(site.dir, 'root')])
			for (const name of readdirSync(folder))
				assert.ok(!/\.key$/.test(name) || ['storage.key', 'tokens.key'].includes(name), name);
		for (const name of ['storage.key', 'tokens.key'])
			assert.equal(readFileSync(join(signer, name))[0], 3, 'sealed by the token');
		assert.ok(!readFileSync(join(signer, 'hsm.pin')).includes(PIN));
	});

	await check('a certificate: openssl verifies chain and revocation list, and OCSP says good', async () => {
		const holder = await world.draft('organization');
		await holder.through('confirmed');
		const leaf = file('leaf.pem', holder.identity.certificate.toString());
		const chain = file('chain.pem', readFileSync(ca('root'), 'utf8') + readFileSync(ca('issuing'), 'utf8'));
		await well('openssl', ['crl', '-inform', 'DER', '-in', file('full.crl', (await world.public.get('/pki/issuing/full.crl')).bytes), '-out', file('crl.pem')]);
		const { stdout } = await well('openssl', ['verify', '-crl_check', '-CAfile', chain, '-CRLfile', file('crl.pem'), '-attime', await epoch(), leaf]);
		assert.match(stdout, /leaf\.pem: OK/);
		assert.equal(await ocsp(holder.view.serial), 'good');
		victim = holder;
	});

	await check('a checkpoint: openssl verifies the log key\'s Ed25519 signature', async () => {
		const note = expectStatus(await world.public.get('/checkpoint'), 200), at = note.indexOf('\n\n');
		const line = note.slice(at + 2).split('\n')[0].split(' ');
		await well('openssl', ['x509', '-in', ca('log'), '-noout', '-pubkey', '-out', file('log.pub')]);
		await well('openssl', ['pkeyutl', '-verify', '-pubin', '-inkey', file('log.pub'), '-rawin', '-in', file('note', note.slice(0, at + 1)),
			'-sigfile', file('note.sig', Buffer.from(line.at(-1), 'base64').subarray(4))]);
	});

	await check('a document: openssl verifies the CMS signature inside the PDF', async () => {
		const pdf = (await victim.client.get(`${victim.path}/form.pdf`)).bytes, text = pdf.toString('latin1');
		const range = /\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/.exec(text).slice(1).map(Number);
		const padded = Buffer.from(/\/Contents\s*<([0-9A-Fa-f]+)>/.exec(text)[1], 'hex');
		const cms = padded.subarray(0, 4 + padded.readUInt16BE(2));
		file('signed', Buffer.concat([pdf.subarray(range[0], range[0] + range[1]), pdf.subarray(range[2], range[2] + range[3])]));
		await well('openssl', ['cms', '-verify', '-binary', '-inform', 'DER', '-in', file('cms', cms), '-content', file('signed'), '-CAfile', ca('root'), '-certfile', ca('issuing'),
			'-purpose', 'any', '-attime', await epoch(), '-out', '/dev/null']);
	});

	await check('a receipt: its signature verifies by receipt.crt', async () => {
		const begin = await world.now();
		const notice = await world.publish(world.parcel({ times: {
			announce: timeText(begin + 60000), listing_start: timeText(begin + 60000 + 20 * DAY), listing_end: timeText(begin + 60000 + 31 * DAY),
			apply_end: timeText(begin + 29 * DAY), deposit_end: timeText(begin + 29 * DAY),
		} }));
		await world.setClock(begin + 60000);
		await world.qualify(notice.sale, victim.holder, '01');
		await world.setClock(begin + 60000 + 20 * DAY);
		const { receipt } = expectStatus(await world.quote(notice.sale, victim.holder), 201);
		const [header, payload, signature] = receipt.split('.');
		assert.ok(verify('sha256', Buffer.from(`${header}.${payload}`), { key: publicKey('receipt'), dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')));
	});

	await check('doctor finds the running site well, and changes nothing', async () => {
		const before = fingerprint(signer, /journal\.log/), report = await doctor();      // the server goes on writing its journal
		assert.deepEqual(report.findings.filter((f) => f.level === 'fail'), []);
		assert.ok(report.healthy && report.code === 0);
		assert.match(found(report, 'ok', 'token').join(), /token "diqi" .*logged in/);
		assert.equal(found(report, 'ok', 'key').length, Object.keys(pinned().keys).length - 1);
		assert.match(found(report, 'ok', 'crl').join(), /full\.crl: number \d+, signed by its CA/);
		assert.match(found(report, 'ok', 'server').join(), /it runs and is ready/);
		assert.equal(fingerprint(signer, /journal\.log/), before);
	});

	await check('the token is pulled out: what needs it is unavailable, and names it; when it is back, all goes on', async () => {
		pullOut();
		const application = await (await world.draft('person')).through('reviewed');
		const refused = await application.step('issued');
		assert.equal(refused.status, 503, JSON.stringify(refused.body));
		const request = await run('openssl', ['ocsp', '-issuer', ca('issuing'), '-serial', `0x${application.id.replaceAll('-', '').slice(0, 30)}`, '-url', `${site.url}/pki/issuing/ocsp`, '-noverify']);
		assert.doesNotMatch(request.stdout, /: good/);
		assert.match(site.log, /signer\.token\.away.*sign: token \\"diqi\\": find token/);
		plugIn();
		for (let i = 0; i < 300 && (await application.refresh()).state !== 'issued'; i++)      // the site tries again every five seconds
			await sleep(100);
		assert.equal((await application.refresh()).state, 'issued');
		assert.match(site.log, /signer\.token\.back/);
		assert.equal(await ocsp(victim.view.serial), 'good');
		expectStatus(await victim.revoke(), 200);
		assert.equal(await ocsp(victim.view.serial), 'revoked');
	});

	await check('the process of the module is killed: signer and server end, and start again', async () => {
		const keeper = readdirSync('/proc').filter((p) => /^\d+$/.test(p)).find((p) => {
			const line = existsSync(`/proc/${p}/cmdline`) ? readFileSync(`/proc/${p}/cmdline`, 'latin1').split('\0') : [];
			if (line[1] !== 'hsm-keeper')
				return false;
			const parent = (pid) => readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ')[1];
			return Number(parent(parent(p))) === site.process.pid;
		});
		assert.ok(keeper, 'a keeper below the signer');
		assert.ok(!readFileSync(`/proc/${keeper}/cmdline`, 'latin1').includes(PIN));
		process.kill(Number(keeper), 'SIGKILL');
		for (let i = 0; i < 100 && site.process !== null && site.process.exitCode === null; i++)
			await sleep(100);
		assert.equal(site.process.exitCode, 4, site.log.slice(-2000));
		await site.start();
		assert.equal(await ocsp(victim.view.serial), 'revoked');
		assert.deepEqual(await site.stop(), { code: 0, signal: null });
	});

	await check('without the token it does not start, and says which', async () => {
		pullOut();
		assert.match(await refusal(), /token "diqi": find token: not in any slot/);
		assert.match(found(await doctor(), 'fail', 'token').join(), /token "diqi": find token/);
		plugIn();
	});

	await check('a key that is not there, and one of another certificate, are named', async () => {
		const path = join(signer, 'site.json'), kept = readFileSync(path), object = pinned();
		object.keys.log.label = 'nothing';
		writeFileSync(path, canonical(object));
		assert.match(await refusal(), /slot \d+, token "diqi" \([0-9a-f]+\), key "nothing": find key: there is no key of this label/);
		assert.match(found(await doctor(), 'fail', 'key').join(), /key "nothing": find key/);
		const swapped = JSON.parse(kept);
		[swapped.keys.ocsp, swapped.keys.receipt] = [swapped.keys.receipt, swapped.keys.ocsp];
		writeFileSync(path, canonical(swapped));
		assert.match(await refusal(), /key "[^"]*\/receipt": read key: it is not the key of its certificate/);
		assert.equal(found(await doctor(), 'fail', 'key').length, 2);
		writeFileSync(path, kept);
	});

	await check('a rollover: the root signs from its token, and the new CA\'s keys are made on the other', async () => {
		const officer = (name) => ({ p12: join(site.dir, `officers/${name}.p12`), pin_file: join(site.dir, `officers/${name}.pin`) });
		const script = file('rollover.json', JSON.stringify({ v: 1, transcript: file('transcript.json'), present: [officer('administrator'), officer('auditor')],
			steps: [{ step: 'add_ca', name: 'issuing-2', under: 'issuing', root_key: join(site.dir, 'root/root.json'), root_passphrase_file: passphrase }] }));
		await well(program, ['ceremony', script, '--dir', site.dir, '--passphrase-file', passphrase]);
		for (const name of ['issuing-2', 'issuing-2-ocsp'])
			assert.equal(pinned().keys[name].token, 'diqi');
		assert.match((await onToken('diqi', '-O')).stdout, /Private Key Object[^]*\/issuing-2\n/);
		await site.start();
		const application = await (await world.draft('person')).through('confirmed');
		const leaf = file('second.pem', application.identity.certificate.toString());
		await well('openssl', ['verify', '-CAfile', ca('root'), '-untrusted', ca('issuing-2'), '-attime', await epoch(), leaf]);
		await site.stop();
	});

	await check('a wrong PIN is tried once, also over restarts; diqi hsm pin stores the right one', async () => {
		await changePin(PIN, 'another-1');
		const before = fingerprint(site.dir);
		assert.match(found(await doctor(), 'fail', 'token').join(), /login: wrong PIN/);
		assert.equal(fingerprint(site.dir), before, 'doctor writes nothing');
		assert.match(await refusal(), /login: wrong PIN.*\[token\.pin\]/s);
		assert.match(await refusal(), /refused before and is not tried again; store the right one with: diqi hsm pin/);
		const store = (pin) => run(program, ['hsm', 'pin', '--dir', site.dir, '--token', 'diqi', '--passphrase-file', passphrase, '--hsm-pin-file', secret('new', pin)]);
		assert.match((await store('wrong-again')).stderr, /login: wrong PIN/);
		assert.match(await refusal(), /is not tried again/);
		assert.equal((await store('another-1')).code, 0);
		await site.start();
		assert.equal(await ocsp(victim.view.serial), 'revoked');
		await site.stop();
	});

	await check('doctor tells an open key folder, a changed certificate and an expired one', async () => {
		const copy = join(home, 'copy');
		cpSync(site.dir, copy, { recursive: true });
		const ill = async () => JSON.parse((await run(program, ['doctor', '--json', '--dir', copy])).stdout);
		await well('chmod', ['0755', join(copy, 'signer')]);
		await well('chmod', ['0644', join(copy, 'ca/tls.key')]);
		writeFileSync(join(copy, 'clock'), '2029-02-14T00:00:00.000000Z\n');
		const report = await ill();
		assert.match(found(report, 'fail', 'signer').join(), /mode 0755, others could read keys/);
		assert.match(found(report, 'fail', 'files').join(), /tls\.key: mode 0644/);
		assert.match(found(report, 'fail', 'certificate').join(), /ocsp: valid until 2029-02-2\d \(\d+ days\)/);
		assert.ok(!report.healthy);
		writeFileSync(join(copy, 'signer/ocsp.crt'), readFileSync(join(copy, 'signer/log.crt')));
		assert.match(found(await ill(), 'fail', 'signer').join(), /ocsp\.crt is not the certificate that site\.json names/);
		rmSync(join(copy, 'data/diqi.db'), { force: true });
		if (!pinned().store)
			assert.match(found(await ill(), 'fail', 'database').join() || found(await ill(), 'ok', 'database').join(), /no such file|PostgreSQL/);
	});

	await check('sm2 is refused for a token before anything is made; a site that fails leaves no key behind', async () => {
		const count = async () => ((await run('pkcs11-tool', ['--module', module, '--token-label', 'diqi', '--login', '--pin', 'another-1', '-O'])).stdout.match(/label:/g) ?? []).length;
		const before = await count();
		const init = (...more) => run(program, ['init', '--dir', join(home, 'new'), '--passphrase-file', passphrase, '--root-passphrase-file', passphrase,
			'--hsm-module', module, '--hsm-token', 'diqi', '--hsm-pin-file', secret('now', 'another-1'), ...more]);
		assert.match((await init('--algorithm', 'sm2')).stderr, /PKCS#11 has no standard mechanism for SM2.*\[key\.algorithm\]/s);
		assert.match((await init('--store', 'postgresql:///none?host=/nonexistent')).stderr, /\[unavailable\]/);
		assert.ok(!existsSync(join(home, 'new')));
		assert.equal(await count(), before);
	});
	await check('a site with files takes a token for its further keys, when its signer does not run', async () => {
		const other = await Site.make({ serve: false });
		try {
			const use = () => run(program, ['hsm', 'use', '--dir', other.dir, '--passphrase-file', join(other.dir, 'passphrase'), '--hsm-module', module, '--hsm-token', 'diqi',
				'--hsm-pin-file', secret('use', 'another-1')]);
			await other.start();
			assert.match((await use()).stderr, /another signer is using it/);
			await other.stop();
			const done = await use();
			assert.equal(done.code, 0, done.stderr);
			assert.match((await use()).stderr, /already/);
			const object = JSON.parse(readFileSync(join(other.dir, 'signer/site.json'), 'utf8'));
			assert.equal(object.new_keys.token, 'diqi');
			assert.deepEqual(Object.keys(object.keys), ['secrets']);
			await other.start();
			assert.equal((await fetch(`${other.manage}/readyz`)).status, 200);
		} finally {
			await other.remove();
		}
	});
} finally {
	await world.remove();
	rmSync(home, { recursive: true, force: true });
}
