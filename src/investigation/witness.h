/*
 * The witness: who answers the calls of an investigation.
 *
 * A live one is the process that started us, over a descriptor (channel.h); a
 * recorded one is a case (recorded.h). All calls of a round are sent at once,
 * then collected, so that work can be done while they run.
 */
#pragma once

#include "investigation/ledger.h"

struct witness {
	/* Sends the calls of the items from 'first' to the end of the ledger. */
	int (*send)(struct witness *witness, struct ledger *ledger, size_t first,
		    struct error *err);

	/* Waits until each of them is answered or failed. An error ends the investigation. */
	int (*collect)(struct witness *witness, struct ledger *ledger, size_t first,
		       struct error *err);

	/* Tells whoever watches; type is one of thought, tool_start, tool_end. Takes 'data'. */
	void (*tell)(struct witness *witness, const char *type, json_t *data);

	bool is_over; /* no time is left: nothing more is asked, and what is open has failed */
};
