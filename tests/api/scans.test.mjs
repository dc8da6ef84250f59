// Scans of papers: what is taken, from whom, and that the database alone shows nothing.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expectProblem, expectStatus } from './lib/expect.mjs';
import { exe, jpeg, pdf, png } from './lib/files.mjs';
import { hex, nonce } from './lib/statement.mjs';
import { assert, check, engine, slow } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make({ configure: [['http', 'rate_per_second', '0']] });
const secret = `机密-${nonce()}`;
const upload = (client, application, bytes, { paper = 'identity_card', name, type = 'application/pdf', ...options } = {}) =>
	client.post(`${application.path}/papers/${paper}/scans${name === undefined ? '' : `?name=${encodeURIComponent(name)}`}`, bytes,
		{ raw: true, ...options, headers: { 'Content-Type': type, ...options.headers } });
const papers = async (application, client = application.client) => expectStatus(await client.get(`${application.path}/papers`), 200);

// All that the database keeps, as bytes.
function databaseBytes() {
	if (engine === 'postgresql')
		return execFileSync('psql', ['-At', world.site.database.uri, '-c', 'SELECT s.*, encode(c.ciphertext, \'escape\'), encode(c.wrapped_key, \'escape\') FROM scans s JOIN scan_contents c ON c.scan_id = s.id'],
			{ maxBuffer: 1 << 28 });
	const folder = join(world.site.dir, 'data');
	return Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
}

try {
	const application = await (await world.draft('person')).through('submitted');

	await check('PDF, JPEG and PNG are taken by their content, whatever the header says', async () => {
		for (const [bytes, media] of [[pdf(secret), 'application/pdf'], [jpeg(), 'image/jpeg'], [png(), 'image/png']]) {
			const view = expectStatus(await upload(application.client, application, bytes, { type: 'text/html', name: '身份证 正面.bin' }), 201);
			assert.equal(view.media_type, media);
			assert.equal(view.size, bytes.length);
			assert.equal(view.sha256, hex(bytes));
			assert.equal(view.name, '身份证 正面.bin');
			assert.equal(view.by, 'applicant');
		}
		const { scans, required } = await papers(application);
		assert.deepEqual(scans.map((s) => s.media_type), ['application/pdf', 'image/jpeg', 'image/png']);
		assert.deepEqual(required.map((n) => n.need), ['identity', 'form', 'contract']);
	});

	await check('what only looks like one is refused: a program, HTML, a cut-off picture, bytes behind the end, nothing', async () => {
		for (const [what, bytes] of [['EXE', exe()], ['HTML', Buffer.from('<html><script>alert(1)</script></html>')], ['EXE behind %PDF', Buffer.concat([Buffer.from('%PDF-1.4\n'), exe()])],
			['cut JPEG', jpeg().subarray(0, -2)], ['cut PNG', png().subarray(0, -12)], ['cut PDF', pdf(secret).subarray(0, 60)],
			['PDF and more', Buffer.concat([pdf(secret), exe()])], ['nothing', Buffer.alloc(0)]]) {
			const reply = await upload(application.client, application, bytes, { name: 'scan.pdf' });
			assert.equal(`${reply.status} ${reply.body.code}`, '422 papers.type', what);
		}
		assert.equal((await papers(application)).scans.length, 3);
	});

	await check('10 MB are taken; one byte more is refused and harms nothing', async () => {
		const most = 10 * 1024 * 1024;
		const view = expectStatus(await upload(application.client, application, pdf(secret, most)), 201);
		assert.equal(view.size, most);
		expectProblem(await upload(application.client, application, pdf(secret, most + 1)), 413, 'request.too_large');
		assert.equal((await papers(application)).scans.length, 4);
	});

	await check('the database shows neither the scan nor its key', () => {
		const stored = databaseBytes();
		assert.ok(stored.includes('identity_card'));
		assert.ok(!stored.includes(secret), 'the plain text is in the database');
		assert.ok(!stored.includes('%PDF-1.4'), 'a plain PDF is in the database');
	});

	await check('a file\'s name has no path and no control characters; an unknown paper is not found', async () => {
		for (const name of ['../../etc/passwd', 'a\\b.pdf', '\u202egnp.exe'])
			expectProblem(await upload(application.client, application, png(), { name }), 422, 'field.value', '/name');
		expectProblem(await upload(application.client, application, png(), { name: '长'.repeat(201) }), 422, 'field.length', '/name');
		expectProblem(await upload(application.client, application, png(), { paper: 'driving_licence' }), 404, 'not_found');
	});

	await check('only the applicant, the holder and a clerk hand in; others neither hand in nor list', async () => {
		const stranger = (await world.draft('person')).client;
		expectProblem(await upload(stranger, application, png()), 401, 'application.access_code');
		expectProblem(await upload(world.public, application, png()), 401, 'login.required');
		expectProblem(await upload(await world.officer('reviewer'), application, png()), 403, 'permission.denied');
		expectProblem(await (await world.officer('market_editor')).get(`${application.path}/papers`), 403, 'permission.denied');
		const clerk = await world.officer('clerk');
		const view = expectStatus(await upload(clerk, application, png(), { paper: 'person_form' }), 201);
		assert.equal(view.by, expectStatus(await clerk.get('/api/v1/session'), 200).person);
		expectProblem(await upload(await world.certify('person'), application, png()), 403, 'permission.denied');
	});

	await check('the same request again is the same scan; the key with another file is refused', async () => {
		const key = { headers: { 'Idempotency-Key': nonce() } }, before = (await papers(application)).scans.length;
		const first = expectStatus(await upload(application.client, application, png(), key), 201);
		assert.deepEqual(expectStatus(await upload(application.client, application, png(), key), 201), first);
		expectProblem(await upload(application.client, application, jpeg(), key), 422, 'idempotency.reused');
		assert.equal((await papers(application)).scans.length, before + 1);
	});

	await check('a scan that the clerk checked does instead of the copy, where the service says so', async () => {
		const { scans } = await papers(application), form = scans.find((s) => s.paper === 'person_form'), card = scans.find((s) => s.paper === 'identity_card');
		const all = await application.papers(), less = (paper, changes) => all.map((p) => (p.paper === paper ? { paper, original: false, copies: 0, ...changes } : p));
		expectProblem(await application.accept({ papers: less('person_form', { scan: card.scan }) }), 422, 'field.value', '/statement/papers/1/scan');
		expectProblem(await application.accept({ papers: less('identity_card', { scan: card.scan }) }), 422, 'papers.missing', '/statement/papers');
		const view = expectStatus(await application.accept({ papers: less('person_form', { scan: form.scan }) }), 200);
		assert.equal(view.papers.find((p) => p.paper === 'person_form').scan, form.scan);
	});

	await check('once it is paid nothing more is handed in', async () => {
		expectStatus(await upload(application.client, application, png()), 201);
		expectStatus(await application.pay(), 200);
		expectProblem(await upload(application.client, application, png()), 409, 'application.state');
	});

	await slow('an application has at most 40 scans and 60 MB', async () => {
		const many = await world.draft('person'), large = await world.draft('person');
		for (let i = 0; i < 40; i++)
			expectStatus(await upload(many.client, many, png()), 201);
		expectProblem(await upload(many.client, many, png()), 409, 'papers.scan_limit');
		for (let i = 0; i < 6; i++)
			expectStatus(await upload(large.client, large, pdf(secret, 10 * 1024 * 1024)), 201);
		expectProblem(await upload(large.client, large, png()), 409, 'papers.scan_limit');
		assert.equal((await papers(large)).scans.length, 6);
	});
} finally {
	await world.remove();
}
