-- Notices, sales, bidders, quotes.  What decided a sale (sale_events) is insert-only; the row of a
-- sale is its state after the last event and can be computed anew from them.

CREATE TABLE rule_sets (
	hash      BLOB PRIMARY KEY CHECK (length (hash) = 32),
	name      TEXT NOT NULL,
	version   INTEGER NOT NULL,
	canonical TEXT NOT NULL,
	UNIQUE (name, version)
) STRICT;
-- @insert_only rule_sets

CREATE TABLE notices (
	id           TEXT PRIMARY KEY,
	state        TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'approved')),
	version      INTEGER NOT NULL,
	content      TEXT NOT NULL,          -- canonical JSON
	content_hash BLOB NOT NULL CHECK (length (content_hash) = 32),
	editor       TEXT NOT NULL,          -- person who wrote this version
	submitted_by TEXT,
	approved_by  TEXT,
	announced_at INTEGER NOT NULL,
	created      INTEGER NOT NULL,
	updated      INTEGER NOT NULL,
	CHECK ((state = 'draft') = (submitted_by IS NULL)),
	CHECK ((state = 'approved') = (approved_by IS NOT NULL))
) STRICT;

-- The rules are copied from the rule set so that a quote reads one row.
CREATE TABLE sales (
	id                  TEXT PRIMARY KEY,
	notice              TEXT NOT NULL UNIQUE REFERENCES notices (id),
	rule_set            BLOB NOT NULL REFERENCES rule_sets (hash),
	content             BLOB NOT NULL,
	terms_head          BLOB NOT NULL,   -- head of the chain before the first event
	rule_name           TEXT NOT NULL,
	rule_version        INTEGER NOT NULL,
	announce_least      INTEGER NOT NULL,
	listing_least       INTEGER NOT NULL,
	quiet               INTEGER NOT NULL,
	time_window         INTEGER NOT NULL,
	prompts             TEXT NOT NULL,   -- microseconds, comma between
	limit_time_bidders  INTEGER NOT NULL,
	step_multiple       INTEGER NOT NULL,
	max_steps           INTEGER NOT NULL,
	raise_own_lead      INTEGER NOT NULL,
	enter_without_quote INTEGER NOT NULL,
	outage_most         INTEGER NOT NULL,
	announced_at        INTEGER NOT NULL,
	listing_start       INTEGER NOT NULL,
	listing_end         INTEGER NOT NULL,
	start_fen           INTEGER NOT NULL CHECK (start_fen > 0),
	increment_fen       INTEGER NOT NULL CHECK (increment_fen > 0),
	cap_fen             INTEGER NOT NULL,
	-- state
	phase               TEXT NOT NULL CHECK (phase IN ('announced', 'listing', 'quiet', 'limit_time', 'closed')),
	seq                 INTEGER NOT NULL,
	head                BLOB NOT NULL,
	at                  INTEGER NOT NULL,
	price_fen           INTEGER NOT NULL,
	leader              TEXT NOT NULL,
	price_seq           INTEGER NOT NULL,
	deadline            INTEGER NOT NULL,
	closed_at           INTEGER NOT NULL,
	bidders_quoted      INTEGER NOT NULL,
	rounds              INTEGER NOT NULL,
	result              TEXT CHECK (result IN ('won', 'failed')),
	next_moment         INTEGER,         -- NULL when closed
	CHECK ((phase = 'closed') = (result IS NOT NULL)),
	CHECK ((phase = 'closed') = (next_moment IS NULL)),
	CHECK ((phase = 'limit_time') = (deadline > 0))
) STRICT;
CREATE INDEX sales_due ON sales (next_moment);

CREATE TABLE bidders (
	sale         TEXT NOT NULL REFERENCES sales (id),
	bidder_no    TEXT NOT NULL,
	subject      TEXT NOT NULL,
	fingerprint  BLOB NOT NULL CHECK (length (fingerprint) = 32),
	spki_hash    BLOB NOT NULL CHECK (length (spki_hash) = 32),
	certificate  BLOB NOT NULL,
	spki         BLOB NOT NULL,
	quoted       INTEGER NOT NULL CHECK (quoted IN (0, 1)),
	qualified_at INTEGER NOT NULL,
	PRIMARY KEY (sale, bidder_no),
	UNIQUE (sale, subject)
) STRICT;

CREATE TABLE sale_events (
	sale       TEXT NOT NULL REFERENCES sales (id),
	seq        INTEGER NOT NULL CHECK (seq > 0),
	kind       TEXT NOT NULL,
	at         INTEGER NOT NULL,
	bidder_no  TEXT,
	event      TEXT NOT NULL,            -- canonical JSON
	head       BLOB NOT NULL UNIQUE,     -- of the chain after it
	quote      BLOB,                     -- hash of the quote's payload
	log_index  INTEGER NOT NULL,
	leaf_hash  BLOB NOT NULL,
	PRIMARY KEY (sale, seq)
) STRICT;
-- @insert_only sale_events

CREATE TABLE sale_receipts (
	sale    TEXT NOT NULL,
	seq     INTEGER NOT NULL,
	receipt TEXT NOT NULL,               -- compact statement
	PRIMARY KEY (sale, seq),
	FOREIGN KEY (sale, seq) REFERENCES sale_events (sale, seq)
) STRICT;
-- @insert_only sale_receipts

-- Last sign of life of the service; how an outage is known after it.
CREATE TABLE service_beat (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	at INTEGER NOT NULL
) STRICT;
