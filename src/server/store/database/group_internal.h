/*
 * Group commit: all batches that wait are one transaction, so that they share one
 * wait for the disk. No answer exists before that.
 */
#pragma once

#include "server/store/database/driver_internal.h"

struct group {
	const struct driver *driver;
	struct database *db;
	struct buf *out; /* of the answers, in the order of the batches */

	/* private */
	struct wire_batch batch;
	unsigned n_careful; /* groups to come that trust no batch */
};

/*
 * Runs what the first of '*n' messages (each a WIRE_BATCH or WIRE_QUESTION) ask and appends an
 * answer for each; '*n' becomes how many these are: fewer where their answers grow beyond
 * GROUP_OUTPUT_BYTES. Where the transaction as a whole fails, each batch gets one of
 * its own. -EIO with 'err', and all of them answered so, when the database is away;
 * -EBADMSG for a message that is none.
 */
#define GROUP_OUTPUT_BYTES (16 * MIB)
int group_run(struct group *group, const struct wire_message *messages, unsigned *n,
	      struct error *err) MUST_CHECK;
