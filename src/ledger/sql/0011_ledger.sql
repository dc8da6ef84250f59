-- Money: tariff, orders and the double-entry book, in fen.

-- A change of price is a new row; the row with the latest valid_from not after the day of submission counts.
CREATE TABLE ledger_tariffs (
	service TEXT NOT NULL,
	valid_from INTEGER NOT NULL,
	amount_fen INTEGER NOT NULL CHECK (amount_fen >= 0),
	promised_working_days INTEGER NOT NULL CHECK (promised_working_days >= 0),
	source TEXT NOT NULL,
	PRIMARY KEY (service, valid_from)
) STRICT;
INSERT INTO ledger_tariffs (service, valid_from, amount_fen, promised_working_days, source)
SELECT service, valid_from, amount_fen, promised_working_days, source FROM tariffs;
DROP TABLE tariffs;
-- The guide names prices; the promised working days of services other than 新办 are this site's own.
INSERT INTO ledger_tariffs (service, valid_from, amount_fen, promised_working_days, source) VALUES
	('renew', 0, 25000, 5, 'CA证书办理指南 三、CA证书办理费用：续费250元/年'),
	('change', 0, 2000, 5, 'CA证书办理指南 四、日常服务（二）收费：变更20元/次'),
	('report_loss', 0, 2000, 1, 'CA证书办理指南 四、日常服务（二）收费：挂失20元/次'),
	('withdraw_loss', 0, 0, 1, 'CA证书办理指南 四、日常服务（二）收费：未列收费'),
	('reissue', 0, 30000, 5, 'CA证书办理指南 四、日常服务（二）收费：遗失（损坏）补办按新办证书收费'),
	('cancel', 0, 0, 1, 'CA证书办理指南 四、日常服务（二）收费：未列收费'),
	('unlock_pin', 0, 2000, 1, 'CA证书办理指南 四、日常服务（二）收费：解密20元/次'),
	('freeze', 0, 0, 1, 'CA证书办理指南 四、日常服务（二）收费：未列收费'),
	('unfreeze', 0, 0, 1, 'CA证书办理指南 四、日常服务（二）收费：未列收费'),
	('other', 0, 0, 1, 'CA证书办理指南 四、日常服务（二）收费：未列收费'),
	('recover_key', 0, 0, 1, 'CA证书办理指南 四、日常服务（二）收费：未列收费');
-- @insert_only ledger_tariffs

-- Numbers without gaps: taken in the transaction that uses them.
CREATE TABLE ledger_counters (
	name TEXT PRIMARY KEY,
	value INTEGER NOT NULL
) STRICT;

CREATE TABLE ledger_orders (
	id TEXT PRIMARY KEY,
	number TEXT NOT NULL UNIQUE,
	about TEXT NOT NULL UNIQUE,
	state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'waived', 'refundable', 'refunded', 'cancelled', 'free')),
	amount_fen INTEGER NOT NULL CHECK (amount_fen >= 0),
	opened INTEGER NOT NULL,
	updated INTEGER NOT NULL,
	rendered INTEGER,
	CHECK (state <> 'free' OR amount_fen = 0),
	CHECK (state NOT IN ('open', 'paid', 'waived', 'refundable', 'refunded') OR amount_fen > 0),
	CHECK (rendered IS NULL OR state IN ('paid', 'waived', 'free'))
) STRICT;
CREATE INDEX ledger_orders_state ON ledger_orders (state, id);

CREATE TABLE ledger_order_lines (
	order_id TEXT NOT NULL REFERENCES ledger_orders (id),
	line INTEGER NOT NULL,
	service TEXT NOT NULL,
	pieces INTEGER NOT NULL CHECK (pieces > 0),
	unit_fen INTEGER NOT NULL CHECK (unit_fen >= 0),
	PRIMARY KEY (order_id, line)
) STRICT;

-- Debits are positive, credits negative.  The lines of an entry hang together: each begins with the rest of the
-- one before, and an entry points at a last line whose rest is zero.  So the database itself refuses an entry
-- that does not balance.
CREATE TABLE ledger_postings (
	entry_id TEXT NOT NULL,
	line INTEGER NOT NULL,
	account TEXT NOT NULL CHECK (account IN ('cash', 'card', 'bank', 'fees.prepaid', 'fees.income', 'refunds.due', 'suspense', 'waived')
	                             OR account LIKE 'online:_%'),
	amount_fen INTEGER NOT NULL CHECK (amount_fen <> 0),
	line_before INTEGER,
	before_fen INTEGER NOT NULL,
	rest_fen INTEGER NOT NULL,
	PRIMARY KEY (entry_id, line),
	UNIQUE (entry_id, line, rest_fen),
	FOREIGN KEY (entry_id, line_before, before_fen) REFERENCES ledger_postings (entry_id, line, rest_fen),
	CHECK ((line = 1 AND line_before IS NULL AND before_fen = 0) OR (line > 1 AND line_before IS NOT NULL AND line_before = line - 1)),
	CHECK (rest_fen = before_fen + amount_fen)
) STRICT;
-- @insert_only ledger_postings
CREATE INDEX ledger_postings_account ON ledger_postings (account, entry_id);

-- value_day: day (days since 1970, Beijing) on which the money moved, for the comparison with the bank's statement.
-- reference: slip, or the provider's transaction.
CREATE TABLE ledger_entries (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	order_id TEXT REFERENCES ledger_orders (id),
	reference TEXT,
	value_day INTEGER NOT NULL,
	at INTEGER NOT NULL,
	by_actor TEXT NOT NULL,
	last_line INTEGER NOT NULL CHECK (last_line >= 2),
	zero_fen INTEGER NOT NULL CHECK (zero_fen = 0),
	FOREIGN KEY (id, last_line, zero_fen) REFERENCES ledger_postings (entry_id, line, rest_fen)
) STRICT;
-- @insert_only ledger_entries
CREATE INDEX ledger_entries_day ON ledger_entries (value_day, id);

-- Receipt numbers have no gaps within a year.
CREATE TABLE ledger_payments (
	id TEXT PRIMARY KEY,
	order_id TEXT NOT NULL UNIQUE REFERENCES ledger_orders (id),
	amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
	method TEXT NOT NULL CHECK (method IN ('cash', 'card', 'transfer', 'online')),
	account TEXT NOT NULL,
	reference TEXT,
	by_actor TEXT NOT NULL,
	received INTEGER NOT NULL,
	receipt_year INTEGER NOT NULL,
	receipt_sequence INTEGER NOT NULL,
	UNIQUE (receipt_year, receipt_sequence)
) STRICT;
-- @insert_only ledger_payments
CREATE INDEX ledger_payments_reference ON ledger_payments (account, reference);

CREATE TABLE ledger_waivers (
	order_id TEXT PRIMARY KEY REFERENCES ledger_orders (id),
	amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
	first_person TEXT NOT NULL,
	second_person TEXT NOT NULL,
	reason TEXT NOT NULL,
	at INTEGER NOT NULL,
	CHECK (first_person <> second_person)
) STRICT;
-- @insert_only ledger_waivers

CREATE TABLE ledger_refunds (
	id TEXT PRIMARY KEY,
	order_id TEXT NOT NULL REFERENCES ledger_orders (id),
	amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
	reason TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'paid')),
	requested_by TEXT NOT NULL,
	requested INTEGER NOT NULL,
	approved_by TEXT,
	approved INTEGER,
	paid_by TEXT,
	paid INTEGER,
	method TEXT,
	reference TEXT,
	CHECK (approved_by IS NULL OR approved_by <> requested_by),
	CHECK (state = 'requested' OR approved_by IS NOT NULL),
	CHECK (state <> 'paid' OR (paid_by IS NOT NULL AND method IS NOT NULL))
) STRICT;
CREATE INDEX ledger_refunds_order ON ledger_refunds (order_id, id);

CREATE TABLE ledger_invoices (
	id TEXT PRIMARY KEY,
	order_id TEXT NOT NULL UNIQUE REFERENCES ledger_orders (id),
	title TEXT NOT NULL,
	tax_number TEXT,
	mail TEXT NOT NULL,
	requested INTEGER NOT NULL,
	due INTEGER NOT NULL,
	number TEXT UNIQUE,
	issued INTEGER,
	issued_by TEXT,
	CHECK ((number IS NULL) = (issued IS NULL) AND (number IS NULL) = (issued_by IS NULL))
) STRICT;

-- A provider's transaction counts once for each event, whatever is repeated or reordered.
CREATE TABLE ledger_provider_events (
	provider TEXT NOT NULL,
	transaction_id TEXT NOT NULL,
	event TEXT NOT NULL CHECK (event IN ('paid', 'refunded')),
	order_number TEXT NOT NULL,
	amount_fen INTEGER NOT NULL,
	currency TEXT NOT NULL,
	happened INTEGER NOT NULL,
	received INTEGER NOT NULL,
	PRIMARY KEY (provider, transaction_id, event)
) STRICT;
-- @insert_only ledger_provider_events

-- resolution "returned": the provider took it back, nobody had to decide.
-- posted: 1 money came and stands on the account "suspense", -1 money went, 0 nothing was posted.
CREATE TABLE ledger_suspense (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('amount', 'currency', 'order', 'settled', 'conflict', 'refund', 'signature')),
	provider TEXT NOT NULL,
	transaction_id TEXT,
	event TEXT,
	order_number TEXT,
	amount_fen INTEGER,
	currency TEXT,
	posted INTEGER NOT NULL CHECK (posted IN (-1, 0, 1)),
	at INTEGER NOT NULL,
	digest TEXT NOT NULL,
	detail TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('open', 'resolved')),
	resolution TEXT CHECK (resolution IN ('apply', 'refund', 'dismiss', 'returned')),
	order_id TEXT REFERENCES ledger_orders (id),
	reason TEXT,
	first_person TEXT,
	second_person TEXT,
	resolved INTEGER,
	UNIQUE (provider, digest),
	CHECK (posted = 0 OR amount_fen IS NOT NULL),
	CHECK ((state = 'open') = (resolution IS NULL)),
	CHECK (state = 'open' OR resolution = 'returned' OR (first_person IS NOT NULL AND second_person IS NOT NULL AND first_person <> second_person))
) STRICT;
CREATE INDEX ledger_suspense_transaction ON ledger_suspense (provider, transaction_id);
CREATE INDEX ledger_suspense_state ON ledger_suspense (state, id);

-- A day may be compared again with a better file; the last version counts, the others stay.
CREATE TABLE ledger_reconciliations (
	day INTEGER NOT NULL,
	version INTEGER NOT NULL,
	file_hash TEXT NOT NULL,
	report TEXT NOT NULL,
	imported INTEGER NOT NULL,
	by_actor TEXT NOT NULL,
	PRIMARY KEY (day, version)
) STRICT;
-- @insert_only ledger_reconciliations

-- What was recorded before there was a book: orders with numbers of their own ("DDM…"), fees received, services rendered.
INSERT INTO ledger_orders (id, number, about, state, amount_fen, opened, updated, rendered)
SELECT a.id, 'DDM' || CAST (1000000 + row_number () OVER (ORDER BY a.id) AS TEXT), a.id,
	CASE WHEN a.fee_paid = 0 THEN 'open' WHEN a.state = 'rejected' THEN 'refundable' ELSE 'paid' END,
	a.amount_fen, a.created, a.updated,
	CASE WHEN a.state IN ('issued', 'delivered', 'confirmed') THEN a.updated END
FROM applications a WHERE a.amount_fen > 0 AND (a.fee_paid = 1 OR a.state IN ('submitted', 'accepted'));
INSERT INTO ledger_order_lines (order_id, line, service, pieces, unit_fen)
SELECT o.id, 1, a.service, 1, o.amount_fen FROM ledger_orders o JOIN applications a ON a.id = o.about;
INSERT INTO ledger_payments (id, order_id, amount_fen, method, account, reference, by_actor, received, receipt_year, receipt_sequence)
SELECT o.id, o.id, f.amount_fen, f.method,
	CASE f.method WHEN 'cash' THEN 'cash' WHEN 'card' THEN 'card' WHEN 'transfer' THEN 'bank' ELSE 'online:earlier' END,
	f.slip, f.cashier, f.received, 0, row_number () OVER (ORDER BY f.received, o.id)
FROM fees f JOIN ledger_orders o ON o.about = f.application_id WHERE o.state <> 'open';
INSERT INTO ledger_postings (entry_id, line, account, amount_fen, line_before, before_fen, rest_fen)
SELECT p.id || ':paid', 1, p.account, p.amount_fen, NULL, 0, p.amount_fen FROM ledger_payments p;
INSERT INTO ledger_postings (entry_id, line, account, amount_fen, line_before, before_fen, rest_fen)
SELECT p.id || ':paid', 2, 'fees.prepaid', -p.amount_fen, 1, p.amount_fen, 0 FROM ledger_payments p;
INSERT INTO ledger_entries (id, kind, order_id, reference, value_day, at, by_actor, last_line, zero_fen)
SELECT p.id || ':paid', 'paid', p.order_id, p.reference, (p.received + 28800000000) / 86400000000, p.received, p.by_actor, 2, 0
FROM ledger_payments p;
INSERT INTO ledger_postings (entry_id, line, account, amount_fen, line_before, before_fen, rest_fen)
SELECT o.id || ':moved', 1, 'fees.prepaid', p.amount_fen, NULL, 0, p.amount_fen
FROM ledger_orders o JOIN ledger_payments p ON p.order_id = o.id WHERE o.rendered IS NOT NULL OR o.state = 'refundable';
INSERT INTO ledger_postings (entry_id, line, account, amount_fen, line_before, before_fen, rest_fen)
SELECT o.id || ':moved', 2, CASE WHEN o.state = 'refundable' THEN 'refunds.due' ELSE 'fees.income' END, -p.amount_fen, 1, p.amount_fen, 0
FROM ledger_orders o JOIN ledger_payments p ON p.order_id = o.id WHERE o.rendered IS NOT NULL OR o.state = 'refundable';
INSERT INTO ledger_entries (id, kind, order_id, reference, value_day, at, by_actor, last_line, zero_fen)
SELECT o.id || ':moved', CASE WHEN o.state = 'refundable' THEN 'dropped' ELSE 'rendered' END, o.id, NULL,
	(o.updated + 28800000000) / 86400000000, o.updated, 'system', 2, 0
FROM ledger_orders o WHERE o.rendered IS NOT NULL OR o.state = 'refundable';
