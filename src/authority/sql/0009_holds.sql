-- A hold is a revocation with reason 6 (certificateHold) that may be lifted: no column of its own.

-- Several copies of one application (申请 N 张), each with a key, an intent and a certificate.
ALTER TABLE certificates ADD COLUMN copy INTEGER NOT NULL DEFAULT 0;
ALTER TABLE issue_intents ADD COLUMN copy INTEGER NOT NULL DEFAULT 0;
DROP INDEX issue_intents_application;
CREATE UNIQUE INDEX issue_intents_copy ON issue_intents (application_id, copy) WHERE state <> 'refused';
CREATE INDEX certificates_application ON certificates (application_id, copy);
