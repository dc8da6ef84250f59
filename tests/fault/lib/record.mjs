// What the clients know, kept outside the system: every request, and what came of it.
//   ack      answered with an effect: the effect is there, as answered
//   nack     refused: there is no effect
//   unknown  no answer, or 5xx: there may be one; the same request with its Idempotency-Key tells
import { nonce, timeText } from '../../api/lib/statement.mjs';
import { assert } from '../../api/lib/tap.mjs';
import { expectStatus } from '../../api/lib/expect.mjs';

const hasEffect = (entry, reply) => reply.status < 300 || (entry.kind === 'quote' && Number.isInteger(reply.body?.seq));

export class Record {
	constructor(world) {
		Object.assign(this, { world, entries: [], refusals: [] });
	}

	with(outcome) { return this.entries.filter((e) => e.outcome === outcome); }

	async send(entry) {
		entry.key ??= nonce();
		entry.outcome = 'unknown';
		this.entries.push(entry);
		return this.ask(entry);
	}

	async ask(entry) {
		const reply = await entry.client.post(entry.path, entry.body, { headers: { 'Idempotency-Key': entry.key } }).catch(() => null);
		if (reply === null)
			return null;
		if (reply.status >= 500) {
			this.refusals.push(reply);
			return reply;
		}
		entry.outcome = hasEffect(entry, reply) ? 'ack' : 'nack';
		entry.reply = reply;
		return reply;
	}

	// Asked again: each must be decided now, and asking once more must say the same.
	async resolve() {
		const unknown = this.with('unknown');
		for (const entry of unknown) {
			const first = await this.ask(entry);
			assert.ok(first !== null && first.status < 500, `still undecided: ${entry.path} ${first?.status} ${JSON.stringify(first?.body)}`);
			const again = await this.ask(entry);
			assert.equal(again.status, first.status, entry.path);
			assert.equal(again.body.serial ?? again.body.seq, first.body.serial ?? first.body.seq, entry.path);
		}
		return unknown.length;
	}

	// A quote as this bidder would make it now, from the view `sale`.
	quote(holder, sale, price = sale.next_fen) {
		const payload = { type: 'quote', site: this.site, time: timeText(this.now), nonce: nonce(), sale: sale.sale,
			rule_set: sale.rule_set.hash, price_fen: String(price), head: sale.head };
		return { kind: 'quote', client: holder, sale: sale.sale, path: `/api/v1/sales/${sale.sale}/quotes`, body: { statement: holder.identity.sign(payload) } };
	}

	async learn() {
		this.site = await this.world.public.siteId();
		this.now = await this.world.now();
	}

	// The sale's events are what the clients know, no more and no less.
	async checkSale(id) {
		const events = await allEvents(this.world, id);
		const quotes = new Map(events.filter((e) => e.kind === 'quote').map((e) => [e.seq, e]));
		assert.deepEqual(events.map((e) => e.seq), events.map((_, i) => i + 1), 'a gap in the sale');
		const known = this.with('ack').filter((e) => e.sale === id);
		for (const { reply: { body } } of known) {
			const event = quotes.get(body.seq);
			assert.ok(event !== undefined, `event ${body.seq} was confirmed and is not there`);
			assert.deepEqual([event.price_fen, event.head], [body.price_fen, body.head], `event ${body.seq} is not what was confirmed`);
			assert.ok(quotes.delete(body.seq), `two requests made event ${body.seq}`);
		}
		assert.deepEqual([...quotes.keys()], [], 'events that no request made');
		return known.length;
	}

	// Receipts are shown again as they were given.
	async checkReceipts(entries = this.with('ack')) {
		for (const { kind, client, sale, reply: { body } } of entries)
			if (kind === 'quote')
				assert.equal(expectStatus(await client.get(`/api/v1/sales/${sale}/receipts/${body.seq}`), 200).receipt, body.receipt);
	}

	async checkIssued(entry) {
		const { application, reply: { body } } = entry;
		const view = await application.refresh();
		assert.equal(view.serial, body.serial);
		assert.ok(['issued', 'delivered', 'confirmed'].includes(view.state), view.state);
		assert.equal(view.history.filter((h) => h.act === 'certificate.issued').length, 1);
		await application.fetchCertificate();
		assert.equal(application.identity.certificate.serialNumber.toLowerCase(), body.serial.toLowerCase().replace(/^0+/, ''));
	}
}

export async function allEvents(world, sale) {
	const events = [];
	for (let cursor = '0'; cursor !== null;) {
		const page = expectStatus(await world.public.get(`/api/v1/sales/${sale}/events?limit=200&cursor=${cursor}`), 200);
		events.push(...page.items);
		cursor = page.next_cursor;
	}
	return events;
}
