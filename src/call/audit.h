/*
 * The audit log: what was asked, decided and done, in order, and provably so.
 *
 * One JSON object a line, appended, each with "seq", "time", "kind" and "prev":
 * the SHA-256 of the line before it (of a fixed text for the first), so that an
 * insertion, deletion, change or reordering before the last line is found.
 * Lines cut off at the end are found up to the last anchor (call/anchors.h); what
 * cannot be proved is said by audit_verify(). Arguments are stored redacted,
 * with an HMAC-SHA-256 of the exact bytes under a key in the state directory; each
 * start names the key by an id, so that one that was removed or replaced shows.
 * Kinds: start, intent, outcome, rotate, repair (a line torn by a crash was cut off).
 *
 * An intent is written before its call runs. Above TOOL_READS it is on disk
 * (fdatasync) before audit_intent() returns; reads are synced in groups by
 * audit_sync(), which the owner calls within a second of audit_needs_sync().
 *
 * The reserve is disk space held beyond the end of the file (fallocate), where
 * nobody else can take it: on a full disk reads are recorded into it, changes
 * are refused (-ENOSPC), and audit_is_on_reserve() tells. A file system without
 * fallocate gives no reserve: there a full disk refuses everything.
 *
 * Files rotate at AUDIT_FILE_BYTES: audit.jsonl is the newest, audit.1.jsonl the
 * oldest, chained on. Nothing here ever removes one.
 * After a failure that leaves unknown what is on disk, all is refused (-EIO).
 */
#pragma once

#include "call/policy.h"

#define AUDIT_FILE_BYTES (64 * MIB)
#define AUDIT_RESERVE_BYTES (1 * MIB)
#define AUDIT_HASH_TEXT_BYTES 65
#define AUDIT_LINE_MAX_BYTES (64 * KIB)
#define AUDIT_ARGS_MAX_BYTES (16 * KIB) /* beyond, the line holds the text's beginning */
#define AUDIT_MAX_FAULTS 100
#define AUDIT_MAX_OPEN 1024 /* calls with an intent and no outcome yet */

struct audit;

struct audit_call {
	uint64_t id;         /* audit_next_id() */
	const char *call_id; /* of a durable call, or NULL */
	const struct caller *caller;
	const struct tool_info *tool; /* NULL: no tool of that name */
	const char *tool_name;
	const json_t *redacted_args;
	const void *arg_bytes; /* what the HMAC covers; NULL: there is none */
	size_t n_arg_bytes;
	const char *decision; /* the rule that decided */
	const char *approver; /* who signed the approval or the grant, or NULL */
	const char *grant;    /* its id, or NULL */
};

struct audit_outcome {
	uint64_t id;
	const char *call_id; /* of a durable call, or NULL */
	const char *outcome; /* "done", "failed", "interrupted", "denied" */
	const struct error *err;
	const char *result_sha256; /* or NULL */
	uint64_t elapsed_ns;
};

/*
 * Opens or makes the log in a directory (0700, owned by us). Calls that an
 * earlier process left open are closed as "interrupted" first. -EBUSY while
 * another process has it open.
 */
struct audit *audit_open(const char *directory, struct error *err);

/*
 * The same in two steps, for who knows more of those calls: between them
 * audit_is_open() tells which there are and audit_outcome() closes them.
 */
struct audit *audit_open_unfinished(const char *directory, struct error *err);
int audit_begin(struct audit *audit, struct error *err) MUST_CHECK;
bool audit_is_open(const struct audit *audit, uint64_t id);

/* An id that no call of this log had before, until a line is written. */
uint64_t audit_next_id(const struct audit *audit);

void audit_close(struct audit *audit);

int audit_intent(struct audit *audit, const struct audit_call *call, struct error *err) MUST_CHECK;
int audit_outcome(struct audit *audit, const struct audit_outcome *outcome,
		  struct error *err) MUST_CHECK;

bool audit_needs_sync(const struct audit *audit);
int audit_sync(struct audit *audit, struct error *err) MUST_CHECK;
bool audit_is_on_reserve(const struct audit *audit);

/* SHA-256 of the last line, as hex: what an anchor elsewhere would keep. */
void audit_head(const struct audit *audit, uint64_t *seq_out, char hash_out[AUDIT_HASH_TEXT_BYTES]);

/*
 * Reads every file of the log. Fills {"ok", "lines", "files", "head", "head_seq",
 * "first_time", "last_time", "open_calls", "n_anchors", "anchored_seq" (0 for none),
 * "faults":[{file, line, what}], "cannot_prove":[sentence...]} and returns 0, also when faults were
 * found. At most AUDIT_MAX_FAULTS are listed; "n_faults" counts all. May run beside a writer.
 */
int audit_verify(const char *directory, json_t *report, struct error *err) MUST_CHECK;
