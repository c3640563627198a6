-- Who may tell alerts: a system outside with a secret of its own. Of a secret that is only
-- compared its SHA-256 is kept; one that computes signatures is kept sealed (server/org/vault.h).
-- During a rotation the previous one is good as well, until old_expires.
CREATE TABLE integrations (
	org TEXT NOT NULL REFERENCES orgs (id),
	id TEXT NOT NULL UNIQUE,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	created BIGINT NOT NULL,
	created_by TEXT NOT NULL,
	last_received BIGINT,
	rotated BIGINT,
	hash TEXT,
	sealed TEXT,
	old_hash TEXT,
	old_sealed TEXT,
	old_expires BIGINT,
	settings TEXT NOT NULL DEFAULT '{}',
	PRIMARY KEY (org, id)
);
CREATE UNIQUE INDEX integrations_name ON integrations (org, name);

-- What was delivered already, by the sender's own id: a replay changes nothing.
CREATE TABLE alert_deliveries (
	org TEXT NOT NULL,
	integration TEXT NOT NULL,
	id TEXT NOT NULL,
	time BIGINT NOT NULL,
	PRIMARY KEY (org, integration, id)
);
CREATE INDEX alert_deliveries_time ON alert_deliveries (time);

-- What of an org's incidents changes one step at a time, whichever server does it: each change
-- takes the version that it read one further, or is undone and decided again.
CREATE TABLE incident_clocks (
	org TEXT NOT NULL PRIMARY KEY,
	version BIGINT NOT NULL,
	last_number BIGINT NOT NULL,
	last_seq BIGINT NOT NULL
);

-- 'correlation' is what alerts are joined by; 'settles' is when one whose alerts have all
-- resolved does so itself; a storm takes in whatever new comes until 'storm_until'.
CREATE TABLE incidents (
	org TEXT NOT NULL,
	id TEXT NOT NULL,
	number BIGINT NOT NULL,
	state TEXT NOT NULL,
	severity TEXT NOT NULL,
	integration TEXT NOT NULL,
	opened BIGINT NOT NULL,
	updated BIGINT NOT NULL,
	resolved BIGINT,
	resolved_by TEXT,
	settles BIGINT,
	storm_until BIGINT,
	merged_into TEXT,
	n_alerts BIGINT NOT NULL DEFAULT 0,
	n_firing BIGINT NOT NULL DEFAULT 0,
	n_events BIGINT NOT NULL DEFAULT 0,
	n_dropped BIGINT NOT NULL DEFAULT 0,
	correlation TEXT NOT NULL,
	title TEXT NOT NULL,
	PRIMARY KEY (org, id)
);
CREATE UNIQUE INDEX incidents_number ON incidents (org, number);
CREATE INDEX incidents_correlation ON incidents (org, correlation, updated);
CREATE INDEX incidents_opened ON incidents (org, opened);
CREATE INDEX incidents_settles ON incidents (settles) WHERE settles IS NOT NULL;
CREATE INDEX incidents_resolved ON incidents (resolved) WHERE resolved IS NOT NULL;
CREATE INDEX incidents_storms ON incidents (org, storm_until) WHERE storm_until IS NOT NULL;

-- One alert of an incident, as it was told last; the same fingerprint in a later incident is
-- another row.
CREATE TABLE alerts (
	org TEXT NOT NULL,
	id TEXT NOT NULL,
	incident TEXT NOT NULL,
	integration TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	status TEXT NOT NULL,
	severity TEXT NOT NULL,
	starts BIGINT NOT NULL,
	ends BIGINT,
	occurred BIGINT,
	received BIGINT NOT NULL,
	updated BIGINT NOT NULL,
	n_received BIGINT NOT NULL DEFAULT 1,
	n_flaps BIGINT NOT NULL DEFAULT 0,
	name TEXT NOT NULL,
	data TEXT NOT NULL,
	PRIMARY KEY (org, id),
	FOREIGN KEY (org, incident) REFERENCES incidents (org, id)
);
CREATE INDEX alerts_fingerprint ON alerts (org, integration, fingerprint, received);
CREATE INDEX alerts_incident ON alerts (org, incident, received, id);

-- The timelines. 'change' is there where somebody has to act on it: 'claimed' is until when a
-- server has it in hand, 'handled' when that was done.
CREATE TABLE incident_events (
	org TEXT NOT NULL,
	seq BIGINT NOT NULL,
	incident TEXT NOT NULL,
	time BIGINT NOT NULL,
	kind TEXT NOT NULL,
	actor TEXT NOT NULL,
	change TEXT,
	claimed BIGINT,
	handled BIGINT,
	data TEXT NOT NULL,
	PRIMARY KEY (org, seq),
	FOREIGN KEY (org, incident) REFERENCES incidents (org, id)
);
CREATE INDEX incident_events_incident ON incident_events (org, incident, seq);
CREATE INDEX incident_events_open ON incident_events (claimed)
	WHERE change IS NOT NULL AND handled IS NULL;
