// Small whole files of the kinds that are taken for scans, and of some that are not.
import { crc32, deflateSync } from 'node:zlib';

export const pdf = (text, size = 0) => {
	const head = `%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n% ${text}\n`;
	const tail = (at) => `xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`;
	const fill = Math.max(0, size - Buffer.byteLength(head) - tail(Buffer.byteLength(head)).length);
	const padded = fill > 0 ? `${head}%${'x'.repeat(fill - 2)}\n` : head;
	const file = Buffer.from(padded + tail(Buffer.byteLength(head)));
	return size > 0 && file.length !== size ? Buffer.concat([file, Buffer.alloc(size - file.length, '\n')]) : file;
};

const crc = (bytes) => {
	if (crc32 !== undefined)
		return crc32(bytes);
	let c = 0xffffffff;
	for (const b of bytes) {
		c ^= b;
		for (let k = 0; k < 8; k++)
			c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
	}
	return (c ^ 0xffffffff) >>> 0;
};
const chunk = (type, data) => {
	const body = Buffer.concat([Buffer.from(type), data]), out = Buffer.alloc(8 + body.length);
	out.writeUInt32BE(data.length, 0);
	body.copy(out, 4);
	out.writeUInt32BE(crc(body), 4 + body.length);
	return out;
};
export const png = () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', Buffer.from('00000001000000010800000000', 'hex')),
	chunk('IDAT', deflateSync(Buffer.from([0, 127]))), chunk('IEND', Buffer.alloc(0))]);

export const jpeg = () => Buffer.from('ffd8ffe000104a46494600010100000100010000' + `ffdb004300${'10'.repeat(64)}` + 'ffc0000b080001000101011100'
	+ 'ffc40014000100000000000000000000000000000003' + 'ffc40014100100000000000000000000000000000000' + 'ffda0008010100003f00' + '37ff00ff' + 'ffd9', 'hex');

export const exe = () => Buffer.concat([Buffer.from('4d5a90000300000004000000ffff0000b800000000000000400000', 'hex'), Buffer.alloc(400), Buffer.from('PE\0\0')]);
