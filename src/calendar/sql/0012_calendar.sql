-- Reserved.
CREATE TABLE reserved_0012 (nothing INTEGER) STRICT;
