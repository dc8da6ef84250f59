-- Reserved.
CREATE TABLE reserved_0008 (nothing INTEGER) STRICT;
