-- Where reports go. 'config' may be seen by whoever may read the org; 'sealed' holds the secrets
-- (server/org/vault.h) and is emptied when the destination is removed.
CREATE TABLE destinations (
	org TEXT NOT NULL REFERENCES orgs (id),
	id TEXT NOT NULL,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	created BIGINT NOT NULL,
	created_by TEXT NOT NULL,
	removed BIGINT,
	follow_up TEXT,
	secrets TEXT NOT NULL DEFAULT '[]',
	config TEXT NOT NULL DEFAULT '{}',
	sealed TEXT NOT NULL,
	PRIMARY KEY (org, id)
);
CREATE UNIQUE INDEX destinations_name ON destinations (org, name) WHERE removed IS NULL;

-- The outbox. 'seq' is the order among those of the same destination and incident; 'due' is when
-- it is tried (again); 'owner' and 'lease' are of the server that has it in hand, until when.
-- 'uncertain' says that a try may have arrived though nobody knows.
CREATE TABLE deliveries (
	org TEXT NOT NULL,
	id TEXT NOT NULL,
	destination TEXT NOT NULL,
	incident TEXT NOT NULL,
	seq BIGINT NOT NULL,
	event TEXT NOT NULL,
	part TEXT NOT NULL,
	state TEXT NOT NULL,
	created BIGINT NOT NULL,
	due BIGINT NOT NULL,
	tries BIGINT NOT NULL DEFAULT 0,
	uncertain BIGINT NOT NULL DEFAULT 0,
	finished BIGINT,
	owner TEXT,
	lease BIGINT,
	status BIGINT,
	error TEXT,
	progress TEXT,
	document TEXT NOT NULL,
	PRIMARY KEY (org, id),
	FOREIGN KEY (org, destination) REFERENCES destinations (org, id)
);
CREATE UNIQUE INDEX deliveries_seq ON deliveries (org, destination, incident, seq);
CREATE UNIQUE INDEX deliveries_sending ON deliveries (org, destination, incident)
	WHERE state = 'sending';
CREATE INDEX deliveries_due ON deliveries (due) WHERE state = 'waiting';
CREATE INDEX deliveries_lease ON deliveries (lease) WHERE state = 'sending';
CREATE INDEX deliveries_created ON deliveries (org, created);
CREATE INDEX deliveries_finished ON deliveries (finished) WHERE finished IS NOT NULL;

-- What a destination called the message of an incident, so that the next one updates it.
CREATE TABLE delivery_references (
	org TEXT NOT NULL,
	destination TEXT NOT NULL,
	incident TEXT NOT NULL,
	updated BIGINT NOT NULL,
	reference TEXT NOT NULL,
	PRIMARY KEY (org, destination, incident)
);
CREATE INDEX delivery_references_updated ON delivery_references (updated);
