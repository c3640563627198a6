/*
 * Counts by name, the most frequent first: peers, processes, states. At most
 * TALLY_MAX names are told apart; what comes later is counted in 'others'.
 */
#pragma once

#include "base/json.h"

#define TALLY_MAX 5000

struct tally {
	json_t *entries; /* name -> {member..., "n"} */
	int64_t others;
};

void tally_init(struct tally *tally);
void tally_finish(struct tally *tally);
void tally_cleanup(struct tally *tally);

/* Adds one; the entry is borrowed, and has only "n": 1 when it is new. NULL if it is one of the
 * others. */
json_t *tally_add(struct tally *tally, const char *name);

/* The entries with the highest "n", at most 'max'; ties by name. */
json_t *tally_top(const struct tally *tally, size_t max);
