// Reads the YAML that docs/api/openapi.yaml is written in, and refuses all else: block mappings and sequences
// indented by spaces, flow collections on one line, plain and "double-quoted" scalars, literal blocks ("|"), comments
// on lines of their own.  No anchors, tags, folded scalars, single quotes, documents; no key twice.

class Reader {
	constructor(text) {
		this.lines = text.split('\n');
		this.n = 0;
	}

	fail(why, line = this.n) { throw new Error(`line ${line + 1}: ${why}`); }

	// The next line with something on it: {indent, text}, null at the end.
	peek() {
		for (; this.n < this.lines.length; this.n++) {
			const line = this.lines[this.n];
			if (/^\s*(#.*)?$/.test(line))
				continue;
			const indent = /^ */.exec(line)[0].length;
			if (line[indent] === '\t')
				this.fail('a tab indents');
			if (/\s$/.test(line))
				this.fail('blanks at the end');
			return { indent, text: line.slice(indent) };
		}
		return null;
	}

	// What stands deeper than `outer`.
	block(outer) {
		const first = this.peek();
		if (first === null || first.indent <= outer)
			this.fail('nothing follows');
		return /^- /.test(first.text) ? this.sequence(first.indent) : this.mapping(first.indent);
	}

	sequence(indent) {
		const items = [];
		for (let line = this.peek(); line !== null && line.indent >= indent; line = this.peek()) {
			if (line.indent !== indent || !/^- \S/.test(line.text))
				this.fail('not an item of this list');
			const rest = line.text.slice(2);
			if (/^[{["]/.test(rest) || !/^\S+?:( |$)/.test(rest)) {
				items.push(this.inline(rest));
				this.n++;
			} else {
				// "- key: value": the mapping begins two columns further in.
				this.lines[this.n] = `${' '.repeat(indent + 2)}${rest}`;
				items.push(this.mapping(indent + 2));
			}
		}
		return items;
	}

	mapping(indent) {
		const map = new Map();
		for (let line = this.peek(); line !== null && line.indent >= indent; line = this.peek()) {
			const m = /^("(?:[^"\\]|\\.)*"|[A-Za-z_$/][^\s:#"]*):(?: (\S.*))?$/.exec(line.text);
			if (line.indent !== indent || m === null)
				this.fail('not a member of this mapping');
			const key = m[1][0] === '"' ? JSON.parse(m[1]) : m[1];
			if (map.has(key))
				this.fail(`"${key}" is there twice`);
			this.n++;
			map.set(key, m[2] === undefined ? this.block(indent) : m[2] === '|' ? this.literal(indent) : this.inline(m[2], this.n - 1));
		}
		return Object.fromEntries(map);
	}

	// "|" clips: one newline at the end.
	literal(outer) {
		const lines = [];
		const indent = outer + 2;
		for (; this.n < this.lines.length; this.n++) {
			const line = this.lines[this.n];
			if (line !== '' && !line.startsWith(' '.repeat(indent)))
				break;
			lines.push(line.slice(indent));
		}
		while (lines.at(-1) === '')
			lines.pop();
		if (lines.length === 0)
			this.fail('an empty block');
		return `${lines.join('\n')}\n`;
	}

	// A scalar or flow collection that is all of `text`.
	inline(text, line = this.n) {
		const flow = new Flow(text, (why) => this.fail(why, line));
		const value = flow.value(false);
		if (flow.at !== text.length)
			this.fail(`unexpected "${text.slice(flow.at)}"`, line);
		return value;
	}
}

class Flow {
	constructor(text, fail) { Object.assign(this, { text, fail, at: 0 }); }

	take(pattern) {
		pattern.lastIndex = this.at;
		const m = pattern.exec(this.text);
		if (m !== null)
			this.at = pattern.lastIndex;
		return m?.[0];
	}

	value(inside) {
		switch (this.text[this.at]) {
		case '{': return this.map();
		case '[': return this.list();
		case '"': return this.quoted();
		default: return this.plain(inside);
		}
	}

	quoted() {
		const text = this.take(/"(?:[^"\\]|\\.)*"/y);
		return text === undefined ? this.fail('an open quote') : JSON.parse(text);
	}

	plain(inside) {
		const text = this.take(inside ? /[^\s,[\]{}"][^,[\]{}"]*/y : /.+/y) ?? this.fail('no value');
		if (/^[&*!|>'%@`?#-]/.test(text) || /: | #|:$|\s$/.test(text))
			this.fail(`"${text}" needs quotes`);
		if (/^(true|false|null)$/.test(text))
			return JSON.parse(text);
		if (/^(0|[1-9][0-9]*)$/.test(text))
			return Number(text);
		// What another reader might take for something else than text.
		if (/^([0-9.+~]|(yes|no|on|off|y|n|true|false|null)$)/i.test(text))
			this.fail(`"${text}" is ambiguous`);
		return text;
	}

	list() {
		const items = [];
		this.at++;
		while (this.take(/\]/y) === undefined) {
			if (items.length > 0 && this.take(/, /y) === undefined)
				this.fail('a list wants ", "');
			items.push(this.value(true));
		}
		return items;
	}

	map() {
		const map = new Map();
		this.at++;
		while (this.take(/\}/y) === undefined) {
			if (map.size > 0 && this.take(/, /y) === undefined)
				this.fail('a mapping wants ", "');
			const key = this.text[this.at] === '"' ? this.quoted() : this.take(/[A-Za-z_$][\w$.-]*/y);
			if (key === undefined || this.take(/: /y) === undefined)
				this.fail('no key');
			if (map.has(key))
				this.fail(`"${key}" is there twice`);
			map.set(key, this.value(true));
		}
		return Object.fromEntries(map);
	}
}

export function readYaml(text) {
	const reader = new Reader(text);
	const value = reader.block(-1);
	if (reader.peek() !== null)
		reader.fail('more than one document');
	return value;
}
