// Notices: each message reaches the inbox at once, and mail and gateway by a worker that retries with back-off; officers see
// the fate of each.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expectProblem, expectStatus } from './lib/expect.mjs';
import { personForm } from './lib/forms.mjs';
import { MailServer } from './lib/smtp.mjs';
import { assert, check } from './lib/tap.mjs';
import { Gateway, newSecret } from './lib/webhook.mjs';
import { sleep, World } from './lib/world.mjs';

const DAY = 86400000, MINUTE = 60000;
const secret = newSecret();
const mail = await MailServer.start({ login: { user: 'diqi', password: 'geheim' } });
const gateway = await Gateway.start(secret);
const world = await World.make({
	configure: [
		['mail', 'url', mail.url], ['mail', 'from', 'ca@example.org'], ['mail', 'starttls', 'off'], ['mail', 'user', 'diqi'],
		['mail', 'password_file', 'mail.password'], ['hook', 'url', gateway.url], ['hook', 'secret_file', 'hook.secret'],
	],
	prepare: (site) => {
		writeFileSync(join(site.dir, 'mail.password'), 'geheim\n', { mode: 0o600 });
		writeFileSync(join(site.dir, 'hook.secret'), `${secret}\n`, { mode: 0o600 });
	},
});

// What the worker does it does soon.
async function until(what, test) {
	for (let i = 0; i < 200; i++) {
		const found = await test();
		if (found)
			return found;
		await sleep(50);
	}
	throw new Error(`never: ${what}`);
}

const outbox = async (query = '') => expectStatus(await (await world.officer('administrator')).get(`/api/v1/outbox?limit=200${query}`), 200).items;
const expiring = (d) => d.template === 'certificate.expiring';
// Letters about applications are out of the way.
const quiet = () => until('nothing due', async () => (await outbox('&state=due')).length === 0);
const settled = (state, n) => until(`${n} ${state}`, async () => (await outbox(`&state=${state}`)).filter(expiring).length >= n);

try {
	const holder = await world.certify('person');
	const { not_after } = expectStatus(await world.public.get(`/api/v1/certificates/${holder.serial}`), 200);
	const end = Date.parse(not_after);

	await check('a message goes to the inbox, by mail and to the gateway', async () => {
		await world.setClock(end - 30 * DAY);
		await settled('sent', 2);
		const { items: [newest] } = expectStatus(await (await world.ready(holder)).get('/api/v1/messages'), 200);
		assert.equal(newest.template, 'certificate.expiring');
		assert.match(newest.title, /30 天后到期/);
		assert.match(newest.text, new RegExp(holder.serial));
		assert.equal(newest.read, undefined);
		const letter = mail.mails.at(-1), form = personForm(1);
		assert.deepEqual([letter.from, letter.to], ['ca@example.org', [form.email]]);
		assert.equal(letter.subject, newest.title);
		assert.match(letter.text, /未缴费延期的，证书到期后停止服务/);
		assert.equal(letter.headers['auto-submitted'], 'auto-generated');
		assert.equal(letter.headers['content-type'], 'text/plain; charset=utf-8');
		assert.match(letter.headers['message-id'], /^<[0-9a-f-]{36}@example\.org>$/);
		assert.equal(Date.parse(letter.headers.date), Math.floor((end - 30 * DAY) / 1000) * 1000);
		assert.ok(letter.raw.split('\r\n').every((line) => line.length <= 78 && /^[\x20-\x7e]*$/.test(line)));
		const call = gateway.calls.at(-1);
		assert.ok(call.genuine, 'the signature does not verify');
		assert.deepEqual([call.method, call.path, call.type], ['POST', '/sms', 'application/json']);
		assert.deepEqual([call.body.type, call.body.data.to, call.body.data.id], ['message.sms', form.mobile, call.id]);
		assert.match(call.body.data.text, /^【.+】您的CA证书将于30天后/);
		assert.equal(call.timestamp, Math.floor((end - 30 * DAY) / 1000));
	});

	await check('reading is marked once, by whom it belongs to', async () => {
		const { items: [newest] } = expectStatus(await (await world.ready(holder)).get('/api/v1/messages?limit=1'), 200);
		const path = `/api/v1/messages/${newest.message}/read`;
		const stranger = await world.certify('organization');
		await world.ready(holder);
		expectProblem(await stranger.post(path, {}), 404, 'not_found');
		expectProblem(await holder.post(path, { all: true }), 422, 'field.unknown');
		expectStatus(await holder.post(path, {}), 200);
		const { items: [after] } = expectStatus(await holder.get('/api/v1/messages?limit=1'), 200);
		await world.advance(1000);
		expectStatus(await holder.post(path, {}), 200);
		const { items: [again] } = expectStatus(await holder.get('/api/v1/messages?limit=1'), 200);
		assert.ok(after.read);
		assert.equal(again.read, after.read);
		const own = expectStatus(await holder.get(`/api/v1/applications/${holder.application}/messages`), 200).items;
		assert.ok(own.some((m) => m.message === newest.message));
		expectProblem(await stranger.get(`/api/v1/applications/${holder.application}/messages`), 403, 'permission.denied');
		expectProblem(await (await world.officer('clerk')).get('/api/v1/messages'), 403, 'permission.denied');
	});

	await check('what fails is tried again with back-off, under the same id', async () => {
		await quiet();
		const mailsBefore = mail.mails.length, callsBefore = gateway.calls.length, triedBefore = mail.attempts.length;
		mail.refuse('451 try later', 2);
		gateway.answer({ status: 503, text: 'no' }, 1);
		gateway.answer({ status: 302, headers: { Location: gateway.url } }, 1);
		await world.setClock(end - 15 * DAY);
		await settled('failed', 2);
		const failed = (await outbox('&state=failed')).filter(expiring);
		const letter = failed.find((d) => d.channel === 'mail'), call = failed.find((d) => d.channel === 'hook');
		assert.match(letter.fate, /451|RCPT/);
		assert.match(call.fate, /answered 503/);
		assert.equal(letter.attempts, 1);
		assert.equal(Date.parse(letter.next) - (end - 15 * DAY), 30000);
		assert.match(letter.address, /^.\*\*\*@/);
		assert.match(call.address, /^\d{3}\*+\d{2}$/);
		for (const pause of [30000, 2 * MINUTE]) {
			await world.advance(pause);
			await until('another try', async () => (await outbox()).filter(expiring).slice(0, 2).every((d) => d.state === 'sent' || Date.parse(d.next) > Date.parse(letter.next)));
			await sleep(100);
		}
		await until('both sent', async () => (await outbox()).filter(expiring).slice(0, 2).every((d) => d.state === 'sent'));
		assert.equal(mail.mails.length, mailsBefore + 1);
		assert.equal(mail.attempts.length, triedBefore + 3);
		const calls = gateway.calls.slice(callsBefore);
		assert.equal(calls.length, 3);                     // the redirect was not followed
		assert.equal(new Set(calls.map((c) => c.id)).size, 1);
		assert.ok(calls.every((c) => c.genuine));
		assert.equal(mail.mails.at(-1).headers['message-id'].slice(1, 37), letter.delivery);
	});

	await check('what a server will never take is given up at once, and an administrator may send it again', async () => {
		await quiet();
		mail.refuse('550 no such user');
		await world.setClock(end - 7 * DAY);
		const [dead] = await until('given up', async () => {
			const list = (await outbox('&state=dead')).filter(expiring);
			return list.length > 0 && list;
		});
		assert.deepEqual([dead.channel, dead.attempts], ['mail', 1]);
		const administrator = await world.officer('administrator'), before = mail.mails.length;
		expectProblem(await (await world.officer('auditor')).post(`/api/v1/outbox/${dead.delivery}/retry`, {}), 403, 'permission.denied');
		assert.equal(expectStatus(await administrator.post(`/api/v1/outbox/${dead.delivery}/retry`, {}), 200).state, 'due');
		await until('sent after all', () => mail.mails.length === before + 1);
		await until('and recorded', async () => (await outbox()).find((d) => d.delivery === dead.delivery).state === 'sent');
		expectProblem(await administrator.post(`/api/v1/outbox/${dead.delivery}/retry`, {}), 409, 'outbox.state');
		expectProblem(await administrator.post(`/api/v1/outbox/${holder.application}/retry`, {}), 404, 'not_found');
	});

	await check('lists are by state and page, and refuse what they do not know', async () => {
		const auditor = await world.officer('auditor');
		const first = expectStatus(await auditor.get('/api/v1/outbox?limit=1'), 200);
		const second = expectStatus(await auditor.get(`/api/v1/outbox?limit=1&cursor=${first.next_cursor}`), 200);
		assert.ok(second.items[0].delivery < first.items[0].delivery);
		expectProblem(await auditor.get('/api/v1/outbox?state=lost'), 422, 'field.value');
		expectProblem(await auditor.get('/api/v1/outbox?cursor=x'), 422, 'field.value');
		assert.equal(JSON.stringify(await outbox()).includes(personForm(1).email), false);
	});

	await check('410 Gone stops the hook until the next start; nothing is lost', async () => {
		await quiet();
		gateway.answer({ status: 410 });
		await world.setClock(end - 3 * DAY);
		await until('closed', async () => (await outbox('&state=dead')).some((d) => d.channel === 'hook' && /410/.test(d.fate)));
		const before = gateway.calls.length;
		await world.setClock(end - 1 * DAY);
		await sleep(2500);
		assert.equal(gateway.calls.length, before);
		await world.site.restart();
		await until('taken up again', () => gateway.calls.length > before);
	});

	await check('how many wait is a metric', async () => {
		let text;
		await until('no letter waits', async () => {          // the letter of that day may still be on its way
			text = await (await fetch(`${world.site.manage}/metrics`)).text();
			return /outbox_waiting\{channel="mail"\} 0/.test(text);
		});
		assert.match(text, /outbox_deliveries_total\{channel="hook",state="sent"\} \d+/);
	});

	await check('killed between sending and recording: sent again under the same id, and nothing is lost', async () => {
		await world.site.stop();
		const before = mail.mails.length;
		await world.site.start({ DIQI_FAILPOINT: 'outbox.sent:1:kill' });
		const asked = world.setClock(end + 1000).catch(() => null);
		const guard = new Promise((resolve) => setTimeout(resolve, 15000).unref());
		assert.deepEqual(await Promise.race([world.site.ended, guard]), { code: null, signal: 'SIGKILL' });
		await asked;
		await world.site.start();
		await world.advance(5 * MINUTE + 1000);
		await until('sent', async () => (await outbox()).filter((d) => d.template === 'certificate.expired').every((d) => d.state === 'sent'));
		const letters = mail.mails.slice(before).filter((m) => /已到期/.test(m.subject) && m.to[0] === personForm(1).email);
		assert.ok(letters.length >= 1 && letters.length <= 2);
		assert.equal(new Set(letters.map((m) => m.headers['message-id'])).size, 1);
	});

	await check('the server is well: no sanitizer report', () =>
		assert.equal(world.site.log.match(/AddressSanitizer|LeakSanitizer|runtime error/g), null, world.site.log.slice(-2000)));
} finally {
	await world.remove();
	await mail.stop();
	await gateway.stop();
}
