-- Investigations on the server: a thread is a conversation, an investigation one question in it.
--
-- One at a time runs in a thread. What an investigation was told lies in evidence, numbered
-- within its thread (e1, e2, ...), each item from the moment its call is asked; what happened
-- lies in investigation_events, numbered from 1 without a gap, as clients are told.

CREATE TABLE threads (
	org TEXT NOT NULL REFERENCES orgs (id),
	id TEXT NOT NULL,
	created BIGINT NOT NULL,
	updated BIGINT NOT NULL,
	caller TEXT NOT NULL,
	incident TEXT,
	n_turns BIGINT NOT NULL DEFAULT 0,
	n_evidence BIGINT NOT NULL DEFAULT 0,
	title TEXT NOT NULL,
	PRIMARY KEY (org, id)
);
CREATE INDEX threads_updated ON threads (org, updated);

-- 'state': queued, running; done, failed, interrupted. 'owner' is the server that runs it.
-- 'agents' and 'request' are JSON, as inquiry.h has them. Money is in millionths of a dollar.
CREATE TABLE investigations (
	org TEXT NOT NULL,
	id TEXT NOT NULL,
	thread TEXT NOT NULL,
	turn BIGINT NOT NULL,
	state TEXT NOT NULL,
	owner TEXT NOT NULL,
	caller TEXT NOT NULL,
	engine TEXT NOT NULL,
	incident TEXT,
	created BIGINT NOT NULL,
	started BIGINT,
	finished BIGINT,
	n_events BIGINT NOT NULL DEFAULT 0,
	n_calls BIGINT NOT NULL DEFAULT 0,
	tokens_in BIGINT NOT NULL DEFAULT 0,
	tokens_out BIGINT NOT NULL DEFAULT 0,
	cost_micros BIGINT NOT NULL DEFAULT 0,
	max_ms BIGINT NOT NULL,
	max_calls BIGINT NOT NULL,
	max_tokens BIGINT NOT NULL,
	max_cost_micros BIGINT NOT NULL,
	verdict TEXT,
	cause_id TEXT,
	confidence_permille BIGINT,
	error TEXT,
	root_cause TEXT,
	question TEXT NOT NULL,
	agents TEXT NOT NULL,
	request TEXT NOT NULL,
	report TEXT,
	bundle TEXT,
	PRIMARY KEY (org, id),
	FOREIGN KEY (org, thread) REFERENCES threads (org, id)
);
CREATE UNIQUE INDEX investigations_turn ON investigations (org, thread, turn);
CREATE UNIQUE INDEX investigations_open ON investigations (org, thread) WHERE finished IS NULL;
CREATE INDEX investigations_created ON investigations (org, created);
CREATE INDEX investigations_owner ON investigations (owner) WHERE finished IS NULL;
CREATE INDEX investigations_incident ON investigations (org, incident) WHERE incident IS NOT NULL;

CREATE TABLE investigation_events (
	org TEXT NOT NULL,
	investigation TEXT NOT NULL,
	seq BIGINT NOT NULL,
	time BIGINT NOT NULL,
	type TEXT NOT NULL,
	data TEXT NOT NULL,
	PRIMARY KEY (org, investigation, seq)
);

-- 'call' is the row of the queue that answers it; 'code' 0 with bytes, negative with an error.
CREATE TABLE evidence (
	org TEXT NOT NULL,
	thread TEXT NOT NULL,
	number BIGINT NOT NULL,
	investigation TEXT NOT NULL,
	agent TEXT NOT NULL,
	host TEXT NOT NULL,
	call TEXT,
	tool TEXT NOT NULL,
	asked BIGINT NOT NULL,
	answered BIGINT,
	elapsed_ms BIGINT,
	sha256 TEXT,
	code BIGINT,
	error TEXT,
	args TEXT NOT NULL,
	bytes TEXT,
	PRIMARY KEY (org, thread, number)
);
CREATE INDEX evidence_investigation ON evidence (org, investigation, number);
