-- Reserved.
CREATE TABLE reserved_0014 (nothing INTEGER) STRICT;
