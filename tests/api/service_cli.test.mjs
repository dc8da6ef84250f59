// The services by the command line: what a person types at home and at the counter.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expectCertificate } from './lib/service.mjs';
import { program } from './lib/site.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const run = promisify(execFile);
const world = await World.make();
const { site } = world;
const at = (name) => join(site.top, name);

async function diqi(...words) {
	const { stdout } = await run(program, [...words, '--server', site.url, '--json', '--quiet']);
	return stdout.trim() === '' ? null : JSON.parse(stdout);
}
const by = (officer) => ['--as', join(site.dir, `officers/${officer}.p12`)];

async function file(name, of, ...options) {
	writeFileSync(at(`${name}.json`), JSON.stringify({ ...of.view.form, ...of.view.form.copies && { copies: 1 } }));
	const view = await diqi('application', 'new', of.view.kind, '--form', at(`${name}.json`), '--ticket', at(`${name}.ticket`), ...options);
	return view.application;
}

try {
	const company = await (await world.draft()).through('confirmed');
	const target = ['--certificate', company.view.serial];
	writeFileSync(at('origin.ticket'), JSON.stringify({ application: company.id, access_code: company.byCode.accessCode, server: site.url }));

	await check('diqi service list: all services with price and promise', async () => {
		const { items } = await diqi('service', 'list');
		assert.equal(items.length, 12);
		assert.deepEqual(Object.fromEntries(items.map((s) => [s.service, s.amount_fen])), {
			issue: '30000', renew: '25000', change: '2000', report_loss: '2000', withdraw_loss: '0', reissue: '30000', cancel: '0', unlock_pin: '2000',
			freeze: '0', unfreeze: '0', other: '0', recover_key: '0',
		});
	});

	await check('diqi: a certificate renewed from the form to the issue', async () => {
		const id = await file('renew', company, '--service', 'renew', ...target, '--origin', at('origin.ticket'));
		writeFileSync(at('renew.pin'), '246810\n', { mode: 0o600 });
		await diqi('key', 'new', at('renew'), '--pin-file', at('renew.pin'));
		const submitted = await diqi('application', 'submit', '--ticket', at('renew.ticket'), '--key', at('renew.key'), '--csr', at('renew.csr'), '--pin-file', at('renew.pin'));
		assert.equal(submitted.authenticated, 'access_code');
		await diqi('application', 'accept', id, '--papers-seen', ...by('clerk'));
		await diqi('application', 'fee', id, '250', ...by('cashier'));
		await diqi('application', 'review', id, ...by('reviewer'));
		const issued = await diqi('application', 'issue', id, ...by('issuer'));
		assert.equal(issued.state, 'issued');
		await expectCertificate(world, issued.serial, 'valid');
	});

	await check('diqi: lost at the counter, lodged by the clerk, completed by two; a ticket withdraws what was asked by mistake', async () => {
		const lost = await file('lost', company, '--service', 'report_loss', ...target, ...by('clerk'));
		await diqi('application', 'lodge', lost, ...by('clerk'));
		await expectCertificate(world, company.view.serial, 'held', 'certificateHold');
		await diqi('application', 'accept', lost, '--papers-seen', ...by('clerk'));
		await diqi('application', 'fee', lost, '20', ...by('cashier'));
		await diqi('application', 'review', lost, ...by('reviewer'));
		assert.equal((await diqi('application', 'complete', lost, ...by('issuer'))).state, 'completed');
		await file('mistake', company, '--service', 'cancel', ...target);
		await diqi('application', 'submit', '--ticket', at('mistake.ticket'));
		assert.equal((await diqi('application', 'withdraw', '--ticket', at('mistake.ticket'), '--reason', '点错了')).state, 'withdrawn');
	});
} finally {
	await world.remove();
}
