/* How a call ended, and the header of the frame that says so. */
#pragma once

#include "call/frame.h"
#include "call/hash.h"
#include "call/spool.h"

/* What a result is. */
enum answer_kind {
	ANSWER_RESULT, /* the tool's JSON */
	ANSWER_PLAN,   /* calls to make instead, see call/plan.h */
};

/* 'err' is set if and only if there is no result. */
struct answer {
	const char *result; /* the tool's JSON, redacted by the job */
	size_t n_result;
	char sha256[HASH_TEXT_BYTES];
	uint64_t elapsed_ns;
	uint32_t walls; /* bits of enum sandbox_wall that stood */
	uint32_t landlock_abi;
	uint64_t cpu_ns;
	uint64_t peak_memory_bytes;
	struct error err;
	enum answer_kind kind;
	const char *outcome; /* "done", "failed", "interrupted", "denied" */
	json_t *approval;    /* with -EACCES where an approval would do: what to sign; borrowed */

	/* Of a durable call that was made before: what is known of it. SPOOL_FINISHED brings its
	 * answer; the others come with -EALREADY. */
	enum spool_state already;
	const struct frame *kept;
};

/* {"type":"answer","code","outcome","error"?,"elapsed_ms","cpu_ms","peak_memory_bytes","layers",
 * "sha256"?,"plan"?,"approval"?,"already"?}: a new reference. */
json_t *answer_header(const struct answer *answer);
