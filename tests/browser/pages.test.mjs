// The public pages as a person sees them, in Chromium.
import { mkdirSync, writeFileSync } from 'node:fs';

import { assert, check } from '../api/lib/tap.mjs';
import { World } from '../api/lib/world.mjs';
import { Browser } from './lib/chromium.mjs';

const shots = 'build/test-output/screenshots';
mkdirSync(shots, { recursive: true });

const world = await World.make();
const browser = await Browser.start();
const text = (page) => page.evaluate('document.body.innerText');
// Wider than the window: the page scrolls sideways, which a phone cannot forgive.
const overflow = (page) => page.evaluate('document.documentElement.scrollWidth - window.innerWidth');

try {
	const page = await browser.page(1280, 900);
	const url = world.site.url;

	await check('before anything is announced the page says so', async () => {
		await page.open(`${url}/`);
		assert.match(await text(page), /目前没有已公告的地块/);
	});

	const markup = '<img src=x onerror=document.title="owned"><script>document.title="owned"</script>';
	const notice = await world.publish(world.parcel({ title: `公告 ${markup}`, parcel: { place: `某路 ${markup}` } }));
	await world.setClock(notice.content.times.announce);

	await check('the front page shows notice, parcel, price, deadline and the CA certificates', async () => {
		await page.open(`${url}/`);
		const seen = await text(page);
		for (const part of ['太测网挂〔2026〕01号', 'SYN-2026-WG-01', '747 万元', '公告期', '2026-03-23 09:00:00', '根证书', '签发证书', 'CRL'])
			assert.ok(seen.includes(part), `"${part}" is missing`);
		const fingerprint = (await world.public.get('/api/v1/site')).body.root_fingerprint;
		assert.ok(seen.includes(fingerprint), 'the root fingerprint is missing');
	});

	await check('names with markup in them stay text (A-03)', async () => {
		assert.ok((await text(page)).includes(markup));
		await page.open(`${url}/sales/${notice.sale}`);
		assert.ok((await text(page)).includes(markup));
		assert.doesNotMatch(await page.evaluate('document.title'), /owned/);
	});

	await check('the links to CA certificates and CRL lead to them', async () => {
		await page.open(`${url}/`);
		const links = JSON.parse(await page.evaluate('JSON.stringify([...document.querySelectorAll("a")].map((a) => a.getAttribute("href")))'));
		for (const link of links) {
			const reply = await fetch(url + link);
			assert.equal(reply.status, 200, link);
		}
		assert.ok(links.includes('/pki/issuing/root.cer') && links.includes('/pki/issuing/full.crl'));
	});

	const [a, b] = [await world.certify('organization'), await world.certify('person')];
	await world.qualify(notice.sale, a, '01');
	await world.qualify(notice.sale, b, '02');

	await check('a quote shows on the sale page with bidder number, price and verdict', async () => {
		await world.setClock(notice.content.times.listing_start);
		assert.equal((await world.quote(notice.sale, a)).status, 201);
		assert.equal((await world.quote(notice.sale, b)).status, 201);
		assert.equal((await world.quote(notice.sale, a, '752000001')).status, 422);
		await page.open(`${url}/sales/${notice.sale}`);
		const seen = await text(page);
		for (const part of ['当前价 752 万元', '01', '02', '接受', '报价不符合增价幅度', '挂牌期'])
			assert.ok(seen.includes(part), `"${part}" is missing`);
		assert.ok(!seen.includes('虚构张'), 'a bidder is named');
	});

	await check('in limit-time the page shows the running deadline', async () => {
		await world.setClock(notice.content.times.listing_end);
		await page.open(`${url}/sales/${notice.sale}`);
		const seen = await text(page);
		assert.ok(seen.includes('限时竞价') && seen.includes('本轮截止 2026-04-03 10:04:00'), seen.slice(0, 200));
	});

	await check('TR-20 three prompts in the last minute of the window, and none before it', async () => {
		for (const [ms, prompts] of [[179999, 0], [1, 1], [20000, 2], [20000, 3]]) {
			await world.advance(ms);
			assert.equal((await world.sale(notice.sale)).prompts, prompts);
			await page.open(`${url}/sales/${notice.sale}`);
			assert.equal(/第 (\d) 次提示/.exec(await text(page))?.[1], prompts ? String(prompts) : undefined);
		}
	});

	await check('a closed sale says so and offers its evidence', async () => {
		await world.advance(240000);
		await page.open(`${url}/sales/${notice.sale}`);
		const seen = await text(page);
		assert.ok(seen.includes('成交') && seen.includes('下载证据包'), seen.slice(0, 200));
	});

	for (const width of [375, 768, 1280]) {
		await check(`no page scrolls sideways at ${width} pixels`, async () => {
			const narrow = await browser.page(width, 900);
			for (const path of ['/', `/sales/${notice.sale}`]) {
				await narrow.open(url + path);
				writeFileSync(`${shots}/${path === '/' ? 'front' : 'sale'}-${width}.png`, await narrow.screenshot());
				assert.ok(await overflow(narrow) <= 0, `${path} is ${await overflow(narrow)} pixels too wide`);
			}
			assert.deepEqual(narrow.complaints, []);
		});
	}

	await check('every page has a language, a title, one main heading, and readable contrast in both themes', async () => {
		const probe = `(() => {
			const luminance = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map((v) => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
			const background = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$|transparent/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
			return [...document.querySelectorAll('td, th, p, a, h1, h2, code, .soft, .phase, footer')].filter((e) => e.innerText.trim()).map((e) => {
				const [x, y] = [luminance(getComputedStyle(e).color), luminance(background(e))].sort((p, q) => q - p);
				return (x + .05) / (y + .05);
			}).reduce((least, c) => Math.min(least, c), 21);
		})()`;
		for (const dark of [false, true]) {
			const p = await browser.page(1280, 900);
			if (dark)
				await p.dark();
			for (const path of ['/', `/sales/${notice.sale}`]) {
				await p.open(url + path);
				assert.equal(await p.evaluate('document.documentElement.lang'), 'zh-CN');
				assert.ok(await p.evaluate('document.title.length > 0'));
				assert.equal(await p.evaluate('document.querySelectorAll("h1").length'), 1);
				assert.ok(await p.evaluate(probe) >= 4.5, `contrast below 4.5 on ${path}${dark ? ', dark' : ''}: ${await p.evaluate(probe)}`);
			}
		}
	});

	await check('the pages load nothing that their policy blocks', async () => {
		assert.deepEqual(page.complaints, []);
	});
} finally {
	await browser.stop();
	await world.remove();
}
