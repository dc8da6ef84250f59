-- Reserved.
CREATE TABLE reserved_0011 (nothing INTEGER) STRICT;
