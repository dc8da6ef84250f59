-- Reserved.
CREATE TABLE reserved_0018 (x INTEGER) STRICT;
