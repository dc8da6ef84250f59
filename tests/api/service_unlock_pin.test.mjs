// 解锁（解密）: two approvals open a ticket; what the ticket does is another story.
import { expectStatus, expectTold } from './lib/expect.mjs';
import { expectCertificate } from './lib/service.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
try {
	await check('解锁: paid, approved by two; approved is not completed, and the certificate stays as it is', async () => {
		const company = await (await world.draft()).through('confirmed');
		const unlock = await world.service('unlock_pin', company, { by: await world.officer('clerk'), form: { token: 'CARD0001' } });
		unlock.view = expectStatus(await unlock.lodge(), 200);
		assert.equal(unlock.view.amount_fen, '2000');
		await unlock.through('reviewed');
		unlock.view = expectStatus(await unlock.serve('complete'), 200);
		assert.equal(unlock.view.state, 'approved');
		await expectTold(unlock, 'token.ticket', /介质（序列号 CARD0001）到受理点设置新 PIN，仅限一次/);
		await expectCertificate(world, company.view.serial, 'valid');
	});
} finally {
	await world.remove();
}
