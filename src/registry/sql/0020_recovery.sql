-- Recovery of escrowed keys: recover_key goes on, approved, until the recovery agents have given their shares.

-- encryption_version: of the profile of the encryption certificate, fixed by the review; NULL: a signing certificate alone.
-- SQLite cannot change a CHECK: the table is made anew.  What refers to it stays: its references are looked at when the
-- transaction ends, and by then every row is there again.
-- @sqlite CREATE TEMPORARY TABLE applications_before AS SELECT * FROM applications;
-- @sqlite CREATE INDEX application_keys_application ON application_keys (application_id);
-- @sqlite PRAGMA defer_foreign_keys = ON;
-- @sqlite DROP TABLE applications;
-- @sqlite CREATE TABLE applications (
-- @sqlite id TEXT PRIMARY KEY,
-- @sqlite kind TEXT NOT NULL CHECK (kind IN ('organization', 'person')),
-- @sqlite service TEXT NOT NULL CHECK (service IN ('issue', 'renew', 'change', 'report_loss', 'withdraw_loss', 'reissue', 'cancel',
-- @sqlite 'unlock_pin', 'freeze', 'unfreeze', 'other', 'recover_key')),
-- @sqlite state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'returned', 'accepted', 'paid', 'reviewed', 'issuing',
-- @sqlite 'issued', 'delivered', 'confirmed', 'approved', 'completed', 'withdrawn', 'rejected')),
-- @sqlite version INTEGER NOT NULL,
-- @sqlite document TEXT NOT NULL,
-- @sqlite form_hash TEXT NOT NULL,
-- @sqlite access_hash BLOB NOT NULL,
-- @sqlite created INTEGER NOT NULL,
-- @sqlite updated INTEGER NOT NULL,
-- @sqlite profile TEXT NOT NULL,
-- @sqlite amount_fen INTEGER NOT NULL,
-- @sqlite fee_paid INTEGER NOT NULL CHECK (fee_paid IN (0, 1)),
-- @sqlite uscc_check_digit INTEGER NOT NULL CHECK (uscc_check_digit IN (0, 1)),
-- @sqlite spki BLOB,
-- @sqlite submission_hash TEXT,
-- @sqlite clerk TEXT,
-- @sqlite reviewer TEXT,
-- @sqlite issuer TEXT,
-- @sqlite profile_version INTEGER,
-- @sqlite request_hash TEXT,
-- @sqlite review_statement TEXT,
-- @sqlite issue_statement TEXT,
-- @sqlite subject_id TEXT REFERENCES subjects (id),
-- @sqlite serial TEXT REFERENCES certificates (serial),
-- @sqlite fingerprint TEXT,
-- @sqlite returned_reason TEXT,
-- @sqlite returned_fields TEXT,
-- @sqlite number TEXT UNIQUE,
-- @sqlite authenticated TEXT NOT NULL CHECK (authenticated IN ('none', 'access_code', 'certificate', 'counter')),
-- @sqlite certificate TEXT REFERENCES certificates (serial),
-- @sqlite cause TEXT CHECK (cause IN ('lost', 'damaged')),
-- @sqlite point TEXT,
-- @sqlite language TEXT NOT NULL CHECK (language IN ('zh-CN', 'en')),
-- @sqlite submitted INTEGER,
-- @sqlite due INTEGER,
-- @sqlite held INTEGER NOT NULL CHECK (held IN (0, 1)),
-- @sqlite number_differs INTEGER NOT NULL CHECK (number_differs IN (0, 1)),
-- @sqlite validity_days INTEGER,
-- @sqlite answer TEXT,
-- @sqlite encryption_version INTEGER,
-- @sqlite CHECK (state IN ('draft', 'submitted', 'returned', 'accepted', 'withdrawn', 'rejected') OR fee_paid = 1),
-- @sqlite CHECK (state NOT IN ('reviewed', 'issuing', 'issued', 'delivered', 'confirmed', 'approved') OR (request_hash IS NOT NULL AND reviewer <> clerk)),
-- @sqlite CHECK (state NOT IN ('issuing', 'issued', 'delivered', 'confirmed', 'approved') OR (issuer <> reviewer AND issuer <> clerk)),
-- @sqlite CHECK (state <> 'completed' OR service = 'other' OR (request_hash IS NOT NULL AND reviewer <> clerk AND issuer <> reviewer AND issuer <> clerk)),
-- @sqlite CHECK (state NOT IN ('issued', 'delivered', 'confirmed') OR fingerprint IS NOT NULL),
-- @sqlite CHECK (state NOT IN ('issuing', 'issued', 'delivered', 'confirmed') OR service IN ('issue', 'renew', 'change', 'reissue')),
-- @sqlite CHECK (state <> 'approved' OR service IN ('unlock_pin', 'recover_key')),
-- @sqlite CHECK ((service = 'reissue') = (cause IS NOT NULL)),
-- @sqlite CHECK (service IN ('issue', 'other') OR certificate IS NOT NULL)
-- @sqlite ) STRICT;
-- @sqlite INSERT INTO applications (id, kind, service, state, version, document, form_hash, access_hash, created, updated, profile, amount_fen, fee_paid, uscc_check_digit,
-- @sqlite spki, submission_hash, clerk, reviewer, issuer, profile_version, request_hash, review_statement, issue_statement, subject_id, serial, fingerprint, returned_reason, returned_fields,
-- @sqlite number, authenticated, certificate, cause, point, language, submitted, due, held, number_differs, validity_days, answer)
-- @sqlite SELECT id, kind, service, state, version, document, form_hash, access_hash, created, updated, profile, amount_fen, fee_paid, uscc_check_digit,
-- @sqlite spki, submission_hash, clerk, reviewer, issuer, profile_version, request_hash, review_statement, issue_statement, subject_id, serial, fingerprint, returned_reason, returned_fields,
-- @sqlite number, authenticated, certificate, cause, point, language, submitted, due, held, number_differs, validity_days, answer
-- @sqlite FROM applications_before;
-- @sqlite DROP TABLE applications_before;
-- @sqlite DROP INDEX application_keys_application;
-- @sqlite CREATE INDEX applications_state ON applications (state, id);
-- @sqlite CREATE INDEX applications_certificate ON applications (certificate);
-- @sqlite CREATE INDEX applications_subject ON applications (subject_id);
-- @sqlite CREATE INDEX applications_queue ON applications (state, submitted, id);
-- @sqlite CREATE INDEX applications_queue_point ON applications (point, state, submitted, id);
-- @sqlite CREATE INDEX applications_created ON applications (created, service);
-- @postgresql ALTER TABLE applications ADD COLUMN encryption_version BIGINT;
-- @postgresql DO $$ DECLARE name TEXT; BEGIN
-- @postgresql SELECT conname INTO STRICT name FROM pg_constraint WHERE conrelid = 'applications'::regclass AND contype = 'c'
-- @postgresql AND pg_get_constraintdef(oid) LIKE '%approved%unlock_pin%' AND pg_get_constraintdef(oid) NOT LIKE '%report_loss%';
-- @postgresql EXECUTE format('ALTER TABLE applications DROP CONSTRAINT %I', name); END $$;
-- @postgresql ALTER TABLE applications ADD CHECK (state <> 'approved' OR service IN ('unlock_pin', 'recover_key'));

-- Shares that recovery agents gave, each with a leaf in the log.  After a restart the signer asks for them anew.
CREATE TABLE recovery_shares (
	application_id TEXT NOT NULL REFERENCES applications (id),
	statement_identity TEXT NOT NULL,
	person TEXT NOT NULL,
	by_name TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (application_id, statement_identity)
) STRICT;
-- @insert_only recovery_shares

-- The recovered key, under the fresh key that the requester applied with: nobody else can open it.
CREATE TABLE recovered_keys (
	application_id TEXT PRIMARY KEY REFERENCES applications (id),
	serial TEXT NOT NULL REFERENCES certificates (serial),
	envelope BLOB NOT NULL,
	at INTEGER NOT NULL
) STRICT;
-- @insert_only recovered_keys
