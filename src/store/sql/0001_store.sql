-- Facts of the site that never change once written: its id, its kind.
CREATE TABLE site (
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT;
-- @insert_only site
