-- One cache of normalized ThreatConnect records.

-- "CARD": tells this file from a database of another program.
PRAGMA application_id = 1128354372;

-- What belongs to this file alone. `hash_key` keys the record ids, so that a stranger cannot choose colliding indicators.
CREATE TABLE installation(
  only INTEGER PRIMARY KEY CHECK (only = 1),
  hash_key BLOB NOT NULL CHECK (length(hash_key) = 16)
) STRICT;

-- `digest` is a keyed hash of base URL, access id and secret. `base_url` is NULL for a tenant of which only rows are known.
CREATE TABLE tenant(
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),
  base_url TEXT,
  last_accepted_ms INTEGER,
  rows INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One row a tenant and indicator. `id` is SipHash-2-4 under `hash_key` of digest, type and canonical text: the row is found in
-- one descent, and the key beside it is compared. `asked`: the spellings asked, as netstrings; NULL for a found row. `owners`:
-- the ids of `record_owner`, so that a row can leave that table without a second index on it. `dictionary`: 0, or the zstd
-- dictionary of `body`. `body`: a zstd frame of the record's JSON; NULL where there is nothing to say. The wide columns
-- come last: a row's head is read without its overflow pages.
CREATE TABLE record(
  id INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL REFERENCES tenant(id),
  type INTEGER NOT NULL,
  absent INTEGER NOT NULL CHECK (absent IN (0, 1)),
  dictionary INTEGER NOT NULL DEFAULT 0,
  fetched_at_ms INTEGER NOT NULL,
  owners TEXT,
  canonical TEXT NOT NULL,
  asked BLOB,
  body BLOB
) STRICT;

-- Serves purges by tenant, type and age, the oldest row, and eviction: each looks at the few (tenant, type) ranges in turn.
CREATE INDEX record_age ON record(tenant, type, fetched_at_ms);

CREATE TABLE owner(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  rows INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE record_owner(
  owner INTEGER NOT NULL REFERENCES owner(id),
  record INTEGER NOT NULL,
  PRIMARY KEY (owner, record)
) STRICT, WITHOUT ROWID;

-- Kept in the transaction that changes the rows: exact for what is committed, and no count(*) at start.
CREATE TABLE counter(
  type INTEGER PRIMARY KEY,
  rows INTEGER NOT NULL DEFAULT 0,
  absent INTEGER NOT NULL DEFAULT 0
) STRICT;
