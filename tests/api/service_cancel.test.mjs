// 注销: revoked for good by two officers, asked by the holder.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { expectCertificate, logOut } from './lib/service.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
try {
	const company = await (await world.draft()).through('confirmed');

	await check('注销: free, revoked cessationOfOperation when completed, not before', async () => {
		await world.ready(company.holder);
		const cancel = await world.service('cancel', company);
		await cancel.through('reviewed');
		assert.equal(cancel.view.amount_fen, '0');
		const request = JSON.parse((await cancel.request()).request);
		assert.deepEqual(request.certificates, [company.view.serial]);
		assert.equal(request.act, 'revoke');
		assert.equal(request.reason, 'cessationOfOperation');
		await expectCertificate(world, company.view.serial, 'valid');
		cancel.view = expectStatus(await cancel.serve('complete'), 200);
		assert.equal(cancel.view.state, 'completed');
		await expectCertificate(world, company.view.serial, 'revoked', 'cessationOfOperation');
		logOut(company);
		expectProblem(await company.holder.login(), 403, 'certificate.revoked');
	});

	await check('注销 twice: what is cancelled cannot be asked for again', async () => {
		expectProblem(await world.ask(null, { kind: 'organization', form: company.view.form, service: 'cancel', certificate: company.view.serial }),
			409, 'certificate.state', '/certificate');
	});
} finally {
	await world.remove();
}
