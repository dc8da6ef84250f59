// A ceremony is killed (kill -9) at each of its boundaries: what was begun is seen, the same script goes on where it was, no step is done
// twice, and the transcript names the interruption.  (Sanitizer builds only.)
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { officerFiles, run } from '../api/lib/ceremony.mjs';
import { newDatabase, program, Site } from '../api/lib/site.mjs';
import { expectStatus } from '../api/lib/expect.mjs';
import { Client } from '../api/lib/client.mjs';
import { Identity } from '../api/lib/statement.mjs';
import { assert, check, engine } from '../api/lib/tap.mjs';

const site = await Site.make({ serve: false });
const at = (name) => join(site.top, name);
const rootSecret = join(site.dir, 'passphrase');
const administrators = ['administrator', 'administrator-2'].map((name) => officerFiles(site, name));
const rootFile = () => (existsSync(at('medium/root.key')) ? at('medium/root.key') : join(site.dir, 'root/root.key'));
const records = (type) => readFileSync(join(site.dir, 'signer/journal.log'), 'utf8').split('\n').filter((l) => l.includes(`"type":"${type}"`)).map((l) => JSON.parse(l.slice(65)));
const doctor = async () => JSON.parse((await run(program, ['doctor', '--dir', site.dir, '--json']).catch((e) => e)).stdout).findings.find((f) => f.check === 'ceremony');
const rootList = (more = {}) => ({ step: 'root_list', ca: 'issuing', root_key: rootFile(), root_passphrase_file: rootSecret, ...more });

// Dies at the n-th pass of `point`, then runs the same script again.
async function cut(held, point, n = 1) {
	const code = await new Promise((resolve) => execFile(program, held.command, { env: { ...process.env, DIQI_FAILPOINT: `${point}:${n}:kill` } }, (e) => resolve(e?.signal)));
	assert.equal(code, 'SIGKILL', `${point} was not passed`);
}
let scripts = 0;
function script(steps, more = {}) {
	const n = ++scripts, [file, transcript] = [at(`cut-${n}.json`), at(`cut-${n}.transcript`)];
	writeFileSync(file, JSON.stringify({ v: 1, steps, present: ['administrator', 'auditor'].map((name) => officerFiles(site, name)), transcript, ...more }));
	return { file, transcript, command: ['ceremony', file, '--dir', site.dir, '--passphrase-file', join(site.dir, 'passphrase')] };
}
async function goOn(held) {
	await run(program, held.command);
	const { stdout } = await run(program, ['ceremony', 'verify', held.transcript, '--script', held.file, '--json']);
	assert.equal((await doctor()).level, 'ok');
	return { signed: JSON.parse(readFileSync(held.transcript)).transcript, found: JSON.parse(stdout) };
}
const newKey = (name) => run('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x', '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)]);

try {
	// Where it dies, at which pass; in which step that is, and whether it is found done.  The journal is the same on either engine.
	const boundaries = [['ceremony.begun', 1, undefined, false], ['ceremony.step.begun', 1, 1, false], ['ceremony.step.ran', 1, 1, true],
		['ceremony.step.kept', 1, undefined, false], ['ceremony.step.ran', 2, 2, false], ['ceremony.signed', 1]];
	for (const [point, times, step, found] of boundaries.slice(engine === 'sqlite' ? 0 : -1)) {
		await check(`${point}, ${times}: the same script goes on, and each step is done once`, async () => {
			const list = () => records('ceremony.step').filter((r) => r.state === 'done').length;
			const held = script([rootList(), { step: 'command', words: ['certificate', 'show', join(site.dir, 'ca/root.crt')], again: true }]), before = list();
			const number = async () => Number(BigInt((await run('openssl', ['crl', '-inform', 'DER', '-in', join(site.dir, 'ca/root.crl'), '-noout', '-crlnumber'])).stdout.trim().split('=')[1]));
			const was = await number();
			await cut(held, point, times);
			const seen = await doctor();
			assert.equal(seen.level, 'warn');
			assert.match(seen.detail, /without transcript.*root_list/);
			const { signed, found: verified } = await goOn(held);
			assert.equal(await number(), was + 1, 'one list more');
			assert.equal(list(), before + 2);
			assert.deepEqual(signed.steps.map((s) => [s.step, s.done, s.found ?? false]), [['root_list', true, found ?? false], ['command', true, false]]);
			// What was signed already was not interrupted.
			const expected = point === 'ceremony.signed' ? undefined : [[2, step]];
			assert.deepEqual(signed.interruptions?.map((i) => [i.present.length, i.step]), expected);
			assert.deepEqual(verified.interruptions?.map((i) => i.step), expected?.map(([, in_]) => in_));
		});
	}

	await check('ceremony.entered: nothing is left to do, and the script does not begin anew', async () => {
		const held = script([rootList()]);
		await cut(held, 'ceremony.entered');
		assert.equal((await doctor()).level, 'ok');
		await assert.rejects(run(program, held.command), /exists/);
	});

	await check('a command that was cut off is not repeated: whether it was done cannot be told, and the transcript says so', async () => {
		const held = script([{ step: 'command', words: ['certificate', 'show', join(site.dir, 'ca/root.crt')] }, rootList()]);
		await cut(held, 'ceremony.step.begun');
		await assert.rejects(run(program, held.command), /step 1: .*cannot be told/);
		const { transcript } = JSON.parse(readFileSync(held.transcript));
		assert.deepEqual(transcript.steps.map((s) => [s.step, s.done]), [['command', false]]);
		assert.match(transcript.failure, /cannot be told/);
	});

	await check('another script does not begin over one that was cut off, unless it says so; then its transcript names that one', async () => {
		const lost = script([rootList(), { step: 'command', words: ['help'] }]), other = [{ step: 'command', words: ['certificate', 'show', join(site.dir, 'ca/root.crt')] }];
		await cut(lost, 'ceremony.step.kept');
		const refused = await run(program, script(other).command).then(assert.fail, (e) => e.stderr);
		const hash = /"abandons":"([0-9a-f]{64})"/.exec(refused)[1];
		const { signed, found } = await goOn(script(other, { abandons: hash }));
		assert.deepEqual(signed.abandoned.map((a) => [a.script, a.steps.map((s) => s.state)]), [[hash, ['done', 'waiting']]]);
		assert.equal(found.abandoned.length, 1);
		await assert.rejects(run(program, script(other, { abandons: hash }).command), /no ceremony was cut off/);
	});

	await check('a root key that was on both media is on one, and a root key without a CA gives way', async () => {
		mkdirSync(at('medium'), { mode: 0o700 });
		const names = readdirSync(join(site.dir, 'root')).sort(), moving = script([{ step: 'move_root', to: at('medium') }]);
		await cut(moving, 'ceremony.root.copied');
		const { signed } = await goOn(moving);
		assert.deepEqual([readdirSync(join(site.dir, 'root')), readdirSync(at('medium')).sort(), signed.steps[0].result.moved.sort()], [[], names, names]);
		const adding = script([{ step: 'add_ca', name: 'second', algorithm: 'p384', root_key: at('medium/second-root.key'), root_passphrase_file: rootSecret,
			first_root_key: at('medium/root.key'), first_root_passphrase_file: rootSecret }]);
		await cut(adding, 'ceremony.ca');
		const added = await goOn(adding);
		assert.deepEqual([added.signed.steps[0].result.name, added.signed.steps[0].found], ['second', undefined]);
		const again = script([{ step: 'add_ca', name: 'issuing-2', under: 'issuing', root_key: at('medium/root.key'), root_passphrase_file: rootSecret }]);
		await cut(again, 'ceremony.step.ran');
		assert.equal((await goOn(again)).signed.steps[0].found, true);
	});

	await check('shares that open nothing are made anew; those of a passphrase that was split are kept', async () => {
		const holders = [1, 2, 3].map((i) => ({ holder: `holder ${i}`, file: at(`share-${i}`), passphrase_file: at(`share-${i}.pass`) }));
		for (const { passphrase_file: file } of holders)
			writeFileSync(file, `a passphrase ${file}\n`, { mode: 0o600 });
		const held = script([{ step: 'shares', threshold: 2, holders }]);
		await cut(held, 'ceremony.share', 2);
		await cut(held, 'ceremony.step.ran');
		const share = readFileSync(at('share-1'), 'utf8');
		const { signed } = await goOn(held);
		assert.deepEqual([signed.steps[0].found, signed.interruptions.length, readFileSync(at('share-1'), 'utf8')], [true, 2, share]);
	});

	await check('a list that the signer had pinned gets its leaf, and is not changed twice', async () => {
		for (const name of ['zhang', 'share'])
			await newKey(name);
		const officers = script([{ step: 'officers', add: [{ name: '张三', roles: ['clerk', 'recovery_agent'], csr: at('zhang.csr'), certificate: at('zhang.crt') }], by: administrators }]);
		await cut(officers, 'ceremony.step.begun');
		await cut(officers, 'list.pinned');
		const one = (await goOn(officers)).signed.steps[0];
		assert.deepEqual([one.found, one.result.version, one.result.added.map((a) => a.name)], [true, 2, ['张三']]);
		assert.ok(existsSync(at('zhang.crt')));
		const agents = script([{ step: 'agents', add: [{ who: '张三', csr: at('share.csr'), certificate: at('share.crt') }], by: administrators }]);
		await cut(agents, 'list.pinned');
		const two = (await goOn(agents)).signed.steps[0];
		assert.deepEqual([two.found, two.result.version, two.result.added.map((a) => a.name)], [true, 2, ['张三']]);
	});

	await check('an interrupted ceremony is in the list of the running site, and what came of it in the log', async () => {
		const held = script([rootList(), rootList()]);
		await cut(held, 'ceremony.step.kept');
		await site.start();
		const auditor = new Client(site, Identity.officer(site.dir, 'auditor'));
		expectStatus(await auditor.login(), 201);
		const p12 = ['--as', join(site.dir, 'officers/auditor.p12'), '--pin-file', join(site.dir, 'officers/auditor.pin'), '--server', site.url];
		const { items, open } = expectStatus(await auditor.get('/api/v1/ceremonies'), 200);
		assert.deepEqual([open.parts, open.steps.map((s) => s.state)], [1, ['done', 'waiting']]);
		assert.ok(items.some((i) => i.interrupted === 2) && items.some((i) => i.abandoned === 1));
		assert.match((await run(program, ['ceremony', 'list', ...p12])).stderr, /without transcript.*done: root_list; not begun: root_list/);
		assert.match((await run(program, ['ceremony', 'show', 'open', ...p12])).stdout, /waiting/);
		await site.stop();
		assert.deepEqual((await goOn(held)).signed.steps.map((s) => s.done), [true, true]);
	});
} finally {
	await site.remove();
}

const fresh = new Site();
fresh.top = mkdtempSync(join(tmpdir(), 'diqi-ceremony-'));
fresh.dir = join(fresh.top, 'site');
fresh.database = engine === 'postgresql' ? newDatabase() : null;
try {
	await check('the making of a site that was cut off is remembered; a whole one is known again', async () => {
		const pass = join(fresh.top, 'pass'), file = join(fresh.top, 'script.json'), transcript = join(fresh.top, 'transcript.json');
		writeFileSync(pass, 'the passphrase of this site\n', { mode: 0o600 });
		writeFileSync(file, JSON.stringify({ v: 1, transcript, present: ['administrator', 'auditor'].map((name) => officerFiles(fresh, name)),
			steps: [{ step: 'init', root_passphrase_file: pass, ...(fresh.database ? { store: fresh.database.uri } : {}) }] }));
		const held = { file, transcript, command: ['ceremony', file, '--dir', fresh.dir, '--passphrase-file', pass] };
		await cut(held, 'ceremony.begun');
		mkdirSync(join(fresh.dir, 'signer'), { recursive: true });
		await assert.rejects(run(program, held.command), /remove that folder/);
		await run('rm', ['-r', fresh.dir]);
		await cut(held, 'ceremony.step.ran');
		await run(program, held.command);
		const signed = JSON.parse(readFileSync(transcript)).transcript;
		assert.deepEqual([signed.steps.map((s) => [s.step, s.done, s.found]), signed.interruptions.length, existsSync(`${transcript}.begun`)], [[['init', true, true]], 2, false]);
	});
} finally {
	await fresh.remove();
}
