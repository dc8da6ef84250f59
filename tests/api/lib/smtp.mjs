// A mail server on loopback (RFC 5321) that keeps what it gets, and refuses what it is told to.
import { createServer } from 'node:net';

// RFC 2047 words back to text; folded lines come joined.
const decodeWords = (value) => value.replace(/\?=\s+=\?/g, '?==?').replace(/=\?UTF-8\?B\?([A-Za-z0-9+/=]*)\?=/g, (_, b64) => Buffer.from(b64, 'base64').toString('latin1'));
export const decodeHeader = (value) => (value.includes('=?') ? Buffer.from(decodeWords(value), 'latin1').toString('utf8') : value);

export function parseMessage(raw) {
	const at = raw.indexOf('\r\n\r\n'), headers = {};
	for (const line of raw.slice(0, at).replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
		const colon = line.indexOf(':');
		headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
	}
	const body = raw.slice(at + 4);
	return { raw, headers, subject: decodeHeader(headers.subject ?? ''), text: Buffer.from(body, 'base64').toString('utf8') };
}

export class MailServer {
	// login: {user, password} that is asked for.
	static async start({ login = null } = {}) {
		const server = new MailServer();
		Object.assign(server, { login, mails: [], attempts: [], refusals: [], sockets: new Set() });
		server.listener = createServer((socket) => server.serve(socket));
		await new Promise((resolve) => server.listener.listen(0, '127.0.0.1', resolve));
		server.url = `smtp://127.0.0.1:${server.listener.address().port}`;
		return server;
	}

	// The next n recipients get this answer instead of 250.
	refuse(answer, n = 1) { this.refusals.push(...Array(n).fill(answer)); }

	// RFC 4616: authorization NUL user NUL password.
	admits(plain) {
		const [, user, password] = Buffer.from(plain, 'base64').toString().split('\0');
		return user === this.login?.user && password === this.login?.password;
	}

	serve(socket) {
		let waiting = '', envelope = {}, data = null, authorized = this.login === null, awaited = null;
		const say = (text) => socket.write(`${text}\r\n`);
		this.sockets.add(socket);
		socket.on('close', () => this.sockets.delete(socket));
		socket.on('error', () => {});
		const command = (line) => {
			const verb = line.split(/[ :]/)[0].toUpperCase();
			switch (verb) {
			case 'EHLO': return say(this.login ? '250-here\r\n250 AUTH PLAIN' : '250 here');
			case 'AUTH':
				if (line.split(' ').length < 3) {
					awaited = (answer) => command(`AUTH PLAIN ${answer}`);
					return say('334 ');
				}
				authorized = this.admits(line.split(' ')[2]);
				return say(authorized ? '235 welcome' : '535 wrong');
			case 'MAIL':
				envelope = { from: /<(.*)>/.exec(line)[1], to: [] };
				return say(authorized ? '250 ok' : '530 log in first');
			case 'RCPT': {
				const to = /<(.*)>/.exec(line)[1], refusal = this.refusals.shift();
				this.attempts.push(to);
				if (refusal)
					return say(refusal);
				envelope.to.push(to);
				return say('250 ok');
			}
			case 'DATA':
				data = [];
				return say('354 go on');
			case 'QUIT':
				say('221 bye');
				return socket.end();
			default: return say('250 ok');
			}
		};
		say('220 here');
		socket.on('data', (chunk) => {
			waiting += chunk.toString('latin1');
			for (let at = waiting.indexOf('\r\n'); at >= 0; at = waiting.indexOf('\r\n')) {
				const line = waiting.slice(0, at);
				waiting = waiting.slice(at + 2);
				if (awaited !== null) {
					const next = awaited;
					awaited = null;
					next(line);
				} else if (data === null) {
					command(line);
				} else if (line === '.') {
					this.mails.push({ ...envelope, ...parseMessage(data.map((l) => `${l}\r\n`).join('')) });
					data = null;
					say('250 taken');
				} else {
					data.push(line.startsWith('.') ? line.slice(1) : line);
				}
			}
		});
	}

	async stop() {
		for (const socket of this.sockets)
			socket.destroy();
		await new Promise((resolve) => this.listener.close(resolve));
	}
}
