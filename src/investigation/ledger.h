/*
 * The ledger: everything one investigation was told, in the order of asking.
 *
 * An item is made when its call is asked, so that ids (e1, e2, ...) never depend
 * on which answer came first, and is filled once: with the exact bytes of the
 * result and their SHA-256, or with why there is none. What a report quotes is
 * looked up here, byte for byte.
 *
 * What was told before (an earlier question of the same conversation) is restored
 * first and keeps its ids.
 */
#pragma once

#include "base/clock.h"
#include "base/json.h"
#include "call/hash.h"

#define LEDGER_MAX_ITEMS 64
#define LEDGER_ITEM_MAX_BYTES (512 * KIB)
#define LEDGER_MAX_BYTES (1536 * KIB)

#define EVIDENCE_AGENT_BYTES 40

struct evidence {
	char id[8]; /* "e1"... "e999999" */
	char *tool;
	json_t *args;
	char time[CLOCK_TEXT_BYTES]; /* when the answer came */
	char sha256[HASH_TEXT_BYTES];
	char *bytes;
	size_t n_bytes;
	json_t *result; /* the parsed bytes; NULL while unanswered or failed */
	double elapsed_ms;
	char *wanted; /* why a model wants this change, which a person has to approve; or NULL */
	char agent[EVIDENCE_AGENT_BYTES]; /* which agent of a model asked, or "" */
	struct error why;                 /* code 0 unless the call failed */
	char outcome[16]; /* of one that failed, what the other side says it came to: calls.state;
			   * "": it says nothing */
	bool is_earlier;  /* restored: not asked by this investigation */
};

struct ledger {
	struct evidence items[LEDGER_MAX_ITEMS];
	size_t n;
	size_t n_bytes;
	size_t last; /* the highest number given: ids go on from it */
};

void ledger_finish(struct ledger *ledger);

/* NULL when the ledger is full. 'args' is an object; a reference is taken. */
struct evidence *ledger_add(struct ledger *ledger, const char *tool, json_t *args);

/*
 * Fills an item; too many bytes, or bytes that are no JSON object, make it a
 * failed one. 'sha256' is what the other side says, or NULL; another hash than
 * ours is a failure too.
 */
void ledger_answer(struct ledger *ledger, struct evidence *evidence, struct str bytes,
		   const char *sha256);
void ledger_fail(struct evidence *evidence, int code, const char *text);

/*
 * Adds an answered item as a case has it ({id, tool, args, time, bytes, sha256}), before any
 * other. False where it is none, has other bytes than its hash says, or does not fit.
 */
bool ledger_restore(struct ledger *ledger, const json_t *item);

/* Whether these bytes stand in the item. */
bool evidence_has_quote(const struct evidence *evidence, const char *quote);

/* The value at a path of keys and indices, or NULL. */
const json_t *evidence_value(const struct evidence *evidence, const json_t *path);
