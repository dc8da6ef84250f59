// What a person meets at the command line: what is lost, shown, overwritten or asked for when something is not as it should be.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { by } from './lib/command.mjs';
import { organizationForm } from './lib/forms.mjs';
import { program } from './lib/site.mjs';
import { assert, check, engine } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make(), { site } = world;
const at = (name) => join(site.top, name);
const put = (name, text) => {
	writeFileSync(at(name), text, { mode: 0o600 });
	return at(name);
};
// {code, stdout, stderr}; setsid: without a terminal, wherever the test itself runs.
const alone = (file, args) => new Promise((resolve) => {
	execFile('setsid', ['--wait', file, ...args], { timeout: 60000 }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code ?? -1, stdout, stderr }));
});
const offline = (...words) => alone(program, words);
const diqi = (...words) => offline(...words, '--server', site.url);
const pin = ['--pin-file', put('pin', '246810\n')];
const refused = (result, code, pattern) => {
	assert.equal(result.code, code, result.stderr);
	assert.match(result.stderr, pattern);
};

// A terminal (script, of util-linux): each answer is typed when its prompt is there.
const atTerminal = (command, answers) => new Promise((resolve) => {
	const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
	const guard = setTimeout(() => child.kill('SIGKILL'), 60000);
	let text = '', from = 0;
	child.stdout.on('data', (d) => {
		text += d;
		if (answers.length > 0 && answers[0].prompt.test(text.slice(from))) {
			from = text.length;
			child.stdin.write(answers.shift().type);
		}
	});
	child.on('error', () => resolve({ code: 127, text }));
	child.on('exit', (code) => {
		clearTimeout(guard);
		resolve({ code, text });
	});
});
// A container may have no /dev/pts.
const terminal = (await atTerminal('true', [])).code === 0;
const checkAtTerminal = (name, fn) => (terminal ? check(name, fn) : console.log(`ok - ${engine}: ${name} # SKIP no pseudo-terminal can be made here`));

try {
	await check('a group of commands shows its own; what is missing or misspelt is said with where to look', async () => {
		const help = await offline('token', '--help');
		assert.equal(help.code, 0);
		assert.deepEqual([...help.stdout.matchAll(/^ {2}([a-z]+) /mg)].map((m) => m[1]).filter((w) => w !== 'token'), []);
		assert.match(help.stdout, /^ {2}token prepare/m);
		refused(await offline('token'), 2, /diqi token --help/);
		refused(await offline('token', 'prepair'), 2, /no command "token prepair"; see: diqi token --help/);
		refused(await offline('--json', 'doctor'), 2, /options stand after the command/);
		assert.ok(!/ $/m.test((await offline('doctor', '--help')).stdout), 'no blanks at the end of a line');
	});

	await check('a number that is none is refused by the name of its option', async () => {
		refused(await offline('init', '--dir', at('x'), '--crl-shards', 'many'), 3, /--crl-shards takes a whole number, not "many" \[field\.value\]/);
	});

	await check('output that cannot be written is no success', async () => {
		const { status, stderr } = await new Promise((resolve) => {
			const child = spawn(program, ['certificate', 'show', join(site.dir, 'ca/root.crt')], { stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] });
			let text = '';
			child.stderr.on('data', (d) => { text += d; });
			child.on('close', (code) => resolve({ status: code, stderr: text }));
		});
		assert.equal(status, 1);
		assert.match(stderr, /standard output cannot be written/);
	});

	await check('without a terminal it is said by which option a secret is given', async () => {
		refused(await offline('key', 'new', at('none')), 3, /no terminal to ask for: .*none\.key; give it by --pin-file FILE/);
		refused(await offline('doctor', '--dir', site.dir, '--passphrase-fd', '77'), 3, /--passphrase-fd 77: cannot read/);
		refused(await offline('serve', '--dir', site.dir), 3, /give it by --passphrase-file FILE or --passphrase-fd N/);
		refused(await diqi('whoami', '--as', put('no-pin.p12', readFileSync(join(site.dir, 'officers/clerk.p12')))), 3, /PIN of .*no-pin\.p12; give it by --pin-file FILE/);
	});

	await checkAtTerminal('a new PIN is typed twice; Ctrl-C at a prompt leaves no key, and the terminal as it was', async () => {
		const key = (name) => `${program} key new ${at(name)}`;
		const twice = (first, second) => [{ prompt: /new PIN for .*: $/, type: `${first}\r` }, { prompt: /again: $/, type: `${second}\r` }];
		const typo = await atTerminal(key('typo'), twice('135790', '135791'));
		assert.equal(typo.code, 3, typo.text);
		assert.match(typo.text, /the second time is something else/);
		assert.ok(!existsSync(at('typo.key')));
		const same = await atTerminal(key('same'), twice('135790', '135790'));
		assert.equal(same.code, 0, same.text);
		assert.ok(!same.text.includes('135790'), 'what is typed is not shown');
		assert.ok(existsSync(at('same.key')));
		const cut = await atTerminal(`${key('cut')}; stty -a`, [{ prompt: /new PIN for .*: $/, type: '1357\x03' }]);
		assert.match(cut.text, /not typed/);
		assert.match(cut.text, / echo /);
		assert.ok(!existsSync(at('cut.key')));
	});

	await check('an application begins when its access code has a place, and not before', async () => {
		const form = put('form.json', JSON.stringify(organizationForm(1))), begun = () => site.log.split('"POST","path":"/api/v1/applications"').length;
		const first = ['application', 'new', 'organization', '--form', form, '--ticket', at('ticket')];
		assert.equal((await diqi(...first)).code, 0);
		const before = begun(), kept = readFileSync(at('ticket'), 'utf8');
		const again = await diqi(...first);
		refused(again, 3, /ticket exists already/);
		assert.ok(!again.stderr.includes('access_code'));
		refused(await diqi(...first.slice(0, -1), at('no/ticket')), 3, /cannot make .*no\/ticket/);
		assert.equal(begun(), before);
		assert.equal(readFileSync(at('ticket'), 'utf8'), kept);
		refused(await diqi('application', 'status', '--ticket', form), 3, /form\.json is no ticket of "application new": .* \[field\.unknown\]/);
	});

	await check('a key and its request are made together or not at all', async () => {
		put('pair.csr', 'another request');
		refused(await offline('key', 'new', at('pair'), ...pin), 3, /pair\.csr exists already/);
		assert.ok(!existsSync(at('pair.key')));
		assert.equal((await offline('key', 'new', at('own'), ...pin)).code, 0);
		refused(await diqi('application', 'submit', '--ticket', at('ticket'), '--key', at('own.key'), '--csr', at('own.key'), ...pin), 3, /own\.key: not one value in DER/);
	});

	await check('both certificates come into files or neither does, under one PIN', async () => {
		const holder = await world.draft();
		put('holder.ticket', JSON.stringify({ application: holder.id, access_code: holder.byCode.accessCode }));
		assert.equal((await diqi('application', 'submit', '--ticket', at('holder.ticket'), '--key', at('own.key'), '--csr', at('own.csr'), ...pin)).code, 0);
		holder.view = await holder.refresh();
		for (const step of ['accepted', 'paid', 'reviewed', 'issued'])
			assert.equal((await holder.step(step)).status, 200);
		const fetch = (name) => diqi('application', 'certificate', '--ticket', at('holder.ticket'), '--key', at('own.key'), '--p12', at(name), ...pin);
		put('taken-encryption.p12', 'another');
		refused(await fetch('taken.p12'), 3, /taken-encryption\.p12 exists already/);
		assert.ok(!existsSync(at('taken.p12')));
		assert.equal((await fetch('good.p12')).code, 0);
		for (const name of ['good.p12', 'good-encryption.p12'])
			execFileSync('openssl', ['pkcs12', '-in', at(name), '-passin', `file:${at('pin')}`, '-nodes', '-noout'], { stdio: 'ignore' });
		const issued = JSON.parse((await diqi('application', 'certificate', '--ticket', at('holder.ticket'), '--json')).stdout);
		assert.ok(issued.certificate && issued.encryption_certificate && issued.envelope);
	});

	await check('a private key never gets into a proposal', async () => {
		const { stdout } = await diqi('officer', 'list', '--json', ...by(world, 'administrator'));
		const agent = JSON.parse(stdout).officers.find((o) => o.roles.includes('recovery_agent'));
		refused(await diqi('agent', 'propose', at('agents.json'), '--add', agent.person, '--name', '李四', '--csr', at('own.key'), ...by(world, 'administrator')), 3, /own\.key: not one value/);
		refused(await diqi('officer', 'propose', at('officers.json'), '--add', '张三', '--roles', 'clerk', '--csr', at('own.key'), ...by(world, 'administrator')), 3, /own\.key: not one value/);
		assert.ok(!existsSync(at('agents.json')) && !existsSync(at('officers.json')));
	});

	await check('who signs a list sees names, roles and keys in it', async () => {
		const propose = (...more) => diqi('officer', 'propose', at('change.json'), '--add', '张三', '--roles', 'clerk', '--csr', at('own.csr'), ...more, ...by(world, 'administrator'));
		assert.equal((await propose()).code, 0);
		const shown = await diqi('officer', 'sign', at('change.json'), at('change.jws'), ...by(world, 'administrator'));
		assert.equal(shown.code, 0, shown.stderr);
		assert.match(shown.stderr, /张三 {2}\["clerk"\]\n {4}NEW key [0-9a-f]{64}$/m);
		assert.match(shown.stderr, /管理员 {2}\["administrator"\]\n {4}key [0-9a-f]{64}$/m);
		assert.ok(!/[A-Za-z0-9+/]{100}/.test(shown.stderr), 'no base64');
		refused(await diqi('agent', 'sign', at('form.json'), at('x.jws'), ...by(world, 'administrator')), 3, /form\.json is no proposal/);
		refused(await diqi('agent', 'propose', at('many.json'), '--threshold', '9', ...by(world, 'administrator')), 3, /2 to 3 together recover a key, not 9.*at \/threshold/);
	});

	await check('a list to be revoked is not written over, and holds numbers of certificates only', async () => {
		const why = ['--reason', 'superseded', '--cause', 'key_replaced', ...by(world, 'reviewer')], number = '41'.padEnd(40, 'a');
		const list = put('list', `${number.toUpperCase()}\r\n${number}\n`);
		refused(await diqi('certificate', 'revoke-many-sign', list, list, ...why), 3, /list exists already/);
		assert.match(readFileSync(list, 'utf8'), /^41AA/);
		assert.equal((await diqi('certificate', 'revoke-many-sign', list, at('list.jws'), ...why)).code, 0);
		refused(await diqi('certificate', 'revoke-many-sign', put('words', `${number}\nhello\n`), at('w.jws'), ...why), 3, /words: line 2 is not the number of a certificate/);
		refused(await diqi('certificate', 'revoke-many-sign', put('none', '\n'), at('n.jws'), ...why), 3, /none names no certificate/);
		assert.ok(!existsSync(at('w.jws')) && !existsSync(at('n.jws')));
	});

	await check('diqi profile list: in order; a profile that is refused is named by its file', async () => {
		const { stdout } = await diqi('profile', 'list', ...by(world, 'administrator'));
		const rows = stdout.trimEnd().split('\n').slice(1).map((line) => line.trim().split(/\s+/).slice(0, 2));
		assert.ok(rows.length >= 21);
		assert.deepEqual(rows, [...rows].sort(([a, v], [b, w]) => (a < b ? -1 : a > b ? 1 : Number(v) - Number(w))));
		refused(await diqi('profile', 'propose', at('form.json'), at('p.jws'), ...by(world, 'administrator')), 3, /form\.json: /);
	});

	await check('diqi certificate show: who issued it and what for', async () => {
		const shown = JSON.parse((await offline('certificate', 'show', join(site.dir, 'ca/issuing.crt'), '--json')).stdout);
		assert.match(shown.issuer, /Root CA/);
		assert.deepEqual(shown.key_usage, ['keyCertSign', 'cRLSign']);
		refused(await offline('certificate', 'show', join(site.dir, 'ca/issuing.crt'), '--uscc-oid', 'gestern'), 3, /--uscc-oid takes an object identifier/);
	});

	await check('diqi init: every root key is named, and no site in files where a PIN of a token was given', async () => {
		const secrets = ['--passphrase-file', put('passphrase', 'a passphrase\n'), '--root-passphrase-file', at('passphrase')];
		refused(await offline('init', '--dir', at('new'), ...secrets, '--hsm-pin-file', at('pin')), 3, /--hsm-token is missing/);
		assert.ok(!existsSync(at('new')));
		const made = await offline('init', '--dir', at('new'), ...secrets, '--second', 'sm2', '--json');
		assert.equal(made.code, 0, made.stderr);
		assert.match(made.stderr, /take root\/root\.key off.*take root\/gm-root\.key off/s);
		const fingerprint = (name) => execFileSync('openssl', ['x509', '-in', at(`new/ca/${name}.crt`), '-noout', '-fingerprint', '-sha256'], { encoding: 'utf8' }).trim().replace(/.*=/, '').replaceAll(':', '').toLowerCase();
		assert.deepEqual(JSON.parse(made.stdout).roots.map((r) => r.sha256), ['root', 'gm-root'].map(fingerprint));
	});

	await check('diqi doctor: a chain that was changed, cut or lost, which a start would refuse or could not know', async () => {
		const copy = at('copy'), escrow = join(copy, 'signer/escrow.log'), officers = join(copy, 'signer/officers.log');
		cpSync(site.dir, copy, { recursive: true });
		const found = async () => {
			const { code, stdout } = await offline('doctor', '--dir', copy, '--json');
			return { code, text: JSON.parse(stdout).findings.filter((f) => f.check === 'chain').map((f) => `${f.level} ${f.detail}`).join('\n') };
		};
		assert.match((await found()).text, /^ok every line chains; the keys of all 1 encryption certificates are kept$/);
		const kept = readFileSync(escrow);
		writeFileSync(escrow, '');
		assert.match((await found()).text, /fail .*escrow\.log: the keys of 1 of 1 encryption certificates are not in it/);
		rmSync(escrow);
		assert.match((await found()).text, /warn .*escrow\.log: is not there/);
		writeFileSync(escrow, kept);
		writeFileSync(officers, readFileSync(officers, 'utf8').replace('审核人', '审核甲'));
		const changed = await found();
		assert.equal(changed.code, 3);
		assert.match(changed.text, /fail .*officers\.log: line does not chain at byte 0; the file was changed/);
	});

	await check('what cannot be read is named', async () => {
		for (const words of [['certificate', 'show', at('gone')], ['ceremony', 'verify', at('gone')], ['application', 'status', '--ticket', at('gone')]])
			refused(await diqi(...words), 3, /gone/);
		if (process.getuid() !== 0) {
			chmodSync(put('closed', 'x'), 0);
			refused(await offline('certificate', 'show', at('closed')), 3, /closed.*Permission denied/);
		}
	});
} finally {
	await world.remove();
}
