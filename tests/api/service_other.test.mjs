// 其它: a question, with or without a certificate, answered by an officer.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
try {
	await check('其它: answered by a clerk or reviewer; the applicant reads the answer', async () => {
		const question = await world.draft('organization', { remark: '如何开具发票？' }, { service: 'other', language: 'en' });
		assert.equal(question.view.service_label, 'Other');
		await question.through('paid');
		expectProblem(await question.serve('complete', 'reviewer'), 422, 'field.missing', '/statement/answer');
		expectProblem(await question.serve('complete', 'reviewer', { answer: ' ' }), 422, 'field.missing', '/statement/answer');
		expectProblem(await question.serve('complete', 'issuer', { answer: '不行' }), 403, 'permission.denied');
		expectStatus(await question.serve('complete', 'clerk', { answer: '请凭收据到窗口申请' }), 200);
		const seen = await question.refresh();
		assert.equal(seen.state, 'completed');
		assert.equal(seen.answer, '请凭收据到窗口申请');
	});

	await check('其它 about a certificate that is revoked is possible', async () => {
		const person = await (await world.draft('person')).through('confirmed');
		expectStatus(await person.revoke(), 200);
		const question = await (await world.service('other', person, { by: null })).through('paid');
		expectStatus(await question.serve('complete', 'reviewer', { answer: '已注销' }), 200);
	});
} finally {
	await world.remove();
}
