// The certificate that HTTPS shows: renewed by the site's own authority, or exchanged by the operator, while connections run.
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';

import { promisify } from 'node:util';

import { expectStatus } from './lib/expect.mjs';
import { assert, check } from './lib/tap.mjs';
import { sleep, World } from './lib/world.mjs';

const run = promisify(execFile);
const DAY = 86400000;
const world = await World.make({ configure: [['http', 'tls_listen', '127.0.0.1:0']] });
const { site } = world;
const begin = await world.now();
const at = (name) => join(site.top, name);
const ours = [join(site.dir, 'ca/tls.crt'), join(site.dir, 'ca/tls.key')];

// What openssl s_client is shown: serial, key, and whether the chain leads to the site's root at that time.
async function shown(root = join(site.dir, 'ca/tls-root.crt')) {
	const { port } = new URL(site.https);
	const attime = String(Math.floor(await world.now() / 1000));
	const client = run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', root, '-attime', attime, '-verify_return_error']);
	client.child.stdin.end();
	const { stdout } = await client;
	const facts = execFileSync('openssl', ['x509', '-noout', '-serial', '-pubkey', '-enddate'], { input: stdout }).toString();
	return { serial: /serial=(\w+)/.exec(facts)[1], key: /BEGIN PUBLIC KEY-----([^-]*)/.exec(facts)[1], end: Date.parse(/notAfter=(.*)/.exec(facts)[1]), well: /Verification: OK|Verify return code: 0/.test(stdout) };
}

// A connection that stays open, over which one asks again and again.
const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
let sockets = new Set();
const ask = () => new Promise((resolve, reject) => {
	const sent = request(`${site.https}/api/v1/site`, { agent }, async (reply) => {
		await reply.toArray();
		resolve(reply.statusCode);
	});
	sent.on('socket', (socket) => sockets.add(socket));
	sent.on('error', reject);
	sent.end();
});

const until = async (what) => {
	for (let i = 0; i < 100; i++, await sleep(50))
		if (await what())
			return;
	throw new Error('it does not happen');
};

// A certificate of somebody else's authority, valid at the site's time.
let serials = 4096;
async function foreign(name, { from = -1, days = 90 } = {}) {
	const day = (n) => new Date(begin + n * DAY).toISOString().slice(0, 19).replace(/[-:T]/g, '') + 'Z';
	const now = Math.round((await world.now() - begin) / DAY);
	await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at('raw.key')]);
	await run('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', at('raw.key'), '-out', at(`${name}.key`)]);
	await run('openssl', ['req', '-new', '-key', at(`${name}.key`), '-subj', '/CN=public', '-out', at('csr')]);
	writeFileSync(at('ca.cnf'), `[ca]\ndefault_ca=c\n[c]\ndatabase=${at('index.txt')}\nserial=${at('serial')}\nnew_certs_dir=${site.top}\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n`);
	writeFileSync(at('index.txt'), '');
	writeFileSync(at('serial'), (++serials).toString(16));
	await run('openssl', ['ca', '-batch', '-config', at('ca.cnf'), '-selfsign', '-keyfile', at(`${name}.key`), '-in', at('csr'), '-out', at(`${name}.crt`), '-notext',
		'-startdate', day(now + from), '-enddate', day(now + from + days)]);
	return serials.toString(16).toUpperCase();
}
const put = (name, { key = name } = {}) => {
	// As certbot does: the new file takes the place of the old one at once.
	for (const [kind, from] of [['crt', name], ['key', key]]) {
		writeFileSync(at(`live.${kind}.new`), readFileSync(at(`${from}.${kind}`)));
		renameSync(at(`live.${kind}.new`), at(`live.${kind}`));
	}
};
const hangUp = () => process.kill(site.process.pid, 'SIGHUP');

try {
	let first;
	await check("the site's own certificate is renewed over the same key with a third of its life left, while connections run", async () => {
		first = await shown();
		assert.ok(first.well);
		assert.equal(await ask(), 200);
		await world.setClock(begin + 260 * DAY);
		assert.equal((await shown()).serial, first.serial);
		await world.setClock(begin + 267 * DAY);
		const renewed = await shown();
		assert.notEqual(renewed.serial, first.serial);
		assert.equal(renewed.key, first.key);
		assert.ok(renewed.well);
		assert.equal(Math.round((renewed.end - first.end) / DAY), 267);
		writeFileSync(at('ca.der'), (await world.public.get('/pki/issuing/ca.cer')).bytes);
		await run('openssl', ['x509', '-inform', 'DER', '-in', at('ca.der'), '-out', at('ca.pem')]);
		for (const { serial } of [first, renewed]) {
			const { stdout: answer } = await run('openssl', ['ocsp', '-issuer', at('ca.pem'), '-serial', `0x${serial}`, '-no_nonce', '-noverify', '-url', `${site.url}/pki/issuing/ocsp`, '-resp_text']);
			assert.match(answer, /Cert Status: good/);
		}
		assert.equal(await ask(), 200);
		assert.equal(sockets.size, 1, 'the connection of before is the one that answers');
		const { stdout } = await run('openssl', ['x509', '-in', ours[0], '-noout', '-serial']);
		assert.equal(stdout.trim(), `serial=${renewed.serial}`);
		const text = await (await fetch(`${site.manage}/metrics`)).text();
		assert.ok(text.includes(`ca_expires_timestamp_seconds{what="tls"} ${renewed.end / 1000}`));
	});

	await check('after a crash, and when the old file is put back, the renewed one is shown', async () => {
		const renewed = await shown(), file = readFileSync(ours[0]);
		const old = file.toString();
		await site.stop('SIGKILL');
		sockets.clear();
		await site.start();
		assert.equal((await shown()).serial, renewed.serial);
		assert.equal(readFileSync(ours[0], 'utf8'), old);
		await world.setClock(begin + (267 + 267) * DAY);
		const again = await shown();
		assert.notEqual(again.serial, renewed.serial);
		await site.stop();
		writeFileSync(ours[0], file);
		await site.start();
		assert.equal((await shown()).serial, again.serial);
	});

	await check("another authority's certificate is shown as it is, and read again at SIGHUP and by itself", async () => {
		const one = await foreign('one');
		await site.stop();
		put('one');
		site.configure('http', 'tls_certificate', at('live.crt'));
		site.configure('http', 'tls_key', at('live.key'));
		await site.start();
		assert.equal((await shown(at('one.crt'))).serial, one);
		const two = await foreign('two');
		put('two');
		hangUp();
		await until(async () => (await shown(at('live.crt'))).serial === two);
		assert.match(site.log, /tls.installed/);
		const three = await foreign('three');
		put('three');
		await world.advance(0);                      // the jobs' turn
		assert.equal((await shown(at('three.crt'))).serial, three);
	});

	await check('a faulty one is refused with an error in the log, once, and the one in use stays', async () => {
		const { serial } = await shown(at('live.crt'));
		const refusedWith = async (why) => {
			site.log = '';
			hangUp();
			await until(() => why.test(site.log));
			await world.advance(0);
			assert.equal(site.log.match(/tls.refused/g).length, 1);
			assert.equal((await shown(at('three.crt'))).serial, serial);
		};
		put('three', { key: 'two' });
		await refusedWith(/tls.refused[^\n]*key/);
		await foreign('old', { from: -10, days: 5 });
		put('old');
		await refusedWith(/tls.refused[^\n]*has ended/);
		await foreign('early', { from: 3 });
		put('early');
		await refusedWith(/tls.refused[^\n]*not valid yet/);
		writeFileSync(at('live.crt'), 'half a certif');
		await refusedWith(/tls.refused/);
		expectStatus(await world.public.get('/api/v1/site'), 200);
		const good = await foreign('good');
		put('good');
		hangUp();
		await until(async () => (await shown(at('good.crt')).catch(() => ({}))).serial === good);
	});
} finally {
	agent.destroy();
	await world.remove();
}
