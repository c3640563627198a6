#include "kernel/trace/program_internal.h"

#include <errno.h>

#include "kernel/trace/program_read_internal.h"

unsigned program_key_bytes(const struct trace_request *request)
{
	unsigned n = 0;

	for (unsigned i = 0; i < request->n_keys; i++)
		n += program_field_bytes(&request->keys[i]);
	return n ? n : 8;
}

unsigned program_cell_bytes(const struct trace_request *request)
{
	return program_has_slots(request) ? sizeof(struct cell) : offsetof(struct cell, slots);
}

bool program_has_slots(const struct trace_request *request)
{
	return request->aggregate == TRACE_HIST || trace_has_starts(request->aggregate);
}

static void write_clock(const struct program *program, struct code *code, unsigned out)
{
	code_call(code, BPF_FUNC_ktime_get_boot_ns);
	code_store(code, STACK_NOW, R0);
	code_set(code, R1, (int64_t)program->end_ns);
	code_jump_if_with(code, BPF_JGE, R0, R1, out);
}

/* Closing the event of a probed function does not keep the program from running meanwhile. */
static void write_stop(const struct program *program, struct code *code, unsigned out)
{
	if (program->maps.stop < 0)
		return;
	code_map_value(code, R0, program->maps.stop, 0);
	code_load(code, R0, R0, 0);
	code_jump_if(code, BPF_JNE, R0, 0, out);
}

/* --- what is made of an event ------------------------------------------------------------ */

static int write_key(const struct program *program, struct code *code, struct error *err)
{
	const struct trace_request *request = program->request;
	int offset = STACK_KEY, r = 0;

	for (unsigned i = 0; i < program_key_bytes(request); i += 8)
		code_store_zero(code, STACK_KEY + (int)i);
	for (unsigned i = 0; i < request->n_keys && r == 0; i++) {
		r = program_read_to(program, code, &request->keys[i], offset, err);
		offset += (int)program_field_bytes(&request->keys[i]);
	}
	return r;
}

/* R8 becomes eight times the slot of R9: 0 for what is not positive, else its bits. */
static void write_slot(struct code *code)
{
	unsigned end = code_label(code);

	code_set(code, R8, 0);
	code_jump_if(code, BPF_JSLE, R9, 0, end);
	code_move(code, R2, R9);
	for (int bits = 32; bits; bits /= 2) {
		unsigned less = code_label(code);

		code_move(code, R1, R2);
		code_compute(code, BPF_RSH, R1, bits);
		code_jump_if(code, BPF_JEQ, R1, 0, less);
		code_move(code, R2, R1);
		code_compute(code, BPF_ADD, R8, bits);
		code_mark(code, less);
	}
	code_compute(code, BPF_ADD, R8, 1);
	code_compute(code, BPF_AND, R8, PROGRAM_SLOTS - 1);
	code_compute(code, BPF_LSH, R8, 3);
	code_mark(code, end);
}

static void look_up_cell(const struct program *program, struct code *code)
{
	code_map(code, R1, program->maps.cells);
	code_stack(code, R2, STACK_KEY);
	code_call(code, BPF_FUNC_map_lookup_elem);
}

/* R0 becomes the key's cell, a new one if need be. */
static void find_cell(const struct program *program, struct code *code, unsigned out)
{
	unsigned found = code_label(code);

	look_up_cell(program, code);
	code_jump_if(code, BPF_JNE, R0, 0, found);
	code_map(code, R1, program->maps.cells);
	code_stack(code, R2, STACK_KEY);
	code_map_value(code, R3, program->maps.tally, offsetof(struct tally, zero));
	code_set(code, R4, BPF_NOEXIST); /* another processor may have been first */
	code_call(code, BPF_FUNC_map_update_elem);
	look_up_cell(program, code);
	code_jump_if(code, BPF_JNE, R0, 0, found);
	TALLY(code, &program->maps, lost_keys);
	code_jump(code, out);
	code_mark(code, found);
}

/* R9 goes into the cell that R0 is. */
static void add_to_cell(const struct program *program, struct code *code)
{
	code_set(code, R1, 1);
	code_count(code, offsetof(struct cell, count), R1);
	if (program->request->aggregate != TRACE_COUNT)
		code_count(code, offsetof(struct cell, sum), R9);
	if (!program_has_slots(program->request))
		return;
	code_compute_with(code, BPF_ADD, R0, R8);
	code_count(code, offsetof(struct cell, slots), R1);
}

static void write_cell(const struct program *program, struct code *code, unsigned out)
{
	if (program_has_slots(program->request))
		write_slot(code);
	find_cell(program, code, out);
	add_to_cell(program, code);
}

/* --- how many are under way --------------------------------------------------------------- */

static int write_one_more(const struct program *program, struct code *code, unsigned out,
			  struct error *err)
{
	int r = write_key(program, code, err);

	if (r < 0)
		return r;
	TALLY(code, &program->maps, n_events);
	find_cell(program, code, out);
	code_fetch_count(code, R9, offsetof(struct cell, under_way), 1);
	code_compute(code, BPF_ADD, R9, 1);
	write_slot(code);
	add_to_cell(program, code);
	return 0;
}

/* Of what began before the trace nothing is known, and it is not counted. */
static int write_one_less(const struct program *program, struct code *code, unsigned out,
			  struct error *err)
{
	int r = write_key(program, code, err);

	look_up_cell(program, code);
	code_jump_if(code, BPF_JEQ, R0, 0, out);
	code_set(code, R1, -1);
	code_count(code, offsetof(struct cell, under_way), R1);
	return r;
}

/* --- what begins and ends ----------------------------------------------------------------- */

static int write_join(const struct program *program, struct code *code, struct error *err)
{
	const struct trace_probe *probe = &program->request->probes[program->probe];
	int r = program_read(program, code, &probe->join, err);

	code_store(code, STACK_JOIN, R7);
	return r;
}

static void note_start(const struct program *program, struct code *code, unsigned out)
{
	bool is_depth = program->request->aggregate == TRACE_DEPTH;
	/* A request to a device may be queued again: it is one. */
	bool keeps_first = is_depth || program->request->probes[program->probe].keeps_first;
	unsigned noted = is_depth ? code_label(code) : out;

	code_map(code, R1, program->maps.starts);
	code_stack(code, R2, STACK_JOIN);
	code_stack(code, R3, STACK_BEGINNING);
	code_set(code, R4, keeps_first ? BPF_NOEXIST : BPF_ANY);
	code_call(code, BPF_FUNC_map_update_elem);
	code_jump_if(code, BPF_JEQ, R0, 0, noted);
	if (keeps_first)
		code_jump_if(code, BPF_JEQ, R0, -EEXIST, out);
	TALLY(code, &program->maps, lost_starts);
	if (!is_depth)
		return;
	code_jump(code, out);
	code_mark(code, noted);
}

static int write_start(const struct program *program, struct code *code, unsigned out,
		       struct error *err)
{
	const struct trace_probe *probe = &program->request->probes[program->probe];
	int r = program_filter(program, code, FILTERS_OF_START, out, err);

	if (r == 0)
		r = write_join(program, code, err);
	if (r < 0)
		return r;
	code_set(code, R7, 0);
	if (probe->keep.path[0])
		r = program_read(program, code, &probe->keep, err);
	code_store(code, STACK_BEGINNING + (int)offsetof(struct beginning, kept), R7);
	code_load(code, R1, FP, STACK_NOW);
	code_store(code, STACK_BEGINNING + (int)offsetof(struct beginning, ns), R1);
	code_call(code, BPF_FUNC_get_current_pid_tgid);
	code_store(code, STACK_BEGINNING + (int)offsetof(struct beginning, pid_tid), R0);
	program_note_stacks(program, code);
	for (int i = 0; i < TRACE_TEXT_BYTES; i += 8)
		code_store_zero(code, STACK_BEGINNING + (int)offsetof(struct beginning, comm) + i);
	code_stack(code, R1, STACK_BEGINNING + (int)offsetof(struct beginning, comm));
	code_set(code, R2, TRACE_TEXT_BYTES);
	code_call(code, BPF_FUNC_get_current_comm);
	note_start(program, code, out);
	return r < 0 || program->request->aggregate != TRACE_DEPTH
		       ? r
		       : write_one_more(program, code, out, err);
}

/* Takes what was noted at the start; R9 becomes the time since. */
static int write_end_of_latency(const struct program *program, struct code *code, unsigned out,
				struct error *err)
{
	int r = write_join(program, code, err);

	code_map(code, R1, program->maps.starts);
	code_stack(code, R2, STACK_JOIN);
	code_call(code, BPF_FUNC_map_lookup_elem);
	code_jump_if(code, BPF_JEQ, R0, 0, out);
	for (int i = 0; i < (int)sizeof(struct beginning); i += 8) {
		code_load(code, R1, R0, i);
		code_store(code, STACK_BEGINNING + i, R1);
	}
	code_map(code, R1, program->maps.starts);
	code_stack(code, R2, STACK_JOIN);
	code_call(code, BPF_FUNC_map_delete_elem);
	code_load(code, R9, FP, STACK_NOW);
	code_load(code, R1, FP, STACK_BEGINNING);
	code_compute_with(code, BPF_SUB, R9, R1);
	return r;
}

/* --- single events ---------------------------------------------------------------------- */

/* Leaves 'lost' for what is too much in a second; R8 becomes how many there were in this one. */
static void write_rate_limit(const struct program *program, struct code *code, unsigned lost)
{
	code_load(code, R2, FP, STACK_NOW);
	code_set(code, R1, (int64_t)program->begin_ns);
	code_compute_with(code, BPF_SUB, R2, R1);
	code_compute(code, BPF_DIV, R2, (int32_t)NS_PER_SEC);
	code_jump_if(code, BPF_JGE, R2, ARRAY_LEN(((struct tally *)0)->seconds), lost);
	code_compute(code, BPF_LSH, R2, 3);
	code_map_value(code, R0, program->maps.tally, offsetof(struct tally, seconds));
	code_compute_with(code, BPF_ADD, R0, R2);
	code_load(code, R8, R0, 0);
	code_jump_if(code, BPF_JGE, R8, (int32_t)program->request->max_events_per_s, lost);
	code_set(code, R1, 1);
	code_count(code, 0, R1);
}

/*
 * The reader is woken by the first in a second and then for each sixteen KiB or less, and looks by
 * itself now and then. To ask the ring how full it is takes a call for each event, and one that is
 * behind would be woken by each of them.
 */
#define WAKE_BYTES (16 * 1024)

/* R4 becomes how the ring's reader is told of the event that R8 counted. */
static void write_wakeup(struct code *code, int32_t n_bytes)
{
	unsigned send = code_label(code);
	int32_t between = 1;

	while (2 * between * n_bytes <= WAKE_BYTES)
		between *= 2;
	code_set(code, R4, BPF_RB_FORCE_WAKEUP);
	code_compute(code, BPF_AND, R8, between - 1);
	code_jump_if(code, BPF_JEQ, R8, 0, send);
	code_set(code, R4, BPF_RB_NO_WAKEUP);
	code_mark(code, send);
}

static void write_event(const struct program *program, struct code *code, unsigned out)
{
	int32_t size = (int32_t)(sizeof(struct event_head) + program_key_bytes(program->request));
	unsigned lost = code_label(code);

	write_rate_limit(program, code, lost);
	code_load(code, R1, FP, STACK_NOW);
	code_store(code, STACK_HEAD, R1);
	code_store(code, STACK_HEAD + 8, R9);
	write_wakeup(code, size + BPF_RINGBUF_HDR_SZ);
	code_map(code, R1, program->maps.ring);
	code_stack(code, R2, STACK_HEAD);
	code_set(code, R3, size);
	code_call(code, BPF_FUNC_ringbuf_output);
	code_jump_if(code, BPF_JEQ, R0, 0, out);
	code_mark(code, lost);
	TALLY(code, &program->maps, lost_events);
}

static int write_end(const struct program *program, struct code *code, unsigned out,
		     struct error *err)
{
	const struct trace_request *request = program->request;
	int r = 0;

	code_set(code, R9, 0);
	if (trace_has_starts(request->aggregate)) {
		r = write_end_of_latency(program, code, out, err);
	} else if (request->value.path[0]) {
		r = program_read(program, code, &request->value, err);
		code_move(code, R9, R7);
	}
	if (r == 0)
		r = program_filter(program, code, FILTERS_OF_START, out, err);
	if (r == 0 && request->aggregate == TRACE_DEPTH)
		return write_one_less(program, code, out, err);
	if (r == 0)
		r = write_key(program, code, err);
	if (r < 0)
		return r;
	TALLY(code, &program->maps, n_events);
	if (request->aggregate == TRACE_EVENTS)
		write_event(program, code, out);
	else
		write_cell(program, code, out);
	return 0;
}

int program_write(const struct program *program, struct code *code_out, struct error *err)
{
	unsigned out;
	int r;

	code_init(code_out);
	out = code_label(code_out);
	code_move(code_out, R6, R1);
	write_clock(program, code_out, out);
	write_stop(program, code_out, out);
	r = program_filter(program, code_out, FILTERS_OF_EVENT, out, err);
	if (r == 0 && program->probe < program->request->n_starts)
		r = write_start(program, code_out, out, err);
	else if (r == 0)
		r = write_end(program, code_out, out, err);
	if (r < 0)
		return r;
	code_mark(code_out, out);
	code_exit(code_out);
	return code_finish(code_out, err);
}
