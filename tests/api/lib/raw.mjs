// Bytes as a client of its own making sends them, where an HTTP library would correct or refuse.
import { connect } from 'node:net';

// The whole answer as text; the connection may be cut while the request is still being sent.
export function exchange(url, pieces, { timeout = 10000 } = {}) {
	const { hostname, port } = new URL(url);
	return new Promise((resolve) => {
		const chunks = [];
		let done = false;
		const socket = connect({ host: hostname, port: Number(port) });
		const finish = () => {
			if (done)
				return;
			done = true;
			clearTimeout(guard);
			socket.destroy();
			const text = Buffer.concat(chunks).toString('utf8');
			const [head, ...rest] = text.split('\r\n\r\n');
			const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
			let body = rest.join('\r\n\r\n');
			try {
				body = JSON.parse(body);
			} catch { /* not JSON: the text itself */ }
			resolve({ status, head, body, text, type: /content-type: *([^\r]*)/i.exec(head)?.[1] ?? '' });
		};
		const guard = setTimeout(finish, timeout);
		socket.on('data', (d) => {
			chunks.push(d);
			const text = Buffer.concat(chunks).toString('latin1');
			const at = text.indexOf('\r\n\r\n');
			const length = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? NaN);
			if (at >= 0 && text.length >= at + 4 + length)
				finish();
		});
		socket.on('end', finish);
		socket.on('close', finish);
		socket.on('error', () => setTimeout(finish, 200));
		(async () => {
			for (const piece of Array.isArray(pieces) ? pieces : [pieces]) {
				if (done || socket.destroyed)
					break;
				if (!socket.write(piece))
					await new Promise((r) => { socket.once('drain', r); socket.once('close', r); });
			}
		})();
	});
}
