-- Runs get small numbers, and the journal refers to a run by its number: an index of numbers touches half the pages of
-- one of names when many runs append in one transaction. The list of runs is kept in the order of their start for the
-- same reason, and says when a run that waits has to be looked at, so that a start need not read the others.

CREATE TABLE run_number (
  number INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE
) STRICT;

INSERT INTO run_number (run_id) SELECT run_id FROM run_event GROUP BY run_id ORDER BY min(position);

DROP TRIGGER run_event_no_update;
DROP TRIGGER run_event_no_delete;
DROP INDEX run_event_blob;
ALTER TABLE run_event RENAME TO run_event_by_name;

CREATE TABLE run_event (
  position INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run_number (number),
  seq INTEGER NOT NULL CHECK (seq >= 1),
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  body TEXT CHECK (json_valid(body)),
  blob TEXT REFERENCES blob (hash),
  UNIQUE (run, seq),
  CHECK ((body IS NULL) <> (blob IS NULL))
) STRICT;

INSERT INTO run_event (position, run, seq, at, type, body, blob)
  SELECT position, number, seq, at, type, body, blob FROM run_event_by_name JOIN run_number USING (run_id)
  ORDER BY position;

DROP TABLE run_event_by_name;

CREATE INDEX run_event_blob ON run_event (blob) WHERE blob IS NOT NULL;

CREATE TRIGGER run_event_no_update BEFORE UPDATE ON run_event BEGIN
  SELECT raise(ABORT, 'run_event is append-only');
END;
CREATE TRIGGER run_event_no_delete BEFORE DELETE ON run_event BEGIN
  SELECT raise(ABORT, 'run_event is append-only');
END;
CREATE TRIGGER run_number_no_update BEFORE UPDATE ON run_number BEGIN
  SELECT raise(ABORT, 'the number of a run does not change');
END;
CREATE TRIGGER run_number_no_delete BEFORE DELETE ON run_number BEGIN
  SELECT raise(ABORT, 'the number of a run does not change');
END;

-- Projections: folded again from the journal when this has been applied.
DROP TABLE task;
DROP TABLE run;

CREATE TABLE run (
  place INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,
  workflow_id TEXT NOT NULL,
  start_key TEXT,
  word TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  -- When it has to be looked at: 0 at once, null never, because it has ended or waits for a person.
  wake_at INTEGER,
  data TEXT NOT NULL CHECK (json_valid(data)),
  metrics TEXT NOT NULL CHECK (json_valid(metrics))
) STRICT;

CREATE UNIQUE INDEX run_start_key ON run (start_key) WHERE start_key IS NOT NULL;
CREATE INDEX run_started ON run (started_at);
CREATE INDEX run_workflow ON run (workflow_id, started_at);
CREATE INDEX run_unfinished ON run (started_at) WHERE ended_at IS NULL;
CREATE INDEX run_wake ON run (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE task (
  task_id TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES run (run_id),
  open INTEGER NOT NULL CHECK (open IN (0, 1)),
  opened_at INTEGER NOT NULL,
  data TEXT NOT NULL CHECK (json_valid(data))
) STRICT;

CREATE INDEX task_run ON task (run_id);
CREATE INDEX task_open ON task (opened_at) WHERE open = 1;
