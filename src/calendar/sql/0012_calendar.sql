-- Reserved.
CREATE TABLE reserved_0012 (unused INTEGER) STRICT;
