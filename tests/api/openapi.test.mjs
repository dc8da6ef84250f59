// docs/api/openapi.yaml says what the program serves, no more and no less.
import { document, errorCodes, misfits, operations, parametersOf, resolve, routes } from './lib/contract.mjs';
import { assert, check, engine } from './lib/tap.mjs';
import { readYaml } from './lib/yaml.mjs';

const sorted = (list) => [...list].sort();
const nameOf = ({ method, path }) => `${method} ${path}`;
const requires = (op, header) => parametersOf(op).some((p) => p.in === 'header' && p.name === header && p.required === true);
// Every operation of which `wrong` says something.
const complaintsOf = (list, wrong) => list.map((o) => [nameOf(o), wrong(o)]).filter(([, why]) => why).map((pair) => pair.join(': '));

async function main () {
	const served = routes(), documented = operations();
	const routeOf = new Map(served.map((r) => [nameOf(r), r]));
	const against = (what) => complaintsOf(documented, (o) => {
		const route = routeOf.get(nameOf(o));
		const [here, there] = route === undefined ? [] : what(o, route).map((v) => JSON.stringify(v));
		return here !== there && `the document says ${here}, the program ${there}`;
	});

	await check('every route is documented, and every documented operation is a route', () =>
		assert.deepEqual(sorted(documented.map(nameOf)), sorted(served.map(nameOf))));
	await check('permissions are those of the route table', () =>
		assert.deepEqual(against((o, r) => [sorted(o.operation['x-diqi-permission']), sorted(r.permission)]), []));
	await check('body limits are those of the route table', () =>
		assert.deepEqual(against((o, r) => [o.operation['x-diqi-body-limit'], r.body_limit]), []));
	await check('Idempotency-Key is required exactly where the program asks for it', () =>
		assert.deepEqual(against((o, r) => [requires(o, 'Idempotency-Key'), r.idempotent]), []));
	await check('If-Match is required exactly where the program asks for it', () =>
		assert.deepEqual(against((o, r) => [requires(o, 'If-Match'), r.if_match]), []));
	await check('listeners are those of the route table', () =>
		assert.deepEqual(against((o, r) => [o.operation['x-diqi-listener'] ?? 'public', r.listener]), []));

	await check('the codes of problems are those of error_codes.h, with status and titles', () => {
		const { enum: names, 'x-diqi-codes': table } = document.components.schemas.ErrorCode;
		assert.deepEqual(names, Object.keys(errorCodes()));
		assert.deepEqual(table, errorCodes());
	});

	await check('every reference resolves, and every component is used', () => {
		const used = new Set();
		const walk = (node, at) => {
			if (node === null || typeof node !== 'object')
				return;
			if (typeof node.$ref === 'string') {
				assert.ok(resolve(node) !== undefined, at);
				used.add(node.$ref);
			}
			for (const [name, member] of Object.entries(node))
				walk(member, `${at}/${name}`);
		};
		walk(document, '');
		const unused = ['parameters', 'headers', 'responses', 'schemas', 'examples']
			.flatMap((kind) => Object.keys(document.components[kind]).map((name) => `#/components/${kind}/${name}`))
			.filter((ref) => !used.has(ref));
		assert.deepEqual(unused, []);
	});

	await check('every operation has an id of its own, a summary, one success and its problems', () => {
		assert.deepEqual(complaintsOf(documented, ({ operation: o }) => {
			const statuses = Object.keys(o.responses);
			if (!o.summary || !o.operationId || o.tags?.length !== 1)
				return 'no summary, id or tag';
			if (statuses.filter((s) => /^2/.test(s)).length !== 1)
				return 'not exactly one success';
			if (!('default' in o.responses))
				return 'no default problem';
		}), []);
		assert.equal(new Set(documented.map((o) => o.operation.operationId)).size, documented.length);
		const tags = new Set(document.tags.map((t) => t.name));
		assert.deepEqual(documented.filter((o) => !tags.has(o.operation.tags[0])).map(nameOf), []);
	});

	await check('problems follow from what an operation asks for', () =>
		assert.deepEqual(complaintsOf(documented, (o) => {
			const { responses, requestBody, 'x-diqi-permission': permission, 'x-diqi-body-limit': limit } = o.operation;
			const open = permission.includes('public') || permission.includes('test_site');
			const wanted = [
				...open ? [] : ['401', '403'],
				...requestBody ? ['400', '413', '415'] : [],
				...limit > 0 ? ['413'] : [],
				...requires(o, 'Idempotency-Key') ? ['400', '409', '422'] : [],
				...requires(o, 'If-Match') ? ['409', '412', '428'] : [],
			];
			const missing = wanted.filter((s) => !(s in responses));
			return missing.length > 0 && `no ${missing}`;
		}), []));

	await check('security schemes follow from the permission', () =>
		assert.deepEqual(complaintsOf(documented, ({ operation: o }) => {
			const has = (name) => o.security.some((s) => (name === null ? Object.keys(s).length === 0 : name in s));
			const permission = o['x-diqi-permission'];
			if (permission.includes('public') || permission.includes('test_site'))
				return o.security.length > 0 && !has(null) && 'anybody may, yet it wants a credential';
			if (!has('session') || has(null))
				return 'it wants a session';
			return has('accessCode') !== permission.includes('applicant') && 'access code and "applicant" differ';
		}), []));

	await check('path parameters are declared, and none that is not there', () =>
		assert.deepEqual(complaintsOf(documented, (o) => {
			const inPath = sorted([...o.path.matchAll(/\{(\w+)\*?\}/g)].map((m) => m[1]));
			const declared = sorted(parametersOf(o).filter((p) => p.in === 'path').map((p) => p.name));
			return JSON.stringify(inPath) !== JSON.stringify(declared) && `${inPath} / ${declared}`;
		}), []));

	await check('a body is described exactly where one is taken', () =>
		assert.deepEqual(complaintsOf(documented, ({ operation: o, method }) => {
			if (method === 'GET')
				return (o.requestBody || o['x-diqi-body-limit'] !== 0) && 'a GET with a body';
			// Logging out takes none but bears one; checking the book changes nothing.
			return !o.requestBody && !['logout', 'checkLedger'].includes(o.operationId) && 'no body';
		}), []));

	await check('examples fit their schemas', () => {
		const wrong = [];
		for (const [name, example] of Object.entries(document.components.examples))
			wrong.push(...misfits({ $ref: `#/components/schemas/${example['x-diqi-schema']}` }, example.value).map((c) => `${name}${c}`));
		for (const [name, response] of Object.entries(document.components.responses))
			for (const media of Object.values(response.content))
				wrong.push(...misfits(media.schema, media.example).map((c) => `${name}${c}`));
		assert.deepEqual(wrong, []);
	});

	await check('the reader of the document refuses what it does not know', () => {
		for (const text of ['a: 1\na: 2', 'a: &x 1', 'a: *x', 'a: !t 1', 'a: >\n  b', "a: 'b'", 'a:\n\tb: 1', 'a:\n  b: 1\n c: 1', 'a: {b: 1, b: 2}', 'a: [1,2]',
			'a: yes', 'a: 1.5', 'a: b: c', 'a: b # c', 'a:', '- a\nb: 1', 'a: "b', 'a: [1', '--- \na: 1', 'a: 1 ', 'a: 1\n---\nb: 1'])
			assert.throws(() => readYaml(text), undefined, text);
		assert.deepEqual(readYaml('a: "x: \\u0061"\nb:\n  - c: 1\n    d: [e, {f: null}]\n  - g\nh: |\n  i\n\n   j\n"200": true\n'),
			{ a: 'x: a', b: [{ c: 1, d: ['e', { f: null }] }, 'g'], h: 'i\n\n j\n', 200: true });
	});
}

// Nothing here depends on the database.
if (engine === 'sqlite')
	await main();
