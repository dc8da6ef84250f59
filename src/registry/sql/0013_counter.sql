-- Reserved.
CREATE TABLE reserved_0013 (nothing INTEGER) STRICT;
