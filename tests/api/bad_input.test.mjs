// Bad input gets a problem reply that names the field, and changes nothing.
import { readFileSync, writeFileSync } from 'node:fs';

import { routes as servedRoutes } from './lib/contract.mjs';
import { certificateRequest } from './lib/der.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { personForm } from './lib/forms.mjs';
import { exchange } from './lib/raw.mjs';
import { assert, check, slow } from './lib/tap.mjs';
import { canonical, hex, nonce } from './lib/statement.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const http = (method, path, headers, body) => {
	const bytes = Buffer.from(body ?? '');
	const lines = [`${method} ${path} HTTP/1.1`, ...Object.entries({ Host: 'diqi', ...headers }).filter(([, v]) => v !== undefined).map(([k, v]) => `${k}: ${v}`)];
	return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]);
};
const residentBytes = () => {
	const status = readFileSync(`/proc/${world.site.process.pid}/status`, 'utf8');
	return Number(/VmRSS:\s*(\d+) kB/.exec(status)[1]) * 1024;
};

// One sendable, permitted client and a live path for each POST and PUT of docs/api/README.md.
async function targets() {
	const application = await (await world.draft('person')).through('submitted');
	const draft = await world.draft('person');
	const holder = await world.certify('person');
	const notice = await world.publish(world.parcel({ times: { announce: '2026-02-24T01:05:00.000000Z' } }));
	await world.advance(5 * 60000);
	const unapproved = await world.draftNotice(world.parcel({ number: '太测网挂〔2026〕90号' }));
	const as = (name) => world.officer(name);
	const a = application.path, n = '/api/v1/notices', s = `/api/v1/sales/${notice.sale}`;
	const statement = { statement: 'a.b.c' }, two = { statements: ['a.b.c', 'a.b.c'] }, spki = { spki: 'AAAA' };
	const id = '019c8d28-fe80-73b1-8c60-428d4d6feb85', api = '/api/v1', own = `/api/v1/applications/${holder.application}`;
	const list = [
		['POST', '/api/v1/login/challenge', world.public, { purpose: 'login' }],
		['POST', '/api/v1/login', world.public, { ...statement, certificate: 'AAAA' }],
		['POST', '/api/v1/login/tls', world.public, {}],
		['POST', '/api/v1/applications', world.public, { kind: 'person', form: personForm(800) }],
		['PUT', '/api/v1/applications/{id}', draft.client, { form: personForm(801) }, draft.path],
		['POST', '/api/v1/applications/{id}/submit', draft.client, { csr: certificateRequest(draft.identity.key).toString('base64'), ...statement }, `${draft.path}/submit`],
		...[['accept', 'clerk'], ['return', 'clerk'], ['reject', 'reviewer'], ['fee', 'cashier'], ['review', 'reviewer'], ['issue', 'issuer'], ['deliver', 'clerk'],
			['lodge', 'clerk'], ['service-review', 'reviewer'], ['complete', 'issuer'], ['unlocked', 'clerk'], ['parcel', 'clerk']]
			.map(([verb, officer]) => ['POST', `/api/v1/applications/{id}/${verb}`, as(officer), statement, `${a}/${verb}`]),
		['POST', '/api/v1/applications/{id}/withdraw', draft.client, { reason: '改日再来' }, `${draft.path}/withdraw`],
		['POST', '/api/v1/applications/{id}/confirm', holder, statement, `${own}/confirm`],
		['POST', '/api/v1/applications/{id}/contract', holder, statement, `${own}/contract`],
		['POST', '/api/v1/applications/{id}/withdraw', holder, statement, `${own}/withdraw`],
		['POST', '/api/v1/applications/{id}/unlock', as('clerk'), { ...statement, ...spki }, `${a}/unlock`],
		['POST', '/api/v1/applications/{id}/parcel/received', as('clerk'), { parcel: id }, `${a}/parcel/received`],
		['POST', '/api/v1/applications/{id}/scans/{scan}/look', as('clerk'), statement, `${a}/scans/${id}/look`],
		['POST', '/api/v1/bulk', as('clerk'), { kind: 'person', file: 'AAAA' }],
		['POST', '/api/v1/disposals/{batch}/approve', as('administrator'), two, `${api}/disposals/${id}/approve`],
		['PUT', '/api/v1/calendar/{year}', as('administrator'), { calendar: {}, ...statement }, `${api}/calendar/2027`],
		['PUT', '/api/v1/points/{code}', as('administrator'), { point: {}, ...two }, `${api}/points/SND`],
		['POST', '/api/v1/points/assignments', as('administrator'), two],
		['POST', '/api/v1/tokens/moves', as('clerk'), statement],
		['POST', '/api/v1/tokens/{serial}/initialise', as('clerk'), { ...two, ...spki }, `${api}/tokens/HZ20260001/initialise`],
		['POST', '/api/v1/tariffs', as('administrator'), two],
		['POST', '/api/v1/applications/{id}/waiver', as('administrator'), two, `${a}/waiver`],
		['POST', '/api/v1/applications/{id}/invoice', application.client, { title: '张虚构', mail: 'zhang@example.com' }, `${a}/invoice`],
		['POST', '/api/v1/orders/{id}/refunds', as('cashier'), statement, `${api}/orders/${id}/refunds`],
		['POST', '/api/v1/refunds/{id}/approve', as('administrator'), statement, `${api}/refunds/${id}/approve`],
		['POST', '/api/v1/refunds/{id}/pay', as('cashier'), statement, `${api}/refunds/${id}/pay`],
		['POST', '/api/v1/invoices/{id}/issue', as('cashier'), statement, `${api}/invoices/${id}/issue`],
		['POST', '/api/v1/suspense/{id}/resolve', as('cashier'), two, `${api}/suspense/${id}/resolve`],
		['POST', '/api/v1/reconciliations', as('cashier'), { ...statement, file: 'date,channel' }],
		['POST', '/api/v1/messages/{id}/read', holder, {}, `${api}/messages/${id}/read`],
		['POST', '/api/v1/outbox/{id}/retry', as('administrator'), {}, `${api}/outbox/${id}/retry`],
		['POST', '/api/v1/feed', holder, {}],
		['POST', '/api/v1/revocations', as('issuer'), { serials: [holder.serial], ...two }],
		['POST', '/api/v1/certificates/{serial}/revoke', holder, statement, `/api/v1/certificates/${holder.serial}/revoke`],
		['POST', '/api/v1/officers', as('administrator'), { ...two, list: {} }],
		['POST', '/api/v1/agents', as('administrator'), { ...two, list: {} }],
		['POST', '/api/v1/recoveries/{id}/share', as('recovery_agent-1'), statement, `${api}/recoveries/${application.id}/share`],
		['POST', '/api/v1/officers/identities', as('administrator'), two],
		['POST', '/api/v1/profiles', as('administrator'), { ...two, profile: '{}' }],
		['POST', '/api/v1/notices', as('market_editor'), { content: world.parcel() }],
		['PUT', '/api/v1/notices/{id}', as('market_editor'), { content: world.parcel() }, `${n}/${unapproved.notice}`],
		['POST', '/api/v1/notices/{id}/submit', as('market_editor'), statement, `${n}/${unapproved.notice}/submit`],
		['POST', '/api/v1/notices/{id}/approve', as('market_approver'), statement, `${n}/${unapproved.notice}/approve`],
		['POST', '/api/v1/sales/{id}/bidders', as('market_approver'), statement, `${s}/bidders`],
		['POST', '/api/v1/sales/{id}/quotes', holder, statement, `${s}/quotes`],
		['POST', '/api/v1/test/clock', world.public, { advance_ms: 0 }],
	];
	const routes = [];
	for (const [method, route, client, body, path] of list)
		routes.push({ method, route, client: await client, body, path: path ?? route });
	const views = [
		[draft.client, draft.path], [await as('clerk'), application.path], [await as('clerk'), '/api/v1/applications?limit=200'],
		[await as('market_editor'), `${n}/${unapproved.notice}`], [await as('market_editor'), n], [await as('market_editor'), `${s}/events`],
		[await as('administrator'), '/api/v1/officers'], [await as('clerk'), `${a}/papers`], [await as('clerk'), `${a}/delivery`], [holder, `${own}/contract`],
		[holder, '/api/v1/messages'], [await as('auditor'), '/api/v1/looks'], [await as('auditor'), '/api/v1/disposals'], [await as('auditor'), '/api/v1/outbox'],
		...await Promise.all(['orders', 'refunds', 'invoices', 'suspense', 'ledger/balances', 'reconciliations', 'tariffs'].map(async (path) => [await as('auditor'), `${api}/${path}`])),
		[world.public, '/api/v1/calendar/2027'], [world.public, '/api/v1/points'], [await as('administrator'), '/api/v1/points/assignments'],
		[await as('clerk'), '/api/v1/tokens'], [world.public, `/api/v1/certificates/${holder.serial}`], [world.public, '/api/v1/time'],
	];
	const scans = { method: 'POST', route: '/api/v1/applications/{id}/papers/{paper}/scans', client: draft.client, path: `${draft.path}/papers/identity_card/scans` };
	return { routes, views, scans };
}

const send = (target, body, headers = {}) => target.client.call(target.method, target.path, body, {
	raw: true, headers: { 'Content-Type': 'application/json', ...(target.method === 'PUT' ? { 'If-Match': '"v1"' } : {}), ...headers },
});

try {
	const { routes, views, scans } = await targets();
	const state = async () => {
		const shown = { log: await world.logSize() };
		for (const [client, path] of views)
			shown[path] = hex(canonical(expectStatus(await client.get(path), 200)));
		return shown;
	};
	const before = await state();
	const unchanged = async () => assert.deepEqual(await state(), before);
	const eachRoute = (name, attack) => check(`${name} — ${routes.length} routes`, async () => {
		for (const target of routes) {
			try {
				await attack(target);
			} catch (error) {
				error.message = `${target.method} ${target.route}: ${error.message}`;
				throw error;
			}
		}
		await unchanged();
	});

	await check('every POST and PUT of docs/api/README.md is tried here', async () => {
		const page = readFileSync(new URL('../../docs/api/README.md', import.meta.url), 'utf8');
		const expected = [];
		for (const [, method, cell] of page.matchAll(/^\| (POST|PUT) ([^|]*) \|/gm)) {
			const [path, ...more] = cell.replace(/\?.*/, '').split(' · ');
			expected.push(`${method} /api/v1${path}`, ...more.map((verb) => `${method} /api/v1${path.slice(0, path.lastIndexOf('/') + 1)}${verb}`));
		}
		const served = servedRoutes().filter((r) => ['POST', 'PUT'].includes(r.method) && r.path.startsWith('/api/v1/')).map((r) => `${r.method} ${r.path}`);
		assert.deepEqual(expected.sort(), served.sort());
		// Without a body; and what a provider sends is bytes that it signed (fee_payment.test.mjs).
		const others = ['POST /api/v1/logout', 'POST /api/v1/ledger/check', 'POST /api/v1/payments/{provider}/notifications'];
		const tried = new Set([...routes, scans].map((r) => `${r.method} ${r.route}`));
		assert.deepEqual([...tried].sort(), expected.filter((e) => !others.includes(e)));
	});

	await eachRoute('bad JSON is refused', async (target) => {
		for (const body of ['', '{', '{"a":}', "{'a':1}", '{"a":1,}', '{"a":NaN}', '{"a":01}', '{}{}', '\ufeff{}', '{"a":"\u0001"}', '{"a":"\\ud800"}', '{"a":"\\u0000"}'])
			expectProblem(await send(target, body), 400, 'json.malformed');
		expectProblem(await send(target, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 400, 'json.malformed');
	});

	await eachRoute('a body that is JSON but no object is refused', async (target) => {
		for (const body of ['[]', '"x"', '1', 'null', 'true'])
			expectProblem(await send(target, body), 422, 'field.type');
	});

	await eachRoute('duplicate keys are refused and named', async (target) => {
		const [name] = [...Object.keys(target.body), 'a'];
		expectProblem(await send(target, `{"${name}":1,"${name}":2}`), 400, 'json.duplicate_key');
		expectProblem(await send(target, '{"x":{"y":1,"\\u0079":2}}'), 400, 'json.duplicate_key');
	});

	await eachRoute('deep nesting is refused', async (target) => {
		for (const depth of [33, 400]) {
			expectProblem(await send(target, '['.repeat(depth)), 400, 'json.too_deep');
			expectProblem(await send(target, `${'{"a":'.repeat(depth / 3 > 33 ? 133 : depth)}1${'}'.repeat(depth / 3 > 33 ? 133 : depth)}`), 400, 'json.too_deep');
		}
		const deep = await exchange(world.site.url, http(target.method, target.path, { ...headersOf(target), 'Content-Length': 100000 }, '['.repeat(100000)));
		assert.ok([400, 413].includes(deep.status), `${deep.status} ${deep.text.slice(0, 300)}`);
		assert.ok(['json.too_deep', 'request.too_large'].includes(deep.body.code), deep.body.code);
	});

	await eachRoute('a wrong content type is refused (415)', async (target) => {
		for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'application/jsonx', 'multipart/form-data; boundary=x'])
			expectProblem(await send(target, JSON.stringify(target.body), { 'Content-Type': type }), 415, 'request.media_type');
		const none = await exchange(world.site.url, http(target.method, target.path, { ...headersOf(target), 'Content-Type': undefined, 'Content-Length': 2 }, '{}'));
		assert.equal(none.status, 415, none.text.slice(0, 300));
	});

	await eachRoute('an unknown member is refused and named', async (target) => {
		const reply = await send(target, JSON.stringify({ ...target.body, surprise: 1 }));
		// /login/tls takes no member at all and refuses for want of a certificate first.
		if (target.route === '/api/v1/login/tls')
			assert.ok([401, 422].includes(reply.status));
		else
			expectProblem(reply, 422, 'field.unknown', '/surprise');
	});

	await eachRoute('a member of the wrong type is refused and named', async (target) => {
		for (const [name, value] of Object.entries(target.body)) {
			const wrong = typeof value === 'string' ? 7 : 'seven';
			expectProblem(await send(target, JSON.stringify({ ...target.body, [name]: wrong })), 422, 'field.type', `/${name}`);
			expectProblem(await send(target, JSON.stringify({ ...target.body, [name]: null })), 422, 'field.type', `/${name}`);
		}
	});

	await eachRoute('a missing member is named', async (target) => {
		if (target.route === '/api/v1/login/tls' || target.route === '/api/v1/test/clock')
			return;
		// A reason is nobody's duty.
		for (const name of Object.keys(target.body).filter((n) => n !== 'reason')) {
			const { [name]: _, ...rest } = target.body;
			expectProblem(await send(target, JSON.stringify(rest)), 422, 'field.missing', `/${name}`);
		}
	});

	await eachRoute('something that is no statement is refused', async (target) => {
		if (!('statement' in target.body))
			return;
		for (const text of ['', 'a', 'a.b', 'a.b.c', 'a.b.c.d', '..', 'e30.e30.AAAA', `${Buffer.from('{}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.`, '\u0000', '中.文.字', 'A'.repeat(20000)]) {
			const reply = await send(target, JSON.stringify({ ...target.body, statement: text }));
			// In a login the certificate is judged first, in a submission the request.
			assert.ok([400, 422].includes(reply.status), `${reply.status} ${JSON.stringify(reply.body)}`);
			assert.match(reply.body.code, /^(statement\.|json\.|certificate\.|field\.)/);
		}
	});

	await eachRoute('a body of 10 MB is refused with 413, declared or in chunks', async (target) => {
		const size = 10 * 1024 * 1024, piece = Buffer.alloc(64 * 1024, 0x20);
		const declared = await exchange(world.site.url, [http(target.method, target.path, { ...headersOf(target), 'Content-Length': size }), ...Array(size / piece.length).fill(piece)]);
		assert.equal(declared.status, 413, declared.text.slice(0, 300));
		assert.equal(declared.body.code, 'request.too_large');
		const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
		const chunked = await exchange(world.site.url, [http(target.method, target.path, { ...headersOf(target), 'Transfer-Encoding': 'chunked' }), ...Array(size / piece.length).fill(chunk)]);
		assert.equal(chunked.status, 413, chunked.text.slice(0, 300));
	});

	// The one route whose body is a file itself.
	await check('a scan that is empty, no file of a known kind or too large is refused', async () => {
		for (const body of ['', 'x', '{}', '%PDF', Buffer.alloc(1000), Buffer.from('MZ\u0000'), '<svg xmlns="http://www.w3.org/2000/svg"/>']) {
			const reply = await send(scans, body, { 'Content-Type': 'application/octet-stream' });
			assert.ok([400, 422].includes(reply.status), `${reply.status} ${JSON.stringify(reply.body)}`);
			assert.match(reply.body.code, /^(papers|field|request)\./);
		}
		const size = 11 * 1024 * 1024, piece = Buffer.alloc(64 * 1024, 0x20);
		const declared = await exchange(world.site.url, [http(scans.method, scans.path, { ...headersOf(scans), 'Content-Length': size }), ...Array(size / piece.length).fill(piece)]);
		assert.equal(declared.status, 413, declared.text.slice(0, 300));
		await unchanged();
	});

	await slow('thirty bodies of 10 MB at once do not grow the server', async () => {
		const target = routes.find((r) => r.route === '/api/v1/applications');
		const size = 10 * 1024 * 1024, piece = Buffer.alloc(64 * 1024, 0x20);
		const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
		const begin = residentBytes();
		const replies = await Promise.all(Array.from({ length: 30 }, () => exchange(world.site.url,
			[http(target.method, target.path, { ...headersOf(target), 'Transfer-Encoding': 'chunked' }), ...Array(size / piece.length).fill(chunk)])));
		assert.ok(replies.every((r) => r.status === 413));
		const grown = residentBytes() - begin;
		assert.ok(grown < 64 * 1024 * 1024, `the server grew by ${grown} bytes`);
		await unchanged();
	});

	// --- what a problem reply says ----------------------------------------------------------------------

	await check('a problem reply has type, status, code, detail, request id; title in Chinese or English', async () => {
		const ask = (language) => world.public.call('POST', '/api/v1/login/challenge', { purpose: 'x' }, { headers: language ? { 'Accept-Language': language } : {} });
		for (const [language, title, tag] of [['zh-CN', '字段值不符合规定', 'zh-CN'], ['en', 'Field value not allowed', 'en'],
			['en-GB,en;q=0.9,zh;q=0.8', 'Field value not allowed', 'en'], ['zh;q=0.9,en;q=0.8', '字段值不符合规定', 'zh-CN'], ['fr', '字段值不符合规定', 'zh-CN']]) {
			const reply = await ask(language);
			const problem = expectProblem(reply, 422, 'field.value', '/purpose');
			assert.equal(problem.title, title, language);
			assert.equal(reply.headers.get('content-language'), tag);
			assert.match(reply.headers.get('vary') ?? '', /accept-language/i);
			assert.equal(problem.type, '/problems/field.value');
			assert.equal(problem.instance, '/api/v1/login/challenge');
			assert.equal(problem.request_id, reply.headers.get('x-request-id'));
			assert.equal(problem.errors[0].code, 'field.value');
		}
	});

	await check('an unknown address is 404, a wrong method 405 with Allow, both as problems', async () => {
		expectProblem(await world.public.get('/api/v1/nothing'), 404, 'not_found');
		expectProblem(await world.public.get('/api/v1/%2e%2e/etc/passwd'), 404, 'not_found');
		expectProblem(await world.public.get('/api/v1/site%00'), 400, 'request.malformed');
		const reply = await world.public.call('DELETE', '/api/v1/site');
		expectProblem(reply, 405, 'method_not_allowed');
		assert.match(reply.headers.get('allow'), /GET/);
	});

	await check('an id that is none is not found, whatever it is made of', async () => {
		const clerk = await world.officer('clerk');
		for (const id of ['x', '%00', '..', "1'%20OR%20'1'='1", '%F0%9F%98%80', 'A'.repeat(3000), '019c8d28-fe80-73b1-8c60-428d4d6feb85']) {
			for (const path of [`/api/v1/applications/${id}`, `/api/v1/certificates/${id}`, `/api/v1/notices/${id}`, `/api/v1/sales/${id}`, `/api/v1/sales/${id}/events`]) {
				const reply = await exchange(world.site.url, http('GET', path, { Cookie: clerk.cookie }));
				assert.ok([400, 404].includes(reply.status), `${path.slice(0, 60)}: ${reply.text.slice(0, 400)}`);
			}
		}
	});

	await check('query members out of range are refused and named', async () => {
		for (const [path, pointer] of [['/api/v1/sales?limit=0', 'limit'], ['/api/v1/sales?limit=x', 'limit'], ['/api/v1/notices?limit=1e2', 'limit'],
			['/api/v1/log/proof?index=-1', 'index'], ['/api/v1/log/proof?index=0&size=99999999999999999999', 'size'], ['/api/v1/log/consistency?from=0', 'from']])
			expectProblem(await world.public.get(path), 422, 'field.value', pointer);
	});

	// --- HTTP itself --------------------------------------------------------------------------------------

	const smuggled = {
		'two Content-Length headers that differ': 'Host: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
		'two Content-Length headers that agree': 'Host: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}',
		'a list as Content-Length': 'Host: a\r\nContent-Length: 2, 2\r\n\r\n{}',
		'Content-Length with Transfer-Encoding': 'Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
		'a signed Content-Length': 'Host: a\r\nContent-Length: +2\r\n\r\n{}',
		'a negative Content-Length': 'Host: a\r\nContent-Length: -1\r\n\r\n{}',
		'an unknown Transfer-Encoding': 'Host: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
		'no Host': 'Content-Length: 2\r\n\r\n{}',
		'two Host headers': 'Host: a\r\nHost: b\r\nContent-Length: 2\r\n\r\n{}',
		'a folded header': 'Host: a\r\nX-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\n{}',
		'white space before the colon': 'Host: a\r\nContent-Length : 2\r\n\r\n{}',
	};
	for (const [name, rest] of Object.entries(smuggled)) {
		await check(`HTTP: ${name} is refused and the connection closed`, async () => {
			const hidden = 'GET /api/v1/site HTTP/1.1\r\nHost: a\r\n\r\n';
			const reply = await exchange(world.site.url, `POST /api/v1/login/challenge HTTP/1.1\r\nContent-Type: application/json\r\n${rest}${hidden}`);
			assert.ok(reply.status >= 400 && reply.status < 500, reply.text.slice(0, 300));
			assert.ok(!reply.text.includes('"base_uri"'), 'the hidden request was answered');
		});
	}

	await check('HTTP: a header of 20 kB, a request line of 20 kB and another protocol are refused', async () => {
		for (const bytes of [`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'a'.repeat(20000)}\r\n\r\n`, `GET /${'a'.repeat(20000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03']) {
			const reply = await exchange(world.site.url, bytes, { timeout: 3000 });
			assert.ok(reply.status === 0 || reply.status >= 400, reply.text.slice(0, 200));
		}
		expectStatus(await world.public.get('/api/v1/site'), 200);
	});

	await check('after all of this nothing has changed and the server is well', async () => {
		await unchanged();
		const ready = await fetch(`${world.site.manage}/readyz`);
		assert.equal(ready.status, 200, await ready.text());
		assert.equal(world.site.log.match(/AddressSanitizer|runtime error|"http\.internal"/g), null, world.site.log.slice(-2000));
	});

	function headersOf(target) {
		const h = { 'Content-Type': 'application/json', 'Idempotency-Key': nonce() };
		if (target.method === 'PUT')
			h['If-Match'] = '"v1"';
		if (target.client.cookie)
			h.Cookie = target.client.cookie;
		if (target.client.accessCode)
			h['Diqi-Access-Code'] = target.client.accessCode;
		return h;
	}
} finally {
	if (process.env.DIQI_SHOW_LOG)
		writeFileSync(process.env.DIQI_SHOW_LOG, world.site.log);
	await world.remove();
}
