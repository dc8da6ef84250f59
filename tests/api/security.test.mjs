// The corrupt insider and the thief: who holds one role, one session or the whole database, and what he gets with it.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { Client } from './lib/client.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { hex, Identity, nonce, sha256 } from './lib/statement.mjs';
import { assert, check, engine } from './lib/tap.mjs';
import { newIdentity, sleep, World } from './lib/world.mjs';

const world = await World.make({ configure: [['http', 'rate_per_second', '0'], ['http', 'tls_listen', '127.0.0.1:0']] });
const { site } = world;

// What a database administrator types.
function sql(text) {
	if (engine === 'postgresql')
		return execFileSync('psql', ['-qAt', '-v', 'ON_ERROR_STOP=1', site.database.uri, '-c', text]).toString().trim();
	return execFileSync('sqlite3', ['-cmd', '.timeout 5000', join(site.dir, 'data', 'diqi.db'), text]).toString().trim();
}

const blob = (bytes) => (engine === 'postgresql' ? `'\\x${Buffer.from(bytes).toString('hex')}'` : `x'${Buffer.from(bytes).toString('hex')}'`);
const serialOf = (identity) => identity.certificate.serialNumber.toLowerCase().padStart(40, '0');
const revoke = (client, serial, reason = 'keyCompromise') =>
	client.act(`/api/v1/certificates/${serial}/revoke`, 'certificate.revoke', { serial, reason });

// By the openssl command, as any relying party asks.
function ocsp(serial) {
	const issuing = join(site.dir, 'ca', 'issuing.crt');
	const text = execFileSync('openssl', ['ocsp', '-issuer', issuing, '-serial', `0x${serial}`, '-url', `${site.url}/pki/issuing/ocsp`,
		'-noverify', '-resp_text'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
	return /Cert Status: (\w+)/.exec(text)?.[1];
}

async function listed(serial) {
	const der = (await world.public.get('/pki/issuing/full.crl')).bytes;
	const text = execFileSync('openssl', ['crl', '-inform', 'DER', '-noout', '-text'], { input: der }).toString().toLowerCase();
	return new RegExp(`serial number: 0*${BigInt(`0x${serial}`).toString(16)}\\b`).test(text);
}

try {
	// --- one role alone -----------------------------------------------------------------------

	await check('one officer cannot end another\'s certificate: nobody locks out the rest alone', async () => {
		for (const name of ['reviewer', 'issuer'])
			for (const victim of ['administrator', 'auditor', 'market_approver']) {
				const { identity } = await world.officer(victim);
				expectProblem(await revoke(await world.officer(name), serialOf(identity), 'privilegeWithdrawn'), 403, 'permission.denied');
			}
		expectStatus(await (await world.officer('administrator')).get('/api/v1/officers'), 200);
	});

	await check('a holder cannot end an officer\'s certificate either', async () => {
		const holder = await world.certify('person');
		expectProblem(await revoke(holder, serialOf((await world.officer('issuer')).identity)), 403, 'permission.denied');
	});

	await check('a statement does for its own route only', async () => {
		const application = await (await world.draft()).through('paid');
		const { hash, profile, profile_version } = await application.request();
		const reviewer = await world.officer('reviewer');
		const statement = await reviewer.statement('application.review', { application: application.id, request: hash, profile, profile_version });
		for (const verb of ['return', 'reject'])
			expectProblem(await reviewer.post(`${application.path}/${verb}`, { statement }), 422, 'statement.type');
		await world.giveRole('reviewer', 'issuer');
		expectProblem(await reviewer.post(`${application.path}/issue`, { statement }), 422, 'statement.type');
		const other = await (await world.draft()).through('paid');
		expectProblem(await reviewer.post(`${other.path}/review`, { statement }), 422, 'statement.target');
		assert.equal((await other.refresh()).state, 'paid');
		expectStatus(await reviewer.post(`${application.path}/review`, { statement }), 200);
		// The same person holds the second role now, and has a fresh, well-formed statement.
		expectProblem(await application.approve('issue', 'reviewer'), 403, 'approval.same_person');
	});

	// --- sessions -------------------------------------------------------------------------------

	await check('A-01: one challenge answered twenty times at once opens one session', async () => {
		const thief = new Client(site, Identity.officer(site.dir, 'auditor'));
		const { challenge } = (await thief.post('/api/v1/login/challenge', { purpose: 'login' })).body;
		const certificate = thief.identity.certificate.raw.toString('base64');
		const statements = await Promise.all(Array.from({ length: 20 }, () => thief.statement('login', { challenge, purpose: 'login' })));
		const replies = await Promise.all(statements.map((statement) => thief.post('/api/v1/login', { statement, certificate })));
		assert.equal(replies.filter((r) => r.status === 201).length, 1);
		assert.ok(replies.filter((r) => r.status !== 201).every((r) => r.body.code === 'login.challenge'));
	});

	await check('A-01: a login gives a new session, whatever cookie the browser came with', async () => {
		const planted = `diqi_session=01900000-0000-7000-8000-000000000000.${randomBytes(32).toString('base64url')}`;
		const victim = new Client(site, Identity.officer(site.dir, 'auditor'));
		victim.cookie = planted;
		expectStatus(await victim.login(), 201);
		const first = victim.cookie;
		assert.notEqual(first, planted);
		expectStatus(await victim.login(), 201);
		assert.notEqual(victim.cookie, first);
		victim.cookie = planted;
		expectProblem(await victim.get('/api/v1/session'), 401, 'login.required');
	});

	await check('A-01: fifty requests racing a logout: none begun after its answer gets through', async () => {
		const client = new Client(site, Identity.officer(site.dir, 'auditor'));
		expectStatus(await client.login(), 201);
		const racing = Array.from({ length: 50 }, () => client.get('/api/v1/session'));
		expectStatus(await client.post('/api/v1/logout'), 204);
		await Promise.all(racing);
		for (let i = 0; i < 20; i++)
			expectProblem(await client.get('/api/v1/session'), 401, 'login.required');
	});

	// --- the database -----------------------------------------------------------------------------

	await check('I-01: a session written into the database by hand signs nothing', async () => {
		const { identity } = await world.officer('reviewer');
		const { person } = (await (await world.officer('reviewer')).get('/api/v1/session')).body;
		const id = '01900000-0000-7000-8000-00000000000a';
		const token = `${id}.${randomBytes(32).toString('base64url')}`;
		const now = (await world.now()) * 1000;
		sql(`INSERT INTO sessions (id, secret_hash, kind, person, name, fingerprint, created, last_seen)
			VALUES ('${id}', ${blob(sha256(token))}, 'officer', '${person}', 'forged', '${identity.fingerprint}', ${now}, ${now})`);
		const administrator = new Client(site, Identity.officer(site.dir, 'clerk'));
		administrator.cookie = `diqi_session=${token}`;
		// He reads what he could read in the tables anyway …
		assert.equal(expectStatus(await administrator.get('/api/v1/session'), 200).person, person);
		// … and acts in nobody's name: his own key is not the session's, the session's he does not have.
		const application = await (await world.draft()).through('paid');
		const { hash, profile, profile_version } = await application.request();
		const members = { application: application.id, request: hash, profile, profile_version };
		expectProblem(await administrator.act(`${application.path}/review`, 'application.review', members), 403, 'statement.signer');
		const posing = new Identity(administrator.identity.key, identity.certificate);
		expectProblem(await administrator.act(`${application.path}/review`, 'application.review', members, { identity: posing }), 422, 'statement.signature');
		assert.equal((await application.refresh()).state, 'paid');
	});

	await check('I-01: a review written into the database by hand does not make the signer sign', async () => {
		const application = await (await world.draft()).through('paid');
		const { hash, profile_version } = await application.request();
		const { person } = (await (await world.officer('reviewer')).get('/api/v1/session')).body;
		// The best the thief has: a true review statement, of the same reviewer, over another application.
		const model = await (await world.draft()).through('reviewed');
		const stolen = sql(`SELECT review_statement FROM applications WHERE id = '${model.id}'`);
		sql(`UPDATE applications SET state = 'reviewed', reviewer = '${person}', request_hash = '${hash}', profile_version = ${profile_version},
			review_statement = '${stolen}' WHERE id = '${application.id}'`);
		const reply = await application.approve('issue');
		assert.ok(reply.status >= 400, String(reply.status));
		assert.equal((await application.refresh()).serial, undefined);
		expectProblem(await application.client.get(`${application.path}/certificate`), 409, 'application.state');
	});

	await check('I-01: another key or name, written into the database by hand, is not put before officers', async () => {
		const thief = newIdentity();
		const application = await (await world.draft()).through('paid');
		const kept = sql(`SELECT document FROM applications WHERE id = '${application.id}'`);
		const key = sql(`SELECT ${engine === 'postgresql' ? "encode(spki, 'hex')" : 'hex(spki)'} FROM applications WHERE id = '${application.id}'`);
		const reviewer = await world.officer('reviewer');
		const before = await application.request();
		sql(`UPDATE applications SET spki = ${blob(thief.spki)} WHERE id = '${application.id}'`);
		expectProblem(await reviewer.get(`${application.path}/request`), 422, 'statement.target');
		// Even who signs for it blindly is refused.
		const request = before.request.replace(/"spki":"[^"]*"/, `"spki":"${thief.spki.toString('base64')}"`);
		const members = { application: application.id, request: hex(request), profile: before.profile, profile_version: before.profile_version };
		expectProblem(await reviewer.act(`${application.path}/review`, 'application.review', members), 422, 'statement.target');
		sql(`UPDATE applications SET spki = ${blob(Buffer.from(key, 'hex'))} WHERE id = '${application.id}'`);
		const document = kept.replace(application.view.form.name, '虚构的别人有限公司');
		assert.notEqual(document, kept);
		sql(`UPDATE applications SET document = '${document}', form_hash = '${hex(document)}' WHERE id = '${application.id}'`);
		expectProblem(await reviewer.get(`${application.path}/request`), 422, 'statement.target');
		sql(`UPDATE applications SET document = '${kept}', form_hash = '${hex(kept)}' WHERE id = '${application.id}'`);
		expectStatus(await application.approve('review'), 200);
		sql(`UPDATE applications SET spki = ${blob(thief.spki)} WHERE id = '${application.id}'`);
		expectProblem(await reviewer.get(`${application.path}/request`), 422, 'statement.target');
	});

	await check('I-01: a certificate written into the database by hand is never good', async () => {
		const model = await world.certify('person');
		const serial = `7${randomBytes(20).toString('hex').slice(1)}`.replace(/^7./, '01');
		const fingerprint = randomBytes(32).toString('hex');
		const seq = sql('SELECT max(change_seq) + 1 FROM certificates');
		sql(`INSERT INTO certificates (serial, issuer, subject_id, application_id, profile, profile_version, spki, status, fingerprint, der,
				not_before, not_after, created, change_seq)
			SELECT '${serial}', issuer, subject_id, 'forged', profile, profile_version, '${randomBytes(32).toString('hex')}', 'valid', '${fingerprint}', der,
				not_before, not_after, created, ${seq} FROM certificates WHERE serial = '${model.serial}'`);
		await sleep(1000);                                        // the index has read it
		assert.notEqual(ocsp(serial), 'good');
		await site.restart();
		assert.notEqual(ocsp(serial), 'good');
		assert.equal(ocsp(model.serial), 'good');
		sql(`DELETE FROM certificates WHERE serial = '${serial}'`);
		for (const client of world.clients.values())
			client.cookie = null;
	});

	await check('I-01: a revocation struck from the database stays one: for OCSP, the CRL and at the login', async () => {
		const victim = await world.certify('person');
		expectStatus(await revoke(victim, victim.serial), 200);
		assert.equal(ocsp(victim.serial), 'revoked');
		for (let i = 0; !await listed(victim.serial); i++, await sleep(100))
			assert.ok(i < 100, 'never listed');
		const seq = sql('SELECT max(change_seq) + 1 FROM certificates');
		sql(`UPDATE certificates SET status = 'valid', revoked_at = NULL, reason = NULL, change_seq = ${seq} WHERE serial = '${victim.serial}'`);
		sql(`UPDATE authority_counters SET value = ${seq} WHERE name = 'change'`);
		await sleep(1000);
		assert.equal(ocsp(victim.serial), 'revoked', 'while it runs');
		expectProblem(await victim.login(), 403, 'certificate.revoked');
		await site.restart();
		assert.equal(ocsp(victim.serial), 'revoked', 'after a restart');
		assert.ok(await listed(victim.serial), 'the new CRL');
		expectProblem(await victim.login(), 403, 'certificate.revoked');
		for (const client of world.clients.values())
			client.cookie = null;
	});

	// --- secrets -----------------------------------------------------------------------------------

	await check('A-18: passphrase, PIN, access code, token and identity number are in no log, argument or environment', async () => {
		const application = await world.draft('person');
		await application.through('confirmed');
		const { cookie } = await world.officer('clerk');
		const form = application.view.form;
		const canaries = {
			passphrase: readFileSync(join(site.dir, 'passphrase'), 'utf8').trim(), pin: readFileSync(join(site.dir, 'officers', 'clerk.pin'), 'utf8').trim(),
			accessCode: application.client.accessCode, token: cookie.split('.')[1], idNumber: form.id_number, mobile: form.mobile,
		};
		const children = readFileSync(`/proc/${site.process.pid}/task/${site.process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
		assert.ok(children.length > 0, 'the signer is a process of its own');
		const places = { log: site.log };
		for (const pid of [site.process.pid, ...children])
			for (const file of ['cmdline', 'environ'])
				try {
					places[`${pid}/${file}`] = readFileSync(`/proc/${pid}/${file}`, 'latin1');
				} catch (error) {
					assert.equal(error.code, 'EACCES');               // not dumpable: nobody may look
				}
		for (const [place, text] of Object.entries(places))
			for (const [name, value] of Object.entries(canaries))
				assert.ok(!text.includes(value), `${name} in ${place}`);
	});

	await check('A-04: whatever a request holds, the log is one JSON object a line', async () => {
		const evil = 'x","event":"site.started"}\u2028\u202e%0a{"event":"forged"}';
		await world.public.get(`/api/v1/notices/${encodeURIComponent(evil)}`);
		await world.public.get(`/${encodeURIComponent(`${evil}\r\n{"event":"forged"}`)}`);
		await world.public.get('/api/v1/site', { headers: { 'X-Request-Id': '{"event":"forged"}', 'User-Agent': evil.replace(/[^\x20-\x7e]/g, '') } });
		await world.public.post('/api/v1/login/challenge', { purpose: `${evil}\n{"event":"forged"}` });
		await sleep(200);
		const lines = site.log.trim().split('\n').filter((line) => !line.startsWith('serving '));      // what a terminal sees
		const events = lines.slice(1).map((line) => JSON.parse(line).event);                              // the first may be cut
		assert.ok(!events.includes('forged'));
		assert.ok(events.filter((event) => event === 'site.started').length <= 1, 'no second start');
	});

	await check('nobody else on the machine reads a secret file of the site', () => {
		const open = [];
		const walk = (dir) => {
			for (const name of readdirSync(dir)) {
				const path = join(dir, name);
				const { mode } = statSync(path);
				if (statSync(path).isDirectory())
					walk(path);
				else if ((mode & 0o077) !== 0 && !/\.(crt|crl)$|\/address(\.\w+)?$/.test(path))
					open.push(`${(mode & 0o777).toString(8)} ${path}`);
			}
		};
		assert.equal(statSync(site.dir).mode & 0o077, 0);
		walk(site.dir);
		assert.deepEqual(open, []);
	});

	await check('A-02: a cookie over HTTPS is Secure, HttpOnly and SameSite=Strict', () => {
		const [cert] = ['auditor'].map((name) => join(site.dir, 'officers', `${name}.p12`));
		const pin = readFileSync(cert.replace('.p12', '.pin'), 'utf8').trim();
		const headers = execFileSync('curl', ['-sS', '-D', '-', '-o', '/dev/null', '--cacert', join(site.dir, 'ca', 'tls-root.crt'), '-H', 'Content-Type: application/json',
			'-d', '{}', '--cert-type', 'P12', '--cert', `${cert}:${pin}`, `${site.https}/api/v1/login/tls`]).toString();
		const cookie = /^set-cookie: (.*)$/im.exec(headers)?.[1] ?? headers;
		for (const flag of ['Secure', 'HttpOnly', 'SameSite=Strict', 'Path=/'])
			assert.ok(cookie.split('; ').map((f) => f.trim()).includes(flag), cookie);
	});

	await check('A-02: what a form of another site can send is refused: no such body type changes anything', async () => {
		const officer = await world.officer('market_editor');
		for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
			expectProblem(await officer.call('POST', '/api/v1/notices', '{"content":{}}', { raw: true, headers: { 'Content-Type': type, Origin: 'https://evil.example', 'Idempotency-Key': nonce() } }), 415, 'request.media_type');
	});
} finally {
	await world.remove();
}
