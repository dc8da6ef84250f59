// A second implementation of RFC 6962 (proof checking as RFC 9162, 2.1.3 and 2.1.4), signed notes and C2SP tiles.
import { createHash, createPublicKey, verify } from 'node:crypto';

const hash = (...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest();
export const leafHash = (bytes) => hash(Buffer.from([0]), bytes);
export const nodeHash = (left, right) => hash(Buffer.from([1]), left, right);

export function rootOf(leaves) {
	if (leaves.length === 0)
		return hash();
	if (leaves.length === 1)
		return leaves[0];
	let k = 1;
	while (k * 2 < leaves.length)
		k *= 2;
	return nodeHash(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

// The root that leaf and proof lead to; null when the proof has another length than it must.
export function rootFromInclusion(leaf, index, size, proof) {
	let fn = BigInt(index), sn = BigInt(size) - 1n, r = leaf;
	if (fn > sn)
		return null;
	for (const p of proof) {
		if (sn === 0n)
			return null;
		if ((fn & 1n) === 1n || fn === sn) {
			r = nodeHash(p, r);
			while ((fn & 1n) === 0n && fn !== 0n) {
				fn >>= 1n;
				sn >>= 1n;
			}
		} else {
			r = nodeHash(r, p);
		}
		fn >>= 1n;
		sn >>= 1n;
	}
	return sn === 0n ? r : null;
}

export function isConsistent(size1, size2, root1, root2, proof) {
	if (size1 === size2)
		return proof.length === 0 && root1.equals(root2);
	const path = [...proof];
	if ((size1 & (size1 - 1)) === 0)
		path.unshift(root1);
	if (path.length === 0)
		return false;
	let fn = BigInt(size1) - 1n, sn = BigInt(size2) - 1n;
	while ((fn & 1n) === 1n) {
		fn >>= 1n;
		sn >>= 1n;
	}
	let fr = path[0], sr = path[0];
	for (const c of path.slice(1)) {
		if (sn === 0n)
			return false;
		if ((fn & 1n) === 1n || fn === sn) {
			fr = nodeHash(c, fr);
			sr = nodeHash(c, sr);
			while ((fn & 1n) === 0n && fn !== 0n) {
				fn >>= 1n;
				sn >>= 1n;
			}
		} else {
			sr = nodeHash(sr, c);
		}
		fn >>= 1n;
		sn >>= 1n;
	}
	return sn === 0n && fr.equals(root1) && sr.equals(root2);
}

// Checks the note's signature by the log's verifier key ("origin+hash+key") and reads it.
export function openCheckpoint(note, verifierKey) {
	const [text, signatures] = note.split('\n\n');
	const [origin, size, root] = text.split('\n');
	if (!verifierKey.startsWith(`${origin}+`))
		throw new Error(`the note is of ${origin}, the key is ${verifierKey}`);
	// The base64 of the key may itself contain "+".
	const id = verifierKey.slice(origin.length + 1, origin.length + 9);
	const key = Buffer.from(verifierKey.slice(origin.length + 10), 'base64');
	if (key[0] !== 1)
		throw new Error('not an Ed25519 key');
	const expectedId = hash(origin, '\n', key).subarray(0, 4);
	if (expectedId.toString('hex') !== id)
		throw new Error('the verifier key contradicts its own id');
	const line = signatures.split('\n').find((l) => l.startsWith(`\u2014 ${origin} `));
	const signature = Buffer.from(line.split(' ')[2], 'base64');
	if (!signature.subarray(0, 4).equals(expectedId))
		throw new Error('signed by another key');
	const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.subarray(1)]);
	const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
	if (!verify(null, Buffer.from(`${text}\n`), publicKey, signature.subarray(4)))
		throw new Error('the signature of the note does not verify');
	return { origin, size: Number(size), root: Buffer.from(root, 'base64') };
}
