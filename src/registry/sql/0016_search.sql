-- Reserved.
CREATE TABLE reserved_0016 (unused INTEGER) STRICT;
