#include "kernel/trace/code_internal.h"

#include <errno.h>

void code_init(struct code *code)
{
	code->n = code->n_labels = code->n_jumps = 0;
	code->failure = NULL;
}

static void refuse(struct code *code, const char *why)
{
	if (!code->failure)
		code->failure = why;
}

static void add(struct code *code, struct bpf_insn insn)
{
	if (code->n == CODE_MAX)
		refuse(code, "the request is too long for one program");
	else
		code->insns[code->n++] = insn;
}

/* A constant of 64 bits takes two. */
static void add_wide(struct code *code, enum code_register to, unsigned kind, uint32_t low,
		     uint32_t high)
{
	add(code, (struct bpf_insn) {
			  .code = BPF_LD | BPF_IMM | BPF_DW,
			  .dst_reg = to,
			  .src_reg = kind & 0xf,
			  .imm = (int32_t)low,
		  });
	add(code, (struct bpf_insn) { .imm = (int32_t)high });
}

unsigned code_label(struct code *code)
{
	if (code->n_labels == CODE_MAX_LABELS) {
		refuse(code, "the request has too many branches");
		return 0;
	}
	code->labels[code->n_labels] = CODE_MAX;
	return code->n_labels++;
}

void code_mark(struct code *code, unsigned label)
{
	code->labels[label] = code->n;
}

void code_move(struct code *code, enum code_register to, enum code_register from)
{
	code_compute_with(code, BPF_MOV, to, from);
}

void code_set(struct code *code, enum code_register to, int64_t value)
{
	if (value == (int32_t)value)
		code_compute(code, BPF_MOV, to, (int32_t)value);
	else
		add_wide(code, to, 0, (uint32_t)value, (uint32_t)((uint64_t)value >> 32));
}

void code_compute(struct code *code, int op, enum code_register to, int32_t value)
{
	add(code, (struct bpf_insn) {
			  .code = (uint8_t)(BPF_ALU64 | op | BPF_K),
			  .dst_reg = to,
			  .imm = value,
		  });
}

void code_compute_with(struct code *code, int op, enum code_register to, enum code_register with)
{
	add(code, (struct bpf_insn) {
			  .code = (uint8_t)(BPF_ALU64 | op | BPF_X),
			  .dst_reg = to,
			  .src_reg = with,
		  });
}

void code_load(struct code *code, enum code_register to, enum code_register from, int offset)
{
	add(code, (struct bpf_insn) {
			  .code = BPF_LDX | BPF_MEM | BPF_DW,
			  .dst_reg = to,
			  .src_reg = from,
			  .off = (int16_t)offset,
		  });
}

static void check_stack(struct code *code, int offset)
{
	if (offset >= 0 || offset < -512 || offset % 8)
		refuse(code, "a program may write to its own stack only");
}

void code_store(struct code *code, int offset, enum code_register from)
{
	check_stack(code, offset);
	add(code, (struct bpf_insn) {
			  .code = BPF_STX | BPF_MEM | BPF_DW,
			  .dst_reg = FP,
			  .src_reg = from,
			  .off = (int16_t)offset,
		  });
}

void code_store_zero(struct code *code, int offset)
{
	check_stack(code, offset);
	add(code, (struct bpf_insn) {
			  .code = BPF_ST | BPF_MEM | BPF_DW,
			  .dst_reg = FP,
			  .off = (int16_t)offset,
		  });
}

void code_stack(struct code *code, enum code_register to, int offset)
{
	code_move(code, to, FP);
	code_compute(code, BPF_ADD, to, offset);
}

void code_map(struct code *code, enum code_register to, int fd)
{
	add_wide(code, to, BPF_PSEUDO_MAP_FD, (uint32_t)fd, 0);
}

void code_map_value(struct code *code, enum code_register to, int fd, unsigned offset)
{
	add_wide(code, to, BPF_PSEUDO_MAP_VALUE, (uint32_t)fd, offset);
}

void code_count(struct code *code, int offset, enum code_register from)
{
	add(code, (struct bpf_insn) {
			  .code = BPF_STX | BPF_ATOMIC | BPF_DW,
			  .dst_reg = R0,
			  .src_reg = from,
			  .off = (int16_t)offset,
			  .imm = BPF_ADD,
		  });
}

void code_fetch_count(struct code *code, enum code_register to, int offset, int32_t value)
{
	code_set(code, to, value);
	add(code, (struct bpf_insn) {
			  .code = BPF_STX | BPF_ATOMIC | BPF_DW,
			  .dst_reg = R0,
			  .src_reg = to,
			  .off = (int16_t)offset,
			  .imm = BPF_ADD | BPF_FETCH,
		  });
}

static void add_jump(struct code *code, unsigned label, struct bpf_insn insn)
{
	if (code->n_jumps == CODE_MAX_JUMPS) {
		refuse(code, "the request has too many branches");
		return;
	}
	code->jumps[code->n_jumps].at = code->n;
	code->jumps[code->n_jumps++].label = label;
	add(code, insn);
}

void code_jump(struct code *code, unsigned label)
{
	add_jump(code, label, (struct bpf_insn) { .code = BPF_JMP | BPF_JA });
}

void code_jump_if(struct code *code, int op, enum code_register left, int32_t value, unsigned label)
{
	add_jump(code, label,
		 (struct bpf_insn) {
			 .code = (uint8_t)(BPF_JMP | op | BPF_K),
			 .dst_reg = left,
			 .imm = value,
		 });
}

void code_jump_if_with(struct code *code, int op, enum code_register left, enum code_register right,
		       unsigned label)
{
	add_jump(code, label,
		 (struct bpf_insn) {
			 .code = (uint8_t)(BPF_JMP | op | BPF_X),
			 .dst_reg = left,
			 .src_reg = right,
		 });
}

static bool is_harmless(enum bpf_func_id helper)
{
	static const enum bpf_func_id helpers[] = {
		BPF_FUNC_map_lookup_elem,       BPF_FUNC_map_update_elem,
		BPF_FUNC_map_delete_elem,       BPF_FUNC_ktime_get_boot_ns,
		BPF_FUNC_get_current_pid_tgid,  BPF_FUNC_get_current_uid_gid,
		BPF_FUNC_get_current_comm,      BPF_FUNC_get_current_cgroup_id,
		BPF_FUNC_get_smp_processor_id,  BPF_FUNC_probe_read_kernel,
		BPF_FUNC_probe_read_kernel_str, BPF_FUNC_probe_read_user_str,
		BPF_FUNC_ringbuf_output,        BPF_FUNC_get_stackid,
	};

	for (size_t i = 0; i < ARRAY_LEN(helpers); i++)
		if (helpers[i] == helper)
			return true;
	return false;
}

void code_call(struct code *code, enum bpf_func_id helper)
{
	if (!is_harmless(helper))
		refuse(code, "a trace may call only what reads");
	add(code, (struct bpf_insn) { .code = BPF_JMP | BPF_CALL, .imm = (int32_t)helper });
}

void code_exit(struct code *code)
{
	code_set(code, R0, 0);
	add(code, (struct bpf_insn) { .code = BPF_JMP | BPF_EXIT });
}

int code_finish(struct code *code, struct error *err)
{
	for (unsigned i = 0; i < code->n_jumps && !code->failure; i++) {
		unsigned at = code->jumps[i].at, to = code->labels[code->jumps[i].label];

		/* Forward only: what cannot loop ends. */
		if (to >= code->n || to <= at)
			refuse(code, "a jump leads nowhere");
		else
			code->insns[at].off = (int16_t)(to - at - 1);
	}
	if (code->failure)
		return error_set(err, -EINVAL, "%s", code->failure);
	return 0;
}
