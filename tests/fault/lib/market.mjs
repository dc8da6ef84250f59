// A market to disturb: sales in their listing, bidders with certificates, and the load they make.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expectStatus } from '../../api/lib/expect.mjs';
import { isConsistent, openCheckpoint } from '../../api/lib/merkle.mjs';
import { program } from '../../api/lib/site.mjs';
import { timeText } from '../../api/lib/statement.mjs';
import { assert } from '../../api/lib/tap.mjs';
import { sleep, World } from '../../api/lib/world.mjs';
import { Record } from './record.mjs';

export const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
export const WINDOW = 4 * MINUTE;
const run = promisify(execFile);

export class Market {
	static async make({ sales = 1, bidders = 2, world } = {}) {
		const market = new Market();
		market.world = world ?? await World.make();
		await market.publish(sales);
		market.bidders = [];
		for (let i = 0; i < bidders; i++)
			market.bidders.push(await market.world.certify('person'));
		for (const sale of market.sales)
			for (const [i, bidder] of market.bidders.entries())
				await market.world.qualify(sale, bidder, String(i + 1).padStart(2, '0'));
		await market.world.setClock(market.listingStart);
		for (const bidder of market.bidders)
			await market.world.ready(bidder);
		market.record = new Record(market.world);
		await market.record.learn();
		return market;
	}

	async publish(n) {
		const { world } = this;
		const announce = (await world.now()) + HOUR;
		this.listingStart = announce + 20 * DAY;
		this.listingEnd = this.listingStart + 10 * DAY;
		const end = timeText(this.listingEnd - 3 * DAY);
		const times = { announce: timeText(announce), listing_start: timeText(this.listingStart), listing_end: timeText(this.listingEnd), apply_end: end, deposit_end: end };
		this.sales = [];
		for (let i = 1; i <= n; i++)
			this.sales.push((await world.publish(world.parcel({ number: `太测网挂〔2026〕${60 + i}号`, times }))).sale);
		await world.setClock(announce);
	}

	// Bidders by the number of `lanes` quote on every sale without pause, each with one request under way a sale, until
	// `stop` is set or the server is gone.  With `stubborn` a failed request is let be and the next is made.
	async bid(stop, { stubborn = false } = {}) {
		const lane = async (bidder, sale) => {
			while (!stop.now) {
				const view = await this.world.public.get(`/api/v1/sales/${sale}`).catch(() => null);
				const reply = view?.status === 200 ? await this.record.send(this.record.quote(bidder, view.body)) : view;
				if ((reply === null || reply.status >= 500) && !stubborn)
					return;
				if (reply === null || reply.status >= 500)
					await sleep(50);
			}
		};
		await Promise.all(this.bidders.flatMap((bidder) => this.sales.map((sale) => lane(bidder, sale))));
	}

	checkpoint() { return checkpointOf(this.world); }
	verify(sale) { return verifyBundle(this.world, sale); }

	// Past the end of every sale.
	async close() {
		await this.world.setClock(this.listingEnd);
		await this.world.setClock(this.listingEnd + WINDOW);
		for (const sale of this.sales)
			assert.equal((await this.world.sale(sale)).phase, 'closed');
	}
}

// An application that wants only the issuer's order, and the order, for a Record.
export async function issueOrder(world) {
	const application = await (await world.draft('person')).through('reviewed');
	const issuer = await world.officer('issuer');
	const { hash, profile, profile_version } = await application.request();
	const statement = await issuer.statement('application.issue', { application: application.id, request: hash, profile, profile_version });
	return { kind: 'issue', client: issuer, application, path: `${application.path}/issue`, body: { statement } };
}

// The newest checkpoint, its signature checked.
export async function checkpointOf(world) {
	const { log } = expectStatus(await world.public.get('/api/v1/site'), 200);
	return openCheckpoint(expectStatus(await world.public.get('/checkpoint'), 200), log.verifier_key);
}

export async function expectConsistent(world, from, to) {
	const { proof } = expectStatus(await world.public.get(`/api/v1/log/consistency?from=${from.size}&to=${to.size}`), 200);
	assert.ok(isConsistent(from.size, to.size, from.root, to.root, proof.map((h) => Buffer.from(h, 'hex'))), `${from.size} → ${to.size} is not consistent`);
}

// What `diqi verify` says of the bundle of a closed sale.
export async function verifyBundle(world, sale) {
	const bundle = (await world.public.get(`/api/v1/sales/${sale}/bundle`)).bytes;
	const path = join(world.site.top, `${sale}.json`);
	writeFileSync(path, bundle);
	const { stdout } = await run(program, ['verify', path, '--root', join(world.site.dir, 'ca/root.crt')], { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
	return stdout;
}

// Lines of the signer's own journal that tell of this certificate.
export const signedTimes = (world, serial) => readFileSync(join(world.site.dir, 'signer/journal.log'), 'utf8').split('\n')
	.filter((line) => line.includes(serial) && line.includes('"issue"')).length;

// No sanitizer report, nothing internal; what the fault itself causes is not counted.
export const expectWell = (world) => assert.equal(world.site.log.match(/AddressSanitizer|LeakSanitizer|runtime error|"http\.internal"/g), null, world.site.log.slice(-3000));
