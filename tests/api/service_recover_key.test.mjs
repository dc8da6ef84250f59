// 密钥恢复: an escrowed key comes back to the fresh key of whoever asked, by two officers and k recovery agents; nothing less will do.
import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { Client } from './lib/client.mjs';
import { expectProblem, expectStatus, expectTold } from './lib/expect.mjs';
import { agentKey, approvedRecovery, agentsChange, diqi, encryptionOf, giveShare, lodgeRecovery } from './lib/recovery.mjs';
import { expectCertificate } from './lib/service.mjs';
import { canonical, hex, Identity } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const files = mkdtempSync(join(world.site.top, 'recovery-'));
const file = (name, content) => {
	writeFileSync(join(files, name), content, { mode: 0o600 });
	return join(files, name);
};
// The key of an envelope as openssl opens it, with the key and the certificate or key identifier it was sealed to.
const opened = (envelope, key) => execFileSync('openssl', ['cms', '-decrypt', '-inform', 'DER', '-in', file('envelope', Buffer.from(envelope, 'base64')),
	'-inkey', file('key.pem', key.export({ type: 'pkcs8', format: 'pem' }))], { stdio: ['ignore', 'pipe', 'pipe'] });
const agents = async () => {
	const auditor = await world.officer('auditor');
	return expectStatus(await auditor.get('/api/v1/agents'), 200);
};

try {
	const company = await (await world.draft()).through('confirmed');
	await world.ready(company.holder);
	const encryption = await encryptionOf(company);

	await check('双证书: both certificates of one issue, each the other\'s pair; the envelope opens with the holder\'s own key, and logs nobody in', async () => {
		const signing = expectStatus(await world.public.get(`/api/v1/certificates/${company.view.serial}`), 200);
		const other = expectStatus(await world.public.get(`/api/v1/certificates/${encryption.serial}`), 200);
		assert.deepEqual([signing.use, other.use, signing.pair, other.pair], ['sign', 'encrypt', encryption.serial, company.view.serial]);
		await expectCertificate(world, encryption.serial, 'valid');
		const issued = expectStatus(await company.byCode.get(`${company.path}/issued`), 200);
		const inside = opened(issued.envelope, company.identity.key);
		const spki = execFileSync('openssl', ['pkey', '-inform', 'DER', '-pubout', '-outform', 'DER'], { input: inside });
		assert.ok(spki.equals(encryption.certificate.publicKey.export({ type: 'spki', format: 'der' })));
		const key = createPrivateKey({ key: inside, type: 'pkcs8', format: 'der' });
		expectProblem(await new Client(world.site, new Identity(key, encryption.certificate)).login(), 403, 'certificate.usage');
	});

	await check('a signing certificate is nobody\'s to recover, and an encryption certificate no service\'s but this', async () => {
		const ask = (service, certificate) => world.ask(company.holder, { kind: 'organization', form: company.view.form, service, certificate });
		expectProblem(await ask('recover_key', company.view.serial), 422, 'key.not_escrowed', '/certificate');
		expectProblem(await ask('cancel', encryption.serial), 403, 'certificate.usage', '/certificate');
	});

	let recovery;
	await check('two approve; then it waits for k agents, and one alone opens nothing', async () => {
		recovery = await approvedRecovery(world, company);
		assert.equal(recovery.view.state, 'approved');
		assert.deepEqual(recovery.view.recovery, { shares: [], ready: false });
		await expectTold(recovery, 'recovery.approved', /现待密钥恢复员提交份额/);
		const agent = await world.officer('recovery_agent-1');
		const { items } = expectStatus(await agent.get('/api/v1/recoveries'), 200);
		assert.deepEqual(items.map((i) => [i.application, i.serial]), [[recovery.id, encryption.serial]]);
		const first = await giveShare(world.site, recovery.id, 1);
		assert.equal(first.code, 0, first.stderr);
		assert.match(first.stderr, new RegExp(`share of the key of certificate ${encryption.serial}`));
		expectProblem(await recovery.client.get(`${recovery.path}/recovered-key`), 409, 'application.state');
		assert.equal((await recovery.refresh()).recovery.shares.length, 1);
	});

	await check('a server that lies about what a share is for gets none: the agent\'s program asks for the key centre\'s own word', async () => {
		// Between agent and site: everything passes, but what is told of the recovery.
		let lie, heard;
		const relay = createServer(async (request, response) => {
			const body = await new Promise((resolve) => { let all = ''; request.on('data', (d) => { all += d; }).on('end', () => resolve(all)); });
			const { host, connection, ...headers } = request.headers;
			delete headers['content-length'];
			const reply = await fetch(world.site.url + request.url, { method: request.method, headers, body: request.method === 'GET' ? undefined : body });
			heard.push(`${request.method} ${request.url}`);
			let text = await reply.text();
			if (request.url === `/api/v1/recoveries/${recovery.id}`)
				text = JSON.stringify(lie(JSON.parse(text)));
			const more = reply.headers.get('set-cookie');
			response.writeHead(reply.status, { 'Content-Type': reply.headers.get('content-type') ?? 'text/plain', ...more && { 'Set-Cookie': more } });
			response.end(text);
		});
		await new Promise((resolve) => { relay.listen(0, '127.0.0.1', resolve); });
		const through = Object.create(world.site, { url: { value: `http://127.0.0.1:${relay.address().port}` } });
		const agent2 = async (change, options = []) => {
			lie = change, heard = [];
			const reply = await giveShare(through, recovery.id, 2, {}, options);
			assert.ok(heard.includes(`GET /api/v1/recoveries/${recovery.id}`));
			assert.ok(!heard.some((h) => h.endsWith('/share')), heard);
			assert.notEqual(reply.code, 0);
			return reply.stderr;
		};
		const own = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
		const forged = (view, change) => {
			const [header, payload, signature] = view.order.statement.split('.');
			const changed = canonical({ ...JSON.parse(Buffer.from(payload, 'base64url')), ...change });
			return { ...view, order: { ...view.order, statement: [header, Buffer.from(changed).toString('base64url'), signature].join('.') } };
		};
		try {
			assert.match(await agent2((view) => ({ ...view, transport: own })), /another than the key centre/);
			assert.match(await agent2((view) => forged({ ...view, transport: own }, { transport: hex(Buffer.from(own, 'base64')) })), /statement\.signature/);
			assert.match(await agent2((view) => ({ ...view, serial: company.view.serial })), /another certificate/);
			assert.match(await agent2(({ order, ...view }) => view), /no order of the key centre/);
			const mine = (view) => ({ ...view, order: { ...view.order, certificates: [...view.order.certificates].reverse() } });
			assert.match(await agent2(mine), /name the site's root by --root FILE/);
			assert.match(await agent2((view) => view, ['--root', join(world.site.dir, 'none.crt')]), /none\.crt/);
		} finally {
			relay.close();
			relay.closeAllConnections();
		}
	});

	await check('one agent twice, nobody\'s agent, a share of another recovery: refused', async () => {
		const twice = await giveShare(world.site, recovery.id, 1);
		assert.equal(twice.code, 3, twice.stderr);
		assert.match(twice.stderr, /recovery\.agent_twice/);
		expectProblem(await (await world.officer('administrator')).get(`/api/v1/recoveries/${recovery.id}`), 403, 'permission.denied');
		const agent = await world.officer('recovery_agent-2');
		const offered = expectStatus(await agent.get(`/api/v1/recoveries/${recovery.id}`), 200);
		const said = { recovery: offered.recovery, serial: offered.serial, transport: '0'.repeat(64), share: offered.share };
		expectProblem(await agent.act(`/api/v1/recoveries/${recovery.id}/share`, 'recovery.share', { ...said, recovery: '0'.repeat(64) }), 422, 'statement.target');
		const reply = await agent.act(`/api/v1/recoveries/${recovery.id}/share`, 'recovery.share', said);
		assert.equal(reply.body.code, 'recovery.share', JSON.stringify(reply.body));
	});

	await check('the second agent\'s share brings the key, under the fresh key alone; the requester opens it', async () => {
		const pin = ['--pin-file', join(world.site.dir, 'officers/recovery_agent-2.pin')];
		const other = await giveShare(world.site, recovery.id, 2, {}, ['--share-key', join(world.site.dir, 'officers/recovery_agent-1-encryption.p12')]);
		assert.equal(other.code, 3);
		assert.match(other.stderr, /recovery_agent-1-encryption\.p12: not an envelope for this key/);
		const second = await giveShare(world.site, recovery.id, 2, {}, ['--root', join(world.site.dir, 'ca/root.crt'), '--share-key', agentKey(world.site, 2, files), ...pin]);
		assert.equal(second.code, 0, second.stderr);
		assert.equal((await recovery.refresh()).state, 'completed');
		assert.equal(recovery.view.recovery.ready, true);
		await expectTold(recovery, 'recovery.ready', /只能用您申请时的新密钥打开/);
		const result = expectStatus(await recovery.client.get(`${recovery.path}/recovered-key`), 200);
		const spki = execFileSync('openssl', ['pkey', '-inform', 'DER', '-pubout', '-outform', 'DER'], { input: opened(result.envelope, recovery.identity.key) });
		assert.ok(spki.equals(encryption.certificate.publicKey.export({ type: 'spki', format: 'der' })));
		assert.throws(() => opened(result.envelope, company.identity.key));
		expectProblem(await (await world.officer('auditor')).get(`${recovery.path}/recovered-key`), 403, 'permission.denied');
		const late = await giveShare(world.site, recovery.id, 3);
		assert.notEqual(late.code, 0);
	});

	await check('by an authority\'s order: a clerk lodges it for the key that was brought', async () => {
		const order = await world.service('recover_key', company, { by: await world.officer('clerk'), certificate: encryption.serial });
		order.view = expectStatus(await lodgeRecovery(world, order), 200);
		assert.equal(order.view.authenticated, 'counter');
		await order.through('reviewed');
		order.view = expectStatus(await order.serve('complete'), 200);
		for (const n of [3, 2])
			assert.equal((await giveShare(world.site, order.id, n)).code, 0);
		assert.equal((await order.refresh()).state, 'completed');
	});

	await check('a removed agent\'s share no longer counts', async () => {
		const open = await approvedRecovery(world, company);
		const administrator = await world.officer('administrator');
		const { keys, lost, ...current } = await agents();
		const list = { ...current, version: current.version + 1, agents: current.agents.slice(0, 2) };
		expectStatus(await administrator.post('/api/v1/agents', { statements: await agentsChange(world, { keys, lost, ...current }, list), list }), 200);
		const removed = await giveShare(world.site, open.id, 3);
		assert.equal(removed.code, 3, removed.stderr);
		assert.match(removed.stderr, /recovery\.(agent_removed|not_agent)/);
		for (const n of [1, 2])
			assert.equal((await giveShare(world.site, open.id, n)).code, 0);
		assert.equal((await open.refresh()).state, 'completed');
	});

	await check('挂失, 解挂, 注销 of the signing certificate are those of its encryption certificate; its key stays recoverable', async () => {
		await world.ready(company.holder);
		const loss = await world.service('report_loss', company);
		expectStatus(await loss.submit(), 200);
		await expectCertificate(world, encryption.serial, 'held', 'certificateHold');
		company.holder.cookie = null;
		await (await world.service('withdraw_loss', company, { by: null })).through('completed');
		await expectCertificate(world, encryption.serial, 'valid');
		await world.ready(company.holder);
		expectStatus(await company.revoke(), 200);
		await expectCertificate(world, company.view.serial, 'revoked', 'keyCompromise');
		await expectCertificate(world, encryption.serial, 'revoked', 'keyCompromise');
		company.holder.cookie = null;
		const late = await (await world.service('recover_key', company, { by: null, certificate: encryption.serial })).through('reviewed');
		assert.equal(late.view.state, 'reviewed');
	});
} finally {
	rmSync(files, { recursive: true, force: true });
	await world.remove();
}
