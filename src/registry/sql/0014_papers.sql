-- Reserved.
CREATE TABLE reserved_0014 (unused INTEGER) STRICT;
