-- What an Idempotency-Key has already caused.  Written in the transaction of the act itself.
CREATE TABLE idempotency (
	actor        TEXT    NOT NULL,   -- person, subject, "application:ID" or "public"
	key          TEXT    NOT NULL,
	request_hash BLOB    NOT NULL,   -- SHA-256 of method, path and body
	status       INTEGER NOT NULL,
	reply        TEXT    NOT NULL,   -- JSON
	created      INTEGER NOT NULL,
	PRIMARY KEY (actor, key)
) STRICT;
