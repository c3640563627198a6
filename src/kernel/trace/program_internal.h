/*
 * A request's probe becomes instructions.
 *
 * Every program first looks at the clock: after its time it does nothing, whoever may still
 * hold it (a stopped process, say). The time is part of the instructions, so nobody can move it.
 */
#pragma once

#include "kernel/trace/code_internal.h"
#include "kernel/trace/point_internal.h"

#define PROGRAM_STRING_BYTES TRACE_STRING_BYTES
#define PROGRAM_SOCKET_BYTES 24 /* family, port (both u16), 4 unused, 16 of address */
#define PROGRAM_SLOTS 64
#define PROGRAM_STACK_BYTES 16 /* pid and id; of a kernel's the pid is 0 */
#define PROGRAM_STACK_DEPTH 48
#define PROGRAM_KEY_BYTES \
	(TRACE_MAX_KEYS * PROGRAM_STRING_BYTES + TRACE_MAX_STACKS * PROGRAM_STACK_BYTES)

/* What a key is worth: the value of the map of cells. */
struct cell {
	uint64_t count;
	uint64_t sum;
	uint64_t slots[PROGRAM_SLOTS]; /* of hist, latency, depth: 0, then [2^(n-1), 2^n) */
	uint64_t under_way;            /* of depth */
};

/* What a start probe notes. */
struct beginning {
	uint64_t ns;
	uint64_t kept;
	uint64_t pid_tid;
	int32_t kernel_stack, user_stack; /* numbers, or why there is none */
	char comm[TRACE_TEXT_BYTES];
};

/* The one value of the map of counters; each is only added to. */
struct tally {
	uint64_t n_events;    /* that the ends counted */
	uint64_t lost_events; /* the ring was full, or too many came in a second */
	uint64_t lost_keys;   /* more keys than the limit */
	uint64_t lost_starts; /* more begun at once than the map of starts holds */
	uint64_t lost_stacks; /* two that the map of stacks has one place for */
	uint64_t seconds[TRACE_MAX_DURATION_NS / NS_PER_SEC + 8]; /* events in each */
	struct cell zero;                                         /* what a new key begins with */
};

/* Before the key in the ring. */
struct event_head {
	uint64_t ns; /* of the boot clock */
	int64_t value;
};

struct program_maps {
	int cells, starts, ring, tally, stacks, stop; /* -1 where the request needs none */
};

#define PROGRAM_NO_MAPS                \
	{                              \
		-1, -1, -1, -1, -1, -1 \
	}

struct program {
	const struct trace_request *request;
	const struct point *point;
	unsigned probe; /* of the request */
	struct program_maps maps;
	struct types *types;
	uint64_t begin_ns, end_ns; /* of the boot clock */
};

/* Bytes that a key's field takes; a key is its fields one after the other. */
unsigned program_field_bytes(const struct trace_field *field);
unsigned program_key_bytes(const struct trace_request *request);

/* The bytes of a cell that this request uses. */
unsigned program_cell_bytes(const struct trace_request *request);

/* Its cells have a histogram. */
bool program_has_slots(const struct trace_request *request);

/* 0, or a negative errno with a sentence. */
int program_write(const struct program *program, struct code *code_out,
		  struct error *err) MUST_CHECK;
