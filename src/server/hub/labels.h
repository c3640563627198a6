/*
 * Agents by their labels: a row for each label of each agent, kept beside agents.labels by
 * whoever writes that. A label is found by a hash, so that rows stay small whatever its length;
 * two labels may share one, so what is found is held against agents.labels.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "server/store/batch.h"

#define LABELS_STEPS 2
#define LABEL_HASH_BYTES 17

/* Borrowed by the steps of labels_write(), until they were submitted. */
struct labels_rows {
	struct store_value params[4];
	struct buf hashes;
};

/* For CLEANUP(labels_rows). */
void labels_rows_cleanup(struct labels_rows *rows);

/*
 * The rows of an agent that is in the store become those of 'labels', an object; members that
 * are no text are none. 'org' and 'agent' are borrowed as well. The statement that writes
 * agents.labels sets agents.listed to 1.
 */
void labels_write(struct labels_rows *rows, const char *org, const char *agent,
		  const json_t *labels, struct store_step steps_out[LABELS_STEPS]);

/* Of "key=value", for agent_labels.hash. */
const char *label_hash(const char *label, char hash[LABEL_HASH_BYTES]);

/* A condition on agents, found by index: $1 is the org, 'hash' the parameter with a label_hash().
 */
#define LABELS_MAY_MATCH(hash)                                                  \
	"id IN (SELECT agent FROM agent_labels WHERE org = $1 AND hash = " hash \
	" UNION ALL SELECT id FROM agents WHERE org = $1 AND listed = 0)"
