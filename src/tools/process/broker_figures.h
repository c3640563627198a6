/*
 * Figures of processes that only the broker sees: open descriptors and bytes of
 * I/O. Where it cannot be asked, they stay unknown and the result says so.
 */
#pragma once

#include "call/tool.h"

struct broker_figures {
	const struct host *host; /* where the kernel tells everybody how many files are open */
	json_t *files;           /* else the answer of BROKER_OPEN_FILES, or NULL */
	json_t *before, *after;  /* answers of BROKER_PROCESS_IO, or NULL */
	uint64_t elapsed_ns;
};

void broker_figures_read_fds(struct task *task, struct broker_figures *figures, json_t *result);
void broker_figures_start_io(struct task *task, struct broker_figures *figures, json_t *result);
void broker_figures_end_io(struct task *task, struct broker_figures *figures, uint64_t elapsed_ns);
void broker_figures_cleanup(struct broker_figures *figures);

/* UINT64_MAX where it is unknown. */
uint64_t broker_figures_fds(const struct broker_figures *figures, uint32_t pid);

/* False, and both untouched, where it is unknown. */
bool broker_figures_io(const struct broker_figures *figures, uint32_t pid, double *read_per_s_out,
		       double *write_per_s_out);
