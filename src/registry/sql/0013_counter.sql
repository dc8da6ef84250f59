-- Acceptance points, blank tokens, hand-overs, parcels, and the queue of a counter.

-- content: canonical JSON (registry/point.h); active repeats its member.
CREATE TABLE points (
	code TEXT PRIMARY KEY,
	version INTEGER NOT NULL CHECK (version > 0),
	active INTEGER NOT NULL CHECK (active IN (0, 1)),
	content TEXT NOT NULL,
	changed INTEGER NOT NULL,
	changed_by TEXT NOT NULL
) STRICT;
CREATE TABLE point_versions (
	code TEXT NOT NULL REFERENCES points (code),
	version INTEGER NOT NULL,
	content TEXT NOT NULL,
	changed INTEGER NOT NULL,
	changed_by TEXT NOT NULL,
	PRIMARY KEY (code, version)
) STRICT;
-- The point the guide names; two administrators change it like any other.
INSERT INTO points (code, version, active, content, changed, changed_by) VALUES ('SND', 1, 1,
'{"active":true,"address":"苏州高新区邓尉路9号润捷广场1幢2001室","hours":{"days":[1,2,3,4,5],"from":"08:30","to":"17:30"},"low_stock":20,"name":"江苏CA苏州高新区受理点","phones":["0512-68701110","0512-68703189"],"services":["issue","renew","change","report_loss","withdraw_loss","reissue","cancel","unlock_pin","freeze","unfreeze","other","recover_key"]}',
0, 'shipped');
INSERT INTO point_versions (code, version, content, changed, changed_by) SELECT code, version, content, changed, changed_by FROM points;
-- @insert_only point_versions

-- Where an officer works now; an officer without a row works at every point.
CREATE TABLE point_assignments (
	person TEXT NOT NULL,
	point TEXT NOT NULL REFERENCES points (code),
	since INTEGER NOT NULL,
	PRIMARY KEY (person, point)
) STRICT;
-- points: JSON array, all points of the person from then on.
CREATE TABLE point_assignment_acts (
	id TEXT PRIMARY KEY,
	person TEXT NOT NULL,
	points TEXT NOT NULL,
	at INTEGER NOT NULL,
	by_persons TEXT NOT NULL
) STRICT;
-- @insert_only point_assignment_acts

-- Blank tokens (介质), and what became of them.
CREATE TABLE tokens (
	serial TEXT PRIMARY KEY,
	state TEXT NOT NULL CHECK (state IN ('stock', 'reserved', 'handed_out', 'spoiled', 'returned')),
	point TEXT NOT NULL REFERENCES points (code),
	application_id TEXT REFERENCES applications (id),
	movements INTEGER NOT NULL CHECK (movements > 0),
	changed INTEGER NOT NULL,
	CHECK (state NOT IN ('reserved', 'handed_out') OR application_id IS NOT NULL),
	CHECK (state <> 'stock' OR application_id IS NULL)
) STRICT;
CREATE INDEX tokens_point ON tokens (point, state, serial);
CREATE INDEX tokens_application ON tokens (application_id);
CREATE TABLE token_movements (
	serial TEXT NOT NULL REFERENCES tokens (serial),
	seq INTEGER NOT NULL,
	movement TEXT NOT NULL CHECK (movement IN ('receive', 'transfer', 'reserve', 'release', 'hand_out', 'spoil', 'return')),
	state TEXT NOT NULL,
	point TEXT NOT NULL,
	application_id TEXT,
	at INTEGER NOT NULL,
	by_person TEXT NOT NULL,
	by_name TEXT NOT NULL,
	reason TEXT,
	statement_identity TEXT NOT NULL,
	PRIMARY KEY (serial, seq)
) STRICT;
-- @insert_only token_movements

-- Who handed what to whom, when and where.
CREATE TABLE handovers (
	application_id TEXT PRIMARY KEY REFERENCES applications (id),
	method TEXT NOT NULL CHECK (method IN ('counter', 'post', 'download')),
	point TEXT,
	recipient TEXT,
	identity_seen INTEGER NOT NULL CHECK (identity_seen IN (0, 1)),
	at INTEGER NOT NULL,
	by_person TEXT NOT NULL,
	by_name TEXT NOT NULL,
	statement_identity TEXT NOT NULL
) STRICT;
-- @insert_only handovers
CREATE TABLE handover_tokens (
	application_id TEXT NOT NULL REFERENCES handovers (application_id),
	copy INTEGER NOT NULL,
	token TEXT NOT NULL UNIQUE REFERENCES tokens (serial),
	PRIMARY KEY (application_id, copy)
) STRICT;
-- @insert_only handover_tokens

CREATE TABLE post_parcels (
	id TEXT PRIMARY KEY,
	application_id TEXT NOT NULL REFERENCES applications (id),
	carrier TEXT NOT NULL,
	number TEXT NOT NULL,
	recipient TEXT NOT NULL,
	sent INTEGER NOT NULL,
	by_person TEXT NOT NULL,
	by_name TEXT NOT NULL,
	statement_identity TEXT NOT NULL,
	received INTEGER,
	received_by TEXT,
	UNIQUE (carrier, number),
	CHECK ((received IS NULL) = (received_by IS NULL))
) STRICT;
CREATE INDEX post_parcels_application ON post_parcels (application_id, id);

-- What an officer can act on now, oldest submission first, of all points or of one.
CREATE INDEX applications_queue ON applications (state, submitted, id);
CREATE INDEX applications_queue_point ON applications (point, state, submitted, id);
