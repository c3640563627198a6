/* An object of libbpf, held to a manifest and a host's limits. */
#pragma once

#include <bpf/libbpf.h>

#include "kernel/program/tarball.h"
#include "kernel/program/limits.h"
#include "kernel/program/load/load.h"

struct object {
	struct tarball_files files;
	struct manifest manifest;
	struct limits limits;
	struct bpf_object *bpf;
	struct bpf_program *programs[MANIFEST_MAX_PROGRAMS];
	uint64_t map_memory_bytes;
	char *log; /* the verifier's, LOAD_LOG_BYTES */
};

void object_close(struct object *object);

/* 'object' has its manifest, with targets, and its limits. Opens the ELF and checks everything
 * that can be checked before the kernel sees it. */
int object_open(struct object *object, const json_t *params, struct error *err) MUST_CHECK;

/* Loads it, which is the verifier's run: nothing is attached. */
int object_judge(struct object *object, struct error *err) MUST_CHECK;

/* Sets the parameters of a manifest in the object's variables, by its BTF; those that 'params'
 * does not name have their default. -EINVAL, -ERANGE, -ENOENT. */
int object_set_params(struct object *object, const json_t *params, struct error *err) MUST_CHECK;

/* Puts what 'lists' ({MAP: [TEXT]}) has into the maps of an object that is loaded: see
 * lists_internal.h. -EINVAL, -E2BIG. */
int object_fill_lists(const struct object *object, const json_t *lists,
		      struct error *err) MUST_CHECK;

/* Sizes of the maps, and what they take together. */
int object_check_maps(struct object *object, struct error *err) MUST_CHECK;

/* Attaches one program of the manifest, the old link in hand or -1; appends its links. */
int object_attach(struct object *object, size_t number, const struct load_old *old, size_t n_old,
		  struct load_result *result, struct error *err) MUST_CHECK;
