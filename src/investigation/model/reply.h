/*
 * A model's reply while it arrives: whole blocks, and parts that are still open.
 *
 * Adapters open a part, add to it and close it; a closed part is a block of
 * conversation.h. A call whose arguments are no JSON object when it is closed
 * stays out and is counted, so that nothing half-said is ever run. After a broken
 * stream the whole blocks stand, and the conversation can go on from them.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"

#define REPLY_MAX_PARTS 64
#define REPLY_PART_MAX_BYTES (256 * KIB)
#define REPLY_ID_BYTES 128

enum reply_stop {
	REPLY_OPEN,    /* the model did not say that it ended */
	REPLY_ENDED,   /* it has said what it had to say */
	REPLY_CALLS,   /* it waits for its calls */
	REPLY_LENGTH,  /* it was cut at the most it may say */
	REPLY_CONTEXT, /* the conversation is too long for it */
	REPLY_PAUSED,  /* to be continued by asking again */
	REPLY_REFUSED,
};

/* Tokens. 'input' is all of them, those read from a cache and written to one too. */
struct usage {
	uint64_t input, cached, written, output, reasoning;
};

enum part_kind {
	PART_NONE,
	PART_TEXT,
	PART_CALL,
	PART_THOUGHT, /* told, never sent back */
	PART_KEPT,    /* 'block' goes back as it came */
};

struct part {
	enum part_kind kind;
	char id[REPLY_ID_BYTES];
	char name[REPLY_ID_BYTES];
	struct buf text;      /* the text, or the arguments of a call */
	struct buf signature; /* of a thinking block */
	json_t *block;        /* of a kept one: as it began */
	json_t *args;         /* of a call, where the provider gave an object */
	size_t index;         /* the provider's number of a call */
	bool is_followed;     /* something began after it: it is whole */
};

struct reply {
	json_t *blocks; /* whole ones; owned */
	enum reply_stop stop;
	struct usage usage;
	char id[REPLY_ID_BYTES];
	char model[REPLY_ID_BYTES];   /* which one answered, as it says itself */
	char episode[REPLY_ID_BYTES]; /* TensorZero's, or "" */
	unsigned n_calls;             /* among the blocks */
	unsigned n_broken;            /* calls whose arguments are no JSON object */
	bool is_whole;                /* the stream came to its proper end */
	bool is_refused;
	struct buf thoughts; /* what was thought aloud, bounded */
	/* private */
	struct part parts[REPLY_MAX_PARTS];
};

void reply_init(struct reply *reply);
void reply_finish(struct reply *reply);
void reply_cleanup(struct reply *reply);

/* The part of that number, opened if it is not; NULL with 'err' (-E2BIG) if there are too many. */
struct part *reply_part(struct reply *reply, size_t number, enum part_kind kind, struct error *err);

/* -E2BIG once a part is larger than may be. */
int reply_add(struct buf *part, const char *text, struct error *err) MUST_CHECK;

/* The part becomes a block (or is dropped, see above); closing what is not open does nothing. */
void reply_close(struct reply *reply, size_t number, const char *model);
void reply_close_all(struct reply *reply, const char *model);

/* After a broken stream: closes what was followed, drops what was being said. */
void reply_close_broken(struct reply *reply, const char *model);

/* Everything the reply says in text; heap text. */
char *reply_text(const struct reply *reply);
