-- What is known of the systems that steps depend on: whether they answer. Written with the events that changed it. It
-- follows from the order in which all runs were decided, which no journal keeps, so nothing refolds it.
CREATE TABLE dependency (
  name TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  data TEXT NOT NULL CHECK (json_valid(data))
) STRICT, WITHOUT ROWID;
