/* Probes of programs and libraries. */
#pragma once

#include "kernel/trace/request.h"

#define UPROBE_ATTACH_TYPE 48 /* BPF_TRACE_UPROBE_MULTI, for which its program is loaded */

/*
 * 'target' is "/PATH:SYMBOL", or "/PATH:OFFSET" (in the file) where a function begins. Every
 * process that maps the file is probed, also one that starts later. By a link of Linux 6.6; before
 * that by a perf event, for which Linux 6.16 wants CAP_SYS_ADMIN. Closing either takes long. 0, or
 * a negative errno with a sentence.
 */
int uprobe_open(const char *target, enum trace_type type, int program_fd, int *event_fd_out,
		struct error *err) MUST_CHECK;
