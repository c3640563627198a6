/*
 * A trace while it runs: its table so far, drawn anew in place with each line of JSON that comes as
 * progress. Cut to the terminal, without colours, and taken away at the end.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "cli/terminal/page.h"

struct trace_live {
	/* private */
	const struct page *page;
	struct buf line;  /* of JSON, not whole yet */
	unsigned n_lines; /* drawn */
};

/* False, with nothing to show, where the page's stream is no terminal that can be redrawn. */
bool trace_live_init(struct trace_live *live, const struct page *page);
void trace_live_cleanup(struct trace_live *live);

/* A frame of progress (cli/call.h); 'live' is a struct trace_live. */
void trace_live_handle(void *live, const json_t *progress);
