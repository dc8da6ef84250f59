// HTTP client of one person: cookies, statements, login.
import { canonical, hex, nonce, timeText } from './statement.mjs';

export class Client {
	constructor(site, identity = null) {
		this.site = site;
		this.identity = identity;
		this.cookie = null;
		this.accessCode = null;
	}

	// {status, headers, body (parsed JSON or text), type}
	async call(method, path, body, { headers = {}, raw = false, key = true } = {}) {
		const h = { ...headers };
		if (this.cookie)
			h.Cookie = this.cookie;
		if (this.accessCode)
			h['Diqi-Access-Code'] = this.accessCode;
		if (method === 'POST' && key && !Object.keys(h).some((n) => n.toLowerCase() === 'idempotency-key'))
			h['Idempotency-Key'] = nonce();
		if (body !== undefined && !h['Content-Type'])
			h['Content-Type'] = 'application/json';
		const reply = await fetch(this.site.url + path, { method, headers: h, body: body === undefined ? undefined : raw ? body : JSON.stringify(body) });
		const type = reply.headers.get('content-type') ?? '';
		const bytes = Buffer.from(await reply.arrayBuffer());
		const cookie = reply.headers.get('set-cookie');
		if (cookie)
			this.setCookie = cookie;
		const answer = { status: reply.status, headers: reply.headers, type, bytes, body: /json/.test(type) ? JSON.parse(bytes.toString()) : bytes.toString() };
		this.site.observe?.(method, path, answer);              // lib/contract.mjs
		return answer;
	}

	get(path, options) { return this.call('GET', path, undefined, options); }
	post(path, body, options) { return this.call('POST', path, body, options); }

	async serverTime() {
		return Date.parse((await this.get('/api/v1/time')).body.time);
	}

	async siteId() {
		this.id ??= (await this.get('/api/v1/site')).body.site;
		return this.id;
	}

	async statement(type, members, { identity = this.identity, timeShift = 0, ...options } = {}) {
		const payload = { type, site: await this.siteId(), time: timeText((await this.serverTime()) + timeShift), nonce: nonce(), ...members };
		return identity.sign(payload, options);
	}

	async login(options = {}) {
		const challenge = await this.post('/api/v1/login/challenge', { purpose: 'login' });
		const statement = await this.statement('login', { challenge: challenge.body.challenge, purpose: 'login' }, options);
		const reply = await this.post('/api/v1/login', { statement, certificate: this.identity.certificate.raw.toString('base64') });
		if (reply.status === 201)
			this.cookie = this.setCookie.split(';')[0];
		return reply;
	}

	async act(path, type, members, options = {}) {
		return this.post(path, { statement: await this.statement(type, members, options) }, options);
	}
}

export const contentHash = (value) => hex(canonical(value));
