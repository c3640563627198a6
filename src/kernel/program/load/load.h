/*
 * Loading: what becomes of an artifact whose signature was verified, in constable-loader, a
 * process that lives for it and has nothing but the powers to load.
 *
 * It unpacks the archive, holds manifest and object to the host's limits, loads everything
 * without attaching it (that is the verifier's run), says so, and attaches when it is told to; the
 * descriptors go over the socket to who asked. If that one dies meanwhile, so does what was
 * attached. Conversation, in frames (call/frame.h):
 *
 *	-> {"name", "version", "limits", "targets", "params", "lists", "returns",
 *"old_maps":[NAME]}, body: the archive; then those maps, which the version before has
 *	<- {"code", "error"?}, body: {"manifest", "programs":[{"name", "type", "target"}],
 *	   "maps":[NAME], "map_memory_bytes", "live", "log"?}
 *	-> {"old":[{"type", "target"}], "lease_ns"}, and of each old one its link and its program
 *	<- {"code", "error"?, "links":[{"program", "old"}]}, then the links, the programs, the maps
 *
 * An old link of the same type and target is updated to the new program, where the kernel can:
 * no packet and no call passes between. 'old' says which it was, -1 for a new link. Whatever fails
 * is undone.
 *
 * 'live' is what can be changed of it while it is attached:
 *
 *	{"params":[{"name", "map"?, "offset", "size", "min", "max", "stride"?}],
 *	 "slot"?:{"map", "offset"}, "lease"?:{"map", "offset"},
 *	 "lists":[{"name", "of", "map", "copies"?:[N, N]}]}
 *
 * 'map' is a number among the maps that are handed over, 'offset' one of bytes in its only value;
 * of a constant parameter there is only the name. A number lies at its own alignment, so it is
 * written in one piece. A block is an array of two structures, BLOCK[2], and a u32 BLOCK_slot whose
 * lowest bit says which of them the program reads; it reads that once in a run. Whoever changes
 * parameters writes those of the other one and then turns the bit: a run has all of the old or all
 * of the new. 'stride' is the size of one structure. Where a list's map is an array of one map
 * (BPF_MAP_TYPE_ARRAY_OF_MAPS), that is one of two 'copies', which are handed over after the maps
 * of the object: whoever changes the list fills the other one and then puts that in its place. It
 * has to be there whenever a run looks, so an empty list is an empty map. The lease is set to
 * 'lease_ns' before anything is attached.
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

struct load_map {
	const char *name;
	int fd;
};

struct load_request {
	const char *name, *version; /* as the release has them: the manifest must say the same */
	const json_t *limits;       /* limits.h: its document */
	const json_t *targets, *params, *lists; /* of the call, or NULL */
	const struct load_map *old_maps;        /* of the version before, LOAD_MAX_MAPS at most */
	size_t n_old_maps;
	bool returns; /* after a rollback: a map that has to be kept may begin anew */
	const void *artifact;
	size_t n_artifact;
};

/* The other end. The answer to the first step is a new reference; NULL with 'err' (-E2BIG: of what
 * goes along with the archive a frame's header has no room), and the verifier's log in 'log_out' if
 * there is one (heap text). */
json_t *load_ask(int fd, const struct load_request *request, char **log_out, struct error *err);

/* Whether all that goes along fits, with room for what a return needs besides: -E2BIG. */
int load_fits(const struct load_request *request, struct error *err) MUST_CHECK;

/* And the second; the old descriptors stay the caller's. */
int load_attach(int fd, const struct load_old *old, size_t n_old, uint64_t lease_ns,
		struct load_result *result_out, struct error *err) MUST_CHECK;
