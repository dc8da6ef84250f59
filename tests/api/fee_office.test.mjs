// 减免, 退费, 发票, 对账, 收费标准: what the office decides about money, each act by the persons who must.
import { expectProblem, expectStatus, expectTold } from './lib/expect.mjs';
import { configureProviders, dayOf, Money, Provider } from './lib/money.mjs';
import { timeText } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const bank = new Provider('cloudpay');
const world = await World.make({ configure: [['http', 'rate_per_second', '0'], configureProviders([bank])] });
const money = new Money(world);
const DAY = 86400000;

async function at(state) {
	const application = await world.draft('person');
	await application.through(state);
	return { application, order: await money.order(application) };
}
const refundable = async () => {
	const { application } = await at('paid');
	expectStatus(await application.sendBack('reject', 'reviewer'), 200);
	return { application, order: await money.order(application) };
};

try {
	await check('waiver: two officers, each another person, over the order and its price; then it goes on unpaid', async () => {
		const { application } = await at('accepted');
		expectProblem(await money.waive(application, ['administrator', 'administrator']), 403, 'approval.same_person');
		expectProblem(await money.waive(application, ['administrator', 'clerk']), 403, 'permission.denied');
		expectProblem(await money.waive(application, ['administrator', 'reviewer'], { amount_fen: '1' }), 422, 'statement.target', '/statement/amount_fen');
		expectProblem(await money.waive(application, ['administrator', 'reviewer'], { reason: ' ' }), 422, 'field.missing', '/statement/reason');
		assert.equal(expectStatus(await money.waive(application), 200).state, 'paid');
		await expectTold(application, 'payment.received');
		expectProblem(await money.waive(application), 409, 'application.state');
		const order = await money.order(application);
		assert.deepEqual([order.state, order.payments.length, order.waiver.reason], ['waived', 0, '政策减免']);
		application.view = await application.refresh();
		await application.through('issued');
		const { waived } = await money.balances();
		assert.equal(waived, '30000');
		await money.expectBalanced();
	});

	await check('an unpaid application that is rejected has its order cancelled; a waived one gives the waiver back', async () => {
		const open = await at('accepted'), waived = await at('accepted');
		expectStatus(await money.waive(waived.application), 200);
		const before = BigInt((await money.balances()).waived);
		for (const { application } of [open, waived]) {
			expectStatus(await application.sendBack('reject', 'reviewer'), 200);
			assert.equal((await money.order(application)).state, 'cancelled');
			await expectTold(application, 'refund.due');
		}
		assert.equal(BigInt((await money.balances()).waived), before - 30000n);
		await money.expectBalanced();
	});

	await check('refund: a rejected application\'s fee is refundable and listed; asked, agreed by another person, paid', async () => {
		const { application, order } = await refundable();
		assert.equal(order.state, 'refundable');
		await expectTold(application, 'refund.due', /300\.00 元可以退还/);
		const cashier = await world.officer('cashier');
		const listed = expectStatus(await cashier.get('/api/v1/orders?state=refundable&limit=200'), 200).items;
		assert.ok(listed.some((o) => o.order === order.order));
		expectProblem(await money.requestRefund(order, { amount_fen: '30001' }), 422, 'field.value', '/statement/amount_fen');
		const refund = expectStatus(await money.requestRefund(order), 201);
		expectProblem(await money.requestRefund(order), 422, 'field.value', '/statement/amount_fen');
		expectProblem(await money.payRefund(refund), 409, 'order.state');
		expectProblem(await money.approveRefund(refund, 'administrator', { amount_fen: '1' }), 422, 'statement.target', '/statement/amount_fen');
		expectProblem(await money.approveRefund(refund, 'cashier'), 403, 'permission.denied');
		await world.giveRole('cashier', 'reviewer');
		expectProblem(await money.approveRefund(refund, 'cashier'), 403, 'approval.same_person');
		assert.equal(expectStatus(await money.approveRefund(refund), 200).state, 'approved');
		expectProblem(await money.payRefund(refund, { method: 'online' }), 422, 'field.value', '/statement/method');
		await expectTold(application, 'refund.paid');
		assert.equal(expectStatus(await money.payRefund(refund, { method: 'transfer', reference: 'T-1' }), 200).state, 'paid');
		expectProblem(await money.payRefund(refund), 409, 'order.state');
		await expectTold(application, 'refund.paid', /300\.00 元已退还/);
		await money.expectBalanced();
		const { items } = expectStatus(await cashier.get('/api/v1/refunds?state=paid'), 200);
		assert.ok(items.some((r) => r.refund === refund.refund && r.reference === 'T-1'));
		assert.equal(expectStatus(await cashier.get(`/api/v1/orders/${order.order}`), 200).state, 'refunded');
	});

	await check('refund in parts: the order is refunded with the last one', async () => {
		const { order, application } = await refundable();
		for (const [amount_fen, state] of [['10000', 'refundable'], ['20000', 'refunded']]) {
			const refund = expectStatus(await money.requestRefund(order, { amount_fen }), 201);
			expectStatus(await money.approveRefund(refund), 200);
			expectStatus(await money.payRefund(refund), 200);
			assert.equal((await money.order(application)).state, state);
			await money.expectBalanced();
		}
		await expectTold(application, 'refund.due', /300\.00 元/);
		await expectTold(application, 'refund.paid', /100\.00 元/, /200\.00 元/);
	});

	await check('refund online: the provider\'s word pays the refund that was agreed, or confirms the cashier\'s', async () => {
		for (const cashierFirst of [false, true]) {
			const { application, order } = await at('accepted');
			const facts = bank.facts(world, order, { paid_at: timeText(await world.now()) });
			expectStatus(await bank.notify(world, facts), 200);
			expectStatus(await application.sendBack('reject', 'reviewer'), 200);
			const refund = expectStatus(await money.requestRefund(order), 201);
			expectStatus(await money.approveRefund(refund), 200);
			if (cashierFirst)
				expectStatus(await money.payRefund(refund, { method: 'online', reference: facts.transaction }), 200);
			expectStatus(await bank.notify(world, { ...facts, event: 'refunded' }), 200);
			assert.equal((await money.order(application)).state, 'refunded');
			await expectTold(application, 'refund.paid', /300\.00 元已退还/);
			assert.deepEqual(await money.suspense((i) => i.transaction === facts.transaction), []);
			await money.expectBalanced();
		}
		assert.equal((await money.balances())['online:cloudpay'], '0');
	});

	await check('suspense: cashier and administrator apply it to an order, send it back, or dismiss what is no money', async () => {
		const wrong = async (change) => {
			const facts = bank.facts(world, (await at('accepted')).order, change);
			expectStatus(await bank.notify(world, facts), 200);
			return (await money.suspense((i) => i.transaction === facts.transaction))[0];
		};
		const item = await wrong({ order: 'DD0' }), { application, order } = await at('accepted');
		expectProblem(await money.resolve(item.item, { resolution: 'dismiss' }), 422, 'field.value', '/statement/resolution');
		expectProblem(await money.resolve(item.item, { resolution: 'apply' }), 422, 'field.missing', '/statement/order');
		expectProblem(await money.resolve(item.item, { resolution: 'keep' }), 422, 'field.value', '/statement/resolution');
		expectProblem(await money.resolve(item.item, { resolution: 'refund' }, ['cashier', 'cashier']), 403, 'approval.same_person');
		expectProblem(await money.resolve(item.item, { resolution: 'refund' }, ['cashier', 'reviewer']), 403, 'permission.denied');
		assert.equal(expectStatus(await money.resolve(item.item, { resolution: 'apply', order: order.order }), 200).state, 'resolved');
		expectProblem(await money.resolve(item.item, { resolution: 'refund' }), 409, 'order.state');
		assert.equal((await application.refresh()).state, 'paid');
		assert.equal((await money.order(application)).state, 'paid');
		await expectTold(application, 'payment.received', /300\.00 元/);

		const cheap = await wrong({ amount_fen: '29000' });
		expectProblem(await money.resolve(cheap.item, { resolution: 'apply', order: (await at('accepted')).order.order }), 422, 'field.value', '/statement/order');
		expectStatus(await money.resolve(cheap.item, { resolution: 'refund' }, ['administrator', 'cashier']), 200);
		const dollars = await wrong({ currency: 'USD' });
		expectProblem(await money.resolve(dollars.item, { resolution: 'refund' }), 422, 'field.value', '/statement/resolution');
		expectStatus(await money.resolve(dollars.item, { resolution: 'dismiss' }), 200);
		assert.equal((await money.balances()).suspense, '0');
		await money.expectBalanced();
	});

	await check('invoice: asked by the payer of a paid order, due in 15 working days, issued by the cashier once', async () => {
		const unpaid = await at('accepted'), { application } = await at('paid');
		const body = { title: '虚构置业有限公司', tax_number: '91320505MA1ABCDE2X', mail: 'finance@example.com' };
		const ask = (a, changes = {}) => a.client.post(`${a.path}/invoice`, { ...body, ...changes });
		expectProblem(await ask(unpaid.application), 409, 'order.state');
		expectProblem(await ask(application, { tax_number: 'x' }), 422, 'field.value', '/tax_number');
		expectProblem(await ask(application, { mail: 'nobody' }), 422, 'field.value', '/mail');
		const invoice = expectStatus(await ask(application), 201);
		// 2026-02-24 is a Tuesday; 28 February is a make-up working day (调休).
		assert.equal(dayOf(Date.parse(invoice.due)), '2026-03-16');
		expectProblem(await ask(application), 409, 'exists');
		const cashier = await world.officer('cashier');
		const issue = (number) => cashier.act(`/api/v1/invoices/${invoice.invoice}/issue`, 'invoice.issue', { invoice: invoice.invoice, number });
		assert.ok(expectStatus(await cashier.get('/api/v1/invoices?state=open'), 200).items.some((i) => i.invoice === invoice.invoice));
		assert.equal(expectStatus(await issue('26322000000123'), 200).number, '26322000000123');
		expectProblem(await issue('26322000000124'), 409, 'order.state');
		assert.equal((await money.order(application)).invoice.number, '26322000000123');
		await expectTold(application, 'invoice.issued', /发票号码 26322000000123/);
		assert.deepEqual(expectStatus(await cashier.get('/api/v1/invoices?state=open'), 200).items, []);
	});

	await check('reconciliation: matched, missing here, missing at the bank, amounts that differ, duplicates', async () => {
		await world.setClock((await world.now()) + 2 * DAY);
		const date = dayOf(await world.now());
		const online = await at('accepted'), card = await at('accepted'), transfer = await at('accepted'), absent = await at('accepted');
		const facts = bank.facts(world, online.order), cashier = await world.officer('cashier');
		expectStatus(await bank.notify(world, facts), 200);
		const pay = async ({ application }, more) => expectStatus(await cashier.act(`${application.path}/fee`, 'fee.record',
			{ application: application.id, amount_fen: '30000', ...more }), 200);
		await pay(card, { method: 'card' });
		await pay(transfer, { method: 'transfer', slip: 'SLIP-1' });
		await pay(absent, { method: 'transfer', slip: 'SLIP-2' });
		const row = (...fields) => fields.join(',');
		const file = ['\ufeffdate,channel,transaction,order,amount,currency,direction',
			row(date, 'online:cloudpay', facts.transaction, online.order.number, '300.00', 'CNY', 'in'),
			row(date, 'online:cloudpay', facts.transaction, online.order.number, '300.00', 'CNY', 'in'),
			row(date, 'card', 'POS-77', card.order.number, '300.00', 'CNY', 'in'),
			row(date, 'bank', '"SLIP-1"', '', '299.00', 'CNY', 'in'),
			row(date, 'bank', '"UNKNOWN, 9"', '', '12.34', 'CNY', 'in'), ''].join('\r\n');
		const report = expectStatus(await money.reconcile(date, file), 201);
		assert.deepEqual([report.rows, report.matched, report.matched_fen, report.agrees], [5, 2, '60000', false]);
		assert.deepEqual(report.duplicates.map((m) => [m.transaction, m.line]), [[facts.transaction, 3]]);
		assert.deepEqual(report.amounts_differ.map((m) => [m.bank.amount_fen, m.here.amount_fen, m.bank.line]), [['29900', '30000', 5]]);
		assert.deepEqual(report.missing_here.map((m) => [m.transaction, m.amount_fen]), [['UNKNOWN, 9', '1234']]);
		assert.deepEqual(report.missing_at_bank.map((m) => m.transaction), ['SLIP-2']);
		const again = expectStatus(await money.reconcile(date, file.replace('299.00', '300.00')), 201);
		assert.deepEqual([again.version, again.matched], [2, 3]);
		assert.deepEqual(expectStatus(await cashier.get(`/api/v1/reconciliations/${date}`), 200), again);
		assert.deepEqual(expectStatus(await cashier.get('/api/v1/reconciliations'), 200).items.map((r) => [r.date, r.version]), [[date, 2]]);
		expectProblem(await cashier.get('/api/v1/reconciliations/2026-01-01'), 404, 'not_found');
	});

	await check('a faulty file is refused whole, with row and column of each fault', async () => {
		const date = dayOf(await world.now()), head = 'date,channel,transaction,order,amount,currency,direction\n';
		const faulty = async (file, text) => assert.match(expectProblem(await money.reconcile(date, file), 422, 'field.value', '/file').detail, text);
		await faulty(`${head}2026-01-01,bank,a,,1.00,CNY,in\n${date},bank,b,,1.0,CNY,in\n`, /line 2, column date: .*; line 3, column amount: /);
		await faulty(`${head}${date},cash,a,,1.00,CNY,in\n`, /line 2, column channel/);
		await faulty(`${head}${date},bank,a,,1.00,USD,in\n`, /line 2, column currency/);
		await faulty(`${head}${date},bank,a\n`, /line 2: 3 fields where the heading has 7/);
		await faulty(`${head}${date},bank,"a,,1.00,CNY,in\n`, /a quote is not closed/);
		await faulty('date,channel\n', /line 1: there is no column "transaction"/);
		await faulty('', /line 1: the heading is missing/);
		expectProblem(await money.reconcile(date, head, { file: '0'.repeat(64) }), 422, 'statement.target', '/statement/file');
		expectProblem(await money.reconcile('2031-01-01', head), 422, 'field.value', '/statement/date');
	});

	await check('tariff: two administrators add a price from a time on; orders keep the price of their day', async () => {
		const pair = ['administrator', 'administrator-2'], from = (await world.now()) + DAY;
		const members = { service: 'issue', valid_from: timeText(from), amount_fen: '32000', promised_working_days: 4, source: '虚构物价文件〔2026〕1号' };
		const change = (changes, officers = pair) => money.two('/api/v1/tariffs', 'tariff.change', { ...members, ...changes }, officers);
		const guide = expectStatus(await world.public.get('/api/v1/tariffs'), 200).items;
		assert.deepEqual(Object.fromEntries(guide.map((t) => [t.service, t.amount_fen])), { issue: '30000', renew: '25000', unlock_pin: '2000',
			report_loss: '2000', change: '2000', reissue: '30000', cancel: '0', withdraw_loss: '0', freeze: '0', unfreeze: '0', other: '0', recover_key: '0' });
		const { application, order } = await at('accepted');
		expectProblem(await change({}, ['administrator', 'reviewer']), 403, 'permission.denied');
		expectProblem(await change({ valid_from: timeText(from - 2 * DAY) }), 422, 'field.value', '/statement/valid_from');
		expectProblem(await change({ service: 'gift' }), 422, 'field.value', '/statement/service');
		assert.equal(expectStatus(await change({}), 201).items.length, guide.length + 1);
		expectProblem(await change({ amount_fen: '1' }), 422, 'field.value', '/statement/valid_from');
		assert.equal((await at('accepted')).order.amount_fen, '30000');
		await world.setClock(from);
		assert.equal((await at('submitted')).order.amount_fen, '32000');
		assert.equal(order.amount_fen, '30000');
		assert.equal(expectStatus(await application.pay(), 200).state, 'paid');
		await money.expectBalanced();
	});
} finally {
	await world.remove();
}
