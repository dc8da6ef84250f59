-- What an officer may type to find an application: see registry/search.h.

-- term: bytes, so that both engines order them alike whatever the locale.
CREATE TABLE application_terms (
	term BLOB NOT NULL,
	application_id TEXT NOT NULL REFERENCES applications (id),
	PRIMARY KEY (term, application_id)
) STRICT;
CREATE INDEX application_terms_application ON application_terms (application_id);
CREATE INDEX applications_created ON applications (created, service);
