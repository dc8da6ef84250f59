// The people behind holders and officers: who stood for an organisation and when, and which human an officer is.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expectProblem, expectStatus } from './lib/expect.mjs';
import { organizationForm, personForm } from './lib/forms.mjs';
import { program } from './lib/site.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const run = promisify(execFile), api = '/api/v1';
const clerk = await world.officer('clerk');
const personOf = async (officer) => expectStatus(await (await world.officer(officer)).get(`${api}/session`), 200).person;

try {
	await check('the people of a form are records of their own, without numbers; a person applies for himself', async () => {
		const form = organizationForm(1);
		const holder = await world.certify('organization');
		const { subject } = expectStatus(await holder.get(`${api}/session`), 200);
		const view = expectStatus(await clerk.get(`${api}/subjects/${subject}/people`), 200);
		assert.equal(view.kind, 'organization');
		assert.deepEqual(view.people.map(({ role, name }) => ({ role, name })), [
			{ role: 'legal_representative', name: form.legal_rep_name }, { role: 'operator', name: form.operator_name },
		]);
		assert.deepEqual(view.names.map(({ name }) => name), [view.name]);
		for (const secret of [form.legal_rep_id, form.operator_id, form.operator_mobile, form.operator_email])
			assert.ok(!JSON.stringify(view).includes(secret));
		const person = await world.certify('person');
		const own = expectStatus(await person.get(`${api}/session`), 200).subject;
		assert.deepEqual(expectStatus(await clerk.get(`${api}/subjects/${own}/people`), 200).people.map(({ role }) => role), ['holder']);
	});

	await check('a later form with another operator and name opens new records and keeps the old ones', async () => {
		const first = organizationForm(21);
		const holder = await world.certify('organization', first);
		const { subject } = expectStatus(await holder.get(`${api}/session`), 200);
		await world.advance(60000);
		await world.certify('organization', { ...first, name: '太仓虚构更名置业有限公司', operator_name: '虚构钱五', operator_id: personForm(30).id_number });
		const view = expectStatus(await clerk.get(`${api}/subjects/${subject}/people`), 200);
		assert.deepEqual(view.names.map(({ name }) => name), [first.name, '太仓虚构更名置业有限公司']);
		const operators = view.people.filter(({ role }) => role === 'operator');
		assert.equal(operators.length, 2);
		assert.equal(operators[0].until, operators[1].from);
		assert.equal(operators[1].until, undefined);
		assert.notEqual(operators[0].person, operators[1].person);
		assert.equal(view.people.filter(({ role }) => role === 'legal_representative').length, 1);
	});

	await check('who stands for whom is for clerk, reviewer and auditor; an unknown holder is 404', async () => {
		expectProblem(await (await world.officer('cashier')).get(`${api}/subjects/${randomUUID()}/people`), 403, 'permission.denied');
		expectProblem(await (await world.officer('auditor')).get(`${api}/subjects/${randomUUID()}/people`), 404, 'not_found');
		expectProblem(await world.public.get(`${api}/subjects/${randomUUID()}/people`), 401, 'login.required');
	});

	await check('who an officer is, two administrators say; one human is not two officers', async () => {
		const person = await personOf('reviewer'), number = 'resident_id:320599197001010370';
		expectProblem(await world.identifyOfficer(person, number, { signers: ['administrator', 'administrator'] }), 403, 'approval.same_person');
		expectProblem(await world.identifyOfficer(person, number, { signers: ['administrator', 'auditor'] }), 403, 'permission.denied');
		expectProblem(await world.identifyOfficer(randomUUID(), number), 404, 'not_found');
		assert.deepEqual(expectStatus(await world.identifyOfficer(person, number), 200), { person, identified: true });
		expectStatus(await world.identifyOfficer(person, number), 200);
		expectProblem(await world.identifyOfficer(await personOf('issuer'), number), 403, 'approval.same_person');
	});

	await check('the command line asks for the number, hashes it on this machine, and sends what two administrators signed', async () => {
		const person = await personOf('cashier'), number = join(world.site.top, 'number');
		writeFileSync(number, personForm(44).id_number, { mode: 0o600 });
		const diqi = (as, ...words) => run(program, [...words, '--server', world.site.url, '--as', join(world.site.dir, `officers/${as}.p12`)]);
		const files = ['first.jws', 'second.jws'].map((name) => join(world.site.top, name));
		for (const [i, as] of ['administrator', 'administrator-2'].entries())
			await diqi(as, 'officer', 'identify', person, files[i], '--number-file', number);
		assert.ok(!files.some((f) => Buffer.from(readFileSync(f, 'utf8').split('.')[1], 'base64url').includes(personForm(44).id_number)));
		assert.match((await diqi('administrator', 'officer', 'identified', ...files)).stdout, /identified: yes/);
		writeFileSync(number, '320599197001010000');
		await assert.rejects(diqi('administrator', 'officer', 'identify', person, join(world.site.top, 'third.jws'), '--number-file', number), /identity\.resident_id|身份证/);
		expectProblem(await world.identifyOfficer(await personOf('auditor'), `resident_id:${personForm(44).id_number}`), 403, 'approval.same_person');
	});

	await check('an officer decides nothing of his own: neither as person of the form, nor as operator or legal representative', async () => {
		const own = { issuer: personForm(41), clerk: organizationForm(42, { operator_id: personForm(43).id_number }) };
		expectStatus(await world.identifyOfficer(await personOf('issuer'), `resident_id:${own.issuer.id_number}`), 200);
		expectStatus(await world.identifyOfficer(await personOf('clerk'), `resident_id:${own.clerk.operator_id}`), 200);
		const his = await (await world.draft('person', own.issuer)).through('reviewed');
		expectProblem(await his.approve('issue', 'issuer'), 403, 'approval.own_application');
		const theirs = await (await world.draft('organization', own.clerk)).through('submitted');
		expectProblem(await theirs.accept(), 403, 'approval.own_application');
	});
} finally {
	await world.remove();
}
