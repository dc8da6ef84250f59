// docs/api/openapi.yaml as something to hold answers against: routes, schemas, documented statuses.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { program } from './site.mjs';
import { readYaml } from './yaml.mjs';

const source = new URL('../../../', import.meta.url);

export const document = readYaml(readFileSync(new URL('docs/api/openapi.yaml', source), 'utf8'));
export const routes = () => JSON.parse(execFileSync(program, ['routes']).toString());

// What the program knows: {"quote.late": {status, zh, en}} of src/base/error_codes.h.
const statusOfKind = {
	INVALID: 400, UNAUTHORIZED: 401, FORBIDDEN: 403, NOT_FOUND: 404, CONFLICT: 409, STALE: 412, TOO_LARGE: 413, MEDIA_TYPE: 415,
	UNPROCESSABLE: 422, PRECONDITION: 428, RATE: 429, INTERNAL: 500, UNAVAILABLE: 503,
};
export function errorCodes() {
	const text = readFileSync(new URL('src/base/error_codes.h', source), 'utf8');
	const rows = [...text.matchAll(/^DIQI_CODE \((\w+), "([^"]+)", (\w+), "([^"]*)", "([^"]*)"\)/gm)];
	if (rows.length !== text.match(/^DIQI_CODE/gm).length)
		throw new Error('a line of error_codes.h has another form');
	return Object.fromEntries(rows.map(([, name, code, kind, zh, en]) => [code, { status: name === 'METHOD' ? 405 : statusOfKind[kind], zh, en }]));
}

// A "#/…" reference, followed to its end.
export function resolve(node) {
	for (let hops = 0; node?.$ref !== undefined; hops++) {
		const ref = node.$ref;
		if (hops > 8 || !ref.startsWith('#/'))
			throw new Error(`${ref} leads nowhere`);
		node = ref.slice(2).split('/').reduce((at, part) => at?.[part.replaceAll('~1', '/').replaceAll('~0', '~')], document);
		if (node === undefined)
			throw new Error(`${ref} does not resolve`);
	}
	return node;
}

const methods = ['get', 'put', 'post', 'delete', 'patch'];

// [{path (as the program has it), method, operation, item}]
export function operations() {
	const all = [];
	for (const [path, item] of Object.entries(document.paths))
		for (const method of methods.filter((m) => item[m] !== undefined))
			all.push({ path: item[method]['x-diqi-path'] ?? path, method: method.toUpperCase(), operation: item[method], item });
	return all;
}

export const parametersOf = ({ operation, item }) => [...item.parameters ?? [], ...operation.parameters ?? []].map(resolve);

// --- JSON Schema, as much of it as the document uses ------------------------------------------

const typeOf = (v) => (v === null ? 'null' : Array.isArray(v) ? 'array' : Number.isInteger(v) ? 'integer' : typeof v);
const annotations = ['description', 'examples', 'default', 'format', 'contentEncoding'];
const assertions = {
	type: (want, v) => [want].flat().some((t) => t === typeOf(v) || (t === 'number' && typeof v === 'number')),
	const: (want, v) => want === v,
	enum: (want, v) => want.includes(v),
	pattern: (want, v) => typeof v !== 'string' || new RegExp(want, 'u').test(v),
	minLength: (want, v) => typeof v !== 'string' || [...v].length >= want,
	maxLength: (want, v) => typeof v !== 'string' || [...v].length <= want,
	minimum: (want, v) => typeof v !== 'number' || v >= want,
	maximum: (want, v) => typeof v !== 'number' || v <= want,
	minItems: (want, v) => !Array.isArray(v) || v.length >= want,
	maxItems: (want, v) => !Array.isArray(v) || v.length <= want,
	minProperties: (want, v) => typeOf(v) !== 'object' || Object.keys(v).length >= want,
	maxProperties: (want, v) => typeOf(v) !== 'object' || Object.keys(v).length <= want,
	required: (want, v) => typeOf(v) !== 'object' || want.every((name) => Object.hasOwn(v, name)),
};
const structure = ['$ref', 'properties', 'additionalProperties', 'items', 'allOf', 'anyOf', 'oneOf'];

// Complaints about `value`; none when it fits.  Members that no part of the schema names are complaints too: an
// answer must not say what the document does not.  `known` gathers the names of an allOf.
function complaints(schema, value, at, known = null) {
	schema = resolve(schema);
	const found = [];
	for (const [word, want] of Object.entries(schema)) {
		if (word in assertions) {
			if (!assertions[word](want, value))
				found.push(`${at || '/'}: ${word} ${JSON.stringify(want)} against ${JSON.stringify(value)?.slice(0, 120)}`);
		} else if (!structure.includes(word) && !annotations.includes(word) && !word.startsWith('x-')) {
			throw new Error(`${at}: the checker does not know "${word}"`);
		}
	}
	const isObject = typeOf(value) === 'object';
	const mine = known ?? new Set();
	const bears = schema.properties !== undefined || schema.additionalProperties !== undefined || schema.allOf !== undefined;
	if (isObject)
		for (const [name, member] of Object.entries(schema.properties ?? {})) {
			mine.add(name);
			if (Object.hasOwn(value, name))
				found.push(...complaints(member, value[name], `${at}/${name}`));
		}
	for (const part of schema.allOf ?? [])
		found.push(...complaints(part, value, at, mine));
	if (isObject && bears && typeof schema.additionalProperties === 'object') {
		for (const name of Object.keys(value).filter((n) => !mine.has(n)))
			found.push(...complaints(schema.additionalProperties, value[name], `${at}/${name}`));
	} else if (isObject && bears && known === null) {
		for (const name of Object.keys(value).filter((n) => !mine.has(n)))
			found.push(`${at}/${name}: no such member is documented`);
	}
	if (Array.isArray(value) && schema.items !== undefined)
		value.forEach((item, i) => found.push(...complaints(schema.items, item, `${at}/${i}`)));
	for (const [word, right] of [['anyOf', (n) => n >= 1], ['oneOf', (n) => n === 1]]) {
		if (schema[word] === undefined)
			continue;
		const each = schema[word].map((part) => complaints(part, value, at));
		if (!right(each.filter((c) => c.length === 0).length))
			found.push(`${at || '/'}: ${word}: ${each.map((c) => c[0] ?? 'fits').join(' | ')}`);
	}
	return found;
}

export const misfits = (schema, value) => complaints(schema, value, '');

// --- answers -------------------------------------------------------------------------------------

const patternOf = (path) => new RegExp(`^${path.replace(/[.+?^$()|]/g, '\\$&').replace(/\{\w+\*\}/g, '.+').replace(/\{\w+\}/g, '[^/]+')}$`);
// Literal paths before those with parameters.
const table = operations().map((o) => ({ ...o, pattern: patternOf(o.path) })).sort((a, b) => a.path.includes('{') - b.path.includes('{'));

export const findOperation = (method, path) =>
	table.find((o) => o.method === (method === 'HEAD' ? 'GET' : method) && o.pattern.test(path.split('?')[0]));

// Complaints about an answer {status, headers, type, body} to this request.
export function answerMisfits(method, path, reply) {
	const found = findOperation(method, path);
	if (found === undefined)
		return reply.status === 404 || reply.status === 405 ? [] : [`${method} ${path}: not documented, yet answered ${reply.status}`];
	const { responses } = found.operation;
	const where = `${found.method} ${found.path} ${reply.status}`;
	const success = reply.status < 400;
	if (responses[reply.status] === undefined && success)
		return [`${where}: no such success is documented`];
	// "default" is for what any address may say; a refusal of this operation's own must be listed.
	if (responses[reply.status] === undefined && ![404, 405, 429, 500, 503].includes(reply.status) && reply.body?.code !== 'request.malformed')
		return [`${where} ${reply.body?.code}: no such problem is documented`];
	const response = resolve(responses[reply.status] ?? responses.default);
	const bad = Object.keys(response.headers ?? {}).filter((name) => reply.headers.get(name) === null).map((name) => `${where}: no header ${name}`);
	if (response.content === undefined)
		return reply.bytes?.length > 0 ? [...bad, `${where}: a body nobody documented`] : bad;
	const media = response.content[reply.type];
	if (media === undefined)
		return [...bad, `${where}: content type "${reply.type}" is not documented`];
	if (/json/.test(reply.type) && method !== 'HEAD')
		bad.push(...misfits(media.schema, reply.body).map((c) => `${where}: ${c}`));
	return bad;
}

// Watches a site's clients: what they are answered must be documented.
export class Observer {
	constructor(site) {
		this.bad = new Set();
		this.seen = new Set();                 // "operationId status"
		site.observe = (method, path, reply) => this.take(method, path, reply);
	}

	take(method, path, reply) {
		const found = findOperation(method, path);
		if (found !== undefined)
			this.seen.add(`${found.operation.operationId} ${reply.status}`);
		for (const complaint of answerMisfits(method, path, reply))
			this.bad.add(complaint);
	}

	// Operations whose documented success nobody has seen.
	unseen() {
		return operations().map(({ operation: o }) => `${o.operationId} ${Object.keys(o.responses).find((s) => /^2/.test(s))}`)
			.filter((name) => !this.seen.has(name));
	}
}
