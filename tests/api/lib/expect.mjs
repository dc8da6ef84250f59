// What an answer must be; a failure shows the whole answer.
import assert from 'node:assert/strict';

const shown = (reply) => (typeof reply.body === 'string' ? reply.body.slice(0, 2000) : JSON.stringify(reply.body));

export function expectStatus(reply, status) {
	assert.equal(reply.status, status, `expected ${status}, got ${reply.status}: ${shown(reply)}`);
	return reply.body;
}

// What his application's inbox tells the applicant by this template: each once, with these words.
export async function expectTold(application, template, ...texts) {
	const { items } = expectStatus(await application.client.get(`${application.path}/messages?limit=200`), 200);
	const told = items.filter((m) => m.template === template).reverse();
	assert.equal(told.length, texts.length, `${template}: ${JSON.stringify(told)}`);
	texts.forEach((text, i) => assert.match(told[i].text, text));
}

// An RFC 9457 problem with this code, and this pointer if one is given.
export function expectProblem(reply, status, code, pointer) {
	assert.equal(`${reply.status} ${reply.body?.code}`, `${status} ${code}`, shown(reply));
	assert.match(reply.type, /^application\/problem\+json/);
	assert.equal(reply.body.status, status);
	assert.match(reply.body.request_id, /^\S{8,}$/);
	assert.ok(reply.body.title.length > 0);
	if (pointer !== undefined)
		assert.equal(reply.body.errors?.[0]?.pointer, pointer, shown(reply));
	return reply.body;
}

// What is promised within so many milliseconds, on a machine that others use as well: one try of three keeps it.
// `attempt` answers how long it took, or throws when it never comes.
export async function expectWithin(milliseconds, attempt) {
	const took = [];
	do
		took.push(await attempt(took.length));
	while (took.at(-1) > milliseconds && took.length < 3);
	assert.ok(took.at(-1) <= milliseconds, `${took} ms`);
}
