// A watcher of a live sale: reads server-sent events.
import { get } from 'node:http';

export class Watcher {
	constructor(url, headers = {}) {
		this.events = [];
		this.waiting = [];
		this.ended = new Promise((resolve) => { this.markEnded = resolve; });
		this.opened = new Promise((resolve, reject) => {
			this.request = get(url, { headers: { Accept: 'text/event-stream', ...headers } }, (reply) => {
				this.status = reply.statusCode;
				this.type = reply.headers['content-type'];
				this.text = '';
				reply.setEncoding('utf8');
				reply.on('data', (d) => this.take(d));
				reply.on('close', () => this.markEnded());
				resolve(this);
			});
			this.request.on('error', (e) => { this.markEnded(); reject(e); });
		});
	}

	static async open(url, headers) {
		return new Watcher(url, headers).opened;
	}

	take(text) {
		this.text += text;
		for (let at = this.text.indexOf('\n\n'); at >= 0; at = this.text.indexOf('\n\n')) {
			const event = { event: 'message', data: '' };
			for (const line of this.text.slice(0, at).split('\n')) {
				const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
				if (name === 'data')
					event.data += value;
				else if (name !== '')
					event[name] = value;
			}
			this.text = this.text.slice(at + 2);
			if (event.data === '')
				continue;
			event.json = JSON.parse(event.data);
			this.events.push(event);
			this.waiting = this.waiting.filter((w) => !w(event));
		}
	}

	// The first event, of those that came or come, that fits.
	until(fits, timeout = 8000) {
		const found = this.events.find(fits);
		if (found)
			return Promise.resolve(found);
		return new Promise((resolve, reject) => {
			const guard = setTimeout(() => reject(new Error(`no such event within ${timeout} ms; had ${this.events.map((e) => `${e.id ?? '-'} ${e.event}`).join(', ')}`)), timeout);
			this.waiting.push((event) => {
				if (!fits(event))
					return false;
				clearTimeout(guard);
				resolve(event);
				return true;
			});
		});
	}

	close() {
		this.request.destroy();
	}
}
