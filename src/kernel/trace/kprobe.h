/* Probes of functions, by a perf event that a program hangs on. */
#pragma once

#include "kernel/trace/request.h"

struct kprobe {
	const char *source;   /* of perf events: "kprobe" or "uprobe" */
	const char *name;     /* of the kernel's function, or the file's */
	uint64_t offset;      /* in the file, or from the function's begin */
	enum trace_type type; /* of those that return: at the return */
};

/* Where most can do so with CAP_PERFMON, Debian's and Ubuntu's kernels want CAP_SYS_ADMIN of who
 * opens a perf event, unless kernel.perf_event_paranoid is 2 or less: errno as 'what' and a
 * sentence that says so. */
int perf_event_refused(const char *what, struct error *err) MUST_CHECK;

/* 0 and the event whose closing takes the probe off, or a negative errno with a sentence. */
int kprobe_open(const struct kprobe *probe, int program_fd, int *event_fd_out,
		struct error *err) MUST_CHECK;

/* The same of a tracepoint, by the number that its record has. */
int kprobe_open_tracepoint(uint64_t id, int program_fd, int *event_fd_out,
			   struct error *err) MUST_CHECK;
