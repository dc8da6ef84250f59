// Makes negative.json: signatures and public keys of SM2 (GB/T 32918.2, 32918.5), a few right and many wrong in one way each.
// An implementation of its own on big integers, so that the library under test does not judge itself; SM3 is Node's.
//   node negative.mjs > negative.json
import { createHash } from 'node:crypto';

const p = BigInt('0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF');
const n = BigInt('0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123');
const a = p - 3n, b = BigInt('0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93');
const G = [BigInt('0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7'),
	BigInt('0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0')];

// --- arithmetic -------------------------------------------------------------------------------------------
const mod = (v, m) => ((v % m) + m) % m;
function inverse(v, m) {
	let [r0, r1, t0, t1] = [m, mod(v, m), 0n, 1n];
	while (r1 !== 0n)
		[r0, r1, t0, t1] = [r1, r0 % r1, t1, t0 - (r0 / r1) * t1];
	return mod(t0, m);
}
function add(P, Q) {
	if (P === null || Q === null)
		return P ?? Q;
	if (P[0] === Q[0] && mod(P[1] + Q[1], p) === 0n)
		return null;
	const l = P[0] === Q[0] ? mod((3n * P[0] * P[0] + a) * inverse(2n * P[1], p), p) : mod((Q[1] - P[1]) * inverse(Q[0] - P[0], p), p);
	const x = mod(l * l - P[0] - Q[0], p);
	return [x, mod(l * (P[0] - x) - P[1], p)];
}
function times(k, P) {
	let R = null;
	for (; k > 0n; k >>= 1n, P = add(P, P))
		if (k & 1n)
			R = add(R, P);
	return R;
}

// --- bytes ------------------------------------------------------------------------------------------------
const bytes = (v, size = 32) => Buffer.from(v.toString(16).padStart(2 * size, '0'), 'hex');
const number = (buffer) => BigInt(`0x${buffer.toString('hex')}`);
const sm3 = (...parts) => createHash('sm3').update(Buffer.concat(parts)).digest();
const hash256 = (text) => createHash('sha256').update(text).digest();
const tlv = (tag, ...parts) => {
	const body = Buffer.concat(parts);
	const size = body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
	return Buffer.concat([Buffer.from([tag, ...size]), body]);
};
const unsigned = (v) => {
	const hex = v.toString(16);
	const raw = Buffer.from(hex.padStart(hex.length + hex.length % 2, '0'), 'hex');
	return tlv(0x02, raw[0] & 0x80 ? Buffer.concat([Buffer.from([0]), raw]) : raw);
};
const pair = (r, s) => tlv(0x30, unsigned(r), unsigned(s));
const raw = (r, s) => Buffer.concat([bytes(r), bytes(s)]);
const hex = (text) => Buffer.from(text, 'hex');

// --- SM2 ----------------------------------------------------------------------------------------------------
const ID = Buffer.from('1234567812345678');
const curveBytes = Buffer.concat([bytes(a), bytes(b), bytes(G[0]), bytes(G[1])]);
function z(id, P, entl = id.length * 8) {
	return sm3(Buffer.from([entl >> 8, entl & 255]), id, curveBytes, bytes(P[0]), bytes(P[1]));
}
// k from the message, so that the file comes out the same each time; no key of these is ever used.
function signDigest(d, e, salt = '') {
	for (let i = 0; ; i++) {
		const k = mod(number(hash256(`k ${d} ${e} ${salt} ${i}`)), n);
		const r = mod(e + times(k, G)[0], n);
		const s = mod(inverse(1n + d, n) * (k - r * d), n);
		if (r !== 0n && r + k !== n && s !== 0n)
			return [r, s];
	}
}
const sign = (key, message, prefix = z(ID, key.P), salt) => signDigest(key.d, number(sm3(prefix, message)), salt);
function ecdsa(key, message) {
	const e = number(sm3(message)), k = mod(number(hash256('ecdsa')), n), r = mod(times(k, G)[0], n);
	return [r, mod(inverse(k, n) * (e + r * key.d), n)];
}
const keyOf = (d) => ({ d, P: times(d, G) });
const key = keyOf(mod(number(hash256('diqi sm2 negative set')), n)), other = keyOf(mod(number(hash256('another key')), n));

const ecAlgorithm = '06072a8648ce3d0201', SM2 = '06082a811ccf5501822d', P256 = '06082a8648ce3d030107';
const point = (P, lead = '04') => Buffer.concat([hex(lead), bytes(P[0]), bytes(P[1])]);
const spki = (algorithm, bits, unused = 0) => tlv(0x30, tlv(0x30, hex(algorithm)), tlv(0x03, Buffer.from([unused]), bits));

// --- signatures -----------------------------------------------------------------------------------------------
const message = Buffer.from('出让土地使用权 message');
const [r, s] = sign(key, message);
const tests = [];
const put = (comment, sig, result = 'invalid', form = 'der', msg = message) => tests.push({ tcId: tests.length + 1, comment, form, msg: msg.toString('hex'), sig: sig.toString('hex'), result });
const wrong = (comment, [x, y]) => put(comment, pair(x, y));

put('right', pair(r, s), 'valid');
put('right, r and s side by side', raw(r, s), 'valid', 'raw');
put('right, of the empty message', pair(...sign(key, Buffer.alloc(0))), 'valid', 'der', Buffer.alloc(0));
for (let i = 0; i < 8; i++) {
	const m = Buffer.from(`message ${i}`);
	put(`right, another message ${i}`, pair(...sign(key, m)), 'valid', 'der', m);
}
// A short r or s has fewer octets: found by trying.
for (let i = 0, found = 0; found < 2; i++) {
	const [x, y] = sign(key, message, undefined, `short ${i}`);
	if (x < 1n << 248n || y < 1n << 248n) {
		put('right, with a number of 31 octets', pair(x, y), 'valid');
		put('right, with a number of 31 octets, side by side', raw(x, y), 'valid', 'raw');
		found++;
	}
}
put('another message', pair(r, s), 'invalid', 'der', Buffer.from('出让土地使用权 massage'));
put('message longer by a byte', pair(r, s), 'invalid', 'der', Buffer.concat([message, Buffer.from([0])]));
wrong('r and s exchanged', [s, r]);
for (const [name, x, y] of [['r = 0', 0n, s], ['s = 0', r, 0n], ['r = s = 0', 0n, 0n], ['r = 1', 1n, s], ['s = 1', r, 1n], ['r = n', n, s], ['s = n', r, n], ['r = n - 1', n - 1n, s],
	['s = n - 1', r, n - 1n], ['r = n + 1', n + 1n, s], ['s = n + 1', r, n + 1n], ['r = p', p, s], ['r + n', r + n, s], ['s + n', r, s + n], ['r + s = 0 (mod n)', r, n - r],
	['r + s = 0 (mod n), r = 1', 1n, n - 1n], ['s negated', r, n - s], ['r negated', n - r, s], ['both negated', n - r, n - s], ['r = 2^256 - 1', (1n << 256n) - 1n, s],
	['s = 2^256 - 1', r, (1n << 256n) - 1n], ['r one more', r + 1n, s], ['s one more', r, s + 1n]]) {
	put(name, pair(x, y));
	if (x < 1n << 256n && y < 1n << 256n)
		put(`${name}, side by side`, raw(x, y), 'invalid', 'raw');
}
// One encoding only.
const R = unsigned(r), S = unsigned(s), body = Buffer.concat([R, S]);
const R32 = bytes(r), S32 = bytes(s);
put('a byte after the sequence', Buffer.concat([pair(r, s), hex('00')]));
put('a byte inside after s', tlv(0x30, body, hex('00')));
put('a third number', tlv(0x30, body, unsigned(1n)));
put('NULL after s', tlv(0x30, body, hex('0500')));
put('s missing', tlv(0x30, R));
put('empty sequence', hex('3000'));
put('nothing', Buffer.alloc(0));
put('cut after r', pair(r, s).subarray(0, 40));
put('last byte missing', pair(r, s).subarray(0, -1));
put('SET for SEQUENCE', tlv(0x31, body));
put('OCTET STRING for INTEGER', tlv(0x30, tlv(0x04, R.subarray(2)), S));
put('length in long form (BER)', Buffer.concat([hex('3081'), Buffer.from([body.length]), body]));
put('length in longer form (BER)', Buffer.concat([hex('308200'), Buffer.from([body.length]), body]));
put('indefinite length (BER)', Buffer.concat([hex('3080'), body, hex('0000')]));
put('length of r in long form (BER)', tlv(0x30, Buffer.concat([hex('0281'), R.subarray(1)]), S));
put('length of s in long form (BER)', tlv(0x30, R, Buffer.concat([hex('0281'), S.subarray(1)])));
put('length one too small', Buffer.concat([hex('30'), Buffer.from([body.length - 1]), body]));
put('length one too large', Buffer.concat([hex('30'), Buffer.from([body.length + 1]), body]));
put('r with a zero too many', tlv(0x30, tlv(0x02, hex('00'), R.subarray(2)), S));
put('s with a zero too many', tlv(0x30, R, tlv(0x02, hex('00'), S.subarray(2))));
put('r with sixteen zeros', tlv(0x30, tlv(0x02, Buffer.alloc(16), R32), S));
put('r negative: r - n', tlv(0x30, tlv(0x02, bytes((1n << 264n) + r - n, 33)), S));
put('s negative: s - n', tlv(0x30, R, tlv(0x02, bytes((1n << 264n) + s - n, 33))));
put('r = -1', tlv(0x30, hex('0201ff'), S));
put('r of no octets', tlv(0x30, hex('0200'), S));
put('s of no octets', tlv(0x30, R, hex('0200')));
// The sign bit read as size: a number whose leading zero is missing.
for (let i = 0, found = 0; found < 1; i++) {
	const [x, y] = sign(key, message, undefined, `high ${i}`);
	if (x >> 255n && y >> 255n) {
		put('leading zeros missing', tlv(0x30, tlv(0x02, bytes(x)), tlv(0x02, bytes(y))));
		put('the same with them', pair(x, y), 'valid');
		found++;
	}
}
put('sequence in a sequence', tlv(0x30, pair(r, s)));
put('r and s as one number', tlv(0x30, tlv(0x02, R32, S32)));
put('side by side where DER is due', raw(r, s));
put('DER where side by side is due', pair(r, s), 'invalid', 'raw');
put('63 octets', raw(r, s).subarray(1), 'invalid', 'raw');
put('65 octets', Buffer.concat([raw(r, s), hex('00')]), 'invalid', 'raw');
put('a zero before', Buffer.concat([hex('00'), raw(r, s)]), 'invalid', 'raw');
put('96 octets, as P-384 has', Buffer.concat([Buffer.alloc(16), R32, Buffer.alloc(16), S32]), 'invalid', 'raw');
put('32 octets', R32, 'invalid', 'raw');
put('nothing, side by side', Buffer.alloc(0), 'invalid', 'raw');
put('least octet first', Buffer.concat([Buffer.from(R32).reverse(), Buffer.from(S32).reverse()]), 'invalid', 'raw');
// Another Z: signatures that are right for another identity, key, curve or digest.
wrong('Z with an empty ID', sign(key, message, z(Buffer.alloc(0), key.P)));
wrong('Z with the ID of the older examples', sign(key, message, z(Buffer.from('ALICE123@YAHOO.COM'), key.P)));
wrong('Z with an ID one shorter', sign(key, message, z(ID.subarray(1), key.P)));
wrong('Z with the longest ID, 65,528 bits', sign(key, message, z(Buffer.alloc(8191, 'x'), key.P)));
wrong('Z with ENTL 65,535', sign(key, message, z(ID, key.P, 65535)));
wrong('Z with ENTL in octets', sign(key, message, z(ID, key.P, ID.length)));
wrong('Z of another key', sign(key, message, z(ID, other.P)));
wrong('Z of the negated key', sign(key, message, z(ID, [key.P[0], p - key.P[1]])));
wrong('Z without the curve', sign(key, message, sm3(hex('0080'), ID, bytes(key.P[0]), bytes(key.P[1]))));
wrong('Z as 32 zeros', sign(key, message, Buffer.alloc(32)));
wrong('no Z', signDigest(key.d, number(sm3(message))));
wrong('Z twice', sign(key, message, Buffer.concat([z(ID, key.P), z(ID, key.P)])));
wrong('Z after the message', signDigest(key.d, number(sm3(message, z(ID, key.P)))));
wrong('SHA-256 for the message', signDigest(key.d, number(createHash('sha256').update(Buffer.concat([z(ID, key.P), message])).digest())));
wrong('the digest signed as the message', sign(key, sm3(z(ID, key.P), message)));
wrong('another key', sign(other, message));
wrong('ECDSA with SM3 over the same curve', ecdsa(key, message));
{
	const e = number(sm3(z(ID, key.P), message));
	wrong('key recovered for r + s: s = 1, r = e', [mod(e, n), 1n]);
	wrong('r = x of the key', [mod(key.P[0], n), s]);
}

// --- the standard's own example ----------------------------------------------------------------------------------
const example = keyOf(BigInt('0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8'));
const standard = { source: 'GB/T 32918.5-2017 annex A.2', spki: spki(ecAlgorithm + SM2, point(example.P)).toString('hex'),
	z: z(ID, example.P).toString('hex'), msg: Buffer.from('message digest').toString('hex'),
	sig: 'f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa' };

// --- public keys ---------------------------------------------------------------------------------------------------
const keys = [];
const lead = key.P[1] & 1n ? '03' : '02';
const putKey = (comment, der, result = 'invalid') => keys.push({ kcId: keys.length + 1, comment, spki: der.toString('hex'), result });
const p256G = [BigInt('0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296'), BigInt('0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5')];
putKey('right', spki(ecAlgorithm + SM2, point(key.P)), 'valid');
putKey('right, on P-256', spki(ecAlgorithm + P256, point(p256G)), 'valid');
putKey('point of P-256 said to be of SM2', spki(ecAlgorithm + SM2, point(p256G)));
putKey('point of SM2 said to be of P-256', spki(ecAlgorithm + P256, point(key.P)));
putKey('point beside the curve: y one more', spki(ecAlgorithm + SM2, point([key.P[0], key.P[1] + 1n])));
putKey('point beside the curve: x one more', spki(ecAlgorithm + SM2, point([key.P[0] + 1n, key.P[1]])));
putKey('point (0, 0)', spki(ecAlgorithm + SM2, point([0n, 0n])));
putKey('point at infinity, one octet', spki(ecAlgorithm + SM2, hex('00')));
putKey('point at infinity, 65 octets', spki(ecAlgorithm + SM2, Buffer.alloc(65)));
// G has a small x? No point has x + p below 2^256 by chance, so one is made: the least x on the curve.
for (let x = 1n; ; x++) {
	const square = mod(x * x * x + a * x + b, p);
	let y = 1n;
	for (let e = (p + 1n) / 4n, base = square; e > 0n; e >>= 1n, base = mod(base * base, p))
		if (e & 1n)
			y = mod(y * base, p);
	if (mod(y * y, p) !== square)
		continue;
	putKey('x not reduced: x + p', spki(ecAlgorithm + SM2, point([x + p, y])));
	break;
}
putKey('compressed', spki(ecAlgorithm + SM2, Buffer.concat([hex(lead), bytes(key.P[0])])));
putKey('compressed, the other root', spki(ecAlgorithm + SM2, Buffer.concat([hex(lead === '02' ? '03' : '02'), bytes(key.P[0])])));
putKey('hybrid', spki(ecAlgorithm + SM2, point(key.P, lead === '02' ? '06' : '07')));
putKey('hybrid of the other root', spki(ecAlgorithm + SM2, point(key.P, lead === '02' ? '07' : '06')));
putKey('said to be compressed, both numbers there', spki(ecAlgorithm + SM2, point(key.P, lead)));
putKey('unknown first octet', spki(ecAlgorithm + SM2, point(key.P, '05')));
putKey('without first octet', spki(ecAlgorithm + SM2, point(key.P).subarray(1)));
putKey('a byte after the point', spki(ecAlgorithm + SM2, Buffer.concat([point(key.P), hex('00')])));
putKey('a byte missing', spki(ecAlgorithm + SM2, point(key.P).subarray(0, -1)));
putKey('an unused bit', spki(ecAlgorithm + SM2, point(key.P), 1));
putKey('no curve', spki(ecAlgorithm, point(key.P)));
putKey('NULL for the curve', spki(`${ecAlgorithm}0500`, point(key.P)));
putKey('NULL after the curve', spki(`${ecAlgorithm + SM2}0500`, point(key.P)));
putKey('the curve as the algorithm', spki(`${SM2}0500`, point(key.P)));
putKey('the signature algorithm as the algorithm', spki('06082a811ccf55018375', point(key.P)));
putKey('the older arc 1.2.156.10197.301', spki(`${ecAlgorithm}06072a811ccf55822d`, point(key.P)));
putKey('curve by its parameters', tlv(0x30, tlv(0x30, hex(ecAlgorithm), tlv(0x30, unsigned(1n), tlv(0x30, hex('06072a8648ce3d0101'), unsigned(p)),
	tlv(0x30, tlv(0x04, bytes(a)), tlv(0x04, bytes(b))), tlv(0x04, point(G)), unsigned(n), unsigned(1n))), tlv(0x03, hex('00'), point(key.P))));
putKey('a byte after the key', Buffer.concat([spki(ecAlgorithm + SM2, point(key.P)), hex('00')]));
putKey('length in long form (BER)', Buffer.concat([hex('308159'), spki(ecAlgorithm + SM2, point(key.P)).subarray(2)]));
putKey('the bare point', point(key.P));

const lines = (list) => `[\n${list.map((t) => JSON.stringify(t)).join(',\n')}\n]`;
console.log(`{"about":"SM2 negative set of Diqi, made by negative.mjs; public domain (CC0)",\n"standard":${JSON.stringify(standard)},\n"spki":"${spki(ecAlgorithm + SM2, point(key.P)).toString('hex')}",\n"signatures":${lines(tests)},\n"keys":${lines(keys)}}`);
