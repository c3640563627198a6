/*
 * A kind of destination: how one delivery becomes requests, and what the answers mean.
 *
 * One file each, and a row in kind.c. Everything here is a pure function of the attempt: the
 * outbox sends, counts, waits and records.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"

#define LETTER_URL_BYTES 2048
#define LETTER_MAX_HEADERS 5
#define LETTER_HEADER_BYTES 600
#define ATTEMPT_ANSWER_MAX_BYTES (1 * MIB)

/* One request. */
struct letter {
	const char *method;
	char url[LETTER_URL_BYTES];
	struct letter_header {
		const char *name;
		char value[LETTER_HEADER_BYTES];
	} headers[LETTER_MAX_HEADERS];
	unsigned n_headers;
	char secret[LETTER_HEADER_BYTES]; /* of Authorization; "": none */
	char *body;                       /* heap; NULL: none */
};

/* A mail in place of a request; what it points to lives as long as the attempt. */
struct letter_mail {
	json_t *recipients; /* of texts */
	char *message;      /* heap */
};

enum verdict {
	VERDICT_MORE, /* the next request, please: 'step' says which */
	VERDICT_DELIVERED,
	VERDICT_AGAIN,   /* later */
	VERDICT_REFUSED, /* never */
	VERDICT_SKIPPED, /* there is nothing to be told to it */
};

/* One try of one delivery. */
struct attempt {
	char org[80], id[80], destination[80], incident[132], event[32], part[16];
	int64_t created_ns, now_ns;
	bool is_uncertain;       /* an earlier try may have arrived */
	json_t *config, *secret; /* as the kind's schemas want them */
	json_t *document;
	json_t *reference; /* what the incident's message is called there; NULL: none yet */
	json_t *progress;  /* what earlier tries of this delivery left; NULL: nothing */
	unsigned step;     /* from 0; counts in hear() */

	/* What the last request was answered. */
	unsigned status;
	struct buf answer;
	char why[200]; /* of a refusal, for people; without secrets */
};

struct kind {
	const char *name;
	const char *config_schema, *secret_schema; /* of call/schema.h */

	/* Beyond the schemas; -EINVAL. */
	int (*check)(const json_t *config, const json_t *secret, struct error *err);
	/* The part that a second delivery of a report is, or NULL. */
	const char *(*follow_up)(const json_t *config, const json_t *secret);

	/* The next request: VERDICT_MORE, or a verdict without one. */
	enum verdict (*ask)(struct attempt *attempt, struct letter *letter_out);
	/* Of an answer of 2xx; others are judged by the outbox unless 'judge' does. */
	enum verdict (*hear)(struct attempt *attempt);
	enum verdict (*judge)(struct attempt *attempt); /* or NULL */

	/* In place of 'ask' and 'hear': is a mail. */
	void (*write)(struct attempt *attempt, struct letter_mail *mail_out);
};

extern const struct kind kind_slack, kind_teams, kind_pagerduty, kind_mail, kind_webhook;

/* NULL for an unknown name. */
const struct kind *kind_find(const char *name);
#define KINDS_N 5
extern const struct kind *const kinds[KINDS_N]; /* by name */

/* Schemas and 'check'; -EINVAL says what is wrong, without the secret's texts. */
int kind_check(const struct kind *kind, const json_t *config, const json_t *secret,
	       struct error *err) MUST_CHECK;

void letter_finish(struct letter *letter);
/* Adds a header; a value with CR, LF or NUL cannot be: it is cut there. */
void letter_add(struct letter *letter, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
/* Takes the reference. */
void letter_set_body(struct letter *letter, json_t *body);
/* BASE/PATH where the config may name another base, without a slash at its end. */
void letter_set_url(struct letter *letter, const char *base, const char *path);

/* The last answer as an object, or NULL. */
json_t *attempt_answer(const struct attempt *attempt);
bool attempt_is(const struct attempt *attempt, const char *part);
