/* What a server's investigations took, since it was started: for /metrics. */
#pragma once

#include "base/histogram.h"
#include "courier/model_endpoints.h"

#define TALLY_ENGINES (MODEL_ENDPOINTS_MAX + 1) /* the built-in one, and what is configured */
#define TALLY_OUTCOMES 5

struct tally {
	uint64_t ended[TALLY_ENGINES][TALLY_OUTCOMES];
	uint64_t tokens_in, tokens_out, cost_micros, evidence_bytes;
	struct histogram duration;
};

struct tally_end {
	const char *engine;
	const char *outcome; /* a verdict, "failed", "interrupted" */
	int64_t tokens_in, tokens_out, cost_micros;
	uint64_t started_ns; /* wall clock; 0: it waited to its end */
};

/* 'models' may be NULL. */
void tally_add(struct tally *tally, const struct model_endpoints *models,
	       const struct tally_end *end);
void tally_metrics(const struct tally *tally, const struct model_endpoints *models,
		   struct buf *page);
