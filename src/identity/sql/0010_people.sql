-- Reserved.
CREATE TABLE reserved_0010 (nothing INTEGER) STRICT;
