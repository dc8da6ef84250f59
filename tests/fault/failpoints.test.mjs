// F-16: the process dies exactly between two steps that belong together.  The next start finishes what was begun, the
// client's repetition gets the one outcome, and nothing is there twice.  (base/failpoint.h; sanitizer builds only.)
import { createHash } from 'node:crypto';

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expectStatus } from '../api/lib/expect.mjs';
import { assert, check } from '../api/lib/tap.mjs';
import { expectConsistent, expectWell, issueOrder, Market, signedTimes } from './lib/market.mjs';

const market = await Market.make({ sales: 1, bidders: 2 });
const { world, record } = market;
const [sale] = market.sales;

// Runs `act` on a server that dies at the n-th pass of `point`, then starts it anew.
async function dieAt(point, act, n = 1) {
	await world.site.stop();
	await world.site.start({ DIQI_FAILPOINT: `${point}:${n}:kill` });
	const done = act();
	const guard = new Promise((resolve) => setTimeout(resolve, 20000).unref());
	const end = await Promise.race([world.site.ended, guard]);
	expectWell(world);
	assert.deepEqual(end, { code: null, signal: 'SIGKILL' }, `${point} was not passed`);
	await done;
	await world.site.stop();
	await world.site.start();
}

const crl = async () => {
	const path = join(world.site.top, 'now.crl');
	writeFileSync(path, (await world.public.get('/pki/issuing/full.crl')).bytes);
	const text = execFileSync('openssl', ['crl', '-inform', 'DER', '-in', path, '-noout', '-text', '-CAfile', join(world.site.dir, 'ca/issuing.crt')], { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
	return { number: Number(/CRL Number:\s*(\d+)/.exec(text)[1]), serials: [...text.matchAll(/Serial Number: ([0-9A-F]+)/g)].map((m) => m[1].toLowerCase()) };
};

try {
	for (const point of ['registry.issue.intended', 'authority.signed', 'registry.issue.published']) {
		await check(`${point}: the certificate is issued at the next start, without anybody asking, and once`, async () => {
			const issue = await issueOrder(world);
			await dieAt(point, () => record.send(issue));
			assert.equal(issue.outcome, 'unknown');
			const view = await issue.application.refresh();
			assert.equal(view.state, 'issued');
			assert.equal(signedTimes(world, view.serial), 1);
			await record.resolve();
			assert.equal(issue.outcome, 'ack');
			assert.equal(issue.reply.body.serial, view.serial);
			await record.checkIssued(issue);
			assert.equal(signedTimes(world, view.serial), 1);
			expectStatus(await issue.application.deliver(), 200);
			expectStatus(await issue.application.confirm(), 200);
		});
	}

	for (const point of ['quote.committed', 'quote.signed']) {
		await check(`${point}: the quote stands, its receipt is given when asked again, and there is one event`, async () => {
			const before = await world.sale(sale);
			const quote = record.quote(market.bidders[0], before);
			await dieAt(point, () => record.send(quote));
			assert.equal(quote.outcome, 'unknown');
			const after = await world.sale(sale);
			assert.deepEqual([after.seq, after.price_fen], [before.seq + 1, before.next_fen]);
			await record.resolve();
			assert.equal(quote.reply.status, 201);
			assert.equal(quote.reply.body.seq, after.seq);
			await record.checkSale(sale);
			await record.checkReceipts();
			assert.equal((await world.sale(sale)).seq, after.seq);
		});
	}

	await check('checkpoint.signed: what the signer signed and nobody stored is caught up with, and the log goes on', async () => {
		await world.logSize();
		const before = await market.checkpoint();
		const quote = record.quote(market.bidders[1], await world.sale(sale));
		await dieAt('checkpoint.signed', () => record.send(quote));
		await record.resolve();
		assert.equal(quote.reply.status, 201);
		await record.checkSale(sale);
		await world.logSize();
		const after = await market.checkpoint();
		assert.equal(after.size, before.size + 1);
		await expectConsistent(world, before, after);
	});

	await check('crl.signed: a revocation is in the next CRL, under a higher number', async () => {
		const issue = await issueOrder(world);
		await record.send(issue);
		await issue.application.fetchCertificate();
		const { serial } = issue.reply.body, before = await crl();
		const reviewer = await world.officer('reviewer');
		const revoke = { kind: 'revoke', client: reviewer, path: `/api/v1/certificates/${serial}/revoke`,
			body: { statement: await reviewer.statement('certificate.revoke', { serial, reason: 'keyCompromise' }) } };
		await dieAt('crl.signed', () => record.send(revoke), 2);       // the first is signed at start
		await record.resolve();
		assert.equal(revoke.reply.status, 200);
		const after = await crl();
		assert.ok(after.number > before.number, `${before.number} → ${after.number}`);
		const plain = serial.replace(/^0+/, '');
		assert.deepEqual(after.serials.filter((s) => s.replace(/^0+/, '') === plain).length, 1);
		assert.equal(expectStatus(await world.public.get(`/api/v1/certificates/${serial}`), 200).status, 'revoked');
	});

	await check('crl.signed: death during the start itself hinders no later start', async () => {
		const before = await crl();
		await world.site.stop();
		for (let i = 0; i < 2; i++) {
			await assert.rejects(world.site.start({ DIQI_FAILPOINT: 'crl.signed:1:kill' }));
			assert.deepEqual(await world.site.ended, { code: null, signal: 'SIGKILL' });
		}
		await world.site.start();
		assert.ok((await crl()).number >= before.number + 3);
	});

	await check('revoke_many.chunk: revoking many goes on where it was, each certificate once', async () => {
		const holder = await world.certify();
		const serials = [...Array.from({ length: 250 }, (_, i) => `41${i.toString(16).padStart(38, '0')}`), holder.serial];
		const list = createHash('sha256').update(serials.map((s) => `${s}\n`).join('')).digest('hex'), statements = [];
		for (const name of ['reviewer', 'issuer'])
			statements.push(await (await world.officer(name)).statement('certificate.revoke_many', { list, count: serials.length, reason: 'superseded', cause: 'key_replaced' }));
		// The first chunk may come before the answer has left: then it is given when asked again.
		const order = { kind: 'revoke_many', client: await world.officer('issuer'), path: '/api/v1/revocations', body: { serials, statements } };
		await dieAt('revoke_many.chunk', () => record.send(order));
		await record.resolve();
		const begun = expectStatus(order.reply, 202);
		let view;
		for (let i = 0; i < 100 && !view?.finished; i++) {
			view = expectStatus(await (await world.officer('issuer')).get(`/api/v1/revocations/${begun.batch}`), 200);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
		assert.deepEqual([view.done, view.revoked, view.passed_over], [251, 1, 250]);
		assert.equal(expectStatus(await world.public.get(`/api/v1/certificates/${holder.serial}`), 200).reason, 'superseded');
	});

	await check('the sale closes, its bundle verifies', async () => {
		await market.close();
		await market.verify(sale);
		await record.checkSale(sale);
		expectWell(world);
	});
} finally {
	await world.remove();
}
