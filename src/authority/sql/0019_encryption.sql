-- Double certificates: the signing certificate over the holder's own key, and the encryption certificate over a key that
-- the key centre made and escrowed, issued in one step.

-- pair: serial of the other one of the two.  The spki of an encryption certificate is '' while it is only intended: its
-- key does not exist before the signer makes it.
ALTER TABLE certificates ADD COLUMN use TEXT NOT NULL DEFAULT 'sign' CHECK (use IN ('sign', 'encrypt'));
ALTER TABLE certificates ADD COLUMN pair TEXT;
CREATE UNIQUE INDEX certificates_pair ON certificates (pair);
ALTER TABLE issue_intents ADD COLUMN encryption_serial TEXT REFERENCES certificates (serial);

-- The private key of an encryption certificate under the holder's signing key, as the signer handed it out: nobody else
-- can open it.
CREATE TABLE encryption_envelopes (
	serial TEXT PRIMARY KEY REFERENCES certificates (serial),
	envelope BLOB NOT NULL,
	created INTEGER NOT NULL
) STRICT;
-- @insert_only encryption_envelopes
