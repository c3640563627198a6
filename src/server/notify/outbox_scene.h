/*
 * For tests: an outbox on a real store, with a clock of ours and a courier that answers what the
 * test says. The courier's functions stand in outbox_scene.c in place of the library's.
 */
#pragma once

#include "base/clock.h"
#include "base/test.h"
#include "server/notify/outbox_internal.h"
#include "server/store/scene.h"

#define PATIENCE_NS (20 * NS_PER_SEC)
#define MINUTE_NS (60 * NS_PER_SEC)

/* Every request that was made, in order. */
struct courier_call {
	char method[8], url[512], secret[128];
	char *body;
	const struct courier_handlers *handlers;
	void *data;
	bool is_open;
};

#define MAX_CALLS 64
extern struct courier_call calls[MAX_CALLS];
extern unsigned n_calls;
extern uint64_t now_ns;

struct play {
	struct scene scene;
	struct vault *vault;
	struct outbox *outbox;
	char key_path[96];
};

void play_open(struct play *play);
void play_close(struct play *play);
/* Another outbox on the same store, started. */
struct outbox *play_make_outbox(struct play *play, const char *owner);

/* Nothing here waits for time: the loop turns until it is so. */
#define WAIT(play, condition)                                         \
	do {                                                          \
		uint64_t end_ns = clock_monotonic_ns() + PATIENCE_NS; \
		while (!(condition)) {                                \
			if (clock_monotonic_ns() > end_ns)            \
				FAIL("never: %s", #condition);        \
			play_turn(play);                              \
		}                                                     \
	} while (0)
void play_turn(struct play *play);

void play_add_webhook(struct play *play, const char *id);
void play_add_slack(struct play *play, const char *id);

/* outbox_send() and its answer; then time passes, a little. */
int play_tell(struct play *play, const char *destination, const char *incident, const char *event);

/* The answer to a call. */
void play_answer(unsigned at, unsigned status, const char *body, const char *retry_after);
void play_cut(unsigned at, int code);

/* "EVENT/PART STATE TRIES " of all deliveries, in their order. */
const char *play_states(struct play *play);
/* Time passes, and the outbox notices. */
void play_pass(struct play *play, uint64_t ns);
