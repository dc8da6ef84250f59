// Everybody asks at once, for tools/tsan.sh: what threads share is touched from several of them at the same time.
// Asserts little: the tests of the rules are in tests/api.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';

import { Client } from '../api/lib/client.mjs';
import { expectStatus } from '../api/lib/expect.mjs';
import { program } from '../api/lib/site.mjs';
import { timeText } from '../api/lib/statement.mjs';
import { Watcher } from '../api/lib/stream.mjs';
import { check } from '../api/lib/tap.mjs';
import { sleep, World } from '../api/lib/world.mjs';

const ROUNDS = Number(process.env.DIQI_TSAN_ROUNDS ?? 6);
const HOUR = 3600000, DAY = 24 * HOUR;
const world = await World.make({ configure: [['http', 'tls_listen', '127.0.0.1:0']] });
const { site } = world;
const paths = JSON.parse(execFileSync(program, ['routes']))
	.filter((r) => r.method === 'GET' && !r.path.includes('{') && !/stream|feed/.test(r.path));
let busy = true;
const while_busy = async (what) => {
	while (busy)
		await what();
};
const ocspRequest = (serial, ...options) => {
	const file = join(site.top, 'ocsp.req');
	execFileSync('openssl', ['ocsp', '-issuer', join(site.dir, 'ca/issuing.crt'), '-serial', `0x${serial}`, ...options, '-reqout', file]);
	return readFileSync(file);
};

try {
	const officers = await Promise.all(['clerk', 'auditor', 'market_approver', 'administrator'].map((name) => world.officer(name)));
	const begin = await world.now(), start = begin + 21 * DAY;
	const times = { announce: timeText(begin + HOUR), listing_start: timeText(start), listing_end: timeText(start + 10 * DAY),
		apply_end: timeText(start + 7 * DAY), deposit_end: timeText(start + 7 * DAY) };
	let sale, holders;

	await check('a sale with four bidders', async () => {
		({ sale } = await world.publish(world.parcel({ times })));
		await world.setClock(begin + DAY);
		holders = await Promise.all(Array.from({ length: 4 }, () => world.certify()));
		for (const [i, holder] of holders.entries())
			await world.qualify(sale, holder, String(i + 1));
		await world.setClock(start);
		for (const client of [...officers, ...holders])
			await world.ready(client);
	});

	const query = execFileSync('openssl', ['ts', '-query', '-digest', '11'.repeat(32), '-sha256', '-cert'], { stdio: ['ignore', 'pipe', 'ignore'] });
	const requests = holders.flatMap((h) => [ocspRequest(h.serial), ocspRequest(h.serial, '-no_nonce')]);
	const readers = [world.public, ...officers, ...holders].map((client) => while_busy(async () => {
		const { path, listener } = paths[Math.floor(Math.random() * paths.length)];
		if (listener === 'public')
			await client.get(path);
		else if (site.manage !== null)
			await (await fetch(site.manage + path)).arrayBuffer();
	}));
	const status = Array.from({ length: 4 }, () => while_busy(async () => {
		for (const path of ['/checkpoint', '/pki/issuing/full.crl', '/pki/issuing/delta.crl', '/pki/issuing/shard/0.crl', `/sales/${sale}`, '/pki/cps', `/api/v1/sales/${sale}`, `/api/v1/sales/${sale}/events`,
			...holders.map((h) => `/api/v1/certificates/${h.serial}`)])
			await world.public.get(path);
		// With a nonce the answer is signed anew; the others are kept until something is revoked.
		for (const request of requests)
			expectStatus(await world.public.post('/pki/issuing/ocsp', request, { raw: true, headers: { 'Content-Type': 'application/ocsp-request' } }), 200);
	}));
	const clock = while_busy(async () => {
		await world.advance(1000);
		site.process.kill('SIGHUP');
		await sleep(150);
	});
	// Sessions, the list of officers, time stamps, connections by TLS.
	const entering = [0, 1].map((n) => while_busy(async () => {
		await new Client(site, holders[n].identity).login();
		await sleep(20);
	}));
	const officers_change = while_busy(async () => {
		await world.officersChange((list) => { list.find((o) => !o.removed).name += '.'; });
		await sleep(100);
	});
	const stamps = while_busy(async () => {
		await world.public.post('/pki/tsa', query, { raw: true, headers: { 'Content-Type': 'application/timestamp-query' } });
		await sleep(20);
	});
	const secure = [0, 1].map(() => while_busy(() => new Promise((resolve, reject) => {
		get(`${site.https}/api/v1/site`, { rejectUnauthorized: false, agent: false }, (reply) => reply.resume().on('end', resolve)).on('error', reject);
	})));
	const watchers = while_busy(async () => {
		const watcher = await Watcher.open(`${site.url}/api/v1/sales/${sale}/stream`);
		await sleep(300);
		watcher.request.destroy();
	});

	await check('new certificates, quotes and revocations at the same time as everything is read', async () => {
		const bidding = holders.map(async (holder) => {
			for (let i = 0; i < ROUNDS * 3; i++)
				await world.quote(sale, holder);
		});
		const issuing = [0, 1, 2].map(async () => {
			for (let i = 0; i < ROUNDS; i++) {
				const holder = await world.certify(i % 2 ? 'person' : 'organization');
				expectStatus(await holder.act(`/api/v1/certificates/${holder.serial}/revoke`, 'certificate.revoke', { serial: holder.serial, reason: 'keyCompromise' }), 200);
			}
		});
		await Promise.all([...bidding, ...issuing]);
	});
	busy = false;
	await Promise.all([...readers, ...status, ...entering, ...secure, officers_change, stamps, clock, watchers]);
} finally {
	busy = false;
	await world.remove();
}
