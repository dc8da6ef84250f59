// The queue of a counter, and points in the life of an application.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { canonical, hex } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const api = '/api/v1/queue';
const queue = async (officer, query = '') => expectStatus(await (await world.officer(officer)).get(`${api}${query}`), 200);
const ids = async (officer, query) => (await queue(officer, query)).items.map((i) => i.application);
const both = (type, members) => Promise.all(['administrator', 'administrator-2'].map(async (name) => (await world.officer(name)).statement(type, members)));

async function setPoint(code, version, changes = {}) {
	const point = { name: '太仓受理点', address: '太仓市虚构路1号', phones: ['0512-53990001'], services: ['issue'], active: true, ...changes };
	const statements = await both('point.change', { point: code, version, content: hex(canonical(point)) });
	return expectStatus(await (await world.officer('administrator')).call('PUT', `/api/v1/points/${code}`, { point, statements }, { headers: { 'If-Match': `"v${version}"` } }), 200);
}

async function workAt(officer, points) {
	const { person } = expectStatus(await (await world.officer(officer)).get('/api/v1/session'), 200);
	expectStatus(await (await world.officer('administrator')).post('/api/v1/points/assignments', { statements: await both('point.assign', { person, points }) }), 200);
}

try {
	await setPoint('TC-1', 0);
	const first = await (await world.draft('organization', {}, { point: 'SND' })).through('submitted');
	await world.advance(60000);
	const second = await (await world.draft('person', {}, { point: 'TC-1' })).through('submitted');
	await world.advance(60000);
	const third = await (await world.draft('organization')).through('submitted');
	await world.draft('person');                                // a draft waits for nobody

	await check('each officer sees what waits for his act, oldest submission first', async () => {
		const { items, next_cursor } = await queue('clerk');
		assert.deepEqual(items.map((i) => [i.application, i.act, i.point]),
			[[first.id, 'application.accept', 'SND'], [second.id, 'application.accept', 'TC-1'], [third.id, 'application.accept', undefined]]);
		assert.equal(next_cursor, null);
		assert.equal(items[0].number, first.view.number);
		assert.equal(items[0].due, first.view.due);
		assert.ok(items.every((i) => i.overdue === false));
		for (const officer of ['cashier', 'reviewer', 'issuer'])
			assert.deepEqual(await ids(officer), []);
		expectProblem(await (await world.officer('market_editor')).get(api), 403, 'permission.denied');
	});

	await check('an application wanders from queue to queue', async () => {
		for (const [state, from, to, act] of [['accepted', 'clerk', 'cashier', 'fee.record'], ['paid', 'cashier', 'reviewer', 'application.review'],
			['reviewed', 'reviewer', 'issuer', 'application.issue'], ['issued', 'issuer', 'clerk', 'certificate.deliver']]) {
			await first.through(state);
			if (from !== 'clerk')
				assert.deepEqual(await ids(from), []);
			const item = (await queue(to)).items.find((i) => i.application === first.id);
			assert.equal(item.act, act);
		}
		await first.through('delivered');
		assert.ok(!(await ids('clerk')).includes(first.id));
	});

	await check('by point, and page by page', async () => {
		assert.deepEqual(await ids('clerk', '?point=TC-1'), [second.id]);
		assert.deepEqual(await ids('clerk', '?point=SND'), []);
		const page = await queue('clerk', '?limit=1');
		assert.deepEqual(page.items.map((i) => i.application), [second.id]);
		const rest = await queue('clerk', `?limit=1&cursor=${page.next_cursor}`);
		assert.deepEqual([rest.items.map((i) => i.application), rest.next_cursor], [[third.id], null]);
		const client = await world.officer('clerk');
		expectProblem(await client.get(`${api}?cursor=x`), 422, 'field.value', '/cursor');
		expectProblem(await client.get(`${api}?point=XXX`), 422, 'field.value', '/point');
	});

	await check('nobody is asked to decide twice over one application', async () => {
		await world.giveRole('clerk', 'reviewer');
		const own = await (await world.draft('person')).through('paid');
		assert.ok((await ids('reviewer')).includes(own.id));
		assert.ok(!(await ids('clerk')).includes(own.id));           // he accepted it
	});

	await check('a clerk with points of his own acts there, and for what names no point', async () => {
		await workAt('clerk', ['SND']);
		assert.deepEqual(await ids('clerk'), [third.id]);
		expectProblem(await (await world.officer('clerk')).get(`${api}?point=TC-1`), 403, 'permission.denied');
		expectProblem(await second.accept(), 403, 'permission.denied');
		expectProblem(await second.sendBack('return'), 403, 'permission.denied');
		assert.equal((await second.refresh()).state, 'submitted');
		await workAt('clerk', ['SND', 'TC-1']);
		assert.deepEqual(await ids('clerk'), [second.id, third.id]);
		await workAt('clerk', []);
	});

	await check('a point takes in the services it does, while it is open', async () => {
		const ask = (asks) => world.ask(null, { kind: 'organization', form: first.view.form, ...asks });
		expectProblem(await ask({ service: 'other', point: 'TC-1' }), 422, 'point.service', '/point');
		expectProblem(await ask({ service: 'issue', point: 'XXX' }), 422, 'field.value', '/point');
		await setPoint('TC-1', 1, { active: false });
		expectProblem(await ask({ service: 'issue', point: 'TC-1' }), 422, 'field.value', '/point');
		expectProblem(await second.accept(), 422, 'field.value', '/point');
		await setPoint('TC-1', 2, { services: ['renew'] });
		expectProblem(await second.accept(), 422, 'point.service', '/point');
		await setPoint('TC-1', 3);
		second.view = expectStatus(await second.accept(), 200);
		assert.equal(second.view.state, 'accepted');
	});

	await check('a hand-over with tokens takes the application\'s point', async () => {
		await second.through('issued');
		const clerk = await world.officer('clerk');
		expectStatus(await clerk.act('/api/v1/tokens/moves', 'token.move', { tokens: ['HZ0001', 'HZ0002'], movement: 'receive', point: 'TC-1' }), 200);
		const hand = (tokens) => clerk.act(`${second.path}/deliver`, 'certificate.deliver',
			{ application: second.id, serial: second.view.serial, method: 'counter', tokens, recipient: '李虚构', identity_seen: true });
		expectProblem(await hand(['HZ0001', 'HZ0002']), 422, 'field.value', '/statement/tokens');
		expectStatus(await hand(['HZ0002']), 200);
		assert.equal(expectStatus(await second.client.get(`${second.path}/delivery`), 200).handover.point, 'TC-1');
	});

	await check('three copies, three tokens', async () => {
		const many = await (await world.draft('organization', { copies: 3 })).through('issued');
		const clerk = await world.officer('clerk');
		const tokens = ['HZ0011', 'HZ0012', 'HZ0013'];
		expectStatus(await clerk.act('/api/v1/tokens/moves', 'token.move', { tokens, movement: 'receive', point: 'SND' }), 200);
		const hand = (some) => clerk.act(`${many.path}/deliver`, 'certificate.deliver',
			{ application: many.id, serial: many.view.serial, method: 'counter', point: 'SND', tokens: some, recipient: '王虚构', identity_seen: true });
		expectProblem(await hand(tokens.slice(0, 1)), 422, 'field.value', '/statement/tokens');
		expectProblem(await hand([tokens[0], tokens[0], tokens[1]]), 409, 'token.state', '/statement/tokens/1');
		expectStatus(await hand(tokens), 200);
		assert.deepEqual(expectStatus(await many.client.get(`${many.path}/delivery`), 200).handover.tokens, tokens);
	});

	await check('what was not done in the promised time is overdue', async () => {
		const { due } = (await queue('clerk')).items.find((i) => i.application === third.id);
		await world.setClock(Date.parse(due));
		assert.equal((await queue('clerk')).items.find((i) => i.application === third.id).overdue, false);
		await world.setClock(Date.parse(due) + 1000);
		assert.equal((await queue('clerk')).items.find((i) => i.application === third.id).overdue, true);
	});
} finally {
	await world.remove();
}
