// A site with its people: officers logged in when needed, applicants, holders, and the clock they live by.
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { Client } from './client.mjs';
import { certificateRequest } from './der.mjs';
import { expectStatus } from './expect.mjs';
import { organizationForm, personForm } from './forms.mjs';
import { Site } from './site.mjs';
import { canonical, hex, Identity, timeText } from './statement.mjs';

const RELOGIN_MS = 25 * 60000;                 // sessions end after 30 idle minutes

export const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
export const newIdentity = () => new Identity(newKey());
export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

export class World {
	static async make(options = {}) {
		const site = await Site.make({ ...options, serve: false });
		for (const [section, key, value] of options.configure ?? [])
			site.configure(section, key, value);
		options.prepare?.(site);
		await site.start();
		return World.over(site);
	}

	// Around a site that is being served.
	static over(site) {
		const world = new World();
		world.site = site;
		world.public = new Client(world.site);
		world.clients = new Map();
		world.applicants = 0;
		return world;
	}

	remove() { return this.site.remove(); }

	// --- time ---------------------------------------------------------------------------
	async now() { return Date.parse(expectStatus(await this.public.get('/api/v1/time'), 200).time); }

	async setClock(to) {
		return expectStatus(await this.public.post('/api/v1/test/clock', { now: typeof to === 'number' ? timeText(to) : to }), 200).time;
	}

	async advance(ms) {
		return expectStatus(await this.public.post('/api/v1/test/clock', { advance_ms: ms }), 200).time;
	}

	// The log's size with every committed leaf under a checkpoint: moving the clock signs one.
	async logSize() {
		await this.advance(0);
		const note = await this.public.get('/checkpoint');
		return note.status === 404 ? 0 : Number(expectStatus(note, 200).split('\n')[1]);
	}

	// --- people -------------------------------------------------------------------------
	officer(name) {
		if (!this.clients.has(name))
			this.clients.set(name, new Client(this.site, Identity.officer(this.site.dir, name)));
		return this.ready(this.clients.get(name));
	}

	// Logs in (again) when the session may have ended.
	async ready(client) {
		const now = await this.now();
		if (client.cookie === null || now - client.loggedInAt > RELOGIN_MS) {
			client.cookie = null;
			expectStatus(await client.login(), 201);
			client.loggedInAt = now;
		}
		return client;
	}

	// --- applications -------------------------------------------------------------------
	// A draft; `asks` are the further members (service, certificate …).  `by`: in whose session it is made.
	async draft(kind = 'organization', changes = {}, asks = {}, by = null) {
		const n = ++this.applicants;
		const form = kind === 'organization' ? organizationForm(n, changes) : personForm(n, changes);
		const view = expectStatus(await this.ask(by, { kind, form, ...asks }), 201);
		const client = new Client(this.site);
		client.accessCode = view.access_code;
		// A holder goes on in his session; what a clerk began is the applicant's, by access code.
		const application = new Application(this, by !== null && by.subject !== undefined ? by : client, view);
		application.byCode = client;
		return application;
	}

	async ask(by, body) { return (by === null ? new Client(this.site) : await this.ready(by)).post('/api/v1/applications', body); }

	// A draft about the certificate of this (confirmed) application, by its holder unless somebody else asks.
	async service(service, of, { by = of.holder, form = {}, ...asks } = {}) {
		return this.draft(of.view.kind, { ...of.view.form, copies: of.view.form.copies && 1, ...form }, { service, certificate: of.view.serial, ...asks }, by);
	}

	// From the form to the confirmed certificate: the holder, logged in.
	async certify(kind = 'organization', changes = {}) {
		const application = await this.draft(kind, changes);
		await application.through('confirmed');
		return application.holder;
	}

	// The two who may change the list of officers; `edit` changes a copy of it.
	async officersChange(edit, { signers = ['administrator', 'administrator-2'] } = {}) {
		const administrator = await this.officer('administrator');
		const current = expectStatus(await administrator.get('/api/v1/officers'), 200);
		const list = JSON.parse(JSON.stringify(current));
		list.version++;
		edit(list.officers);
		const members = { version: current.version, previous: hex(canonical(current)), list: hex(canonical(list)) };
		const statements = [];
		for (const name of signers)
			statements.push(await (await this.officer(name)).statement('officers.change', members));
		return administrator.post('/api/v1/officers', { statements, list });
	}

	// Two administrators take down whose number it is; `number` as in "resident_id:…".
	async identifyOfficer(person, number, { signers = ['administrator', 'administrator-2'] } = {}) {
		const { site } = expectStatus(await this.public.get('/api/v1/site'), 200);
		const identity = createHash('sha256').update(`${site}\0person\0${number}`).digest('hex');
		const statements = [];
		for (const name of signers)
			statements.push(await (await this.officer(name)).statement('officer.identify', { person, identity }));
		return (await this.officer('administrator')).post('/api/v1/officers/identities', { statements });
	}

	async giveRole(officer, role) {
		const { person } = expectStatus(await (await this.officer(officer)).get('/api/v1/session'), 200);
		return expectStatus(await this.officersChange((officers) => {
			officers.find((o) => o.person === person).roles.push(role);
		}), 200);
	}

	// New cards for these officers, as the old ones will lapse after two years.
	async newCards(names) {
		const keys = new Map();
		for (const name of names)
			keys.set(name, newKey());
		const persons = new Map();
		for (const name of names)
			persons.set(expectStatus(await (await this.officer(name)).get('/api/v1/session'), 200).person, name);
		const list = expectStatus(await this.officersChange((officers) => {
			for (const [person, name] of persons) {
				const { certificate, ...officer } = officers.findLast((o) => o.person === person);
				officers.push({ ...officer, csr: certificateRequest(keys.get(name)).toString('base64') });
			}
		}), 200);
		for (const [person, name] of persons) {
			const { certificate } = list.officers.findLast((o) => o.person === person);
			this.clients.set(name, new Client(this.site, new Identity(keys.get(name), new X509Certificate(Buffer.from(certificate, 'base64')))));
		}
	}

	// On by years, the officers with new cards each time.
	async passTo(moment, names) {
		await this.newCards(names);
		for (let now = await this.now(); now < moment; now = await this.now()) {
			await this.setClock(Math.min(moment, now + 600 * 86400000));
			// It takes two administrators to give anybody a card.
			await this.newCards([...new Set(['administrator', 'administrator-2', ...names])]);
		}
	}

	// --- the market ---------------------------------------------------------------------
	parcel(changes = {}) {
		const all = JSON.parse(readFileSync(new URL('../../../data/parcels.json', import.meta.url), 'utf8'));
		const content = all.parcels[0].content;
		return { ...content, ...changes, parcel: { ...content.parcel, ...changes.parcel }, times: { ...content.times, ...changes.times } };
	}

	async draftNotice(content) {
		return expectStatus(await (await this.officer('market_editor')).post('/api/v1/notices', { content }), 201);
	}

	async noticeAct(officer, verb, notice) {
		const client = await this.officer(officer);
		const view = expectStatus(await client.get(`/api/v1/notices/${notice}`), 200);
		return client.act(`/api/v1/notices/${notice}/${verb}`, `notice.${verb}`, { notice, version: view.version, content: view.content_hash });
	}

	// A published notice: its view, which names the sale.
	async publish(content) {
		const { notice } = await this.draftNotice(content);
		expectStatus(await this.noticeAct('market_editor', 'submit', notice), 200);
		return expectStatus(await this.noticeAct('market_approver', 'approve', notice), 200);
	}

	async sale(id, client = this.public) { return expectStatus(await client.get(`/api/v1/sales/${id}`), 200); }

	async qualifyReply(sale, holder, bidderNo, changes = {}) {
		await this.ready(holder);
		const approver = await this.officer('market_approver');
		return approver.act(`/api/v1/sales/${sale}/bidders`, 'bidder.qualify', {
			sale, subject: holder.subject, bidder_no: bidderNo, certificate: holder.identity.fingerprint, spki: holder.identity.spkiHash, ...changes,
		});
	}

	async qualify(sale, holder, bidderNo) { return expectStatus(await this.qualifyReply(sale, holder, bidderNo), 201); }

	// The members of a quote as the bidder sees the sale now.
	async quoteMembers(sale, price) {
		const view = await this.sale(sale);
		return { sale, rule_set: view.rule_set.hash, price_fen: String(price ?? view.next_fen), head: view.head };
	}

	async quote(sale, holder, price, changes = {}, options = {}) {
		await this.ready(holder);
		return holder.act(`/api/v1/sales/${sale}/quotes`, 'quote', { ...await this.quoteMembers(sale, price), ...changes }, options);
	}
}

const withKey = ['submitted', 'accepted', 'paid', 'reviewed', 'issued', 'delivered', 'confirmed'];
const withoutKey = ['submitted', 'accepted', 'paid', 'reviewed', 'completed'];
const keyServices = ['issue', 'renew', 'change', 'reissue'];

export class Application {
	constructor(world, client, view) {
		Object.assign(this, { world, client, view, id: view.application, path: `/api/v1/applications/${view.application}` });
		this.identity = newIdentity();
	}

	async refresh() { return (this.view = expectStatus(await this.client.get(this.path), 200)); }

	async formHash() { return hex((await this.client.get(`${this.path}/form-document`)).bytes); }

	edit(form, version = this.view.version) {
		return this.client.call('PUT', this.path, { form }, { headers: { 'If-Match': `"v${version}"` } });
	}

	get hasKey() { return keyServices.includes(this.view.service); }

	// Submitted with a request: its key is to be certified, or is who a recovered key goes to.
	get bringsKey() { return this.hasKey || this.view.service === 'recover_key'; }

	get target() { return this.view.certificate === undefined ? {} : { certificate: this.view.certificate }; }

	// Everything about a submission may be replaced: csr (DER or PEM), statement members, signing identity.  Copies beyond
	// the first have keys of their own.
	async submit({ csr = certificateRequest(this.identity.key), members = {}, identity = this.identity } = {}) {
		const about = { application: this.id, service: this.view.service, form: await this.formHash(), ...this.target };
		if (!this.bringsKey)
			return this.client.identity === null ? this.client.post(`${this.path}/submit`, {}) :
				(await this.world.ready(this.client)).act(`${this.path}/submit`, 'application.submit', { ...about, ...members });
		const text = (request) => (Buffer.isBuffer(request) ? request.toString('base64') : request);
		this.more ??= Array.from({ length: Math.min(this.view.form.copies ?? 1, 20) - 1 }, newIdentity);
		const further = this.more.length === 0 ? {} : { more: this.more.map((i) => i.spkiHash) };
		const statement = await this.client.statement('application.submit', { ...about, spki: identity.spkiHash, ...further, ...members }, { identity });
		const requests = this.more.length === 0 ? { csr: text(csr) } :
			{ csrs: [csr, ...this.more.map((i) => certificateRequest(i.key))].map(text) };
		return this.client.post(`${this.path}/submit`, { ...requests, statement });
	}

	async lodge(officer = 'clerk') {
		return (await this.world.officer(officer)).act(`${this.path}/lodge`, 'application.lodge',
			{ application: this.id, service: this.view.service, form: await this.formHash(), ...this.target });
	}

	async withdraw(reason) {
		if (this.client.identity === null)
			return this.client.post(`${this.path}/withdraw`, reason === undefined ? {} : { reason });
		const { version } = await this.refresh();
		return (await this.world.ready(this.client)).act(`${this.path}/withdraw`, 'application.withdraw',
			{ application: this.id, version, ...reason !== undefined && { reason } });
	}

	async accept(changes = {}, officer = 'clerk') {
		const { version } = await this.refresh();
		return (await this.world.officer(officer)).act(`${this.path}/accept`, 'application.accept',
			{ application: this.id, version, form: await this.formHash(), papers: await this.papers(), ...changes });
	}

	// What the service asks for of whoever asks, each by its first choice: originals seen, copies taken.
	async papers() {
		const { service, kind, form, authenticated } = this.view;
		const { items } = expectStatus(await this.world.public.get(`/api/v1/papers?service=${service}&kind=${kind}`), 200);
		return items[0].needs.filter((n) => n.when !== 'operator' || form.operator_id !== form.legal_rep_id)
			.filter((n) => n.unless !== 'certificate' || authenticated !== 'certificate')
			.flatMap((n) => n.any[0]).map(({ paper, copies }) => ({ paper, original: true, copies }));
	}

	async sendBack(verb, officer = 'clerk', changes = {}) {
		const { version } = await this.refresh();
		return (await this.world.officer(officer)).act(`${this.path}/${verb}`, `application.${verb}`,
			{ application: this.id, version, reason: '请补充材料', ...changes });
	}

	async pay(amount = this.view.amount_fen) {
		return (await this.world.officer('cashier')).act(`${this.path}/fee`, 'fee.record', { application: this.id, amount_fen: amount, method: 'cash' });
	}

	async request() { return expectStatus(await (await this.world.officer('reviewer')).get(`${this.path}/request`), 200); }

	async approve(verb, officer = verb === 'review' ? 'reviewer' : 'issuer', changes = {}) {
		const { hash, profile, profile_version } = await this.request();
		return (await this.world.officer(officer)).act(`${this.path}/${verb}`, `application.${verb}`,
			{ application: this.id, request: hash, profile, profile_version, ...changes });
	}

	// Services without a new key: verb service-review or complete.
	async serve(verb, officer = verb === 'complete' ? 'issuer' : 'reviewer', changes = {}) {
		const { hash } = await this.request();
		return (await this.world.officer(officer)).act(`${this.path}/${verb}`, verb === 'complete' ? 'service.complete' : 'service.review',
			{ application: this.id, request: hash, ...changes });
	}

	// The certificate comes to the applicant, who becomes a holder.
	async fetchCertificate() {
		// The old certificate's session may have ended with it.
		this.client = this.byCode ?? this.client;
		const pem = expectStatus(await this.client.get(`${this.path}/certificate`), 200);
		this.pem = pem;
		this.identity = new Identity(this.identity.key, new X509Certificate(pem));
		this.holder = new Client(this.world.site, this.identity);
		this.holder.serial = this.view.serial;
		this.holder.application = this.id;
		await this.world.ready(this.holder);
		this.holder.subject = expectStatus(await this.holder.get('/api/v1/session'), 200).subject;
		return this.holder;
	}

	async deliver() {
		const { serial } = await this.refresh();
		return (await this.world.officer('clerk')).act(`${this.path}/deliver`, 'certificate.deliver', { application: this.id, serial, method: 'download' });
	}

	async confirm() {
		return this.holder.act(`${this.path}/confirm`, 'certificate.confirm', { application: this.id, serial: this.view.serial });
	}

	step(state) {
		switch (state) {
		case 'submitted': return this.submit();
		case 'accepted': return this.accept();
		case 'paid': return this.pay();
		case 'reviewed': return this.hasKey ? this.approve('review') : this.serve('service-review');
		case 'completed': return this.serve('complete');
		case 'issued': return this.approve('issue');
		case 'delivered': return this.deliver();
		default: return this.confirm();
		}
	}

	// On to `state`, each step as it should be.
	async through(state) {
		const steps = this.hasKey ? withKey : withoutKey;
		for (let next = steps.indexOf(this.view.state) + 1; next <= steps.indexOf(state); next = steps.indexOf(this.view.state) + 1) {
			this.view = expectStatus(await this.step(steps[next]), 200);
			if (steps[next] === 'issued')
				await this.fetchCertificate();
		}
		return this;
	}

	async revoke(client = this.holder, reason = 'keyCompromise') {
		return client.act(`/api/v1/certificates/${this.view.serial}/revoke`, 'certificate.revoke', { serial: this.view.serial, reason });
	}
}
