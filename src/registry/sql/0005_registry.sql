-- Applications for certificates.

-- Fees of the guide, chapter 3: CA证书首年300元.  A change of price is a new row.
CREATE TABLE tariffs (
	service TEXT NOT NULL,
	valid_from INTEGER NOT NULL,
	amount_fen INTEGER NOT NULL CHECK (amount_fen >= 0),
	promised_working_days INTEGER NOT NULL,
	source TEXT NOT NULL,
	PRIMARY KEY (service, valid_from)
) STRICT;
INSERT INTO tariffs (service, valid_from, amount_fen, promised_working_days, source)
VALUES ('issue', 0, 30000, 5, 'CA证书办理指南 三、CA证书办理费用：首年300元');
-- @insert_only tariffs

-- document: the canonical form document; form_hash its SHA-256.
-- profile_version and request_hash are those of the review, NULL without one.
-- serial is set when the issue begins, fingerprint when the certificate is stored.
CREATE TABLE applications (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('organization', 'person')),
	service TEXT NOT NULL CHECK (service IN ('issue')),
	state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'returned', 'accepted', 'paid', 'reviewed', 'issuing',
	                                     'issued', 'delivered', 'confirmed', 'rejected')),
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
	CHECK (state NOT IN ('paid', 'reviewed', 'issuing', 'issued', 'delivered', 'confirmed') OR fee_paid = 1),
	CHECK (state NOT IN ('reviewed', 'issuing', 'issued', 'delivered', 'confirmed') OR (request_hash IS NOT NULL AND reviewer <> clerk)),
	CHECK (state NOT IN ('issuing', 'issued', 'delivered', 'confirmed') OR (issuer <> reviewer AND issuer <> clerk)),
	CHECK (state NOT IN ('issued', 'delivered', 'confirmed') OR fingerprint IS NOT NULL)
) STRICT;
CREATE INDEX applications_state ON applications (state, id);

-- What happened to an application, one row a version.
CREATE TABLE application_acts (
	application_id TEXT NOT NULL REFERENCES applications (id),
	version INTEGER NOT NULL,
	act TEXT NOT NULL,
	to_state TEXT NOT NULL,
	at INTEGER NOT NULL,
	by_name TEXT NOT NULL,
	by_person TEXT,
	statement_identity TEXT,
	PRIMARY KEY (application_id, version)
) STRICT;
-- @insert_only application_acts

-- A key belongs to one application for good.
CREATE TABLE application_keys (
	spki TEXT PRIMARY KEY,
	application_id TEXT NOT NULL REFERENCES applications (id)
) STRICT;
-- @insert_only application_keys

CREATE TABLE fees (
	application_id TEXT PRIMARY KEY REFERENCES applications (id),
	amount_fen INTEGER NOT NULL,
	method TEXT NOT NULL,
	slip TEXT,
	cashier TEXT NOT NULL,
	received INTEGER NOT NULL
) STRICT;
-- @insert_only fees
