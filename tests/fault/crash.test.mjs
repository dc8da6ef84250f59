// F-01 F-16: killed at random moments under load.  What was answered is there, what was not is decided by asking
// again, nothing happens twice, and nobody has to lend a hand.
import { expectStatus } from '../api/lib/expect.mjs';
import { assert, check, engine, quick } from '../api/lib/tap.mjs';
import { sleep } from '../api/lib/world.mjs';
import { expectConsistent, expectWell, issueOrder, Market, signedTimes } from './lib/market.mjs';

const ROUNDS = quick ? 2 : engine === 'sqlite' ? 5 : 3, ISSUES = 3;
const market = await Market.make({ sales: 3, bidders: 7 });
const { world, record } = market;

// Load from everybody, and in the middle of it the end.
async function crash() {
	const issues = [], stop = { now: false }, begun = record.entries.length;
	while (issues.length < ISSUES)
		issues.push(await issueOrder(world));
	const delay = 150 + Math.floor(Math.random() * 700);
	let before = await market.checkpoint();
	const watch = (async () => {
		while (!stop.now) {
			await sleep(40);
			before = await market.checkpoint().catch(() => before);
		}
	})();
	const work = [market.bid(stop), ...issues.map((order) => sleep(Math.random() * delay).then(() => record.send(order)))];
	await sleep(delay);
	stop.now = true;
	const end = world.site.stop('SIGKILL');
	await Promise.all([...work, watch, end]);
	expectWell(world);
	return { begun, before, issues };
}

try {
	for (let round = 1; round <= ROUNDS; round++) {
		let crashed;
		await check(`round ${round}: SIGKILL among ${market.bidders.length * market.sales.length} quotes and ${ISSUES} issues under way; it is back within ten seconds`, async () => {
			crashed = await crash();
			const began = Date.now();
			await world.site.start();
			const took = Date.now() - began;
			assert.ok(took <= 10000, `${took} ms`);
			const mine = record.entries.slice(crashed.begun), count = (o) => mine.filter((e) => e.outcome === o).length;
			console.log(`# ${count('ack')} answered, ${count('nack')} refused, ${count('unknown')} unknown; back after ${took} ms`);
			assert.ok(count('ack') > 0, 'nothing was answered: no load');
		});
		await check(`round ${round}: what was unknown is decided by its Idempotency-Key, the same each time`, () => record.resolve());
		await check(`round ${round}: events and receipts are those the clients were told of, no other`, async () => {
			for (const sale of market.sales)
				await record.checkSale(sale);
			await record.checkReceipts(record.entries.slice(crashed.begun).filter((e) => e.outcome === 'ack'));
		});
		await check(`round ${round}: each application was issued one certificate`, async () => {
			for (const order of crashed.issues) {
				assert.equal(order.outcome, 'ack', JSON.stringify(order.reply?.body));
				await record.checkIssued(order);
				assert.equal(signedTimes(world, order.reply.body.serial), 1);
			}
		});
		await check(`round ${round}: the log continues the last checkpoint seen before`, async () => {
			await world.logSize();
			const after = await market.checkpoint();
			assert.ok(after.size > crashed.before.size);
			await expectConsistent(world, crashed.before, after);
		});
	}
	await check('after all of it the sales close and their bundles verify', async () => {
		await market.close();
		for (const sale of market.sales) {
			const view = await world.sale(sale);
			assert.equal(view.result.result, 'won');
			const highest = Math.max(...record.with('ack').filter((e) => e.sale === sale && e.reply.status === 201).map((e) => Number(e.reply.body.price_fen)));
			assert.equal(view.result.price_fen, String(highest));
			await market.verify(sale);
		}
		expectWell(world);
	});
	await check('and still everything the clients were told is so', async () => {
		for (const sale of market.sales)
			await record.checkSale(sale);
		expectStatus(await world.public.get('/checkpoint'), 200);
	});
} finally {
	await world.remove();
}
