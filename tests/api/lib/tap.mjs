// Tiny TAP printer: check() runs one case and prints its verdict; nothing stops the rest.
import assert from 'node:assert/strict';

const engine = process.env.DIQI_ENGINE ?? 'sqlite';

export { assert, engine };

export async function check(name, fn) {
	try {
		await fn();
		console.log(`ok - ${engine}: ${name}`);
		return true;
	} catch (error) {
		for (const line of String(error.stack ?? error).split('\n').slice(0, 12))
			console.log(`# ${line.slice(0, 600)}`);
		console.log(`not ok - ${engine}: ${name}`);
		return false;
	}
}

export const quick = Boolean(process.env.DIQI_QUICK);

// A case that `./test.sh quick` leaves out.
export const slow = (name, fn) => (quick ? Promise.resolve(true) : check(name, fn));
