-- What is looked for every few seconds must be found at once among a million of its kind: issues that were begun and not
-- finished, and answers that are old enough to be forgotten.
CREATE INDEX issue_intents_open ON issue_intents (application_id, serial) WHERE state = 'open';
CREATE INDEX idempotency_created ON idempotency (created);
