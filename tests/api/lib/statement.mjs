// A second implementation of canonical JSON and statements (docs/statements.md), so that the server is
// not tested against its own code.
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, X509Certificate } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

// RFC 8785.  JSON.stringify writes strings and numbers as JCS wants them; keys sort by UTF-16 units.
export function canonical(value) {
	if (Array.isArray(value))
		return `[${value.map(canonical).join(',')}]`;
	if (value !== null && typeof value === 'object')
		return `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k])}`).join(',')}}`;
	return JSON.stringify(value);
}

export const sha256 = (data) => createHash('sha256').update(data).digest();
export const hex = (data) => sha256(data).toString('hex');
export const b64u = (data) => Buffer.from(data).toString('base64url');
export const nonce = () => randomBytes(16).toString('base64url');
// Node knows milliseconds; statements have six digits.
export const timeText = (ms) => new Date(ms).toISOString().replace('Z', '000Z');

// An identity: private key, and certificate once there is one.
export class Identity {
	constructor(privateKey, certificate = null) {
		this.key = privateKey;
		this.certificate = certificate;                     // X509Certificate
		this.spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
	}

	// PKCS#12 through the openssl program: Node reads none.
	static fromP12(path, pin) {
		const pem = execFileSync('openssl', ['pkcs12', '-in', path, '-passin', `pass:${pin}`, '-nodes'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
		const leaf = execFileSync('openssl', ['pkcs12', '-in', path, '-passin', `pass:${pin}`, '-nokeys', '-clcerts'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
		return new Identity(createPrivateKey(pem), new X509Certificate(leaf));
	}

	static officer(site, name) {
		const stem = `${site}/officers/${name}`;
		return Identity.fromP12(`${stem}.p12`, readFileSync(`${stem}.pin`, 'utf8').trim());
	}

	get spkiHash() { return hex(this.spki); }
	get fingerprint() { return hex(this.certificate.raw); }

	// JWS compact.  `header` and `payloadText` let tests break the rules.
	sign(payload, { header, payloadText, bySpki = this.certificate === null } = {}) {
		const type = this.key.asymmetricKeyType, p384 = this.key.asymmetricKeyDetails?.namedCurve === 'secp384r1';
		const protectedHeader = header ?? {
			alg: type === 'ed25519' ? 'EdDSA' : type !== 'ec' ? 'RS256' : p384 ? 'ES384' : 'ES256',
			typ: 'diqi-statement+json',
			...(bySpki ? { 'spki#S256': b64u(sha256(this.spki)) } : { 'x5t#S256': b64u(sha256(this.certificate.raw)) }),
		};
		const input = `${b64u(typeof protectedHeader === 'string' ? protectedHeader : canonical(protectedHeader))}.${b64u(payloadText ?? canonical(payload))}`;
		const signature = sign(type === 'ed25519' ? null : p384 ? 'sha384' : 'sha256', Buffer.from(input), type === 'ec' ? { key: this.key, dsaEncoding: 'ieee-p1363' } : this.key);
		return `${input}.${b64u(signature)}`;
	}
}
