// Keys at the counter of the registry: every known weak one is refused with its stated verdict, one that shares a prime
// with an earlier key too; those of the allowed kinds get their certificates.
import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, generatePrimeSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { certificateRequest } from './lib/der.mjs';
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { Identity } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { newIdentity, newKey, World } from './lib/world.mjs';

const verdicts = JSON.parse(readFileSync(new URL('../vectors/badkeys/verdicts.json', import.meta.url), 'utf8'));
const world = await World.make();

// --- RSA from chosen primes ---------------------------------------------------------------------------

const E = 65537n;
const gcd = (a, b) => (b === 0n ? a : gcd(b, a % b));
function inverse(a, m) {
	let [r0, r1, t0, t1] = [m, a % m, 0n, 1n];
	while (r1 !== 0n)
		[r0, r1, t0, t1] = [r1, r0 % r1, t1, t0 - (r0 / r1) * t1];
	return ((t0 % m) + m) % m;
}
function prime(bits) {
	for (;;) {
		const p = generatePrimeSync(bits, { bigint: true });
		// The two highest bits set, so that two of them make a number of full length.
		if (p >> BigInt(bits - 2) === 3n && gcd(p - 1n, E) === 1n)
			return p;
	}
}
const b64u = (n) => {
	const hex = n.toString(16);
	return Buffer.from(hex.padStart(hex.length + hex.length % 2, '0'), 'hex').toString('base64url');
};
function rsa(p, q) {
	const d = inverse(E, (p - 1n) * (q - 1n));
	return createPrivateKey({ format: 'jwk', key: { kty: 'RSA', n: b64u(p * q), e: 'AQAB', d: b64u(d), p: b64u(p), q: b64u(q),
		dp: b64u(d % (p - 1n)), dq: b64u(d % (q - 1n)), qi: b64u(inverse(q, p)) } });
}

// --- the story ------------------------------------------------------------------------------------------

async function submit(key, kind = 'person') {
	const application = await world.draft(kind);
	application.identity = new Identity(key);
	return { application, reply: await application.submit() };
}

try {
	for (const { file, code, why, spki } of verdicts) {
		await check(`${file} is refused as ${code}: ${why}`, async () => {
			// Its owner is not at hand: the request is signed with another key, which must not be what is complained of.
			const csr = certificateRequest(newKey(), { spki: Buffer.from(spki, 'base64') });
			const application = await world.draft('person');
			const statement = await application.client.statement('application.submit', { application: application.id }, { identity: newIdentity() });
			expectProblem(await application.client.post(`${application.path}/submit`, { csr: csr.toString('base64'), statement }), 422, code, '/csr');
		});
	}

	const [p, q, r, s] = Array.from({ length: 4 }, () => prime(1536));
	const first = rsa(p, q), sharing = rsa(q, r), sound = rsa(r, s);

	await check('a modulus that shares a prime with a key handed in before is refused, and the same key may come again', async () => {
		const { application, reply } = await submit(first);
		expectStatus(reply, 200);
		expectProblem((await submit(sharing)).reply, 422, 'key.weak', '/csr');
		// The refused one is no earlier key: nothing of it was kept.
		expectStatus((await submit(sound)).reply, 200);
		expectProblem((await submit(rsa(p, prime(1536)))).reply, 422, 'key.weak', '/csr');
		await application.refresh();
		expectStatus(await application.sendBack('return'), 200);
		await application.refresh();
		expectStatus(await application.submit(), 200);
		expectProblem((await submit(first)).reply, 409, 'key.reused', '/csr');
	});

	await check('earlier keys are remembered through a restart', async () => {
		await world.site.restart('SIGTERM');
		expectProblem((await submit(rsa(s, prime(1536)))).reply, 422, 'key.weak', '/csr');
	});

	for (const [name, pair] of [['P-384', ['ec', { namedCurve: 'P-384' }]], ['RSA-4096', ['rsa', { modulusLength: 4096 }]]]) {
		await check(`a holder's ${name} key becomes a confirmed certificate`, async () => {
			const application = await world.draft('organization');
			application.identity = new Identity(generateKeyPairSync(...pair).privateKey);
			await application.through('confirmed');
			assert.ok(application.identity.certificate.checkPrivateKey(application.identity.key));
			const file = join(world.site.top, `${name}.pem`);
			writeFileSync(file, application.identity.certificate.toString());
			const shown = JSON.parse(execFileSync(process.env.DIQI_PROGRAM, ['certificate', 'show', '--json', file]).toString());
			assert.deepEqual(shown.identity, { organizationCode: application.view.form.uscc });
			assert.equal(shown.algorithm, name.toLowerCase().replace('-', ''));
		});
	}

	await check('Ed25519 is a service key: no holder\'s profile names it', async () => {
		expectProblem((await submit(generateKeyPairSync('ed25519').privateKey)).reply, 422, 'key.algorithm', '/csr');
	});
} finally {
	await world.remove();
}
