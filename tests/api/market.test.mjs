// The market, walked on the frozen clock: notice, listing, quiet hour, limit-time, result, and the evidence of it.
// Names bear the number of the trading rule they prove (TR-n); "decision 0001/n" is docs/decisions/0001.
import { execFile } from 'node:child_process';
import { verify, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expectProblem, expectStatus } from './lib/expect.mjs';
import { program } from './lib/site.mjs';
import { canonical, hex, nonce, sha256, timeText } from './lib/statement.mjs';
import { Watcher } from './lib/stream.mjs';
import { assert, check, quick } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const run = promisify(execFile);
const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const world = await World.make();
const begin = await world.now();
const announce = begin + HOUR, listingStart = announce + 20 * DAY, listingEnd = listingStart + 10 * DAY;
const quietFrom = listingEnd - HOUR, window = 4 * MINUTE;
const times = (changes = {}) => ({
	announce: timeText(announce), listing_start: timeText(listingStart), listing_end: timeText(listingEnd),
	apply_end: timeText(listingEnd - 3 * DAY), deposit_end: timeText(listingEnd - 3 * DAY), ...changes,
});
const START = 747000000, STEP = 5000000;
const parcel = (number, changes = {}) => world.parcel({ number: `太测网挂〔2026〕${number}号`, times: times(), ...changes });

const receiptCertificate = () => new X509Certificate(readFileSync(join(world.site.dir, 'ca/receipt.crt')));

// The receipt's payload, its signature checked by the site's receipt certificate and that by the root.
function openReceipt(receipt) {
	const [header, payload, signature] = receipt.split('.');
	const certificate = receiptCertificate();
	assert.equal(JSON.parse(Buffer.from(header, 'base64url'))['x5t#S256'], sha256(certificate.raw).toString('base64url'));
	assert.ok(verify('sha256', Buffer.from(`${header}.${payload}`), { key: certificate.publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')));
	const issuing = new X509Certificate(readFileSync(join(world.site.dir, 'ca/issuing.crt')));
	const root = new X509Certificate(readFileSync(join(world.site.dir, 'ca/root.crt')));
	assert.ok([issuing, root].some((ca) => certificate.verify(ca.publicKey)));
	return JSON.parse(Buffer.from(payload, 'base64url'));
}

// A refusal by the rules: a problem that carries a signed receipt of the refusal.
async function expectRefused(reply, status, code, pointer) {
	const problem = expectProblem(reply, status, code, pointer);
	const receipt = openReceipt(problem.receipt);
	assert.equal(problem.verdict, 'refused');
	assert.deepEqual([receipt.verdict, receipt.code, receipt.seq, receipt.head, receipt.price_fen], ['refused', code, problem.seq, problem.head, problem.price_fen]);
	return receipt;
}

async function expectAccepted(reply) {
	const body = expectStatus(reply, 201);
	const receipt = openReceipt(body.receipt);
	assert.equal(body.verdict, 'accepted');
	assert.deepEqual([receipt.verdict, receipt.seq, receipt.head, receipt.price_fen, receipt.deadline ?? null],
		['accepted', body.seq, body.head, body.price_fen, body.deadline]);
	return { ...body, receipt };
}

const withoutTime = ({ server_time, ...view }) => view;
const spread = (text) => text.replace(/[A-Za-z0-9_-]{40,}/g, (s) => `${s} ${Buffer.from(s, 'base64url').toString('utf8')}`);

try {
	// --- notices ----------------------------------------------------------------------------------------------

	let main, none, one, other;

	await check('TR-8 a notice whose listing starts less than 20 days after it is refused; 20 days exactly are taken', async () => {
		const editor = await world.officer('market_editor');
		const early = parcel('50', { times: times({ listing_start: timeText(listingStart - 1) }) });
		expectProblem(await editor.post('/api/v1/notices', { content: early }), 422, 'notice.rule', '/content/times/listing_start');
		expectStatus(await editor.post('/api/v1/notices', { content: parcel('50') }), 201);
	});

	await check('a listing of less than 10 days, a deposit date in the quiet time, a past announcement are refused', async () => {
		const editor = await world.officer('market_editor');
		const cases = [
			[{ listing_end: timeText(listingEnd - 1) }, '/content/times/listing_end'],
			[{ deposit_end: timeText(quietFrom + 1) }, '/content/times/deposit_end'],
			[{ apply_end: timeText(announce) }, '/content/times/apply_end'],
			[{ announce: timeText(begin - 1) }, '/content/times/announce'],
		];
		for (const [changes, pointer] of cases)
			expectProblem(await editor.post('/api/v1/notices', { content: parcel('51', { times: times(changes) }) }), 422, 'notice.rule', pointer);
		for (const [changes, pointer] of [[{ start_fen: '0' }, '/content/parcel/start_fen'], [{ increment_fen: '0' }, '/content/parcel/increment_fen'], [{ cap_fen: String(START + STEP + 1) }, '/content/parcel/cap_fen']])
			expectProblem(await editor.post('/api/v1/notices', { content: parcel('51', { parcel: changes }) }), 422, 'notice.rule', pointer);
		const reserve = parcel('51', { parcel: { reserve_fen: '1' } });
		expectProblem(await editor.post('/api/v1/notices', { content: reserve }), 422, 'field.unknown', '/content/parcel/reserve_fen');
	});

	await check('a notice binds by its rule set: an unknown one, or another hash, is refused', async () => {
		const editor = await world.officer('market_editor');
		expectProblem(await editor.post('/api/v1/notices', { content: parcel('52', { rule_set: { name: 'taicang', version: 99 } }) }), 422, 'field.value', '/content/rule_set');
		const wrong = { name: 'taicang', version: 1, hash: '0'.repeat(64) };
		expectProblem(await editor.post('/api/v1/notices', { content: parcel('52', { rule_set: wrong }) }), 422, 'field.value', '/content/rule_set/hash');
	});

	await check('a draft is changed under If-Match, and no more once it is submitted', async () => {
		const editor = await world.officer('market_editor');
		const draft = await world.draftNotice(parcel('53'));
		const put = (version) => editor.call('PUT', `/api/v1/notices/${draft.notice}`, { content: parcel('53', { title: '改动后的公告' }) }, { headers: version ? { 'If-Match': version } : {} });
		expectProblem(await put(), 428, 'precondition.missing');
		expectProblem(await put('"v2"'), 412, 'precondition.stale');
		const changed = expectStatus(await put('"v1"'), 200);
		assert.equal(changed.version, 2);
		assert.equal(changed.content_hash, hex(canonical(changed.content)));
		const stale = { notice: draft.notice, version: 1, content: draft.content_hash };
		expectProblem(await editor.act(`/api/v1/notices/${draft.notice}/submit`, 'notice.submit', stale), 422, 'statement.target');
		expectStatus(await world.noticeAct('market_editor', 'submit', draft.notice), 200);
		expectProblem(await put('"v3"'), 409, 'notice.state');
	});

	await check('four eyes: who wrote a notice does not approve it, even with both roles', async () => {
		const draft = await world.draftNotice(parcel('54'));
		expectProblem(await world.noticeAct('market_editor', 'approve', draft.notice), 403, 'permission.denied');
		await world.giveRole('market_editor', 'market_approver');
		expectStatus(await world.noticeAct('market_editor', 'submit', draft.notice), 200);
		expectProblem(await world.noticeAct('market_editor', 'approve', draft.notice), 403, 'approval.same_person');
		const approved = expectStatus(await world.noticeAct('market_approver', 'approve', draft.notice), 200);
		assert.equal(approved.state, 'approved');
		expectProblem(await world.noticeAct('market_approver', 'approve', draft.notice), 409, 'notice.state');
	});

	await check('before its announcement neither notice nor sale is public', async () => {
		main = await world.publish(parcel('01'));
		none = await world.publish(parcel('02'));
		one = await world.publish(parcel('03'));
		other = await world.publish(parcel('04'));
		expectProblem(await world.public.get(`/api/v1/notices/${main.notice}`), 404, 'not_found');
		expectProblem(await world.public.get(`/api/v1/sales/${main.sale}`), 404, 'not_found');
		assert.deepEqual(expectStatus(await world.public.get('/api/v1/sales'), 200).items, []);
		await world.setClock(announce - 1);
		expectProblem(await world.public.get(`/api/v1/sales/${main.sale}`), 404, 'not_found');
		await world.setClock(announce);
		const notice = expectStatus(await world.public.get(`/api/v1/notices/${main.notice}`), 200);
		assert.equal(notice.state, 'announced');
		assert.ok(!('editor' in notice) && !('submitted_by' in notice) && !('approved_by' in notice));
		const sale = await world.sale(main.sale);
		assert.deepEqual([sale.phase, sale.start_fen, sale.increment_fen, sale.next_fen, sale.price_fen], ['announced', String(START), String(STEP), null, null]);
	});

	// --- bidders ------------------------------------------------------------------------------------------------

	let company, person, third, stranger, revoked;

	await check('a market approver qualifies holders by number; numbers and holders are taken once', async () => {
		[company, person, third, stranger, revoked] = [await world.certify('organization'), await world.certify('person'), await world.certify('organization'),
			await world.certify('person'), await world.certify('organization')];
		for (const [holder, number] of [[company, '01'], [person, '02'], [third, '03'], [revoked, '04']])
			assert.equal((await world.qualify(main.sale, holder, number)).bidder_no, number);
		await world.qualify(one.sale, company, '07');
		await world.qualify(other.sale, company, '01');
		expectProblem(await world.qualifyReply(main.sale, company, '09'), 409, 'bidder.already_qualified');
		expectProblem(await world.qualifyReply(main.sale, stranger, '01'), 409, 'exists', '/statement/bidder_no');
		for (const number of ['', '零一', 'a b', '1234567890123456'])
			assert.equal((await world.qualifyReply(main.sale, stranger, number)).status, 422);
	});

	await check('a qualification over another key, certificate, subject or sale is refused', async () => {
		expectProblem(await world.qualifyReply(main.sale, stranger, '09', { spki: company.identity.spkiHash }), 422, 'statement.target', '/statement/spki');
		expectProblem(await world.qualifyReply(main.sale, stranger, '09', { subject: company.subject }), 422, 'statement.target', '/statement/subject');
		expectProblem(await world.qualifyReply(main.sale, stranger, '09', { sale: one.sale }), 422, 'statement.target', '/statement/sale');
		const unknown = await world.qualifyReply(main.sale, stranger, '09', { certificate: '0'.repeat(64) });
		assert.equal(unknown.status, 404, JSON.stringify(unknown.body));
		const officer = await world.officer('cashier');
		expectProblem(await world.qualifyReply(main.sale, stranger, '09', { certificate: officer.identity.fingerprint }), 403, 'bidder.unqualified');
		const editor = await world.officer('clerk');
		expectProblem(await editor.act(`/api/v1/sales/${main.sale}/bidders`, 'bidder.qualify', { sale: main.sale }), 403, 'permission.denied');
	});

	// --- the listing ------------------------------------------------------------------------------------------------

	await check('a quote before the listing is refused, with a receipt', async () => {
		await expectRefused(await world.quote(main.sale, company, START), 409, 'quote.not_open');
		await world.setClock(listingStart);
		assert.equal((await world.sale(main.sale)).phase, 'listing');
	});

	await check('diqi sale list: a line a sale, prices in yuan', async () => {
		const { stdout } = await run(program, ['sale', 'list', '--server', world.site.url], { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
		const [titles, ...lines] = stdout.trimEnd().split('\n');
		assert.match(titles, /^sale +code +place +phase +price \(yuan\) +next \(yuan\) +deadline/);
		const shown = lines.find((line) => line.startsWith(main.sale));
		assert.match(shown, /\blisting +- +7,470,000\.00 +-$/);
	});

	await check('TR-16 a quote below the start price or off the lattice is refused, with a receipt', async () => {
		await expectRefused(await world.quote(main.sale, company, START - STEP), 422, 'quote.below_start', '/statement/price_fen');
		await expectRefused(await world.quote(main.sale, company, START + 1), 422, 'quote.off_lattice', '/statement/price_fen');
		await expectRefused(await world.quote(main.sale, company, START + STEP / 2), 422, 'quote.off_lattice', '/statement/price_fen');
		assert.equal((await world.sale(main.sale)).price_fen, null);
	});

	await check('a price that is no string of whole fen is refused', async () => {
		for (const price_fen of ['747000000.00', '0747000000', '-747000000', '+747000000', '7e8', ' 747000000', '', '99999999999999999999999', 747000000])
			assert.equal((await world.quote(main.sale, company, START, { price_fen })).status, 422, String(price_fen));
	});

	await check('another rule set, or a head that was never published, is refused, with a receipt', async () => {
		await expectRefused(await world.quote(main.sale, company, START, { rule_set: '1'.repeat(64) }), 422, 'quote.rule_set', '/statement/rule_set');
		await expectRefused(await world.quote(main.sale, company, START, { head: '2'.repeat(64) }), 422, 'quote.head_unknown', '/statement/head');
		const foreign = (await world.sale(other.sale)).head;
		await expectRefused(await world.quote(main.sale, company, START, { head: foreign }), 422, 'quote.head_unknown', '/statement/head');
	});

	await check('who is not qualified does not quote: neither a stranger nor an officer nor nobody', async () => {
		expectProblem(await world.quote(main.sale, stranger, START), 403, 'bidder.unqualified');
		expectProblem(await world.quote(main.sale, await world.officer('clerk'), START), 403, 'permission.denied');
		expectProblem(await world.public.post(`/api/v1/sales/${main.sale}/quotes`, { statement: 'a.b.c' }), 401, 'login.required');
	});

	await check('a statement for another sale, of another type, or by another signer is refused', async () => {
		expectProblem(await world.quote(main.sale, company, START, { sale: other.sale }), 422, 'statement.target', '/statement/sale');
		const members = await world.quoteMembers(main.sale, START);
		const path = `/api/v1/sales/${main.sale}/quotes`;
		expectProblem(await company.act(path, 'bid', members), 422, 'statement.type');
		expectProblem(await company.act(path, 'quote', members, { identity: person.identity }), 403, 'statement.signer');
		expectProblem(await company.act(path, 'quote', members, { timeShift: -300001 }), 422, 'statement.time');
		expectProblem(await company.act(path, 'quote', { ...members, comment: '顺祝商祺' }), 422, 'field.unknown');
		const { head, ...headless } = members;
		expectProblem(await company.act(path, 'quote', headless), 422, 'field.missing');
	});

	let firstStatement;

	await check('a quote at the start price is accepted: its receipt says sequence, arrival, price and place in the log', async () => {
		const before = await world.sale(main.sale);
		firstStatement = await company.statement('quote', await world.quoteMembers(main.sale, START));
		const reply = await company.post(`/api/v1/sales/${main.sale}/quotes`, { statement: firstStatement });
		const { receipt } = await expectAccepted(reply);
		assert.equal(receipt.seq, before.seq + 1);
		assert.equal(receipt.arrival, timeText(listingStart));
		assert.equal(receipt.quote, sha256(Buffer.from(firstStatement.split('.')[1], 'base64url')).toString('hex'));
		assert.equal(receipt.sale, main.sale);
		assert.match(receipt.leaf, /^[0-9a-f]{64}$/);
		assert.ok(Number.isInteger(receipt.log_index));
		const after = await world.sale(main.sale);
		assert.deepEqual([after.price_fen, after.next_fen, after.seq, after.head], [String(START), String(START + STEP), receipt.seq, receipt.head]);
		assert.notEqual(after.head, before.head);
	});

	await check('a replayed statement is refused (409), also under another key and with a re-made signature', async () => {
		const path = `/api/v1/sales/${main.sale}/quotes`, before = await world.sale(main.sale);
		expectProblem(await company.post(path, { statement: firstStatement }), 409, 'statement.replayed');
		// ECDSA signs anew each time: the same payload is the same statement.
		const again = company.identity.sign(JSON.parse(Buffer.from(firstStatement.split('.')[1], 'base64url')));
		assert.notEqual(again, firstStatement);
		expectProblem(await company.post(path, { statement: again }), 409, 'statement.replayed');
		assert.deepEqual(await world.sale(main.sale), before);
	});

	await check('a repeated request with its Idempotency-Key gets the same receipt and quotes once', async () => {
		const key = nonce(), statement = await (await world.ready(person)).statement('quote', await world.quoteMembers(main.sale, START + 3 * STEP));
		const send = () => person.post(`/api/v1/sales/${main.sale}/quotes`, { statement }, { headers: { 'Idempotency-Key': key } });
		const first = await expectAccepted(await send());
		const second = expectStatus(await send(), 201);
		assert.equal(second.seq, first.seq);
		assert.deepEqual(openReceipt(second.receipt), first.receipt);
		assert.equal((await world.sale(main.sale)).seq, first.seq);
	});

	await check('TR-16 the same price again is too low; the leader may raise his own quote (decision 0001/7)', async () => {
		await expectRefused(await world.quote(main.sale, company, START + 3 * STEP), 422, 'quote.off_lattice', '/statement/price_fen');
		await expectAccepted(await world.quote(main.sale, person, START + 4 * STEP));
	});

	await check('a quote that saw an older head is taken: what it saw is recorded', async () => {
		const events = expectStatus(await world.public.get(`/api/v1/sales/${main.sale}/events`), 200).items;
		const old = events[0].head;
		const { seq } = await expectAccepted(await world.quote(main.sale, company, START + 5 * STEP, { head: old }));
		const [event] = expectStatus(await world.public.get(`/api/v1/sales/${main.sale}/events?after=${seq - 1}`), 200).items;
		assert.equal(event.seen, old);
	});

	await check('ten quotes at one price at once: exactly one is accepted, each has its receipt', async () => {
		const price = START + 6 * STEP;
		const both = await Promise.all([company, person].flatMap((bidder) => Array.from({ length: 5 }, () => world.quote(main.sale, bidder, price))));
		const accepted = both.filter((r) => r.status === 201);
		assert.equal(accepted.length, 1, both.map((r) => `${r.status} ${r.body.code ?? ''}`).join(', '));
		await expectAccepted(accepted[0]);
		for (const reply of both.filter((r) => r.status !== 201))
			await expectRefused(reply, 422, 'quote.off_lattice');
		assert.equal(new Set(both.map((r) => r.body.seq)).size, 10);
		assert.equal((await world.sale(main.sale)).price_fen, String(price));
	});

	await check('one quote sent twenty times at once with one key: one event, twenty times its receipt', async () => {
		const key = nonce(), before = await world.sale(main.sale);
		const statement = await (await world.ready(company)).statement('quote', await world.quoteMembers(main.sale));
		const replies = await Promise.all(Array.from({ length: 20 }, () => company.post(`/api/v1/sales/${main.sale}/quotes`, { statement }, { headers: { 'Idempotency-Key': key } })));
		for (const reply of replies)
			assert.equal((await expectAccepted(reply)).seq, before.seq + 1);
		assert.equal((await world.sale(main.sale)).seq, before.seq + 1);
		// Without the key they are replays, but for the first.
		const other = await company.statement('quote', await world.quoteMembers(main.sale));
		const keyless = await Promise.all(Array.from({ length: 5 }, () => company.post(`/api/v1/sales/${main.sale}/quotes`, { statement: other })));
		assert.deepEqual(keyless.map((r) => `${r.status} ${r.body.code ?? ''}`).sort(), ['201 ', ...Array(4).fill('409 statement.replayed')]);
	});

	await check('a certificate that was revoked quotes no more, not even with the session it has', async () => {
		await world.ready(revoked);
		const reviewer = await world.officer('reviewer');
		expectStatus(await reviewer.act(`/api/v1/certificates/${revoked.serial}/revoke`, 'certificate.revoke', { serial: revoked.serial, reason: 'keyCompromise' }), 200);
		const before = await world.sale(main.sale);
		const reply = await revoked.act(`/api/v1/sales/${main.sale}/quotes`, 'quote', await world.quoteMembers(main.sale));
		assert.ok(reply.status === 401 || reply.status === 403, `${reply.status} ${reply.body.code}`);
		// A living session of somebody else does not carry the revoked certificate's statement either.
		await world.ready(company);
		expectProblem(await company.act(`/api/v1/sales/${main.sale}/quotes`, 'quote', await world.quoteMembers(main.sale), { identity: revoked.identity }), 403, 'statement.signer');
		assert.deepEqual(await world.sale(main.sale), before);
		expectProblem(await qualifyRevoked(), 403, 'certificate.revoked');
	});

	async function qualifyRevoked() {
		const approver = await world.officer('market_approver');
		return approver.act(`/api/v1/sales/${one.sale}/bidders`, 'bidder.qualify', { sale: one.sale, subject: revoked.subject, bidder_no: '09',
			certificate: revoked.identity.fingerprint, spki: revoked.identity.spkiHash });
	}

	await check('a receipt is shown again to its bidder and to the auditor, to nobody else', async () => {
		const { seq, receipt } = await expectAccepted(await world.quote(main.sale, company));
		const path = `/api/v1/sales/${main.sale}/receipts/${seq}`;
		assert.deepEqual(openReceipt(expectStatus(await company.get(path), 200).receipt), receipt);
		assert.deepEqual(openReceipt(expectStatus(await (await world.officer('auditor')).get(path), 200).receipt), receipt);
		await world.ready(person);
		expectProblem(await person.get(path), 403, 'permission.denied');
		expectProblem(await world.public.get(path), 401, 'login.required');
		expectProblem(await company.get(`/api/v1/sales/${main.sale}/receipts/99999`), 404, 'not_found');
		assert.equal((await company.get(`/api/v1/sales/${main.sale}/receipts/1`)).status, 404);      // a qualification, no quote
	});

	await check('a bidder sees whether it leads; to the public nobody is anybody', async () => {
		const mine = await world.sale(main.sale, company);
		assert.deepEqual(mine.me, { bidder_no: '01', leading: true });
		assert.deepEqual((await world.sale(main.sale, person)).me, { bidder_no: '02', leading: false });
		assert.ok(!('me' in await world.sale(main.sale)));
	});

	await check('public views show bidders by number only: no name, code, identity number, subject or certificate', async () => {
		const watcher = await Watcher.open(`${world.site.url}/api/v1/sales/${main.sale}/stream`);
		await watcher.until((e) => e.event === 'sale');
		watcher.close();
		const texts = [JSON.stringify(watcher.events)];
		for (const path of [`/api/v1/sales/${main.sale}`, `/api/v1/sales/${main.sale}/events?limit=200`, `/api/v1/sales`, `/api/v1/notices/${main.notice}`, '/', `/sales/${main.sale}`]) {
			const reply = await world.public.get(path);
			expectStatus(reply, 200);
			texts.push(reply.bytes.toString());
		}
		const text = spread(texts.join('\n'));
		for (const holder of [company, person, third]) {
			const application = expectStatus(await (await world.officer('clerk')).get(`/api/v1/applications/${holder.application}`), 200);
			for (const secret of [application.form.name, application.form.uscc ?? application.form.id_number, holder.subject, holder.identity.fingerprint,
				holder.identity.spkiHash, holder.serial, holder.application])
				assert.ok(!text.includes(secret), `${secret} is public`);
		}
		assert.match(texts[2], /"bidder":"01"/);
	});

	await check('the public pages show the parcel, the price and the CA certificates, without scripts', async () => {
		const front = await world.public.get('/');
		assert.match(front.type, /^text\/html; charset=utf-8/i);
		assert.ok(front.body.includes('SYN-2026-WG-01') && front.body.includes('/pki/issuing/root.cer') && front.body.includes('/pki/issuing/full.crl'));
		assert.ok(!/<script/i.test(front.body));
		assert.match(front.headers.get('content-security-policy') ?? '', /default-src/);
		const page = (await world.public.get(`/sales/${main.sale}`)).body;
		assert.ok(page.includes('挂牌期') && page.includes('竞买号'));
	});

	// --- the quiet hour ------------------------------------------------------------------------------------------------

	await check('TR-22 one hour before its end the listing closes: a millisecond before it takes quotes, at it none', async () => {
		await expectAccepted(await world.quote(one.sale, company, START + STEP));
		await world.setClock(quietFrom - 1);
		await expectAccepted(await world.quote(main.sale, person));
		await world.setClock(quietFrom);
		assert.equal((await world.sale(main.sale)).phase, 'quiet');
		await expectRefused(await world.quote(main.sale, company, START + 20 * STEP), 409, 'quote.not_open');
	});

	// --- limit-time ---------------------------------------------------------------------------------------------------

	let watcher, priceBefore;

	await check('a watcher sees the sale at once, and each phase, price and deadline as it comes', async () => {
		watcher = await Watcher.open(`${world.site.url}/api/v1/sales/${main.sale}/stream`);
		assert.equal(watcher.status, 200);
		assert.match(watcher.type, /^text\/event-stream/);
		const first = await watcher.until((e) => e.event === 'sale');
		assert.equal(first.json.phase, 'quiet');
		priceBefore = first.json.price_fen;
		await world.setClock(listingEnd);
		const opened = await watcher.until((e) => e.event === 'sale' && e.json.phase === 'limit_time');
		assert.equal(opened.json.deadline, timeText(listingEnd + window));
		assert.equal(Number(opened.id), opened.json.seq);
	});

	await check('TR-18 one bidder quoted: the sale closes at the listing end, and it wins', async () => {
		const sale = await world.sale(one.sale);
		assert.equal(sale.phase, 'closed');
		assert.deepEqual([sale.result.result, sale.result.bidder_no, sale.result.price_fen, sale.result.closed], ['won', '07', String(START + STEP), timeText(listingEnd)]);
	});

	await check('流拍: nobody quoted, the sale fails at the listing end', async () => {
		const sale = await world.sale(none.sale);
		assert.deepEqual([sale.phase, sale.result.result, sale.price_fen, sale.deadline], ['closed', 'failed', null, null]);
		assert.equal((await expectStatus(await world.public.get(`/api/v1/notices/${none.notice}`), 200)).state, 'closed');
	});

	await check('TR-19 TR-20 two bidders quoted: limit-time begins with a window of four minutes', async () => {
		const sale = await world.sale(main.sale);
		assert.deepEqual([sale.phase, sale.deadline, sale.price_fen, sale.result], ['limit_time', timeText(listingEnd + window), priceBefore, null]);
		expectProblem(await world.qualifyReply(main.sale, stranger, '09'), 409, 'sale.state');
		expectProblem(await world.public.get(`/api/v1/sales/${main.sale}/bundle`), 409, 'sale.state');
	});

	await check('in limit-time ticks carry the server\'s time and the deadline', async () => {
		const tick = await watcher.until((e) => e.event === 'tick' && e.json.deadline !== null);
		assert.deepEqual(tick.json, { server_time: timeText(await world.now()), deadline: timeText(listingEnd + window), prompts: 0 });
		assert.equal(tick.id, undefined);
	});

	let deadline = listingEnd + window;

	await check('TR-20 a quote one millisecond before the deadline is accepted, and four whole minutes run from its arrival', async () => {
		await world.setClock(deadline - 1);
		const quoted = await expectAccepted(await world.quote(main.sale, company));
		assert.equal(quoted.deadline, timeText(deadline - 1 + window));
		deadline += window - 1;
		const event = await watcher.until((e) => e.event === 'sale' && e.json.seq === quoted.seq);
		assert.deepEqual([event.json.price_fen, event.json.deadline], [quoted.price_fen, quoted.deadline]);
	});

	await check('a refused quote does not move the deadline', async () => {
		await world.advance(1000);
		await expectRefused(await world.quote(main.sale, person, START), 422, 'quote.off_lattice');
		assert.equal((await world.sale(main.sale)).deadline, timeText(deadline));
	});

	await check('decision 0001/1: who is qualified but did not quote in the listing may enter limit-time', async () => {
		await expectAccepted(await world.quote(main.sale, third));
		deadline = await world.now() + window;
	});

	await check('after a reconnect with Last-Event-ID a watcher gets what it missed', async () => {
		watcher.close();
		const seen = Number(watcher.events.filter((e) => e.id !== undefined).at(-1).id) - 1;
		const again = await Watcher.open(`${world.site.url}/api/v1/sales/${main.sale}/stream`, { 'Last-Event-ID': String(seen) });
		const { seq } = await world.sale(main.sale);
		await again.until((e) => Number(e.id) === seq);
		const ids = again.events.filter((e) => e.id !== undefined).map((e) => Number(e.id));
		assert.deepEqual(ids, Array.from({ length: seq - seen }, (_, i) => seen + 1 + i));
		again.close();
	});

	for (const signal of ['SIGTERM', 'SIGKILL']) {
		await check(`a restart by ${signal} in the middle of limit-time changes nothing`, async () => {
			await world.advance(1000);
			const key = nonce(), statement = await (await world.ready(company)).statement('quote', await world.quoteMembers(main.sale));
			const send = () => company.post(`/api/v1/sales/${main.sale}/quotes`, { statement }, { headers: { 'Idempotency-Key': key } });
			const quoted = await expectAccepted(await send());
			deadline = await world.now() + window;
			const before = await world.sale(main.sale);
			const events = expectStatus(await world.public.get(`/api/v1/sales/${main.sale}/events?limit=200`), 200);
			const end = await (async () => { const e = await world.site.stop(signal); await world.site.start(); return e; })();
			if (signal === 'SIGTERM')
				assert.deepEqual(end, { code: 0, signal: null });
			assert.deepEqual(await world.sale(main.sale), before);
			assert.equal(before.deadline, timeText(deadline));
			assert.deepEqual(expectStatus(await world.public.get(`/api/v1/sales/${main.sale}/events?limit=200`), 200), events);
			assert.deepEqual(openReceipt(expectStatus(await send(), 201).receipt), quoted.receipt);      // asked again after the crash
		});
	}

	// The server stands still while the site's clock goes on.
	async function standStill(ms) {
		await world.site.stop('SIGTERM');
		const path = join(world.site.dir, 'clock');
		writeFileSync(path, timeText(Date.parse(readFileSync(path, 'utf8').trim()) + ms));
		await world.site.start();
	}

	await check('decision 0001/9: a standstill of 9 seconds inside a window changes nothing', async () => {
		const before = await world.sale(main.sale);
		await standStill(9000);
		assert.deepEqual(withoutTime(await world.sale(main.sale)), withoutTime(before));
	});

	await check('decision 0001/9: after a standstill of more than 10 seconds the window is void and a whole new one runs', async () => {
		const before = await world.sale(main.sale);
		await standStill(11000);
		const after = await world.sale(main.sale);
		deadline = await world.now() + window;
		assert.deepEqual([after.phase, after.deadline, after.price_fen], ['limit_time', timeText(deadline), before.price_fen]);
		const [event] = expectStatus(await world.public.get(`/api/v1/sales/${main.sale}/events?after=${before.seq}`), 200).items;
		assert.equal(event.kind, 'outage');
	});

	await check('decision 0001/9: a standstill across the deadline does not decide the sale either', async () => {
		await standStill(10 * MINUTE);
		const after = await world.sale(main.sale);
		deadline = await world.now() + window;
		assert.deepEqual([after.phase, after.deadline], ['limit_time', timeText(deadline)]);
	});

	let final;

	await check('TR-20 TR-35 a quote that arrives at the deadline is late by less than a millisecond: refused, with a receipt', async () => {
		const { price_fen, next_fen } = await expectAcceptedAt(deadline - 1);
		await world.setClock(deadline);
		const receipt = await expectRefused(await world.quote(main.sale, person, Number(next_fen)), 409, 'quote.late');
		assert.equal(receipt.arrival, timeText(deadline));
		final = await world.sale(main.sale);
		assert.deepEqual([final.phase, final.deadline, final.price_fen], ['closed', null, price_fen]);
		assert.deepEqual(final.result, { result: 'won', closed: timeText(deadline), bidder_no: '02', price_fen });
	});

	// The last good quote of the sale, by bidder 02 a millisecond before the end.
	async function expectAcceptedAt(at) {
		await world.setClock(at);
		await expectAccepted(await world.quote(main.sale, person));
		deadline = at + window;
		return world.sale(main.sale);
	}

	await check('a closed sale takes no quote at all, and stays as it is through a restart', async () => {
		await world.advance(MINUTE);
		await expectRefused(await world.quote(main.sale, company, Number(final.price_fen) + STEP), 409, 'quote.late');
		const before = await world.sale(main.sale);
		await world.site.restart('SIGKILL');
		assert.deepEqual(await world.sale(main.sale), before);
		assert.deepEqual(before.result, final.result);
	});

	// --- the events, computed again ---------------------------------------------------------------------------------------

	await check('the heads of the public events are a chain that anybody can compute', async () => {
		const items = [];
		for (let cursor = '0'; cursor !== null;) {
			const page = expectStatus(await world.public.get(`/api/v1/sales/${main.sale}/events?limit=5&cursor=${cursor}`), 200);
			items.push(...page.items);
			cursor = page.next_cursor;
		}
		assert.deepEqual(items.map((e) => e.seq), items.map((_, i) => i + 1));
		let previous = items[0].prev;
		for (const { head, ...event } of items) {
			assert.equal(event.prev, previous);
			assert.equal(hex(Buffer.concat([Buffer.from(previous, 'hex'), Buffer.from(canonical(event))])), head, `event ${event.seq}`);
			previous = head;
		}
		assert.equal(previous, (await world.sale(main.sale)).head);
	});

	// --- the bundle -------------------------------------------------------------------------------------------------------

	const rootPath = join(world.site.dir, 'ca/root.crt');
	const verifyBundle = async (bytes, name = 'bundle.json') => {
		const path = join(world.site.top, name);
		writeFileSync(path, bytes);
		return run(program, ['verify', path, '--root', rootPath], { env: { ...process.env, LC_ALL: 'C.UTF-8' } })
			.then((r) => ({ code: 0, text: r.stdout + r.stderr }), (e) => ({ code: e.code, text: e.stdout + e.stderr }));
	};
	let bundle;

	await check('an outsider verifies the evidence bundle offline, down to the winner', async () => {
		bundle = (await world.public.get(`/api/v1/sales/${main.sale}/bundle`)).bytes;
		const parsed = JSON.parse(bundle);
		assert.equal(parsed.format, 'diqi-bundle-1');
		assert.deepEqual([parsed.subject.sale, parsed.subject.result, parsed.subject.bidder_no, parsed.subject.price_fen], [main.sale, 'won', '02', final.price_fen]);
		const verdict = await verifyBundle(bundle);
		assert.equal(verdict.code, 0, verdict.text);
		assert.ok(verdict.text.includes('02'), verdict.text);
	});

	await check('the bundles of the sale with one bidder and of the failed one verify too', async () => {
		for (const sale of [one.sale, none.sale]) {
			const verdict = await verifyBundle((await world.public.get(`/api/v1/sales/${sale}/bundle`)).bytes);
			assert.equal(verdict.code, 0, verdict.text);
		}
	});

	await check('the bundle names the losing bidders nowhere', async () => {
		const text = spread(bundle.toString());
		const certificates = JSON.parse(bundle).certificates.map((c) => new X509Certificate(Buffer.from(c, 'base64')).subject).join('\n');
		for (const holder of [company, third]) {
			const { form } = expectStatus(await (await world.officer('clerk')).get(`/api/v1/applications/${holder.application}`), 200);
			assert.ok(!text.includes(form.name) && !certificates.includes(form.name), form.name);
			assert.ok(!text.includes(form.uscc ?? form.id_number));
		}
	});

	await check('a bundle does not verify under another root', async () => {
		const path = join(world.site.top, 'bundle.json');
		writeFileSync(path, bundle);
		const error = await run(program, ['verify', path, '--root', join(world.site.dir, 'ca/issuing.crt')]).then(() => null, (e) => e);
		assert.equal(error?.code, 5, String(error?.stderr));
	});

	await check(`each of ${quick ? 10 : 50} changed bytes is found and its place named`, async () => {
		for (let i = 0; i < (quick ? 10 : 50); i++) {
			const forged = Buffer.from(bundle);
			const at = Math.floor(Math.random() * forged.length);
			forged[at] ^= 1 << Math.floor(Math.random() * 8);
			const verdict = await verifyBundle(forged, 'forged.json');
			assert.equal(verdict.code, 5, `byte ${at}: ${verdict.text}`);
			assert.ok(verdict.text.trim().length > 10, `byte ${at}: nothing is named`);
		}
	});

	const tampered = {
		'an event left out': (b) => { b.leaves.splice(Math.floor(b.leaves.length / 2), 1); },
		'the last event left out': (b) => { b.leaves.pop(); },
		'two events swapped': (b) => { [b.leaves[4].leaf, b.leaves[5].leaf] = [b.leaves[5].leaf, b.leaves[4].leaf]; },
		'two whole leaves swapped': (b) => { [b.leaves[4], b.leaves[5]] = [b.leaves[5], b.leaves[4]]; },
		'an event twice': (b) => { b.leaves.splice(5, 0, b.leaves[5]); },
		'a price changed inside an event': (b) => { b.leaves.at(-1).leaf = b.leaves.at(-1).leaf.replace(/"price_fen":"(\d+)"/, (_, p) => `"price_fen":"${Number(p) + STEP}"`); },
		'another price in the result': (b) => { b.subject.price_fen = String(START); },
		'another winner in the result': (b) => { b.subject.bidder_no = '01'; },
		'another sale in the result': (b) => { b.subject.sale = one.sale; },
		'the outcome 流拍': (b) => { b.subject.result = 'failed'; },
		'a certificate less': (b) => { b.certificates.pop(); },
		'a certificate more': (b) => { b.certificates.push(readFileSync(join(world.site.dir, 'ca/ocsp.crt'), 'utf8').split('-----')[2].replace(/\s/g, '')); },
		'a key less': (b) => { b.keys.pop(); },
		'an older checkpoint': (b) => { b.checkpoint = b.checkpoint.replace(/\n(\d+)\n/, (_, n) => `\n${Number(n) - 1}\n`); },
		'an unknown member': (b) => { b.note = '1'; },
	};
	for (const [name, change] of Object.entries(tampered)) {
		await check(`tampering is found and named: ${name}`, async () => {
			const forged = JSON.parse(bundle);
			change(forged);
			const text = canonical(forged);
			assert.notEqual(text, bundle.toString(), 'the change changed nothing');
			const verdict = await verifyBundle(text, 'forged.json');
			assert.equal(verdict.code, 5, verdict.text);
			assert.ok(verdict.text.trim().length > 10, verdict.text);
		});
	}

	await check('the bundle of one sale does not pass for another site\'s', async () => {
		const forged = JSON.parse(bundle);
		forged.site = '019c8d28-fe80-73b1-8c60-428d4d6feb85';
		assert.equal((await verifyBundle(canonical(forged), 'forged.json')).code, 5);
	});

	await check('the server is well: no sanitizer report, no internal error', async () => {
		assert.equal(world.site.log.match(/AddressSanitizer|runtime error|"http\.internal"/g), null, world.site.log.slice(-2000));
	});
} finally {
	if (process.env.DIQI_SHOW_LOG)
		writeFileSync(process.env.DIQI_SHOW_LOG, world.site.log);
	await world.remove();
}
