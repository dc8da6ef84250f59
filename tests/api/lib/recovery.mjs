// A recovery from the form to the opened key: the program's own command line for agents and requester.
import { execFile, execFileSync } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { certificateRequest } from './der.mjs';
import { expectStatus } from './expect.mjs';
import { program } from './site.mjs';
import { canonical, hex } from './statement.mjs';
import { newIdentity } from './world.mjs';

// {code, stdout, stderr} of diqi; ASan's leak check is for the program's own tests.
export const diqi = (site, args, env = {}) => new Promise((resolve) => {
	execFile(program, [...args, '--server', site.url], { timeout: 60000, env: { ...process.env, ...env } },
		(error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code ?? error.signal, stdout, stderr }));
});

const agentFile = (site, n) => join(site.dir, `officers/recovery_agent-${n}.p12`);
export const giveShare = (site, id, n, env, more = []) => diqi(site, ['recovery', 'share', id, '--as', agentFile(site, n), ...more], env);
// What "key new" would have made: an agent who was taken in later has his encryption key so.
export function agentKey(site, n, folder) {
	const pin = `file:${join(site.dir, `officers/recovery_agent-${n}.pin`)}`, path = join(folder, `agent-${n}.key`);
	const plain = execFileSync('openssl', ['pkcs12', '-in', join(site.dir, `officers/recovery_agent-${n}-encryption.p12`), '-passin', pin, '-nocerts', '-nodes']);
	execFileSync('openssl', ['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA256', '-passout', pin, '-out', path], { input: plain });
	return path;
}

// The encryption certificate that came with an application's first certificate.
export async function encryptionOf(application) {
	const { encryption_serial: serial, encryption_certificate: der } = expectStatus(await application.byCode.get(`${application.path}/issued`), 200);
	return { serial, certificate: new X509Certificate(Buffer.from(der, 'base64')) };
}

// An approved recovery of it, applied for with a fresh key.
export async function approvedRecovery(world, of, asks = {}) {
	const { serial } = await encryptionOf(of);
	const recovery = await (await world.service('recover_key', of, { certificate: serial, ...asks })).through('reviewed');
	recovery.view = expectStatus(await recovery.serve('complete'), 200);
	return recovery;
}

export async function lodgeRecovery(world, recovery) {
	const clerk = await world.officer('clerk');
	recovery.identity = newIdentity();
	return clerk.post(`${recovery.path}/lodge`, {
		csr: certificateRequest(recovery.identity.key).toString('base64'),
		statement: await clerk.statement('application.lodge', { application: recovery.id, service: 'recover_key', form: await recovery.formHash(),
			certificate: recovery.view.certificate, spki: recovery.identity.spkiHash }),
	});
}

// Two administrators' statements for another list; `current` as GET /agents gave it.
export async function agentsChange(world, current, list, signers = ['administrator', 'administrator-2']) {
	const { keys, lost, ...pinned } = current;
	const members = { version: pinned.version, previous: hex(canonical(pinned)), list: hex(canonical(list)) };
	const statements = [];
	for (const name of signers)
		statements.push(await (await world.officer(name)).statement('agents.change', members));
	return statements;
}

// An agent's share opened and sealed anew by openssl: members of his statement.
export function resealed(site, n, offered) {
	const run = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
	const dir = mkdtempSync(join(site.top, 'share-')), at = (name, content) => {
		if (content !== undefined)
			writeFileSync(join(dir, name), content, { mode: 0o600 });
		return join(dir, name);
	};
	const pin = readFileSync(join(site.dir, `officers/recovery_agent-${n}.pin`), 'utf8').trim(), p12 = join(site.dir, `officers/recovery_agent-${n}-encryption.p12`);
	at('agent.pem', run('pkcs12', '-in', p12, '-passin', `pass:${pin}`, '-nodes', '-nocerts'));
	const share = run('cms', '-decrypt', '-inform', 'DER', '-in', at('sealed', Buffer.from(offered.share, 'base64')), '-inkey', at('agent.pem'));
	const transport = Buffer.from(offered.transport, 'base64');
	at('transport.pem', createPublicKey({ key: transport, type: 'spki', format: 'der' }).export({ type: 'spki', format: 'pem' }));
	// openssl encrypts to certificates only.
	run('x509', '-new', '-subj', '/CN=transport', '-force_pubkey', at('transport.pem'), '-signkey', at('agent.pem'), '-out', at('transport.crt'));
	const sealed = run('cms', '-encrypt', '-binary', '-in', at('share', share), '-aes256', '-outform', 'DER', '-recip', at('transport.crt'), '-keyopt', 'ecdh_kdf_md:sha256');
	rmSync(dir, { recursive: true });
	return { recovery: offered.recovery, serial: offered.serial, transport: hex(transport), share: sealed.toString('base64') };
}
