// Just enough DER to write certificate requests (PKCS#10) of every sort, good and bad: Node has none.
import { createPublicKey, sign } from 'node:crypto';

const length = (n) => (n < 128 ? Buffer.from([n]) : n < 256 ? Buffer.from([0x81, n]) : Buffer.from([0x82, n >> 8, n & 255]));
export const tlv = (tag, ...parts) => {
	const body = Buffer.concat(parts.map((p) => Buffer.from(p)));
	return Buffer.concat([Buffer.from([tag]), length(body.length), body]);
};
export const sequence = (...parts) => tlv(0x30, ...parts);
export const set = (...parts) => tlv(0x31, ...parts);
export const bits = (bytes) => tlv(0x03, [0], bytes);
export const octets = (bytes) => tlv(0x04, bytes);
export const utf8 = (text) => tlv(0x0c, Buffer.from(text));
export const TRUE = tlv(0x01, [0xff]);

export function oid(text) {
	const [a, b, ...rest] = text.split('.').map(Number);
	const bytes = [a * 40 + b];
	for (const arc of rest) {
		const digits = [arc & 127];
		for (let v = Math.floor(arc / 128); v > 0; v = Math.floor(v / 128))
			digits.unshift((v & 127) | 128);
		bytes.push(...digits);
	}
	return tlv(0x06, bytes);
}

const isP384 = (key) => key.asymmetricKeyDetails?.namedCurve === 'secp384r1';
const algorithmOf = (key) => (key.asymmetricKeyType === 'ec'
	? sequence(oid(isP384(key) ? '1.2.840.10045.4.3.3' : '1.2.840.10045.4.3.2'))
	: key.asymmetricKeyType === 'ed25519' ? sequence(oid('1.3.101.112'))
		: sequence(oid('1.2.840.113549.1.1.11'), tlv(0x05)));

const extensionRequest = (extensions) => tlv(0xa0, sequence(oid('1.2.840.113549.1.9.14'), set(sequence(...extensions))));
export const basicConstraintsCA = sequence(oid('2.5.29.19'), TRUE, octets(sequence(TRUE)));

// `signer`: another key than the one inside, for a request that proves nothing.
export function certificateRequest(key, { commonName = 'anybody', extensions = [], signer = key, spki } = {}) {
	const name = sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))));
	const publicKey = spki ?? createPublicKey(key).export({ type: 'spki', format: 'der' });
	const info = sequence(tlv(0x02, [0]), name, publicKey, extensions.length ? extensionRequest(extensions) : tlv(0xa0));
	const signature = sign(signer.asymmetricKeyType === 'ed25519' ? null : isP384(signer) ? 'sha384' : 'sha256', info, signer);
	return sequence(info, algorithmOf(signer), bits(signature));
}
