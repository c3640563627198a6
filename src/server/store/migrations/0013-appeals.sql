-- What an investigation asks of people: the answer to a question, or the approval of a change.
-- 'state': open; answered, approved, refused, expired, withdrawn. 'told' counts what destinations
-- have been told of it: 0 nothing, 1 that it is open, 2 how it ended, or that nobody is to be told.
-- 'data' is what was asked, as JSON; 'call' is the row of the queue that waits for an approval.
CREATE TABLE appeals (
	org TEXT NOT NULL,
	id TEXT NOT NULL,
	investigation TEXT NOT NULL,
	agent TEXT NOT NULL,
	kind TEXT NOT NULL,
	state TEXT NOT NULL,
	told BIGINT NOT NULL DEFAULT 0,
	asked BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	closed BIGINT,
	closed_by TEXT,
	answer TEXT,
	call TEXT,
	data TEXT NOT NULL,
	PRIMARY KEY (org, id),
	FOREIGN KEY (org, investigation) REFERENCES investigations (org, id)
);
CREATE INDEX appeals_investigation ON appeals (org, investigation, asked);
CREATE INDEX appeals_untold ON appeals (told, asked) WHERE told < 2;
