// I-05, I-10: somebody with the whole database in hand changes the log while the service stands still.  The next start
// refuses, names the log, and leaves everything as it found it for those who look into it.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { leafHash } from '../api/lib/merkle.mjs';
import { assert, check, engine } from '../api/lib/tap.mjs';
import { World } from '../api/lib/world.mjs';

const world = await World.make();
const { site } = world;

const databases = {
	sqlite: {
		path: () => join(site.dir, 'data/diqi.db'),
		sql(text) { return execFileSync('sqlite3', ['-batch', '-bail', this.path()], { input: text }).toString().trim(); },
		// What keeps an honest program from it does not keep an intruder.
		disarm() {
			const names = this.sql("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('log_leaf', 'log_checkpoint');").split('\n');
			assert.ok(names.length >= 4, names.join());
			this.sql(names.map((n) => `DROP TRIGGER "${n}";`).join('\n'));
		},
		bytes: (buffer) => `x'${buffer.toString('hex')}'`,
		hex: (column) => `hex (${column})`,
		keep(name) {
			this.sql('PRAGMA wal_checkpoint(TRUNCATE);');
			copyFileSync(this.path(), join(site.top, name));
		},
		putBack(name) {
			for (const tail of ['-wal', '-shm'])
				if (existsSync(this.path() + tail))
					rmSync(this.path() + tail);
			copyFileSync(join(site.top, name), this.path());
		},
	},
	postgresql: {
		sql: (text, uri = site.database.uri) => execFileSync('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', uri], { input: text }).toString().trim(),
		disarm() { this.sql('ALTER TABLE log_leaf DISABLE TRIGGER ALL; ALTER TABLE log_checkpoint DISABLE TRIGGER ALL;'); },
		bytes: (buffer) => `'\\x${buffer.toString('hex')}'::bytea`,
		hex: (column) => `encode (${column}, 'hex')`,
		kept: new Set(),
		copy(from, to) { this.sql(`SET client_min_messages = warning;\nDROP DATABASE IF EXISTS ${to};\nCREATE DATABASE ${to} TEMPLATE ${from};`, process.env.DIQI_TEST_PG); },
		keep(name) {
			this.kept.add(name);
			this.copy(site.database.name, `${site.database.name}_${name}`);
		},
		putBack(name) { this.copy(`${site.database.name}_${name}`, site.database.name); },
		clear() {
			for (const name of this.kept)
				this.sql(`DROP DATABASE ${site.database.name}_${name};`, process.env.DIQI_TEST_PG);
		},
	},
};
const database = databases[engine];
const leaf = (index) => Buffer.from(database.sql(`SELECT ${database.hex('leaf')} FROM log_leaf WHERE idx = ${index};`), 'hex');
const changed = (index) => Buffer.from(leaf(index).toString().replace(/"time":"(\d{4})/, (_, year) => `"time":"${Number(year) - 1}`));
const size = () => Number(database.sql('SELECT size FROM log_head;'));

async function expectRefusedStart(pattern) {
	const before = database.sql('SELECT count(*), max (idx) FROM log_leaf;') + database.sql('SELECT count(*), max (size) FROM log_checkpoint;');
	const error = await site.start().then(() => null, (e) => e);
	assert.ok(error !== null, 'it started');
	assert.deepEqual(await site.ended, { code: 5, signal: null }, error.message);
	assert.match(error.message, /\[log\.proof\]/);
	assert.match(error.message, pattern);
	assert.ok(!existsSync(join(site.dir, 'address')));
	const after = database.sql('SELECT count(*), max (idx) FROM log_leaf;') + database.sql('SELECT count(*), max (size) FROM log_checkpoint;');
	assert.equal(after, before, 'the refused start wrote to the log');
}

const cases = {
	'a leaf is changed': [/does not fit its hash \(3\)/, () => `UPDATE log_leaf SET leaf = ${database.bytes(changed(3))} WHERE idx = 3;`],
	'a leaf is changed, and its hash with it': [/leaves are not those/,
		() => `UPDATE log_leaf SET leaf = ${database.bytes(changed(3))}, leaf_hash = ${database.bytes(leafHash(changed(3)))} WHERE idx = 3;`],
	'a leaf is taken out of the middle': [/a leaf is missing from the log \(2\)/, () => 'DELETE FROM log_leaf WHERE idx = 2;'],
	'the last leaf is dropped': [/a leaf is missing from the log/, () => 'DELETE FROM log_leaf WHERE idx = (SELECT max (idx) FROM log_leaf);'],
	'the last leaf is dropped, and the size with it': [/covers \d+ leaves, the log has only \d+/,
		() => 'DELETE FROM log_leaf WHERE idx = (SELECT max (idx) FROM log_leaf); UPDATE log_head SET size = size - 1;'],
	'the last leaf is dropped, with size and every trace of its checkpoint': [/the signer's last checkpoint covers \d+ leaves, the log has only \d+/,
		() => 'DELETE FROM log_leaf WHERE idx = (SELECT max (idx) FROM log_leaf); UPDATE log_head SET size = size - 1; DELETE FROM log_checkpoint WHERE size > (SELECT size FROM log_head);'],
	'two leaves are swapped': [/leaves are not those/, () => {
		const [a, b] = [leaf(3), leaf(4)];
		return `UPDATE log_leaf SET leaf = ${database.bytes(b)}, leaf_hash = ${database.bytes(leafHash(b))} WHERE idx = 3;
			UPDATE log_leaf SET leaf = ${database.bytes(a)}, leaf_hash = ${database.bytes(leafHash(a))} WHERE idx = 4;`;
	}],
	'the newest checkpoint says another root': [/newest checkpoint/, () => {
		const note = database.sql('SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1;').split('\n');
		const forged = note[2].replace(/^./, (c) => (c === 'A' ? 'B' : 'A'));
		return `UPDATE log_checkpoint SET note = replace (note, '${note[2]}', '${forged}') WHERE size = (SELECT max (size) FROM log_checkpoint);`;
	}],
	'the newest checkpoint is stored under another size': [/newest checkpoint/, () => 'UPDATE log_checkpoint SET size = size + 1 WHERE size = (SELECT max (size) FROM log_checkpoint);'],
};

try {
	await (await world.draft('person')).through('confirmed');
	await world.logSize();
	await site.stop();
	database.keep('old');
	await site.start();
	await check('the control: untouched it starts, and goes on', async () => {
		await (await world.draft('person')).through('accepted');
		await world.logSize();
		await site.restart();
		await site.stop();
		database.keep('whole');
		assert.ok(size() > 6);
	});

	for (const [name, [pattern, change]] of Object.entries(cases)) {
		await check(`refused: ${name}`, async () => {
			database.putBack('whole');
			database.disarm();
			const text = change();
			database.sql(text);
			await expectRefusedStart(pattern);
		});
	}

	await check('refused: the whole database set back to an older copy', async () => {
		database.putBack('old');
		await expectRefusedStart(/the signer's last checkpoint covers \d+ leaves, the log has only \d+/);
	});

	await check('the control: put back as it was, it starts again, and the log goes on', async () => {
		database.putBack('whole');
		const before = size();
		await site.start();
		await (await world.draft('person')).through('accepted');
		assert.ok(await world.logSize() > before);
	});
} finally {
	await site.stop();
	database.clear?.();
	await world.remove();
}
