/*
 * A trace request of any kind: it is refused with a sentence, or its probes become programs that
 * can only look: no store but to the own stack, no jump back, no call beyond those that read.
 */
#include "harness.h"

#include <assert.h>

#include "kernel/trace/program_internal.h"

#define MAX_BYTES (16 * KIB)

static bool is_harmless_call(int32_t helper)
{
	switch (helper) {
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_map_update_elem:
	case BPF_FUNC_map_delete_elem:
	case BPF_FUNC_ktime_get_boot_ns:
	case BPF_FUNC_get_current_pid_tgid:
	case BPF_FUNC_get_current_uid_gid:
	case BPF_FUNC_get_current_comm:
	case BPF_FUNC_get_current_cgroup_id:
	case BPF_FUNC_get_smp_processor_id:
	case BPF_FUNC_probe_read_kernel:
	case BPF_FUNC_probe_read_kernel_str:
	case BPF_FUNC_probe_read_user_str:
	case BPF_FUNC_ringbuf_output:
	case BPF_FUNC_ringbuf_query:
	case BPF_FUNC_get_stackid:
		return true;
	default:
		return false;
	}
}

static void check_code(const struct code *code)
{
	for (unsigned i = 0; i < code->n; i++) {
		const struct bpf_insn *insn = &code->insns[i];
		unsigned class = BPF_CLASS(insn->code);
		bool is_count = insn->code == (BPF_STX | BPF_ATOMIC | BPF_DW);

		if (class == BPF_ST || class == BPF_STX)
			assert(insn->dst_reg == (is_count ? BPF_REG_0 : BPF_REG_10));
		if (insn->code == (BPF_JMP | BPF_CALL))
			assert(is_harmless_call(insn->imm));
		else if (class == BPF_JMP && BPF_OP(insn->code) != BPF_EXIT)
			assert(insn->off >= 0 && i + 1 + (unsigned)insn->off < code->n);
		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW))
			i++;
	}
}

static void write_probe(const struct trace_request *request, unsigned probe, struct types *types)
{
	static struct code code;
	const enum trace_type *ways;
	struct point point;
	struct program program = {
		.request = request,
		.point = &point,
		.probe = probe,
		.maps = { 1, 2, 3, 4, 5, 6 },
		.types = types,
		.end_ns = 1,
	};

	for (unsigned i = 0; i < point_ways(request->probes[probe].type, &ways); i++) {
		struct error err = { 0 };
		int r = point_init(&request->probes[probe], ways[i], &point, &err);

		if (r == 0)
			r = program_write(&program, &code, &err);
		assert(r == 0 || (err.code == r && err.text[0]));
		if (r == 0)
			check_code(&code);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct types types; /* read once */
	struct error err = { 0 };
	CLEANUP(json) json_t *args = json_parse((const char *)data, size, MAX_BYTES, &err);
	struct trace_request request;
	int r;

	if (!args)
		return 0;
	err = (struct error) { 0 };
	r = trace_request_parse(args, &request, &err);
	assert(r == 0 || (r == -22 && err.text[0]));
	for (unsigned i = 0; r == 0 && i < request.n_probes; i++)
		write_probe(&request, i, &types);
	return 0;
}
