// Time stamps over HTTP (RFC 3161), asked for and verified by openssl ts.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expectProblem } from './lib/expect.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const folder = mkdtempSync(join(tmpdir(), 'diqi-tsa-'));
const at = (name) => join(folder, name);
const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] }).toString();
const post = (query, type = 'application/timestamp-query') => world.public.post('/pki/tsa', query, { raw: true, headers: { 'Content-Type': type } });

async function stamp(...options) {
	openssl('ts', '-query', '-data', 'data', ...options, '-out', 'query.tsq');
	const reply = await post(readFileSync(at('query.tsq')));
	assert.equal(reply.status, 200, String(reply.body));
	assert.equal(reply.type, 'application/timestamp-reply');
	assert.equal(reply.headers.get('cache-control'), 'no-store');
	writeFileSync(at('reply.tsr'), reply.bytes);
	return openssl('ts', '-reply', '-in', 'reply.tsr', '-text');
}

try {
	writeFileSync(at('data'), '成交确认书');
	for (const [file, path] of [['root', '/pki/root/ca.cer'], ['issuing', '/pki/issuing/ca.cer']]) {
		writeFileSync(at(`${file}.der`), (await world.public.get(path)).bytes);
		openssl('x509', '-inform', 'DER', '-in', `${file}.der`, '-out', `${file}.pem`);
	}

	await check('P-15: a stamp is granted, names our policy, accuracy and order, and openssl verifies it', async () => {
		const text = await stamp('-sha256', '-cert');
		for (const line of [/Status: Granted/, /Policy OID: 2\.25\.305447819689411628422610157834667034486\.4\.1/, /Accuracy: 0x01 seconds/, /Ordering: yes/])
			assert.match(text, line);
		const attime = String(Math.floor(Date.parse(text.match(/Time stamp: (.*)/)[1]) / 1000));
		assert.match(openssl('ts', '-verify', '-in', 'reply.tsr', '-queryfile', 'query.tsq', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem', '-attime', attime), /OK/);
		writeFileSync(at('data2'), '别的文件');
		const other = spawnSync('openssl', ['ts', '-verify', '-in', 'reply.tsr', '-data', 'data2', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem', '-attime', attime], { cwd: folder });
		assert.notEqual(other.status, 0);
	});

	await check('P-15: serials differ and times rise, one stamp after the other', async () => {
		const serials = new Set(), times = [];
		for (let i = 0; i < 5; i++) {
			const text = await stamp('-sha512', '-cert');
			serials.add(text.match(/Serial number: (\S+)/)[1]);
			times.push(text.match(/Time stamp: \w+ +\d+ ([\d:.]+)/)[1].padEnd(15, '0'));
		}
		assert.equal(serials.size, 5);
		assert.deepEqual(times, [...new Set(times)].sort());
	});

	await check('P-15: another policy, an unknown hash and what is no query are refused as RFC 3161 says', async () => {
		assert.match(await stamp('-sha256', '-tspolicy', '1.2.3'), /Status: Rejected[^]*TSA policy is not supported/);
		assert.match(await stamp('-sha1'), /Status: Rejected[^]*unrecognized or unsupported algorithm/);
		const reply = await post(Buffer.from('3000', 'hex'));
		writeFileSync(at('reply.tsr'), reply.bytes);
		assert.match(openssl('ts', '-reply', '-in', 'reply.tsr', '-text'), /Status: Rejected[^]*the data submitted has the wrong format/);
	});

	await check('another media type and a query over the limit are problems', async () => {
		expectProblem(await post(readFileSync(at('query.tsq')), 'application/octet-stream'), 415, 'request.media_type');
		expectProblem(await post(Buffer.alloc(5000, 0x30)), 413, 'request.too_large');
	});
} finally {
	await world.remove();
	rmSync(folder, { recursive: true, force: true });
}
