-- Papers: what was seen at acceptance, scans, looks, contracts, disposal.

-- One row a paper and acceptance; `version` is the application's after it.
CREATE TABLE paper_facts (
	application_id TEXT NOT NULL REFERENCES applications (id),
	version INTEGER NOT NULL,
	paper TEXT NOT NULL,
	original INTEGER NOT NULL CHECK (original IN (0, 1)),
	copies INTEGER NOT NULL CHECK (copies >= 0),
	scan_id TEXT,
	person TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (application_id, version, paper)
) STRICT;
-- @insert_only paper_facts

-- What a scan is stays for good; its content and its file's name go at the disposal.
CREATE TABLE scans (
	id TEXT PRIMARY KEY,
	application_id TEXT NOT NULL REFERENCES applications (id),
	paper TEXT NOT NULL,
	name TEXT,
	media_type TEXT NOT NULL,
	size INTEGER NOT NULL CHECK (size > 0),
	sha256 TEXT NOT NULL,
	uploaded_by TEXT NOT NULL,
	uploaded INTEGER NOT NULL,
	disposed INTEGER
) STRICT;
CREATE INDEX scans_application ON scans (application_id, id);

-- ciphertext: AES-256-GCM under a key of this scan alone; wrapped_key: that key under the signer's storage key.
CREATE TABLE scan_contents (
	scan_id TEXT PRIMARY KEY REFERENCES scans (id),
	wrapped_key BLOB NOT NULL,
	ciphertext BLOB NOT NULL
) STRICT;

CREATE TABLE looks (
	id TEXT PRIMARY KEY,
	scan_id TEXT NOT NULL REFERENCES scans (id),
	application_id TEXT NOT NULL,
	person TEXT NOT NULL,
	agreed_by TEXT,
	purpose TEXT NOT NULL,
	day TEXT NOT NULL,
	at INTEGER NOT NULL,
	statement_identity TEXT NOT NULL
) STRICT;
CREATE INDEX looks_day ON looks (day, id);
CREATE INDEX looks_scan ON looks (scan_id, id);
-- @insert_only looks

-- The row of an officer's day is what two looks at once wait for.
CREATE TABLE look_days (
	person TEXT NOT NULL,
	day TEXT NOT NULL,
	n INTEGER NOT NULL,
	PRIMARY KEY (person, day)
) STRICT;

-- 附件三 signed electronically; document is the canonical contract that `contract` hashes.
CREATE TABLE contracts (
	application_id TEXT PRIMARY KEY REFERENCES applications (id),
	contract TEXT NOT NULL,
	document TEXT,
	statement_identity TEXT NOT NULL,
	subject_id TEXT NOT NULL,
	at INTEGER NOT NULL
) STRICT;

-- Records that are due to be destroyed; list is canonical JSON, list_hash its SHA-256.
CREATE TABLE disposal_batches (
	id TEXT PRIMARY KEY,
	made INTEGER NOT NULL,
	list TEXT NOT NULL,
	list_hash TEXT NOT NULL,
	approved INTEGER,
	administrator TEXT,
	auditor TEXT,
	CHECK ((approved IS NULL) = (administrator IS NULL AND auditor IS NULL)),
	CHECK (approved IS NULL OR administrator <> auditor)
) STRICT;

CREATE TABLE disposal_items (
	application_id TEXT PRIMARY KEY REFERENCES applications (id),
	batch_id TEXT NOT NULL REFERENCES disposal_batches (id),
	due INTEGER NOT NULL,
	disposed INTEGER
) STRICT;
CREATE INDEX disposal_items_batch ON disposal_items (batch_id, application_id);
