// A gateway that takes Standard Webhooks on loopback: keeps what it gets, checks each signature by itself, and answers
// what it is told to.
import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

export const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

export function signatureOf(secret, id, timestamp, body) {
	const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
	return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
}

export class Gateway {
	static async start(secret) {
		const gateway = new Gateway();
		Object.assign(gateway, { secret, calls: [], answers: [] });
		gateway.server = createServer(async (request, reply) => {
			const body = Buffer.concat(await request.toArray()), h = request.headers;
			gateway.calls.push({
				method: request.method, path: request.url, type: h['content-type'], id: h['webhook-id'], timestamp: Number(h['webhook-timestamp']),
				genuine: h['webhook-signature'] === signatureOf(secret, h['webhook-id'], h['webhook-timestamp'], body), body: JSON.parse(body),
			});
			const { status = 204, headers = {}, text } = gateway.answers.shift() ?? {};
			reply.writeHead(status, headers);
			reply.end(text);
		});
		await new Promise((resolve) => gateway.server.listen(0, '127.0.0.1', resolve));
		gateway.url = `http://127.0.0.1:${gateway.server.address().port}/sms`;
		return gateway;
	}

	// The next n calls get this answer.
	answer(answer, n = 1) { this.answers.push(...Array(n).fill(answer)); }

	async stop() {
		this.server.closeAllConnections();
		await new Promise((resolve) => this.server.close(resolve));
	}
}
