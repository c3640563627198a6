#include "kernel/trace/code_internal.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static int finish(struct code *code)
{
	struct error err = { 0 };

	code_exit(code);
	return code_finish(code, &err);
}

TEST(a_jump_leads_to_its_label)
{
	static struct code code;
	unsigned end;

	code_init(&code);
	end = code_label(&code);
	code_jump_if(&code, BPF_JEQ, R1, 7, end);
	code_set(&code, R2, INT64_C(0x123456789a));
	code_mark(&code, end);
	CHECK_INT(finish(&code), 0);
	CHECK_INT(code.n, 5);
	/* Over the two instructions of a wide constant. */
	CHECK_INT(code.insns[0].off, 2);
	CHECK_INT(code.insns[1].imm, 0x3456789a);
	CHECK_INT(code.insns[2].imm, 0x12);
}

TEST(a_label_that_is_never_marked_is_refused)
{
	static struct code code;

	code_init(&code);
	code_jump(&code, code_label(&code));
	CHECK_INT(finish(&code), -EINVAL);
}

TEST(a_jump_back_is_refused_so_nothing_loops)
{
	static struct code code;
	unsigned begin;

	code_init(&code);
	begin = code_label(&code);
	code_mark(&code, begin);
	code_set(&code, R0, 0);
	code_jump(&code, begin);
	CHECK_INT(finish(&code), -EINVAL);
}

TEST(helpers_that_act_are_refused)
{
	static const enum bpf_func_id acting[] = {
		BPF_FUNC_probe_write_user,   BPF_FUNC_override_return, BPF_FUNC_send_signal,
		BPF_FUNC_send_signal_thread, BPF_FUNC_sys_bpf,         BPF_FUNC_trace_printk,
		BPF_FUNC_tail_call,          BPF_FUNC_d_path,          BPF_FUNC_copy_from_user,
		BPF_FUNC_perf_event_output,  BPF_FUNC_skb_store_bytes, BPF_FUNC_probe_read,
	};
	static struct code code;

	for (size_t i = 0; i < ARRAY_LEN(acting); i++) {
		code_init(&code);
		code_call(&code, acting[i]);
		CHECK_INT(finish(&code), -EINVAL);
	}
}

TEST(of_all_helpers_fourteen_are_allowed)
{
	static struct code code;
	unsigned n = 0;

	for (int helper = 1; helper < __BPF_FUNC_MAX_ID + 100; helper++) {
		code_init(&code);
		code_call(&code, (enum bpf_func_id)helper);
		n += finish(&code) == 0;
	}
	CHECK_INT(n, 14);
}

TEST(a_store_reaches_the_own_stack_only)
{
	static const int wrong[] = { 0, 8, -520, -4 };
	static struct code code;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		code_init(&code);
		code_store(&code, wrong[i], R1);
		CHECK_INT(finish(&code), -EINVAL);
		code_init(&code);
		code_store_zero(&code, wrong[i]);
		CHECK_INT(finish(&code), -EINVAL);
	}
}

TEST(what_is_too_long_is_refused_and_not_written)
{
	static struct code code;

	code_init(&code);
	for (unsigned i = 0; i < CODE_MAX + 100; i++)
		code_set(&code, R1, 0);
	CHECK_INT(finish(&code), -EINVAL);
	CHECK_INT(code.n, CODE_MAX);
	code_init(&code);
	for (unsigned i = 0; i < CODE_MAX_JUMPS + 1; i++)
		code_jump(&code, 0);
	CHECK_INT(finish(&code), -EINVAL);
	code_init(&code);
	for (unsigned i = 0; i < CODE_MAX_LABELS + 1; i++)
		(void)code_label(&code);
	CHECK_INT(finish(&code), -EINVAL);
}
