-- What rows have in common, so that each need not say it again. A row names the dictionary that its body was written with;
-- 0, in rows of schema 1 too: none. A dictionary is never changed and never deleted while a row names it.
CREATE TABLE dictionary(
  id INTEGER PRIMARY KEY CHECK (id > 0),
  bytes BLOB NOT NULL
) STRICT;
