-- Reserved.
CREATE TABLE reserved_0024 (x INTEGER) STRICT;
