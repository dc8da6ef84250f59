-- Reserved.
CREATE TABLE reserved_0025 (x INTEGER) STRICT;
