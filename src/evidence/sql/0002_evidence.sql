-- The log of acts.  Everything but the head is insert-only: what was written stays written.

-- One row.  Its lock orders all acts of the site; taken last in a transaction.
CREATE TABLE log_head (
	id   INTEGER PRIMARY KEY CHECK (id = 1),
	size INTEGER NOT NULL CHECK (size >= 0)
) STRICT;
INSERT INTO log_head (id, size) VALUES (1, 0);

CREATE TABLE log_leaf (
	idx       INTEGER PRIMARY KEY CHECK (idx >= 0),
	leaf      BLOB NOT NULL,                 -- canonical JSON, the bytes that are hashed
	leaf_hash BLOB NOT NULL CHECK (length (leaf_hash) = 32),
	type      TEXT NOT NULL,
	subject   TEXT NOT NULL,
	time      INTEGER NOT NULL
) STRICT;
CREATE INDEX log_leaf_subject ON log_leaf (subject, idx);
-- @insert_only log_leaf

CREATE TABLE log_checkpoint (
	size      INTEGER PRIMARY KEY CHECK (size > 0),
	note      TEXT NOT NULL,                 -- C2SP signed note
	signed_at INTEGER NOT NULL
) STRICT;
-- @insert_only log_checkpoint

-- Statements that have been acted on.  The identity covers the payload and with it the time the
-- signer stated, so that time may lead the key: rows then grow at one end of the tree, where a key
-- that begins with a hash would touch a page of its own for every row.
CREATE TABLE used_statement (
	stated_at INTEGER NOT NULL,
	identity  BLOB NOT NULL CHECK (length (identity) = 32),
	used_at   INTEGER NOT NULL,
	PRIMARY KEY (stated_at, identity)
) STRICT, WITHOUT ROWID;
-- @insert_only used_statement
