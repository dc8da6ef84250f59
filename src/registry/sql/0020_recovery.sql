-- Reserved.
CREATE TABLE reserved_0020 (x INTEGER) STRICT;
