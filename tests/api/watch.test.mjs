// The site's own certificates: the signer renews its services in time, and alarms go off for what it cannot renew.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expectStatus } from './lib/expect.mjs';
import { program } from './lib/site.mjs';
import { MailServer } from './lib/smtp.mjs';
import { assert, check } from './lib/tap.mjs';
import { sleep, World } from './lib/world.mjs';

const run = promisify(execFile);
const DAY = 86400000;
const mail = await MailServer.start();
const people = ['duty@example.org', 'head@example.org'];
const world = await World.make({
	second: 'sm2',
	configure: [['mail', 'url', mail.url], ['mail', 'from', 'ca@example.org'], ['mail', 'starttls', 'off'], ['alarms', 'mail', people.join(', ')], ['alarms', 'language', 'en']],
});
const { site } = world;
const begin = await world.now();

async function gauges(name) {
	const text = await (await fetch(`${site.manage}/metrics`)).text();
	return Object.fromEntries([...text.matchAll(new RegExp(`^${name}\\{what="([^"]+)"\\} (\\d+)$`, 'gm'))].map(([, what, value]) => [what, Number(value)]));
}
const ends = () => gauges('ca_expires_timestamp_seconds');
const days = (seconds) => Math.round((seconds * 1000 - begin) / DAY);

// The responder's certificate as openssl finds it in an answer.
async function responder() {
	const file = (name) => join(site.top, name);
	writeFileSync(file('ca.der'), (await world.public.get('/pki/issuing/ca.cer')).bytes);
	await run('openssl', ['x509', '-inform', 'DER', '-in', file('ca.der'), '-out', file('ca.pem')]);
	await run('openssl', ['ocsp', '-issuer', file('ca.pem'), '-serial', '0x1234', '-no_nonce', '-url', `${site.url}/pki/issuing/ocsp`, '-respout', file('ocsp.der'), '-noverify']);
	const { stdout } = await run('openssl', ['ocsp', '-respin', file('ocsp.der'), '-resp_text', '-noverify']);
	return /Not Before: (.*)/.exec(stdout)[1];
}

// Whom letters of this subject went to, once so many are there; none after them.
async function told(subject, n) {
	const sent = () => mail.mails.filter((m) => subject.test(m.subject)).flatMap((m) => m.to).sort();
	for (let i = 0; i < 100 && sent().length < n; i++)
		await sleep(50);
	return sent();
}

async function doctor() {
	const done = await run(program, ['doctor', '--dir', site.dir, '--json', '--quiet'], { maxBuffer: 1 << 24 }).catch((failed) => failed);
	return JSON.parse(done.stdout).findings.filter((f) => f.check === 'alarms' && !f.detail.startsWith('disk'));
}

try {
	let first;
	await check('at first nothing is near its end, and every certificate and list is watched', async () => {
		await world.advance(0);
		first = await ends();
		assert.deepEqual(Object.keys(first).sort(), ['document', 'gm', 'gm-cross', 'gm-ocsp', 'gm-root', 'gm-root.crl', 'issuing', 'log', 'ocsp', 'receipt', 'root', 'root.crl', 'tsa']);
		assert.equal(days(first.ocsp), 3 * 365);
		assert.deepEqual([...new Set(Object.values(await gauges('ca_expires_alarm')))], [0]);
	});

	await check("a root's list that no ceremony renewed: alarms 30 and 14 days before, once each", async () => {
		await world.setClock(begin + 371 * DAY);
		assert.match(site.log, /authority.ends[^\n]*root.crl[^\n]*within 30 days/);
		assert.equal((await gauges('ca_expires_alarm'))['root.crl'], 1);
		await world.setClock(begin + 380 * DAY);
		assert.equal(site.log.match(/authority.ends[^\n]*"gm-root.crl"/g)?.length, 1);
		await world.setClock(begin + 387 * DAY);
		assert.match(site.log, /authority.ends[^\n]*root.crl[^\n]*within 14 days/);
		assert.equal((await gauges('ca_expires_alarm'))['root.crl'], 2);
		assert.equal((await gauges('ca_expires_alarm')).ocsp, 0);
	});

	await check('each alarm is told to everybody who is named, once, over restarts too; doctor shows what is due', async () => {
		const twice = people.flatMap((one) => [one, one]);
		await site.restart();
		await world.advance(0);
		/* Both roots' lists. */
		assert.deepEqual(await told(/^Ends within 30 days: (gm-)?root\.crl$/, 4), twice);
		assert.deepEqual(await told(/^Ends within 14 days: (gm-)?root\.crl$/, 4), twice);
		assert.match(mail.mails.at(-1).text, /Beijing time, in less than 14 days/);
		await sleep(1500);
		assert.equal(mail.mails.filter((m) => m.subject.startsWith('Ends')).length, 8);
		const due = await doctor();
		assert.deepEqual(due.map(({ level, detail }) => [level, /^[^:]+/.exec(detail)[0]]), [['fail', 'gm-root.crl'], ['fail', 'root.crl']]);
		assert.match(due[0].detail, /ends 20\d\d-.*, since 20/);
	});

	await check('time stamps that stop are an alarm, told once until they go on', async () => {
		const distrust = async (yes) => expectStatus(await world.public.post('/api/v1/test/clock', { advance_ms: 1000, synchronised: !yes }), 200);
		const subject = /^No time stamps/;
		await distrust(true);
		await world.advance(1000);
		assert.deepEqual(await told(subject, 2), people);
		assert.match(mail.mails.at(-1).text, /the clock has no time source/);
		assert.match(site.log, /"site.clock"/);
		assert.ok((await doctor()).some(({ detail }) => detail.startsWith('clock, since')));
		await distrust(false);
		assert.ok(!(await doctor()).some(({ detail }) => detail.startsWith('clock')));
		await distrust(true);
		assert.deepEqual(await told(subject, 4), people.flatMap((one) => [one, one]));
		await distrust(false);
	});

	await check('with a third of their life left the services are renewed, over the same keys', async () => {
		const before = await responder();
		await world.setClock(begin + 729 * DAY);
		assert.deepEqual((await ends()).ocsp, first.ocsp);
		await world.setClock(begin + 731 * DAY);
		const now = await ends();
		for (const service of ['ocsp', 'gm-ocsp', 'log', 'receipt', 'document', 'tsa'])
			assert.equal(days(now[service]), 731 + 3 * 365, service);
		for (const other of ['root', 'issuing', 'gm', 'gm-cross'])
			assert.equal(now[other], first[other], other);
		assert.notEqual(await responder(), before);
		assert.equal((await gauges('ca_expires_alarm')).ocsp, 0);
	});

	await check('a restart, and one after a crash, find what was renewed', async () => {
		const [before, responds] = [await ends(), await responder()];
		for (const signal of ['SIGTERM', 'SIGKILL']) {
			await site.stop(signal);
			await site.start();
			await world.advance(0);
			assert.deepEqual(await ends(), before);
			assert.equal(await responder(), responds);
		}
	});

	await check('renewed services end with their CA, whose end is alarmed', async () => {
		await world.setClock(begin + (12 * 365 + 3 - 29) * DAY);
		const now = await ends();
		assert.equal(now.log, now.issuing);
		assert.match(site.log, /authority.ends[^\n]*"issuing"[^\n]*within 30 days/);
		assert.equal((await gauges('ca_expires_alarm')).issuing, 1);
		expectStatus(await world.public.get('/api/v1/site'), 200);
	});
} finally {
	await mail.stop();
	await world.remove();
}
