// The log of acts, checked with another implementation; the clock of production sites; health; stopping.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expectProblem, expectStatus } from './lib/expect.mjs';
import { isConsistent, leafHash, openCheckpoint, rootFromInclusion, rootOf } from './lib/merkle.mjs';
import { program, Site } from './lib/site.mjs';
import { timeText } from './lib/statement.mjs';
import { Watcher } from './lib/stream.mjs';
import { assert, check, engine, slow } from './lib/tap.mjs';
import { sleep, World } from './lib/world.mjs';

const run = promisify(execFile);
const world = await World.make();
const facts = expectStatus(await world.public.get('/api/v1/site'), 200);
const checkpoint = async () => {
	const note = await world.public.get('/checkpoint');
	return note.status === 404 ? { size: 0 } : openCheckpoint(expectStatus(note, 200), facts.log.verifier_key);
};
const bytesOf = (list) => list.map((h) => Buffer.from(h, 'hex'));

// Until the newest checkpoint covers `size` leaves; how long that took.
async function covered(size, limit = 5000) {
	const began = Date.now();
	while ((await checkpoint()).size < size) {
		assert.ok(Date.now() - began < limit, `no checkpoint over ${size} leaves within ${limit} ms`);
		await sleep(20);
	}
	return Date.now() - began;
}

// All leaf hashes, put together from the tiles of level 0 (C2SP tlog-tiles).
async function leavesFromTiles(size) {
	const hashes = [];
	for (let n = 0; n * 256 < size; n++) {
		const width = Math.min(256, size - n * 256);
		const path = `/tile/0/${String(n).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`;
		const tile = await world.public.get(path);
		expectStatus(tile, 200);
		assert.equal(tile.bytes.length, 32 * width, path);
		assert.match(tile.headers.get('cache-control'), /immutable/);
		for (let i = 0; i < width; i++)
			hashes.push(tile.bytes.subarray(32 * i, 32 * i + 32));
	}
	return hashes;
}

try {
	let receipt, sale, holder;

	await check('the checkpoint is a note signed with the key that the site names, under its origin', async () => {
		await (await world.draft('person')).through('submitted');
		await covered(1);
		const seen = await checkpoint();
		assert.equal(seen.origin, facts.log.origin);
		assert.ok(seen.size >= 1 && seen.root.length === 32);
		const forged = facts.log.verifier_key.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A'));
		const note = (await world.public.get('/checkpoint')).body;
		assert.throws(() => openCheckpoint(note, forged));
		assert.throws(() => openCheckpoint(note.replace(/\n\d+\n/, '\n999\n'), facts.log.verifier_key));
	});

	await check('each act is under a checkpoint at most one second later', async () => {
		const application = await (await world.draft('person')).through('submitted');
		const slowest = [];
		for (const step of ['accepted', 'paid', 'reviewed']) {
			const { size } = await checkpoint();
			await application.through(step);
			slowest.push(await covered(size + 1));
		}
		// A second is the promise; the machine may be busy with other tests.
		assert.ok(Math.min(...slowest) <= 1000, `${slowest} ms`);
		assert.ok(Math.max(...slowest) <= 2000, `${slowest} ms`);
	});

	await check('a quote\'s receipt names its leaf, which an independent RFC 6962 reader finds in the log', async () => {
		holder = await world.certify();
		const begin = await world.now(), day = 86400000;
		const notice = await world.publish(world.parcel({ times: {
			announce: timeText(begin + 60000), listing_start: timeText(begin + 60000 + 20 * day), listing_end: timeText(begin + 60000 + 31 * day),
			apply_end: timeText(begin + 29 * day), deposit_end: timeText(begin + 29 * day),
		} }));
		sale = notice.sale;
		await world.setClock(begin + 60000);
		await world.qualify(sale, holder, '01');
		await world.setClock(begin + 60000 + 20 * day);
		const reply = expectStatus(await world.quote(sale, holder), 201);
		receipt = JSON.parse(Buffer.from(reply.receipt.split('.')[1], 'base64url'));
		await covered(receipt.log_index + 1);
		const { size, root } = await checkpoint();
		const proof = expectStatus(await world.public.get(`/api/v1/log/proof?index=${receipt.log_index}&size=${size}`), 200);
		const leaf = Buffer.from(receipt.leaf, 'hex');
		assert.ok(rootFromInclusion(leaf, receipt.log_index, size, bytesOf(proof.proof)).equals(root));
		const wrong = Buffer.from(leaf);
		wrong[0] ^= 1;
		assert.ok(!rootFromInclusion(wrong, receipt.log_index, size, bytesOf(proof.proof)).equals(root));
	});

	await check('every leaf of the log has a proof, for the newest and for smaller trees', async () => {
		const { size, root } = await checkpoint();
		const leaves = await leavesFromTiles(size);
		assert.equal(leaves.length, size);
		assert.ok(leaves[receipt.log_index].equals(Buffer.from(receipt.leaf, 'hex')));
		for (let index = 0; index < size; index++) {
			const { proof } = expectStatus(await world.public.get(`/api/v1/log/proof?index=${index}`), 200);
			assert.ok(rootFromInclusion(leaves[index], index, size, bytesOf(proof)).equals(root), `leaf ${index}`);
		}
		for (const smaller of [1, 2, 3, 7, 8, size - 1]) {
			const { proof } = expectStatus(await world.public.get(`/api/v1/log/proof?index=0&size=${smaller}`), 200);
			assert.ok(rootFromInclusion(leaves[0], 0, smaller, bytesOf(proof)).equals(rootOf(leaves.slice(0, smaller))), `size ${smaller}`);
		}
	});

	await check('the tiles reproduce the root of the checkpoint', async () => {
		const { size, root } = await checkpoint();
		assert.ok(rootOf(await leavesFromTiles(size)).equals(root));
		for (const path of ['/tile/0/000.p/255', '/tile/0/0', '/tile/9/000', '/tile/0/x001/999', '/tile/../checkpoint', '/tile/0/000.p/0', '/tile/entries/000'])
			assert.equal((await world.public.get(path)).status === 200 && path !== '/tile/../checkpoint', false, path);
	});

	await check('later checkpoints are consistent with earlier ones', async () => {
		const older = [await checkpoint()];
		for (let i = 0; i < 3; i++) {
			await world.draft('person').then((a) => a.through('submitted'));
			await covered(older.at(-1).size + 1);
			older.push(await checkpoint());
		}
		const newest = older.at(-1);
		for (const { size, root } of older) {
			const { proof } = expectStatus(await world.public.get(`/api/v1/log/consistency?from=${size}&to=${newest.size}`), 200);
			assert.ok(isConsistent(size, newest.size, root, newest.root, bytesOf(proof)), `${size} to ${newest.size}`);
			if (size < newest.size)
				assert.ok(!isConsistent(size, newest.size, older[0].root.map((b) => b ^ 1), newest.root, bytesOf(proof)));
		}
		const leaves = await leavesFromTiles(newest.size);
		for (let from = 1; from < newest.size; from += 3) {
			const { proof } = expectStatus(await world.public.get(`/api/v1/log/consistency?from=${from}`), 200);
			assert.ok(isConsistent(from, newest.size, rootOf(leaves.slice(0, from)), newest.root, bytesOf(proof)), `from ${from}`);
		}
	});

	await check('proofs beyond the signed tree are refused', async () => {
		const { size } = await checkpoint();
		for (const path of [`proof?index=${size}`, `proof?index=0&size=${size + 1}`, 'proof', `consistency?from=${size + 1}`, `consistency?from=2&to=1`, 'consistency?from=0'])
			assert.equal((await world.public.get(`/api/v1/log/${path}`)).status, 422, path);
	});

	await check('the leaves of the bundle are the leaves of the log', async () => {
		const listed = expectStatus(await world.public.get(`/api/v1/sales/${sale}`), 200);
		await world.setClock(Date.parse(listed.listing_end));
		const bundle = JSON.parse((await world.public.get(`/api/v1/sales/${sale}/bundle`)).bytes);
		const { size } = await checkpoint();
		const leaves = await leavesFromTiles(size);
		assert.ok(bundle.leaves.length >= 5);
		for (const { index, leaf } of bundle.leaves) {
			assert.ok(leaves[index].equals(leafHash(leaf)), `leaf ${index}`);
			assert.equal(JSON.parse(leaf).index, index);
		}
		assert.ok(bundle.leaves.some((l) => l.index === receipt.log_index));
	});

	await check('a crash loses no act that was answered: the log goes on, consistent', async () => {
		const before = await checkpoint();
		const application = await (await world.draft('person')).through('accepted');
		await world.site.stop('SIGKILL');                       // perhaps before a checkpoint covered it
		await world.site.start();
		assert.equal((await application.refresh()).state, 'accepted');
		await covered(before.size + 2);
		const after = await checkpoint();
		const { proof } = expectStatus(await world.public.get(`/api/v1/log/consistency?from=${before.size}&to=${after.size}`), 200);
		assert.ok(isConsistent(before.size, after.size, before.root, after.root, bytesOf(proof)));
	});

	// --- the management listener ---------------------------------------------------------------------------------

	await check('/livez, /readyz and /metrics answer on their own listener, and only there', async () => {
		assert.notEqual(world.site.manage, world.site.url);
		assert.equal((await fetch(`${world.site.manage}/livez`)).status, 200);
		const ready = await fetch(`${world.site.manage}/readyz`);
		assert.equal(ready.status, 200);
		const { status, checks } = await ready.json();
		assert.equal(status, 'pass');
		for (const part of ['store', 'signer', 'log', 'crl'])
			assert.equal(checks[part].status, 'pass', part);
		for (const path of ['/livez', '/readyz', '/metrics'])
			expectProblem(await world.public.get(path), 404, 'not_found');
		assert.equal((await fetch(`${world.site.manage}/api/v1/site`)).status, 404);
	});

	await check('/metrics counts what happened', async () => {
		expectStatus(await world.public.get('/api/v1/site'), 200);
		const text = await (await fetch(`${world.site.manage}/metrics`)).text();
		assert.match(text, /^# TYPE http_requests_total? counter|^# TYPE http_requests counter/m);
		assert.match(text, /auction_bids_total\{result="accepted"\} \d+|http_requests_total/);
		assert.match(text, /^http_requests_total\{route="GET \/api\/v1\/site",status="2xx"\} [1-9]/m);
		assert.match(text, /# EOF\n$/);
		assert.ok(!text.includes(holder.subject), 'a person shows in the metrics');
	});

	// The only child of the server.
	async function signerPid() {
		const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(world.site.process.pid)]);
		return Number(stdout.trim().split(/\s+/)[0]);
	}

	// The server's end, by itself, and a new start.
	async function endsAndStartsAgain(limit) {
		const end = await Promise.race([world.site.ended, sleep(limit).then(() => null)]);
		assert.ok(end !== null, `the server still runs after ${limit} ms`);
		assert.ok(end.code > 0 && end.signal === null, JSON.stringify(end));
		assert.match(world.site.log, /site\.signer_lost/);
		await world.site.start();
		assert.equal((await fetch(`${world.site.manage}/readyz`)).status, 200);
	}

	await check('when the signer dies the server ends, to be started again; a certificate then under way is issued', async () => {
		const application = await (await world.draft('person')).through('reviewed');
		const issuer = await world.officer('issuer'), { hash, profile, profile_version } = await application.request();
		const body = { statement: await issuer.statement('application.issue', { application: application.id, request: hash, profile, profile_version }) };
		const watcher = await Watcher.open(`${world.site.url}/api/v1/sales/${sale}/stream`);
		const signer = await signerPid();
		process.kill(signer, 'SIGSTOP');                        // the issuer's word is stored, the signature is not
		const issuing = issuer.post(`${application.path}/issue`, body).catch((e) => ({ status: 0, error: e }));
		for (let i = 0; i < 200 && (await application.refresh()).state !== 'issuing'; i++)
			await sleep(10);
		assert.equal(application.view.state, 'issuing');
		process.kill(signer, 'SIGKILL');
		const reply = await issuing;
		assert.ok(reply.status === 503 || reply.status === 0, `${reply.status} ${JSON.stringify(reply.body)}`);
		await endsAndStartsAgain(15000);
		await watcher.ended;
		assert.equal((await application.refresh()).state, 'issued');
		await application.fetchCertificate();
		await application.through('confirmed');
	});

	await slow('a signer that hangs is given up after half a minute', async () => {
		const signer = await signerPid();
		process.kill(signer, 'SIGSTOP');
		try {
			assert.equal((await fetch(`${world.site.manage}/readyz`)).status, 503);
			await sleep(100);
		} finally {
			process.kill(signer, 'SIGCONT');
		}
		await endsAndStartsAgain(20000);
	});

	// --- stopping ---------------------------------------------------------------------------------------------------

	await check('SIGTERM drains within seconds while watchers are connected: their streams end', async () => {
		const watchers = await Promise.all(Array.from({ length: 20 }, () => Watcher.open(`${world.site.url}/api/v1/sales/${sale}/stream`)));
		for (const watcher of watchers)
			await watcher.until((e) => e.event === 'sale');
		const began = Date.now();
		const end = await world.site.stop('SIGTERM');
		const took = Date.now() - began;
		assert.deepEqual(end, { code: 0, signal: null });
		assert.ok(took < 5000, `${took} ms`);
		await Promise.all(watchers.map((w) => w.ended));
		await world.site.start();
	});

	await check('SIGTERM in the middle of requests: each is answered or refused, none half done', async () => {
		const drafts = await Promise.all(Array.from({ length: 10 }, () => world.draft('person')));
		const submits = drafts.map((a) => a.submit().catch((e) => ({ status: 0, error: e })));
		await sleep(5);
		assert.deepEqual(await world.site.stop('SIGTERM'), { code: 0, signal: null });
		const replies = await Promise.all(submits);
		await world.site.start();
		for (const [i, reply] of replies.entries()) {
			const { state } = await drafts[i].refresh();
			if (reply.status === 200)
				assert.equal(state, 'submitted');
			else
				assert.ok(['draft', 'submitted'].includes(state) && [0, 503].includes(reply.status), `${reply.status} ${state}`);
		}
	});

	await check('a second server does not start on the same site while the first runs', async () => {
		const child = spawn(program, ['serve', '--dir', world.site.dir, '--listen', new URL(world.site.url).host, '--passphrase-file', join(world.site.dir, 'passphrase')], { stdio: 'ignore' });
		const code = await Promise.race([new Promise((r) => child.on('exit', r)), sleep(15000).then(() => 'runs')]);
		child.kill('SIGKILL');
		assert.notEqual(code, 'runs');
		assert.notEqual(code, 0);
		expectStatus(await world.public.get('/api/v1/site'), 200);
	});

	// --- production ---------------------------------------------------------------------------------------------------

	const top = mkdtempSync(join(tmpdir(), 'diqi-api-init-'));
	try {
		const production = Object.assign(new Site(), { top, dir: join(top, 'site') });
		const passphrase = join(top, 'passphrase.txt');
		writeFileSync(passphrase, 'eine lange Losung 一个很长的口令\n', { mode: 0o600 });
		const init = (dir = production.dir, ...more) => run(program, ['init', '--dir', dir, '--passphrase-file', passphrase, '--root-passphrase-file', passphrase, ...more])
			.then(() => ({ code: 0 }), (e) => ({ code: e.code, text: e.stderr }));

		if (engine === 'sqlite') {
			await check('`diqi init` makes a production site, and refuses to overwrite it', async () => {
				assert.deepEqual(await init(), { code: 0 });
				for (const file of ['diqi.conf', 'ca/root.crt', 'ca/issuing.crt', 'officers/reviewer.p12', 'officers/reviewer.pin', 'data/diqi.db', 'root/root.key'])
					assert.ok(existsSync(join(production.dir, file)), file);
				const before = readFileSync(join(production.dir, 'ca/root.crt'), 'utf8');
				const again = await init();
				assert.notEqual(again.code, 0);
				assert.match(again.text, /exists|overwrites/);
				assert.equal(readFileSync(join(production.dir, 'ca/root.crt'), 'utf8'), before);
				assert.ok(!existsSync(join(production.dir, 'passphrase')), 'the passphrase was written down');
			});

			await check('a production site refuses the test clock: the request, and the configuration', async () => {
				writeFileSync(join(production.dir, 'passphrase'), readFileSync(passphrase));
				production.configure('http', 'manage_listen', '127.0.0.1:0');
				await production.start();
				const site = await (await fetch(`${production.url}/api/v1/site`)).json();
				assert.equal(site.kind, 'production');
				const reply = await fetch(`${production.url}/api/v1/test/clock`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"advance_ms":1000}' });
				assert.equal(reply.status, 403);
				assert.equal((await reply.json()).code, 'clock.refused');
				assert.ok(Math.abs(Date.parse((await (await fetch(`${production.url}/api/v1/time`)).json()).time) - Date.now()) < 5000);
				assert.deepEqual(await production.stop(), { code: 0, signal: null });
				for (const source of ['frozen', 'offset']) {
					production.configure('clock', 'source', source);
					writeFileSync(join(production.dir, 'clock'), source === 'frozen' ? '2026-02-24T01:00:00.000000Z' : '1000000');
					await assert.rejects(production.start(), /clock|production/, source);
					production.process = null;
				}
			});

			await check('a wrong passphrase starts nothing', async () => {
				production.configure('clock', 'source', 'system');
				writeFileSync(join(production.dir, 'passphrase'), 'falsch\n');
				await assert.rejects(production.start(), /ended at once/);
				production.process = null;
			});
		}
	} finally {
		rmSync(top, { recursive: true, force: true });
	}

	await check('the test clock moves forward only, and only by what it understands', async () => {
		const now = await world.now();
		expectProblem(await world.public.post('/api/v1/test/clock', { now: timeText(now - 1) }), 422, 'field.value', '/now');
		expectProblem(await world.public.post('/api/v1/test/clock', { advance_ms: 9007199254740991 }), 422, 'field.value', '/advance_ms');
		expectProblem(await world.public.post('/api/v1/test/clock', {}), 422, 'field.missing', '/now');
		expectProblem(await world.public.post('/api/v1/test/clock', { now: 'tomorrow' }), 422, 'field.value', '/now');
		assert.equal(await world.now(), now);
	});

	await check('the server is well: no sanitizer report', async () => {
		assert.equal(world.site.log.match(/AddressSanitizer|LeakSanitizer|runtime error/g), null, world.site.log.slice(-2000));
	});
} finally {
	if (process.env.DIQI_SHOW_LOG)
		writeFileSync(process.env.DIQI_SHOW_LOG, world.site.log);
	await world.remove();
}
