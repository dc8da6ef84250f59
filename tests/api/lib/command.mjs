// The command line as people and officers use it: a certificate from form to file, for any kind of key.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expectStatus } from './expect.mjs';
import { organizationForm } from './forms.mjs';
import { program } from './site.mjs';
import { assert } from './tap.mjs';

const run = promisify(execFile);

export async function command(world, ...words) {
	const { stdout } = await run(program, [...words, '--server', world.site.url, '--json', '--quiet']);
	return stdout.trim() === '' ? null : JSON.parse(stdout);
}
export const by = (world, officer) => ['--as', join(world.site.dir, `officers/${officer}.p12`)];

// By the command line, since no browser signs with SM2: what a person does at home.
export async function submit(world, name, algorithm, n) {
	const at = (what) => join(world.site.top, what);
	writeFileSync(at(`${name}.json`), JSON.stringify(organizationForm(n)));
	writeFileSync(at(`${name}.pin`), '246810\n', { mode: 0o600 });
	const { application } = await command(world, 'application', 'new', 'organization', '--form', at(`${name}.json`), '--ticket', at(`${name}.ticket`));
	await command(world, 'key', 'new', at(name), '--algorithm', algorithm, '--pin-file', at(`${name}.pin`));
	await command(world, 'application', 'submit', '--ticket', at(`${name}.ticket`), '--key', at(`${name}.key`), '--csr', at(`${name}.csr`), '--pin-file', at(`${name}.pin`));
	return application;
}

// The certificate's file, leaf first, and its serial.
export async function issue(world, name, algorithm, n) {
	const id = await submit(world, name, algorithm, n);
	await command(world, 'application', 'accept', id, '--papers-seen', ...by(world, 'clerk'));
	await command(world, 'application', 'fee', id, '300', ...by(world, 'cashier'));
	await command(world, 'application', 'review', id, ...by(world, 'reviewer'));
	const issued = await command(world, 'application', 'issue', id, ...by(world, 'issuer'));
	assert.equal(issued.state, 'issued');
	const file = join(world.site.top, `${name}.pem`);
	writeFileSync(file, expectStatus(await (await world.officer('clerk')).get(`/api/v1/applications/${id}/certificate`), 200));
	return { file, serial: issued.serial };
}
