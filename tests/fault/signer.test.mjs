// The signer dies and serve lives: it must not pretend.  It answers 503, ends with a word in its log for the service
// manager to start it again, and after that everything that was begun is finished.
import { readdirSync, readFileSync } from 'node:fs';

import { expectProblem, expectStatus } from '../api/lib/expect.mjs';
import { assert, check } from '../api/lib/tap.mjs';
import { sleep } from '../api/lib/world.mjs';
import { expectWell, issueOrder, Market, signedTimes } from './lib/market.mjs';

const market = await Market.make({ sales: 1, bidders: 4 });
const { world, record } = market;
const [sale] = market.sales;

// "pid (name) state ppid …"
const stat = (pid) => {
	try {
		const [state, ppid] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
		return { state, ppid: Number(ppid) };
	} catch {
		return null;
	}
};
const childrenOf = (parent) => readdirSync('/proc').filter((p) => /^\d+$/.test(p)).map(Number).filter((p) => stat(p)?.ppid === parent);

async function killSigner() {
	const [signer, ...others] = childrenOf(world.site.process.pid);
	assert.ok(signer && others.length === 0, 'one child, the signer, is expected');
	process.kill(signer, 'SIGKILL');
	while (!['Z', undefined].includes(stat(signer)?.state))
		await sleep(1);
}

// Every answer as it comes, until nobody answers.
async function answersOf(url) {
	const answers = [];
	for (;;) {
		const reply = await fetch(url, { signal: AbortSignal.timeout(8000) }).catch(() => null);
		if (reply === null)
			return answers;
		answers.push({ status: reply.status, text: await reply.text() });
		await sleep(20);
	}
}

try {
	await check('the signer is killed under load: no receipt without it, 503 while it lasts, and serve ends by itself with code 4', async () => {
		assert.equal((await fetch(`${world.site.manage}/readyz`)).status, 200);
		const stop = { now: false }, load = market.bid(stop);
		await sleep(600);
		await killSigner();
		const killed = Date.now(), ready = answersOf(`${world.site.manage}/readyz`);
		const login = world.public.post('/api/v1/login/challenge', { purpose: 'login' }).catch(() => null);
		const end = await world.site.ended;
		const took = Date.now() - killed;
		stop.now = true;
		await Promise.all([load, login]);
		assert.deepEqual(end, { code: 4, signal: null });
		assert.ok(took < 8000, `it took ${took} ms`);
		for (const { status, text } of await ready)
			assert.equal(status, 503, text);
		assert.match(world.site.log, /"event":"site\.signer_lost"/);
		assert.match(world.site.log, /the signer is gone/);
		expectWell(world);
		for (const reply of record.refusals)
			expectProblem(reply, 503, 'unavailable');
		assert.ok(record.with('unknown').length > 0, 'no request was under way');
		console.log(`# ${record.with('ack').length} answered, ${record.refusals.length} refused with 503, ${record.with('unknown').length} unknown; ended after ${took} ms`);
	});

	await check('started again it finishes what was begun: every quote has its one event and its receipt', async () => {
		await world.site.start();
		await record.resolve();
		await record.checkSale(sale);
		await record.checkReceipts();
	});

	await check('the signer is killed among issues under way: each certificate is there after the next start, once', async () => {
		const orders = [];
		for (let i = 0; i < 4; i++)
			orders.push(await issueOrder(world));
		const sent = orders.map((order, i) => sleep(8 * i).then(() => record.send(order)));
		await sleep(20);
		await killSigner();
		await Promise.all(sent);
		assert.deepEqual(await world.site.ended, { code: 4, signal: null });
		await world.site.start();
		await record.resolve();
		for (const order of orders) {
			await record.checkIssued(order);
			assert.equal(signedTimes(world, order.reply.body.serial), 1);
		}
	});

	await check('nothing is left to do by hand: the sale closes, its bundle verifies', async () => {
		assert.equal((await fetch(`${world.site.manage}/readyz`)).status, 200);
		await market.close();
		await market.verify(sale);
		expectStatus(await world.public.get('/checkpoint'), 200);
		expectWell(world);
	});
} finally {
	await world.remove();
}
