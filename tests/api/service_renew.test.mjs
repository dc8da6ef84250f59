// 延期: a year beyond the old certificate's end, which stays good to its end.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { day, expectCertificate, status } from './lib/service.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const days = (view) => Math.round((Date.parse(view.not_after) - Date.parse(view.not_before)) / day);
try {
	const old = await (await world.draft()).through('confirmed');

	await check('延期: renewed early, the new certificate has the days that the old one has left and a year more', async () => {
		const before = await status(world, old.view.serial);
		assert.equal(days(before), 365);
		await world.setClock(Date.parse(before.not_after) - 60 * day);
		await world.ready(old.holder);
		const renewal = await world.service('renew', old);
		assert.equal(renewal.view.authenticated, 'certificate');
		assert.equal(renewal.view.service_label, '延期');
		await renewal.through('submitted');
		assert.equal(renewal.view.amount_fen, '25000');
		await renewal.through('confirmed');
		const left = Math.floor((Date.parse(before.not_after) - await world.now()) / day);
		assert.equal(left, 60);
		assert.equal(days(await status(world, renewal.view.serial)), 365 + left);
		await expectCertificate(world, old.view.serial, 'valid');
		await expectCertificate(world, renewal.view.serial, 'valid');
		assert.equal(renewal.holder.subject, old.holder.subject);
	});

	await check('延期: not longer than the profile allows, however early', async () => {
		const young = await (await world.draft('person')).through('confirmed');
		const renewal = await (await world.service('renew', young, { by: null })).through('issued');
		assert.equal(days(await status(world, renewal.view.serial)), 460);
	});

	await check('延期: with the access code of the old application; lapsed for 90 days it is renewed, later no more', async () => {
		const lapsing = await (await world.draft('person')).through('confirmed');
		const end = Date.parse((await status(world, lapsing.view.serial)).not_after);
		const by = { by: null, origin_access_code: lapsing.client.accessCode };
		const body = { kind: 'person', form: lapsing.view.form, service: 'renew', certificate: lapsing.view.serial, origin_access_code: lapsing.client.accessCode };
		await world.setClock(end + 89 * day);
		const late = await world.service('renew', lapsing, by);
		assert.equal(late.view.authenticated, 'access_code');
		await late.through('submitted');
		await world.setClock(end + 91 * day);
		expectProblem(await world.ask(null, body), 409, 'certificate.state', '/certificate');
	});
} finally {
	await world.remove();
}
