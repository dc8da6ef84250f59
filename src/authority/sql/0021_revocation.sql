-- Reserved.
CREATE TABLE reserved_0021 (x INTEGER) STRICT;
