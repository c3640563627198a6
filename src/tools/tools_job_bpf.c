/* The tools of constable-job-bpf: those that load programs into the kernel. */
#include "tools/catalogue.h"

extern const struct tool tool_trace_kernel;

const struct tool *const tools_of_this_job[] = {
	&tool_trace_kernel,
	NULL,
};
