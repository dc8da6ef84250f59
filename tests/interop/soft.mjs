// Soft certificates (PKCS#12) in other people's programs: see soft.sh.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expectStatus } from '../api/lib/expect.mjs';
import { program } from '../api/lib/site.mjs';
import { assert, check } from '../api/lib/tap.mjs';
import { World } from '../api/lib/world.mjs';

const home = mkdtempSync(join(tmpdir(), 'diqi-soft-'));
const path = (name) => join(home, name);
const run = (file, ...args) => new Promise((resolve) => {
	execFile(file, args, { timeout: 120000, env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' } }, (error, stdout, stderr) =>
		resolve({ code: error === null ? 0 : error.code ?? -1, stdout, stderr }));
});
const good = async (file, ...args) => {
	const result = await run(file, ...args);
	assert.equal(result.code, 0, `${file} ${args.join(' ')}\n${result.stdout}${result.stderr}`);
	return result.stdout + result.stderr;
};
writeFileSync(path('pin'), 'Pin-123456\n', { mode: 0o600 });
const world = await World.make();
const diqi = (...args) => good(program, ...args, '--server', world.site.url);

async function issued(algorithm) {
	const application = await world.draft();
	writeFileSync(path(`${algorithm}.json`), JSON.stringify({ application: application.id, access_code: application.byCode.accessCode }), { mode: 0o600 });
	const ticket = ['--ticket', path(`${algorithm}.json`), '--pin-file', path('pin')];
	await diqi('key', 'new', path(algorithm), '--algorithm', algorithm, '--pin-file', path('pin'));
	await diqi('application', 'submit', ...ticket, '--key', path(`${algorithm}.key`), '--csr', path(`${algorithm}.csr`));
	application.view = await application.refresh();
	for (const step of ['accepted', 'paid', 'reviewed', 'issued'])
		application.view = expectStatus(await application.step(step), 200);
	await diqi('application', 'certificate', ...ticket, '--key', path(`${algorithm}.key`), '--p12', path(`${algorithm}.p12`));
	return application;
}

try {
	for (const algorithm of ['p256', 'rsa3072']) {
		await issued(algorithm);
		for (const name of [algorithm, `${algorithm}-encryption`]) {
			await check(`${name}.p12: AES-256 with PBKDF2-SHA-256, read by openssl, NSS pk12util and keytool`, async () => {
				const info = await good('openssl', 'pkcs12', '-in', path(`${name}.p12`), '-passin', 'pass:Pin-123456', '-info', '-noout');
				assert.match(info, /MAC: sha256/);
				assert.match(info, /PBES2, PBKDF2, AES-256-CBC, Iteration \d+, PRF hmacWithSHA256/);
				await good('openssl', 'pkcs12', '-in', path(`${name}.p12`), '-passin', 'pass:Pin-123456', '-nodes', '-out', path('all.pem'));
				const listed = await good('pk12util', '-l', path(`${name}.p12`), '-W', 'Pin-123456');
				assert.match(listed, /PKCS #5 Password Based Encryption v2/i);
				const keys = await good('keytool', '-list', '-storetype', 'PKCS12', '-keystore', path(`${name}.p12`), '-storepass', 'Pin-123456');
				assert.match(keys, /PrivateKeyEntry/);
			});
		}
	}
} finally {
	rmSync(home, { recursive: true, force: true });
	await world.remove();
}
