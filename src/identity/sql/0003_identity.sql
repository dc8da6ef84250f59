-- Who holds certificates, and who is logged in.

-- A person's identity number is not here: identity_key is SHA-256 (site, kind, number).
CREATE TABLE subjects (
	id TEXT PRIMARY KEY,
	identity_key BLOB NOT NULL UNIQUE,
	kind TEXT NOT NULL CHECK (kind IN ('organization', 'person')),
	name TEXT NOT NULL,
	uscc TEXT UNIQUE,
	created INTEGER NOT NULL,
	CHECK ((kind = 'organization') = (uscc IS NOT NULL))
) STRICT;

CREATE TABLE login_challenges (
	challenge TEXT PRIMARY KEY,
	purpose TEXT NOT NULL,
	expires INTEGER NOT NULL,
	used INTEGER
) STRICT;
CREATE INDEX login_challenges_expires ON login_challenges (expires);

-- The token's secret part is stored as SHA-256 only.
CREATE TABLE sessions (
	id TEXT PRIMARY KEY,
	secret_hash BLOB NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('officer', 'holder')),
	person TEXT,
	subject_id TEXT REFERENCES subjects (id),
	name TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	created INTEGER NOT NULL,
	last_seen INTEGER NOT NULL,
	ended INTEGER,
	CHECK ((kind = 'officer') = (person IS NOT NULL)),
	CHECK ((kind = 'holder') = (subject_id IS NOT NULL))
) STRICT;
CREATE INDEX sessions_fingerprint ON sessions (fingerprint);
CREATE INDEX sessions_last_seen ON sessions (last_seen);
