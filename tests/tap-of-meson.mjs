// Turns meson's testlog.json (one JSON object a line, one a test program) into flat TAP.
import { readFileSync } from 'node:fs';

for (const line of readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)) {
	const run = JSON.parse(line);
	const name = run.name.replace(/^.*[ /]/, '');
	const cases = (run.stdout ?? '').split('\n').filter((l) => /^(not )?ok\b/.test(l));
	for (const c of cases) {
		const [, verdict, title] = /^((?:not )?ok)\b\s*\d*\s*-?\s*(.*)$/.exec(c);
		console.log(/# *skip/i.test(title) ? `# skipped ${name}: ${title}` : `${verdict} - ${name}: ${title}`);
	}
	const failedCase = cases.some((c) => c.startsWith('not'));
	if (run.result !== 'OK' && run.result !== 'SKIP' && !failedCase)
		console.log(`not ok - ${name}: program ended with ${run.result} (${run.returncode})`);
}
