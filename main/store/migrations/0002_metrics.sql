-- Recovery quality of each run, beside its row so that an append writes no further page. Rows from before this layout
-- have it once they are folded again, as all are after a change of the layout.
ALTER TABLE run ADD COLUMN metrics TEXT CHECK (json_valid(metrics));
