-- The labels of agents as rows, so that those with a label are found without reading all of an
-- org. 'hash' stands for "key=value" (hub/labels.h); agents.labels stays what is true. Rows that
-- were here before have listed = 0 until their labels are written next.
ALTER TABLE agents ADD COLUMN listed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX agents_unlisted ON agents (org, id) WHERE listed = 0;

CREATE TABLE agent_labels (
	org TEXT NOT NULL,
	hash TEXT NOT NULL,
	agent TEXT NOT NULL,
	PRIMARY KEY (org, hash, agent),
	FOREIGN KEY (org, agent) REFERENCES agents (org, id)
);
CREATE INDEX agent_labels_agent ON agent_labels (org, agent);
