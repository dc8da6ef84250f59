-- Reserved.
CREATE TABLE reserved_0017 (nothing INTEGER) STRICT;
