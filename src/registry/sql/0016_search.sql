-- Reserved.
CREATE TABLE reserved_0016 (nothing INTEGER) STRICT;
