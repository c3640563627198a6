-- The standing grant that a call comes with.
ALTER TABLE calls ADD COLUMN grant_id TEXT;
