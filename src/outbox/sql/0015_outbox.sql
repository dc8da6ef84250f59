-- Messages to people.

-- Which channels this site has, and the name it signs with; written at each start from the configuration.
CREATE TABLE outbox_settings (
	name TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT;
INSERT INTO outbox_settings (name, value) VALUES ('site', '土地使用权网上交易'), ('mail', 'off'), ('hook', 'off');

-- One row a message and channel, with the text as it was told.  message is the same for all channels of one message.
-- next_at: when to send, NULL when there is nothing more to do.  While a worker sends, claim is its own and
-- next_at the moment from which another may take over.
CREATE TABLE outbox (
	id TEXT PRIMARY KEY,
	message TEXT NOT NULL,
	channel TEXT NOT NULL CHECK (channel IN ('app', 'mail', 'hook')),
	template TEXT NOT NULL,
	language TEXT NOT NULL,
	application TEXT,
	subject TEXT,
	address TEXT,
	title TEXT NOT NULL,
	body TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('due', 'failed', 'sent', 'dead')),
	attempts INTEGER NOT NULL,
	next_at INTEGER,
	claim TEXT,
	fate TEXT,
	created INTEGER NOT NULL,
	finished INTEGER,
	read_at INTEGER,
	dedupe TEXT,
	UNIQUE (dedupe, channel),
	CHECK ((channel = 'app') = (address IS NULL)),
	CHECK ((state IN ('due', 'failed')) = (next_at IS NOT NULL)),
	CHECK ((state IN ('sent', 'dead')) = (finished IS NOT NULL))
) STRICT;
CREATE INDEX outbox_next ON outbox (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX outbox_application ON outbox (application, id);
CREATE INDEX outbox_subject ON outbox (subject, id);
CREATE INDEX outbox_state ON outbox (state, id);

-- A holder's calendar address: its secret is stored as SHA-256 only.
CREATE TABLE feeds (
	subject TEXT PRIMARY KEY REFERENCES subjects (id),
	token_hash BLOB NOT NULL UNIQUE,
	created INTEGER NOT NULL
) STRICT;

-- What a holder was reminded of: about is the number of days before the certificate lapses (0: it did), or "sale:ID".
CREATE TABLE reminders (
	serial TEXT NOT NULL REFERENCES certificates (serial),
	about TEXT NOT NULL,
	told INTEGER NOT NULL,
	PRIMARY KEY (serial, about)
) STRICT;
-- @insert_only reminders
CREATE INDEX certificates_not_after ON certificates (not_after);
