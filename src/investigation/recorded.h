/*
 * A recorded witness: answers calls from a list of evidence that was kept.
 *
 * A call is answered by the entry with its tool and exactly its arguments, else
 * (RECORDED_ANY_ARGS, for fixtures that people write) by the first entry of the
 * tool whose arguments do not contradict it. What was not recorded fails with
 * -ENOENT: a replay has no host to ask.
 */
#pragma once

#include "investigation/witness.h"

enum recorded_match {
	RECORDED_EXACT,
	RECORDED_ANY_ARGS,
};

struct recorded {
	struct witness witness;
	const json_t *evidence; /* [{tool, args?, bytes | result | error, sha256?, time?}] */
	enum recorded_match match;
	bool is_cut; /* its time ran out with the last of the evidence */
};

/* The entry that answers a call, or NULL; borrowed. */
const json_t *recorded_find(const json_t *evidence, const char *tool, const json_t *args,
			    enum recorded_match match);

void recorded_init(struct recorded *recorded, const json_t *evidence, enum recorded_match match);
