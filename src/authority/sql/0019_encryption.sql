-- Reserved.
CREATE TABLE reserved_0019 (x INTEGER) STRICT;
