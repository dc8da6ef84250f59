// 密钥恢复: there is no key to give back where none was escrowed; nothing changes, and reviewers reject with the reason.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { expectCertificate } from './lib/service.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
try {
	await check('密钥恢复: refused key.not_escrowed, nothing changes; rejected then', async () => {
		const company = await (await world.draft()).through('confirmed');
		await world.ready(company.holder);
		const recover = await (await world.service('recover_key', company)).through('reviewed');
		const { version } = await recover.refresh();
		expectProblem(await recover.serve('complete'), 422, 'key.not_escrowed', '/certificate');
		assert.equal((await recover.refresh()).version, version);
		expectStatus(await recover.sendBack('reject', 'reviewer', { reason: '该证书密钥由用户自行产生，未托管' }), 200);
		assert.equal((await recover.refresh()).state, 'rejected');
		await expectCertificate(world, company.view.serial, 'valid');
	});
} finally {
	await world.remove();
}
