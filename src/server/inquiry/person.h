/* What a person says to a thread while it runs: stop, or the answer to its question. */
#pragma once

#include "server/inquiry/inquiry.h"

/* What it tells from now on comes after 'seq'. */
struct inquiry_place {
	char investigation[INQUIRY_ID_BYTES];
	uint64_t seq;
};

/*
 * Ends what runs or waits in a thread: calls are cancelled, what was told stays. -ENOENT where
 * nothing runs.
 */
int inquiry_interrupt(struct inquiries *inquiries, const char *org, const char *thread,
		      struct inquiry_place *place_out, struct error *err) MUST_CHECK;

/* The answer to the pending question of a thread: -ENOENT nothing runs, -ENODATA no question. */
int inquiry_answer(struct inquiries *inquiries, const char *org, const char *thread,
		   const json_t *answers, struct error *err) MUST_CHECK;
