/*
 * Loading: what becomes of an artifact whose signature was verified, in constable-loader, a
 * process that lives for it and has nothing but the powers to load.
 *
 * It unpacks the archive, holds manifest and object to the host's limits, loads everything
 * without attaching it (that is the verifier's run), says so, and attaches when it is told to; the
 * descriptors go over the socket to who asked. If that one dies meanwhile, so does what was
 * attached. Conversation, in frames (call/frame.h):
 *
 *	-> {"name", "version", "limits", "targets", "params", "lists"}, body: the archive
 *	<- {"code", "error"?}, body: {"manifest", "programs":[{"name", "type", "target"}],
 *	   "maps":[NAME], "map_memory_bytes", "log"?}
 *	-> {"old":[{"type", "target"}]}, and of each old one its link and its program
 *	<- {"code", "error"?, "links":[{"program", "old"}]}, then the links, the programs, the maps
 *
 * An old link of the same type and target is updated to the new program, where the kernel can:
 * no packet and no call passes between. 'old' says which it was, -1 for a new link. Whatever fails
 * is undone.
 */
#pragma once

#include "base/json.h"
#include "kernel/program/manifest.h"

#define LOAD_MAX_LINKS 128 /* a perf event has one a processor */
#define LOAD_MAX_MAPS 32
#define LOAD_LOG_BYTES (256 * KIB)

/* The loader's end: serves one artifact on 'fd'. */
int load_serve(int fd, struct error *err) MUST_CHECK;

struct load_old {
	const char *type, *target;
	int link, program;
};

/* What was attached: descriptors that the caller closes. */
struct load_result {
	struct load_link {
		int fd;
		int program; /* index */
		int old;     /* index, or -1 */
	} links[LOAD_MAX_LINKS];
	size_t n_links;
	int programs[MANIFEST_MAX_PROGRAMS];
	size_t n_programs;
	int maps[LOAD_MAX_MAPS];
	size_t n_maps;
};

void load_result_close(struct load_result *result);
void load_result_cleanup(struct load_result *result);

struct load_request {
	const char *name, *version; /* as the release has them: the manifest must say the same */
	const json_t *limits;       /* limits.h: its document */
	const json_t *targets, *params, *lists; /* of the call, or NULL */
	const void *artifact;
	size_t n_artifact;
};

/* The other end. The answer to the first step is a new reference; NULL with 'err' (-E2BIG: of what
 * goes along with the archive a frame's header has no room), and the verifier's log in 'log_out' if
 * there is one (heap text). */
json_t *load_ask(int fd, const struct load_request *request, char **log_out, struct error *err);

/* And the second; the old descriptors stay the caller's. */
int load_attach(int fd, const struct load_old *old, size_t n_old, struct load_result *result_out,
		struct error *err) MUST_CHECK;
