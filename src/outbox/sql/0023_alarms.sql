-- What those who answer for the site are told of, until it is over: a row for each thing that was ever alarming.
-- about tells one alarm from the next of the same thing (the end of the certificate that ends); level 0: over.
CREATE TABLE alarms (
	what TEXT PRIMARY KEY,
	level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 3),
	about TEXT NOT NULL,
	since INTEGER NOT NULL
) STRICT;
