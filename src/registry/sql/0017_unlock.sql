-- PIN unlock: which key a ticket's administrator PIN went to.  The ticket itself is the approved application.
CREATE TABLE unlock_tickets (
	application_id TEXT PRIMARY KEY REFERENCES applications (id),
	token TEXT NOT NULL,
	spki TEXT NOT NULL,
	statement_identity TEXT NOT NULL,
	at INTEGER NOT NULL,
	by_person TEXT NOT NULL
) STRICT;
-- @insert_only unlock_tickets
CREATE INDEX unlock_tickets_token ON unlock_tickets (token, at);
