/*
 * A case: an investigation as one document that can be replayed without the host.
 *
 * {"constable_case": 1, "question", "since_s", "host", "tools": [names],
 * "evidence": [{id, tool, args, time, sha256, bytes | error, elapsed_ms, earlier?}],
 * "last_earlier"?, "remedy"?, "waited_s"?, "report"}. "earlier" is what was told before this
 * question was asked. "bytes" is the exact text of a result; each must have its SHA-256. "error" is
 * {"code", "text", "outcome"?}.
 */
#pragma once

#include "investigation/investigation.h"

#define CASE_VERSION 1
#define CASE_MAX_BYTES (8 * MIB)

/* The bundle of a finished investigation; takes a reference to 'report'. */
json_t *case_new(const struct investigation *investigation, json_t *report);

/* Refuses a bundle of another version or shape, or with altered evidence. */
int case_check(const json_t *bundle, struct error *err) MUST_CHECK;

/* Recomputes the report; the bundle was checked. A new reference, or NULL with 'err'. */
json_t *case_replay(const json_t *bundle, struct predicates *predicates,
		    const struct tool_info *tools, struct error *err);
