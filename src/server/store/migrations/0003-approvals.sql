-- How long a call may run, and how long it may wait for an approval before that.
ALTER TABLE calls ADD COLUMN timeout BIGINT;
ALTER TABLE calls ADD COLUMN approval_wait BIGINT;

-- What a person signs with, as told at a login: the public half, and whose API key told it. It
-- approves nothing before the org's root key lists it.
CREATE TABLE signing_keys (
	org TEXT NOT NULL REFERENCES orgs (id),
	api_key TEXT NOT NULL,
	name TEXT NOT NULL,
	key TEXT NOT NULL,
	added BIGINT NOT NULL,
	PRIMARY KEY (org, api_key)
);

-- Standing grants, as their approvers signed them; the hosts count their uses. A revocation is
-- signed as well, so that hosts know it from whoever could change this table.
CREATE TABLE grants (
	org TEXT NOT NULL REFERENCES orgs (id),
	id TEXT NOT NULL,
	approver TEXT NOT NULL,
	tool TEXT NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	revoked BIGINT,
	revoked_by TEXT,
	revocation TEXT,
	signature TEXT NOT NULL,
	statement TEXT NOT NULL,
	PRIMARY KEY (org, id)
);
CREATE INDEX grants_tool ON grants (org, tool, expires);
