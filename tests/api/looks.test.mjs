// A look at a scan: an officer's word with a purpose, written down before anything is shown, and so many a day.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expectProblem, expectStatus } from './lib/expect.mjs';
import { jpeg, pdf } from './lib/files.mjs';
import { program } from './lib/site.mjs';
import { hex, nonce } from './lib/statement.mjs';
import { assert, check, engine } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make({ configure: [['http', 'rate_per_second', '0']] });
const file = pdf(`机密-${nonce()}`);
const PER_DAY = 50;

async function handIn(bytes = file) {
	const application = await (await world.draft('person')).through('submitted');
	const { scan } = expectStatus(await application.client.post(`${application.path}/papers/identity_card/scans`, bytes, { raw: true }), 201);
	return { application, scan, path: `${application.path}/scans/${scan}/look` };
}
const members = ({ application, scan }, changes = {}) => ({ application: application.id, scan, purpose: '核对身份证件', ...changes });
const look = async (record, officer = 'clerk', changes = {}, options = {}) => (await world.officer(officer)).act(record.path, 'paper.look', members(record, changes), options);
const looks = async (query = '') => expectStatus(await (await world.officer('auditor')).get(`/api/v1/looks${query}`), 200);
const personOf = async (name) => expectStatus(await (await world.officer(name)).get('/api/v1/session'), 200).person;

// A look and another officer's word for it.
async function agreed(record, officer, second, { hashOf } = {}) {
	const client = await world.officer(officer);
	const statement = await client.statement('paper.look', members(record));
	const payload = Buffer.from((hashOf ?? statement).split('.')[1], 'base64url');
	const agree = await (await world.officer(second)).statement('paper.look.agree', { look: hex(payload) });
	return client.post(record.path, { statement, agree });
}

function sql(text) {
	if (engine === 'postgresql')
		return execFileSync('psql', ['-qAt', '-v', 'ON_ERROR_STOP=1', world.site.database.uri, '-c', text]).toString();
	return execFileSync('sqlite3', ['-cmd', '.timeout 5000', join(world.site.dir, 'data', 'diqi.db'), text]).toString();
}

try {
	const mine = await handIn(), other = await handIn(jpeg());

	await check('clerk, reviewer, issuer and auditor see exactly what was handed in, in a reply that nobody keeps', async () => {
		for (const officer of ['clerk', 'reviewer', 'issuer', 'auditor']) {
			const reply = await look(mine, officer);
			assert.equal(reply.status, 200, String(reply.body));
			assert.ok(reply.bytes.equals(file));
			assert.equal(reply.type, 'application/pdf');
			assert.equal(reply.headers.get('cache-control'), 'no-store');
			assert.equal(reply.headers.get('x-content-type-options'), 'nosniff');
			assert.equal(reply.headers.get('content-disposition'), `attachment; filename="${mine.scan}.pdf"`);
		}
		assert.equal((await look(other)).type, 'image/jpeg');
	});

	await check('each look is a row and a leaf, with who, what for and when', async () => {
		const size = await world.logSize(), person = await personOf('clerk');
		assert.equal((await look(mine, 'clerk', { purpose: '投诉复核' })).status, 200);
		assert.equal(await world.logSize(), size + 1);
		const [newest] = (await looks(`?person=${person}`)).items;
		assert.deepEqual([newest.person, newest.purpose, newest.scan, newest.application], [person, '投诉复核', mine.scan, mine.application.id]);
		const day = new Date(Date.parse(newest.time) + 8 * 3600000).toISOString().slice(0, 10);
		assert.ok((await looks(`?day=${day}`)).items.length >= 5);
		assert.deepEqual((await looks('?day=2020-01-01')).items, []);
		const page = await looks('?limit=2');
		assert.equal(page.items.length, 2);
		assert.ok((await looks(`?limit=2&cursor=${page.next_cursor}`)).items.every((l) => l.look < page.items[1].look));
		const auditor = await world.officer('auditor');
		expectProblem(await auditor.get('/api/v1/looks?day=yesterday'), 422, 'field.value', '/day');
		expectProblem(await auditor.get('/api/v1/looks?person=me'), 422, 'field.value', '/person');
		expectProblem(await (await world.officer('clerk')).get('/api/v1/looks'), 403, 'permission.denied');
	});

	await check('without a purpose there is no look', async () => {
		for (const purpose of ['', '   ', '\n\t'])
			expectProblem(await look(mine, 'clerk', { purpose }), 422, 'field.missing', '/statement/purpose');
	});

	await check('cashier, administrator, the applicant and strangers do not look', async () => {
		for (const officer of ['cashier', 'administrator', 'market_editor'])
			expectProblem(await look(mine, officer), 403, 'permission.denied');
		expectProblem(await mine.application.client.post(mine.path, { statement: 'a.b.c' }), 401, 'login.required');
		expectProblem(await world.public.post(mine.path, { statement: 'a.b.c' }), 401, 'login.required');
	});

	await check('a statement is good for one look, at this scan of this application, in this officer\'s hand', async () => {
		const clerk = await world.officer('clerk'), statement = await clerk.statement('paper.look', members(mine));
		expectProblem(await clerk.post(other.path, { statement }), 422, 'statement.target');
		expectProblem(await (await world.officer('reviewer')).post(mine.path, { statement }), 403, 'statement.signer');
		expectProblem(await clerk.post(`${other.application.path}/scans/${mine.scan}/look`, { statement }), 422, 'statement.target', '/statement/application');
		expectProblem(await clerk.act(`${other.application.path}/scans/${mine.scan}/look`, 'paper.look', members({ application: other.application, scan: mine.scan })), 404, 'not_found');
		assert.equal((await clerk.post(mine.path, { statement })).status, 200);
		expectProblem(await clerk.post(mine.path, { statement }), 409, 'statement.replayed');
	});

	await check('a taken-over server that puts one scan\'s key and content into another\'s row shows nothing', async () => {
		sql(`UPDATE scan_contents SET wrapped_key = (SELECT wrapped_key FROM scan_contents WHERE scan_id = '${mine.scan}'), ciphertext = (SELECT ciphertext FROM scan_contents WHERE scan_id = '${mine.scan}') WHERE scan_id = '${other.scan}'`);
		const reply = await look(other);
		assert.ok(reply.status >= 400, String(reply.status));
		assert.ok(!reply.bytes.includes('%PDF'));
	});

	await check('above the day\'s number a second officer must agree, and one who may', async () => {
		const before = (await looks(`?person=${await personOf('issuer')}&limit=200`)).items.length;
		for (let i = before; i < PER_DAY - 1; i++)
			assert.equal((await look(mine, 'issuer')).status, 200);
		// The last of the day, asked for ten times at once.
		const last = await Promise.all(Array.from({ length: 10 }, () => look(mine, 'issuer')));
		assert.equal(last.filter((r) => r.status === 200).length, 1);
		assert.equal(last.filter((r) => r.body.code === 'papers.look_quota').length, 9);
		expectProblem(await look(mine, 'issuer'), 403, 'papers.look_quota', '/agree');
		expectProblem(await agreed(mine, 'issuer', 'issuer'), 403, 'approval.same_person', '/agree');
		expectProblem(await agreed(mine, 'issuer', 'cashier'), 403, 'permission.denied', '/agree');
		const another = await (await world.officer('issuer')).statement('paper.look', members(mine));
		expectProblem(await agreed(mine, 'issuer', 'auditor', { hashOf: another }), 422, 'statement.target', '/agree/look');
		const reply = await agreed(mine, 'issuer', 'auditor');
		assert.equal(reply.status, 200, String(reply.body));
		assert.ok(reply.bytes.equals(file));
		const [newest] = (await looks(`?person=${await personOf('issuer')}&limit=1`)).items;
		assert.equal(newest.agreed_by, await personOf('auditor'));
		expectProblem(await look(mine, 'issuer'), 403, 'papers.look_quota', '/agree');
	});

	await check('diqi paper: a scan handed in, listed and looked at; above the number with another officer\'s word', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'diqi-look-')), at = (name) => join(folder, name);
		const diqi = (...args) => execFileSync(program, [...args, '--server', world.site.url], { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
		const as = (name) => ['--as', join(world.site.dir, `officers/${name}.p12`), '--pin-file', join(world.site.dir, `officers/${name}.pin`)];
		const application = await (await world.draft('person')).through('submitted');
		try {
			writeFileSync(at('ticket'), JSON.stringify({ application: application.id, access_code: application.client.accessCode, server: world.site.url }));
			writeFileSync(at('card.pdf'), file);
			diqi('paper', 'scan', 'identity_card', at('card.pdf'), '--ticket', at('ticket'));
			const scan = /scan (\S+): identity_card, application\/pdf, \d+ bytes, card\.pdf/.exec(diqi('paper', 'show', '--ticket', at('ticket')))[1];
			diqi('paper', 'look', application.id, scan, '--purpose', '核对', '--out', at('seen.pdf'), ...as('clerk'));
			assert.ok(readFileSync(at('seen.pdf')).equals(file));
			assert.throws(() => diqi('paper', 'look', application.id, scan, '--purpose', '核对', '--out', at('not.pdf'), ...as('issuer')), /papers\.look_quota/);
			diqi('paper', 'ask', application.id, scan, at('ask'), '--purpose', '投诉', ...as('issuer'));
			diqi('paper', 'agree', at('ask'), at('agree'), ...as('auditor'));
			diqi('paper', 'look', application.id, scan, '--statement', at('ask'), '--agree', at('agree'), '--out', at('agreed.pdf'), ...as('issuer'));
			assert.ok(readFileSync(at('agreed.pdf')).equals(file));
			assert.match(diqi('paper', 'looks', '--json', ...as('auditor')), /投诉/);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});

	await check('the next day counts anew', async () => {
		await world.advance(86400000);
		assert.equal((await look(mine, 'issuer')).status, 200);
	});
} finally {
	await world.remove();
}
