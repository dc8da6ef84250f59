-- RSA moduli of all keys that were ever handed in or certified, multiplied together 64 at a time: a new modulus is held
-- against all of them for a common prime (pki/moduli.h).  Row 0 is locked before any is changed.
CREATE TABLE rsa_moduli (
	block INTEGER PRIMARY KEY,
	keys INTEGER NOT NULL,
	product BLOB,
	CHECK ((keys = 0) = (product IS NULL))
) STRICT;
INSERT INTO rsa_moduli (block, keys) VALUES (0, 0);

-- Which keys are in the products, so that none is multiplied in twice.
CREATE TABLE rsa_keys (
	spki TEXT PRIMARY KEY
) STRICT;

-- Up to which change the certificates' keys were taken over.
CREATE TABLE rsa_progress (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	change_seq INTEGER NOT NULL
) STRICT;
INSERT INTO rsa_progress (one, change_seq) VALUES (1, 0);
