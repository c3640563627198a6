/* The steps that make a delivery durable, for a batch of whoever asks. */
#pragma once

#include "server/notify/notify.h"

#define SEND_MAX_STEPS 3
#define OUTBOX_ID_BYTES 40

/* Lives until the batch was submitted; what the message points to as well. CLEANUP(send). */
struct send {
	struct store_step steps[SEND_MAX_STEPS];
	unsigned n;
	char id[OUTBOX_ID_BYTES];

	/* private */
	char follow_up_id[OUTBOX_ID_BYTES];
	char *document;
	struct store_value room[2], params[2][8];
};

/* -E2BIG, -EINVAL. */
int send_init(struct send *send, struct outbox *outbox, const struct outbox_message *message,
	      struct error *err) MUST_CHECK;
void send_finish(struct send *send);
void send_cleanup(struct send *send);

/* What the store's error means for such a batch. */
void send_explain(const struct error *err, struct error *why);
