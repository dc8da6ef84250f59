// 所需资料: which papers a service needs, and that nothing is accepted without them.
import { execFileSync } from 'node:child_process';

import { expectProblem, expectStatus } from './lib/expect.mjs';
import { residentId } from './lib/forms.mjs';
import { program } from './lib/site.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const required = async (service, kind) => expectStatus(await world.public.get(`/api/v1/papers?service=${service}&kind=${kind}`), 200).items[0].needs;
const names = (needs) => Object.fromEntries(needs.map((n) => [n.need, n.any.map((choice) => choice.map((i) => i.paper))]));
const seen = (paper, copies = 1, original = true) => ({ paper, original, copies });
const services = ['issue', 'renew', 'change', 'report_loss', 'withdraw_loss', 'reissue', 'cancel', 'unlock_pin', 'freeze', 'unfreeze', 'other', 'recover_key'];

try {
	await check('企业办理: licence and organisation code certificate, or the licence with the unified code; form ×1; contract ×2', async () => {
		const needs = await required('issue', 'organization');
		assert.deepEqual(names(needs), {
			registration: [['uscc_licence'], ['business_licence', 'organization_code_certificate']],
			form: [['organization_form']], contract: [['service_contract']], authorization: [['power_of_attorney']],
		});
		assert.deepEqual(needs.find((n) => n.need === 'contract').any[0][0].copies, 2);
		assert.ok(needs[0].any.flat().every((i) => i.original && i.copies === 1 && !i.scan));
	});

	await check('个人办理: identity document, form ×1, contract ×2', async () => {
		const needs = await required('issue', 'person');
		assert.deepEqual(names(needs), { identity: [['identity_card']], form: [['person_form']], contract: [['service_contract']] });
		assert.equal(needs[2].any[0][0].copies, 2);
	});

	await check('日常服务: organisation code and tax certificates or the licence with the unified code, the operator\'s identity card, the form', async () => {
		for (const service of ['unlock_pin', 'reissue', 'change', 'renew', 'report_loss']) {
			const { registration, operator, form } = names(await required(service, 'organization'));
			assert.deepEqual(registration, [['uscc_licence'], ['organization_code_certificate', 'tax_certificate']], service);
			assert.deepEqual([operator, form], [[['operator_identity_card']], [['organization_form']]], service);
		}
	});

	await check('冻结: an order of an authority does instead of the holder\'s papers', async () => {
		for (const need of await required('freeze', 'organization'))
			assert.ok(need.any.some((choice) => choice.length === 1 && choice[0].paper === 'court_order' && choice[0].original));
	});

	await check('every service says what it needs of both kinds, in Chinese and English; unknown ones are refused', async () => {
		const all = expectStatus(await world.public.get('/api/v1/papers'), 200);
		assert.deepEqual(all.items.map((i) => `${i.service} ${i.kind}`), services.flatMap((s) => [`${s} organization`, `${s} person`]));
		const known = new Set(all.papers.map((p) => p.paper));
		assert.ok(all.papers.every((p) => p.zh && p.en) && all.items.every((i) => i.needs.every((n) => n.source && n.any.flat().every((p) => known.has(p.paper)))));
		expectProblem(await world.public.get('/api/v1/papers?service=rob'), 422, 'field.value', '/service');
		expectProblem(await world.public.get('/api/v1/papers?kind=robot'), 422, 'field.value', '/kind');
	});

	await check('acceptance names each paper that lacks, and changes nothing', async () => {
		const application = await (await world.draft('organization')).through('submitted');
		const all = await application.papers();
		assert.deepEqual(all.map((p) => p.paper), ['uscc_licence', 'organization_form', 'service_contract', 'power_of_attorney']);
		for (const left of all) {
			const problem = expectProblem(await application.accept({ papers: all.filter((p) => p !== left) }), 422, 'papers.missing', '/statement/papers');
			assert.ok(problem.detail.includes(left.paper), problem.detail);
		}
		const none = expectProblem(await application.accept({ papers: [] }), 422, 'papers.missing', '/statement/papers');
		assert.ok(all.every((p) => none.detail.includes(p.paper)), none.detail);
		assert.equal((await application.refresh()).state, 'submitted');
		assert.equal(application.view.papers, undefined);
	});

	await check('the original must have been seen, and the contract is in two copies', async () => {
		const application = await (await world.draft('organization')).through('submitted');
		const change = async (paper, changes) => (await application.papers()).map((p) => (p.paper === paper ? { ...p, ...changes } : p));
		expectProblem(await application.accept({ papers: await change('uscc_licence', { original: false }) }), 422, 'papers.missing', '/statement/papers');
		expectProblem(await application.accept({ papers: await change('uscc_licence', { copies: 0 }) }), 422, 'papers.missing', '/statement/papers');
		expectProblem(await application.accept({ papers: await change('service_contract', { copies: 1 }) }), 422, 'papers.missing', '/statement/papers');
		const view = expectStatus(await application.accept(), 200);
		assert.deepEqual(view.papers.map((p) => [p.paper, p.original, p.copies]),
			[['organization_form', true, 1], ['power_of_attorney', true, 1], ['service_contract', true, 2], ['uscc_licence', true, 1]]);
	});

	await check('三证合一: the three certificates of before do as well as the licence with the unified code; one alone does not', async () => {
		const application = await (await world.draft('organization')).through('submitted');
		const rest = [seen('organization_form'), seen('service_contract', 2), seen('power_of_attorney')];
		expectProblem(await application.accept({ papers: [seen('business_licence'), ...rest] }), 422, 'papers.missing', '/statement/papers');
		expectProblem(await application.accept({ papers: [seen('organization_code_certificate'), ...rest] }), 422, 'papers.missing', '/statement/papers');
		const view = expectStatus(await application.accept({ papers: [seen('business_licence'), seen('organization_code_certificate'), seen('tax_certificate'), ...rest] }), 200);
		assert.equal(view.papers.length, 6);
	});

	await check('授权委托书: asked where the operator is not the legal representative, else not', async () => {
		const id = residentId('1900-12-31', 3);
		const application = await (await world.draft('organization', { legal_rep_id: id, operator_id: id, operator_name: '虚构王三' })).through('submitted');
		assert.ok(!(await application.papers()).some((p) => p.paper === 'power_of_attorney'));
		expectStatus(await application.accept(), 200);
	});

	await check('papers that are not understood are named', async () => {
		const application = await (await world.draft('person')).through('submitted');
		const all = await application.papers();
		const bad = (papers, code, pointer) => application.accept({ papers }).then((reply) => expectProblem(reply, 422, code, pointer));
		await bad([...all, seen('driving_licence')], 'field.value', '/statement/papers/3/paper');
		await bad([...all, all[0]], 'field.value', '/statement/papers/3/paper');
		await bad([{ ...all[0], copies: -1 }], 'field.value', '/statement/papers/0');
		await bad([{ ...all[0], copies: '1' }], 'field.type', '/statement/papers/0/copies');
		await bad([{ paper: 'identity_card', copies: 1 }], 'field.missing', '/statement/papers/0/original');
		await bad([{ ...all[0], seal: true }], 'field.unknown', '/statement/papers/0/seal');
		await bad([{ ...all[0], scan: '00000000-0000-7000-8000-000000000000' }], 'field.value', '/statement/papers/0/scan');
		await bad('all', 'field.type', '/statement/papers');
		const clerk = await world.officer('clerk'), members = { application: application.id, version: application.view.version, form: await application.formHash() };
		expectProblem(await clerk.act(`${application.path}/accept`, 'application.accept', members), 422, 'field.missing', '/statement/papers');
		assert.equal((await application.refresh()).state, 'submitted');
	});

	await check('a return forgets what was seen: the next acceptance asks again', async () => {
		const application = await (await world.draft('person')).through('accepted');
		assert.equal((await application.refresh()).papers.length, 3);
		expectStatus(await application.sendBack('return'), 200);
		assert.equal((await application.refresh()).papers, undefined);
		await application.submit();
		expectProblem(await application.accept({ papers: [] }), 422, 'papers.missing', '/statement/papers');
		assert.equal(expectStatus(await application.accept(), 200).papers.length, 3);
	});

	await check('diqi paper list shows the same to people', () => {
		const shown = execFileSync(program, ['paper', 'list', '--service', 'issue', '--kind', 'organization', '--server', world.site.url]).toString();
		assert.match(shown, /^issue, organization$/m);
		assert.match(shown, /uscc_licence {2}营业执照（载统一社会信用代码）, original, 1 copy/);
		assert.match(shown, / {4}or {2}business_licence .*\n {4}and organization_code_certificate/);
		assert.match(shown, /service_contract .*2 copies/);
	});
	await check('of a holder who hands it in with his certificate no papers are asked; of one with the access code of his draft all', async () => {
		const company = await (await world.draft()).through('confirmed');
		const online = await (await world.service('renew', company)).through('submitted');
		assert.equal((await online.refresh()).authenticated, 'certificate');
		assert.deepEqual(expectStatus(await online.accept({ papers: [] }), 200).papers, []);
		expectStatus(await online.withdraw('稍后再办'), 200);
		const draft = await world.service('renew', company);
		draft.client = draft.byCode;
		await draft.submit();
		assert.equal((await draft.refresh()).authenticated, 'access_code');
		const { detail } = expectProblem(await draft.accept({ papers: [] }), 422, 'papers.missing', '/statement/papers');
		assert.match(detail, /uscc_licence/);
		expectStatus(await draft.accept(), 200);
	});

	await check('another name is shown by the licence, whoever signs', async () => {
		const company = await (await world.draft()).through('confirmed');
		const change = await (await world.service('change', company, { form: { name: '虚构改名置业有限公司' } })).through('submitted');
		assert.deepEqual((await change.papers()).map((p) => p.paper), ['uscc_licence']);
		expectProblem(await change.accept({ papers: [] }), 422, 'papers.missing', '/statement/papers');
		expectStatus(await change.accept(), 200);
	});
} finally {
	await world.remove();
}
