-- Several servers on one database. Each counts its beats; one whose beats stand still is dead to
-- the others, and one of them takes over what it had. 'heard' is its own clock, for upkeep only.
CREATE TABLE servers (
	id TEXT PRIMARY KEY,
	beat BIGINT NOT NULL,
	heard BIGINT NOT NULL
);
INSERT INTO servers (id, beat, heard)
	SELECT DISTINCT owner, 0, 0 FROM investigations WHERE finished IS NULL;

-- It grows with each server that takes an investigation over: who writes with an older one is
-- no longer its owner.
ALTER TABLE investigations ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;

-- What a person says to an investigation that runs on another server: 'interrupt' or 'answer'.
-- 'outcome' is that server's: the number of the last event before it was taken, or -1 where
-- nothing had been asked.
CREATE TABLE investigation_orders (
	org TEXT NOT NULL,
	id TEXT NOT NULL,
	investigation TEXT NOT NULL,
	created BIGINT NOT NULL,
	outcome BIGINT,
	kind TEXT NOT NULL,
	data TEXT NOT NULL,
	PRIMARY KEY (org, id),
	FOREIGN KEY (org, investigation) REFERENCES investigations (org, id)
);
CREATE INDEX investigation_orders_open ON investigation_orders (created) WHERE outcome IS NULL;
