-- Signed programs (server/artifact/artifact.h), with the archive in Base64 and never unpacked here,
-- and for which hosts each is. 'hosts' are patterns, 'labels' have to be a host's; before
-- 'observed' it is only for 'percent' of those.
CREATE TABLE artifacts (
	org TEXT NOT NULL REFERENCES orgs (id),
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	version TEXT NOT NULL,
	seq BIGINT NOT NULL,
	type TEXT NOT NULL,
	description TEXT NOT NULL,
	architecture TEXT NOT NULL,
	kernel_version TEXT NOT NULL,
	created BIGINT NOT NULL,
	created_by TEXT NOT NULL,
	updated BIGINT NOT NULL,
	size BIGINT NOT NULL,
	sha256 TEXT NOT NULL,
	key_id TEXT NOT NULL,
	signature TEXT NOT NULL,
	metadata TEXT NOT NULL,
	tags TEXT NOT NULL,
	revoked BIGINT,
	data TEXT NOT NULL,
	PRIMARY KEY (org, id)
);
CREATE UNIQUE INDEX artifacts_seq ON artifacts (org, name, seq);
CREATE INDEX artifacts_revoked ON artifacts (org, revoked) WHERE revoked IS NOT NULL;

CREATE TABLE artifact_assignments (
	org TEXT NOT NULL,
	artifact TEXT NOT NULL,
	hosts TEXT NOT NULL,
	labels TEXT NOT NULL,
	percent BIGINT NOT NULL,
	observed BIGINT NOT NULL,
	parameters TEXT NOT NULL,
	targets TEXT NOT NULL,
	lists TEXT NOT NULL,
	ttl_s BIGINT,
	assigned BIGINT NOT NULL,
	assigned_by TEXT NOT NULL,
	PRIMARY KEY (org, artifact),
	FOREIGN KEY (org, artifact) REFERENCES artifacts (org, id)
);

-- Whose programs an org takes: public keys.
CREATE TABLE program_keys (
	org TEXT NOT NULL REFERENCES orgs (id),
	id TEXT NOT NULL,
	key TEXT NOT NULL,
	added BIGINT NOT NULL,
	added_by TEXT NOT NULL,
	PRIMARY KEY (org, id)
);
