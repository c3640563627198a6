/*
 * A trace request: what to watch in the kernel, for how long, and what to make of it.
 *
 * It is data, never a program: the instructions are made from it (trace.h), so that whatever a
 * caller writes can only look. JSON of it, as the tool trace_kernel takes it and as every preset is
 * written:
 *
 *	type        tracepoint raw btf perf kprobe kretprobe fentry fexit uprobe uretprobe
 *	target      "sched:sched_switch", "sched_switch", "vfs_read", "syscalls:sys_enter_openat";
 *	            of a program or library "/PATH:SYMBOL", or "/PATH:0x1234" where one begins
 *	filters     [{field, op, value}], all of which must hold; or {FIELD: VALUE}
 *	key         fields to count by, at most TRACE_MAX_KEYS
 *	value       the field that hist and sum are about
 *	aggregate   count hist sum events latency depth
 *	start       probes that begin what 'latency' measures, or of which 'depth' counts how many
 *	            have not ended; 'join' tells which begin belongs to which end. With 'first' what
 *	            begins again before it ended is the same still
 *	probes      in place of type and target: several ends
 *	subject     the field that says of which process an event is; "pid" if not given
 *
 * A field is [NAME=]PATH[|PATH...][:FORMAT]: the first path that this kernel has. A path is
 * pid, tid, comm, uid, cpu, cgroup, probe (which of several); start.pid, start.comm or
 * start.kept (noted by the start probe, whose 'keep' says what kept is); argN, ret, or an
 * argument's name followed by members: "rq.q.disk.major". kernel_stack and user_stack are where
 * it happened, who called whom; of a latency where it began.
 */
#pragma once

#include "base/json.h"
#include "kernel/trace/format.h"

#define TRACE_MAX_PROBES 8
#define TRACE_MAX_KEYS 3
#define TRACE_MAX_STACKS 2 /* beside them */
#define TRACE_MAX_FILTERS 6
#define TRACE_MAX_VALUES 16
#define TRACE_PATH_BYTES 128
#define TRACE_TARGET_BYTES 256
#define TRACE_NAME_BYTES 64
#define TRACE_TEXT_BYTES 16    /* of a process name, as the kernel keeps it */
#define TRACE_STRING_BYTES 128 /* of any other text, its end included */

#define TRACE_MAX_DURATION_NS (300 * NS_PER_SEC)
#define TRACE_DURATION_NS (10 * NS_PER_SEC)
#define TRACE_MAX_ROWS 8192   /* keys */
#define TRACE_MAX_EVENTS 5000 /* kept for the result */
#define TRACE_MAX_EVENTS_PER_S 1000000

enum trace_type {
	TRACE_TRACEPOINT, /* by "category:name" */
	TRACE_RAW,
	TRACE_BTF,
	TRACE_PERF, /* a tracepoint by its record: slower to take off, but texts are whole */
	TRACE_KPROBE,
	TRACE_KRETPROBE,
	TRACE_FENTRY,
	TRACE_FEXIT,
	TRACE_UPROBE, /* of user space: a program or library */
	TRACE_URETPROBE,
	TRACE_TYPE_N,
};

enum trace_aggregate {
	TRACE_COUNT,
	TRACE_HIST,
	TRACE_SUM,
	TRACE_EVENTS,
	TRACE_LATENCY,
	TRACE_DEPTH, /* how many are under way when one more begins */
	TRACE_AGGREGATE_N,
};

enum trace_op {
	TRACE_EQ,
	TRACE_NE,
	TRACE_LT,
	TRACE_LE,
	TRACE_GT,
	TRACE_GE,
	TRACE_IN,
	TRACE_OP_N,
};

struct trace_field {
	char name[TRACE_NAME_BYTES];
	char path[TRACE_PATH_BYTES]; /* "" where there is none */
	enum trace_format format;
};

struct trace_filter {
	struct trace_field field;
	enum trace_op op;
	int64_t values[TRACE_MAX_VALUES];
	unsigned n_values;
	char text[TRACE_STRING_BYTES]; /* for a comm or string, eq and ne only */
	struct trace_field other;      /* compared with this one instead, if it has a path */
};

struct trace_probe {
	enum trace_type type;
	char target[TRACE_TARGET_BYTES];
	struct trace_filter filters[TRACE_MAX_FILTERS];
	unsigned n_filters;
	struct trace_field join, keep;
	bool keeps_first; /* of what begins twice before it ends */
};

struct trace_request {
	char name[TRACE_NAME_BYTES];
	struct trace_probe
		probes[TRACE_MAX_PROBES]; /* 'n_starts' that begin, then those that count */
	unsigned n_starts, n_probes;
	enum trace_aggregate aggregate;
	struct trace_field keys[TRACE_MAX_KEYS + TRACE_MAX_STACKS];
	unsigned n_keys;
	struct trace_field value;
	struct trace_field subject; /* no path: of no process */
	uint64_t duration_ns;
	unsigned max_rows, max_events, max_events_per_s;
};

/*
 * 'args' is an object of that form, which may also carry duration_ms (or duration, in seconds),
 * limits {keys, events, events_per_second}, and pid, comm or cgroup to watch one process, the
 * processes of a name, or a control group (by its number) alone; and stacks (kernel, user, both) to
 * count by them too. 0, or -EINVAL with a sentence.
 */
int trace_request_parse(const json_t *args, struct trace_request *request_out,
			struct error *err) MUST_CHECK;

/* Puts duration, limits and the choice of processes from 'args' over what the request has. */
int trace_request_narrow(struct trace_request *request, const json_t *args,
			 struct error *err) MUST_CHECK;

/* Of a request's words. */
const char *trace_type_name(enum trace_type type);
const char *trace_aggregate_name(enum trace_aggregate aggregate);

/* It is of what begins and ends. */
bool trace_has_starts(enum trace_aggregate aggregate);
