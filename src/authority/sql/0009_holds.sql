-- Reserved.
CREATE TABLE reserved_0009 (unused INTEGER) STRICT;
