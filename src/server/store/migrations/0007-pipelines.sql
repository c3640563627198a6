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

-- What a pipeline does about an incident: 'planned' until its investigation is in the store,
-- 'started' until its report is in the outbox, 'told' until the incident has ended and that is in
-- the outbox as well, 'closed' ('reopened' until that is told); or 'skipped'. A further round is for hosts and services that
-- joined. 'ended' follows the incident; 'thread' is where its investigations are.
CREATE TABLE reactions (
	org TEXT NOT NULL,
	incident TEXT NOT NULL,
	pipeline TEXT NOT NULL,
	round BIGINT NOT NULL,
	state TEXT NOT NULL,
	ended BIGINT NOT NULL DEFAULT 0,
	created BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	thread TEXT NOT NULL,
	route TEXT NOT NULL,
	PRIMARY KEY (org, incident, pipeline, round)
);
CREATE INDEX reactions_open ON reactions (state, ended) WHERE state IN ('planned', 'started', 'told', 'reopened');
CREATE INDEX reactions_changed ON reactions (changed);
