-- What sockets showed while hosts were investigated. "in": the agent took connections of an
-- address to its own port; "out": it had some to the port of an address. 'process' is of the
-- agent's side, '' where nobody could say.
CREATE TABLE flows (
	org TEXT NOT NULL REFERENCES orgs (id),
	agent TEXT NOT NULL,
	direction TEXT NOT NULL,
	peer TEXT NOT NULL,
	port BIGINT NOT NULL,
	process TEXT NOT NULL,
	seen BIGINT NOT NULL,
	PRIMARY KEY (org, agent, direction, peer, port, process)
);
CREATE INDEX flows_newest ON flows (org, seen);
CREATE INDEX flows_seen ON flows (seen);

-- The addresses of an agent's interfaces; one that several have names none of them.
CREATE TABLE host_addresses (
	org TEXT NOT NULL REFERENCES orgs (id),
	agent TEXT NOT NULL,
	address TEXT NOT NULL,
	seen BIGINT NOT NULL,
	PRIMARY KEY (org, address, agent)
);
CREATE INDEX host_addresses_seen ON host_addresses (seen);
CREATE INDEX agents_address ON agents (org, address);
