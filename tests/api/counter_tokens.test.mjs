// Blank tokens from the box to the holder, hand-overs, parcels.
import { expectProblem, expectStatus, expectTold } from './lib/expect.mjs';
import { canonical, hex } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const api = '/api/v1/tokens';
const clerk = () => world.officer('clerk');
const move = async (movement, tokens, more = {}, officer = 'clerk') =>
	(await world.officer(officer)).act(`${api}/moves`, 'token.move', { movement, tokens, point: 'SND', ...more });
const token = async (serial) => expectStatus(await (await clerk()).get(`${api}/${serial}`), 200);
const stock = async (point = 'SND') => expectStatus(await (await clerk()).get(`/api/v1/points/${point}/stock`), 200);
const serials = (from, n) => Array.from({ length: n }, (_, i) => `HZ2026${String(from + i).padStart(4, '0')}`);

async function openPoint(code, changes = {}) {
	const content = { name: '太仓受理点', address: '太仓市虚构路1号', phones: ['0512-53990001'], services: ['issue'], active: true, ...changes };
	const statements = [];
	for (const name of ['administrator', 'administrator-2'])
		statements.push(await (await world.officer(name)).statement('point.change', { point: code, version: 0, content: hex(canonical(content)) }));
	return expectStatus(await (await world.officer('administrator')).call('PUT', `/api/v1/points/${code}`, { point: content, statements }, { headers: { 'If-Match': '"v0"' } }), 200);
}

const issued = async () => (await world.draft('organization')).through('issued');
// A member that is undefined is not said.
const hand = async (application, members) => (await clerk()).act(`${application.path}/deliver`, 'certificate.deliver',
	JSON.parse(JSON.stringify({ application: application.id, serial: application.view.serial, method: 'counter', ...members })));
const overCounter = (tokens, more = {}) => ({ tokens, point: 'SND', recipient: '王虚构', identity_seen: true, ...more });
const delivery = async (application, client = application.client) => expectStatus(await client.get(`${application.path}/delivery`), 200);

try {
	await openPoint('TC-1', { low_stock: 2 });

	await check('tokens are received, counted, and a low stock warns', async () => {
		const before = await world.logSize();
		const reply = expectStatus(await move('receive', serials(1, 25)), 200);
		assert.deepEqual([reply.state, reply.tokens.length, reply.stock.stock, reply.stock.low], ['stock', 25, 25, false]);
		assert.equal(await world.logSize(), before + 1);
		expectStatus(await move('receive', serials(100, 1), { point: 'TC-1' }), 200);
		assert.deepEqual(await stock('TC-1'), { point: 'TC-1', stock: 1, reserved: 0, handed_out: 0, spoiled: 0, returned: 0, low_stock: 2, low: true });
		expectProblem(await (await clerk()).get('/api/v1/points/XXX/stock'), 404, 'not_found');
	});

	await check('lists by point and state, page by page', async () => {
		const client = await clerk();
		const list = async (query) => expectStatus(await client.get(`${api}${query}`), 200);
		const first = await list('?point=SND&state=stock&limit=20');
		const second = await list(`?point=SND&state=stock&limit=20&cursor=${first.next_cursor}`);
		assert.deepEqual([...first.items, ...second.items].map((t) => t.serial), serials(1, 25));
		assert.equal(second.next_cursor, null);
		assert.deepEqual((await list('?point=TC-1')).items.map((t) => t.serial), serials(100, 1));
		assert.deepEqual((await list('?state=spoiled')).items, []);
		expectProblem(await client.get(`${api}?state=lost`), 422, 'field.value', '/state');
		expectProblem(await client.get(`${api}/HZ-NONE`), 404, 'not_found');
	});

	await check('a transfer moves tokens from their point to another, all or none', async () => {
		expectProblem(await move('transfer', [...serials(1, 2), 'HZ20269999'], { to: 'TC-1' }), 409, 'token.state', '/statement/tokens/2');
		assert.equal((await stock()).stock, 25);
		expectStatus(await move('transfer', serials(1, 2), { to: 'TC-1' }), 200);
		assert.deepEqual([(await stock()).stock, (await stock('TC-1')).stock], [23, 3]);
		expectProblem(await move('transfer', serials(1, 1), { to: 'TC-1' }), 409, 'token.state', '/statement/tokens/0');
		expectProblem(await move('transfer', serials(3, 1), { to: 'SND' }), 422, 'field.value', '/statement/to');
		expectProblem(await move('transfer', serials(3, 1), { to: 'XXX' }), 422, 'field.value', '/statement/to');
		expectProblem(await move('transfer', serials(3, 1)), 422, 'field.missing', '/statement/to');
		assert.deepEqual((await token('HZ20260001')).movements.map((m) => [m.movement, m.point]), [['receive', 'SND'], ['transfer', 'TC-1']]);
	});

	await check('what no clerk may say is refused and changes nothing', async () => {
		const before = await stock();
		expectProblem(await move('receive', ['HZ20260500'], {}, 'administrator'), 403, 'permission.denied');
		expectProblem(await move('receive', ['HZ20260003']), 409, 'token.state', '/statement/tokens/0');
		expectProblem(await move('receive', ['HZ20260500', 'HZ20260500']), 409, 'token.state');
		expectProblem(await move('receive', ['HZ 1']), 422, 'field.value', '/statement/tokens/0');
		expectProblem(await move('receive', []), 422, 'field.missing', '/statement/tokens');
		expectProblem(await move('receive', ['HZ20260500'], { point: 'XXX' }), 422, 'field.value', '/statement/point');
		expectProblem(await move('receive', ['HZ20260500'], { to: 'TC-1' }), 422, 'field.unknown', '/statement/to');
		expectProblem(await move('hand_out', ['HZ20260003'], { application: '00000000-0000-7000-8000-000000000000' }), 422, 'field.value', '/statement/movement');
		expectProblem(await move('spoil', ['HZ20260003']), 422, 'field.missing', '/statement/reason');
		assert.deepEqual(await stock(), before);
	});

	await check('a spoiled token is gone for good', async () => {
		assert.equal(expectStatus(await move('spoil', ['HZ20260025'], { reason: '外壳破损' }), 200).stock.spoiled, 1);
		for (const movement of ['spoil', 'return'])
			expectProblem(await move(movement, ['HZ20260025'], { reason: '再次' }), 409, 'token.state');
		expectProblem(await move('receive', ['HZ20260025']), 409, 'token.state');
		assert.equal((await token('HZ20260025')).movements[1].reason, '外壳破损');
	});

	await check('over the counter: token, recipient and who saw his identity are recorded', async () => {
		const application = await issued();
		application.view = expectStatus(await hand(application, overCounter(['HZ20260010'])), 200);
		assert.equal(application.view.state, 'delivered');
		const { handover, parcels } = await delivery(application);
		assert.deepEqual([handover.method, handover.point, handover.recipient, handover.identity_seen, handover.tokens, parcels],
			['counter', 'SND', '王虚构', true, ['HZ20260010'], []]);
		assert.ok(handover.by.length > 0 && handover.time.length > 0);
		const one = await token('HZ20260010');
		assert.deepEqual([one.state, one.application, one.movements.at(-1).movement], ['handed_out', application.id, 'hand_out']);
		assert.equal((await stock()).handed_out, 1);
		await application.through('confirmed');
	});

	await check('a token is handed out once, from this point\'s stock, to somebody who was looked at', async () => {
		const application = await issued();
		for (const [members, status, code, pointer] of [
			[overCounter(['HZ20260010']), 409, 'token.state', '/statement/tokens/0'],             // handed out before
			[overCounter(['HZ20260025']), 409, 'token.state', '/statement/tokens/0'],             // spoiled
			[overCounter(['HZ20260001']), 409, 'token.state', '/statement/tokens/0'],             // at another point
			[overCounter(['HZ20269998']), 409, 'token.state', '/statement/tokens/0'],             // never received
			[overCounter(['HZ20260011', 'HZ20260012']), 422, 'field.value', '/statement/tokens'], // one certificate, one token
			[overCounter(['HZ20260011'], { identity_seen: false }), 422, 'field.value', '/statement/identity_seen'],
			[overCounter(['HZ20260011'], { recipient: undefined }), 422, 'field.missing', '/statement/recipient'],
			[overCounter(['HZ20260011'], { point: undefined }), 422, 'field.missing', '/statement/point'],
			[overCounter(['HZ20260011'], { point: 'XXX' }), 422, 'field.value', '/statement/point'],
			[overCounter(['HZ20260011'], { method: 'download' }), 422, 'field.value', '/statement/tokens'],
			[{ method: 'drone' }, 422, 'field.value', '/statement/method'],
		])
			expectProblem(await hand(application, members), status, code, pointer);
		assert.equal((await token('HZ20260011')).state, 'stock');
		assert.equal((await delivery(application)).handover, null);
		assert.equal((await application.refresh()).state, 'issued');
	});

	await check('one token for two applications at once: one gets it', async () => {
		const two = [await issued(), await issued()];
		const replies = await Promise.all(two.map((a) => hand(a, overCounter(['HZ20260013']))));
		assert.deepEqual(replies.map((r) => r.status).sort(), [200, 409]);
		assert.equal(replies.find((r) => r.status === 409).body.code, 'token.state');
		assert.equal((await token('HZ20260013')).movements.length, 2);
	});

	await check('a token reserved for an application goes to no other', async () => {
		const mine = await issued(), other = await issued();
		expectStatus(await move('reserve', ['HZ20260014'], { application: mine.id }), 200);
		expectProblem(await move('reserve', ['HZ20260014'], { application: other.id }), 409, 'token.state');
		expectProblem(await hand(other, overCounter(['HZ20260014'])), 409, 'token.state', '/statement/tokens/0');
		expectStatus(await move('release', ['HZ20260014']), 200);
		assert.equal((await token('HZ20260014')).application, undefined);
		expectStatus(await move('reserve', ['HZ20260014'], { application: mine.id }), 200);
		expectStatus(await hand(mine, overCounter(['HZ20260014'])), 200);
		expectProblem(await move('reserve', ['HZ20260015'], { application: mine.id }), 409, 'application.state', '/statement/application');
		expectProblem(await move('reserve', ['HZ20260015'], { application: '00000000-0000-7000-8000-000000000000' }), 404, 'not_found');
	});

	await check('a holder brings his token back to any point', async () => {
		expectStatus(await move('return', ['HZ20260014'], { point: 'TC-1', reason: '证书注销' }), 200);
		const one = await token('HZ20260014');
		assert.deepEqual([one.state, one.point], ['returned', 'TC-1']);
		assert.deepEqual(one.movements.map((m) => m.movement), ['receive', 'reserve', 'release', 'reserve', 'hand_out', 'return']);
	});

	await check('by post: a parcel first, then the delivery, then its arrival', async () => {
		const application = await issued(), client = await clerk();
		const send = (members = {}, officer = client) => officer.act(`${application.path}/parcel`, 'parcel.send',
			{ application: application.id, carrier: 'EMS', number: 'EA123456789CN', recipient: '王虚构，太仓市虚构路1号', ...members });
		const byPost = { method: 'post', tokens: ['HZ20260016'], point: 'SND', recipient: '王虚构' };
		expectProblem(await hand(application, byPost), 409, 'parcel.missing', '/statement/method');
		expectProblem(await send({}, await world.officer('cashier')), 403, 'permission.denied');
		expectProblem(await send({ carrier: '' }), 422, 'field.missing', '/statement/carrier');
		expectProblem(await send({ application: '00000000-0000-7000-8000-000000000000' }), 422, 'statement.target', '/statement/application');
		const { parcels: [parcel] } = expectStatus(await send(), 200);
		assert.deepEqual([parcel.carrier, parcel.number, parcel.received], ['EMS', 'EA123456789CN', undefined]);
		expectProblem(await send(), 409, 'exists', '/statement/number');
		await expectTold(application, 'parcel.sent', /承运人：EMS\n运单号：EA123456789CN/);
		expectStatus(await hand(application, byPost), 200);
		const arrived = (body, who = application.client) => who.post(`${application.path}/parcel/received`, body);
		expectProblem(await arrived({}), 422, 'field.missing', '/parcel');
		expectProblem(await arrived({ parcel: '00000000-0000-7000-8000-000000000000' }), 422, 'field.value', '/parcel');
		const stranger = await world.draft('person');
		const wrong = await stranger.client.post(`${application.path}/parcel/received`, { parcel: parcel.parcel });
		expectProblem(wrong, 401, 'application.access_code');
		const after = expectStatus(await arrived({ parcel: parcel.parcel }), 200);
		assert.deepEqual([after.parcels[0].received_by, after.handover.method, after.handover.tokens], ['applicant', 'post', ['HZ20260016']]);
		expectProblem(await arrived({ parcel: parcel.parcel }, client), 409, 'application.state', '/parcel');
		// Lost by the carrier: another one.
		assert.equal(expectStatus(await send({ number: 'EA987654321CN' }), 200).parcels.length, 2);
		await expectTold(application, 'parcel.sent', /EA123456789CN/, /EA987654321CN/);
	});

	await check('nothing is sent before there is a certificate', async () => {
		const application = await (await world.draft()).through('reviewed');
		expectProblem(await (await clerk()).act(`${application.path}/parcel`, 'parcel.send',
			{ application: application.id, carrier: 'EMS', number: 'EA1', recipient: '王虚构' }), 409, 'application.state');
	});

	await check('a delivery is shown to its applicant and to officers only', async () => {
		const application = await issued(), stranger = await world.draft();
		expectProblem(await world.public.get(`${application.path}/delivery`), 401, 'login.required');
		expectProblem(await stranger.client.get(`${application.path}/delivery`), 401, 'application.access_code');
		await delivery(application, await world.officer('auditor'));
	});
} finally {
	await world.remove();
}
