-- Reserved.
CREATE TABLE reserved_0017 (unused INTEGER) STRICT;
