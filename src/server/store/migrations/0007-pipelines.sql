-- Which alerts go to which agents, and who is told. The document is the whole of a pipeline;
-- what lists and their order need stands beside it.
CREATE TABLE pipelines (
	org TEXT NOT NULL REFERENCES orgs (id),
	name TEXT NOT NULL,
	position BIGINT NOT NULL,
	created BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	changed_by TEXT NOT NULL,
	document TEXT NOT NULL,
	PRIMARY KEY (org, name)
);
CREATE INDEX pipelines_position ON pipelines (org, position, name);
