// What the world outside sees of a certificate: its public status, OCSP and the CRL, asked of the site by openssl.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expectStatus } from './expect.mjs';
import { assert } from './tap.mjs';
import { sleep } from './world.mjs';

const run = promisify(execFile);
export const day = 86400000;

// 'good', 'revoked (reason)' of OCSP
export async function ocsp(world, serial) {
	const { dir, url } = world.site;
	const issuing = join(dir, 'ca/issuing.crt'), epoch = String(Math.floor(await world.now() / 1000));
	const { stdout, stderr } = await run('openssl', ['ocsp', '-issuer', issuing, '-serial', `0x${serial}`, '-url', `${url}/pki/issuing/ocsp`,
		'-CAfile', join(dir, 'ca/root.crt'), '-verify_other', issuing, '-attime', epoch, '-validity_period', '1000000000']);
	assert.match(stderr, /Response verify OK/, stderr);
	const reason = /Reason: (\w+)/.exec(stdout)?.[1];
	return `${/: (good|revoked|unknown)/.exec(stdout)?.[1]}${reason ? ` ${reason}` : ''}`;
}

export async function inCrl(world, serial) {
	const path = join(world.site.top, 'full.crl');
	writeFileSync(path, (await world.public.get('/pki/issuing/full.crl')).bytes);
	const { stdout } = await run('openssl', ['crl', '-inform', 'DER', '-in', path, '-noout', '-text']);
	return stdout.includes(serial.toUpperCase());
}

export const status = async (world, serial) => expectStatus(await world.public.get(`/api/v1/certificates/${serial}`), 200);

// Public status, and within a second or so OCSP and the CRL, agree.
export async function expectCertificate(world, serial, want, reason) {
	const view = await status(world, serial);
	assert.equal(view.status, want, serial);
	assert.equal(view.reason, reason);
	const gone = want === 'revoked' || want === 'held';
	const said = gone ? `revoked${reason === undefined || reason === 'unspecified' ? '' : ` ${reason}`}` : 'good';
	// Within a second.
	for (let i = 0; i < 8 && await ocsp(world, serial) !== said; i++)
		await sleep(100);
	assert.equal(await ocsp(world, serial), said);
	for (let i = 0; i < 40 && await inCrl(world, serial) !== gone; i++)
		await sleep(100);
	assert.equal(await inCrl(world, serial), gone, `${serial} in the CRL`);
	return view;
}

// The holder's session may have ended with a hold.
export function logOut(application) { application.holder.cookie = null; }
