#include "kernel/trace/program_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/test.h"

/* Descriptors of maps that need not exist: nothing is loaded. */
static const struct program_maps maps = {
	.cells = 11, .starts = 12, .ring = 13, .tally = 14, .stacks = 15, .stop = -1
};

static int write_probe(const char *text, unsigned probe, struct code *code, struct error *err)
{
	CLEANUP(json) json_t *args = json_parse(text, strlen(text), 64 * KIB, err);
	CLEANUP(types) struct types types = { 0 };
	struct trace_request request;
	struct point point;
	struct program program = {
		.request = &request,
		.point = &point,
		.probe = probe,
		.maps = maps,
		.types = &types,
		.begin_ns = 1000,
		.end_ns = UINT64_C(0x100000002),
	};
	int r;

	CHECK(args);
	CHECK_OK(trace_request_parse(args, &request, err), *err);
	CHECK_OK(point_init(&request.probes[probe], TRACE_RAW, &point, err), *err);
	r = program_write(&program, code, err);
	return r;
}

static void check_code(const char *text, const char *expected)
{
	static struct code code;
	struct error err = { 0 };
	char listing[8192] = "";
	size_t len = 0;

	CHECK_OK(write_probe(text, 0, &code, &err), err);
	for (unsigned i = 0; i < code.n; i++) {
		const struct bpf_insn *insn = &code.insns[i];

		len += (size_t)snprintf(listing + len, sizeof(listing) - len, "%02x %u%u %d %d\n",
					insn->code, insn->dst_reg, insn->src_reg, insn->off,
					insn->imm);
	}
	CHECK_TEXT(listing, expected);
}

TEST(a_count_by_process_is_these_instructions)
{
	check_code("{\"type\":\"raw\",\"target\":\"x\",\"key\":\"pid\",\"filters\":{\"arg1\":5}}",
		   "bf 61 0 0\n"
		   "85 00 0 125\n"
		   "7b 100 -16 0\n"
		   "18 10 0 2\n"
		   "00 00 0 1\n"
		   "3d 01 39 0\n"
		   "79 76 8 0\n"
		   "55 70 37 5\n"
		   "b7 90 0 0\n"
		   "7a 100 -488 0\n"
		   "85 00 0 14\n"
		   "bf 70 0 0\n"
		   "77 70 0 32\n"
		   "7b 107 -488 0\n"
		   "18 02 0 14\n"
		   "00 00 0 0\n"
		   "b7 10 0 1\n"
		   "db 01 0 0\n"
		   "18 11 0 11\n"
		   "00 00 0 0\n"
		   "bf 210 0 0\n"
		   "07 20 0 -488\n"
		   "85 00 0 1\n"
		   "55 00 19 0\n"
		   "18 11 0 11\n"
		   "00 00 0 0\n"
		   "bf 210 0 0\n"
		   "07 20 0 -488\n"
		   "18 32 0 14\n"
		   "00 00 0 2504\n"
		   "b7 40 0 1\n"
		   "85 00 0 2\n"
		   "18 11 0 11\n"
		   "00 00 0 0\n"
		   "bf 210 0 0\n"
		   "07 20 0 -488\n"
		   "85 00 0 1\n"
		   "55 00 5 0\n"
		   "18 02 0 14\n"
		   "00 00 0 16\n"
		   "b7 10 0 1\n"
		   "db 01 0 0\n"
		   "05 00 2 0\n"
		   "b7 10 0 1\n"
		   "db 01 0 0\n"
		   "b7 00 0 0\n"
		   "95 00 0 0\n");
}

static void check_refused(const char *text, const char *words)
{
	static struct code code;
	struct error err = { 0 };

	CHECK(write_probe(text, 0, &code, &err) < 0);
	if (!strstr(err.text, words))
		FAIL("'%s' does not say '%s'", err.text, words);
}

TEST(what_only_an_end_knows_is_refused_elsewhere)
{
	check_refused("{\"type\":\"raw\",\"target\":\"x\",\"key\":\"start.comm\"}",
		      "known only where a latency ends");
	check_refused("{\"type\":\"raw\",\"target\":\"x\",\"join\":\"tid\",\"start\":[{\"target\":"
		      "\"y\",\"join\":\"tid\",\"filters\":{\"start.pid\":1}}]}",
		      "known only where a latency ends");
	check_refused(
		"{\"type\":\"raw\",\"target\":\"x\",\"aggregate\":\"sum\",\"value\":\"comm\"}",
		"a process name is no number");
}

TEST(every_program_looks_at_the_clock_first)
{
	static const char *const requests[] = {
		"{\"type\":\"raw\",\"target\":\"x\",\"key\":\"arg0\"}",
		"{\"type\":\"raw\",\"target\":\"sys_enter_openat\",\"aggregate\":\"events\"}",
		"{\"type\":\"raw\",\"target\":\"x\",\"aggregate\":\"hist\",\"value\":\"arg1\"}",
		"{\"type\":\"raw\",\"target\":\"x\",\"join\":\"tid\",\"start\":[{\"target\":\"y\","
		"\"join\":\"tid\",\"keep\":\"arg1\"}]}",
	};
	static struct code code;
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		CHECK_OK(write_probe(requests[i], 0, &code, &err), err);
		CHECK_INT(code.insns[1].imm, BPF_FUNC_ktime_get_boot_ns);
		CHECK_INT(code.insns[3].imm, 2);
		CHECK_INT(code.insns[4].imm, 1);
		CHECK_INT(code.insns[5].code, BPF_JMP | BPF_JGE | BPF_X);
		/* To the end: "return 0". */
		CHECK_INT(5 + 1 + code.insns[5].off, code.n - 2);
	}
}
