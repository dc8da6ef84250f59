// PIN unlock at a token (SoftHSM2): see token.sh.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';

import { expectProblem, expectStatus } from '../api/lib/expect.mjs';
import { program } from '../api/lib/site.mjs';
import { hex } from '../api/lib/statement.mjs';
import { assert, check } from '../api/lib/tap.mjs';
import { World } from '../api/lib/world.mjs';

const module = process.env.SOFTHSM2_MODULE;
const home = mkdtempSync(join(tmpdir(), 'diqi-token-'));
mkdirSync(join(home, 'tokens'));
writeFileSync(join(home, 'softhsm2.conf'), `directories.tokendir = ${join(home, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`);
const env = { ...process.env, SOFTHSM2_CONF: join(home, 'softhsm2.conf'), ASAN_OPTIONS: 'detect_leaks=0' };

// Exit code and what was printed.
const run = (file, args) => new Promise((resolve) => {
	execFile(file, args, { env, timeout: 60000 }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code ?? -1, stdout, stderr }));
});
const secret = (name, text) => {
	const path = join(home, name);
	writeFileSync(path, `${text}\n`, { mode: 0o600 });
	return path;
};

const world = await World.make();
const as = (officer) => ['--server', world.site.url, '--as', join(world.site.dir, `officers/${officer}.p12`)];
const diqi = (...args) => run(program, args);
const logsIn = async (pin) => (await run('pkcs11-tool', ['--module', module, '--token-label', 'holder', '--login', '--pin', pin, '--list-objects'])).code === 0;
// A blank token as its maker delivers it: a serial, and an administrator PIN of the maker's.
const deliver = async (label) => {
	const { code, stderr } = await run('softhsm2-util', ['--init-token', '--free', '--label', label, '--so-pin', '12345678', '--pin', '00000000', '--module', module]);
	assert.equal(code, 0, stderr);
};
const tokens = async () => {
	const { code, stdout, stderr } = await diqi('token', 'list', '--module', module);
	assert.equal(code, 0, stderr);
	return stdout;
};
// An approved application: the open ticket.
const ticketFor = async (application, token) => {
	const ticket = await world.service('unlock_pin', application, { form: { token } });
	for (const step of ['submitted', 'accepted', 'paid', 'reviewed', 'completed'])
		expectStatus(await ticket.step(step), 200);
	return ticket;
};

try {
	let serial, application, ticket;

	await check('a blank token is made ready by clerk and administrator', async () => {
		await deliver('blank');
		serial = /^serial: (\S+)$/m.exec(await tokens())[1];
		const { code, stderr } = await diqi('token', 'init', '--module', module, '--token', serial, '--label', 'holder', '--maker-pin-file', secret('maker', '12345678'),
			'--new-pin-file', secret('first', '111111'), '--with', join(world.site.dir, 'officers/administrator.p12'), ...as('clerk'));
		assert.equal(code, 0, stderr);
		assert.match(await tokens(), /^label: holder$/m);
		assert.ok(await logsIn('111111'));
		assert.ok(!await logsIn('00000000'));
	});

	await check('the maker\'s administrator PIN is gone', async () => {
		const { code } = await run('pkcs11-tool', ['--module', module, '--token-label', 'holder', '--login', '--login-type', 'so', '--so-pin', '12345678', '--list-objects']);
		assert.notEqual(code, 0);
	});

	await check('a token is made ready once; a clerk and an administrator do not do it again', async () => {
		const { code, stderr } = await diqi('token', 'init', '--module', module, '--token', serial, '--label', 'again', '--maker-pin-file', secret('maker2', '12345678'),
			'--new-pin-file', secret('first2', '222222'), '--with', join(world.site.dir, 'officers/administrator.p12'), ...as('clerk'));
		assert.equal(code, 3, stderr);
		assert.match(stderr, /token\.ticket_used/);
		assert.ok(await logsIn('111111'));
	});

	await check('without an approved application nothing is unlocked', async () => {
		application = await world.draft('organization');
		await application.through('confirmed');
		ticket = await world.service('unlock_pin', application, { form: { token: serial } });
		for (const step of ['submitted', 'accepted', 'paid', 'reviewed'])
			expectStatus(await ticket.step(step), 200);
		const { code, stderr } = await diqi('token', 'unlock', ticket.id, '--module', module, '--new-pin-file', secret('early', '333333'), ...as('clerk'));
		assert.equal(code, 3, stderr);
		assert.match(stderr, /application\.state/);
		expectStatus(await ticket.step('completed'), 200);
		assert.equal((await ticket.refresh()).state, 'approved');
	});

	await check('a PIN the token would not take does not use the ticket up', async () => {
		const { code, stderr } = await diqi('token', 'unlock', ticket.id, '--module', module, '--new-pin-file', secret('short', '1'), ...as('clerk'));
		assert.notEqual(code, 0);
		assert.match(stderr, /characters/);
	});

	await check('the holder logs in with the PIN of his choice', async () => {
		const { code, stderr } = await diqi('token', 'unlock', ticket.id, '--module', module, '--new-pin-file', secret('new', '654321'), ...as('clerk'));
		assert.equal(code, 0, stderr);
		assert.ok(await logsIn('654321'));
		assert.ok(!await logsIn('111111'));
		assert.equal((await ticket.refresh()).state, 'completed');
		assert.ok(!/[0-9]{16}/.test(stderr.replaceAll(serial, '')), 'the administrator PIN is never shown');
	});

	await check('a used ticket is good for no second key', async () => {
		const again = await diqi('token', 'unlock', ticket.id, '--module', module, '--new-pin-file', secret('other', '999999'), ...as('clerk'));
		assert.equal(again.code, 3, again.stderr);
		const open = await ticketFor(application, serial), clerk = await world.officer('clerk');
		const ask = async (key) => {
			const der = key.export({ type: 'spki', format: 'der' });
			const statement = await clerk.statement('token.unlock', { application: open.id, token: serial, spki: hex(der) });
			return clerk.post(`${open.path}/unlock`, { statement, spki: der.toString('base64') });
		};
		const [one, two] = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 3072 }).publicKey);
		expectStatus(await ask(one), 200);
		expectStatus(await ask(one), 200);
		expectProblem(await ask(two), 409, 'token.ticket_used');
		assert.ok(await logsIn('654321'));
	});

	await check('a ticket for another token refuses', async () => {
		const other = await ticketFor(application, 'another-token');
		const { code, stderr } = await diqi('token', 'unlock', other.id, '--module', module, '--new-pin-file', secret('wrong', '777777'), ...as('clerk'));
		assert.equal(code, 3, stderr);
		assert.match(stderr, /statement\.target/);
		const missing = await diqi('token', 'unlock', other.id, '--module', module, '--token', 'another-token', '--new-pin-file', join(home, 'wrong'), ...as('clerk'));
		assert.notEqual(missing.code, 0);
		assert.match(missing.stderr, /not plugged in/);
	});

	await check('a wrong administrator PIN names slot, token and step', async () => {
		await deliver('spare');
		const spare = [...(await tokens()).matchAll(/^serial: (\S+)$/mg)].map((m) => m[1]).find((s) => s !== serial);
		const { code, stderr } = await diqi('token', 'init', '--module', module, '--token', spare, '--label', 'spare', '--maker-pin-file', secret('bad', '87654321'),
			'--new-pin-file', secret('sparepin', '444444'), '--with', join(world.site.dir, 'officers/administrator.p12'), ...as('clerk'));
		assert.notEqual(code, 0);
		assert.match(stderr, /slot \d+, token "spare".*initialising.*wrong PIN/s);
		const several = await diqi('token', 'unlock', ticket.id, '--module', module, '--new-pin-file', join(home, 'new'), ...as('clerk'));
		assert.match(several.stderr, /several tokens/);
	});
} finally {
	rmSync(home, { recursive: true, force: true });
	await world.remove();
}
