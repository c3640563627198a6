/* What a server's investigations took, since it was started: for /metrics. */
#pragma once

#include "base/histogram.h"
#include "courier/model_endpoints.h"

#define TALLY_ENGINES (MODEL_ENDPOINTS_MAX + 1) /* the built-in one, and what is configured */
#define TALLY_OUTCOMES 5

/* What people were waited for, and what they did. */
enum tally_wait {
	TALLY_QUESTION,
	TALLY_APPROVAL,
	TALLY_WAITS,
};
enum tally_person {
	TALLY_ANSWERED, /* or approved */
	TALLY_REFUSED,
	TALLY_UNANSWERED,
	TALLY_PERSONS,
};

struct tally {
	uint64_t ended[TALLY_ENGINES][TALLY_OUTCOMES];
	struct tally_model {
		uint64_t requests, errors, tokens_in, tokens_out;
	} models[MODEL_ENDPOINTS_MAX];
	uint64_t cost_micros, evidence_bytes;
	uint64_t persons[TALLY_WAITS][TALLY_PERSONS];
	struct histogram waits[TALLY_WAITS];
	struct histogram duration;
};

struct tally_end {
	const char *engine;
	const char *outcome; /* a verdict, "failed", "interrupted" */
	int64_t cost_micros;
	uint64_t started_ns; /* wall clock; 0: it waited to its end */
};

/* 'models' may be NULL. */
void tally_add(struct tally *tally, const struct model_endpoints *models,
	       const struct tally_end *end);
/* A request to a model has ended. */
void tally_request(struct tally *tally, const struct model_endpoints *models, const char *model,
		   bool is_ok);
/* What it took and gave, as reports say it. */
struct tally_tokens {
	const char *model;
	int64_t in, out;
};
void tally_tokens(struct tally *tally, const struct model_endpoints *models,
		  const struct tally_tokens *tokens);
void tally_person(struct tally *tally, enum tally_wait wait, enum tally_person end,
		  uint64_t waited_ns);
void tally_metrics(const struct tally *tally, const struct model_endpoints *models,
		   struct buf *page);
