-- The first schema. The same text is run by SQLite and by PostgreSQL: TEXT and BIGINT only.
--
-- Instants are nanoseconds since the epoch; lists and maps are JSON text; flags are 0 and 1.
-- org comes first in every key, so that a tenant's rows lie together and each query that
-- names its org finds them by an index; hashes are unique across orgs, because a token or a
-- certificate is what tells the org. On PostgreSQL every table with a column org (and orgs by
-- its id) gets row-level security, and each TEXT column the collation of bytes.
--
-- Large texts are last in their tables: SQLite reads a row from its front.

CREATE TABLE orgs (
	id TEXT NOT NULL PRIMARY KEY,
	name TEXT NOT NULL,
	customer_id TEXT NOT NULL UNIQUE,
	created BIGINT NOT NULL,
	author_may_approve BIGINT NOT NULL DEFAULT 0,
	quota_agents BIGINT NOT NULL,
	quota_calls BIGINT NOT NULL,
	root_key TEXT
);

-- Only the SHA-256 of a key or token is kept.
CREATE TABLE api_keys (
	org TEXT NOT NULL REFERENCES orgs (id),
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	hash TEXT NOT NULL UNIQUE,
	created BIGINT NOT NULL,
	expires BIGINT,
	revoked BIGINT,
	last_used BIGINT,
	PRIMARY KEY (org, id)
);

CREATE TABLE tokens (
	org TEXT NOT NULL REFERENCES orgs (id),
	id TEXT NOT NULL,
	kind TEXT NOT NULL,
	hash TEXT NOT NULL UNIQUE,
	created BIGINT NOT NULL,
	expires BIGINT,
	uses_left BIGINT,
	network TEXT,
	revoked BIGINT,
	created_by TEXT NOT NULL,
	labels TEXT NOT NULL DEFAULT '{}',
	PRIMARY KEY (org, id)
);
-- Upkeep removes what has expired.
CREATE INDEX tokens_expires ON tokens (expires);

CREATE TABLE agents (
	org TEXT NOT NULL REFERENCES orgs (id),
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	hostname TEXT NOT NULL,
	version TEXT NOT NULL DEFAULT '',
	boot_id TEXT NOT NULL DEFAULT '',
	state TEXT NOT NULL,
	address TEXT NOT NULL DEFAULT '',
	created BIGINT NOT NULL,
	enrolled_by TEXT NOT NULL,
	last_seen BIGINT,
	revoked BIGINT,
	labels TEXT NOT NULL DEFAULT '{}',
	namespaces TEXT NOT NULL DEFAULT '[]',
	capabilities TEXT NOT NULL DEFAULT '[]',
	PRIMARY KEY (org, id)
);
-- Lists are ordered by name, and pages begin after a name.
CREATE INDEX agents_name ON agents (org, name, id);

CREATE TABLE certificates (
	org TEXT NOT NULL,
	serial TEXT NOT NULL,
	agent TEXT NOT NULL,
	fingerprint TEXT NOT NULL UNIQUE,
	spki TEXT NOT NULL,
	not_before BIGINT NOT NULL,
	not_after BIGINT NOT NULL,
	revoked BIGINT,
	PRIMARY KEY (org, serial),
	FOREIGN KEY (org, agent) REFERENCES agents (org, id)
);
CREATE INDEX certificates_agent ON certificates (org, agent, not_after);

-- 'cursor' counts the calls of an org: the order of its queue and of its lists.
CREATE TABLE calls (
	org TEXT NOT NULL,
	id TEXT NOT NULL,
	agent TEXT NOT NULL,
	state TEXT NOT NULL,
	cursor BIGINT NOT NULL,
	tool TEXT NOT NULL,
	args_sha256 TEXT NOT NULL,
	caller TEXT NOT NULL,
	risk TEXT NOT NULL,
	created BIGINT NOT NULL,
	deadline BIGINT NOT NULL,
	finished BIGINT,
	result_sha256 TEXT,
	error_code BIGINT,
	error TEXT,
	meta TEXT,
	args TEXT NOT NULL,
	result TEXT,
	PRIMARY KEY (org, id)
);
CREATE UNIQUE INDEX calls_cursor ON calls (org, cursor);
CREATE INDEX calls_queue ON calls (org, agent, state, cursor);
-- What may expire is little, what may be forgotten is much: one index each.
CREATE INDEX calls_deadline ON calls (deadline) WHERE finished IS NULL;
CREATE INDEX calls_finished ON calls (finished) WHERE finished IS NOT NULL;

-- A nonce is approved once.
CREATE TABLE approvals (
	org TEXT NOT NULL,
	call TEXT NOT NULL,
	nonce TEXT NOT NULL,
	approver TEXT NOT NULL,
	created BIGINT NOT NULL,
	signature TEXT NOT NULL,
	statement TEXT NOT NULL,
	PRIMARY KEY (org, nonce)
);
CREATE INDEX approvals_call ON approvals (org, call);

CREATE TABLE approvers (
	org TEXT NOT NULL REFERENCES orgs (id),
	name TEXT NOT NULL,
	key TEXT NOT NULL,
	added BIGINT NOT NULL,
	removed BIGINT,
	PRIMARY KEY (org, key)
);
CREATE UNIQUE INDEX approvers_name ON approvers (org, name) WHERE removed IS NULL;

CREATE TABLE events (
	org TEXT NOT NULL,
	seq BIGINT NOT NULL,
	time BIGINT NOT NULL,
	kind TEXT NOT NULL,
	data TEXT NOT NULL,
	PRIMARY KEY (org, seq)
);
CREATE INDEX events_time ON events (time);

CREATE TABLE audit (
	org TEXT NOT NULL,
	seq BIGINT NOT NULL,
	time BIGINT NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	target TEXT NOT NULL,
	prev TEXT NOT NULL,
	hash TEXT NOT NULL,
	details TEXT NOT NULL,
	PRIMARY KEY (org, seq)
);

CREATE TABLE anchors (
	org TEXT NOT NULL,
	agent TEXT NOT NULL,
	seq BIGINT NOT NULL,
	head TEXT NOT NULL,
	time BIGINT NOT NULL,
	signature TEXT NOT NULL,
	PRIMARY KEY (org, agent, seq)
);

CREATE TABLE metrics (
	org TEXT NOT NULL,
	agent TEXT NOT NULL,
	time BIGINT NOT NULL,
	data TEXT NOT NULL,
	PRIMARY KEY (org, agent, time)
);
CREATE INDEX metrics_time ON metrics (time);

-- RFC 8628. Whoever holds the codes has no org yet: org is NULL until a person of one
-- authorises, so rows are found by code with a batch for every org.
CREATE TABLE device_codes (
	device_hash TEXT NOT NULL PRIMARY KEY,
	user_code TEXT NOT NULL UNIQUE,
	org TEXT,
	state TEXT NOT NULL,
	address TEXT NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	polled BIGINT,
	decided BIGINT,
	decided_by TEXT,
	client TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX device_codes_expires ON device_codes (expires);
