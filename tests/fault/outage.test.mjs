// F-12, decision 0001/9: a site whose clock runs is away inside limit-time.  Up to ten seconds change nothing; more
// void the window, and a whole new one runs from the return.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { timeText } from '../api/lib/statement.mjs';
import { assert, check } from '../api/lib/tap.mjs';
import { sleep } from '../api/lib/world.mjs';
import { expectWell, Market, MINUTE, WINDOW } from './lib/market.mjs';
import { allEvents } from './lib/record.mjs';

const MOST = 10000;                            // rule set taicang, "outage_most_seconds"
const market = await Market.make({ sales: 1, bidders: 2 });
const { world } = market;
const [sale] = market.sales, [first, second] = market.bidders;

// The frozen clock runs from `at` on (main/site_clock.c: an offset clock's file holds microseconds).
async function releaseClock(at) {
	await world.site.stop();
	world.site.configure('clock', 'source', 'offset');
	writeFileSync(join(world.site.dir, 'clock'), String((at - Date.now()) * 1000));
	await world.site.start();
}

async function until(fits, ms = 15000) {
	for (const end = Date.now() + ms; ;) {
		const view = await world.sale(sale);
		if (fits(view))
			return view;
		assert.ok(Date.now() < end, `it did not come: ${JSON.stringify(view)}`);
		await sleep(100);
	}
}

const outages = async () => (await allEvents(world, sale)).filter((e) => e.kind === 'outage');
const remaining = (view) => Date.parse(view.deadline) - Date.parse(view.server_time);

// The new window is whole and runs from when the outage ended, not from before and not from later.
async function expectNewWindow(before, returned) {
	const after = await until((v) => v.seq > before.seq);
	assert.equal(after.phase, 'limit_time');
	assert.equal(after.price_fen, before.price_fen);
	const [event] = (await outages()).slice(-1);
	assert.equal(event.seq, after.seq);
	assert.ok(Date.parse(after.deadline) > Date.parse(before.deadline));
	assert.ok(remaining(after) <= WINDOW);
	assert.ok(remaining(after) >= WINDOW - (Date.now() - returned) - 1500, `${remaining(after)} ms are left`);
}

try {
	await world.quote(sale, first);
	await world.quote(sale, second);

	await check('TR-19 on a running clock limit-time begins by itself at the listing end', async () => {
		await world.setClock(market.listingEnd - MINUTE);
		await releaseClock(market.listingEnd - MINUTE);
		await world.setClock(market.listingEnd - 500);              // moved, not missed: no outage
		const view = await until((v) => v.phase === 'limit_time');
		assert.equal(view.deadline, timeText(market.listingEnd + WINDOW));
	});

	await check('killed and back within the ten seconds of the rule: the window runs on, there is no outage', async () => {
		const before = await world.sale(sale), gone = Date.now();
		await world.site.restart('SIGKILL');
		await sleep(500);
		const took = Date.now() - gone, after = await world.sale(sale);
		assert.ok(took < MOST, `the machine was too slow for this case: ${took} ms`);
		assert.deepEqual([after.seq, after.deadline, after.phase], [before.seq, before.deadline, 'limit_time']);
		assert.deepEqual(await outages(), []);
	});

	await check('killed and away for longer: the window is void, a whole new one runs from the return', async () => {
		const before = await world.sale(sale);
		await world.site.stop('SIGKILL');
		await sleep(MOST + 1000);
		await world.site.start();
		await expectNewWindow(before, Date.now());
		assert.equal((await outages()).length, 1);
	});

	await check('a process that stood still as long (SIGSTOP) finds the outage itself', async () => {
		const before = await world.sale(sale);
		world.site.process.kill('SIGSTOP');
		await sleep(MOST + 1500);
		world.site.process.kill('SIGCONT');
		await expectNewWindow(before, Date.now());
		assert.equal((await outages()).length, 2);
	});

	await check('after it quotes are taken, and each brings its whole window', async () => {
		const price = (await world.sale(sale)).next_fen;
		const reply = await world.quote(sale, first);
		assert.equal(reply.status, 201, JSON.stringify(reply.body));
		const view = await world.sale(sale);
		assert.equal(view.price_fen, price);
		assert.ok(remaining(view) > WINDOW - 3000);
	});

	await check('TR-20 the sale closes when the last window is over; its bundle verifies and tells of the outages', async () => {
		const { deadline } = await world.sale(sale);
		await world.setClock(Date.parse(deadline) - 500);
		const view = await until((v) => v.phase === 'closed');
		assert.deepEqual([view.result.result, view.result.bidder_no, view.result.closed], ['won', '01', deadline]);
		const said = await market.verify(sale);
		assert.match(said, /^outages: 2$/m, said);
		expectWell(world);
	});
} finally {
	await world.remove();
}
