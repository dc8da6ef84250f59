-- Reserved.
CREATE TABLE reserved_0011 (unused INTEGER) STRICT;
