// Headless Chromium over its debugging pipe (no WebSocket, no npm package).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const flags = ['--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync', '--hide-scrollbars', '--remote-debugging-pipe'];

export class Browser {
	static async start() {
		const b = new Browser();
		b.profile = mkdtempSync(join(tmpdir(), 'diqi-chromium-'));
		const root = process.getuid() === 0 ? ['--no-sandbox'] : [];      // Chromium has no sandbox for root
		b.process = spawn('chromium', [...flags, ...root, `--user-data-dir=${b.profile}`], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
		b.exited = new Promise((r) => b.process.on('exit', r));
		b.waiting = new Map();
		b.listeners = [];
		b.next = 1;
		let rest = '';
		b.process.stdio[4].setEncoding('utf8').on('data', (chunk) => {
			const parts = (rest + chunk).split('\0');
			rest = parts.pop();
			parts.forEach((p) => b.take(JSON.parse(p)));
		});
		return b;
	}

	take(message) {
		if (message.id && this.waiting.has(message.id)) {
			const { resolve, reject } = this.waiting.get(message.id);
			this.waiting.delete(message.id);
			message.error ? reject(new Error(message.error.message)) : resolve(message.result);
		} else
			this.listeners.forEach((l) => l(message));
	}

	send(method, params = {}, sessionId) {
		const id = this.next++;
		this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
		return new Promise((resolve, reject) => {
			const late = setTimeout(() => reject(new Error(`${method}: no answer within 30 s`)), 30000);
			this.waiting.set(id, { resolve: (v) => { clearTimeout(late); resolve(v); }, reject });
		});
	}

	// A page with what it complained about: console errors, exceptions, blocked resources.
	async page(width, height) {
		const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
		const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
		const page = { complaints: [], loads: [] };
		this.listeners.push((m) => {
			if (m.sessionId !== sessionId)
				return;
			if (m.method === 'Page.loadEventFired')
				page.loads.splice(0).forEach((f) => f());
			if (m.method === 'Log.entryAdded' && m.params.entry.level === 'error')
				page.complaints.push(m.params.entry.text);
			if (m.method === 'Runtime.exceptionThrown')
				page.complaints.push(m.params.exceptionDetails.text);
		});
		const send = (method, params) => this.send(method, params, sessionId);
		for (const domain of ['Page', 'Log', 'Runtime'])
			await send(`${domain}.enable`);
		await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
		page.open = async (url) => {
			const loaded = new Promise((r) => page.loads.push(r));
			await send('Page.navigate', { url });
			await loaded;
		};
		page.evaluate = async (expression) => (await send('Runtime.evaluate', { expression, returnByValue: true })).result.value;
		page.screenshot = async () => Buffer.from((await send('Page.captureScreenshot', { format: 'png' })).data, 'base64');
		page.dark = () => send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'dark' }] });
		return page;
	}

	async stop() {
		this.send('Browser.close').catch(() => {});
		const guard = setTimeout(() => this.process.kill('SIGKILL'), 5000);
		await this.exited;
		clearTimeout(guard);
		rmSync(this.profile, { recursive: true, force: true });
	}
}
