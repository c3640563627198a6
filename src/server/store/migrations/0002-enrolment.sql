-- Which agent a public key belongs to, for good: a key that enrolled once enrols no other.
CREATE TABLE agent_keys (
	org TEXT NOT NULL,
	agent TEXT NOT NULL,
	spki TEXT NOT NULL PRIMARY KEY
);
CREATE INDEX agent_keys_agent ON agent_keys (org, agent);

-- What people call a token.
ALTER TABLE tokens ADD COLUMN name TEXT NOT NULL DEFAULT '';

-- The list of approvers as the org's root key signed it, for the wardens.
ALTER TABLE orgs ADD COLUMN approvers TEXT;
ALTER TABLE orgs ADD COLUMN approvers_sequence BIGINT NOT NULL DEFAULT 0;

-- Records get their place in the chain right after they are made: these wait for it.
CREATE INDEX audit_unsealed ON audit (org, seq) WHERE hash = '';
