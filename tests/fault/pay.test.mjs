// kill -9 while a provider's notification is taken: the provider repeats it, as it got no answer, and the money is in the
// book once, the order paid once, the application on its way.  (base/failpoint.h; sanitizer builds only.)
import { expectStatus } from '../api/lib/expect.mjs';
import { configureProviders, Money, Provider } from '../api/lib/money.mjs';
import { timeText } from '../api/lib/statement.mjs';
import { assert, check } from '../api/lib/tap.mjs';
import { World } from '../api/lib/world.mjs';

const bank = new Provider('cloudpay');
const world = await World.make({ configure: [configureProviders([bank])] });
const money = new Money(world);

try {
	for (const [point, kept] of [['pay.posted', false], ['pay.taken', false], ['pay.committed', true]])
		await check(`${point}: after the start the notification is ${kept ? 'known' : 'new'}, and its repetition leaves one posting`, async () => {
			const application = await world.draft('person');
			await application.through('accepted');
			const order = await money.order(application), before = BigInt((await money.balances())['online:cloudpay'] ?? 0);
			const facts = bank.facts(world, order, { paid_at: timeText(await world.now()) });
			await world.site.stop();
			await world.site.start({ DIQI_FAILPOINT: `${point}:1:kill` });
			await bank.notify(world, facts).catch(() => null);
			const guard = new Promise((resolve) => { setTimeout(resolve, 20000).unref(); });
			assert.deepEqual(await Promise.race([world.site.ended, guard]), { code: null, signal: 'SIGKILL' }, `${point} was not passed`);
			await world.site.stop();
			await world.site.start();
			assert.equal((await application.refresh()).state, kept ? 'paid' : 'accepted');
			for (let i = 0; i < 2; i++)
				expectStatus(await bank.notify(world, facts), 200);
			assert.equal((await application.refresh()).state, 'paid');
			const after = await money.order(application);
			assert.deepEqual([after.state, after.payments.length], ['paid', 1]);
			assert.equal(BigInt((await money.balances())['online:cloudpay']) - before, 30000n);
			assert.deepEqual(await money.suspense(), []);
			await money.expectBalanced();
		});
} finally {
	await world.remove();
}
