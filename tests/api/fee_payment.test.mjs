// 缴费: at the counter and by a provider's notification; each transaction counts once, and what has no place is set aside.
import { expectProblem, expectStatus, expectTold } from './lib/expect.mjs';
import { configureProviders, Money, Provider } from './lib/money.mjs';
import { timeText } from './lib/statement.mjs';
import { assert, check, quick } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const bank = new Provider('cloudpay'), other = new Provider('citybank', 'rsa3072');
const world = await World.make({ configure: [['http', 'rate_per_second', '0'], configureProviders([bank, other])] });
const money = new Money(world);

async function accepted() {
	const application = await world.draft('person');
	await application.through('accepted');
	return { application, order: await money.order(application) };
}
const stateOf = async (application) => (await application.refresh()).state;
const only = async (transaction) => {
	const items = await money.suspense((i) => i.transaction === transaction);
	assert.equal(items.length, 1, JSON.stringify(items));
	return items[0];
};

try {
	await check('an order opens at submission at the price of the day; its application shows it to the applicant', async () => {
		const application = await world.draft('person');
		expectProblem(await application.client.get(`${application.path}/order`), 404, 'not_found');
		await application.through('submitted');
		const order = expectStatus(await application.client.get(`${application.path}/order`), 200);
		assert.match(order.number, /^DD20260224\d{6}$/);
		assert.deepEqual([order.state, order.amount_fen, order.about], ['open', '30000', application.id]);
		assert.deepEqual(order.lines, [{ service: 'issue', pieces: 1, unit_fen: '30000', amount_fen: '30000' }]);
		const stranger = await world.draft('person');
		expectProblem(await stranger.client.get(`${application.path}/order`), 401, 'application.access_code');
	});

	await check('the cashier takes exactly the amount, by cash, card, or transfer with its slip; receipts have no gaps', async () => {
		const receipts = [];
		for (const extra of [{ method: 'cash' }, { method: 'card' }, { method: 'transfer', slip: '2026022400017' }]) {
			const { application } = await accepted();
			const cashier = await world.officer('cashier'), members = { application: application.id, amount_fen: '30000' };
			const pay = (changes) => cashier.act(`${application.path}/fee`, 'fee.record', { ...members, ...changes });
			expectProblem(await pay({ ...extra, amount_fen: '29999' }), 422, 'field.value', '/statement/amount_fen');
			expectProblem(await pay({ method: 'online' }), 422, 'field.value', '/statement/method');
			expectProblem(await pay({ method: 'transfer' }), 422, 'field.missing', '/statement/slip');
			assert.equal(expectStatus(await pay(extra), 200).state, 'paid');
			expectProblem(await pay(extra), 409, 'application.state');
			const order = await money.order(application);
			assert.equal(order.state, 'paid');
			assert.equal(order.payments[0].method, extra.method);
			await expectTold(application, 'payment.received', new RegExp(`缴费 300\\.00 元。\\n收据号：${order.receipt.number}`));
			receipts.push(Number(/^SJ2026-(\d{6})$/.exec(order.receipt.number)[1]));
		}
		assert.deepEqual(receipts, [1, 2, 3]);
		await money.expectBalanced();
	});

	await check('nothing is issued unpaid; what is issued becomes income', async () => {
		const { application } = await accepted();
		const before = BigInt((await money.balances())['fees.income'] ?? 0);
		expectProblem(await application.approve('review'), 409, 'application.state');
		expectProblem(await application.approve('issue'), 409, 'application.state');
		application.view = await application.refresh();
		await application.through('issued');
		assert.equal((await money.order(application)).rendered.length, 27);
		assert.equal(BigInt((await money.balances())['fees.income']) - before, -30000n);
		await money.expectBalanced();
	});

	await check('online: the provider\'s signed notification pays the order, by P-256 and by RSA', async () => {
		for (const provider of [bank, other]) {
			const { application, order } = await accepted();
			const facts = provider.facts(world, order, { paid_at: timeText(await world.now()) });
			assert.deepEqual(expectStatus(await provider.notify(world, facts), 200), { transaction: facts.transaction, event: 'paid' });
			assert.equal(await stateOf(application), 'paid');
			const paid = await money.order(application);
			assert.deepEqual([paid.payments[0].account, paid.payments[0].reference, paid.payments[0].by], [`online:${provider.name}`, facts.transaction, `provider:${provider.name}`]);
			await expectTold(application, 'payment.received', new RegExp(`收据号：${paid.receipt.number}`));
			expectStatus(await provider.notify(world, facts), 200);
			await expectTold(application, 'payment.received', /300\.00 元/);
		}
		await money.expectBalanced();
	});

	await check('a repeated notification gets the same answer and does nothing; with other facts it is set aside, nothing posted', async () => {
		const { order } = await accepted();
		const facts = bank.facts(world, order, { paid_at: timeText(await world.now()) });
		const first = expectStatus(await bank.notify(world, facts), 200), before = await money.balances();
		for (let i = 0; i < 3; i++)
			assert.deepEqual(expectStatus(await bank.notify(world, facts), 200), first);
		assert.deepEqual(await money.suspense((i) => i.transaction === facts.transaction), []);
		for (let i = 0; i < 2; i++)
			expectStatus(await bank.notify(world, { ...facts, amount_fen: '1' }), 200);
		const item = await only(facts.transaction);
		assert.deepEqual([item.kind, item.posted, item.state], ['conflict', 0, 'open']);
		assert.deepEqual(await money.balances(), before);
	});

	await check('an old timestamp counts when its transaction is new; one far ahead does not', async () => {
		const { application, order } = await accepted();
		const now = await world.now();
		const facts = bank.facts(world, order, { paid_at: timeText(now - 86400000) });
		expectProblem(await bank.notify(world, facts, { timestamp: timeText(now + 301000) }), 401, 'payment.signature');
		assert.equal(await stateOf(application), 'accepted');
		expectStatus(await bank.notify(world, facts, { timestamp: timeText(now - 86400000) }), 200);
		assert.equal(await stateOf(application), 'paid');
	});

	await check('a wrong signature is refused, listed once for the same body, and nothing is posted', async () => {
		const { application, order } = await accepted();
		const before = await money.balances(), listed = (await money.suspense((i) => i.kind === 'signature')).length;
		const facts = bank.facts(world, order), body = JSON.stringify({ ...facts, paid_at: timeText(await world.now()) });
		const at = timeText(await world.now());
		for (let i = 0; i < 3; i++)
			expectProblem(await bank.send(world, body, at, bank.signature(at, body, other.key)), 401, 'payment.signature');
		expectProblem(await bank.send(world, body, at, 'no base64'), 401, 'payment.signature');
		expectProblem(await bank.send(world, `${body} `, at, bank.signature(at, body)), 401, 'payment.signature');
		const items = await money.suspense((i) => i.kind === 'signature');
		assert.equal(items.length - listed, 2);
		assert.ok(items.every((i) => i.posted === 0 && i.amount_fen === undefined));
		assert.deepEqual(await money.balances(), before);
		assert.equal(await stateOf(application), 'accepted');
		const nobody = new Provider('nobody');
		expectProblem(await nobody.notify(world, facts), 404, 'not_found');
	});

	await check('a signed body that is no notification is refused', async () => {
		const { order } = await accepted();
		const facts = bank.facts(world, order);
		expectProblem(await bank.notify(world, facts, { body: '{' }), 400, 'json.malformed');
		expectProblem(await bank.notify(world, { ...facts, amount_fen: 30000 }), 422, 'field.type', '/amount_fen');
		expectProblem(await bank.notify(world, { ...facts, amount_fen: '0' }), 422, 'field.value', '/amount_fen');
		expectProblem(await bank.notify(world, { ...facts, event: 'gone' }), 422, 'field.value', '/event');
		expectProblem(await bank.notify(world, { ...facts, more: 1 }), 422, 'field.unknown', '/more');
		expectProblem(await bank.notify(world, facts, { body: 'x'.repeat(16385) }), 413, 'request.too_large');
	});

	for (const [what, kind, change, posted] of [
		['a wrong amount', 'amount', { amount_fen: '29000' }, 1],
		['an unknown order', 'order', { order: 'DD20260224999999' }, 1],
		['another currency', 'currency', { currency: 'USD' }, 0],
	])
		await check(`${what} goes to suspense, ${posted ? 'posted' : 'not posted'}; the order stays open`, async () => {
			const { application, order } = await accepted();
			const before = BigInt((await money.balances()).suspense ?? 0);
			const facts = bank.facts(world, order, change);
			expectStatus(await bank.notify(world, facts), 200);
			const item = await only(facts.transaction);
			assert.deepEqual([item.kind, item.posted], [kind, posted]);
			assert.equal(BigInt((await money.balances()).suspense ?? 0) - before, posted ? -BigInt(facts.amount_fen) : 0n);
			assert.equal((await money.order(application)).state, 'open');
			await money.expectBalanced();
		});

	await check('a paid, a waived and a cancelled order take no second payment: suspense', async () => {
		const paid = await accepted(), waived = await accepted(), dropped = await accepted();
		expectStatus(await paid.application.pay(), 200);
		expectStatus(await money.waive(waived.application), 200);
		expectStatus(await dropped.application.sendBack('reject', 'reviewer'), 200);
		for (const { order } of [paid, waived, dropped]) {
			const facts = bank.facts(world, order);
			expectStatus(await bank.notify(world, facts), 200);
			assert.deepEqual([(await only(facts.transaction)).kind, (await only(facts.transaction)).posted], ['settled', 1]);
		}
		assert.equal((await money.order(dropped.application)).state, 'cancelled');
		await money.expectBalanced();
	});

	await check('"refunded" before "paid": the money came and went, and the order is not paid', async () => {
		const { application, order } = await accepted();
		const before = await money.balances();
		const facts = bank.facts(world, order, { paid_at: timeText(await world.now()) });
		expectStatus(await bank.notify(world, { ...facts, event: 'refunded' }), 200);
		expectStatus(await bank.notify(world, facts), 200);
		expectStatus(await bank.notify(world, facts), 200);
		expectStatus(await bank.notify(world, { ...facts, event: 'refunded' }), 200);
		assert.deepEqual(await money.balances(), before);
		assert.equal(await stateOf(application), 'accepted');
		const item = await only(facts.transaction);
		assert.deepEqual([item.state, item.resolution], ['resolved', 'returned']);
		await money.expectBalanced();
	});

	await check('"refunded" that nobody agreed to after "paid": money that went is set aside', async () => {
		const { order } = await accepted();
		const facts = bank.facts(world, order, { paid_at: timeText(await world.now()) });
		expectStatus(await bank.notify(world, facts), 200);
		expectStatus(await bank.notify(world, { ...facts, event: 'refunded' }), 200);
		assert.deepEqual([(await only(facts.transaction)).kind, (await only(facts.transaction)).posted], ['refund', -1]);
		await money.expectBalanced();
	});

	const repeats = quick ? 200 : 1000;
	await check(`${repeats} notifications of one payment at the same time: one posting, one receipt`, async () => {
		const { application, order } = await accepted();
		const before = await money.balances(), listed = (await money.suspense()).length;
		const facts = bank.facts(world, order), at = timeText(await world.now());
		const body = JSON.stringify({ ...facts, paid_at: at }), signature = bank.signature(at, body);
		const replies = await Promise.all(Array.from({ length: repeats }, () => bank.send(world, body, at, signature)));
		for (const reply of replies)
			assert.deepEqual(expectStatus(reply, 200), { transaction: facts.transaction, event: 'paid' });
		const after = await money.balances(), account = `online:${bank.name}`;
		assert.equal(BigInt(after[account]) - BigInt(before[account] ?? 0), 30000n);
		assert.equal((await money.order(application)).payments.length, 1);
		assert.equal((await money.suspense()).length, listed);
		await money.expectBalanced();
	});

	await check('paid and refunded of one transaction, shuffled and repeated at the same time: nothing doubled, nothing lost', async () => {
		const { order } = await accepted();
		const account = `online:${bank.name}`, before = BigInt((await money.balances())[account] ?? 0);
		const facts = bank.facts(world, order, { paid_at: timeText(await world.now()) });
		const events = Array.from({ length: 40 }, (_, i) => (i % 2 ? 'paid' : 'refunded')).sort(() => Math.random() - 0.5);
		for (const reply of await Promise.all(events.map((event) => bank.notify(world, { ...facts, event }))))
			expectStatus(reply, 200);
		assert.equal(BigInt((await money.balances())[account] ?? 0), before);
		await money.expectBalanced();
	});
} finally {
	await world.remove();
}
