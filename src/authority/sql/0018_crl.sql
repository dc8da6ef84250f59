-- Revocation lists by CA: the newest of each kind and shard; the numbers of all, for ever.

-- shard: 0 for 'full' and 'delta'.
CREATE TABLE crl_lists (
	ca TEXT NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('full', 'delta', 'shard')),
	shard INTEGER NOT NULL,
	number INTEGER NOT NULL,
	der BLOB NOT NULL,
	this_update INTEGER NOT NULL,
	next_update INTEGER NOT NULL,
	PRIMARY KEY (ca, kind, shard)
) STRICT;

-- fingerprint: SHA-256 of the list; NULL for those of older versions.
CREATE TABLE crl_numbers (
	ca TEXT NOT NULL,
	kind TEXT NOT NULL,
	shard INTEGER NOT NULL,
	number INTEGER NOT NULL,
	fingerprint TEXT,
	this_update INTEGER NOT NULL,
	next_update INTEGER NOT NULL,
	PRIMARY KEY (ca, kind, shard, number)
) STRICT;
INSERT INTO crl_numbers (ca, kind, shard, number, this_update, next_update)
	SELECT 'issuing', 'full', 0, number, this_update, next_update FROM crls;
-- @insert_only crl_numbers
DROP TABLE crls;

-- The service request that ended a hold, with both approvals: the signer asks for them.
CREATE TABLE hold_liftings (
	change_seq INTEGER PRIMARY KEY,
	serial TEXT NOT NULL REFERENCES certificates (serial),
	request TEXT NOT NULL,
	review_statement TEXT NOT NULL,
	complete_statement TEXT NOT NULL
) STRICT;
CREATE INDEX hold_liftings_serial ON hold_liftings (serial, change_seq);
-- @insert_only hold_liftings
