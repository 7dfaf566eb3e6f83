-- The first layout. The journal, the workflow versions, the effect ledger, the commands and what people saved are the
-- truth; run and task are projections that are refolded from the journal. Times are epoch milliseconds.

PRAGMA application_id = 1213156420;

-- When the database was last opened; written by every start, because some settings show only after a write.
CREATE TABLE opening (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  last_at INTEGER NOT NULL
) STRICT;

-- Payloads over 64 kB, by the SHA-256 of their text.
CREATE TABLE blob (
  hash TEXT NOT NULL PRIMARY KEY,
  content TEXT NOT NULL CHECK (json_valid(content))
) STRICT;

CREATE TABLE run_event (
  position INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq >= 1),
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  body TEXT CHECK (json_valid(body)),
  blob TEXT REFERENCES blob (hash),
  UNIQUE (run_id, seq),
  CHECK ((body IS NULL) <> (blob IS NULL))
) STRICT;

CREATE INDEX run_event_blob ON run_event (blob) WHERE blob IS NOT NULL;

CREATE TABLE run_command (
  command_id TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE workflow_version (
  digest TEXT NOT NULL PRIMARY KEY,
  workflow_id TEXT NOT NULL,
  document TEXT NOT NULL CHECK (json_valid(document)),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE effect (
  key TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL,
  step TEXT NOT NULL,
  class TEXT NOT NULL,
  status TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  intended_at INTEGER NOT NULL,
  settled_at INTEGER,
  data TEXT NOT NULL CHECK (json_valid(data))
) STRICT;

CREATE INDEX effect_run ON effect (run_id);

CREATE TABLE run (
  run_id TEXT NOT NULL PRIMARY KEY,
  workflow_id TEXT NOT NULL,
  start_key TEXT,
  word TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  data TEXT NOT NULL CHECK (json_valid(data))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX run_start_key ON run (start_key) WHERE start_key IS NOT NULL;
CREATE INDEX run_started ON run (started_at);
CREATE INDEX run_workflow ON run (workflow_id, started_at);
CREATE INDEX run_unfinished ON run (run_id) WHERE ended_at IS NULL;

CREATE TABLE task (
  task_id TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES run (run_id),
  open INTEGER NOT NULL CHECK (open IN (0, 1)),
  opened_at INTEGER NOT NULL,
  data TEXT NOT NULL CHECK (json_valid(data))
) STRICT;

CREATE INDEX task_run ON task (run_id);
CREATE INDEX task_open ON task (opened_at) WHERE open = 1;

CREATE TABLE workflow_draft (
  id TEXT NOT NULL PRIMARY KEY,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  updated_at INTEGER NOT NULL,
  summary TEXT NOT NULL CHECK (json_valid(summary)),
  document TEXT NOT NULL CHECK (json_valid(document))
) STRICT;

CREATE TABLE setting (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL CHECK (json_valid(value))
) STRICT;

CREATE TRIGGER run_event_no_update BEFORE UPDATE ON run_event BEGIN
  SELECT raise(ABORT, 'run_event is append-only');
END;
CREATE TRIGGER run_event_no_delete BEFORE DELETE ON run_event BEGIN
  SELECT raise(ABORT, 'run_event is append-only');
END;
CREATE TRIGGER workflow_version_no_update BEFORE UPDATE ON workflow_version BEGIN
  SELECT raise(ABORT, 'workflow_version is immutable');
END;
CREATE TRIGGER workflow_version_no_delete BEFORE DELETE ON workflow_version BEGIN
  SELECT raise(ABORT, 'workflow_version is immutable');
END;
CREATE TRIGGER effect_no_delete BEFORE DELETE ON effect BEGIN
  SELECT raise(ABORT, 'the effect ledger keeps every row');
END;
CREATE TRIGGER effect_identity BEFORE UPDATE OF key, run_id, step, class, intended_at ON effect BEGIN
  SELECT raise(ABORT, 'what an effect is does not change');
END;
CREATE TRIGGER blob_no_update BEFORE UPDATE ON blob BEGIN
  SELECT raise(ABORT, 'a blob is what its hash says');
END;
