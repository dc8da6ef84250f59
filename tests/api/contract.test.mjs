// 附件三 signed electronically by a holder who has a certificate already.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expectProblem, expectStatus } from './lib/expect.mjs';
import { organizationForm } from './lib/forms.mjs';
import { hex } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const sign = async (client, application, hash) => client.act(`${application.path}/contract`, 'contract.sign', { application: application.id, contract: hash });
const words = (bytes) => {
	const path = join(world.site.top, 'contract.pdf');
	writeFileSync(path, bytes);
	return execFileSync('pdftotext', ['-layout', path, '-']).toString().replace(/\s+/g, '');
};
const contractOf = async (client, application) => expectStatus(await client.get(`${application.path}/contract`), 200);

try {
	const first = await (await world.draft('organization', organizationForm(1))).through('confirmed');
	const { holder } = first;
	const again = await world.draft('organization', organizationForm(1));
	const other = await world.certify('person');
	const paper = async () => {
		const reply = await again.client.get(`${again.path}/contract.pdf`);
		expectStatus(reply, 200);
		return reply.bytes;
	};
	const withoutPaper = async () => (await again.papers()).filter((p) => p.paper !== 'service_contract');

	await check('a draft has no contract to sign; the holder signs what the hash says', async () => {
		await world.ready(holder);
		expectProblem(await sign(holder, again, (await contractOf(holder, again)).hash), 409, 'application.state');
		await again.through('submitted');
		const contract = await contractOf(holder, again), text = JSON.parse(contract.contract);
		assert.equal(contract.hash, hex(contract.contract));
		assert.equal(contract.signed, undefined);
		assert.deepEqual([text.holder, text.first_year_fen, text.renewal_fen], [first.view.form.name, '30000', '25000']);
		expectProblem(await sign(holder, again, '0'.repeat(64)), 422, 'statement.target', '/statement/contract');
		expectProblem(await sign(other, again, contract.hash), 403, 'permission.denied');
		expectProblem(await again.accept({ papers: await withoutPaper() }), 422, 'papers.missing', '/statement/papers');
		assert.ok(!words(await paper()).includes('电子签名）'));
		const signed = expectStatus(await sign(holder, again, contract.hash), 200);
		assert.ok(signed.signed);
		assert.equal((await contractOf(await world.officer('clerk'), again)).signed, signed.signed);
	});

	await check('the paper says who signed electronically, and when', async () => {
		const { signed } = await contractOf(holder, again), text = words(await paper());
		const beijing = new Date(Date.parse(signed) + 8 * 3600000).toISOString();
		assert.ok(text.includes(`甲方${first.view.form.name}于北京时间${beijing.slice(0, 10)}${beijing.slice(11, 19)}以其电子证书签署`), text);
	});

	await check('signed electronically, the contract needs no paper', async () => {
		expectStatus(await again.accept({ papers: await withoutPaper() }), 200);
	});

	await check('who has no certificate signs on paper', async () => {
		const fresh = await (await world.draft('person')).through('submitted');
		const contract = await contractOf(fresh.client, fresh);
		expectProblem(await fresh.client.post(`${fresh.path}/contract`, { statement: 'a.b.c' }), 401, 'login.required');
		expectProblem(await sign(other, fresh, contract.hash), 403, 'permission.denied');
	});
} finally {
	await world.remove();
}
