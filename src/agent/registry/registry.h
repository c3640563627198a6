/*
 * The registry that the agent asks which signed programs its host is to have: the org's server, or
 * any that speaks as the documented BPF registry does (wish.h).
 *
 * It is asked every poll_interval, by the courier, with the ETag of its last answer; what it said
 * last, and the archives, lie in the agent's folder and are good while it is away. What it wants is
 * put to the warden as calls of the client "registry", for which the host's policy decides:
 * apply_program for what is new, remove_program for what it no longer names and what was put there
 * for it. A program whose time is over, or that somebody else took away, does not come again before
 * it is assigned anew; one that went with a process of ours, or with the host, comes again for the
 * rest of its time. What was refused is tried again when it changes, when the warden or the agent
 * was started anew, and once in an hour; what the registry could not give just now, sooner.
 */
#pragma once

#include "base/json.h"

struct agent;
struct registry; /* NULL: none is asked */

/* By settings; before the walls are raised. 'registry_out' is NULL where none is to be asked. */
int registry_open(struct agent *agent, struct registry **registry_out,
		  struct error *err) MUST_CHECK;
void registry_close(struct registry *registry);

/* From the loop. */
void registry_start(struct registry *registry);
void registry_warden_up(struct registry *registry);

/* The registry's id of the artifact with that SHA-256, if it wanted one lately; or NULL. */
const char *registry_artifact(const struct registry *registry, const char *sha256);

/* {"url", "state", "polled"?, "why"?, "programs":[{"name", "version", "state", "why"?}]}, or null:
 * a new reference. "state" is "wanted", "applied", "refused" or "leaving"; what waits for a yes has
 * "approval":{"nonce", "args_sha256"}, too. */
json_t *registry_status(const struct registry *registry);
