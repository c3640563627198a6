/*
 * The server's audit log: one hash chain per org, in the store.
 *
 * A record is inserted by the very batch that makes the change, so there is no change
 * without its record and no record without its change. Its place in the chain (prev,
 * hash) is computed right after the commit, and after a crash when the server starts:
 * databases have no SHA-256 in common. hash = SHA-256 of the canonical JSON of {"seq",
 * "time", "actor", "action", "target", "details", "prev"}; prev of the first is "".
 */
#pragma once

#include "server/org/orgs.h"

#define AUDIT_PARAMS 6

/* One record to be; lives until the batch was submitted. */
struct audit_record {
	struct store_value params[AUDIT_PARAMS];
};

struct audit_entry {
	const char *org;
	const char *actor;   /* "key/ID", "agent/ID", "token/ID" ... */
	const char *action;  /* "key.create" */
	const char *target;  /* the id of what changed */
	const char *details; /* JSON text, without secrets; NULL: {} */
};

/* The step to put into the batch; texts are borrowed until it was submitted. */
struct store_step audit_step(struct audit_record *record, const struct audit_entry *entry);

/*
 * The same with its six parameters (org, time, actor, action, target, details), where nothing of
 * the last 1000 lines has that action with those details: for who cannot know whether a batch took
 * effect, and tries again.
 */
extern const char audit_once_sql[];

/* Links what was added to the org's chain; call it after each such batch, and at start. */
void audit_seal(struct store *store, struct org *org);

struct audit_line {
	int64_t seq, time;
	const char *actor, *action, *target, *details, *prev;
};

/* The hash of a line. */
void audit_hash(const struct audit_line *line, char hash[65]);
