// 冻结, 解冻: lodged at the counter by the authority or on a third authority's order, or asked by the holder.
import { expectStatus } from './lib/expect.mjs';
import { expectCertificate } from './lib/service.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
try {
	await check('冻结 by the authority: an officer lodges it, the certificate is held at once; 解冻 lifts it by two officers', async () => {
		const company = await (await world.draft()).through('confirmed');
		const freeze = await world.service('freeze', company, { by: await world.officer('clerk'), form: { remark: '法院协助执行通知书' } });
		freeze.view = expectStatus(await freeze.lodge(), 200);
		await expectCertificate(world, company.view.serial, 'held', 'certificateHold');
		await freeze.through('completed');
		const unfreeze = await world.service('unfreeze', company, { by: await world.officer('clerk') });
		unfreeze.view = expectStatus(await unfreeze.lodge(), 200);
		await unfreeze.through('reviewed');
		await expectCertificate(world, company.view.serial, 'held', 'certificateHold');
		await unfreeze.through('completed');
		await expectCertificate(world, company.view.serial, 'valid');
		assert.deepEqual(unfreeze.view.history.map((h) => h.act),
			['application.create', 'application.lodge', 'application.accept', 'service.review', 'service.complete']);
	});

	await check('冻结 by a stranger holds nothing until acceptance', async () => {
		const person = await (await world.draft('person')).through('confirmed');
		const freeze = await (await world.service('freeze', person, { by: null })).through('submitted');
		await expectCertificate(world, person.view.serial, 'valid');
		expectStatus(await freeze.accept(), 200);
		await expectCertificate(world, person.view.serial, 'held', 'certificateHold');
	});
} finally {
	await world.remove();
}
