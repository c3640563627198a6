/*
 * The line of a model-driven investigation to whoever started it: it carries calls,
 * requests to models and questions to people, and everything that comes back.
 *
 * Nothing waits but hear(). The live line is the channel (channel.h); tests script one.
 * Ids of model requests and of questions are the caller's, positive and never used twice.
 */
#pragma once

#include "call/frame.h"
#include "investigation/ledger.h"

/* What one hear() brought. Texts are valid until the next. */
struct news {
	enum news_kind {
		NEWS_NONE,   /* nothing until the deadline */
		NEWS_ANSWER, /* an item of the ledger is filled: number 'id' from 1 */
		NEWS_HEAD,   /* a model answers: 'status', 'retry_after_s' */
		NEWS_CHUNK,  /* 'text': bytes of its answer */
		NEWS_END,    /* its answer is over; 'text' is the error, "" if there was none */
		NEWS_PERSON, /* 'text': what a person answered */
		NEWS_OVER,   /* no time is left: conclude now */
		NEWS_TOOLS,  /* 'text': a JSON array of tools that there are no more */
		NEWS_SPENT,  /* 'text': why models may be asked no more but to conclude */
		NEWS_WAITS,  /* whether item number 'id' 'waits' for a person, of a foreign tool */
	} kind;
	int64_t id;
	int status;
	bool waits;
	double retry_after_s; /* 0: not said */
	struct str text;

	/* private */
	struct frame frame;
};

void news_finish(struct news *news);
void news_cleanup(struct news *news);

struct model_order {
	int64_t id;
	const char *model; /* its name in the start message */
	const char *path;
	const char *body;
};

struct line {
	/* Sends the call of one item; cancels it. */
	int (*call)(struct line *line, const struct ledger *ledger, size_t item, struct error *err);
	int (*cancel)(struct line *line, size_t item, struct error *err);

	/* Sends a request to a model; gives one up. */
	int (*order)(struct line *line, const struct model_order *order, struct error *err);
	int (*give_up)(struct line *line, int64_t id, struct error *err);

	/* Asks a person: {"question", "choices"?: [...]}. */
	int (*ask)(struct line *line, int64_t id, const json_t *question, struct error *err);

	/*
	 * Waits for one piece of news until 'deadline_ns' (monotonic). An error means that
	 * nobody is there any more.
	 */
	int (*hear)(struct line *line, struct ledger *ledger, uint64_t deadline_ns,
		    struct news *news_out, struct error *err);

	/* Tells whoever watches (see witness.h); takes 'data'. */
	void (*tell)(struct line *line, const char *type, json_t *data);
};
