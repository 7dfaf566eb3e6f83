-- Recovery quality of each run, beside its row so that an append writes no further page. Rows from before this layout
-- have none until the store folds their journal, which it does when it opens.
ALTER TABLE run ADD COLUMN metrics TEXT CHECK (json_valid(metrics));
