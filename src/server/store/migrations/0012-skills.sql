-- Own skills of an org. The document has the files, {"name", "description", "files": {path: text}};
-- 'n_bytes' are the document's, which the org's quota counts (server/inquiry/skills.h).
CREATE TABLE skills (
	org TEXT NOT NULL REFERENCES orgs (id),
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	n_files BIGINT NOT NULL,
	n_bytes BIGINT NOT NULL,
	created BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	changed_by TEXT NOT NULL,
	document TEXT NOT NULL,
	PRIMARY KEY (org, name)
);
