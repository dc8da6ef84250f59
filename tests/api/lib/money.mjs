// Payment providers of a test site, and what the fee stories ask again and again.
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expectStatus } from './expect.mjs';
import { hex, nonce, timeText } from './statement.mjs';

export class Provider {
	constructor(name, algorithm = 'p256') {
		const pair = algorithm === 'p256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 3072 });
		Object.assign(this, { name, algorithm, key: pair.privateKey });
		this.entry = { name, algorithm, currency: 'CNY', public_key: pair.publicKey.export({ type: 'spki', format: 'pem' }) };
	}

	signature(timestamp, body, key = this.key) { return sign('sha256', Buffer.from(`${timestamp}.${body}`), key).toString('base64'); }

	// The facts of a notification; `changes` replaces some.
	facts(world, order, changes = {}) {
		return { transaction: nonce(), order: order.number, amount_fen: order.amount_fen, currency: 'CNY', event: 'paid', ...changes };
	}

	async notify(world, facts, { timestamp, key, body, signature } = {}) {
		const now = await world.now();
		const at = timestamp ?? timeText(now);
		const text = body ?? JSON.stringify({ paid_at: timeText(now), ...facts });
		return this.send(world, text, at, signature ?? this.signature(at, text, key));
	}

	send(world, text, timestamp, signature) {
		return world.public.call('POST', `/api/v1/payments/${this.name}/notifications`, text,
			{ raw: true, key: false, headers: { 'Diqi-Timestamp': timestamp, 'Diqi-Signature': signature } });
	}
}

// For World.make: the configuration that names these providers.
export function configureProviders(providers) {
	const path = join(mkdtempSync(join(tmpdir(), 'diqi-providers-')), 'providers.json');
	writeFileSync(path, JSON.stringify(providers.map((p) => p.entry)));
	return ['payments', 'providers', path];
}

export class Money {
	constructor(world) { this.world = world; }

	async order(application) {
		return expectStatus(await (await this.world.officer('cashier')).get(`/api/v1/applications/${application.id}/order`), 200);
	}

	async balances() { return expectStatus(await (await this.world.officer('cashier')).get('/api/v1/ledger/balances'), 200).accounts; }

	// The book balances, and its accounts sum to zero.
	async expectBalanced() {
		const reply = expectStatus(await (await this.world.officer('cashier')).post('/api/v1/ledger/check', undefined, { key: false }), 200);
		const sum = Object.values(await this.balances()).reduce((a, b) => a + BigInt(b), 0n);
		if (!reply.balanced || sum !== 0n)
			throw new Error(`the book is off: ${reply.fault ?? sum}`);
	}

	async suspense(filter = () => true) {
		return expectStatus(await (await this.world.officer('cashier')).get('/api/v1/suspense?limit=200'), 200).items.filter(filter);
	}

	// What two officers sign over the same members.
	async two(path, type, members, [first, second]) {
		const one = await this.world.officer(first), other = await this.world.officer(second);
		return one.post(path, { statements: [await one.statement(type, members), await other.statement(type, members)] });
	}

	async waive(application, officers = ['administrator', 'reviewer'], changes = {}) {
		const order = await this.order(application);
		return this.two(`${application.path}/waiver`, 'fee.waive',
			{ application: application.id, order: order.order, amount_fen: order.amount_fen, reason: '政策减免', ...changes }, officers);
	}

	resolve(item, members, officers = ['cashier', 'administrator']) {
		return this.two(`/api/v1/suspense/${item}/resolve`, 'suspense.resolve', { item, reason: '核对无误', ...members }, officers);
	}

	async requestRefund(order, changes = {}, officer = 'cashier') {
		return (await this.world.officer(officer)).act(`/api/v1/orders/${order.order}/refunds`, 'refund.request',
			{ order: order.order, amount_fen: order.amount_fen, reason: '申请未受理', ...changes });
	}

	async approveRefund(refund, officer = 'administrator', changes = {}) {
		return (await this.world.officer(officer)).act(`/api/v1/refunds/${refund.refund}/approve`, 'refund.approve',
			{ refund: refund.refund, order: refund.order, amount_fen: refund.amount_fen, ...changes });
	}

	async payRefund(refund, members = { method: 'cash' }, officer = 'cashier') {
		return (await this.world.officer(officer)).act(`/api/v1/refunds/${refund.refund}/pay`, 'refund.pay', { refund: refund.refund, ...members });
	}

	async reconcile(date, file, changes = {}) {
		const cashier = await this.world.officer('cashier');
		const statement = await cashier.statement('reconciliation.import', { date, file: hex(file), ...changes });
		return cashier.post('/api/v1/reconciliations', { statement, file });
	}
}

// A day in Beijing.
export const dayOf = (ms) => new Date(ms + 8 * 3600000).toISOString().slice(0, 10);
