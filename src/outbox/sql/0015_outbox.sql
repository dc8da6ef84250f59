-- Reserved.
CREATE TABLE reserved_0015 (nothing INTEGER) STRICT;
