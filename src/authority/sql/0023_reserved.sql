-- Reserved.
CREATE TABLE reserved_0023 (x INTEGER) STRICT;
