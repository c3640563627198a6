/*
 * The manifest: what a program asks for. It only asks; limits.h decides.
 *
 *	{"schema":1, "name", "version", "summary", "object":"prog.bpf.o",
 *	 "programs":[{"name":FUNCTION, "type", "target"?}],
 *	 "params"?:[{"name":VARIABLE, "min"?, "max"?, "default"?, "mutable"?, "of"?, "summary"?}],
 *	 "maps"?:[{"name", "max_entries"?, "keep"?:"required"|"if_same"}],
 *	 "lists"?:[{"map", "of":"networks"|"paths"|"devices", "summary"?}],
 *	 "requires"?:{"kernel":"5.8", "btf":true},
 *	 "budgets"?:{"map_memory_bytes"},
 *	 "lease"?:VARIABLE, "canary_s"?, "counters"?, "health"?, "probes"?,
 *	 "rollback"?: see health.h,
 *	 "ttl"?:{"default_s", "max_s"}, "on_agent_death":"detach"|"keep"}
 *
 * A 'type' is one of program_types; what its 'target' is stands there. A program without a target
 * gets one when it is applied. What a map keeps, its contents, goes on in a version that takes the
 * place of this one, where the two maps are of one form; else that is refused, or begins anew (as
 *it does in what a rollback brings back). None is kept whose counts are judged (health.h).
 *
 * A parameter is a number in .rodata (before load) or, if mutable, in .data or .bss, where it can
 * be set while the program is attached; its width and sign are the object's own BTF's. Those 'of'
 * a block change together: see load/load.h. A lease is a u64 in .data or .bss, the time
 * (CLOCK_BOOTTIME, in ns; 0: none) after which the program does nothing more; whoever attaches it
 * sets that. A list is a map whose keys come with the call that applies the program, or while it is
 * attached; load/list_key.h has their bytes. Observation detaches with the agent; enforcement keeps
 * until its time is over.
 */
#pragma once

#include "base/json.h"
#include "kernel/program/program.h"

#define MANIFEST_MAX_BYTES (64 * KIB)
#define MANIFEST_MAX_PROGRAMS 16
#define MANIFEST_MAX_LISTS 8
#define MANIFEST_TARGET_BYTES 256
#define MANIFEST_DEFAULT_TTL_S 3600

/* Where a program of some type is attached, and what its target is. */
enum program_attach {
	ATTACH_XDP,        /* interface */
	ATTACH_TC_INGRESS, /* interface; by tcx, so from Linux 6.6 on */
	ATTACH_TC_EGRESS,
	ATTACH_CGROUP,     /* path below the mount of cgroup v2: "/" or "/system.slice" */
	ATTACH_SK_LOOKUP,  /* "self": the network namespace we are in */
	ATTACH_TRACEPOINT, /* "sched/sched_switch" */
	ATTACH_RAW,        /* "sched_switch" */
	ATTACH_KPROBE,     /* "vfs_read" */
	ATTACH_UPROBE,     /* "/usr/lib/libssl.so.3:SSL_read" */
	ATTACH_BTF,        /* the same as RAW, or a function: tp_btf, fentry, fexit, LSM */
	ATTACH_PERF,       /* "cpu-clock:HZ", on every processor */
};

struct program_type {
	const char *name;    /* "cgroup_skb_egress" */
	const char *section; /* as libbpf knows it: "cgroup_skb/egress" */
	enum program_attach attach;
	bool replaces; /* its link can be updated: no gap */
};

extern const struct program_type program_types[]; /* the last one's name is NULL */

const struct program_type *program_type_find(const char *name);

struct manifest_program {
	char name[PROGRAM_NAME_BYTES]; /* of the function in the object */
	char target[MANIFEST_TARGET_BYTES];
	const struct program_type *type;
};

struct manifest {
	char name[PROGRAM_NAME_BYTES];
	char version[PROGRAM_VERSION_BYTES];
	char object[PROGRAM_NAME_BYTES]; /* file */
	struct manifest_program programs[MANIFEST_MAX_PROGRAMS];
	size_t n_programs;
	uint64_t ttl_s, max_ttl_s, canary_s;
	uint64_t map_memory_bytes; /* 0: as much as the host allows */
	bool keeps;                /* enforcement: stays when the agent dies */
	json_t *document;          /* all of it: params, maps, requires */
};

void manifest_finish(struct manifest *manifest);
void manifest_cleanup(struct manifest *manifest);

/* -EBADMSG, or -EINVAL naming the place. */
int manifest_parse(const char *bytes, size_t len, struct manifest *manifest_out,
		   struct error *err) MUST_CHECK;

/* {"PROGRAM": TARGET}: gives a target to those that have none. -EINVAL for one that nobody asked
 * for, one that is missing, one that its type does not know. */
int manifest_set_targets(struct manifest *manifest, const json_t *targets,
			 struct error *err) MUST_CHECK;
