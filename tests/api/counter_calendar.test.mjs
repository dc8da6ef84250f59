// Working days: the State Council's calendars as data, replaced by an administrator; promised times.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { canonical, hex } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const api = '/api/v1/calendar';
const get = async (year) => expectStatus(await world.public.get(`${api}/${year}`), 200);
const due = async (from, days) => expectStatus(await world.public.get(`${api}/due?from=${encodeURIComponent(from)}&days=${days}`), 200);
const tag = (version) => ({ headers: { 'If-Match': `"v${version}"` } });

// The parts of a change may be replaced one by one.
async function change(year, document, { officer = 'administrator', version = 1, members = {}, body = {} } = {}) {
	const client = await world.officer(officer);
	const statement = await client.statement('calendar.change', { year, calendar: hex(canonical(document)), ...members });
	return client.call('PUT', `${api}/${year}`, { calendar: document, statement, ...body }, tag(version));
}

const announced = {
	year: 2027, source: '测试通知', holidays: [{ date: '2027-02-05', name: '春节' }, { date: '2027-02-08', name: '春节' }],
	workdays: [{ date: '2027-02-14', name: '春节调休上班' }],
};

try {
	await check('four years are shipped, the unannounced one provisional', async () => {
		for (const year of [2024, 2025, 2026, 2027]) {
			const view = await get(year);
			assert.equal(view.provisional, year === 2027);
			assert.equal(view.changed_by, 'shipped');
			assert.equal(view.hash, hex(canonical(view.calendar)));
		}
		assert.deepEqual((await get(2026)).calendar.workdays.map((d) => d.date),
			['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10']);
		expectProblem(await world.public.get(`${api}/2031`), 404, 'not_found');
		expectProblem(await world.public.get(`${api}/next`), 404, 'not_found');
	});

	await check('a promise counts working days over holidays and make-up days, to the end of service', async () => {
		for (const [from, days, want, certain] of [
			['2026-02-13T02:00:00.000000Z', 1, '2026-02-14T09:30:00.000000Z', true],      // a make-up Saturday
			['2026-02-14T02:00:00.000000Z', 5, '2026-02-28T09:30:00.000000Z', true],      // nine days of Spring Festival
			['2026-03-02T09:30:00.000000Z', 1, '2026-03-04T09:30:00.000000Z', true],      // 17:30: service has ended
			['2026-12-31T01:00:00.000000Z', 1, '2027-01-04T09:30:00.000000Z', false],     // into the provisional year
			['2030-12-31T01:00:00.000000Z', 1, '2031-01-01T09:30:00.000000Z', false],     // no calendar: weekends only
		]) {
			const answer = await due(from, days);
			assert.deepEqual([answer.due, answer.certain], [want, certain], from);
		}
		expectStatus(await world.public.get(`${api}/due?days=5`), 200);
	});

	await check('what cannot be counted is refused', async () => {
		for (const [query, code, pointer] of [['', 'field.missing', '/days'], ['?days=-1', 'field.value', 'days'], ['?days=3661', 'field.value', '/days'],
			['?days=1&from=tomorrow', 'field.value', '/from'], ['?days=1&from=9999-01-01T00:00:00.000000Z', 'field.value', '/from']])
			expectProblem(await world.public.get(`${api}/due${query}`), 422, code, pointer);
	});

	await check('only an administrator replaces a year, by a statement over exactly that calendar', async () => {
		expectProblem(await change(2027, announced, { officer: 'auditor' }), 403, 'permission.denied');
		expectProblem(await change(2027, announced, { members: { calendar: hex('other') } }), 422, 'statement.target', '/statement/calendar');
		expectProblem(await change(2027, announced, { members: { year: 2026 } }), 422, 'statement.target', '/statement/year');
		expectProblem(await change(2026, announced), 422, 'field.value', '/calendar/year');
		expectProblem(await change(2027, announced, { version: 2 }), 412, 'precondition.stale');
		expectProblem(await change(2027, announced, { body: { statement: undefined } }), 422, 'field.missing', '/statement');
		for (const [name, days, pointer] of [
			['workdays', [{ date: '2027-02-15', name: '周一' }], '/calendar/workdays/0/date'],
			['holidays', [{ date: '2027-02-30', name: '无' }], '/calendar/holidays/0/date'],
			['holidays', [{ date: '2026-02-03', name: '去年' }], '/calendar/holidays/0/date'],
			['holidays', [{ date: '2027-02-03', name: '一' }, { date: '2027-02-03', name: '二' }], '/calendar/holidays/1/date'],
		])
			expectProblem(await change(2027, { ...announced, [name]: days }), 422, 'field.value', pointer);
		assert.equal((await get(2027)).version, 1);
	});

	await check('an announced year takes the place of the provisional one, moves the promises and outlives a restart', async () => {
		const before = await world.logSize();
		const client = await world.officer('administrator');
		const statement = await client.statement('calendar.change', { year: 2027, calendar: hex(canonical(announced)) });
		const reply = await client.call('PUT', `${api}/2027`, { calendar: announced, statement }, tag(1));
		assert.equal(expectStatus(reply, 200).version, 2);
		assert.equal(reply.headers.get('etag'), '"v2"');
		assert.equal(await world.logSize(), before + 1);
		expectProblem(await client.call('PUT', `${api}/2027`, { calendar: announced, statement }, tag(2)), 409, 'statement.replayed');
		assert.equal((await due('2027-02-04T02:00:00.000000Z', 1)).due, '2027-02-09T09:30:00.000000Z');
		assert.deepEqual(Object.values(await due('2027-02-12T02:00:00.000000Z', 1)).slice(2), ['2027-02-14T09:30:00.000000Z', true]);
		await world.site.restart();
		const view = await get(2027);
		assert.deepEqual([view.version, view.provisional, view.calendar], [2, false, announced]);
		assert.notEqual(view.changed_by, 'shipped');
	});

	await check('a year without a calendar is made from version 0', async () => {
		const document = { ...announced, year: 2028, holidays: [{ date: '2028-01-03', name: '元旦' }], workdays: [] };
		expectProblem(await change(2028, document, { version: 1 }), 412, 'precondition.stale');
		assert.equal(expectStatus(await change(2028, document, { version: 0 }), 200).version, 1);
		assert.equal((await due('2027-12-31T02:00:00.000000Z', 1)).due, '2028-01-04T09:30:00.000000Z');
	});
} finally {
	await world.remove();
}
