// Acceptance points (受理点) and who works where: two administrators, never one.
import { Client } from './lib/client.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { canonical, hex } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const api = '/api/v1/points';
const both = ['administrator', 'administrator-2'];

const taicang = {
	name: '太仓受理点', address: '太仓市虚构路1号', phones: ['0512-53990001'], services: ['issue', 'renew', 'report_loss'], active: true,
};

async function statements(type, members, signers) {
	const all = [];
	for (const name of signers)
		all.push(await (await world.officer(name)).statement(type, members));
	return all;
}

async function change(code, content, { version = 0, signers = both, members = {}, ifMatch = version, sender = 'administrator' } = {}) {
	const signed = await statements('point.change', { point: code, version, content: hex(canonical(content)), ...members }, signers);
	return (await world.officer(sender)).call('PUT', `${api}/${code}`, { point: content, statements: signed }, { headers: { 'If-Match': `"v${ifMatch}"` } });
}

async function assign(person, points, { signers = both, members = {} } = {}) {
	const signed = await statements('point.assign', { person, points, ...members }, signers);
	return (await world.officer('administrator')).post(`${api}/assignments`, { statements: signed });
}

const personOf = async (officer) => expectStatus(await (await world.officer(officer)).get('/api/v1/session'), 200).person;

try {
	await check('the point of the guide is shipped and public', async () => {
		const { items } = expectStatus(await world.public.get(api), 200);
		assert.deepEqual(items.map((p) => p.code), ['SND']);
		assert.equal(items[0].address, '苏州高新区邓尉路9号润捷广场1幢2001室');
		assert.deepEqual(items[0].phones, ['0512-68701110', '0512-68703189']);
		assert.deepEqual(items[0].hours, { days: [1, 2, 3, 4, 5], from: '08:30', to: '17:30' });
		assert.equal(items[0].services.length, 12);
		const one = await world.public.get(`${api}/SND`);
		assert.deepEqual(expectStatus(one, 200), items[0]);
		assert.equal(one.headers.get('etag'), '"v1"');
		expectProblem(await world.public.get(`${api}/XXX`), 404, 'not_found');
	});

	await check('two administrators open a point; hours and warning level have defaults', async () => {
		const before = await world.logSize();
		const view = expectStatus(await change('TC-1', taicang), 200);
		assert.deepEqual([view.version, view.low_stock, view.hours.from, view.hash], [1, 20, '08:30', hex(canonical(taicang))]);
		assert.equal(await world.logSize(), before + 1);
		const list = async (query) => expectStatus(await world.public.get(`${api}${query}`), 200).items.map((p) => p.code);
		assert.deepEqual(await list(''), ['SND', 'TC-1']);
		assert.deepEqual(await list('?service=cancel'), ['SND']);
		assert.deepEqual(await list('?service=renew'), ['SND', 'TC-1']);
		const page = expectStatus(await world.public.get(`${api}?limit=1`), 200);
		assert.equal(page.next_cursor, 'SND');
		assert.deepEqual(await list('?cursor=SND'), ['TC-1']);
		expectProblem(await world.public.get(`${api}?service=dance`), 422, 'field.value', '/service');
	});

	await check('one administrator alone, twice, or with somebody who is none is refused', async () => {
		const content = { ...taicang, name: '另一处' };
		expectProblem(await change('TC-2', content, { signers: ['administrator', 'administrator'] }), 403, 'approval.same_person', '/statements/1');
		expectProblem(await change('TC-2', content, { signers: ['administrator'] }), 422, 'field.value', '/statements');
		expectProblem(await change('TC-2', content, { signers: ['administrator', 'clerk'] }), 403, 'permission.denied', '/statements');
		expectProblem(await change('TC-2', content, { signers: both, sender: 'clerk' }), 403, 'permission.denied');
		const holder = await world.certify();
		const one = await (await world.officer('administrator')).statement('point.change', { point: 'TC-2', version: 0, content: hex(canonical(content)) });
		const other = await holder.statement('point.change', { point: 'TC-2', version: 0, content: hex(canonical(content)) });
		expectProblem(await (await world.officer('administrator')).call('PUT', `${api}/TC-2`, { point: content, statements: [one, other] }, { headers: { 'If-Match': '"v0"' } }),
			403, 'statement.signer', '/statements/1');
		expectProblem(await world.public.get(`${api}/TC-2`), 404, 'not_found');
	});

	await check('both sign the same: this point, this version, this content', async () => {
		const content = { ...taicang, name: '太仓新受理点' };
		expectProblem(await change('TC-1', content, { version: 1, members: { point: 'SND' } }), 422, 'statement.target', '/statement/point');
		expectProblem(await change('TC-1', content, { version: 1, members: { content: hex('x') } }), 422, 'statement.target', '/statement/content');
		expectProblem(await change('TC-1', content, { version: 0, ifMatch: 1 }), 422, 'statement.target', '/statement/version');
		const [first] = await statements('point.change', { point: 'TC-1', version: 1, content: hex(canonical(content)) }, ['administrator']);
		const [second] = await statements('point.change', { point: 'TC-1', version: 1, content: hex(canonical(taicang)) }, ['administrator-2']);
		expectProblem(await (await world.officer('administrator')).call('PUT', `${api}/TC-1`, { point: content, statements: [first, second] }, { headers: { 'If-Match': '"v1"' } }),
			422, 'statement.target', '/statements/1');
	});

	await check('a stale version is refused, and neither statement serves twice', async () => {
		const content = { ...taicang, name: '太仓新受理点', low_stock: 3 };
		expectProblem(await change('TC-1', content, { version: 0 }), 412, 'precondition.stale');
		expectProblem(await change('TC-9', content, { version: 4 }), 412, 'precondition.stale');
		const signed = await statements('point.change', { point: 'TC-1', version: 1, content: hex(canonical(content)) }, both);
		const administrator = await world.officer('administrator');
		const put = (list, version) => administrator.call('PUT', `${api}/TC-1`, { point: content, statements: list }, { headers: { 'If-Match': `"v${version}"` } });
		assert.equal(expectStatus(await put(signed, 1), 200).version, 2);
		expectProblem(await put(signed, 1), 412, 'precondition.stale');
		// Fresh words of one beside the used ones of the other.
		const [again] = await statements('point.change', { point: 'TC-1', version: 2, content: hex(canonical(content)) }, ['administrator-2']);
		expectProblem(await put([again, signed[1]], 2), 403, 'approval.same_person');
		expectProblem(await administrator.call('PUT', `${api}/TC-1`, { point: content, statements: signed }), 428, 'precondition.missing');
	});

	await check('what is no point is refused, member by member', async () => {
		for (const [members, code, pointer] of [
			[{ name: '' }, 'field.missing', '/point/name'], [{ phones: [] }, 'field.missing', '/point/phones'], [{ phones: ['call me'] }, 'field.value', '/point/phones/0'],
			[{ services: [] }, 'field.missing', '/point/services'], [{ services: ['dance'] }, 'field.value', '/point/services/0'],
			[{ services: ['issue', 'issue'] }, 'field.value', '/point/services/1'], [{ low_stock: -1 }, 'field.value', '/point/low_stock'],
			[{ hours: { days: [1], from: '08:30', to: '8:00' } }, 'field.value', '/point/hours/to'], [{ hours: { days: [8], from: '08:30', to: '17:30' } }, 'field.value', '/point/hours/days'],
			[{ hours: { days: [1], from: '17:30', to: '08:30' } }, 'field.value', '/point/hours/to'], [{ hours: { days: [1], from: '24:00', to: '24:30' } }, 'field.value', '/point/hours/from'],
			[{ colour: 'red' }, 'field.unknown', '/point/colour'], [{ active: 1 }, 'field.type', '/point/active'],
		])
			expectProblem(await change('TC-3', { ...taicang, ...members }), 422, code, pointer);
		expectProblem(await change('tc', taicang), 422, 'field.value', '/code');
	});

	await check('two administrators say where an officer works', async () => {
		const person = await personOf('clerk');
		const auditor = await world.officer('auditor');
		const list = async () => expectStatus(await auditor.get(`${api}/assignments`), 200).items;
		assert.deepEqual(await list(), []);
		assert.deepEqual(expectStatus(await assign(person, ['TC-1', 'SND']), 200), { person, points: ['TC-1', 'SND'] });
		assert.deepEqual(await list(), [{ person, points: ['SND', 'TC-1'] }]);
		assert.deepEqual(expectStatus(await assign(person, ['TC-1']), 200).points, ['TC-1']);
		assert.deepEqual(await list(), [{ person, points: ['TC-1'] }]);
		expectProblem(await assign(person, ['SND'], { signers: ['administrator', 'administrator'] }), 403, 'approval.same_person');
		expectProblem(await assign(person, ['SND'], { signers: ['administrator', 'reviewer'] }), 403, 'permission.denied');
		expectProblem(await assign(person, ['XXX']), 422, 'field.value', '/statement/points/0');
		expectProblem(await assign(person, ['SND', 'SND']), 422, 'field.value', '/statement/points');
		expectProblem(await assign('00000000-0000-7000-8000-000000000000', ['SND']), 422, 'field.value', '/statement/person');
		expectProblem(await (await world.officer('clerk')).get(`${api}/assignments`), 403, 'permission.denied');
		assert.deepEqual(await list(), [{ person, points: ['TC-1'] }]);
	});

	await check('a clerk does not act at a point where he does not work; without assignments he works everywhere', async () => {
		const person = await personOf('clerk'), clerk = await world.officer('clerk');
		const receive = (point, serial) => clerk.act('/api/v1/tokens/moves', 'token.move', { tokens: [serial], movement: 'receive', point });
		expectProblem(await receive('SND', 'T-0001'), 403, 'permission.denied');
		expectStatus(await receive('TC-1', 'T-0001'), 200);
		expectStatus(await assign(person, []), 200);
		expectStatus(await receive('SND', 'T-0002'), 200);
	});

	await check('a closed point stays visible and takes nothing', async () => {
		const { version } = expectStatus(await world.public.get(`${api}/TC-1`), 200);
		const view = expectStatus(await change('TC-1', { ...taicang, active: false }, { version }), 200);
		assert.equal(view.active, false);
		assert.deepEqual(expectStatus(await new Client(world.site).get(`${api}?service=renew`), 200).items.map((p) => p.code), ['SND']);
	});
} finally {
	await world.remove();
}
