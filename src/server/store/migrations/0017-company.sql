-- How long an investigation has waited for people, and since when (wall clock) it does now: that is
-- no time of its own, also where its server was started again meanwhile.
ALTER TABLE investigations ADD COLUMN waited_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE investigations ADD COLUMN waits_since BIGINT;

-- The org's CA for every server of this database, sealed (server/org/vault.h); NULL where no other
-- server can be. 'version' counts what is changed of an org, so that others see that something was.
ALTER TABLE orgs ADD COLUMN ca TEXT;
ALTER TABLE orgs ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
