// Ceremonies: shares of the passphrase, a root's list, a rollover of the issuing CA and a second hierarchy, by script, on a site that has lived.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { heldCeremony, holdCeremony, officerFiles, run } from './lib/ceremony.mjs';
import { expectStatus } from './lib/expect.mjs';
import { program, Site } from './lib/site.mjs';
import { canonical, Identity, nonce, timeText } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { sleep, World } from './lib/world.mjs';

const world = await World.make();
const { site } = world;
const at = (name) => join(site.top, name);
const present = ['administrator', 'auditor'].map((name) => officerFiles(site, name));
const passphrase = ['--passphrase-file', join(site.dir, 'passphrase')];
const rootSecret = join(site.dir, 'passphrase');

const ceremony = (steps, { by, secret = passphrase } = {}) => holdCeremony(site, steps, { by, secret });
const hashes = [];
const done = async (steps, { secret = passphrase } = {}) => {
	const held = await heldCeremony(site, steps, { secret });
	hashes.push(held.hash);
	last = held;
	return held.signed;
};
const root = join(site.dir, 'ca/root.crt');
const verify = (file, ...options) => run(program, ['ceremony', 'verify', file, ...options]);
let last, rolled, failed, stranger;
// It must not start, and say why.
const refused = (args, why) => assert.rejects(run(program, ['serve', '--dir', site.dir, '--listen', '127.0.0.1:0', ...args], { timeout: 20000 }),
	(e) => (assert.match(e.stderr, why), true));

async function fetchPem(path) {
	const file = at(path.replaceAll('/', '_'));
	writeFileSync(file, (await world.public.get(path)).bytes);
	await run('openssl', [path.endsWith('crl') ? 'crl' : 'x509', '-inform', 'DER', '-in', file, '-out', `${file}.pem`]);
	return `${file}.pem`;
}
async function issuerOf(application) {
	const pem = expectStatus(await (await world.officer('clerk')).get(`${application.path}/certificate`), 200);
	const file = at('leaf.pem');
	writeFileSync(file, pem);
	const ca = await fetchPem(`/pki/${pem.length && (await run('openssl', ['x509', '-in', file, '-noout', '-text'])).stdout.match(/\/pki\/([a-z0-9-]+)\/ca.cer/)[1]}/ca.cer`);
	const { stdout } = await run('openssl', ['verify', '-attime', String(Math.floor(await world.now() / 1000)), '-partial_chain', '-trusted', ca, file]);
	assert.match(stdout, /OK/);
	return /_pki_([a-z0-9-]+)_/.exec(ca)[1];
}

try {
	const before = await (await world.draft()).through('confirmed');
	assert.equal(await issuerOf(before), 'issuing');

	await check('nothing is done to a site that runs', async () => {
		const { failure } = await ceremony([{ step: 'root_list', ca: 'issuing', root_key: join(site.dir, 'root/root.key'), root_passphrase_file: rootSecret }]);
		assert.match(failure, /journal.log/);
	});
	await site.stop();

	await check("the roots' keys go onto a medium of their own, and the root signs its list there", async () => {
		mkdirSync(at('medium'), { mode: 0o700 });
		const signed = await done([{ step: 'move_root', to: at('medium') },
			{ step: 'root_list', ca: 'issuing', root_key: at('medium/root.key'), root_passphrase_file: rootSecret }]);
		assert.ok(!existsSync(join(site.dir, 'root/root.key')));
		assert.equal(signed.transcript.steps[1].result.number, 2);
		assert.equal(signed.signatures.length, 2);
		const [, payload] = signed.signatures[0].split('.');
		const statement = JSON.parse(Buffer.from(payload, 'base64url'));
		assert.equal(statement.type, 'ceremony');
	});

	await check('a wrong passphrase, a foreign key, one person alone or twice: refused, and the site is as it was', async () => {
		writeFileSync(at('wrong'), 'not the passphrase\n', { mode: 0o600 });
		const rollover = { step: 'add_ca', name: 'issuing-2', under: 'issuing', root_key: at('medium/root.key'), root_passphrase_file: rootSecret };
		const siteJson = () => readFileSync(join(site.dir, 'signer/site.json'), 'utf8'), was = siteJson();
		const bad = failed = await ceremony([{ ...rollover, root_passphrase_file: at('wrong') }]);
		assert.match(bad.failure, /step 1/);
		assert.equal(bad.signed.transcript.steps[0].done, false);
		assert.match((await ceremony([{ ...rollover, root_key: join(site.dir, 'signer/ocsp.key') }])).failure, /not the key of that root/);
		assert.match((await ceremony([rollover], { by: present.slice(0, 1) })).failure, /two persons/);
		assert.match((await ceremony([{ ...rollover, name: 'issuing' }])).failure, /already/);
		assert.equal(siteJson(), was);
		assert.match((await ceremony([], { by: [present[0], present[0]] })).failure, /twice/);
	});

	await check('the issuing CA rolls over: new certificates come from the new one, the old one still speaks of its own', async () => {
		await done([{ step: 'add_ca', name: 'issuing-2', under: 'issuing', root_key: at('medium/root.key'), root_passphrase_file: rootSecret }]);
		rolled = last;
		await site.start();
		assert.equal(expectStatus(await world.public.get(`/api/v1/certificates/${before.view.serial}`), 200).status, 'valid');
		const after = await (await world.draft()).through('confirmed');
		assert.equal(await issuerOf(after), 'issuing-2');
		const root = await fetchPem('/pki/root/ca.cer'), list = await fetchPem('/pki/issuing-2/root.crl');
		const { stdout } = await run('openssl', ['verify', '-attime', String(Math.floor(await world.now() / 1000)), '-CAfile', root, '-crl_check', '-CRLfile', list,
			await fetchPem('/pki/issuing-2/ca.cer')]);
		assert.match(stdout, /OK/);
		await world.officer('reviewer');            // officers of the old CA still log in
		await site.stop();
	});

	const share = (i) => at(`share-${i}`), pin = (i) => at(`share-${i}.pass`);
	const by = (...list) => ['--shares', list.map(share).join(','), '--share-passphrases', list.map(pin).join(',')];
	const holders = [1, 2, 3].map((i) => ({ holder: `holder ${i}`, file: share(i), passphrase_file: pin(i) }));
	await check('the passphrase in three hands, two of which start the signer', async () => {
		for (const i of [1, 2, 3])
			writeFileSync(pin(i), `passphrase of share ${i}\n`, { mode: 0o600 });
		await done([{ step: 'shares', threshold: 2, holders }]);
		// No passphrase is on the machine any more: the shares also let doctor try the keys.
		const looked = await run(program, ['doctor', '--dir', site.dir, '--json', ...by(2, 3)]).catch((error) => error);      // whatever else it finds
		assert.ok(JSON.parse(looked.stdout).findings.some((f) => f.check === 'key' && f.level === 'ok' && /a trial signature verifies/.test(f.detail)), looked.stdout);
		site.secret = by(3, 1);
		await site.start();
		assert.equal(expectStatus(await world.public.get('/api/v1/site'), 200).kind, 'test');
		await site.stop();
	});

	await check('one share, one twice, a wrong passphrase, a changed share, a share of an older set: refused with the reason', async () => {
		await refused(by(2), /2 of 3 shares are needed, 1 given/);
		await refused(by(2, 2), /are the same share/);
		await refused(['--shares', `${share(1)},${share(2)}`, '--share-passphrases', `${pin(1)},${pin(1)}`], /wrong passphrase/);
		const text = readFileSync(share(2), 'utf8');
		writeFileSync(share(2), text.replace('"index":2', '"index":3'));
		await refused(by(1, 2), /wrong passphrase, or the share was changed/);
		writeFileSync(share(2), text);
		renameSync(share(1), at('old-share'));
		renameSync(share(2), at('old-share-2'));
		renameSync(share(3), at('old-share-3'));
		await done([{ step: 'shares', threshold: 3, holders }], { secret: passphrase });
		await refused(['--shares', `${at('old-share')},${share(2)},${share(3)}`, '--share-passphrases', [1, 2, 3].map(pin).join(',')], /another set/);
	});

	await check('the GM hierarchy is added by those who hold the shares', async () => {
		await done([{ step: 'add_ca', name: 'gm', algorithm: 'sm2', root_key: at('medium/gm-root.key'), root_passphrase_file: rootSecret,
			first_root_key: at('medium/root.key'), first_root_passphrase_file: rootSecret }], { secret: by(1, 2, 3) });
		assert.ok(existsSync(at('medium/gm-root.key')));
		site.secret = by(3, 2, 1);
		await site.start();
		const names = expectStatus(await world.public.get('/pki/gm/chain.pem'), 200).match(/BEGIN CERTIFICATE/g);
		assert.equal(names.length, 3);
	});

	await check('a transcript says nothing without those who were asked: officers of another site hold no ceremony here', async () => {
		const other = await Site.make({ serve: false });
		try {
			stranger = await heldCeremony(other, []);
			writeFileSync(at('stranger.json'), stranger.bytes);
			stranger.file = at('stranger.json');
			writeFileSync(at('stranger.script'), readFileSync(stranger.script));
			stranger.script = at('stranger.script');
			await site.stop();
			const { failure, signed } = await ceremony([], { by: ['administrator', 'auditor'].map((name) => officerFiles(other, name)) });
			assert.match(failure, /not the certificate of an officer of this site/);
			assert.equal(signed, null);
			await site.start();
		} finally {
			await other.remove();
		}
	});

	await check('a transcript is verified offline, with the script and the proof that the log has it', async () => {
		const auditor = await world.officer('auditor');
		writeFileSync(at('bundle.json'), (await auditor.get(`/api/v1/ceremonies/${rolled.hash}/evidence`)).bytes);
		const { stdout } = await verify(rolled.file, '--root', root, '--script', rolled.script, '--bundle', at('bundle.json'), '--json');
		const found = JSON.parse(stdout);
		assert.deepEqual([found.verdict, found.root_pinned, found.transcript_sha256], ['valid', true, rolled.hash]);
		assert.deepEqual(found.signatures.map((s) => s.signed_by), ['管理员', '审计员']);
		assert.deepEqual(found.steps.map((s) => [s.step, s.done]), [['add_ca', true]]);
		assert.ok(Number.isInteger(found.log_leaf));
		const shown = await verify(rolled.file, '--root', root);
		assert.match(shown.stdout, /管理员/);
		assert.match((await verify(rolled.file)).stderr, /compare root_sha256/);
	});

	await check('whatever was tampered with is refused, and what it was is said', async () => {
		const bad = (change, why, ...more) => {
			const signed = structuredClone(rolled.signed);
			writeFileSync(at('bad.json'), typeof change === 'function' ? canonical(change(signed) ?? signed) : change);
			return assert.rejects(verify(at('bad.json'), '--root', root, ...more), (e) => (assert.equal(e.code, 5, e.stderr), assert.match(e.stderr, why), true));
		};
		const foreign = rolled.signed.certificates.map((c) => Buffer.from(c, 'base64'));
		await bad((t) => { t.transcript.steps[0].result.name = 'issuing-3'; }, /signed another transcript.*\/signatures\/0/);
		await bad((t) => { t.transcript.steps.pop(); }, /signed another transcript/);
		await bad((t) => { t.certificates.pop(); t.signatures.pop(); }, /two persons/);
		await bad((t) => { t.signatures.pop(); }, /two persons/);
		await bad((t) => { t.certificates[1] = t.certificates[0]; t.signatures[1] = t.signatures[0]; }, /signed twice/);
		await bad((t) => { t.certificates.reverse(); }, /\/signatures\/0/);
		await bad((t) => { t.extra = 1; }, /NOT VALID/);
		await bad(`${canonical(rolled.signed)}\n`, /not canonical/);
		await bad(JSON.stringify(rolled.signed, null, 1), /not canonical/);
		await bad((t) => { t.authorities = []; }, /does not lead to this root.*\/certificates\/0/);
		await bad((t) => { t.certificates[1] = readFileSync(join(site.dir, 'ca/document.crt'), 'utf8').replace(/-----[^-]*-----|\s/g, ''); }, /not an officer's certificate/);
		assert.equal(foreign.length, 2);
		// Another site's officers and root: true among themselves, foreign here.
		await assert.rejects(verify(stranger.file, '--root', root), /does not lead to this root/);
		await verify(stranger.file);
		await assert.rejects(verify(rolled.file, '--root', root, '--script', stranger.script), /another script/);
		await assert.rejects(verify(failed.file, '--root', root, '--bundle', at('bundle.json')), /another transcript/);
	});

	await check('a signature at a time when the certificate was not valid is refused', async () => {
		// The officers sign a day before their certificates begin: all else is as it should be.
		const signed = structuredClone(rolled.signed), early = '2026-02-22T01:00:00.000000Z';
		Object.assign(signed.transcript, { begun: early, ended: early });
		const transcript = createHash('sha256').update(canonical(signed.transcript)).digest('hex');
		signed.signatures = ['administrator', 'auditor'].map((who) =>
			Identity.officer(site.dir, who).sign({ type: 'ceremony', site: signed.transcript.site, time: early, nonce: nonce(), transcript }));
		writeFileSync(at('early.json'), canonical(signed));
		await assert.rejects(verify(at('early.json'), '--root', root), /certificate of 管理员: /);
	});

	await check('what the lists and the log say of those who signed is told: unknown, good, revoked since; who was revoked then makes it not valid', async () => {
		const editor = Identity.officer(site.dir, 'market_editor'), names = ['administrator', 'market_editor'];
		const administrators = ['administrator', 'administrator-2'].map((name) => officerFiles(site, name));
		await site.stop();
		const held = await heldCeremony(site, [], { by: names.map((name) => officerFiles(site, name)), secret: by(3, 2, 1) });
		const told = async (file, ...options) => JSON.parse((await verify(file, '--root', root, '--json', ...options)).stdout).signatures.map((s) => [s.status, s.role]);
		assert.deepEqual(await told(held.file), [['unknown', 'unknown'], ['unknown', 'unknown']]);
		assert.match((await verify(held.file, '--root', root)).stderr, /revoked then is not known.*--list/);
		let now;
		// A list that was made well after the ceremony, and the log's proof of then.
		const listed = async (name) => {
			await site.start();
			await world.advance(13 * 3600e3);
			now = await world.now();
			for (let i = 0, made = 0; i < 300 && made < now - 1800e3; i++, await sleep(100)) {
				writeFileSync(at(name), (await world.public.get('/pki/issuing/full.crl')).bytes);
				made = Date.parse((await run('openssl', ['crl', '-inform', 'DER', '-in', at(name), '-noout', '-lastupdate'])).stdout.split('=')[1]);
			}
			const auditor = await world.officer('auditor');
			writeFileSync(at(`${name}.bundle`), (await auditor.get(`/api/v1/ceremonies/${held.hash}/evidence`)).bytes);
			await site.stop();
			return ['--list', at(name), '--bundle', at(`${name}.bundle`)];
		};
		assert.deepEqual(await told(held.file, ...await listed('good.crl')), [['good', 'officer'], ['good', 'officer']]);
		await heldCeremony(site, [{ step: 'officers', remove: ['公告编辑'], by: administrators }], { secret: by(3, 2, 1) });
		const since = await listed('since.crl');
		assert.deepEqual(await told(held.file, ...since), [['good', 'officer'], ['revoked since', 'officer']]);
		const [, one] = JSON.parse((await verify(held.file, '--root', root, '--json', ...since)).stdout).signatures;
		assert.deepEqual([one.roles, one.reason, one.certificate_sha256], [['market_editor'], 'privilegeWithdrawn', editor.fingerprint]);
		// A list of officers that no leaf names is none.
		const bundle = JSON.parse(readFileSync(at('since.crl.bundle')));
		bundle.subject.officers.officers.find((o) => o.name === one.signed_by).removed = false;
		writeFileSync(at('lying.bundle'), canonical(bundle));
		await assert.rejects(verify(held.file, '--root', root, '--bundle', at('lying.bundle')), /NOT VALID: .*no leaf names this list of officers/);
		// The same persons sign again, by hand, now that one of them is none any more.
		const signed = structuredClone(held.signed), late = timeText(now);
		Object.assign(signed.transcript, { begun: late, ended: late });
		const transcript = createHash('sha256').update(canonical(signed.transcript)).digest('hex');
		signed.signatures = names.map((who) => Identity.officer(site.dir, who).sign({ type: 'ceremony', site: signed.transcript.site, time: late, nonce: nonce(), transcript }));
		writeFileSync(at('late.json'), canonical(signed));
		assert.deepEqual(await told(at('late.json')), [['unknown', 'unknown'], ['unknown', 'unknown']]);
		await assert.rejects(verify(at('late.json'), '--root', root, '--list', at('since.crl')),
			(e) => (assert.equal(e.code, 5), assert.match(e.stderr, /NOT VALID: the certificate of 公告编辑 was revoked on .*privilegeWithdrawn/), true));
		await site.start();
	});

	const record = async () => expectStatus(await (await world.officer('auditor')).get('/api/v1/ceremonies'), 200).items;
	await check('every ceremony is in the public record once, and its transcript is handed out as it was signed', async () => {
		const items = await record();
		assert.deepEqual(hashes.filter((hash) => items.filter((i) => i.transcript === hash).length !== 1), []);
		assert.equal(new Set(items.map((i) => i.leaf)).size, items.length);
		assert.ok(items.some((i) => i.failed), 'one that failed is there too');
		const rollover = items.find((i) => i.steps.includes('add_ca'));
		const file = (await (await world.officer('auditor')).get(`/api/v1/ceremonies/${rollover.transcript}`)).bytes;
		assert.equal(createHash('sha256').update(file).digest('hex'), rollover.transcript);
		const { present: [first], transcript, held } = rollover;
		const certificate = createHash('sha256').update(Buffer.from(JSON.parse(file).certificates[0], 'base64')).digest('hex');
		assert.equal(first.certificate, certificate);
		assert.ok(held && transcript);
		const leaf = JSON.stringify(rollover);
		assert.ok(!leaf.includes(site.top) && !leaf.includes('medium'), 'no paths');
	});

	await check('a crash and a restart record nothing twice; a journal of an older version, with the hash alone, is recorded too', async () => {
		const before = await record();
		await site.stop('SIGKILL');
		const journal = join(site.dir, 'signer/journal.log'), lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
		const old = { time: JSON.parse(lines.at(-1).slice(65)).time, transcript: 'ab'.repeat(32), type: 'ceremony' };
		const json = canonical(old), chained = createHash('sha256').update(Buffer.from(lines.at(-1).slice(0, 64), 'hex')).update(json).digest('hex');
		appendFileSync(journal, `${chained} ${json}\n`);
		for (let i = 0; i < 2; i++) {
			await site.start();
			const now = await record(), added = now.find((c) => c.transcript === old.transcript);
			assert.equal(now.length, before.length + 1);
			assert.deepEqual([added.kept, added.present], [false, undefined]);
			assert.equal((await (await world.officer('auditor')).get(`/api/v1/ceremonies/${old.transcript}`)).status, 404);
			await site.stop();
		}
		await site.start();
	});
} finally {
	await world.remove();
}
