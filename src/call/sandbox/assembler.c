#include "call/sandbox/assembler_internal.h"

#include <errno.h>
#include <limits.h>

void assembler_init(struct assembler *assembler)
{
	assembler->n = 0;
	assembler->n_labels = 0;
	assembler->has_overflowed = false;
}

unsigned assembler_label(struct assembler *assembler)
{
	if (assembler->n_labels == ASSEMBLER_MAX_LABELS) {
		assembler->has_overflowed = true;
		return 0;
	}
	assembler->marks[assembler->n_labels] = -1;
	return assembler->n_labels++;
}

void assembler_mark(struct assembler *assembler, unsigned label)
{
	assembler->marks[label] = (int)assembler->n;
}

static void add(struct assembler *assembler, uint16_t code, uint32_t value, int label)
{
	if (assembler->n == ASSEMBLER_MAX) {
		assembler->has_overflowed = true;
		return;
	}
	assembler->wanted[assembler->n] = (int16_t)label;
	assembler->others[assembler->n] = -1;
	assembler->code[assembler->n++] = (struct sock_filter) { .code = code, .k = value };
}

void assembler_load(struct assembler *assembler, uint32_t offset)
{
	add(assembler, BPF_LD | BPF_W | BPF_ABS, offset, -1);
}

void assembler_and(struct assembler *assembler, uint32_t mask)
{
	add(assembler, BPF_ALU | BPF_AND | BPF_K, mask, -1);
}

void assembler_return(struct assembler *assembler, uint32_t value)
{
	add(assembler, BPF_RET | BPF_K, value, -1);
}

void assembler_jump(struct assembler *assembler, unsigned label)
{
	add(assembler, BPF_JMP | BPF_JA, 0, (int)label);
}

void assembler_jump_if(struct assembler *assembler, uint16_t test, uint32_t value, unsigned label)
{
	add(assembler, BPF_JMP | BPF_K | test, value, (int)label);
}

void assembler_branch(struct assembler *assembler, uint16_t test, uint32_t value, unsigned label,
		      unsigned other)
{
	unsigned at = assembler->n;

	add(assembler, BPF_JMP | BPF_K | test, value, (int)label);
	if (!assembler->has_overflowed)
		assembler->others[at] = (int16_t)other;
}

/* How far the label is from an instruction; 'max' is what that can say. */
static int measure(const struct assembler *assembler, unsigned at, int label, int max)
{
	int distance = assembler->marks[label] - (int)at - 1;

	if (distance < 0)
		return -EINVAL;
	return distance > max ? -E2BIG : distance;
}

static int resolve(struct assembler *assembler, unsigned at)
{
	struct sock_filter *code = &assembler->code[at];
	bool is_far = code->code == (BPF_JMP | BPF_JA);
	int distance, other = 0;

	if (assembler->wanted[at] < 0)
		return 0;
	distance = measure(assembler, at, assembler->wanted[at], is_far ? INT_MAX : UINT8_MAX);
	if (assembler->others[at] >= 0)
		other = measure(assembler, at, assembler->others[at], UINT8_MAX);
	if (distance < 0 || other < 0)
		return distance < 0 ? distance : other;
	if (is_far) {
		code->k = (uint32_t)distance;
		return 0;
	}
	code->jt = (uint8_t)distance;
	code->jf = (uint8_t)other;
	return 0;
}

int assembler_finish(struct assembler *assembler)
{
	int r = assembler->has_overflowed ? -E2BIG : 0;

	for (unsigned i = 0; i < assembler->n && r == 0; i++)
		r = resolve(assembler, i);
	return r;
}
