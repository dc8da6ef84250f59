-- Working days: the State Council's arrangement of a year, and what every replaced one said.

CREATE TABLE calendar_years (
	year INTEGER PRIMARY KEY,
	version INTEGER NOT NULL CHECK (version > 0),
	provisional INTEGER NOT NULL CHECK (provisional IN (0, 1)),
	document TEXT NOT NULL,
	changed INTEGER NOT NULL,
	changed_by TEXT NOT NULL
) STRICT;

-- Only days that differ from their day of the week.  day: days since 1970-01-01.
CREATE TABLE calendar_days (
	day INTEGER PRIMARY KEY,
	year INTEGER NOT NULL REFERENCES calendar_years (year),
	working INTEGER NOT NULL CHECK (working IN (0, 1)),
	name TEXT NOT NULL
) STRICT;
CREATE INDEX calendar_days_year ON calendar_days (year);

CREATE TABLE calendar_versions (
	year INTEGER NOT NULL REFERENCES calendar_years (year),
	version INTEGER NOT NULL,
	document TEXT NOT NULL,
	changed INTEGER NOT NULL,
	changed_by TEXT NOT NULL,
	PRIMARY KEY (year, version)
) STRICT;
-- @insert_only calendar_versions
