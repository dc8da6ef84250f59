-- Reserved.
CREATE TABLE reserved_0008 (unused INTEGER) STRICT;
