/*
 * A point: one place of the kernel that a program is to hang on, by one way of hanging it there,
 * and where a field is found from it.
 */
#pragma once

#include "kernel/trace/request.h"
#include "kernel/trace/types_internal.h"

#define POINT_MAX_STEPS 8

struct point {
	enum trace_type type; /* the way that is tried: never TRACE_TRACEPOINT */
	char name[TRACE_TARGET_BYTES];
	enum {
		POINT_PLAIN,
		POINT_SYSCALL_ENTER,
		POINT_SYSCALL_EXIT
	} kind;
	int syscall; /* the only one that is meant, or -1 */
	const json_t
		*record; /* of TRACE_PERF: {id, fields: [{name, offset, size, signed, text}]} */
};

/* Sets 'point_out' to 'probe' by the way 'type'; what its record has is the caller's to add. 0, or
 * -ENOENT with a sentence. */
int point_init(const struct trace_probe *probe, enum trace_type type, struct point *point_out,
	       struct error *err) MUST_CHECK;

/* The ways to try for what was asked, best first; the number of them. */
unsigned point_ways(enum trace_type asked, const enum trace_type **ways_out);

/* What a value is taken from. */
enum place_base {
	PLACE_PID,
	PLACE_TID,
	PLACE_COMM,
	PLACE_UID,
	PLACE_CPU,
	PLACE_CGROUP,
	PLACE_PROBE,
	PLACE_START_PID,
	PLACE_START_COMM,
	PLACE_START_KEPT,
	PLACE_KERNEL_STACK,
	PLACE_USER_STACK,
	PLACE_RECORD,  /* of a tracepoint: at the first offset from the context */
	PLACE_CONTEXT, /* what the program is called with */
};

struct place {
	enum place_base base;
	/* For the context: eight bytes at the first offset, then from there at the next ... */
	unsigned n_steps;
	unsigned offsets[POINT_MAX_STEPS];
	struct types_shape shape; /* of the last */
	bool is_located;          /* a number that says where in the record the text is */
};

/* 0, or -ENOENT with a sentence that names the field. */
int place_find(struct types *types, const struct point *point, const struct trace_field *field,
	       struct place *place_out, struct error *err) MUST_CHECK;
