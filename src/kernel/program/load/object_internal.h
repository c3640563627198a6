/* An object of libbpf, held to a manifest and a host's limits. */
#pragma once

#include <bpf/libbpf.h>

#include "kernel/program/limits.h"
#include "kernel/program/names.h"
#include "kernel/program/tarball.h"
#include "kernel/program/load/load.h"

/* A variable of the object: where its bytes are, until it is loaded and in the kernel. */
struct variable {
	unsigned char *at;
	int map; /* number, in the object's order */
	uint64_t offset;
	uint32_t size;
	bool is_signed;
	uint64_t stride; /* of a block's member: where it is once more; else 0 */
};

/* A list that changes at once: its map is an array of one map, which is one of two. */
struct object_list {
	const char *name; /* the manifest's */
	const struct bpf_map *map;
	int copies[2]; /* the first is what it begins with */
};

struct object {
	struct tarball_files files;
	struct manifest manifest;
	struct limits limits;
	struct bpf_object *bpf;
	struct bpf_program *programs[MANIFEST_MAX_PROGRAMS];
	struct object_list lists[MANIFEST_MAX_LISTS];
	size_t n_lists;
	uint64_t map_memory_bytes;
	char *log;    /* the verifier's, LOAD_LOG_BYTES */
	json_t *live; /* see load.h */
	int types_fd; /* of min.btf, or 0 */
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

/* By BTF: a whole number of 1, 2, 4 or 8 bytes in .rodata, or where it is mutable in .data or
 * .bss; false for none. */
bool variable_find(const struct object *object, const char *name, bool is_mutable,
		   struct variable *variable_out);

/* The same as member of a block, BLOCK[2], and its u32 BLOCK_slot: see load.h. */
bool variable_find_member(const struct object *object, const char *block, const char *name,
			  struct variable *variable_out);
bool variable_find_slot(const struct object *object, const char *block,
			struct variable *variable_out);

/* The range of the manifest's 'param', within what the variable can hold. */
void variable_range(const json_t *param, const struct variable *variable, int64_t *min_out,
		    int64_t *max_out);

/* The variable of one of the manifest's params; -ENOENT. */
int object_find_param(const struct object *object, const json_t *param,
		      struct variable *variable_out, struct error *err) MUST_CHECK;

/* What can be changed of it when it is attached, as load.h has it: a new reference, or NULL with
 * 'err'. */
json_t *object_find_live(const struct object *object, struct error *err);

/* Sets the lease of an object that is loaded; nothing where it has none. */
int object_set_lease(const struct object *object, uint64_t until_ns, struct error *err) MUST_CHECK;

/* What the map of a list that changes at once has in it, and how many items that may have; NULL for
 * every other map, and for all once the object has its copies. */
const struct bpf_map *object_list_form(const struct object *object, const struct bpf_map *map);
uint32_t object_list_entries(const struct object *object, const struct bpf_map *map);

/* Makes the copies of such lists, before the object is loaded. -EINVAL. */
int object_make_lists(struct object *object, struct error *err) MUST_CHECK;
void object_close_lists(struct object *object);
/* One that has copies, or NULL. */
const struct object_list *object_find_list(const struct object *object, const char *name);

/* Puts what 'lists' ({MAP: [TEXT]}) has into the maps of an object that is loaded: see
 * list_key.h. -EINVAL, -E2BIG. */
int object_fill_lists(const struct object *object, const json_t *lists,
		      struct error *err) MUST_CHECK;

/* Sizes of the maps, and what they take together. */
int object_check_maps(struct object *object, struct error *err) MUST_CHECK;

/* Maps whose contents go on from the version before; before it is loaded. -EINVAL. */
int object_keep_maps(const struct object *object, const struct load_map *old, size_t n_old,
		     bool returns, struct error *err) MUST_CHECK;

/* Whether the kernel describes its types (BTF), or the artifact does: "min.btf", as 'bpftool gen
 * min_core_btf' makes it, which counts where the kernel does not. */
bool object_has_types(const struct object *object);

/* The path of the latter for libbpf, while the object is open; empty where it is not needed. */
#define TYPES_PATH_BYTES 32
int object_open_types(struct object *object, char path[TYPES_PATH_BYTES],
		      struct error *err) MUST_CHECK;

/* Attaches one program of the manifest, the old link in hand or -1; appends its links. */
int object_attach(struct object *object, size_t number, const struct load_old *old, size_t n_old,
		  struct load_result *result, struct error *err) MUST_CHECK;
