-- What each run spent and holds reserved per UTC day (2026-11-23) and month (2026-11): a projection of the journal,
-- written with the events. A workflow's day and month is the sum over its runs.
CREATE TABLE run_spend (
  run_id TEXT NOT NULL,
  period TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  spent_micros INTEGER NOT NULL,
  reserved_micros INTEGER NOT NULL,
  raised_micros INTEGER,
  warned_micros INTEGER,
  PRIMARY KEY (run_id, period)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_spend_period ON run_spend (period, workflow_id);
