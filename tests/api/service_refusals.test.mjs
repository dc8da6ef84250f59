// What is refused, and that a refusal changes nothing.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { creditCode, residentId } from './lib/forms.mjs';
import { expectCertificate } from './lib/service.mjs';
import { hex } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
// The refusal, and the application as it was before.
async function refused(application, act, ...problem) {
	const before = JSON.stringify(await application.refresh());
	expectProblem(await act(), ...problem);
	assert.equal(JSON.stringify(await application.refresh()), before);
}

try {
	const company = await (await world.draft()).through('confirmed');
	const person = await (await world.draft('person')).through('confirmed');
	const about = (of, service, more = {}) => ({ kind: of.view.kind, form: of.view.form, service, certificate: of.view.serial, ...more });

	await check('a service is asked for with what it needs: service, certificate, code, language', async () => {
		const cases = [
			[{ service: 'polish' }, 422, 'field.value', '/service'],
			[{ certificate: undefined }, 422, 'field.missing', '/certificate'],
			[{ certificate: '00'.repeat(20) }, 404, 'certificate.unknown', '/certificate'],
			[{ service: 'issue' }, 422, 'field.value', '/certificate'],
			[{ kind: 'person', form: person.view.form }, 422, 'field.value', '/certificate'],
			[{ origin_access_code: 'AAAA-BBBB-CCCC-DDDD' }, 401, 'application.access_code', '/origin_access_code'],
			[{ origin_access_code: person.byCode.accessCode }, 401, 'application.access_code', '/origin_access_code'],
			[{ certificate: undefined, service: 'issue', origin_access_code: company.byCode.accessCode }, 422, 'field.value', '/origin_access_code'],
			[{ language: 'fr' }, 422, 'field.value', '/language'],
			[{ anything: 1 }, 422, 'field.unknown', '/anything'],
		];
		for (const [changes, ...problem] of cases)
			expectProblem(await world.ask(null, about(company, 'cancel', changes)), ...problem);
	});

	await check('a certificate of an officer is nobody\'s target', async () => {
		const clerk = await world.officer('clerk');
		const serial = clerk.identity.certificate.serialNumber.toLowerCase().padStart(40, '0');
		expectProblem(await world.ask(null, about(company, 'freeze', { certificate: serial })), 404, 'certificate.unknown', '/certificate');
	});

	await check('foreign certificate: a holder\'s session asks for its own only', async () => {
		await world.ready(company.holder);
		expectProblem(await world.ask(company.holder, about(person, 'report_loss')), 403, 'permission.denied', '/certificate');
		await expectCertificate(world, person.view.serial, 'valid');
	});

	await check('number mismatch: the form names another holder than the certificate', async () => {
		const other = await world.service('cancel', company, { by: null, form: { uscc: creditCode(4711) } });
		await refused(other, () => other.submit(), 422, 'identity.other_holder', '/form/uscc');
		const renamed = await world.service('renew', company, { by: null, form: { name: '虚构换名置业有限公司' } });
		await refused(renamed, () => renamed.submit(), 422, 'identity.other_holder', '/form/name');
		const somebody = await world.service('cancel', person, { by: null, form: { id_number: residentId('1970-01-01', 555) } });
		await refused(somebody, () => somebody.submit(), 422, 'identity.other_holder', '/form/id_number');
	});

	await check('several copies are for new certificates only', async () => {
		const renewal = await world.service('renew', company, { by: null, form: { copies: 2 } });
		await refused(renewal, () => renewal.submit(), 422, 'field.value', '/form/copies');
	});

	await check('wrong service: a request where none is needed, none where one is, the other kind of approval', async () => {
		const cancel = await (await world.service('cancel', company, { by: null })).through('paid');
		const { hash } = await cancel.request();
		await refused(cancel, async () => (await world.officer('reviewer')).act(`${cancel.path}/review`, 'application.review',
			{ application: cancel.id, request: hash, profile: 'organization', profile_version: 1 }), 409, 'application.state');
		await refused(cancel, () => cancel.serve('service-review', 'reviewer', { answer: 'x' }), 422, 'field.unknown', '/statement/answer');
		const renewal = await world.service('renew', company, { by: null });
		await refused(renewal, () => renewal.client.post(`${renewal.path}/submit`, {}), 422, 'field.missing', '/statement');
		await renewal.through('paid');
		await refused(renewal, () => renewal.serve('service-review'), 409, 'application.state');
		await refused(renewal, () => renewal.lodge(), 409, 'application.state');
		expectStatus(await cancel.withdraw(), 200);
		expectStatus(await renewal.withdraw(), 200);
	});

	await check('wrong state: out of turn, and after the end', async () => {
		const cancel = await world.service('cancel', company, { by: null });
		await refused(cancel, () => cancel.accept(), 409, 'application.state');
		await cancel.through('submitted');
		await refused(cancel, () => cancel.serve('service-review'), 409, 'application.state');
		await refused(cancel, () => cancel.serve('complete'), 409, 'application.state');
		expectStatus(await cancel.withdraw(), 200);
		for (const act of [() => cancel.withdraw(), () => cancel.accept(), () => cancel.submit(), () => cancel.serve('complete'),
			() => cancel.sendBack('return'), () => cancel.sendBack('reject', 'reviewer')])
			await refused(cancel, act, 409, 'application.state');
		assert.equal(cancel.view.state, 'withdrawn');
	});

	await check('same person twice: who accepted does not review, who reviewed does not complete', async () => {
		await world.giveRole('reviewer', 'clerk');
		await world.giveRole('reviewer', 'issuer');
		const one = await (await world.service('cancel', company, { by: null })).through('submitted');
		one.view = expectStatus(await one.accept({}, 'reviewer'), 200);
		await refused(one, () => one.serve('service-review'), 403, 'approval.same_person');
		const two = await (await world.service('cancel', company, { by: null })).through('reviewed');
		await refused(two, () => two.serve('complete', 'reviewer'), 403, 'approval.same_person');
		await expectCertificate(world, company.view.serial, 'valid');
		expectStatus(await one.withdraw(), 200);
		expectStatus(await two.withdraw(), 200);
	});

	await check('stale version: what was returned and changed is not the request that was approved', async () => {
		const cancel = await (await world.service('cancel', company, { by: null })).through('paid');
		const { hash } = await cancel.request();
		expectStatus(await cancel.sendBack('return'), 200);
		await cancel.refresh();
		cancel.view = expectStatus(await cancel.edit({ ...cancel.view.form, remark: '改' }), 200);
		await cancel.through('paid');
		await refused(cancel, () => cancel.serve('service-review', 'reviewer', { request: hash }), 422, 'statement.target', '/statement/request');
		const { version } = await cancel.refresh();
		const statement = async () => (await world.officer('clerk')).act(`${cancel.path}/return`, 'application.return',
			{ application: cancel.id, version: version - 1, reason: '旧' });
		await refused(cancel, statement, 422, 'statement.target', '/statement/version');
		await refused(cancel, () => cancel.edit(cancel.view.form), 409, 'application.state');
	});

	await check('a certificate that changed state meanwhile stops what was asked for it', async () => {
		const mine = await (await world.draft()).through('confirmed');
		const change = await (await world.service('change', mine, { by: null, form: { address: '太仓市虚构路99号' } })).through('reviewed');
		const cancel = await (await world.service('cancel', mine, { by: null })).through('reviewed');
		expectStatus(await mine.revoke(), 200);
		await refused(change, () => change.approve('issue'), 409, 'certificate.state', '/certificate');
		await refused(cancel, () => cancel.serve('complete'), 409, 'certificate.state', '/certificate');
		expectStatus(await cancel.sendBack('reject', 'reviewer'), 200);
	});

	await check('withdraw after issuing is refused; a session signs its withdrawal', async () => {
		const mine = await (await world.draft()).through('issued');
		expectProblem(await mine.withdraw(), 409, 'application.state');
		await mine.through('confirmed');
		await world.ready(mine.holder);
		const cancel = await (await world.service('cancel', mine)).through('submitted');
		expectProblem(await cancel.client.post(`${cancel.path}/withdraw`, {}), 422, 'field.missing', '/statement');
		expectProblem(await cancel.client.act(`${cancel.path}/withdraw`, 'application.withdraw', { application: cancel.id, version: 1 }), 422, 'statement.target', '/statement/version');
		expectProblem(await (await world.officer('clerk')).post(`${cancel.path}/withdraw`, {}), 403, 'permission.denied');
		expectProblem(await person.byCode.post(`${cancel.path}/withdraw`, {}), 401, 'application.access_code');
		const gone = expectStatus(await cancel.withdraw('留着'), 200);
		assert.deepEqual(gone.withdrawn, { reason: '留着' });
	});

	await check('a submission in a session is signed with the certificate of the session, over this application', async () => {
		await world.ready(company.holder);
		const cancel = await world.service('cancel', company);
		await refused(cancel, () => cancel.client.post(`${cancel.path}/submit`, {}), 422, 'field.missing', '/statement');
		await refused(cancel, () => cancel.submit({ members: { service: 'freeze' } }), 422, 'statement.target', '/statement/service');
		await refused(cancel, () => cancel.submit({ members: { certificate: person.view.serial } }), 422, 'statement.target', '/statement/certificate');
		await refused(cancel, () => cancel.submit({ members: { form: hex('x') } }), 422, 'statement.target', '/statement/form');
		expectStatus(await cancel.submit(), 200);
	});
} finally {
	await world.remove();
}
