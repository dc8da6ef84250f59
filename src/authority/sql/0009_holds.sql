-- Reserved.
CREATE TABLE reserved_0009 (nothing INTEGER) STRICT;
