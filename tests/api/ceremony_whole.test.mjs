// One script makes a site with its root, changes its officers and recovery agents, rolls the issuing CA over and splits the passphrase; its
// transcript is verified, and the site serves with what was done.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { heldCeremony, holdCeremony, officerFiles, run } from './lib/ceremony.mjs';
import { Client } from './lib/client.mjs';
import { expectStatus } from './lib/expect.mjs';
import { newDatabase, program, Site } from './lib/site.mjs';
import { canonical, hex, Identity, nonce, timeText } from './lib/statement.mjs';
import { assert, check, engine } from './lib/tap.mjs';

const site = new Site();
site.top = mkdtempSync(join(tmpdir(), 'diqi-ceremony-'));
site.dir = join(site.top, 'site');
site.database = engine === 'postgresql' ? newDatabase() : null;
const at = (name) => join(site.top, name);
const [passphrase, rootPass] = [at('passphrase'), at('root.pass')];
const secret = ['--passphrase-file', passphrase];
const administrators = ['administrator', 'administrator-2'].map((name) => officerFiles(site, name));
const login = async (identity) => {
	const client = new Client(site, identity);
	expectStatus(await client.login(), 201);
	return client;
};
const newKey = (name) => run('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x', '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)]);
const share = (i) => ({ holder: `holder ${i}`, file: at(`share-${i}`), passphrase_file: at(`share-${i}.pass`) });

try {
	writeFileSync(passphrase, 'the passphrase of this site\n', { mode: 0o600 });
	writeFileSync(rootPass, 'the passphrase of its root\n', { mode: 0o600 });
	for (const i of [1, 2, 3])
		writeFileSync(share(i).passphrase_file, `passphrase of share ${i}\n`, { mode: 0o600 });
	for (const name of ['zhang', 'zhang-share', 'li'])
		await newKey(name);

	let held;
	const steps = [
		{ step: 'init', root_passphrase_file: rootPass, name: '太仓土地交易', base_uri: 'http://127.0.0.1:8080', crl_shards: 8, ...(site.database ? { store: site.database.uri } : {}) },
		{ step: 'officers', remove: ['受理人'], add: [{ name: '张三', roles: ['clerk', 'recovery_agent'], csr: at('zhang.csr'), certificate: at('zhang.crt') }], by: administrators },
		{ step: 'agents', threshold: 2, remove: ['密钥恢复员一'], add: [{ who: '张三', csr: at('zhang-share.csr'), certificate: at('zhang-share.crt') }], by: administrators },
		{ step: 'add_ca', name: 'issuing-2', under: 'issuing', root_key: join(site.dir, 'root/root.key'), root_passphrase_file: rootPass },
		{ step: 'shares', threshold: 2, holders: [1, 2, 3].map(share) },
		{ step: 'command', words: ['certificate', 'show', join(site.dir, 'ca/root.crt')] },
	];
	await check('a site from its root to its shares, by one script', async () => {
		held = await heldCeremony(site, steps, { secret });
		const [, officers, agents, , , shown] = held.signed.transcript.steps.map((s) => s.result);
		assert.deepEqual([officers.version, agents.version, agents.threshold], [2, 2, 2]);
		assert.deepEqual([officers.added[0].name, officers.removed[0].name, agents.added[0].name, agents.removed[0].name], ['张三', '受理人', '张三', '密钥恢复员一']);
		assert.match(shown.output, /根证书/);
		const der = async (file) => hex((await run('openssl', ['x509', '-in', file, '-outform', 'DER'], { encoding: 'buffer' })).stdout);
		assert.equal(officers.added[0].certificate_sha256, await der(at('zhang.crt')));
		assert.equal(agents.added[0].certificate_sha256, await der(at('zhang-share.crt')));
		assert.equal(officers.removed[0].certificate_sha256, Identity.officer(site.dir, 'clerk').fingerprint);
	});

	await check('its transcript is valid, and says what was done', async () => {
		const { stdout } = await run(program, ['ceremony', 'verify', held.file, '--root', join(site.dir, 'ca/root.crt'), '--script', held.script, '--json']);
		const found = JSON.parse(stdout);
		assert.deepEqual(found.steps.map((s) => s.step), steps.map((s) => s.step));
		assert.deepEqual(found.signatures.map((s) => s.signed_by), ['管理员', '审计员']);
	});

	await check('the site serves with it, and the record has it', async () => {
		site.secret = ['--shares', [3, 1].map((i) => share(i).file).join(','), '--share-passphrases', [3, 1].map((i) => share(i).passphrase_file).join(',')];
		site.configure('http', 'manage_listen', '127.0.0.1:0');
		site.configure('http', 'rate_per_second', '0');
		await site.start();
		assert.deepEqual((await (await fetch(`${site.url}/pki/cps.json`)).json()).authorities.map((ca) => ca.crl_shards), [8, 8]);
		await run('openssl', ['pkcs12', '-export', '-inkey', at('zhang.key'), '-in', at('zhang.crt'), '-passout', 'pass:x', '-out', at('zhang.p12')]);
		await login(Identity.fromP12(at('zhang.p12'), 'x'));
		assert.notEqual((await new Client(site, Identity.officer(site.dir, 'clerk')).login()).status, 201);
		const auditor = await login(Identity.officer(site.dir, 'auditor'));
		const { agents, threshold } = expectStatus(await auditor.get('/api/v1/agents'), 200);
		assert.equal(threshold, 2);
		assert.deepEqual(agents.map((a) => a.name).sort(), ['张三', '密钥恢复员三', '密钥恢复员二'].sort());
		const { items: [recorded] } = expectStatus(await auditor.get('/api/v1/ceremonies'), 200);
		assert.deepEqual([recorded.transcript, recorded.steps], [held.hash, steps.map((s) => s.step)]);
		await site.stop();
	});

	const siteFiles = () => ['officers.log', 'agents.log'].map((name) => readFileSync(join(site.dir, 'signer', name), 'utf8')).join();
	await check('whom the signer does not let change a list changes none here either', async () => {
		const before = siteFiles();
		const refused = async (step, why) => {
			const { failure, signed } = await holdCeremony(site, [step], { secret });
			assert.match(failure, why);
			assert.equal(signed.transcript.steps[0].done, false);
			assert.equal(siteFiles(), before);
		};
		const add = [{ name: '李四', roles: ['reviewer'], csr: at('li.csr') }];
		await refused({ step: 'officers', add, by: [administrators[0], administrators[0]] }, /same person|same_person/);
		await refused({ step: 'officers', add, by: [administrators[0], officerFiles(site, 'auditor')] }, /administrators/);
		await refused({ step: 'officers', remove: ['审核人'], by: administrators }, /reviewer|stay/);
		await refused({ step: 'officers', remove: ['受理人'], by: administrators }, /no active officer/);
		await refused({ step: 'agents', threshold: 4, by: administrators }, /threshold/);
		await refused({ step: 'officers', add, by: administrators.slice(0, 1) }, /two who sign/);
	});

	await check('statements that two administrators made elsewhere do as well', async () => {
		const lines = readFileSync(join(site.dir, 'signer/officers.log'), 'utf8').trimEnd().split('\n');
		const { list: current } = JSON.parse(lines.at(-1).slice(65));
		const { person } = current.officers.find((o) => o.name === '出纳员' || o.roles.includes('cashier'));
		const next = { ...current, version: current.version + 1, officers: current.officers.map((o) => (o.person === person ? { ...o, removed: true } : o)) };
		const previous = hex(canonical(current));
		const now = timeText(Date.now());
		writeFileSync(at('proposal.json'), canonical({ version: current.version, previous, list: next }));
		['administrator', 'administrator-2'].forEach((who, i) => writeFileSync(at(`statement-${i}`), Identity.officer(site.dir, who).sign(
			{ type: 'officers.change', site: held.signed.transcript.site, time: now, nonce: nonce(), version: current.version, previous, list: hex(canonical(next)) })));
		const { signed } = await heldCeremony(site, [{ step: 'officers', proposal: at('proposal.json'), statements: [at('statement-0'), at('statement-1')] }], { secret });
		const { result } = signed.transcript.steps[0];
		assert.deepEqual([result.version, result.added, result.removed[0].person], [3, [], person]);
	});
} finally {
	await site.remove();
}
