/* What the two sides of the channel, witness and line, share. */
#pragma once

#include "call/frame.h"
#include "investigation/channel.h"

int channel_send_call(const struct channel *channel, const struct ledger *ledger, size_t item,
		      struct error *err);

/* Fills the item that a frame answers; false if it is not open, or none. */
bool channel_take_answer(struct ledger *ledger, const struct frame *frame);
/* Whether it says that the time is over; then the witness knows. */
bool channel_take_conclude(struct channel *channel, const struct frame *frame);

void channel_line_init(struct channel *channel);
