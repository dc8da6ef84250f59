// F-10, F-05: the database goes away under load and comes back; serve stays.  Nothing is confirmed that is not there,
// meanwhile there are 503 problems, and nobody restarts anything.
//   PostgreSQL: the cluster is ended at once (pg_ctl -m immediate) and started again
//   SQLite: its disk is full
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from '../api/lib/client.mjs';
import { expectStatus } from '../api/lib/expect.mjs';
import { personForm } from '../api/lib/forms.mjs';
import { Site } from '../api/lib/site.mjs';
import { assert, check, engine } from '../api/lib/tap.mjs';
import { sleep, World } from '../api/lib/world.mjs';
import { expectConsistent, expectWell, Market } from './lib/market.mjs';

// Removes and gives back what the engine needs: {away, back, clear}.
const faults = {
	postgresql() {
		const dir = mkdtempSync(join(tmpdir(), 'diqi-fault-pg-'));
		const tool = (verb) => execFileSync('tools/pg-test.sh', [verb, dir], { stdio: ['ignore', 'pipe', 'inherit'] }).toString().trim();
		process.env.DIQI_TEST_PG = tool('start');                // one of its own: others must not feel it
		return { make: () => World.make(), away: () => tool('crash'), back: () => tool('again'),
			clear: () => { tool('stop'); rmSync(dir, { recursive: true, force: true }); } };
	},
	sqlite() {
		let disk, ballast;
		return {
			// The database, and nothing else, on a small disk of its own.
			async make() {
				const site = await Site.make({ serve: false });
				disk = join(site.dir, 'data');
				const kept = join(site.top, 'kept');
				renameSync(disk, kept);
				mkdirSync(disk, { mode: 0o700 });
				try {
					execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=0700', 'diqi-fault', disk], { stdio: 'ignore' });
				} catch {
					disk = undefined;
					await site.remove();
					return null;
				}
				cpSync(kept, disk, { recursive: true });
				ballast = join(disk, 'ballast');
				await site.start();
				return World.over(site);
			},
			away() {
				try {
					for (;;)
						writeFileSync(ballast, Buffer.alloc(1 << 20, 1), { flag: 'a' });
				} catch (error) {
					assert.equal(error.code, 'ENOSPC');
				}
			},
			back() { rmSync(ballast); },
			clear() {
				if (disk !== undefined)
					execFileSync('umount', [disk]);
			},
		};
	},
};

const fault = faults[engine]();
const world = await fault.make();
if (world === null) {
	console.log(`ok - ${engine}: database away # skipped: nobody but root may mount a small disk`);
	process.exit(0);
}

const application = () => world.public.post('/api/v1/applications', { kind: 'person', form: personForm(900 + Math.floor(Math.random() * 90)) });
const ready = async () => (await fetch(`${world.site.manage}/readyz`)).status;

// Until it works again; how long that took.
async function recovered() {
	const begun = Date.now();
	for (;;) {
		const reply = await application().catch((error) => ({ status: 0, body: error }));
		if (reply.status === 201)
			return Date.now() - begun;
		assert.ok(reply.status >= 500, `${reply.status} ${JSON.stringify(reply.body)}`);
		assert.ok(Date.now() - begun < 15000, `not back after 15 s: ${JSON.stringify(reply.body)}\n${world.site.log.slice(-1500)}`);
		await sleep(100);
	}
}

try {
	const market = await Market.make({ sales: 2, bidders: 4, world });
	const { record } = market;
	await world.logSize();
	const begin = await market.checkpoint(), { pid } = world.site.process;

	await check('without it every request that needs it is refused by a problem, 503, and readiness fails', async () => {
		fault.away();
		for (let i = 0; i < 3; i++) {
			const reply = await application();
			assert.equal(reply.status, 503, JSON.stringify(reply.body));
			assert.equal(reply.body.code, 'unavailable');
			assert.match(reply.type, /^application\/problem\+json/);
		}
		const quote = record.quote(market.bidders[0], { ...begin, sale: market.sales[0], rule_set: { hash: '0'.repeat(64) }, head: '0'.repeat(64), next_fen: '1' });
		const refused = await record.send(quote);
		assert.equal(refused.status, 503, JSON.stringify(refused.body));
		record.entries.pop();
		assert.equal(await ready(), 503);
	});

	await check('it comes back and so does the service, without a restart', async () => {
		fault.back();
		const took = await recovered();
		assert.equal(world.site.process.pid, pid);
		console.log(`# back after ${took} ms`);
		for (let i = 0; i < 50 && await ready() !== 200; i++)
			await sleep(100);
		assert.equal(await ready(), 200);
	});

	for (let round = 1; round <= 3; round++) {
		await check(`round ${round}: gone and back among quotes under way: no false confirmation, unknown ones are decided by asking again`, async () => {
			const stop = { now: false }, load = market.bid(stop, { stubborn: true }), from = record.entries.length;
			await sleep(300 + Math.random() * 500);
			fault.away();
			await sleep(700);
			fault.back();
			await recovered();
			await sleep(300);
			stop.now = true;
			await load;
			const mine = record.entries.slice(from), count = (o) => mine.filter((e) => e.outcome === o).length;
			console.log(`# ${count('ack')} answered, ${count('unknown')} unknown, ${record.refusals.length} problems so far`);
			assert.ok(count('ack') > 0, 'no load');
			await record.resolve();
			for (const sale of market.sales)
				await record.checkSale(sale);
			await record.checkReceipts(mine.filter((e) => e.outcome === 'ack'));
		});
	}

	await check('what was said meanwhile were problems of the service being away, nothing else', async () => {
		assert.ok(record.refusals.length > 0, 'nobody noticed');
		for (const { status, type, body } of record.refusals) {
			assert.match(type, /^application\/problem\+json/);
			assert.equal(status, 503, JSON.stringify(body));
		}
	});

	await check('the log goes on from before, the sales close, their bundles verify', async () => {
		await world.logSize();
		await expectConsistent(world, begin, await market.checkpoint());
		await market.close();
		for (const sale of market.sales)
			await market.verify(sale);
		expectWell(world);
		expectStatus(await new Client(world.site).get('/checkpoint'), 200);
	});
} finally {
	await world.site.stop();
	fault.clear();
	rmSync(world.site.top, { recursive: true, force: true });
}
