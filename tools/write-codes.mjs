// Writes the problem codes of src/base/error_codes.h into docs/api/openapi.yaml (enum and x-diqi-codes).
//   node tools/write-codes.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { errorCodes } from '../tests/api/lib/contract.mjs';

const path = new URL('../docs/api/openapi.yaml', import.meta.url);
const codes = Object.entries(errorCodes());
const text = (s) => /[,:'"]/.test(s) ? JSON.stringify(s) : s;
const names = codes.map(([name]) => `        - ${name}\n`).join('');
const table = codes.map(([name, c]) => `        ${name}: {status: ${c.status}, zh: ${text(c.zh)}, en: ${text(c.en)}}\n`).join('');
const part = /(    ErrorCode:\n(?:      .*\n)*?      enum:\n)(?:        - .*\n)+(      x-diqi-codes:\n)(?:        .*\n)+/;
const before = readFileSync(path, 'utf8');
if (!part.test(before))
	throw new Error('openapi.yaml has no ErrorCode of the known form');
writeFileSync(path, before.replace(part, (_, head, middle) => head + names + middle + table));
