// 挂失: a hold at once for who is known to ask, at acceptance for anybody else.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { expectCertificate } from './lib/service.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const lose = (of, options) => world.service('report_loss', of, options);
try {
	await check('挂失 with the access code of the certificate\'s application: held in the submission, sessions end', async () => {
		const company = await (await world.draft()).through('confirmed');
		const report = await lose(company, { by: null, origin_access_code: company.client.accessCode });
		await expectCertificate(world, company.view.serial, 'valid');
		await report.through('submitted');
		assert.equal(report.view.amount_fen, '2000');
		await expectCertificate(world, company.view.serial, 'held', 'certificateHold');
		assert.equal((await company.holder.get('/api/v1/session')).status >= 401, true);
		expectProblem(await company.holder.login(), 403, 'certificate.held');
		await report.through('completed');
		await expectCertificate(world, company.view.serial, 'held', 'certificateHold');
	});

	await check('挂失 in a session of the same holder: signed with the certificate, held at once', async () => {
		const person = await (await world.draft('person')).through('confirmed');
		await world.ready(person.holder);
		const report = await lose(person);
		assert.equal(report.view.authenticated, 'certificate');
		await report.through('submitted');
		await expectCertificate(world, person.view.serial, 'held', 'certificateHold');
	});

	await check('挂失 at the counter: the clerk lodges it, held at once', async () => {
		const company = await (await world.draft()).through('confirmed');
		const report = await lose(company, { by: await world.officer('clerk') });
		assert.equal(report.view.authenticated, 'counter');
		report.view = expectStatus(await report.lodge(), 200);
		await expectCertificate(world, company.view.serial, 'held', 'certificateHold');
	});

	await check('挂失 by a stranger holds nothing until a clerk has seen the originals', async () => {
		const company = await (await world.draft()).through('confirmed');
		const report = await lose(company, { by: null });
		assert.equal(report.view.authenticated, 'none');
		await report.through('submitted');
		await expectCertificate(world, company.view.serial, 'valid');
		expectStatus(await (await world.ready(company.holder)).get('/api/v1/session'), 200);
		await report.through('accepted');
		await expectCertificate(world, company.view.serial, 'held', 'certificateHold');
	});

	await check('挂失 withdrawn: the hold stays until it is lifted by a service of its own', async () => {
		const company = await (await world.draft()).through('confirmed');
		const report = await lose(company, { by: null, origin_access_code: company.client.accessCode });
		await report.through('submitted');
		expectStatus(await report.withdraw('找到了'), 200);
		await expectCertificate(world, company.view.serial, 'held', 'certificateHold');
	});
} finally {
	await world.remove();
}
