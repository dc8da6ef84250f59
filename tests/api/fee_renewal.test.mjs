// 附件三 五.1: 甲方应每年按时支付当年的服务费用，否则乙方将停止提供服务.  A renewal that is not paid lengthens nothing.
import { expectProblem, expectStatus } from './lib/expect.mjs';
import { Money } from './lib/money.mjs';
import { assert, check } from './lib/tap.mjs';
import { World } from './lib/world.mjs';

const world = await World.make();
const money = new Money(world);

try {
	await check('an unpaid renewal is not issued, and at the expiry of the certificate its service ends', async () => {
		const application = await world.draft('organization');
		await application.through('confirmed');
		const { holder } = application, end = Date.parse(holder.identity.certificate.validTo);
		await world.setClock(end - 10 * 86400000);
		await world.ready(holder);
		const renewal = await world.service('renew', application);
		await renewal.through('accepted');
		const order = await money.order(renewal);
		assert.deepEqual([order.state, order.amount_fen], ['open', '25000']);
		expectProblem(await renewal.approve('review'), 409, 'application.state');
		expectProblem(await renewal.approve('issue'), 409, 'application.state');
		const serial = application.view.serial;
		assert.equal(expectStatus(await world.public.get(`/api/v1/certificates/${serial}`), 200).status, 'valid');
		await world.setClock(end + 1000);
		holder.cookie = null;
		expectProblem(await holder.login(), 403, 'certificate.expired');
		const office = await world.officer('cashier');
		assert.equal(expectStatus(await office.get(renewal.path), 200).state, 'accepted');
	});
} finally {
	await world.remove();
}
