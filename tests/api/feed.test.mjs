// A holder's calendar (RFC 5545) at a secret address.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const stamp = (time) => time.replace(/[-:]/g, '').replace(/\.\d+/, '');

// Content lines, unfolded; each physical line is checked.
function contentLines(bytes) {
	const text = bytes.toString('utf8');
	assert.ok(text.endsWith('\r\n'));
	assert.equal(text.replace(/\r\n/g, '').match(/[\r\n]/), null);
	for (const line of bytes.toString('latin1').split('\r\n'))
		assert.ok(line.length <= 75, `${line.length} octets`);
	assert.equal(text.includes('\ufffd'), false);
	return text.replace(/\r\n[ \t]/g, '').split('\r\n').slice(0, -1);
}

// [{UID, SUMMARY, …, alarms: [trigger]}]
function eventsOf(lines) {
	const events = [];
	let event = null, alarm = false;
	for (const line of lines) {
		const [, name, value] = /^([A-Z-]+)[^:]*:(.*)$/.exec(line);
		if (line === 'BEGIN:VEVENT')
			events.push(event = { alarms: [] });
		else if (line === 'END:VEVENT')
			event = null;
		else if (value === 'VALARM')
			alarm = name === 'BEGIN';
		else if (alarm && name === 'TRIGGER')
			event.alarms.push(value);
		else if (event !== null && !alarm)
			event[name] = value.replace(/\\n/g, '\n').replace(/\\(.)/g, '$1');
	}
	return events;
}

try {
	const holder = await world.certify('organization'), other = await world.certify('person');
	const certificate = expectStatus(await world.public.get(`/api/v1/certificates/${holder.serial}`), 200);
	const content = world.parcel();
	const { sale } = await world.publish(content);
	await world.setClock(content.times.listing_start);
	await world.qualify(sale, holder, '01');
	await world.ready(holder);
	let path;

	await check('only a holder gets an address, and the same request gets the same one', async () => {
		const key = { headers: { 'Idempotency-Key': 'calendar-1' } };
		const one = expectStatus(await holder.post('/api/v1/feed', {}, key), 201), two = expectStatus(await holder.post('/api/v1/feed', {}, key), 201);
		assert.deepEqual(one, two);
		assert.ok(one.address.endsWith(one.path));
		assert.match(one.path, /^\/api\/v1\/feeds\/[A-Za-z0-9_-]{43}$/);
		expectProblem(await world.public.post('/api/v1/feed', {}), 401, 'login.required');
		expectProblem(await (await world.officer('clerk')).post('/api/v1/feed', {}), 403, 'permission.denied');
		({ path } = one);
	});

	await check('it holds when the certificate lapses and when the sale ends, with alarms', async () => {
		const reply = await world.public.get(path);
		expectStatus(reply, 200);
		assert.match(reply.type, /^text\/calendar; charset=utf-8/);
		assert.equal(reply.headers.get('cache-control'), 'private, no-store');
		const lines = contentLines(reply.bytes);
		assert.deepEqual([lines[0], lines[1], lines.at(-1)], ['BEGIN:VCALENDAR', 'VERSION:2.0', 'END:VCALENDAR']);
		const events = eventsOf(lines), view = await world.sale(sale);
		const lapse = events.find((e) => e.UID.startsWith('certificate-'));
		assert.equal(lapse.DTSTART, stamp(certificate.not_after));
		assert.equal(lapse.DTSTAMP, stamp(certificate.not_before));
		assert.deepEqual(lapse.alarms, ['-P30D', '-P7D']);
		assert.ok(lapse.UID.startsWith(`certificate-${holder.serial}@`));
		const quiet = events.find((e) => e.UID.startsWith(`sale-quiet-${sale}@`)), end = events.find((e) => e.UID.startsWith(`sale-end-${sale}@`));
		assert.deepEqual([quiet.DTSTART, end.DTSTART], [stamp(view.quiet_from), stamp(view.listing_end)]);
		assert.match(end.SUMMARY, /太测网挂〔2026〕01号 高新区/);
		assert.equal(new Set(events.map((e) => e.UID)).size, events.length);
		for (const event of events)
			assert.ok(event.UID && event.DTSTAMP && event.DTSTART && event.SUMMARY);
		// Written again it is the same, to the octet.
		assert.ok((await world.public.get(path)).bytes.equals(reply.bytes));
	});

	await check('others see their own only, and a wrong address shows nothing', async () => {
		await world.ready(other);
		const { path: theirs } = expectStatus(await other.post('/api/v1/feed', {}), 201);
		const text = expectStatus(await world.public.get(theirs), 200);
		assert.ok(text.includes(other.serial) && !text.includes(holder.serial) && !text.includes('太测网挂'));
		expectProblem(await world.public.get('/api/v1/feeds/x'), 404, 'not_found');
		expectProblem(await world.public.get(`${path.slice(0, -1)}${path.endsWith('A') ? 'B' : 'A'}`), 404, 'not_found');
	});

	await check('asking again ends the old address', async () => {
		const { path: next } = expectStatus(await holder.post('/api/v1/feed', {}), 201);
		assert.notEqual(next, path);
		expectProblem(await world.public.get(path), 404, 'not_found');
		expectStatus(await world.public.get(next), 200);
		path = next;
	});

	await check('a closed sale leaves the calendar, a revoked certificate too', async () => {
		for (let i = 0, moment = Date.parse(content.times.listing_end); (await world.sale(sale)).phase !== 'closed' && i < 20; i++, moment += 60000)
			await world.setClock(moment);
		assert.equal(expectStatus(await world.public.get(path), 200).includes('sale-'), false);
		await world.ready(holder);
		expectStatus(await holder.act(`/api/v1/certificates/${holder.serial}/revoke`, 'certificate.revoke', { serial: holder.serial, reason: 'superseded' }), 200);
		assert.equal(eventsOf(contentLines((await world.public.get(path)).bytes)).length, 0);
	});
} finally {
	await world.remove();
}
