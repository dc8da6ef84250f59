// What the server answers is what docs/api/openapi.yaml says: one story in which every operation succeeds at least
// once, each answer held against its schema, headers and content type.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

import { heldCeremony } from './lib/ceremony.mjs';
import { Client } from './lib/client.mjs';
import { document, misfits, Observer } from './lib/contract.mjs';
import { octets, oid, sequence, tlv } from './lib/der.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { pdf } from './lib/files.mjs';
import { configureProviders, dayOf, Money, Provider } from './lib/money.mjs';
import { organizationForm } from './lib/forms.mjs';
import { agentsChange, approvedRecovery, resealed } from './lib/recovery.mjs';
import { Watcher } from './lib/stream.mjs';
import { canonical, hex, sha256 } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { sleep, World } from './lib/world.mjs';

const provider = new Provider('cloudpay');
// Nobody listens on that port: what is mailed fails, and can be sent again.
const world = await World.make({ configure: [configureProviders([provider]), ['mail', 'url', 'smtp://127.0.0.1:1'], ['mail', 'from', 'ca@example.org'], ['http', 'tls_listen', '127.0.0.1:0'], ['http', 'rate_per_second', '0']] });
const { site } = world;
await site.stop();
const ceremony = await heldCeremony(site, []);
await site.start();
const observer = new Observer(site);
const api = '/api/v1';

// RFC 6960 4.1.1: CertID of SHA-1 hashes; what is asked for here need not exist.
const sha1 = sequence(oid('1.3.14.3.2.26'), tlv(0x05));
const hash = octets(sha256('nobody').subarray(0, 20));
const ocspRequest = sequence(sequence(sequence(sequence(sequence(sha1, hash, hash, tlv(0x02, [0x05]))))));

// A listener of another address, seen by the same observer.
async function elsewhere(url, path, method = 'GET') {
	const reply = await fetch(url + path, { method });
	const bytes = Buffer.from(await reply.arrayBuffer()), type = reply.headers.get('content-type');
	const answer = { status: reply.status, headers: reply.headers, type, bytes, body: /json/.test(type) && bytes.length > 0 ? JSON.parse(bytes) : String(bytes) };
	observer.take(method, path, answer);
	return answer;
}

const loginTls = (officer) => new Promise((resolve, reject) => {
	const path = `${api}/login/tls`;
	const sent = request(site.https + path, {
		method: 'POST', agent: false, checkServerIdentity: () => undefined, ca: readFileSync(join(site.dir, 'ca/root.crt')),
		pfx: readFileSync(join(site.dir, `officers/${officer}.p12`)), passphrase: readFileSync(join(site.dir, `officers/${officer}.pin`), 'utf8').trim(),
		headers: { 'Content-Type': 'application/json', 'Content-Length': 2 },
	}, async (reply) => {
		const bytes = Buffer.concat(await reply.toArray());
		const answer = { status: reply.statusCode, headers: new Headers(Object.entries(reply.headers).map(([n, v]) => [n, String(v)])), type: reply.headers['content-type'], bytes, body: JSON.parse(bytes) };
		observer.take('POST', path, answer);
		resolve(answer);
	});
	sent.on('error', reject);
	sent.end('{}');
});

try {
	let application, holder, sale, closing;

	await check('site, sessions and officers', async () => {
		const anybody = new Client(site);
		expectStatus(await anybody.get(`${api}/site`), 200);
		expectStatus(await loginTls('auditor'), 201);
		const leaving = new Client(site, (await world.officer('clerk')).identity);
		expectStatus(await leaving.login(), 201);
		expectStatus(await leaving.post(`${api}/logout`), 204);
		const auditor = await world.officer('auditor');
		const { profiles } = expectStatus(await auditor.get(`${api}/profiles`), 200);
		const { name, version, hash, text } = profiles.find((p) => p.name === 'organization' && p.version === 1);
		const closing1 = await Promise.all(['administrator', 'administrator-2'].map(async (who) =>
			(await world.officer(who)).statement('profile.change', { name, version, profile: hash, open: false })));
		expectStatus(await (await world.officer('administrator')).post(`${api}/profiles`, { profile: text, statements: closing1 }), 200);
		expectStatus(await auditor.get(`${api}/officers`), 200);
		assert.equal(expectStatus(await auditor.get(`${api}/ceremonies`), 200).items[0].transcript, ceremony.hash);
		expectStatus(await auditor.get(`${api}/ceremonies/${ceremony.hash}`), 200);
		expectStatus(await auditor.get(`${api}/ceremonies/${ceremony.hash}/evidence`), 200);
		await world.giveRole('clerk', 'cashier');
		const { person } = expectStatus(await (await world.officer('cashier')).get(`${api}/session`), 200);
		expectStatus(await world.identifyOfficer(person, 'resident_id:320599197001010370'), 200);
	});

	await check('applications: each act, each document, and what may go wrong', async () => {
		application = await world.draft('organization');
		expectStatus(await application.edit(organizationForm(1, { uscc: `${organizationForm(1).uscc.slice(0, 17)}0`, remark: '另附说明' })), 200);
		application.view = await application.refresh();
		expectStatus(await application.edit(organizationForm(1)), 200);
		await application.refresh();
		expectProblem(await application.edit(organizationForm(1), 1), 412, 'precondition.stale');
		expectProblem(await application.client.call('PUT', application.path, { form: {} }), 428, 'precondition.missing');
		await application.through('paid');
		expectProblem(await application.pay(), 409, 'application.state');
		expectStatus(await (await world.officer('issuer')).get(`${application.path}/request`), 200);
		await application.through('confirmed');
		holder = application.holder;
		expectStatus(await application.client.get(`${application.path}/slip`), 200);
		for (const name of ['organization', 'person', 'contract'])
			expectStatus(await world.public.get(`${api}/forms/${name}.pdf`), 200);
		for (const name of ['form', 'contract', 'receipt', 'slip'])
			expectStatus(await application.client.get(`${application.path}/${name}.pdf`), 200);
		expectStatus(await world.public.get(`/applications/${application.id}`), 200);
		expectStatus(await world.public.get(`${api}/papers?service=issue&kind=person`), 200);
		const again = await world.draft('organization', organizationForm(1));
		await again.through('submitted');
		await world.ready(holder);
		const contract = expectStatus(await holder.get(`${again.path}/contract`), 200);
		expectStatus(await holder.act(`${again.path}/contract`, 'contract.sign', { application: again.id, contract: contract.hash }), 200);
		const scanned = await world.draft('person');
		const { scan } = expectStatus(await scanned.client.post(`${scanned.path}/papers/identity_card/scans?name=a.pdf`, pdf('x'), { raw: true }), 201);
		expectProblem(await scanned.client.post(`${scanned.path}/papers/identity_card/scans`, 'x', { raw: true }), 422, 'papers.type');
		expectStatus(await scanned.client.get(`${scanned.path}/papers`), 200);
		expectStatus(await (await world.officer('clerk')).act(`${scanned.path}/scans/${scan}/look`, 'paper.look', { application: scanned.id, scan, purpose: '核对' }), 200);
		expectStatus(await (await world.officer('auditor')).get(`${api}/looks`), 200);
		const back = await world.draft('person');
		await back.through('submitted');
		expectStatus(await back.sendBack('return', 'clerk', { fields: ['/form/address'] }), 200);
		back.view = await back.refresh();
		await back.submit();
		expectStatus(await back.sendBack('reject', 'reviewer'), 200);
		await back.refresh();
		const clerk = await world.officer('clerk');
		expectStatus(await clerk.get(`${api}/applications?limit=1`), 200);
		expectStatus(await clerk.get(`${api}/applications?state=rejected`), 200);
		const [{ subject }] = expectStatus(await clerk.get(`${api}/subjects?query=${encodeURIComponent('虚构')}`), 200);
		expectStatus(await clerk.get(`${api}/subjects/${subject}/people`), 200);
		expectStatus(await world.public.get(`${api}/certificates/${application.view.serial}`), 200);
	});

	await check('services: without a key by session, by access code and at the counter, completed and withdrawn', async () => {
		expectStatus(await world.public.get(`${api}/services`), 200);
		const lost = await world.service('report_loss', application, { by: null });
		await lost.through('completed');
		const found = await world.service('withdraw_loss', application, { by: await world.officer('clerk') });
		found.view = expectStatus(await found.lodge(), 200);
		await found.through('completed');
		holder.cookie = null;                            // the hold ended the session
		const renewal = await world.service('renew', application);
		await renewal.through('submitted');
		expectStatus(await renewal.withdraw('不办了'), 200);
	});

	await check('counter: calendar, points, tokens, parcels', async () => {
		for (const path of ['calendar/2026', 'calendar/due?days=5', 'points', 'points/SND'])
			expectStatus(await world.public.get(`${api}/${path}`), 200);
		const administrator = await world.officer('administrator'), clerk = await world.officer('clerk');
		const { calendar } = expectStatus(await administrator.get(`${api}/calendar/2027`), 200);
		const statement = await administrator.statement('calendar.change', { year: 2027, calendar: hex(canonical(calendar)) });
		expectStatus(await administrator.call('PUT', `${api}/calendar/2027`, { calendar, statement }, { headers: { 'If-Match': '"v1"' } }), 200);
		const both = async (type, members) => Promise.all(['administrator', 'administrator-2'].map(async (name) => (await world.officer(name)).statement(type, members)));
		const point = { name: '太仓受理点', address: '太仓市虚构路1号', phones: ['0512-53990001'], services: ['issue'], active: true };
		const statements = await both('point.change', { point: 'TC-1', version: 0, content: hex(canonical(point)) });
		expectStatus(await administrator.call('PUT', `${api}/points/TC-1`, { point, statements }, { headers: { 'If-Match': '"v0"' } }), 200);
		const { person } = expectStatus(await clerk.get(`${api}/session`), 200);
		expectStatus(await administrator.post(`${api}/points/assignments`, { statements: await both('point.assign', { person, points: ['SND', 'TC-1'] }) }), 200);
		expectStatus(await administrator.get(`${api}/points/assignments`), 200);
		expectStatus(await clerk.act(`${api}/tokens/moves`, 'token.move', { tokens: ['HZ20260001'], movement: 'receive', point: 'SND' }), 200);
		for (const path of ['tokens', 'tokens/HZ20260001', 'points/SND/stock'])
			expectStatus(await clerk.get(`${api}/${path}`), 200);
		const posted = await (await world.draft('person')).through('issued');
		const { parcels } = expectStatus(await clerk.act(`${posted.path}/parcel`, 'parcel.send',
			{ application: posted.id, carrier: 'EMS', number: 'EA123456789CN', recipient: '王虚构' }), 200);
		expectStatus(await clerk.act(`${posted.path}/deliver`, 'certificate.deliver', { application: posted.id, serial: posted.view.serial,
			method: 'post', point: 'SND', tokens: ['HZ20260001'], recipient: '王虚构' }), 200);
		expectStatus(await posted.client.post(`${posted.path}/parcel/received`, { parcel: parcels[0].parcel }), 200);
		expectStatus(await posted.client.get(`${posted.path}/delivery`), 200);
		await (await world.draft('person')).through('submitted');
		assert.ok(expectStatus(await clerk.get(`${api}/queue?point=SND`), 200).items.every((i) => i.point === 'SND'));
		assert.ok(expectStatus(await clerk.get(`${api}/queue`), 200).items.length > 0);
	});

	await check('key centre: agents, an open recovery, shares, the recovered key', async () => {
		const agent = await world.officer('recovery_agent-1'), administrator = await world.officer('administrator');
		const { keys, lost, ...list } = expectStatus(await administrator.get(`${api}/agents`), 200);
		list.version++;
		list.threshold = 2;
		const previous = expectStatus(await agent.get(`${api}/agents`), 200);
		const statements = await agentsChange(world, previous, list);
		expectStatus(await administrator.post(`${api}/agents`, { statements, list }), 200);
		expectStatus(await application.client.get(`${application.path}/issued`), 200);
		const recovery = await approvedRecovery(world, application);
		expectStatus(await agent.get(`${api}/recoveries`), 200);
		for (const n of [1, 2]) {
			const giver = await world.officer(`recovery_agent-${n}`);
			const offered = expectStatus(await giver.get(`${api}/recoveries/${recovery.id}`), 200);
			expectStatus(await giver.act(`${api}/recoveries/${recovery.id}/share`, 'recovery.share', resealed(site, n, offered)), 200);
		}
		expectStatus(await recovery.client.get(`${recovery.path}/recovered-key`), 200);
	});

	await check('tokens: made ready and unlocked', async () => {
		const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
		const der = publicKey.export({ type: 'spki', format: 'der' }), spki = der.toString('base64'), token = 'ANSWERS-1';
		const statements = [];
		for (const name of ['clerk', 'administrator'])
			statements.push(await (await world.officer(name)).statement('token.initialise', { token, spki: hex(der) }));
		expectStatus(await (await world.officer('clerk')).post(`${api}/tokens/${token}/initialise`, { statements, spki }), 200);
		const ticket = await world.service('unlock_pin', application, { form: { token } });
		for (const step of ['submitted', 'accepted', 'paid', 'reviewed', 'completed'])
			expectStatus(await ticket.step(step), 200);
		const clerk = await world.officer('clerk');
		const statement = await clerk.statement('token.unlock', { application: ticket.id, token, spki: hex(der) });
		expectStatus(await clerk.post(`${ticket.path}/unlock`, { statement, spki }), 200);
		expectStatus(await clerk.act(`${ticket.path}/unlocked`, 'token.unlocked', { application: ticket.id, token, outcome: 'done' }), 200);
	});

	await check('money: orders, waiver, refund, invoice, notification, suspense, book, comparison, prices', async () => {
		const money = new Money(world), cashier = await world.officer('cashier');
		const [paid, waived, rejected] = [await world.draft('person'), await world.draft('person'), await world.draft('person')];
		for (const one of [paid, waived, rejected])
			await one.through(one === waived ? 'accepted' : 'paid');
		expectStatus(await money.waive(waived), 200);
		expectStatus(await paid.client.get(`${paid.path}/order`), 200);
		const invoice = expectStatus(await paid.client.post(`${paid.path}/invoice`, { title: '张虚构', mail: 'zhang@example.com' }), 201);
		expectStatus(await cashier.act(`${api}/invoices/${invoice.invoice}/issue`, 'invoice.issue', { invoice: invoice.invoice, number: '26322000000001' }), 200);
		expectStatus(await rejected.sendBack('reject', 'reviewer'), 200);
		const order = await money.order(rejected);
		const refund = expectStatus(await money.requestRefund(order), 201);
		expectStatus(await money.approveRefund(refund), 200);
		expectStatus(await money.payRefund(refund), 200);
		expectStatus(await provider.notify(world, provider.facts(world, order)), 200);
		const [item] = await money.suspense();
		expectStatus(await money.resolve(item.item, { resolution: 'refund' }), 200);
		for (const path of ['orders?state=paid&limit=1', `orders/${order.order}`, 'refunds', 'invoices', 'suspense?state=open', 'ledger/balances'])
			expectStatus(await cashier.get(`${api}/${path}`), 200);
		await money.expectBalanced();
		const date = dayOf(await world.now());
		expectStatus(await money.reconcile(date, 'date,channel,transaction,order,amount,currency,direction\n'), 201);
		expectStatus(await cashier.get(`${api}/reconciliations`), 200);
		expectStatus(await cashier.get(`${api}/reconciliations/${date}`), 200);
		expectStatus(await world.public.get(`${api}/tariffs`), 200);
		expectStatus(await money.two(`${api}/tariffs`, 'tariff.change', { service: 'other', valid_from: '2027-01-01T00:00:00.000000Z', amount_fen: '0',
			promised_working_days: 2, source: '虚构文件' }, ['administrator', 'administrator-2']), 201);
	});

	await check('problems at the door have documented form', async () => {
		const anybody = new Client(site), path = `${api}/applications`;
		expectProblem(await anybody.post(path, {}, { key: false }), 400, 'idempotency.missing');
		expectProblem(await anybody.post(path, '{', { raw: true }), 400, 'json.malformed');
		expectProblem(await anybody.post(path, {}, { headers: { 'Content-Type': 'text/plain' } }), 415, 'request.media_type');
		expectProblem(await anybody.post(path, { kind: 'person', form: { remark: 'x'.repeat(70000) } }), 413, 'request.too_large');
		expectProblem(await anybody.post(path, { kind: 'person' }), 422, 'field.missing', '/form');
		expectProblem(await anybody.get(`${api}/nothing`), 404, 'not_found');
		expectProblem(await anybody.call('DELETE', path), 405, 'method_not_allowed');
		const english = await anybody.get(`${api}/session`, { headers: { 'Accept-Language': 'en', 'X-Request-Id': 'answers-1' } });
		assert.equal(expectProblem(english, 401, 'login.required').title, 'Login required');
		assert.equal(english.headers.get('content-language'), 'en');
		assert.equal(english.headers.get('x-request-id'), 'answers-1');
	});

	await check('notices and sales, to the evidence of the closed sale', async () => {
		const draft = await world.draftNotice(world.parcel());
		const editor = await world.officer('market_editor');
		const path = `${api}/notices/${draft.notice}`;
		expectStatus(await editor.call('PUT', path, { content: world.parcel({ text: '竞买人须自行踏勘现场。' }) }, { headers: { 'If-Match': '"v1"' } }), 200);
		expectStatus(await world.noticeAct('market_editor', 'submit', draft.notice), 200);
		({ sale } = expectStatus(await world.noticeAct('market_approver', 'approve', draft.notice), 200));
		const view = expectStatus(await (await world.officer('auditor')).get(path), 200);
		await world.setClock(view.content.times.listing_start);
		for (const at of [`${api}/notices`, `${api}/notices?limit=1`, path, `${api}/sales`])
			expectStatus(await world.public.get(at), 200);
		await world.qualify(sale, holder, '01');
		const watcher = await Watcher.open(`${site.url}${api}/sales/${sale}/stream`);
		const quote = expectStatus(await world.quote(sale, holder), 201);
		// A refused quote is an event with a receipt too.
		const refused = expectProblem(await world.quote(sale, holder, '1'), 422, 'quote.below_start');
		assert.equal(refused.verdict, 'refused');
		for (const { event, json } of [await watcher.until((e) => e.event === 'sale'), await watcher.until((e) => e.event === 'sale' && e.json.seq >= quote.seq)])
			assert.deepEqual(misfits(document.components.schemas.Sale, json), [], event);
		assert.match(watcher.type, /^text\/event-stream/);
		observer.seen.add('watchSale 200');
		watcher.close();
		expectStatus(await holder.get(`${api}/sales/${sale}/receipts/${quote.seq}`), 200);
		expectStatus(await holder.get(`${api}/sales/${sale}`), 200);
		expectProblem(await world.public.get(`${api}/sales/${sale}/bundle`), 409, 'sale.state');
		closing = Date.parse((await world.sale(sale)).listing_end);
		for (let moment = closing, i = 0; (await world.sale(sale)).phase !== 'closed' && i < 50; moment += 60000, i++)
			await world.setClock(moment);
		await world.logSize();
		expectStatus(await world.public.get(`${api}/sales/${sale}/events?after=1`), 200);
		expectStatus(await world.public.get(`${api}/sales/${sale}`), 200);
		expectStatus(await world.public.get(`${api}/sales/${sale}/bundle`), 200);
	});

	await check('the log, the pages and the authority\'s files', async () => {
		const size = await world.logSize();
		for (const path of [`${api}/log/proof?index=0`, `${api}/log/proof?index=1&size=2`, `${api}/log/consistency?from=1&to=${size}`,
			'/', `/sales/${sale}`, '/static/page.css', '/pki/cps', '/pki/cps.json', '/checkpoint', `/tile/0/000.p/${size % 256}`, '/pki/root/ca.cer', '/pki/issuing/ca.cer',
			'/pki/issuing/root.cer', '/pki/issuing/chain.pem', '/pki/issuing/root.crl',
			'/pki/issuing/full.crl', '/pki/issuing/delta.crl', '/pki/issuing/shard/0.crl', `/pki/issuing/ocsp/${encodeURIComponent(ocspRequest.toString('base64'))}`])
			expectStatus(await world.public.get(path), 200);
		expectStatus(await world.public.post('/pki/issuing/ocsp', ocspRequest, { raw: true, headers: { 'Content-Type': 'application/ocsp-request' } }), 200);
		const query = Buffer.concat([Buffer.from('3034020101302f300b06096086480165030402010420', 'hex'), Buffer.alloc(32)]);
		expectStatus(await world.public.post('/pki/tsa', query, { raw: true, headers: { 'Content-Type': 'application/timestamp-query' } }), 200);
		for (const path of ['/livez', '/readyz', '/health', '/metrics'])
			expectStatus(await elsewhere(site.manage, path), 200);
		assert.equal(expectStatus(await elsewhere(site.url, `${api}/site`, 'HEAD'), 200), '');
	});

	await check('reports: search, statistics, spreadsheets, bulk', async () => {
		const clerk = await world.officer('clerk'), auditor = await world.officer('auditor');
		expectStatus(await clerk.get(`${api}/search?query=${encodeURIComponent('太仓')}`), 200);
		expectStatus(await auditor.get(`${api}/statistics`), 200);
		expectStatus(await auditor.get(`${api}/exports/applications`), 200);
		expectStatus(await auditor.get(`${api}/exports/statistics?by=month`), 200);
		expectStatus(await new Client(site).get(`${api}/bulk/template/person`), 200);
		const file = Buffer.from('单位全称\r\n太仓虚构有限公司\r\n').toString('base64');
		expectStatus(await clerk.post(`${api}/bulk`, { kind: 'organization', file }), 200);
		expectProblem(await clerk.post(`${api}/bulk`, { kind: 'organization', file: Buffer.from('x\r\ny\r\n').toString('base64') }), 422, 'field.unknown');
	});

	await check('messages, their fates, and the calendar', async () => {
		await world.ready(holder);
		const { items: [message] } = expectStatus(await holder.get(`${api}/messages?limit=1`), 200);
		expectStatus(await holder.post(`${api}/messages/${message.message}/read`, {}), 200);
		expectStatus(await holder.get(`${application.path}/messages`), 200);
		const administrator = await world.officer('administrator');
		let failed;
		for (let i = 0; i < 100 && failed === undefined; i++, await sleep(50))
			failed = expectStatus(await administrator.get(`${api}/outbox?limit=200`), 200).items.find((d) => ['failed', 'dead'].includes(d.state));
		expectStatus(await administrator.post(`${api}/outbox/${failed.delivery}/retry`, {}), 200);
		const { path } = expectStatus(await holder.post(`${api}/feed`, {}), 201);
		expectStatus(await world.public.get(path), 200);
	});

	await check('revocation', async () => {
		await world.ready(holder);
		expectStatus(await application.revoke(), 200);
		expectStatus(await world.public.get(`${api}/certificates/${application.view.serial}`), 200);
		expectProblem(await holder.get(`${api}/session`), 401, 'login.required');
		// The same again, by two officers: it is passed over.
		const serials = [application.view.serial], statements = [];
		for (const name of ['reviewer', 'issuer']) {
			const list = createHash('sha256').update(`${serials[0]}\n`).digest('hex');
			statements.push(await (await world.officer(name)).statement('certificate.revoke_many', { list, count: 1, reason: 'superseded', cause: 'key_replaced' }));
		}
		const many = expectStatus(await (await world.officer('issuer')).post(`${api}/revocations`, { serials, statements }), 202);
		expectStatus(await (await world.officer('reviewer')).get(`${api}/revocations/${many.batch}`), 200);
	});

	await check('retention', async () => {
		const staff = ['administrator', 'auditor'];
		await world.passTo((await world.now()) + 5 * 366 * 86400000, staff);
		const auditor = await world.officer('auditor');
		let items = [];
		for (let i = 0; i < 40 && items.length === 0; i++) {
			await new Promise((resolve) => { setTimeout(resolve, 250); });
			({ items } = expectStatus(await auditor.get(`${api}/disposals`), 200));
		}
		const statements = [];
		for (const name of staff)
			statements.push(await (await world.officer(name)).statement('disposal.approve', { batch: items[0].batch, list: items[0].list_hash }));
		expectStatus(await auditor.post(`${api}/disposals/${items[0].batch}/approve`, { statements }), 200);
		expectStatus(await auditor.get(application.path), 200);
	});

	await check('every operation of the document succeeded once', () => assert.deepEqual(observer.unseen(), []));
	await check('every answer had the documented status, headers, type and members', () => assert.deepEqual([...observer.bad], []));
} finally {
	await world.remove();
}
