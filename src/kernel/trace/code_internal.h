/*
 * eBPF instructions, written one after the other with labels for jumps.
 *
 * What comes out can only look: no call but those of a short list of helpers that read, no store
 * but to the program's own stack, no addition but to a map's value in R0, no exit value but 0.
 * Whoever asks for more makes code_finish() fail; nothing is written past CODE_MAX.
 */
#pragma once

#include <linux/bpf.h>

#include "base/error.h"

#define CODE_MAX 1024
#define CODE_MAX_LABELS 64
#define CODE_MAX_JUMPS 128

struct code {
	struct bpf_insn insns[CODE_MAX];
	unsigned n;

	/* private */
	unsigned labels[CODE_MAX_LABELS]; /* the instruction, or CODE_MAX while unknown */
	unsigned n_labels;
	struct {
		unsigned at, label;
	} jumps[CODE_MAX_JUMPS];
	unsigned n_jumps;
	const char *failure; /* the first */
};

enum code_register {
	R0 = BPF_REG_0,
	R1,
	R2,
	R3,
	R4,
	R5,
	R6,
	R7,
	R8,
	R9,
	FP,
};

void code_init(struct code *code);

unsigned code_label(struct code *code);
void code_mark(struct code *code, unsigned label);

void code_move(struct code *code, enum code_register to, enum code_register from);
void code_set(struct code *code, enum code_register to, int64_t value);

/* 'op' is BPF_ADD, BPF_LSH ... in 64 bits. */
void code_compute(struct code *code, int op, enum code_register to, int32_t value);
void code_compute_with(struct code *code, int op, enum code_register to, enum code_register with);

/* Eight bytes from *(from + offset). */
void code_load(struct code *code, enum code_register to, enum code_register from, int offset);

/* Eight bytes to the stack. */
void code_store(struct code *code, int offset, enum code_register from);
void code_store_zero(struct code *code, int offset);

/* 'to' becomes the address of the stack's 'offset'. */
void code_stack(struct code *code, enum code_register to, int offset);

void code_map(struct code *code, enum code_register to, int fd);
/* The address of 'offset' in the one value of an array. */
void code_map_value(struct code *code, enum code_register to, int fd, unsigned offset);

/* *(R0 + offset) += from, atomically. */
void code_count(struct code *code, int offset, enum code_register from);

/* The same with a constant; 'to' becomes what was there before. */
void code_fetch_count(struct code *code, enum code_register to, int offset, int32_t value);

void code_jump(struct code *code, unsigned label);
/* 'op' is BPF_JEQ, BPF_JSGT ... */
void code_jump_if(struct code *code, int op, enum code_register left, int32_t value,
		  unsigned label);
void code_jump_if_with(struct code *code, int op, enum code_register left, enum code_register right,
		       unsigned label);

void code_call(struct code *code, enum bpf_func_id helper);

/* Returns 0. */
void code_exit(struct code *code);

/* Resolves the jumps. 0, or -EINVAL with what was wrong. */
int code_finish(struct code *code, struct error *err) MUST_CHECK;
