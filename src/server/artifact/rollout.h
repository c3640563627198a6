/* For which hosts an assignment is. */
#pragma once

#include "base/json.h"

struct rollout_host {
	const char *id, *name; /* the agent's, and its host's */
	const json_t *labels;
};

struct rollout {
	const char *program;  /* the artifact's name */
	const json_t *hosts;  /* patterns; none: any host that has the labels */
	const json_t *labels; /* each has to be the host's; none: any host of 'hosts' */
	int64_t percent;      /* of those hosts, before 'observed_ns' */
	int64_t observed_ns;  /* wall clock */
};

/* Whether it is for this host at all: one of its patterns and all of its labels are the host's. */
bool rollout_is_for(const struct rollout *rollout, const struct rollout_host *host);

/* Whether the host is one of a share of so many percent: the same ones each time, and of a larger
 * share too, whoever asks; others for another program. */
bool rollout_is_canary(const char *program, const char *host_id, int64_t percent);

/* Both, at that time. */
bool rollout_selects(const struct rollout *rollout, const struct rollout_host *host,
		     int64_t now_ns);
