// Holds a ceremony on a stopped site, and reads what came of it.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { program } from './site.mjs';
import { assert } from './tap.mjs';

export const run = promisify(execFile);
export const officerFiles = (site, name) => ({ p12: join(site.dir, `officers/${name}.p12`), pin_file: join(site.dir, `officers/${name}.pin`) });

let scripts = 0;
// {failure (null: none), file, bytes, hash, signed (null: no transcript), logged: the journal has its hash, script}
export async function holdCeremony(site, steps, { by = ['administrator', 'auditor'].map((name) => officerFiles(site, name)), secret } = {}) {
	const n = ++scripts, [script, file] = [join(site.top, `script-${n}.json`), join(site.top, `transcript-${n}.json`)];
	const options = secret ?? ['--passphrase-file', join(site.dir, 'passphrase')];
	writeFileSync(script, JSON.stringify({ v: 1, steps, present: by, transcript: file }));
	const failure = await run(program, ['ceremony', script, '--dir', site.dir, ...options]).then(() => null, (e) => e.stderr);
	const bytes = existsSync(file) ? readFileSync(file) : null;
	const hash = bytes && createHash('sha256').update(bytes).digest('hex');
	const logged = bytes !== null && readFileSync(join(site.dir, 'signer/journal.log'), 'utf8').includes(`"transcript":"${hash}"`);
	return { failure, file, bytes, hash, signed: bytes && JSON.parse(bytes), logged, script };
}

export async function heldCeremony(site, steps, options) {
	const held = await holdCeremony(site, steps, options);
	assert.equal(held.failure, null);
	assert.ok(held.logged, 'the journal has the hash of the transcript');
	return held;
}
