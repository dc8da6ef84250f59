// Makes and serves a test site of its own for a story; the real program on the real engine.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { engine } from './tap.mjs';

export const program = process.env.DIQI_PROGRAM ?? 'build/test/src/main/diqi';
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

let databases = 0;

// A fresh PostgreSQL database beside the one DIQI_TEST_PG names.
export function newDatabase() {
	const name = `api_${process.pid}_${++databases}`;
	execFileSync('psql', ['-q', process.env.DIQI_TEST_PG, '-c', `CREATE DATABASE ${name}`], { stdio: 'ignore' });
	const uri = new URL(process.env.DIQI_TEST_PG);
	uri.pathname = `/${name}`;
	return { name, uri: uri.toString() };
}

export class Site {
	static async make({ begin = '2026-02-24T01:00:00.000000Z', algorithm = 'p256', second = null, init = [], serve = true } = {}) {
		const site = new Site();
		site.top = mkdtempSync(join(tmpdir(), 'diqi-api-'));
		site.dir = join(site.top, 'site');
		site.algorithm = algorithm;
		site.database = engine === 'postgresql' ? newDatabase() : null;
		const store = site.database ? ['--store', site.database.uri] : [];
		execFileSync(program, ['demo', '--make-only', '--dir', site.top, '--algorithm', algorithm, ...(second ? ['--second', second] : []), '--clock', begin, ...init, ...store], { stdio: ['ignore', 'ignore', 'pipe'] });
		if (serve)
			await site.start();
		return site;
	}

	async start(env = {}) {
		rmSync(join(this.dir, 'address'), { force: true });
		this.log = '';
		this.process = spawn(program, ['serve', '--dir', this.dir, '--listen', '127.0.0.1:0', ...(this.secret ?? ['--passphrase-file', join(this.dir, 'passphrase')])],
			{ stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
		this.process.stderr.on('data', (d) => { this.log = (this.log + d).slice(-200000); });
		this.ended = new Promise((resolve) => this.process.on('exit', (code, signal) => resolve({ code, signal })));
		let over = false;
		this.ended.then(() => { over = true; });
		for (let i = 0; i < 1200 && !existsSync(join(this.dir, 'address')); i++) {
			if (over)
				throw new Error(`the server ended at once: ${this.log}`);
			await sleep(25);
		}
		this.url = readFileSync(join(this.dir, 'address'), 'utf8').trim();
		const manage = join(this.dir, 'address.manage');
		this.manage = existsSync(manage) ? readFileSync(manage, 'utf8').trim() : null;
		const https = join(this.dir, 'address.https');
		this.https = existsSync(https) ? readFileSync(https, 'utf8').trim() : null;
	}

	// SIGTERM must end it cleanly within seconds; SIGKILL is the crash.
	async stop(signal = 'SIGTERM') {
		if (!this.process)
			return null;
		this.process.kill(signal);
		const guard = setTimeout(() => this.process.kill('SIGKILL'), 15000);
		const end = await this.ended;
		clearTimeout(guard);
		this.process = null;
		return end;
	}

	async restart(signal) {
		await this.stop(signal);
		await this.start();
	}

	async remove() {
		await this.stop();
		rmSync(this.top, { recursive: true, force: true });
		if (this.database)
			execFileSync('psql', ['-q', process.env.DIQI_TEST_PG, '-c', `DROP DATABASE ${this.database.name} WITH (FORCE)`], { stdio: 'ignore' });
	}

	// Adds or replaces a configuration value; before start.
	configure(section, key, value) {
		const path = join(this.dir, 'diqi.conf');
		let current = null;
		const lines = readFileSync(path, 'utf8').split('\n').filter((l) => {
			current = /^\[(\w+)\]/.exec(l)?.[1] ?? current;
			return current !== section || !(l.startsWith(`${key} =`) || l.startsWith(`${key}=`));
		});
		const at = lines.indexOf(`[${section}]`);
		if (at < 0)
			lines.push(`[${section}]`, `${key}=${value}`);
		else
			lines.splice(at + 1, 0, `${key}=${value}`);
		writeFileSync(path, lines.join('\n'));
	}
}
