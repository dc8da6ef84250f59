-- The people behind subjects and officers, each a record of its own.  No identity number is here: identity_key is
-- SHA-256 (site, kind, number) as in subjects.

CREATE TABLE people (
	id TEXT PRIMARY KEY,
	identity_key BLOB NOT NULL UNIQUE,
	name TEXT NOT NULL,
	created INTEGER NOT NULL
) STRICT;

-- Who stood for a subject, and how they were reached, while it was so; valid_until NULL: still so.
CREATE TABLE subject_people (
	id TEXT PRIMARY KEY,
	subject_id TEXT NOT NULL REFERENCES subjects (id),
	person_id TEXT NOT NULL REFERENCES people (id),
	role TEXT NOT NULL CHECK (role IN ('legal_representative', 'operator', 'holder')),
	name TEXT NOT NULL,
	mobile TEXT,
	mail TEXT,
	valid_from INTEGER NOT NULL,
	valid_until INTEGER
) STRICT;
CREATE INDEX subject_people_subject ON subject_people (subject_id, valid_from);
CREATE UNIQUE INDEX subject_people_current ON subject_people (subject_id, role) WHERE valid_until IS NULL;

-- Further numbers of a subject, so that it stays itself when its number changes.
CREATE TABLE subject_identities (
	identity_key BLOB PRIMARY KEY,
	subject_id TEXT NOT NULL REFERENCES subjects (id),
	since INTEGER NOT NULL
) STRICT;
-- @insert_only subject_identities

CREATE TABLE subject_names (
	id TEXT PRIMARY KEY,
	subject_id TEXT NOT NULL REFERENCES subjects (id),
	name TEXT NOT NULL,
	since INTEGER NOT NULL
) STRICT;
CREATE INDEX subject_names_subject ON subject_names (subject_id, since);
INSERT INTO subject_names (id, subject_id, name, since) SELECT id, id, name, created FROM subjects;
-- @insert_only subject_names

-- Which person an officer is, so that he decides nothing of his own.
CREATE TABLE officer_identities (
	person TEXT NOT NULL,
	identity_key BLOB NOT NULL,
	since INTEGER NOT NULL,
	PRIMARY KEY (person, identity_key)
) STRICT;
CREATE INDEX officer_identities_key ON officer_identities (identity_key);
-- @insert_only officer_identities
