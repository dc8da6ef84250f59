-- Reserved.
CREATE TABLE reserved_0013 (unused INTEGER) STRICT;
