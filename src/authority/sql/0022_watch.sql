-- Reserved.
CREATE TABLE reserved_0022 (x INTEGER) STRICT;
