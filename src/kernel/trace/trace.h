/*
 * A trace: a time-limited, read-only look into the kernel.
 *
 * A request (request.h) becomes eBPF instructions that can only look, without compiler; they are
 * loaded, run for the request's time and are gone. The kernel itself ends a trace: a timer kills
 * the process that holds it a second after its time, also one that is stopped, and the programs
 * do nothing after a time that is part of their instructions. Everything is bounded: probes,
 * keys, events, events a second, memory and time; what was lost is counted.
 */
#pragma once

#include "kernel/trace/request.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define TRACE_SPREAD "[{below: number, count: integer}]"
#define TRACE_RESULT                                                                  \
	"duration_ms: number, began_ms: number, attach_ms: number, "                  \
	"probes: [{target: string, asked: string, ran: string}], columns: [string], " \
	"aggregate: string, n_events: integer, lost_keys?: integer, "                 \
	"lost_starts?: integer, lost_stacks?: integer, n_keys?: integer, "            \
	"rows?: [{key: {*: string|integer|[string]|null}, count: integer, "           \
	"sum?: number, mean?: number, spread?: " TRACE_SPREAD "}], "                  \
	"histogram?: " TRACE_SPREAD ", events?: [{at_ms: number, "                    \
	"key: {*: string|integer|[string]|null}, value?: string|integer}]"

/* What attaching may take on a host in trouble, and how much later than asked a trace may end: its
 * process is killed after twice that. */
#define TRACE_ATTACH_NS (5 * NS_PER_SEC)
#define TRACE_GRACE_NS (500 * NS_PER_MS)

#define TRACE_SHOWN_ROWS 100 /* in a result, those with the greatest counts (or sums) */
#define TRACE_GLANCE_ROWS 20
#define TRACE_GLANCE_NS NS_PER_SEC

/* Who has a trace run, and what he can tell it; each member may be NULL. */
struct trace_owner {
	/* Names of the kernel's addresses: {"0xffff...": "vfs_read+0x1f"} for those of 'addresses'
	 * that are known. A new reference, or NULL. */
	json_t *(*name_kernel)(const struct trace_owner *owner, const json_t *addresses);

	/* What a process maps to run: [{start, end, offset, path, inode}]. A new reference, or
	 * NULL. */
	json_t *(*read_maps)(const struct trace_owner *owner, int64_t pid);

	/* What a tracepoint ("CATEGORY:NAME") records: {id, fields: [{name, offset, size, signed,
	 * array, located}]}, see host/tracepoint.h. A new reference, or NULL. */
	json_t *(*read_record)(const struct trace_owner *owner, const char *target);

	/* The result so far, every TRACE_GLANCE_NS: of rows and events a few, stacks without names.
	 */
	void (*show)(const struct trace_owner *owner, const json_t *so_far);

	void *data;
};

/*
 * Fills 'result':
 *	probes[]      {target, asked, ran}: which way worked
 *	aggregate, columns[] (names of the key's fields)
 *	rows[]        {key, count, sum?, mean?, spread?}, greatest first
 *	histogram[]   over all keys, [{below, count}] as a row's spread
 *	events[]      {at_ms, key, value?} in the order of coming
 *	n_events, n_keys, lost (events), lost_keys, lost_starts, lost_stacks, truncated
 *	began_ms      when, on the boot clock; at_ms counts from there
 *	attach_ms, duration_ms
 * Latencies are in microseconds.
 *
 * Ends by 'deadline_ns' (monotonic) at the latest. 0, or a negative errno with a sentence.
 */
int trace_run(const struct trace_request *request, const struct trace_owner *owner,
	      uint64_t deadline_ns, json_t *result, struct error *err) MUST_CHECK;
