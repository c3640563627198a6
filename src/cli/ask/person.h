/*
 * The person at the terminal, who may be asked while an investigation runs: what a model wants to
 * know, or whether a change of this host that it wants may run. One thing at a time; the rest
 * waits its turn.
 *
 * What a model says is shown escaped and said to be a model's. An empty line is no answer, and no
 * approval. What was typed before the question stood there counts for nothing.
 */
#pragma once

#include <stdio.h>

#include "base/json.h"

#define PERSON_MAX_WAITING 16
#define PERSON_LINE_BYTES 4096

enum person_kind {
	PERSON_QUESTION,
	PERSON_CHANGE,
};

/* Takes 'words': of a question {"question", "choices"?}; of a change {"tool", "arguments" (the
 * exact text), "args_sha256", "asked_by", "why"}, and of another host "host". */
struct person_matter {
	enum person_kind kind;
	json_int_t id;
	json_t *words;
	uint64_t until_ns; /* monotonic; 0: as long as it takes */
};

struct person {
	int fd; /* of the terminal; -1: nobody is there */
	FILE *stream;

	/* private */
	struct person_matter waiting[PERSON_MAX_WAITING];
	size_t n;
	bool is_asked; /* the first stands on the terminal */
};

/* Somebody is there if standard input and error are a terminal. */
void person_init(struct person *person);
void person_finish(struct person *person);
void person_cleanup(struct person *person);

/* False: nobody is there, or is asked too much already; 'words' is freed then as well. */
bool person_ask(struct person *person, const struct person_matter *matter);
/* Nobody waits for it any more. */
void person_forget(struct person *person, enum person_kind kind, json_int_t id);

/* Whether something is to be asked, and nothing else may be written there meanwhile. */
bool person_is_busy(const struct person *person);
/* Puts the first of what waits on the terminal, if it does not stand there. */
void person_show(struct person *person);

/* A line was typed: what it is about, without its words, and the answer to a question, "" for
 * none; of a change "yes" or "". */
struct person_said {
	enum person_kind kind;
	json_int_t id;
	char text[PERSON_LINE_BYTES];
};
void person_hear(struct person *person, struct person_said *said_out);
