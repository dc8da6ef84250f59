// Makes shared_primes.json: RSA-3072 public keys, of which some have a prime in common.  The private halves are thrown away.
import { createPublicKey, generatePrimeSync } from 'node:crypto';

const prime = () => {
	for (;;) {
		const p = generatePrimeSync(1536, { bigint: true });
		if (p >> 1534n === 3n)
			return p;
	}
};
const spki = (a, b) => createPublicKey({ format: 'jwk', key: { kty: 'RSA', e: 'AQAB', n: Buffer.from((a * b).toString(16), 'hex').toString('base64url') } })
	.export({ type: 'spki', format: 'der' }).toString('base64');
const [p, q, r, s, t, u] = Array.from({ length: 6 }, prime);
console.log(JSON.stringify({ first: spki(p, q), 'shares with first': spki(q, r), sound: spki(s, t), 'shares with sound': spki(t, u) }, null, 1));
