-- Files that a request named, until they were fetched or have expired. 'hash' is of the token,
-- 'sealed' where the file lies (server/org/vault.h); 'taken' until when one download has it.
CREATE TABLE attachments (
	org TEXT NOT NULL REFERENCES orgs (id),
	hash TEXT NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	taken BIGINT NOT NULL,
	size BIGINT NOT NULL,
	filename TEXT NOT NULL,
	sealed TEXT NOT NULL,
	PRIMARY KEY (org, hash)
);
CREATE INDEX attachments_created ON attachments (org, created);
CREATE INDEX attachments_expires ON attachments (expires);

-- Where an org lets them be fetched from: hosts and ".domains", with a blank between; empty: any.
ALTER TABLE orgs ADD COLUMN attachment_hosts TEXT NOT NULL DEFAULT '';
