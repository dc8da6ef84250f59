-- Certificates from intent to revocation.

-- Counters that grow in commit order, because the row stays locked until the commit.
CREATE TABLE authority_counters (
	name TEXT PRIMARY KEY,
	value INTEGER NOT NULL
) STRICT;
INSERT INTO authority_counters (name, value) VALUES ('change', 0), ('crl', 0);

-- refused: the signer would not sign it; the serial names nothing.
-- change_seq: value of 'change' at the last change of status; 0 while only intended.
-- subject_id and application_id are NULL for officers' certificates, which the signer pins.
CREATE TABLE certificates (
	serial TEXT PRIMARY KEY,
	issuer TEXT NOT NULL,
	subject_id TEXT,
	application_id TEXT,
	profile TEXT NOT NULL,
	profile_version INTEGER NOT NULL,
	spki TEXT NOT NULL,
	status TEXT NOT NULL CHECK (status IN ('intended', 'refused', 'valid', 'revoked')),
	fingerprint TEXT UNIQUE,
	der BLOB,
	not_before INTEGER,
	not_after INTEGER,
	revoked_at INTEGER,
	reason INTEGER,
	created INTEGER NOT NULL,
	change_seq INTEGER NOT NULL,
	CHECK ((subject_id IS NULL) = (application_id IS NULL)),
	CHECK ((der IS NULL) = (fingerprint IS NULL)),
	CHECK (status <> 'valid' OR der IS NOT NULL),
	CHECK ((status = 'revoked') = (revoked_at IS NOT NULL AND reason IS NOT NULL))
) STRICT;
CREATE INDEX certificates_change ON certificates (change_seq);
CREATE INDEX certificates_subject ON certificates (subject_id);
CREATE INDEX certificates_spki ON certificates (spki);

CREATE TABLE certificate_changes (
	change_seq INTEGER PRIMARY KEY,
	serial TEXT NOT NULL REFERENCES certificates (serial),
	status TEXT NOT NULL,
	reason INTEGER,
	at INTEGER NOT NULL
) STRICT;
-- @insert_only certificate_changes

-- Exactly what the signer is asked, stored before it is asked.
CREATE TABLE issue_intents (
	serial TEXT PRIMARY KEY REFERENCES certificates (serial),
	application_id TEXT NOT NULL,
	request TEXT NOT NULL,
	reviewer_statement TEXT NOT NULL,
	issuer_statement TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('open', 'done', 'refused')),
	created INTEGER NOT NULL,
	finished INTEGER
) STRICT;
CREATE UNIQUE INDEX issue_intents_application ON issue_intents (application_id) WHERE state <> 'refused';

CREATE TABLE crls (
	number INTEGER PRIMARY KEY,
	der BLOB NOT NULL,
	this_update INTEGER NOT NULL,
	next_update INTEGER NOT NULL
) STRICT;
-- @insert_only crls
