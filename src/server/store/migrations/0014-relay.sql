-- Calls across servers on one database. Who answers for an agent: the server that holds its
-- link, or held it last. 'fence' grows each time that changes: who acts with an older one does not.
-- No server: it never had a link, and any may answer.
ALTER TABLE agents ADD COLUMN server TEXT;
ALTER TABLE agents ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
CREATE INDEX agents_server ON agents (server);

-- 1: it may have been given to its agent by a server that can no longer say so.
ALTER TABLE calls ADD COLUMN adrift BIGINT;
UPDATE calls SET adrift = 1 WHERE finished IS NULL;

-- Within how many nanoseconds a server promises its next beat: others judge it by its own word.
ALTER TABLE servers ADD COLUMN silence BIGINT NOT NULL DEFAULT 15000000000;

-- The tools of agents, told by who holds the link to one of that version.
CREATE TABLE agent_tools (
	org TEXT NOT NULL,
	version TEXT NOT NULL,
	time BIGINT NOT NULL,
	tools TEXT NOT NULL,
	PRIMARY KEY (org, version)
);

-- What calls say while they run, for those who watch at another server: for a minute.
CREATE TABLE progress (
	org TEXT NOT NULL,
	id TEXT NOT NULL,
	time BIGINT NOT NULL,
	data TEXT NOT NULL,
	PRIMARY KEY (org, id)
);
CREATE INDEX progress_time ON progress (time);
