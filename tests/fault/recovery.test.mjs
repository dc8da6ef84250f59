// A recovery is killed between the signer's answer and the store: nothing is lost that cannot be given again, and what the signer
// brought together is stored at the next start without anybody asking.  (base/failpoint.h; sanitizer builds only.)
import { expectStatus } from '../api/lib/expect.mjs';
import { approvedRecovery, giveShare } from '../api/lib/recovery.mjs';
import { assert, check } from '../api/lib/tap.mjs';
import { World } from '../api/lib/world.mjs';
import { expectWell } from './lib/market.mjs';

const world = await World.make();
// Agents give their shares, in this order, to a server that dies at the n-th pass of the point; then it starts anew.
async function dieAt(point, n, recovery, agents) {
	await world.site.stop();
	await world.site.start({ DIQI_FAILPOINT: `${point}:${n}:kill` });
	for (const agent of agents)
		await giveShare(world.site, recovery.id, agent);
	const end = await Promise.race([world.site.ended, new Promise((resolve) => setTimeout(resolve, 20000).unref())]);
	expectWell(world);
	assert.deepEqual(end, { code: null, signal: 'SIGKILL' }, `${point} was not passed`);
	await world.site.stop();
	await world.site.start();
}
const gave = async (recovery, n) => assert.equal((await giveShare(world.site, recovery.id, n)).code, 0);

try {
	const company = await (await world.draft()).through('confirmed');
	await world.ready(company.holder);

	await check('recovery.given, the first share: it is given again, and two are still needed', async () => {
		const recovery = await approvedRecovery(world, company);
		await dieAt('recovery.given', 1, recovery, [1]);
		assert.equal((await recovery.refresh()).state, 'approved');
		await gave(recovery, 1);
		assert.equal((await recovery.refresh()).state, 'approved');
		await gave(recovery, 3);
		assert.equal((await recovery.refresh()).state, 'completed');
	});

	await check('recovery.given, the last share: the next start stores the key, once', async () => {
		const recovery = await approvedRecovery(world, company);
		await dieAt('recovery.given', 2, recovery, [1, 2]);
		assert.equal((await recovery.refresh()).state, 'completed');
		assert.equal(recovery.view.history.filter((h) => h.act === 'recovery.done').length, 1);
		const first = expectStatus(await recovery.client.get(`${recovery.path}/recovered-key`), 200);
		await world.site.restart('SIGKILL');
		assert.deepEqual(expectStatus(await recovery.client.get(`${recovery.path}/recovered-key`), 200), first);
	});

	await check('recovery.stored: what was stored stays', async () => {
		const recovery = await approvedRecovery(world, company);
		await dieAt('recovery.stored', 2, recovery, [2, 3]);
		assert.equal((await recovery.refresh()).state, 'completed');
		assert.equal(recovery.view.recovery.shares.length, 2);
	});
} finally {
	await world.remove();
}
