// 到期提醒: 90, 60, 30, 15, 7, 3 and 1 days before, when it lapsed, and when a sale would last longer; each once.
import { expectStatus } from './lib/expect.mjs';
import { timeText } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const DAY = 86400000, HOUR = 3600000;
const world = await World.make();

const inbox = async (holder) => expectStatus(await (await world.ready(holder)).get('/api/v1/messages?limit=200'), 200).items;
// What the applicant sees with the access code, also when the certificate no longer opens a session.
const told = async (application) => expectStatus(await application.client.get(`${application.path}/messages?limit=200`), 200).items
	.filter((m) => /^certificate\.(expir|lapses)/.test(m.template)).map((m) => /(\d+) 天/.exec(m.title)?.[1] ?? m.template).reverse();
const endOf = async (serial, at = world) => Date.parse(expectStatus(await at.public.get(`/api/v1/certificates/${serial}`), 200).not_after);

try {
	const first = await (await world.draft('person')).through('confirmed');
	const revoked = await (await world.draft('person')).through('confirmed');
	const end = await endOf(first.view.serial);

	await check('nothing is said more than 90 days before', async () => {
		await world.setClock(end - 90 * DAY - HOUR);
		assert.deepEqual(await told(first), []);
	});

	await check('each is told at its time, once, however often the clock is looked at', async () => {
		await world.setClock(end - 90 * DAY);
		await world.advance(HOUR);
		assert.deepEqual(await told(first), ['90']);
		await world.ready(revoked.holder);
		expectStatus(await revoked.revoke(), 200);
		const [{ template, text }] = expectStatus(await revoked.client.get(`${revoked.path}/messages`), 200).items;
		assert.equal(template, 'certificate.revoked');
		assert.match(text, /密钥泄露或遗失/);
		await world.setClock(end - 60 * DAY);
		await world.advance(DAY);
		assert.deepEqual(await told(first), ['90', '60']);
		const [newest] = await inbox(first.holder);
		assert.match(newest.text, /未缴费延期的，证书到期后停止服务/);
	});

	await check('after a time away only the newest is told', async () => {
		await world.site.stop();
		await world.site.start();
		await world.setClock(end - 10 * DAY);              // 30 and 15 fell due meanwhile
		assert.deepEqual(await told(first), ['90', '60', '10']);
		await world.setClock(end - 9 * DAY);
		assert.deepEqual(await told(first), ['90', '60', '10']);
	});

	await check('7, 3 and 1 days before, and when it lapsed', async () => {
		for (const days of [7, 3, 1, 0])
			await world.setClock(end - days * DAY + (days === 0 ? 1000 : 0));
		await world.advance(5 * DAY);
		assert.deepEqual(await told(first), ['90', '60', '10', '7', '3', '1', 'certificate.expired']);
	});

	await check('a revoked certificate is not spoken of again', async () => assert.deepEqual(await told(revoked), ['90']));

	await check('a sale that lasts longer than the certificate of one who may quote in it', async () => {
		const bidder = await (await world.draft('organization')).through('confirmed');
		const lapses = await endOf(bidder.view.serial);
		const at = (days) => timeText(lapses + days * DAY);
		await world.setClock(lapses - 100 * DAY);
		const long = await world.publish(world.parcel({
			number: '太测网挂〔2027〕01号',
			times: { announce: at(-99), listing_start: at(-70), apply_end: at(4), deposit_end: at(4), listing_end: at(5) },
		}));
		const short = await world.publish(world.parcel({
			number: '太测网挂〔2027〕02号', parcel: { code: 'SYN-2027-WG-02', unit: '320585 999001 GB99009' },
			times: { announce: at(-99), listing_start: at(-70), apply_end: at(-56), deposit_end: at(-56), listing_end: at(-55) },
		}));
		await world.setClock(lapses - 70 * DAY);
		await world.qualify(long.sale, bidder.holder, '01');
		await world.qualify(short.sale, bidder.holder, '01');
		await world.advance(HOUR);
		await world.advance(HOUR);
		const warnings = (await inbox(bidder.holder)).filter((m) => m.template === 'certificate.lapses_before_sale');
		assert.equal(warnings.length, 1);
		assert.match(warnings[0].text, /太测网挂〔2027〕01号/);
		assert.match(warnings[0].text, /不能再报价/);
	});

	await check('a renewed certificate is not spoken of again; one whose renewal is only asked for is, and the new one in its own time', async () => {
		// Two more years: longer than the officers of the other site have.
		const site = await World.make();
		try {
			const old = await (await site.draft('person')).through('confirmed');
			const lapses = await endOf(old.view.serial, site);
			await site.setClock(lapses - 90 * DAY);
			assert.deepEqual(await told(old), ['90']);
			const renewal = await site.service('renew', old, { by: null });
			await renewal.through('paid');
			await site.setClock(lapses - 60 * DAY);
			assert.deepEqual(await told(old), ['90', '60']);
			await renewal.through('issued');
			for (const days of [30, 15, 7, 3, 1, 0, -5])
				await site.setClock(lapses - days * DAY + 1000);
			assert.deepEqual(await told(old), ['90', '60']);
			assert.deepEqual(await told(renewal), []);
			const end = await endOf(renewal.view.serial, site);
			assert.ok(end > lapses + 364 * DAY);
			await site.setClock(end - 90 * DAY);
			await site.advance(HOUR);
			assert.deepEqual([await told(old), await told(renewal)], [['90', '60'], ['90']]);
		} finally {
			await site.remove();
		}
	});

	await check('a hold that will end in revocation: its holder is told seven days before, once a hold, and not when it was lifted', async () => {
		const forgotten = await (await world.draft()).through('confirmed'), fetched = await (await world.draft()).through('confirmed');
		const freeze = async (one) => (await world.service('freeze', one, { by: await world.officer('clerk'), form: { remark: '法院协助执行通知书' } })).through('completed');
		// When they were told, and what is said.
		const warned = async (one) => expectStatus(await one.client.get(`${one.path}/messages?limit=200`), 200).items.filter((m) => m.template === 'certificate.hold_ending');
		const status = async (one) => expectStatus(await world.public.get(`/api/v1/certificates/${one.view.serial}`), 200);
		await freeze(forgotten);
		await freeze(fetched);
		const ends = Date.parse((await status(forgotten)).revoked_at) + 30 * DAY;
		await (await world.service('unfreeze', fetched, { by: await world.officer('clerk') })).through('completed');
		await world.setClock(ends - 7 * DAY - HOUR);
		assert.deepEqual([(await warned(forgotten)).length, (await warned(fetched)).length], [0, 0]);
		await freeze(fetched);
		await world.setClock(ends - 7 * DAY);
		await world.site.restart();
		await world.setClock(ends - 6 * DAY);
		const [one, ...more] = await warned(forgotten);
		assert.deepEqual([more.length, (await warned(fetched)).length], [0, 0]);
		assert.match(one.title, /7 天后撤销/);
		assert.ok(one.text.includes(forgotten.view.serial) && one.text.includes('解冻'), one.text);
		assert.equal((await status(forgotten)).status, 'held');
		await world.setClock(ends + HOUR);
		assert.equal((await status(forgotten)).status, 'revoked');
		/* The second hold has its own thirty days and its own warning. */
		await world.setClock(ends + 17 * DAY);
		assert.equal((await warned(fetched)).length, 1);
		assert.equal((await warned(forgotten)).length, 1);
	});

	await check('the server is well: no sanitizer report', () =>
		assert.equal(world.site.log.match(/AddressSanitizer|LeakSanitizer|runtime error|job.failed/g), null, world.site.log.slice(-2000)));
} finally {
	await world.remove();
}
