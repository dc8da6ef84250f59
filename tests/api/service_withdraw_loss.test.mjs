// 解挂: the hold of a report of loss is lifted.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { expectCertificate, logOut } from './lib/service.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
try {
	await check('解挂: found again; the certificate is good, logs in, and leaves the CRL', async () => {
		const company = await (await world.draft()).through('confirmed');
		const code = { by: null, origin_access_code: company.client.accessCode };
		await (await world.service('report_loss', company, code)).through('submitted');
		await expectCertificate(world, company.view.serial, 'held', 'certificateHold');
		const found = await world.service('withdraw_loss', company, code);
		await found.through('accepted').catch(() => {});
		// Nothing to pay: acceptance leads straight on.
		assert.equal(found.view.state, 'paid');
		assert.equal(found.view.amount_fen, '0');
		await found.through('reviewed');
		await expectCertificate(world, company.view.serial, 'held', 'certificateHold');
		await found.through('completed');
		await expectCertificate(world, company.view.serial, 'valid');
		logOut(company);
		expectStatus(await (await world.ready(company.holder)).get('/api/v1/session'), 200);
	});

	await check('解挂 does not lift a freeze, and a certificate that is not held has nothing to lift', async () => {
		const company = await (await world.draft()).through('confirmed');
		const body = { kind: 'organization', form: company.view.form, certificate: company.view.serial };
		expectProblem(await world.ask(null, { ...body, service: 'withdraw_loss' }), 409, 'certificate.state', '/certificate');
		const freeze = await world.service('freeze', company, { by: await world.officer('clerk') });
		freeze.view = expectStatus(await freeze.lodge(), 200);
		expectProblem(await world.ask(null, { ...body, service: 'withdraw_loss' }), 409, 'certificate.state', '/certificate');
		await (await world.service('unfreeze', company, { by: null })).through('submitted');
	});
} finally {
	await world.remove();
}
