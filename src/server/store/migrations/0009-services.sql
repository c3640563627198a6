-- The catalogue. The document is the whole of a service (server/service/service.h).
CREATE TABLE services (
	org TEXT NOT NULL REFERENCES orgs (id),
	name TEXT NOT NULL,
	created BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	changed_by TEXT NOT NULL,
	document TEXT NOT NULL,
	PRIMARY KEY (org, name)
);

-- What systems outside tell of what they changed, when ('time') and of which service.
CREATE TABLE changes (
	org TEXT NOT NULL REFERENCES orgs (id),
	id TEXT NOT NULL,
	time BIGINT NOT NULL,
	told BIGINT NOT NULL,
	told_by TEXT NOT NULL,
	service TEXT NOT NULL,
	what TEXT NOT NULL,
	version TEXT,
	revision TEXT,
	url TEXT,
	PRIMARY KEY (org, id)
);
CREATE INDEX changes_time ON changes (org, time);
CREATE INDEX changes_told ON changes (told);
