// Applying for a certificate: from the form to the confirmed certificate, and its revocation.
import { execFile } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Client } from './lib/client.mjs';
import { basicConstraintsCA, certificateRequest } from './lib/der.mjs';
import { expectProblem, expectStatus, expectWithin } from './lib/expect.mjs';
import { creditCode, organizationCode, organizationForm, personForm, required, residentId } from './lib/forms.mjs';
import { canonical, hex, Identity } from './lib/statement.mjs';
import { assert, check } from './lib/tap.mjs';
import { newIdentity, newKey, sleep, World } from './lib/world.mjs';

const run = promisify(execFile);
const world = await World.make();
const file = (name, content) => {
	const path = join(world.site.top, name);
	if (content !== undefined)
		writeFileSync(path, content);
	return path;
};
const root = join(world.site.dir, 'ca/root.crt'), issuing = join(world.site.dir, 'ca/issuing.crt');
const epoch = async () => String(Math.floor(await world.now() / 1000));

// openssl speaks to the responder; the site's frozen clock lies in the past or future of this machine's.
async function ocspPost(serial) {
	const { stdout, stderr } = await run('openssl', ['ocsp', '-issuer', issuing, '-serial', `0x${serial}`, '-url', `${world.site.url}/pki/issuing/ocsp`,
		'-CAfile', root, '-verify_other', issuing, '-attime', await epoch(), '-validity_period', '1000000000']);
	assert.match(stderr, /Response verify OK/, stderr);
	return /: (good|revoked|unknown)/.exec(stdout)?.[1] ?? stdout;
}

async function ocspGet(serial) {
	const request = file('ocsp.req'), response = file('ocsp.resp');
	await run('openssl', ['ocsp', '-issuer', issuing, '-serial', `0x${serial}`, '-no_nonce', '-reqout', request]);
	const encoded = encodeURIComponent(readFileSync(request).toString('base64'));
	await run('curl', ['-sS', '--fail', '--max-time', '10', '-o', response, `${world.site.url}/pki/issuing/ocsp/${encoded}`]);
	const { stdout, stderr } = await run('openssl', ['ocsp', '-issuer', issuing, '-serial', `0x${serial}`, '-no_nonce', '-respin', response,
		'-CAfile', root, '-verify_other', issuing, '-attime', await epoch(), '-validity_period', '1000000000']);
	assert.match(stderr, /Response verify OK/, stderr);
	return /: (good|revoked|unknown)/.exec(stdout)?.[1] ?? stdout;
}

async function crl() {
	const der = file('full.crl', (await world.public.get('/pki/issuing/full.crl')).bytes);
	const pem = file('full.crl.pem');
	await run('openssl', ['crl', '-inform', 'DER', '-in', der, '-out', pem]);
	const { stdout, stderr } = await run('openssl', ['crl', '-in', pem, '-CAfile', issuing, '-noout', '-text']);
	return { pem, text: stdout, verified: stderr };
}

async function opensslVerify(leaf) {
	const chain = file('chain.pem', readFileSync(root, 'utf8') + readFileSync(issuing, 'utf8'));
	const list = await crl();
	return run('openssl', ['verify', '-crl_check', '-purpose', 'sslclient', '-CAfile', chain, '-CRLfile', list.pem, '-attime', await epoch(), file('leaf.pem', leaf)])
		.then((r) => r.stdout, (e) => e.stderr + e.stdout);
}

try {
	let first;                                           // the application of the first case, used on

	await check('an organisation: from the form to the confirmed certificate', async () => {
		first = await world.draft('organization');
		assert.equal(first.view.state, 'draft');
		assert.equal(first.view.amount_fen, '30000');
		for (const state of ['submitted', 'accepted', 'paid', 'reviewed', 'issued', 'delivered', 'confirmed']) {
			await first.through(state);
			assert.equal(first.view.state, state);
		}
		assert.deepEqual(first.view.history.map((h) => h.act), ['application.create', 'application.submit', 'application.accept', 'fee.record',
			'application.review', 'application.issue', 'certificate.issued', 'certificate.deliver', 'certificate.confirm']);
		assert.equal(first.view.fee_paid, true);
		const certificate = first.identity.certificate;
		assert.ok(certificate.checkPrivateKey(first.identity.key));
		assert.match(certificate.subject, new RegExp(`O=${first.view.form.name}`));
		assert.equal(certificate.ca, false);
		assert.equal(first.view.fingerprint, first.identity.fingerprint);
		assert.equal(BigInt(`0x${certificate.serialNumber}`), BigInt(`0x${first.view.serial}`));
		assert.ok(BigInt(`0x${first.view.serial}`) > 1n << 126n, 'the serial holds fewer than 127 bits');
	});

	await check('a person: from the form to the confirmed certificate, which shows a commitment and never the identity number', async () => {
		const application = await (await world.draft('person')).through('confirmed');
		const { certificate } = application.identity;
		assert.match(certificate.subject, /serialNumber=C-[0-9a-f]{32}/);
		assert.ok(!certificate.raw.toString('latin1').includes(application.view.form.id_number));
		const document = JSON.parse((await application.client.get(`${application.path}/form-document`)).bytes);
		const commitment = hex(Buffer.concat([Buffer.from(document.salt, 'hex'), Buffer.from(application.view.form.id_number)])).slice(0, 32);
		assert.ok(certificate.subject.includes(`C-${commitment}`));
	});

	await check('the form document is canonical JSON with a salt, and its hash is what is signed', async () => {
		const application = await world.draft('person');
		const bytes = (await application.client.get(`${application.path}/form-document`)).bytes;
		const document = JSON.parse(bytes);
		assert.equal(canonical(document), bytes.toString());
		assert.deepEqual(document.form, application.view.form);
		assert.match(document.salt, /^[0-9a-f]{64}$/);
		expectStatus(await application.submit(), 200);
	});

	// --- the form ---------------------------------------------------------------------------

	for (const kind of ['organization', 'person']) {
		await check(`${kind}: each required field that is missing is named when the form is handed in`, async () => {
			const complete = kind === 'organization' ? organizationForm(900) : personForm(900);
			const application = await world.draft(kind);
			for (const field of required[kind]) {
				for (const empty of [true, false]) {
					if (empty && typeof complete[field] !== 'string')
						continue;
					const form = { ...complete };
					if (empty)
						form[field] = '';
					else
						delete form[field];
					const saved = await application.edit(form);
					if (saved.status !== 200) {          // an empty choice may be refused already here
						expectProblem(saved, 422, saved.body.code, `/form/${field}`);
						continue;
					}
					application.view = saved.body;
					expectProblem(await application.submit(), 422, 'field.missing', `/form/${field}`);
				}
			}
			assert.equal((await application.refresh()).state, 'draft');
		});
	}

	await check('a wrong value of each kind of field is refused with its pointer', async () => {
		const cases = {
			organization: {
				uscc: ['91320599MAX000015', 'identity.uscc'], postcode: '2154', phone: 'phone', address: ' 前有空格', legal_rep_id: ['32059919001231003X', 'identity.resident_id'],
				operator_mobile: '139', operator_email: 'jia@', copies: 21, declaration: false, certificate_type: 'tls', fax: '1', unit_type: 'party',
			},
			person: { birth: '1970-01-02', sex: 'female', email: 'a b@c.d', mobile: '+1', carrier: 'GOLD', id_type: 'library_card', province: '江苏\n省' },
		};
		for (const [kind, fields] of Object.entries(cases)) {
			const complete = kind === 'organization' ? organizationForm(901) : personForm(901);
			for (const [field, given] of Object.entries(fields)) {
				const [value, code] = Array.isArray(given) ? given : [given, 'field.value'];
				const application = new Client(world.site);
				const made = await application.post('/api/v1/applications', { kind, form: { ...complete, [field]: value } });
				if (made.status === 422) {
					expectProblem(made, 422, made.body.code, `/form/${field}`);
					continue;
				}
				const draft = await world.draft(kind, { ...complete, [field]: value });
				expectProblem(await draft.submit(), 422, code, `/form/${field}`);
			}
		}
	});

	await check('GB 11643: a resident identity number whose check digit is wrong is refused', async () => {
		const right = residentId('1970-01-01', 91);
		const wrong = right.slice(0, 17) + (right[17] === '1' ? '2' : '1');
		const application = await world.draft('person', { id_number: wrong });
		expectProblem(await application.submit(), 422, 'identity.resident_id', '/form/id_number');
	});

	await check('GB 11714: an organisation code that is not the credit code\'s is refused', async () => {
		const fits = await world.draft('organization', { uscc: creditCode(902), org_code: organizationCode(902) });
		expectStatus(await fits.submit(), 200);
		const other = await world.draft('organization', { uscc: creditCode(903), org_code: organizationCode(904) });
		expectProblem(await other.submit(), 422, 'identity.org_code', '/form/org_code');
	});

	await check('GB 32100: an early credit code whose check digit fails needs the clerk\'s override with a reason', async () => {
		const application = await world.draft('organization', { uscc: '91350100M0001TGQXM' });
		const view = expectStatus(await application.submit(), 200);
		assert.deepEqual(view.warnings, [{ pointer: '/form/uscc', code: 'identity.uscc_check_digit' }]);
		expectProblem(await application.accept(), 422, 'identity.uscc_check_digit', '/form/uscc');
		expectProblem(await application.accept({ overrides: [{ field: '/form/uscc', reason: '  ' }] }), 422, 'field.missing', '/statement/overrides/0/reason');
		expectProblem(await application.accept({ overrides: [{ field: '/form/name', reason: '营业执照原件已核' }] }), 422, 'field.value', '/statement/overrides/0');
		application.view = expectStatus(await application.accept({ overrides: [{ field: '/form/uscc', reason: '营业执照原件已核' }] }), 200);
		assert.equal(application.view.state, 'accepted');
		await application.through('issued');
		const wrong = await world.draft('organization');
		await wrong.through('submitted');
		expectProblem(await wrong.accept({ overrides: [{ field: '/form/uscc', reason: '无' }] }), 422, 'field.value', '/statement/overrides');
	});

	// --- versions and codes ---------------------------------------------------------------------

	await check('saving a draft asks for the version one has seen (428, 412)', async () => {
		const application = await world.draft('person');
		const { form } = application.view;
		expectProblem(await application.client.call('PUT', application.path, { form }), 428, 'precondition.missing');
		for (const tag of ['"v0"', '"v2"', '*', 'v1', '"1"', '"v99999999999999999999"'])
			expectProblem(await application.client.call('PUT', application.path, { form }, { headers: { 'If-Match': tag } }), 412, 'precondition.stale');
		const saved = await application.edit({ ...form, remark: '补充' }, 1);
		assert.equal(expectStatus(saved, 200).version, 2);
		assert.equal(saved.headers.get('etag'), '"v2"');
		expectProblem(await application.edit(form, 1), 412, 'precondition.stale');
		assert.equal((await application.client.get(application.path)).headers.get('etag'), '"v2"');
	});

	await check('a wrong access code and an unknown application look alike (401)', async () => {
		const application = await world.draft('person');
		const stranger = new Client(world.site);
		expectProblem(await stranger.get(application.path), 401, 'login.required');
		stranger.accessCode = 'AAAA-BBBB-CCCC-DDDD';
		const wrong = expectProblem(await stranger.get(application.path), 401, 'application.access_code');
		const unknown = expectProblem(await stranger.get('/api/v1/applications/019c8d28-fe80-73b1-8c60-428d4d6feb85'), 401, 'application.access_code');
		assert.equal(wrong.detail, unknown.detail);
		stranger.accessCode = application.client.accessCode.toLowerCase().replaceAll('-', ' ');
		expectStatus(await stranger.get(application.path), 200);
		stranger.accessCode = (await world.draft('person')).client.accessCode;
		expectProblem(await stranger.get(application.path), 401, 'application.access_code');
	});

	await check('an applicant sees only the own application, and no list', async () => {
		const application = await world.draft('person');
		expectProblem(await application.client.get('/api/v1/applications'), 401, 'login.required');
		expectProblem(await first.holder.get(application.path), 403, 'permission.denied');
		expectStatus(await first.holder.get(first.path), 200);
	});

	await check('officers page through the list; market officers see none of it', async () => {
		const clerk = await world.officer('clerk');
		const seen = [];
		for (let cursor = ''; cursor !== null;) {
			const page = expectStatus(await clerk.get(`/api/v1/applications?limit=7${cursor && `&cursor=${cursor}`}`), 200);
			assert.ok(page.items.length <= 7);
			seen.push(...page.items.map((i) => i.application));
			cursor = page.next_cursor;
		}
		assert.equal(new Set(seen).size, seen.length);
		assert.ok(seen.includes(first.id));
		const confirmed = expectStatus(await clerk.get('/api/v1/applications?state=confirmed'), 200).items;
		assert.ok(confirmed.length >= 2 && confirmed.every((i) => i.state === 'confirmed'));
		expectProblem(await clerk.get('/api/v1/applications?state=lost'), 422, 'field.value');
		expectProblem(await clerk.get('/api/v1/applications?limit=201'), 422, 'field.value', 'limit');
		expectProblem(await clerk.get('/api/v1/applications?cursor=x'), 422, 'field.value');
		expectProblem(await (await world.officer('market_editor')).get('/api/v1/applications'), 403, 'permission.denied');
	});

	await check('the acceptance slip names the application and the access code that was shown', async () => {
		const application = await world.draft('person');
		const reply = await application.client.get(`${application.path}/slip`);
		expectStatus(reply, 200);
		assert.match(reply.type, /^text\/plain; charset=utf-8/i);
		assert.ok(reply.body.includes(application.id) && reply.body.includes(application.client.accessCode));
		const atCounter = await (await world.officer('clerk')).get(`${application.path}/slip`);
		assert.ok(!atCounter.body.includes(application.client.accessCode));
	});

	// --- who does what ------------------------------------------------------------------------------

	await check('each act belongs to its role', async () => {
		const application = await (await world.draft('person')).through('submitted');
		const acts = [['accept', 'application.accept', 'reviewer'], ['fee', 'fee.record', 'clerk'], ['review', 'application.review', 'issuer'],
			['issue', 'application.issue', 'reviewer'], ['deliver', 'certificate.deliver', 'cashier'], ['reject', 'application.reject', 'clerk']];
		for (const [verb, type, officer] of acts)
			expectProblem(await (await world.officer(officer)).act(`${application.path}/${verb}`, type, { application: application.id }), 403, 'permission.denied');
		expectProblem(await application.client.post(`${application.path}/accept`, { statement: 'x' }), 401, 'login.required');
	});

	await check('nothing is reviewed or issued before it is paid, and out of turn nothing happens', async () => {
		const application = await (await world.draft('person')).through('accepted');
		expectProblem(await application.approve('review'), 409, 'application.state');
		expectProblem(await application.approve('issue'), 409, 'application.state');
		expectProblem(await application.accept(), 409, 'application.state');
		expectProblem(await application.client.get(`${application.path}/certificate`), 409, 'application.state');
		assert.equal((await application.refresh()).state, 'accepted');
	});

	await check('the fee is 300.00 yuan: neither more, less, nor otherwise written', async () => {
		const application = await (await world.draft('person')).through('accepted');
		for (const amount of ['29999', '30001', '0'])
			expectProblem(await application.pay(amount), 422, 'field.value', '/statement/amount_fen');
		for (const amount of ['300.00', '030000', '-30000', 30000, '3e4', ''])
			assert.equal((await application.pay(amount)).status, 422, String(amount));
		application.view = expectStatus(await application.pay(), 200);
		expectProblem(await application.pay(), 409, 'application.state');
	});

	await check('a clerk who is also reviewer does not review what he accepted; a reviewer does not issue what he reviewed', async () => {
		await world.giveRole('clerk', 'reviewer');
		await world.giveRole('reviewer', 'issuer');
		const application = await (await world.draft('person')).through('paid');
		expectProblem(await application.approve('review', 'clerk'), 403, 'approval.same_person');
		await application.through('reviewed');
		expectProblem(await application.approve('issue', 'reviewer'), 403, 'approval.same_person');
		await application.through('issued');
	});

	await check('the officers\' list changes only by two persons over exactly this list', async () => {
		const none = () => {};
		expectProblem(await world.officersChange(none, { signers: ['administrator', 'administrator'] }), 403, 'approval.same_person');
		const weak = await world.officersChange(none, { signers: ['auditor', 'reviewer'] });
		assert.equal(weak.status, 403, JSON.stringify(weak.body));
		const outsider = await world.officersChange(none, { signers: ['administrator', 'cashier'] });
		assert.equal(outsider.status, 403, JSON.stringify(outsider.body));
		expectProblem(await world.officersChange(none, { signers: ['administrator', 'auditor'] }), 403, 'approval.refused');
		const alone = await world.officersChange((officers) => { officers.filter((o) => o.roles.includes('administrator'))[1].removed = true; });
		expectProblem(alone, 403, 'signer.refused');
		const gone = await world.officersChange((officers) => officers.pop());
		assert.equal(gone.status, 403, JSON.stringify(gone.body));
		const administrator = await world.officer('administrator');
		const now = expectStatus(await administrator.get('/api/v1/officers'), 200);
		const forged = JSON.parse(JSON.stringify(now));
		forged.version++;
		forged.officers[0].roles = ['administrator'];
		const members = { version: now.version, previous: hex(canonical(now)), list: hex(canonical({ ...now, version: now.version + 1 })) };
		const statements = [await administrator.statement('officers.change', members), await (await world.officer('auditor')).statement('officers.change', members)];
		expectProblem(await administrator.post('/api/v1/officers', { statements, list: forged }), 422, 'statement.target');
		assert.deepEqual(expectStatus(await administrator.get('/api/v1/officers'), 200), now);
	});

	await check('an approval binds to the hash of the request: another hash, profile or application is refused', async () => {
		const application = await (await world.draft('person')).through('paid');
		const other = await (await world.draft('person')).through('paid');
		const foreign = (await other.request()).hash;
		expectProblem(await application.approve('review', 'reviewer', { request: foreign }), 422, 'statement.target', '/statement/request');
		expectProblem(await application.approve('review', 'reviewer', { application: other.id }), 422, 'statement.target', '/statement/application');
		expectProblem(await application.approve('review', 'reviewer', { profile: 'officer' }), 422, 'statement.target', '/statement/profile');
		expectProblem(await application.approve('review', 'reviewer', { profile_version: 99 }), 422, 'statement.target', '/statement/profile_version');
		await application.through('reviewed');
		expectProblem(await application.approve('issue', 'issuer', { request: foreign }), 422, 'statement.target', '/statement/request');
		const request = await application.request();
		assert.equal(hex(request.request), request.hash);
		assert.equal(canonical(JSON.parse(request.request)), request.request);
	});

	await check('a return voids the review; the changed form is a new request, and is not paid twice', async () => {
		const application = await (await world.draft('person')).through('reviewed');
		const reviewed = await application.request();
		const returned = expectStatus(await application.sendBack('return', 'reviewer', { fields: ['/form/address'] }), 200);
		assert.deepEqual(returned.returned, { reason: '请补充材料', fields: ['/form/address'] });
		expectProblem(await application.edit(application.view.form, application.view.version), 412, 'precondition.stale');
		await application.refresh();
		application.view = expectStatus(await application.edit({ ...application.view.form, address: '太仓市虚构路99号' }), 200);
		await application.through('submitted');
		await application.through('accepted');
		assert.equal((await application.refresh()).state, 'paid');
		const again = await application.request();
		assert.notEqual(again.hash, reviewed.hash);
		expectProblem(await application.approve('issue'), 409, 'application.state');
		expectProblem(await application.approve('review', 'reviewer', { request: reviewed.hash }), 422, 'statement.target', '/statement/request');
		await application.through('issued');
	});

	await check('accepting names the version and form seen: an older one is refused', async () => {
		const application = await (await world.draft('person')).through('submitted');
		expectProblem(await application.accept({ version: 1 }), 422, 'statement.target', '/statement/version');
		expectProblem(await application.accept({ form: '0'.repeat(64) }), 422, 'statement.target', '/statement/form');
	});

	await check('a rejection ends the application, and tells why', async () => {
		const application = await (await world.draft('person')).through('accepted');
		expectProblem(await application.sendBack('reject', 'reviewer', { reason: ' ' }), 422, 'field.missing', '/statement/reason');
		const view = expectStatus(await application.sendBack('reject', 'reviewer', { reason: '材料虚假' }), 200);
		assert.equal(view.state, 'rejected');
		expectProblem(await application.pay(), 409, 'application.state');
		expectProblem(await application.submit(), 409, 'application.state');
	});

	await check('only the holder of the new certificate confirms it', async () => {
		const application = await (await world.draft('person')).through('delivered');
		const reply = await first.holder.act(`${application.path}/confirm`, 'certificate.confirm', { application: application.id, serial: application.view.serial });
		expectProblem(reply, 403, 'permission.denied');
		await application.through('confirmed');
	});

	// --- the key -------------------------------------------------------------------------------------

	await check('a request whose signature is not of its own key proves nothing', async () => {
		const application = await world.draft('person');
		const stolen = certificateRequest(application.identity.key, { signer: newKey() });
		expectProblem(await application.submit({ csr: stolen }), 422, 'csr.proof_of_possession', '/csr');
	});

	await check('somebody else\'s request is refused: the submission must be signed with the key in it', async () => {
		const application = await world.draft('person');
		expectProblem(await application.submit({ csr: certificateRequest(newKey()) }), 403, 'statement.signer');
		const other = newIdentity();
		expectProblem(await application.submit({ members: { spki: other.spkiHash } }), 422, 'statement.target', '/statement/spki');
		expectProblem(await application.submit({ members: { form: '0'.repeat(64) } }), 422, 'statement.target', '/statement/form');
		expectProblem(await application.submit({ members: { service: 'renew' } }), 422, 'statement.target', '/statement/service');
	});

	await check('keys of other sizes and curves are refused', async () => {
		for (const key of [generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey, generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey]) {
			const application = await world.draft('person');
			const reply = await application.client.post(`${application.path}/submit`, { csr: certificateRequest(key).toString('base64'), statement: await application.client.statement('application.submit', { application: application.id }, { identity: newIdentity() }) });
			expectProblem(reply, 422, 'key.algorithm', '/csr');
		}
	});

	await check('garbage for a request is named', async () => {
		const application = await world.draft('person');
		const good = certificateRequest(application.identity.key);
		for (const csr of ['', '!!!!', 'AAAA', good.subarray(0, 60), Buffer.concat([good, Buffer.from([0])]), '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n']) {
			const reply = await application.submit({ csr });
			assert.ok([400, 422].includes(reply.status), `${reply.status}`);
			assert.equal(reply.body.errors?.[0]?.pointer, '/csr', JSON.stringify(reply.body));
		}
		expectStatus(await application.submit({ csr: `-----BEGIN CERTIFICATE REQUEST-----\n${good.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE REQUEST-----\n` }), 200);
	});

	await check('CA:TRUE and a name of one\'s own in the request change nothing in the certificate', async () => {
		const application = await world.draft('person');
		const csr = certificateRequest(application.identity.key, { commonName: '自封的CA', extensions: [basicConstraintsCA] });
		const reply = await application.submit({ csr });
		if (reply.status !== 200) {
			assert.ok(reply.status < 500, JSON.stringify(reply.body));
			return;
		}
		application.view = reply.body;
		await application.through('issued');
		assert.equal(application.identity.certificate.ca, false);
		assert.ok(!application.identity.certificate.subject.includes('自封的CA'));
	});

	await check('a key that another application or certificate has is refused (409)', async () => {
		const a = await (await world.draft('person')).through('submitted');
		const b = await world.draft('person');
		b.identity = a.identity;
		expectProblem(await b.submit(), 409, 'key.reused', '/csr');
		const c = await world.draft('person');
		c.identity = new Identity(first.identity.key);
		expectProblem(await c.submit(), 409, 'key.reused', '/csr');
	});

	// --- status ------------------------------------------------------------------------------------------

	await check('openssl verifies the chain, with the CRL', async () => {
		const leaf = first.identity.certificate.toString();
		assert.match(await opensslVerify(leaf), /leaf\.pem: OK/);
		const list = await crl();
		assert.match(list.verified, /verify OK/);
		const published = (await world.public.get('/pki/issuing/ca.cer')).bytes;
		assert.ok(new X509Certificate(published).raw.equals(new X509Certificate(readFileSync(issuing)).raw));
		assert.ok(new X509Certificate((await world.public.get('/pki/root/ca.cer')).bytes).raw.equals(new X509Certificate(readFileSync(root)).raw));
	});

	await check('who insists on a policy finds the holder\'s, through the whole chain (RFC 5280 6.1.5)', async () => {
		const verify = async (policy) => run('openssl', ['verify', '-policy', policy, '-explicit_policy', '-trusted', root, '-untrusted', issuing,
			'-attime', await epoch(), file('leaf.pem', first.identity.certificate.toString())]).then((r) => r.stdout, (e) => e.stderr);
		const organization = '2.25.305447819689411628422610157834667034486.3.1';
		assert.match(await verify(organization), /leaf\.pem: OK/);
		assert.match(await verify(organization.replace(/1$/, '2')), /no explicit policy/);
	});

	await check('OCSP: good for what was issued, by POST and by GET', async () => {
		assert.equal(await ocspPost(first.view.serial), 'good');
		assert.equal(await ocspGet(first.view.serial), 'good');
	});

	await check('OCSP: unknown for what was never issued', async () => {
		assert.equal(await ocspPost('0123456789abcdef0123456789abcdef'), 'unknown');
		assert.equal(await ocspGet('7fffffffffffffffffffffffffffffff'), 'unknown');
		const wrong = await world.public.call('POST', '/pki/issuing/ocsp', 'x', { raw: true, headers: { 'Content-Type': 'text/plain' } });
		expectProblem(wrong, 415, 'request.media_type');
		/* Parameters of the type mean nothing here, and are no mistake. */
		const garbage = await world.public.call('POST', '/pki/issuing/ocsp', 'x', { raw: true, headers: { 'Content-Type': 'application/ocsp-request; charset=binary' } });
		assert.deepEqual([...garbage.bytes], [0x30, 3, 0x0a, 1, 1]);      // malformedRequest
	});

	await check('revocation: only by the holder, a reviewer or an issuer, with a reason that fits', async () => {
		const victim = await (await world.draft('person')).through('confirmed');
		const path = `/api/v1/certificates/${victim.view.serial}/revoke`;
		expectProblem(await victim.revoke(first.holder), 403, 'permission.denied');
		expectProblem(await victim.revoke(await world.officer('cashier')), 403, 'permission.denied');
		for (const reason of ['cACompromise', 'certificateHold', 'removeFromCRL', 'because', 'privilegeWithdrawn'])
			expectProblem(await victim.revoke(victim.holder, reason), 422, 'field.value', '/statement/reason');
		const other = await victim.holder.act(path, 'certificate.revoke', { serial: first.view.serial, reason: 'keyCompromise' });
		expectProblem(other, 422, 'statement.target', '/statement/serial');
		assert.equal(await ocspPost(victim.view.serial), 'good');
		const view = expectStatus(await victim.revoke(victim.holder), 200);
		assert.equal(view.status, 'revoked');
		assert.equal(view.reason, 'keyCompromise');
		expectProblem(await victim.revoke(await world.officer('issuer')), 409, 'certificate.state');
	});

	await check('within one second of a revocation OCSP says revoked and the CRL lists it', async () => {
		const victim = await (await world.draft('organization')).through('confirmed');
		const before = await opensslVerify(victim.identity.certificate.toString());
		assert.match(before, /OK/);
		await expectWithin(1000, async (tries) => {
			const revoked = tries === 0 ? victim : await (await world.draft('organization')).through('confirmed');
			const { serial } = revoked.view;
			expectStatus(await revoked.revoke(await world.officer('issuer'), 'privilegeWithdrawn'), 200);
			const began = Date.now();
			assert.equal(await ocspPost(serial), 'revoked');
			assert.equal(await ocspGet(serial), 'revoked');
			const entry = new RegExp(`serial number: 0*${BigInt(`0x${serial}`).toString(16)}`);
			for (let i = 0; !entry.test((await crl()).text.toLowerCase()); i++, await sleep(20))
				assert.ok(i < 200, 'never listed');
			return Date.now() - began;
		});
		assert.match(await opensslVerify(victim.identity.certificate.toString()), /certificate revoked/);
		const status = expectStatus(await world.public.get(`/api/v1/certificates/${victim.view.serial}`), 200);
		assert.deepEqual(Object.keys(status).sort(), ['not_after', 'not_before', 'pair', 'profile', 'reason', 'revoked_at', 'serial', 'status', 'use']);
	});

	await check('the public view of a certificate names nobody; an unknown serial is 404', async () => {
		const status = expectStatus(await world.public.get(`/api/v1/certificates/${first.view.serial}`), 200);
		assert.equal(status.status, 'valid');
		assert.ok(!JSON.stringify(status).includes(first.view.form.name));
		expectProblem(await world.public.get('/api/v1/certificates/0123456789abcdef0123456789abcdef'), 404, 'certificate.unknown');
	});

	await check('a holder\'s second certificate belongs to the same subject', async () => {
		const again = await (await world.draft('organization', first.view.form)).through('confirmed');
		assert.equal(again.holder.subject, first.holder.subject);
		assert.notEqual(again.view.serial, first.view.serial);
	});

	await check('a restart changes nothing: application, certificate and OCSP answer the same', async () => {
		const half = await (await world.draft('person')).through('reviewed');
		const before = await first.refresh();
		await world.site.restart('SIGKILL');
		assert.deepEqual(await first.refresh(), before);
		assert.equal(await ocspGet(first.view.serial), 'good');
		await half.through('confirmed');
	});

	await check('the server never saw a private key: none is on its disk', async () => {
		const pkcs8 = createPrivateKey(first.identity.key.export({ type: 'pkcs8', format: 'pem' })).export({ format: 'jwk' }).d;
		const database = join(world.site.dir, 'data/diqi.db');
		if (existsSync(database))
			assert.ok(!readFileSync(database).includes(Buffer.from(pkcs8, 'base64url')));
		assert.ok(!world.site.log.includes(pkcs8));
	});
} finally {
	if (process.env.DIQI_SHOW_LOG)
		writeFileSync(process.env.DIQI_SHOW_LOG, world.site.log);
	await world.remove();
}
