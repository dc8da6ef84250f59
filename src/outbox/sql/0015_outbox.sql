-- Reserved.
CREATE TABLE reserved_0015 (unused INTEGER) STRICT;
