// Logging in: a signed challenge or a TLS client certificate; no password exists.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get as httpsGet, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Client } from './lib/client.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { Identity } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { newIdentity, World } from './lib/world.mjs';

const run = promisify(execFile);
const world = await World.make({ configure: [['http', 'tls_listen', '127.0.0.1:0']] });
const officer = (name) => Identity.officer(world.site.dir, name);
const fresh = (identity) => new Client(world.site, identity);
const challengeFor = async (client) => expectStatus(await client.post('/api/v1/login/challenge', { purpose: 'login' }), 201);
const derOf = (identity) => identity.certificate.raw.toString('base64');

// A login whose parts may each be wrong.
async function attempt(client, { challenge, members = {}, signer = client.identity, certificate = derOf(client.identity), tamper, options } = {}) {
	challenge ??= (await challengeFor(client)).challenge;
	let statement = await client.statement('login', { challenge, purpose: 'login', ...members }, { identity: signer, ...options });
	if (tamper)
		statement = tamper(statement);
	return client.post('/api/v1/login', { statement, certificate });
}

const tlsRequest = (path, { method = 'GET', body, ...options } = {}) => new Promise((resolve, reject) => {
	const send = method === 'GET' ? httpsGet : httpsRequest;
	const request = send(`${world.site.https}${path}`, {
		method, ca: readFileSync(join(world.site.dir, 'ca/root.crt')), checkServerIdentity: () => undefined, agent: false,
		headers: body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }, ...options,
	}, (reply) => {
		let text = '';
		reply.on('data', (d) => { text += d; });
		reply.on('end', () => resolve({
			status: reply.statusCode, headers: reply.headers, type: reply.headers['content-type'],
			body: /json/.test(reply.headers['content-type'] ?? '') ? JSON.parse(text) : text,
		}));
	});
	request.on('error', reject);
	if (body !== undefined)
		request.end(body);
});

try {
	await check('a challenge is bound to its purpose, this site and two minutes', async () => {
		const client = fresh(officer('clerk'));
		const challenge = await challengeFor(client);
		assert.equal(challenge.purpose, 'login');
		assert.equal(challenge.site, await client.siteId());
		assert.equal(Date.parse(challenge.expires) - await world.now(), 120000);
		expectProblem(await client.post('/api/v1/login/challenge', { purpose: 'quote' }), 422, 'field.value', '/purpose');
	});

	await check('an officer logs in with a certificate; the session names person and roles', async () => {
		const client = fresh(officer('reviewer'));
		const opened = expectStatus(await client.login(), 201);
		assert.equal(opened.kind, 'officer');
		assert.deepEqual(opened.roles, ['reviewer']);
		assert.equal(opened.fingerprint, client.identity.fingerprint);
		assert.match(opened.person, /^[0-9a-f-]{36}$/);
		assert.deepEqual(expectStatus(await client.get('/api/v1/session'), 200), opened);
	});

	await check('the session cookie is HttpOnly, SameSite=Strict, and not readable from the answer', async () => {
		const client = fresh(officer('clerk'));
		const reply = await client.login();
		const attributes = client.setCookie.split(/; */);
		assert.match(attributes[0], /^diqi_session=[A-Za-z0-9_.-]{40,128}$/);
		assert.ok(attributes.includes('HttpOnly') && attributes.includes('SameSite=Strict') && attributes.includes('Path=/'), client.setCookie);
		assert.ok(!JSON.stringify(reply.body).includes(attributes[0].split('=')[1]));
	});

	await check('a challenge is good for one login', async () => {
		const client = fresh(officer('clerk'));
		const { challenge } = await challengeFor(client);
		expectStatus(await attempt(client, { challenge }), 201);
		expectProblem(await attempt(client, { challenge }), 401, 'login.challenge', '/statement/challenge');
	});

	await check('an unknown challenge is refused', async () => {
		expectProblem(await attempt(fresh(officer('clerk')), { challenge: '019c8d28-fe80-73b1-8c60-428d4d6feb85.AAAA' }), 401, 'login.challenge');
	});

	await check('a challenge older than two minutes is refused, one a millisecond younger is taken', async () => {
		const client = fresh(officer('clerk'));
		const old = await challengeFor(client);
		const second = await challengeFor(client);
		await world.advance(119999);
		expectStatus(await attempt(client, { challenge: second.challenge }), 201);
		await world.advance(1);
		expectProblem(await attempt(client, { challenge: old.challenge }), 401, 'login.challenge');
	});

	await check('a statement of another purpose or type does not log in', async () => {
		const client = fresh(officer('clerk'));
		expectProblem(await attempt(client, { members: { purpose: 'confirm' } }), 422, 'statement.target');
		const { challenge } = await challengeFor(client);
		const statement = await client.statement('fee.record', { challenge, purpose: 'login' });
		expectProblem(await client.post('/api/v1/login', { statement, certificate: derOf(client.identity) }), 422, 'statement.type');
	});

	await check('a login statement made for another site is refused', async () => {
		expectProblem(await attempt(fresh(officer('clerk')), { members: { site: '019c8d28-fe80-73b1-8c60-000000000000' } }), 422, 'statement.target');
	});

	await check('a login statement more than five minutes off is refused', async () => {
		for (const timeShift of [-300001, 300001])
			expectProblem(await attempt(fresh(officer('clerk')), { options: { timeShift } }), 422, 'statement.time');
		expectStatus(await attempt(fresh(officer('clerk')), { options: { timeShift: 299000 } }), 201);
	});

	await check('somebody else\'s certificate beside one\'s own signature is refused', async () => {
		const client = fresh(officer('clerk'));
		expectProblem(await attempt(client, { certificate: derOf(officer('reviewer')) }), 403, 'statement.signer');
		// Claiming the other's certificate in the header too: now the signature is wrong.
		const forged = Object.assign(newIdentity(), { certificate: officer('reviewer').certificate });
		expectProblem(await attempt(fresh(forged)), 422, 'statement.signature');
	});

	await check('a statement signed by a bare key (spki#S256) does not log in', async () => {
		expectProblem(await attempt(fresh(officer('clerk')), { options: { bySpki: true } }), 403, 'statement.signer');
	});

	await check('one changed byte of payload or signature is refused', async () => {
		const client = fresh(officer('clerk'));
		const change = (part) => (text) => {
			const parts = text.split('.');
			const bytes = Buffer.from(parts[part], 'base64url');
			/* Another nonce of the right form: only the signature can tell. */
			const at = part === 1 ? bytes.indexOf('"nonce":"') + 10 : 20;
			bytes[at] = part === 2 ? bytes[at] ^ 1 : bytes[at] === 0x41 ? 0x42 : 0x41;
			parts[part] = bytes.toString('base64url');
			return parts.join('.');
		};
		for (const part of [1, 2]) {
			const reply = await attempt(client, { tamper: change(part) });
			expectProblem(reply, 422, 'statement.signature');
		}
	});

	await check('algorithms "none" and HS256 are refused', async () => {
		const client = fresh(officer('clerk'));
		for (const alg of ['none', 'HS256', 'ES384']) {
			const header = { alg, typ: 'diqi-statement+json', 'x5t#S256': Buffer.from(client.identity.fingerprint, 'hex').toString('base64url') };
			const reply = await attempt(client, { options: { header } });
			assert.ok(reply.status === 400 || reply.status === 422, `${alg}: ${reply.status}`);
			assert.match(reply.body.code, /^statement\./);
		}
	});

	await check('a certificate of another authority is refused', async () => {
		const key = join(world.site.top, 'stranger.key'), crt = join(world.site.top, 'stranger.crt');
		await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=stranger',
			'-keyout', key, '-out', crt, '-days', '3650']);
		await run('openssl', ['pkcs12', '-export', '-inkey', key, '-in', crt, '-passout', 'pass:1', '-out', `${key}.p12`]);
		const reply = await attempt(fresh(Identity.fromP12(`${key}.p12`, '1')));
		assert.equal(reply.status, 403);
		assert.match(reply.body.code, /^certificate\./);
	});

	await check('a CA certificate does not log in', async () => {
		const issuing = readFileSync(join(world.site.dir, 'ca/issuing.crt'));
		const { X509Certificate } = await import('node:crypto');
		const reply = await attempt(fresh(officer('clerk')), { certificate: new X509Certificate(issuing).raw.toString('base64') });
		assert.equal(reply.status, 403, JSON.stringify(reply.body));
	});

	await check('garbage for a certificate is named', async () => {
		for (const certificate of ['AAAA', 'not base64!', derOf(officer('clerk')).slice(0, 400), `${Buffer.concat([officer('clerk').certificate.raw, Buffer.from([0])]).toString('base64')}`]) {
			const reply = await attempt(fresh(officer('clerk')), { certificate });
			assert.ok(reply.status === 400 || reply.status === 422, `${reply.status} ${JSON.stringify(reply.body)}`);
		}
	});

	await check('logging out kills the session, and says so to the browser', async () => {
		const client = fresh(officer('clerk'));
		await client.login();
		const kept = client.cookie;
		assert.equal((await client.post('/api/v1/logout')).status, 204);
		assert.match(client.setCookie, /^diqi_session=;.*Max-Age=0/);
		client.cookie = kept;
		expectProblem(await client.get('/api/v1/session'), 401, 'login.required');
		assert.equal((await client.get('/api/v1/session')).headers.get('www-authenticate'), 'Diqi-Statement');
	});

	await check('a forged or foreign cookie opens nothing, but locks nobody out of public pages', async () => {
		const client = fresh(officer('clerk'));
		await client.login();
		const [name, token] = client.cookie.split('=');
		for (const value of [`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`, token.split('.')[0], 'x', `${'0'.repeat(36)}.${'A'.repeat(43)}`]) {
			client.cookie = `${name}=${value}`;
			expectProblem(await client.get('/api/v1/session'), 401, 'login.required');
			expectStatus(await client.get('/api/v1/sales'), 200);
		}
	});

	await check('a session ends after 30 minutes without a request, and after 12 hours in all', async () => {
		const client = fresh(officer('clerk'));
		expectStatus(await client.login(), 201);
		await world.advance(30 * 60000 - 1);
		expectStatus(await client.get('/api/v1/session'), 200);          // which counts as a request
		await world.advance(30 * 60000 - 1);
		expectStatus(await client.get('/api/v1/session'), 200);
		await world.advance(30 * 60000);
		expectProblem(await client.get('/api/v1/session'), 401, 'login.required');

		expectStatus(await client.login(), 201);
		const end = await world.now() + 12 * 3600000;
		while (await world.now() + 29 * 60000 < end) {
			await world.advance(29 * 60000);
			expectStatus(await client.get('/api/v1/session'), 200);
		}
		await world.setClock(end);
		expectProblem(await client.get('/api/v1/session'), 401, 'login.required');
	});

	await check('a revoked certificate is refused at the next request, and at the next login', async () => {
		const holder = await world.certify();
		assert.equal(expectStatus(await holder.get('/api/v1/session'), 200).kind, 'holder');
		const reviewer = await world.officer('reviewer');
		expectStatus(await reviewer.act(`/api/v1/certificates/${holder.serial}/revoke`, 'certificate.revoke', { serial: holder.serial, reason: 'keyCompromise' }), 200);
		const after = await holder.get('/api/v1/session');
		assert.ok(after.status === 401 || after.status === 403, String(after.status));
		const cookie = holder.cookie;
		expectProblem(await holder.login(), 403, 'certificate.revoked');
		assert.equal(holder.cookie, cookie);                              // no new one was given
	});

	await check('an expired certificate does not log in', async () => {
		const site = await World.make({ begin: '2026-02-24T01:00:00.000000Z' });
		try {
			const holder = await site.certify('person');
			await site.setClock(Date.parse(holder.identity.certificate.validTo) + 2000);
			expectProblem(await holder.get('/api/v1/session'), 401, 'login.required');
			expectProblem(await holder.login(), 403, 'certificate.expired');
		} finally {
			await site.remove();
		}
	});

	await check('an officer who was removed is refused at the next request', async () => {
		const cashier = await world.officer('cashier');
		const { person } = expectStatus(await cashier.get('/api/v1/session'), 200);
		expectStatus(await world.officersChange((officers) => { officers.find((o) => o.person === person).removed = true; }), 200);
		const after = await cashier.get('/api/v1/session');
		assert.ok(after.status === 401 || after.status === 403, String(after.status));
		const again = await cashier.login();
		assert.equal(again.status, 403, JSON.stringify(again.body));
	});

	await check('nothing on disk or in an answer is a password: the database holds only hashes of tokens', async () => {
		const client = fresh(officer('issuer'));
		await client.login();
		const token = client.cookie.split('=')[1];
		const application = await world.draft('person');
		const secrets = [token.split('.')[1], application.client.accessCode, application.client.accessCode.replaceAll('-', '')];
		const data = join(world.site.dir, 'data');
		for (const file of readdirSync(data)) {
			const bytes = readFileSync(join(data, file)).toString('latin1');
			for (const secret of secrets)
				assert.ok(!bytes.includes(secret), `${file} holds the ${secrets.indexOf(secret) === 0 ? "session token" : "access code"}`);
		}
		assert.ok(secrets.every((s) => !world.site.log.includes(s)), 'the log holds a secret');
	});

	await check('HTTPS: a client certificate logs in without a challenge', async () => {
		const p12 = { pfx: readFileSync(join(world.site.dir, 'officers/auditor.p12')), passphrase: readFileSync(join(world.site.dir, 'officers/auditor.pin'), 'utf8').trim() };
		const reply = await tlsRequest('/api/v1/login/tls', { method: 'POST', body: '{}', ...p12 });
		const opened = expectStatus(reply, 201);
		assert.deepEqual(opened.roles, ['auditor']);
		assert.match(reply.headers['set-cookie'][0], /HttpOnly; SameSite=Strict; Secure/);
		const session = await tlsRequest('/api/v1/session', { headers: { Cookie: reply.headers['set-cookie'][0].split(';')[0] } });
		assert.deepEqual(expectStatus(session, 200), opened);
	});

	await check('HTTPS: curl with a PKCS#12 file logs in too', async () => {
		const pin = readFileSync(join(world.site.dir, 'officers/clerk.pin'), 'utf8').trim();
		const { stdout } = await run('curl', ['-sS', '--max-time', '20', '--cacert', join(world.site.dir, 'ca/root.crt'), '--cert-type', 'P12',
			'--cert', `${join(world.site.dir, 'officers/clerk.p12')}:${pin}`, '-H', 'Content-Type: application/json', '-d', '{}', '-k',
			`${world.site.https}/api/v1/login/tls`]);
		assert.deepEqual(JSON.parse(stdout).roles, ['clerk']);
	});

	await check('HTTPS: a caller without certificate is served, but cannot log in by TLS', async () => {
		expectStatus(await tlsRequest('/api/v1/site'), 200);
		expectProblem(await tlsRequest('/api/v1/login/tls', { method: 'POST', body: '{}' }), 401, 'login.required');
	});

	await check('HTTPS: a certificate of another authority is not trusted', async () => {
		const pfx = readFileSync(join(world.site.top, 'stranger.key.p12'));
		const reply = await tlsRequest('/api/v1/login/tls', { method: 'POST', body: '{}', pfx, passphrase: '1' }).catch((e) => ({ refused: e.code }));
		assert.ok(reply.refused !== undefined || reply.status === 403 || reply.status === 401, JSON.stringify(reply.body));
	});

	await check('plain HTTP: login by TLS is refused', async () => {
		expectProblem(await world.public.post('/api/v1/login/tls', {}), 401, 'login.required');
	});
} finally {
	if (process.env.DIQI_SHOW_LOG)
		writeFileSync(process.env.DIQI_SHOW_LOG, world.site.log);
	await world.remove();
}
