/*
 * What an investigation is doing, on a terminal: how much evidence is read, a
 * line for each tool that runs and for how long, the last thought. The block is
 * redrawn in place and gone at the end; one line of summary stays. On a dumb
 * terminal only that line.
 */
#pragma once

#include "cli/ask/investigator.h"
#include "cli/terminal/page.h"

#define PROGRESS_MAX_CALLS 64
#define PROGRESS_TOOL_BYTES 40

struct progress {
	struct watcher watcher;
	struct page page;

	/* private */
	struct running {
		json_int_t id;
		uint64_t started_ns;
		char tool[PROGRESS_TOOL_BYTES];
		char args[64];
	} running[PROGRESS_MAX_CALLS];
	size_t n_running;
	unsigned n_done, n_failed, n_ticks;
	uint64_t started_ns, drawn_ns;
	double slowest_ms;
	char slowest[PROGRESS_TOOL_BYTES];
	char thought[160];
	bool is_drawable;
	unsigned n_lines; /* drawn below the cursor's home */
};

/* NULL-safe to leave unused; 'page' is of standard error. */
void progress_init(struct progress *progress, const struct page *page);

/* Takes the block away. */
void progress_clear(struct progress *progress);

/* And says how it went. */
void progress_end(struct progress *progress);
