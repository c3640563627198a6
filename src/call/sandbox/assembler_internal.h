/*
 * A little assembler for classic BPF with labels.
 *
 * Offsets written by hand once let a whole filter fall through in silence; here
 * a jump names its target, and what does not fit or was never marked is an
 * error of assembler_finish(). Jumps go forward only, as the kernel demands.
 */
#pragma once

#include <linux/filter.h>

#include "base/base.h"

#define ASSEMBLER_MAX 1024
#define ASSEMBLER_MAX_LABELS 512

struct assembler {
	struct sock_filter code[ASSEMBLER_MAX];
	unsigned n;

	/* private */
	int marks[ASSEMBLER_MAX_LABELS]; /* where a label stands, -1: not yet */
	int16_t wanted[ASSEMBLER_MAX];   /* the label an instruction jumps to, -1: none */
	int16_t others[ASSEMBLER_MAX];   /* likewise, where its test fails */
	unsigned n_labels;
	bool has_overflowed;
};

void assembler_init(struct assembler *assembler);

unsigned assembler_label(struct assembler *assembler);
void assembler_mark(struct assembler *assembler, unsigned label);

void assembler_load(struct assembler *assembler, uint32_t offset);
void assembler_and(struct assembler *assembler, uint32_t mask);
void assembler_return(struct assembler *assembler, uint32_t value);
void assembler_jump(struct assembler *assembler, unsigned label);

/* 'test' is BPF_JEQ, BPF_JGE, BPF_JGT or BPF_JSET; otherwise the next instruction follows. */
void assembler_jump_if(struct assembler *assembler, uint16_t test, uint32_t value, unsigned label);

/* Both ways end at a label, none farther away than 255 instructions. */
void assembler_branch(struct assembler *assembler, uint16_t test, uint32_t value, unsigned label,
		      unsigned other);

/* Resolves the labels. 0, -E2BIG (too long or too far) or -EINVAL (unmarked, backwards). */
int assembler_finish(struct assembler *assembler) MUST_CHECK;
