/*
 * Metrics, where the server turned them on: the figures of get_system_metrics, as
 * the difference to what was sent before (a JSON merge patch), every N seconds.
 */
#pragma once

#include <event2/event.h>

#include "base/json.h"

struct agent;

struct metrics {
	struct agent *agent;
	struct event *timer; /* NULL while they are off */
	unsigned every_s;
	json_t *sent; /* what the server has; NULL: nothing yet */
	uint64_t n_sent, n_failed;
	bool is_asking;
};

void metrics_init(struct metrics *metrics, struct agent *agent);
void metrics_finish(struct metrics *metrics);

/* On a new link: the first ones are whole. */
void metrics_start(struct metrics *metrics, unsigned every_s);
void metrics_stop(struct metrics *metrics);
