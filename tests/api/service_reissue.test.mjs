// 补办: a new key for what was lost or damaged; the old certificate is revoked when the new one is stored.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { expectCertificate, logOut } from './lib/service.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
try {
	await check('补办 of what was lost and reported: the old certificate goes from hold to revoked keyCompromise', async () => {
		const company = await (await world.draft()).through('confirmed');
		const code = { by: null, origin_access_code: company.client.accessCode };
		await (await world.service('report_loss', company, code)).through('completed');
		const reissue = await world.service('reissue', company, { ...code, cause: 'lost' });
		await reissue.through('submitted');
		assert.equal(reissue.view.amount_fen, '30000');
		await reissue.through('issued');
		await expectCertificate(world, company.view.serial, 'revoked', 'keyCompromise');
		await expectCertificate(world, reissue.view.serial, 'valid');
		assert.equal(reissue.holder.subject, company.holder.subject);
		await reissue.through('confirmed');
		logOut(company);
		expectProblem(await company.holder.login(), 403, 'certificate.revoked');
	});

	await check('补办 of what was damaged: superseded; the cause is needed, and is part of what is signed', async () => {
		const person = await (await world.draft('person')).through('confirmed');
		const body = { kind: 'person', form: person.view.form, service: 'reissue', certificate: person.view.serial };
		expectProblem(await world.ask(null, body), 422, 'field.missing', '/cause');
		expectProblem(await world.ask(null, { ...body, cause: 'bored' }), 422, 'field.value', '/cause');
		expectProblem(await world.ask(null, { ...body, service: 'renew', cause: 'lost' }), 422, 'field.value', '/cause');
		const reissue = await world.service('reissue', person, { by: null, cause: 'damaged' });
		const document = JSON.parse((await reissue.client.get(`${reissue.path}/form-document`)).bytes);
		assert.equal(document.cause, 'damaged');
		assert.equal(document.certificate, person.view.serial);
		await reissue.through('issued');
		await expectCertificate(world, person.view.serial, 'revoked', 'superseded');
	});
} finally {
	await world.remove();
}
