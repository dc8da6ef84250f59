// 信息变更: new data in a new certificate; the old one is revoked in the transaction that stores it.
import { creditCode } from './lib/forms.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { day, expectCertificate, status } from './lib/service.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const length = (view) => Math.round((Date.parse(view.not_after) - Date.parse(view.not_before)) / day);
// Asked for without a session: who signs in with which certificate is not what this is about.
const changed = async (application, form) => (await world.service('change', application, { by: null, form })).through('issued');

try {
	const company = await (await world.draft()).through('confirmed');

	await check('信息变更: another name; the old certificate is revoked affiliationChanged, its sessions end, the holder stays the same', async () => {
		await world.ready(company.holder);
		const change = await world.service('change', company, { form: { name: '虚构改名置业有限公司' } });
		await change.through('reviewed');
		await expectCertificate(world, company.view.serial, 'valid');
		expectStatus(await (await world.ready(company.holder)).get('/api/v1/session'), 200);
		await change.through('issued');
		await expectCertificate(world, company.view.serial, 'revoked', 'affiliationChanged');
		await expectCertificate(world, change.view.serial, 'valid');
		assert.match(change.identity.certificate.subject, /虚构改名置业有限公司/);
		expectProblem(await company.holder.get('/api/v1/session'), 401, 'login.required');
		assert.equal(change.holder.subject, company.holder.subject);
		const found = expectStatus(await (await world.officer('clerk')).get(`/api/v1/subjects?query=${encodeURIComponent('虚构改名')}`), 200);
		assert.equal((found.items ?? found)[0].subject, company.holder.subject);
		change.view.form.name = '虚构改名置业有限公司';
		await change.through('confirmed');
		company.now = change;
	});

	await check('信息变更: another credit code only with the clerk\'s override, and never another holder\'s', async () => {
		const before = company.now;
		const other = await (await world.draft()).through('confirmed');
		await world.ready(before.holder);
		const foreign = await world.service('change', before, { form: { uscc: other.view.form.uscc } });
		expectProblem(await foreign.submit(), 422, 'identity.other_holder', '/form/uscc');
		const change = await world.service('change', before, { form: { uscc: creditCode(777) } });
		await change.through('submitted');
		assert.deepEqual(change.view.warnings, [{ pointer: '/form/uscc', code: 'identity.other_holder' }]);
		expectProblem(await change.accept(), 422, 'identity.other_holder', '/form/uscc');
		change.view = expectStatus(await change.accept({ overrides: [{ field: '/form/uscc', reason: '营业执照换证,原件已核' }] }), 200);
		await change.through('issued');
		assert.equal(change.holder.subject, before.holder.subject);
		await expectCertificate(world, before.view.serial, 'revoked', 'affiliationChanged');
	});

	await check('信息变更 buys no more time: the new certificate ends when the old one would have, a begun day counted whole', async () => {
		const one = await (await world.draft()).through('confirmed');
		const before = await status(world, one.view.serial), end = Date.parse(before.not_after);
		assert.equal(length(before), 365);
		await world.setClock(end - 100 * day - day / 2);
		const change = await changed(one, { name: '虚构更名一号有限公司' });
		const after = await status(world, change.view.serial);
		assert.equal(length(after), 101);
		assert.ok(Date.parse(after.not_after) >= end - 1000 && Date.parse(after.not_after) < end + day, `${before.not_after} → ${after.not_after}`);
		await expectCertificate(world, one.view.serial, 'revoked', 'affiliationChanged');

		const last = Date.parse(after.not_after);
		await world.setClock(last - 2 * 3600000);
		const late = await status(world, (await changed(change, { name: '虚构更名二号有限公司' })).view.serial);
		assert.equal(length(late), 1);
	});
} finally {
	await world.remove();
}
