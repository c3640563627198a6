/* Reading fields into registers and onto the stack, and judging them; R6 is the context, R7 the
 * value, R1 to R5 and R0 are lost, R8 and R9 stay. */
#pragma once

#include "kernel/trace/program_internal.h"

/* Offsets on the stack. */
enum program_stack {
	STACK_SCRATCH = -8,
	STACK_NOW = -16,
	STACK_BEGINNING = STACK_NOW - (int)sizeof(struct beginning),
	STACK_JOIN = STACK_BEGINNING - 8,
	STACK_KEY = STACK_JOIN - PROGRAM_KEY_BYTES,
	STACK_HEAD = STACK_KEY - (int)sizeof(struct event_head),
};

/* tally->MEMBER += 1; R0 and R1 are lost. */
#define TALLY(code, maps, member) program_tally(code, maps, offsetof(struct tally, member))

void program_tally(struct code *code, const struct program_maps *maps, size_t offset);

/* Of what begins: the stacks that the request's keys want. */
void program_note_stacks(const struct program *program, struct code *code);

/* R7 becomes the field's value. */
int program_read(const struct program *program, struct code *code, const struct trace_field *field,
		 struct error *err) MUST_CHECK;

/* The bytes at 'offset' of the stack, which are zero so far, become the field's. */
int program_read_to(const struct program *program, struct code *code,
		    const struct trace_field *field, int offset, struct error *err) MUST_CHECK;

/* Those about the start can be judged only once it is known. */
enum program_filters {
	FILTERS_OF_EVENT,
	FILTERS_OF_START,
};

/* Goes to 'out' with what the probe's filters do not want. */
int program_filter(const struct program *program, struct code *code, enum program_filters which,
		   unsigned out, struct error *err) MUST_CHECK;
