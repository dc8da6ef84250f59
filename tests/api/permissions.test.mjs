// every route against everybody.  Who may is read from the program's own table; the answers must agree with it,
// and nobody reaches what belongs to another by naming it.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from './lib/client.mjs';
import { Observer, routes } from './lib/contract.mjs';
import { certificateRequest } from './lib/der.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { organizationForm } from './lib/forms.mjs';
import { program, Site } from './lib/site.mjs';
import { canonical, hex, Identity, nonce } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { newIdentity, World } from './lib/world.mjs';

const roles = ['reviewer', 'issuer', 'clerk', 'cashier', 'administrator', 'market_editor', 'market_approver', 'auditor', 'recovery_agent'];
const world = await World.make({ configure: [['http', 'rate_per_second', '0']] });
const { site } = world;

// --- whom and what ------------------------------------------------------------------------

const target = {};                  // what the paths name
const callers = [];                 // {name, client, kind, own, roles}

async function prepare() {
	const mine = await (await world.draft()).through('confirmed');
	const other = await (await world.draft('person')).through('confirmed');
	const draft = await world.draft();
	const strange = await world.draft();
	const bidding = await world.publish(world.parcel());
	const { notice } = await world.draftNotice(world.parcel({ number: '太测网挂〔2026〕98号' }));
	await world.setClock(bidding.content.times.listing_start);
	await world.qualify(bidding.sale, mine.holder, '01');
	const quote = expectStatus(await world.quote(bidding.sale, mine.holder), 201);
	Object.assign(target, {
		application: mine.id, draft: draft.id, serial: mine.view.serial, notice, announced: bidding.notice, sale: bidding.sale, seq: quote.seq,
		ocsp: 'MA==', tile: '0/000', year: 2026, point: 'SND',
	});
	callers.push({ name: 'anonymous', kind: 'anonymous', client: new Client(site) });
	callers.push({ name: 'the applicant', kind: 'applicant', own: true, client: mine.client });
	callers.push({ name: 'another applicant', kind: 'applicant', own: false, client: strange.client });
	callers.push({ name: 'the holder', kind: 'holder', own: true, client: mine.holder });
	callers.push({ name: 'another holder', kind: 'holder', own: false, client: other.holder });
	for (const role of roles)
		callers.push({ name: role, kind: 'officer', roles: [role], client: await world.officer(role === 'recovery_agent' ? 'recovery_agent-1' : role) });
	// The clock has moved on: sessions opened before it have ended.
	const ended = new Client(site, other.holder.identity);
	ended.cookie = other.holder.cookie;
	callers.push({ name: 'an ended session', kind: 'anonymous', client: ended });
	other.holder.cookie = null;
	await world.ready(other.holder);
	return { mine, other, draft, strange };
}

const fill = (path) => path.replace(/\{(\w+)\*?\}/g, (_, name) => ({
	id: path.includes('/applications/') || path.includes('/recoveries/') ? target.application : path.includes('/notices/') ? target.notice : target.sale,
	token: 'nobodys', serial: target.serial, seq: target.seq, request: target.ocsp, path: target.tile, year: target.year, code: target.point,
})[name]);

// --- asking ----------------------------------------------------------------------------------

// The stream has no end; its beginning is the answer.
async function askStream(client, path) {
	const stop = new AbortController();
	const headers = { ...client.cookie && { Cookie: client.cookie }, ...client.accessCode && { 'Diqi-Access-Code': client.accessCode } };
	const reply = await fetch(site.url + path, { headers, signal: stop.signal });
	const answer = { status: reply.status, body: reply.ok ? '' : await reply.json() };
	stop.abort();
	return answer;
}

async function ask(route, caller) {
	const path = fill(route.path);
	if (route.path.endsWith('/stream'))
		return askStream(caller.client, path);
	if (route.listener === 'management') {
		const reply = await fetch(site.manage + path);
		return { status: reply.status, body: await reply.text() };
	}
	// Logging out ends a session: one of its own.
	let { client } = caller;
	if (route.path.endsWith('/logout') && ['holder', 'officer'].includes(caller.kind)) {
		client = new Client(site, client.identity);
		expectStatus(await client.login(), 201);
	}
	const body = route.method === 'GET' || route.path.endsWith('/logout') ? undefined : {};
	return client.call(route.method, path, body, { headers: route.if_match ? { 'If-Match': '"v1"' } : {} });
}

// --- what the table says -----------------------------------------------------------------------

const login = { status: 401, code: 'login.required' };
const code = { status: 401, code: 'application.access_code' };
const denied = { status: 403, code: 'permission.denied' };

function expected(route, caller) {
	const may = (...names) => names.some((name) => route.permission.includes(name));
	if (route.path.endsWith('/login/tls'))
		return login;                              // public, but this connection shows no certificate
	if (may('public', 'test_site'))
		return null;
	switch (caller.kind) {
	case 'anonymous':
		return login;
	case 'applicant':
		return !may('applicant') ? login : caller.own ? null : code;
	case 'holder':
		if (!may('holder', 'applicant'))
			return denied;
		// Reading what is another's is refused; what is signed about it follows below.
		return caller.own || route.method !== 'GET' || !route.path.includes('{') ? null : denied;
	default:
		return may('officer', ...caller.roles) ? null : denied;
	}
}

// As `diqi init` makes it.
async function productionSite() {
	const real = new Site();
	real.top = mkdtempSync(join(tmpdir(), 'diqi-api-'));
	real.dir = join(real.top, 'site');
	real.database = null;
	const passphrase = join(real.top, 'passphrase');
	writeFileSync(passphrase, nonce(), { mode: 0o600 });
	execFileSync(program, ['init', '--dir', real.dir, '--passphrase-file', passphrase, '--root-passphrase-file', passphrase], { stdio: ['ignore', 'ignore', 'pipe'] });
	copyFileSync(passphrase, join(real.dir, 'passphrase'));
	real.configure('http', 'manage_listen', '127.0.0.1:0');
	real.configure('http', 'tls_listen', '');
	await real.start();
	return real;
}

const verdict = (reply) => (reply.status === 401 || reply.status === 403 ? `${reply.status} ${reply.body.code}` : 'may');

try {
	const people = await prepare();
	const observer = new Observer(site);
	const table = routes();

	await check('A-06: the routes know no permission and no role that this matrix does not', () => {
		const known = ['public', 'test_site', 'applicant', 'holder', 'officer', ...roles];
		assert.deepEqual([...new Set(table.flatMap((r) => r.permission))].filter((p) => !known.includes(p)), []);
		assert.ok(table.every((r) => r.permission.length > 0));
	});

	for (const caller of callers)
		await check(`A-06: every route × ${caller.name}: refused exactly where the table says`, async () => {
			const wrong = [];
			for (const route of table) {
				const reply = await ask(route, caller), want = expected(route, caller);
				const said = verdict(reply), due = want === null ? 'may' : `${want.status} ${want.code}`;
				if (said !== due || reply.status >= 500)
					wrong.push(`${route.method} ${route.path}: ${said} (${reply.status}), should be ${due}`);
			}
			assert.deepEqual(wrong, []);
		});

	await check('A-06: a refused caller learns nothing of body, key or version: 401 and 403 come first', async () => {
		const wrong = [];
		for (const caller of callers)
			for (const route of table.filter((r) => r.method !== 'GET' && r.body_limit > 0)) {
				const want = expected(route, caller);
				if (want === null)
					continue;
				const reply = await caller.client.call(route.method, fill(route.path), 'not json',
					{ raw: true, key: false, headers: { 'Content-Type': 'text/plain' } });
				const first = route.path.endsWith('/login/tls') ? 'may' : `${want.status} ${want.code}`;
				if (verdict(reply) !== first)
					wrong.push(`${caller.name}: ${route.method} ${route.path}: ${verdict(reply)}`);
			}
		assert.deepEqual(wrong, []);
	});

	await check('A-06: a holder does not sign for another\'s application, certificate or quote', async () => {
		const { mine, other, draft } = people;
		const holder = await world.ready(other.holder);
		const form = hex(canonical({}));
		expectProblem(await holder.act(`${mine.path}/confirm`, 'certificate.confirm', { application: mine.id, serial: mine.view.serial }), 403, 'permission.denied');
		expectProblem(await mine.revoke(holder), 403, 'permission.denied');
		expectProblem(await world.quote(target.sale, holder), 403, 'bidder.unqualified');
		expectProblem(await holder.call('PUT', draft.path, { form: organizationForm(9) }, { headers: { 'If-Match': '"v1"' } }), 403, 'permission.denied');
		const identity = newIdentity();
		const statement = await holder.statement('application.submit', { application: draft.id, service: 'issue', form, spki: identity.spkiHash }, { identity });
		const csr = certificateRequest(identity.key).toString('base64');
		expectProblem(await holder.post(`${draft.path}/submit`, { csr, statement }), 403, 'permission.denied');
		assert.equal((await draft.refresh()).state, 'draft');
		assert.equal(draft.view.version, 1);
	});

	await check('A-06: an access code opens its own application only, in whatever the caller adds', async () => {
		const { mine, strange, draft } = people;
		const put = (client) => client.call('PUT', draft.path, { form: organizationForm(9) }, { headers: { 'If-Match': '"v1"' } });
		expectProblem(await put(strange.client), 401, 'application.access_code');
		// A session beside a wrong code does not help, whoever's it is.
		const both = new Client(site, mine.identity);
		both.cookie = (await world.ready(mine.holder)).cookie;
		both.accessCode = strange.client.accessCode;
		expectProblem(await both.get(draft.path), 401, 'application.access_code');
		for (const id of ['00000000-0000-7000-8000-000000000000', draft.id.toUpperCase(), `${draft.id}%00`, `${draft.id}%20`, '%2e%2e', "'%20OR%20'1'='1"]) {
			const reply = await strange.client.get(`/api/v1/applications/${id}`);
			assert.ok([400, 401, 404].includes(reply.status) && reply.body.code !== undefined, `${id}: ${reply.status}`);
		}
	});

	await check('A-06: one officer\'s statement does not pass under another\'s session', async () => {
		const clerk = await world.officer('clerk'), reviewer = await world.officer('reviewer');
		const { draft } = people;
		const statement = await reviewer.statement('application.return', { application: draft.id, version: 1, reason: '补正' });
		expectProblem(await clerk.post(`${draft.path}/return`, { statement }), 403, 'statement.signer');
	});

	await check('A-06: nobody outside sees a notice before it is announced', async () => {
		for (const caller of callers.filter((c) => !['market_editor', 'market_approver', 'auditor'].includes(c.name)))
			expectProblem(await caller.client.get(`/api/v1/notices/${target.notice}`), 404, 'not_found');
	});

	await check('A-06: a site for real refuses the test clock to everybody', async () => {
		const real = await productionSite();
		try {
			const { time } = expectStatus(await new Client(real).get('/api/v1/time'), 200);
			const administrator = new Client(real, Identity.officer(real.dir, 'administrator'));
			expectStatus(await administrator.login(), 201);
			for (const client of [new Client(real), administrator])
				expectProblem(await client.post('/api/v1/test/clock', { now: '2036-01-01T00:00:00.000000Z' }), 403, 'clock.refused');
			const later = expectStatus(await new Client(real).get('/api/v1/time'), 200).time;
			assert.ok(Math.abs(Date.parse(later) - Date.parse(time)) < 60000);
		} finally {
			await real.remove();
		}
	});

	await check('the matrix was answered as docs/api/openapi.yaml says', () => assert.deepEqual([...observer.bad], []));
} finally {
	await world.remove();
}
