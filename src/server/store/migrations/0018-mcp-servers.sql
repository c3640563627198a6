-- MCP servers of others, which an org's investigations may ask (server/mcp/mcp_server.h). 'policy'
-- is {tool: {"use", "sha256"?, "by", "at"}}, 'secrets' the names of what is sealed (org/vault.h).
CREATE TABLE mcp_servers (
	org TEXT NOT NULL REFERENCES orgs (id),
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	url TEXT NOT NULL,
	protocol TEXT,
	enabled BIGINT NOT NULL,
	call_s BIGINT NOT NULL,
	max_kb BIGINT NOT NULL,
	calls BIGINT NOT NULL,
	created BIGINT NOT NULL,
	created_by TEXT NOT NULL,
	changed BIGINT NOT NULL,
	policy TEXT NOT NULL,
	secrets TEXT NOT NULL,
	sealed TEXT NOT NULL,
	PRIMARY KEY (org, id)
);
CREATE UNIQUE INDEX mcp_servers_name ON mcp_servers (org, name);
