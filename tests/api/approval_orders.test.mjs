// Approvals against edits, withdrawals and rejections, in every order and at the same moment: what was issued or completed
// was approved exactly as it is, once.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { expectCertificate, status } from './lib/service.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make({ configure: [['http', 'rate_per_second', '0']] });
const N = 100;

// The acts that may meet an application under approval.
const acts = {
	review: (a) => (a.hasKey ? a.approve('review') : a.serve('service-review')),
	decide: (a) => (a.hasKey ? a.approve('issue') : a.serve('complete')),
	return: (a) => a.sendBack('return'),
	edit: async (a) => a.edit({ ...(await a.refresh()).form, remark: '改一改' }),
	withdraw: (a) => a.withdraw(),
	reject: (a) => a.sendBack('reject', 'reviewer'),
};
// An unlock ticket is open then.
const done = (a) => (a.hasKey ? 'issued' : 'approved');

function* orders(list) {
	if (list.length <= 1)
		yield list;
	for (const [i, first] of list.entries())
		for (const rest of orders([...list.slice(0, i), ...list.slice(i + 1)]))
			yield [first, ...rest];
}

// The table in three lines: which acts are possible where.
const possible = {
	paid: { review: 'reviewed', return: 'returned', withdraw: 'withdrawn', reject: 'rejected' },
	reviewed: { decide: 'done', return: 'returned', withdraw: 'withdrawn', reject: 'rejected' },
	returned: { edit: 'returned', withdraw: 'withdrawn' },
};

async function walk(a, order) {
	let state = 'paid';
	const seen = await a.request();
	a.request = async () => seen;                // officers approve what they saw, whatever became of it
	for (const act of order) {
		const next = possible[state]?.[act];
		const reply = await acts[act](a);
		if (next === undefined)
			expectProblem(reply, 409, 'application.state');
		else
			expectStatus(reply, 200);
		state = next ?? state;
		assert.equal((await a.refresh()).state, state === 'done' ? done(a) : state, order.join(' '));
	}
}

try {
	const person = await (await world.draft('person')).through('confirmed');

	await check('service: review, complete, return, edit, withdraw and reject in every order of four', async () => {
		for (const others of [['return', 'edit'], ['withdraw', 'return'], ['reject', 'edit'], ['withdraw', 'reject']])
			for (const order of orders(['review', 'decide', ...others])) {
				await walk(await (await world.service('unlock_pin', person, { by: null, form: { token: 'CARD0001' } })).through('paid'), order);
			}
	});

	await check('new certificate: review, issue and each way out, in every order of three', async () => {
		for (const other of ['return', 'withdraw', 'reject'])
			for (const order of orders(['review', 'decide', other]))
				await walk(await (await world.draft('person')).through('paid'), order);
	});

	await check(`${N} issue approvals at once, by the issuer and the reviewer: issued exactly once`, async () => {
		const mine = await (await world.draft()).through('reviewed');
		await world.giveRole('reviewer', 'issuer');
		const replies = await Promise.all(Array.from({ length: N }, (_, i) => mine.approve('issue', i % 4 === 0 ? 'reviewer' : 'issuer')));
		for (const [i, reply] of replies.entries())
			if (i % 4 === 0)
				assert.ok(['approval.same_person', 'application.state'].includes(reply.body.code), `${reply.status} ${reply.body.code}`);
			else
				assert.ok(reply.status === 200 || reply.body.code === 'application.state', `${reply.status} ${reply.body.code}`);
		assert.equal(replies.filter((r) => r.status === 200).length, 1);
		const view = await mine.refresh();
		assert.equal(view.history.filter((h) => h.act === 'certificate.issued').length, 1);
		await expectCertificate(world, view.serial, 'valid');
		const found = expectStatus(await (await world.officer('clerk')).get(`/api/v1/subjects?query=${view.form.uscc}`), 200);
		assert.equal((found.items ?? found)[0].certificates.filter((c) => c.use === 'sign').length, 1);
	});

	await check(`${N} completions, withdrawals and rejections at once: exactly one of them happened`, async () => {
		const mine = await (await world.draft()).through('confirmed');
		const cancel = await (await world.service('cancel', mine, { by: null })).through('reviewed');
		const ways = [() => cancel.serve('complete'), () => cancel.client.post(`${cancel.path}/withdraw`, {}), () => cancel.serve('complete', 'reviewer')];
		const replies = await Promise.all(Array.from({ length: N }, (_, i) => ways[i % 3]()));
		assert.equal(replies.filter((r) => r.status === 200).length, 1);
		const { state } = await cancel.refresh();
		assert.equal((await status(world, mine.view.serial)).status, state === 'completed' ? 'revoked' : 'valid');
	});
} finally {
	await world.remove();
}
