#include <string.h>

#include "kernel/trace/program_read_internal.h"

/* The comparison that sends an event away. */
static int opposite(enum trace_op op)
{
	static const int opposites[TRACE_IN] = {
		BPF_JNE, BPF_JEQ, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT,
	};

	return opposites[op];
}

static void compare(struct code *code, int op, int64_t value, unsigned label)
{
	if (value == (int32_t)value) {
		code_jump_if(code, op, R7, (int32_t)value, label);
		return;
	}
	code_set(code, R1, value);
	code_jump_if_with(code, op, R7, R1, label);
}

static int write_text_filter(const struct program *program, struct code *code,
			     const struct trace_filter *filter, unsigned out, struct error *err)
{
	unsigned differs = filter->op == TRACE_EQ ? out : code_label(code);
	int n = (int)program_field_bytes(&filter->field), end = (int)strlen(filter->text) + 1, r;

	for (int i = 0; i < n; i += 8)
		code_store_zero(code, STACK_KEY + i);
	r = program_read_to(program, code, &filter->field, STACK_KEY, err);
	if (r < 0)
		return r;
	/* What follows a text's end is not of it. */
	for (int i = 0; i < end; i += 8) {
		int64_t part;

		memcpy(&part, filter->text + i, sizeof(part));
		code_load(code, R7, FP, STACK_KEY + i);
		compare(code, BPF_JNE, part, differs);
	}
	if (filter->op == TRACE_EQ)
		return 0;
	code_jump(code, out);
	code_mark(code, differs);
	return 0;
}

static int write_filter(const struct program *program, struct code *code,
			const struct trace_filter *filter, unsigned out, struct error *err)
{
	unsigned fits;
	int r;

	if (filter->text[0])
		return write_text_filter(program, code, filter, out, err);
	r = program_read(program, code, &filter->field, err);
	if (r < 0)
		return r;
	if (filter->other.path[0]) {
		code_move(code, R8, R7);
		r = program_read(program, code, &filter->other, err);
		code_jump_if_with(code, opposite(filter->op), R8, R7, out);
		return r;
	}
	if (filter->op != TRACE_IN) {
		compare(code, opposite(filter->op), filter->values[0], out);
		return 0;
	}
	fits = code_label(code);
	for (unsigned i = 0; i < filter->n_values; i++)
		compare(code, BPF_JEQ, filter->values[i], fits);
	code_jump(code, out);
	code_mark(code, fits);
	return 0;
}

static bool is_about_start(const struct trace_filter *filter)
{
	return strncmp(filter->field.path, "start.", 6) == 0;
}

static int write_syscall_filter(const struct program *program, struct code *code, unsigned out,
				struct error *err)
{
	static const struct trace_field id = { .path = "id" };
	int r;

	if (program->point->syscall < 0)
		return 0;
	r = program_read(program, code, &id, err);
	compare(code, BPF_JNE, program->point->syscall, out);
	return r;
}

int program_filter(const struct program *program, struct code *code, enum program_filters which,
		   unsigned out, struct error *err)
{
	const struct trace_probe *probe = &program->request->probes[program->probe];
	int r = which == FILTERS_OF_EVENT ? write_syscall_filter(program, code, out, err) : 0;

	for (unsigned i = 0; i < probe->n_filters && r == 0; i++)
		if (is_about_start(&probe->filters[i]) == (which == FILTERS_OF_START))
			r = write_filter(program, code, &probe->filters[i], out, err);
	return r;
}
