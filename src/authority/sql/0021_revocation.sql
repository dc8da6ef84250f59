-- Causes of revocation in the words of the contract (article 四.7); the longest hold; revoking many.

ALTER TABLE certificates ADD COLUMN cause TEXT CHECK (cause IN ('key_replaced', 'false_registration', 'unpaid', 'law',
	'stolen_or_forged', 'duties_unmet', 'other_temporary', 'other'));

-- Holds that last too long are looked for often, and are few.
CREATE INDEX certificates_held ON certificates (revoked_at) WHERE reason = 6;

-- What two officers signed for: serials one after the other, each with a line feed; list_hash is of exactly this text.
CREATE TABLE revocation_batches (
	id TEXT PRIMARY KEY,
	serials TEXT NOT NULL,
	list_hash TEXT NOT NULL,
	total INTEGER NOT NULL,
	reason INTEGER NOT NULL,
	cause TEXT NOT NULL,
	made INTEGER NOT NULL,
	first_person TEXT NOT NULL,
	second_person TEXT NOT NULL
) STRICT;
-- @insert_only revocation_batches

-- How far it is: apart from the list, which is long.
CREATE TABLE revocation_progress (
	batch_id TEXT PRIMARY KEY REFERENCES revocation_batches (id),
	done INTEGER NOT NULL,
	revoked INTEGER NOT NULL,
	finished INTEGER
) STRICT;
CREATE INDEX revocation_progress_open ON revocation_progress (batch_id) WHERE finished IS NULL;
