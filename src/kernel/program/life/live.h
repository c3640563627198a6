/*
 * What is changed of a program while it is attached: its lease, its parameters, its lists, in the
 * maps that the guardian holds. Where they are the loader said (load/load.h), which has met
 * foreign bytes: each place is held against the map's own size before anything is written.
 */
#pragma once

#include "kernel/program/life/guardian.h"
#include "kernel/program/life/steward_internal.h"

/* The maps of one program, while something is done about them. */
struct live {
	uint64_t id;
	const json_t *places; /* of the program: borrowed */
	struct guardian_item *items;
	size_t n;
};

int live_open(const struct steward *steward, const json_t *program, struct live *live_out,
	      struct error *err) MUST_CHECK;
void live_cleanup(struct live *live);
/* One of its maps, -1 for none; the guardian's item has it. */
int live_map(const struct live *live, int64_t number);

/* Holds {NAME: N} to names, ranges and what can change together, with a sentence. */
int live_check_params(const json_t *places, const json_t *params, struct error *err) MUST_CHECK;
/* Writes those that can be changed, all at once. */
int live_set_params(const struct live *live, const json_t *params, struct error *err) MUST_CHECK;

/* Waits until every run that has begun by now has ended. */
int live_wait_for_runs(struct error *err) MUST_CHECK;

/* The same of lists, {NAME: [ITEM]}: each becomes what is given. */
int live_check_lists(const struct live *live, const json_t *lists, struct error *err) MUST_CHECK;
int live_set_lists(const struct live *live, const json_t *lists, struct error *err) MUST_CHECK;
