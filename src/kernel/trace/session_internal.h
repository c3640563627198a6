/* A session: the maps, programs and links of one running trace. */
#pragma once

#include "kernel/trace/program_internal.h"

struct hook {
	enum trace_type ran; /* the way that worked */
	int program_fd;
	int event_fd; /* of a function, in the kernel or not: slow to close */
	int link_fd;
};

struct trace_owner;

struct session {
	const struct trace_request *request;
	const struct trace_owner *owner;
	struct program_maps maps;
	struct hook hooks[TRACE_MAX_PROBES];
	unsigned n_hooks;
	uint64_t begin_ns, end_ns; /* of the boot clock: what the programs obey */
};

/*
 * Loads and attaches everything, each probe by the first way that this kernel accepts. 0, or a
 * negative errno with a sentence that names the probe and why no way worked; then nothing is left.
 */
int session_open(struct session *session, const struct trace_request *request,
		 const struct trace_owner *owner, uint64_t begin_ns, uint64_t end_ns,
		 struct error *err) MUST_CHECK;

/* Nothing is counted any more, and the kernel lets go by itself (background_internal.h); the maps
 * stay. */
void session_detach(struct session *session);

void session_cleanup(struct session *session);
