-- Applications for every service, not for new certificates alone: the CHECKs on service and state change, and SQLite cannot
-- change a CHECK, so the table and what refers to it are made anew and filled from the old ones.

-- number: 受理编号, given at the first submission.  certificate: the serial that the service is about.
-- authenticated: who is known to ask.  held: this application put the hold on its certificate.
-- number_differs: the form has another number than the holder of the certificate (change, with the clerk's override).
-- validity_days is fixed by the review, due at submission.
CREATE TABLE services_applications (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('organization', 'person')),
	service TEXT NOT NULL CHECK (service IN ('issue', 'renew', 'change', 'report_loss', 'withdraw_loss', 'reissue', 'cancel',
	                                         'unlock_pin', 'freeze', 'unfreeze', 'other', 'recover_key')),
	state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'returned', 'accepted', 'paid', 'reviewed', 'issuing',
	                                     'issued', 'delivered', 'confirmed', 'approved', 'completed', 'withdrawn', 'rejected')),
	version INTEGER NOT NULL,
	document TEXT NOT NULL,
	form_hash TEXT NOT NULL,
	access_hash BLOB NOT NULL,
	created INTEGER NOT NULL,
	updated INTEGER NOT NULL,
	profile TEXT NOT NULL,
	amount_fen INTEGER NOT NULL,
	fee_paid INTEGER NOT NULL CHECK (fee_paid IN (0, 1)),
	uscc_check_digit INTEGER NOT NULL CHECK (uscc_check_digit IN (0, 1)),
	spki BLOB,
	submission_hash TEXT,
	clerk TEXT,
	reviewer TEXT,
	issuer TEXT,
	profile_version INTEGER,
	request_hash TEXT,
	review_statement TEXT,
	issue_statement TEXT,
	subject_id TEXT REFERENCES subjects (id),
	serial TEXT REFERENCES certificates (serial),
	fingerprint TEXT,
	returned_reason TEXT,
	returned_fields TEXT,
	number TEXT UNIQUE,
	authenticated TEXT NOT NULL CHECK (authenticated IN ('none', 'access_code', 'certificate', 'counter')),
	certificate TEXT REFERENCES certificates (serial),
	cause TEXT CHECK (cause IN ('lost', 'damaged')),
	point TEXT,
	language TEXT NOT NULL CHECK (language IN ('zh-CN', 'en')),
	submitted INTEGER,
	due INTEGER,
	held INTEGER NOT NULL CHECK (held IN (0, 1)),
	number_differs INTEGER NOT NULL CHECK (number_differs IN (0, 1)),
	validity_days INTEGER,
	answer TEXT,
	CHECK (state IN ('draft', 'submitted', 'returned', 'accepted', 'withdrawn', 'rejected') OR fee_paid = 1),
	CHECK (state NOT IN ('reviewed', 'issuing', 'issued', 'delivered', 'confirmed', 'approved') OR (request_hash IS NOT NULL AND reviewer <> clerk)),
	CHECK (state NOT IN ('issuing', 'issued', 'delivered', 'confirmed', 'approved') OR (issuer <> reviewer AND issuer <> clerk)),
	CHECK (state <> 'completed' OR service = 'other' OR (request_hash IS NOT NULL AND reviewer <> clerk AND issuer <> reviewer AND issuer <> clerk)),
	CHECK (state NOT IN ('issued', 'delivered', 'confirmed') OR fingerprint IS NOT NULL),
	CHECK (state NOT IN ('issuing', 'issued', 'delivered', 'confirmed') OR service IN ('issue', 'renew', 'change', 'reissue')),
	CHECK (state <> 'approved' OR service = 'unlock_pin'),
	CHECK ((service = 'reissue') = (cause IS NOT NULL)),
	CHECK (service IN ('issue', 'other') OR certificate IS NOT NULL)
) STRICT;
INSERT INTO services_applications (id, kind, service, state, version, document, form_hash, access_hash, created, updated, profile,
	amount_fen, fee_paid, uscc_check_digit, spki, submission_hash, clerk, reviewer, issuer, profile_version, request_hash,
	review_statement, issue_statement, subject_id, serial, fingerprint, returned_reason, returned_fields,
	authenticated, language, submitted, held, number_differs, validity_days)
SELECT a.id, a.kind, a.service, a.state, a.version, a.document, a.form_hash, a.access_hash, a.created, a.updated, a.profile,
	a.amount_fen, a.fee_paid, a.uscc_check_digit, a.spki, a.submission_hash, a.clerk, a.reviewer, a.issuer, a.profile_version, a.request_hash,
	a.review_statement, a.issue_statement, a.subject_id, a.serial, a.fingerprint, a.returned_reason, a.returned_fields,
	'none', 'zh-CN', (SELECT min(c.at) FROM application_acts c WHERE c.application_id = a.id AND c.act = 'application.submit'), 0, 0,
	-- Until now every certificate was for as long as its profile, which is 365 days.
	CASE WHEN a.request_hash IS NULL THEN NULL ELSE 365 END
FROM applications a;

CREATE TABLE services_acts (
	application_id TEXT NOT NULL REFERENCES services_applications (id),
	version INTEGER NOT NULL,
	act TEXT NOT NULL,
	to_state TEXT NOT NULL,
	at INTEGER NOT NULL,
	by_name TEXT NOT NULL,
	by_person TEXT,
	statement_identity TEXT,
	PRIMARY KEY (application_id, version)
) STRICT;
INSERT INTO services_acts (application_id, version, act, to_state, at, by_name, by_person, statement_identity)
SELECT application_id, version, act, to_state, at, by_name, by_person, statement_identity FROM application_acts;

CREATE TABLE services_keys (
	spki TEXT PRIMARY KEY,
	application_id TEXT NOT NULL REFERENCES services_applications (id)
) STRICT;
INSERT INTO services_keys (spki, application_id) SELECT spki, application_id FROM application_keys;

CREATE TABLE services_fees (
	application_id TEXT PRIMARY KEY REFERENCES services_applications (id),
	amount_fen INTEGER NOT NULL,
	method TEXT NOT NULL,
	slip TEXT,
	cashier TEXT NOT NULL,
	received INTEGER NOT NULL
) STRICT;
INSERT INTO services_fees (application_id, amount_fen, method, slip, cashier, received)
SELECT application_id, amount_fen, method, slip, cashier, received FROM fees;

DROP TABLE fees;
DROP TABLE application_keys;
DROP TABLE application_acts;
DROP TABLE applications;
ALTER TABLE services_applications RENAME TO applications;
ALTER TABLE services_acts RENAME TO application_acts;
ALTER TABLE services_keys RENAME TO application_keys;
ALTER TABLE services_fees RENAME TO fees;
CREATE INDEX applications_state ON applications (state, id);
CREATE INDEX applications_certificate ON applications (certificate);
CREATE INDEX applications_subject ON applications (subject_id);
-- @insert_only application_acts
-- @insert_only application_keys
-- @insert_only fees

-- 申请 N 张: the keys of one application, and what became of each.  Copy 0 is also in applications.
CREATE TABLE application_copies (
	application_id TEXT NOT NULL REFERENCES applications (id),
	copy INTEGER NOT NULL CHECK (copy >= 0 AND copy < 20),
	spki BLOB NOT NULL,
	serial TEXT REFERENCES certificates (serial),
	fingerprint TEXT,
	PRIMARY KEY (application_id, copy)
) STRICT;
INSERT INTO application_copies (application_id, copy, spki, serial, fingerprint)
SELECT id, 0, spki, serial, fingerprint FROM applications WHERE spki IS NOT NULL;

-- 受理编号 count from 1 each day, Beijing date.
CREATE TABLE application_numbers (
	day TEXT PRIMARY KEY,
	last INTEGER NOT NULL
) STRICT;
