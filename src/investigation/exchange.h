/*
 * An exchange: one request to a model that gets a reply, whatever it takes.
 *
 * The models of a chain are tried in order, each a few times with growing waits
 * (retry-after is obeyed up to a bound); what cannot work goes to the next model
 * at once. A broken stream goes on from its last whole call, else the request is sent
 * again. Nothing waits in here: the owner hands in what was heard and the time.
 */
#pragma once

#include "investigation/line.h"
#include "investigation/model/model.h"

#define EXCHANGE_TRIES 4                       /* of one model for one request */
#define EXCHANGE_WAIT_NS (1 * NS_PER_SEC)      /* before the second try; doubles */
#define EXCHANGE_MAX_WAIT_NS (30 * NS_PER_SEC) /* longer than this is as good as never */
#define EXCHANGE_SILENCE_NS (90 * NS_PER_SEC)  /* no byte for so long is a broken stream */

/* The models that may be used, best first, and what each of them did. */
struct model_chain {
	struct model models[MODEL_MAX];
	size_t n;
	size_t at; /* the one in use; what failed for good is behind it */
	struct model_use {
		unsigned n_requests, n_retries;
		struct usage usage;
		double cost;
		char why[256]; /* it was left, "" while it was not */
	} uses[MODEL_MAX];
	int64_t last_id;
};

/* From "models" of a start message, 'first' (a name) before the others. -EINVAL, -ENOENT. */
int model_chain_parse(struct model_chain *chain, const json_t *models, const char *first,
		      struct error *err) MUST_CHECK;

/* The model in use, NULL if all have failed. */
const struct model *model_chain_model(const struct model_chain *chain);

enum exchange_state {
	EXCHANGE_IDLE,
	EXCHANGE_WAITING,  /* to try again at 'due_ns' */
	EXCHANGE_SENT,     /* broken at 'due_ns' unless something is heard */
	EXCHANGE_REPLIED,  /* 'stream.reply' is there, until the next start */
	EXCHANGE_TOO_LONG, /* shorten the conversation and start again */
	EXCHANGE_FAILED,   /* no model is left; 'why' */
};

struct exchange {
	struct model_chain *chain; /* borrowed */
	struct line *line;         /* borrowed */
	enum exchange_state state;
	uint64_t due_ns;
	struct model_stream stream;
	struct error why;
	/* private */
	json_t *(*body)(struct exchange *exchange, const struct model *model);
	unsigned n_tries;
	int64_t id;
	int status;
	double retry_after_s;
	struct buf refusal;
};

/*
 * 'body' makes the request for a model whenever it is sent; it is asked again for another
 * model, whose context may be smaller.
 */
void exchange_init(struct exchange *exchange, struct model_chain *chain, struct line *line,
		   json_t *(*body)(struct exchange *exchange, const struct model *model));
void exchange_finish(struct exchange *exchange);

/* Sends; an error is the line's. */
int exchange_start(struct exchange *exchange, uint64_t now_ns, struct error *err) MUST_CHECK;

/* News of an id that is not ours is left alone. */
int exchange_take(struct exchange *exchange, const struct news *news, uint64_t now_ns,
		  struct error *err) MUST_CHECK;

/* What is due: a try, or the end of patience. */
int exchange_tick(struct exchange *exchange, uint64_t now_ns, struct error *err) MUST_CHECK;
