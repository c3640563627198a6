#include "kernel/trace/program_read_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

unsigned program_field_bytes(const struct trace_field *field)
{
	switch (field->format) {
	case TRACE_COMM:
		return TRACE_TEXT_BYTES;
	case TRACE_STRING:
	case TRACE_USER_STRING:
		return PROGRAM_STRING_BYTES;
	case TRACE_STACK:
		return PROGRAM_STACK_BYTES;
	case TRACE_PEER:
	case TRACE_LOCAL:
		return PROGRAM_SOCKET_BYTES;
	default:
		return 8;
	}
}

void program_tally(struct code *code, const struct program_maps *maps, size_t offset)
{
	code_map_value(code, R0, maps->tally, (unsigned)offset);
	code_set(code, R1, 1);
	code_count(code, 0, R1);
}

/* Reads 'n' bytes at R7 + offset to the stack; what cannot be read stays zero. */
static void copy(struct code *code, int to, unsigned n, unsigned offset)
{
	code_move(code, R3, R7);
	if (offset)
		code_compute(code, BPF_ADD, R3, (int32_t)offset);
	code_stack(code, R1, to);
	code_set(code, R2, n);
	code_call(code, BPF_FUNC_probe_read_kernel);
}

static void extend(struct code *code, const struct types_shape *shape)
{
	int bits = 64 - 8 * (int)shape->size;

	if (!bits || shape->is_array)
		return;
	code_compute(code, BPF_LSH, R7, bits);
	code_compute(code, shape->is_signed ? BPF_ARSH : BPF_RSH, R7, bits);
}

static void read_context(struct code *code, const struct place *place)
{
	unsigned end = code_label(code);

	code_load(code, R7, R6, (int)place->offsets[0]);
	/* What the verifier knows as a pointer that may be NULL can be added to only once it is
	 * not. */
	if (place->n_steps > 1)
		code_jump_if(code, BPF_JEQ, R7, 0, end);
	for (unsigned i = 1; i < place->n_steps; i++) {
		bool is_last = i + 1 == place->n_steps;

		if (is_last && place->shape.is_array) {
			code_compute(code, BPF_ADD, R7, (int32_t)place->offsets[i]);
			continue;
		}
		code_store_zero(code, STACK_SCRATCH);
		copy(code, STACK_SCRATCH, is_last ? place->shape.size : 8, place->offsets[i]);
		code_load(code, R7, FP, STACK_SCRATCH);
	}
	extend(code, &place->shape);
	code_mark(code, end);
}

/* Of what the tracepoint put together; a text's address is R7. */
static void read_record(struct code *code, const struct place *place)
{
	code_move(code, R7, R6);
	if (place->shape.is_array && !place->is_located) {
		code_compute(code, BPF_ADD, R7, (int32_t)place->offsets[0]);
		return;
	}
	code_store_zero(code, STACK_SCRATCH);
	copy(code, STACK_SCRATCH, place->is_located ? 4 : place->shape.size, place->offsets[0]);
	code_load(code, R7, FP, STACK_SCRATCH);
	if (!place->is_located) {
		extend(code, &place->shape);
		return;
	}
	code_compute(code, BPF_AND, R7, 0xffff);
	code_compute_with(code, BPF_ADD, R7, R6);
}

static void take_half(struct code *code, enum bpf_func_id helper, int shift)
{
	code_call(code, helper);
	code_move(code, R7, R0);
	if (shift == BPF_LSH)
		code_compute(code, BPF_LSH, R7, 32);
	code_compute(code, BPF_RSH, R7, 32);
}

static int read_place(const struct program *program, struct code *code, const struct place *place,
		      struct error *err)
{
	switch (place->base) {
	case PLACE_PID:
		take_half(code, BPF_FUNC_get_current_pid_tgid, BPF_RSH);
		return 0;
	case PLACE_TID:
		take_half(code, BPF_FUNC_get_current_pid_tgid, BPF_LSH);
		return 0;
	case PLACE_UID:
		take_half(code, BPF_FUNC_get_current_uid_gid, BPF_LSH);
		return 0;
	case PLACE_CPU:
		code_call(code, BPF_FUNC_get_smp_processor_id);
		code_move(code, R7, R0);
		return 0;
	case PLACE_CGROUP:
		code_call(code, BPF_FUNC_get_current_cgroup_id);
		code_move(code, R7, R0);
		return 0;
	case PLACE_PROBE:
		code_set(code, R7, program->probe);
		return 0;
	case PLACE_START_PID:
		code_load(code, R7, FP, STACK_BEGINNING + (int)offsetof(struct beginning, pid_tid));
		code_compute(code, BPF_RSH, R7, 32);
		return 0;
	case PLACE_START_KEPT:
		code_load(code, R7, FP, STACK_BEGINNING + (int)offsetof(struct beginning, kept));
		return 0;
	case PLACE_RECORD:
		read_record(code, place);
		return 0;
	case PLACE_CONTEXT:
		read_context(code, place);
		return 0;
	case PLACE_KERNEL_STACK:
	case PLACE_USER_STACK:
		return error_set(err, -EINVAL, "a stack can be a key only");
	case PLACE_COMM:
	case PLACE_START_COMM:
		break;
	}
	return error_set(err, -EINVAL, "a process name is no number");
}

/* Of what starts is known only by what ends. */
static int check_base(const struct program *program, const struct trace_field *field,
		      const struct place *place, struct error *err)
{
	bool is_of_start = place->base >= PLACE_START_PID && place->base <= PLACE_START_KEPT;

	if (is_of_start && (!trace_has_starts(program->request->aggregate) ||
			    program->probe < program->request->n_starts))
		return error_set(err, -EINVAL, "'%s' is known only where a latency ends",
				 field->path);
	return 0;
}

static int find(const struct program *program, const struct trace_field *field, struct place *place,
		struct error *err)
{
	int r = place_find(program->types, program->point, field, place, err);

	return r < 0 ? r : check_base(program, field, place, err);
}

int program_read(const struct program *program, struct code *code, const struct trace_field *field,
		 struct error *err)
{
	struct place place;
	int r = find(program, field, &place, err);

	return r < 0 ? r : read_place(program, code, &place, err);
}

/* --- what is longer than a register -------------------------------------------------- */

static int read_comm(const struct program *program, struct code *code, const struct place *place,
		     int offset, struct error *err)
{
	unsigned end;
	int r;

	if (place->base == PLACE_COMM) {
		code_stack(code, R1, offset);
		code_set(code, R2, TRACE_TEXT_BYTES);
		code_call(code, BPF_FUNC_get_current_comm);
		return 0;
	}
	if (place->base == PLACE_START_COMM) {
		for (int i = 0; i < TRACE_TEXT_BYTES; i += 8) {
			code_load(code, R1, FP,
				  STACK_BEGINNING + (int)offsetof(struct beginning, comm) + i);
			code_store(code, offset + i, R1);
		}
		return 0;
	}
	end = code_label(code);
	r = read_place(program, code, place, err);
	code_jump_if(code, BPF_JEQ, R7, 0, end);
	copy(code, offset, TRACE_TEXT_BYTES, 0);
	code_mark(code, end);
	return r;
}

static int read_string(const struct program *program, struct code *code, const struct place *place,
		       enum bpf_func_id helper, int offset, struct error *err)
{
	int r = read_place(program, code, place, err);

	code_stack(code, R1, offset);
	code_set(code, R2, PROGRAM_STRING_BYTES);
	code_move(code, R3, R7);
	code_call(code, helper);
	return r;
}

#define STACK_NUMBERS (STACK_BEGINNING + (int)offsetof(struct beginning, kernel_stack))

/* R0 becomes its number in the map of stacks, or why it has none: -EFAULT where a process has no
 * stack of its own. */
static void take_stack(const struct program *program, struct code *code, enum place_base base)
{
	unsigned has_place = code_label(code);

	code_move(code, R1, R6);
	code_map(code, R2, program->maps.stacks);
	code_set(code, R3, base == PLACE_USER_STACK ? BPF_F_USER_STACK : 0);
	code_call(code, BPF_FUNC_get_stackid);
	code_move(code, R7, R0);
	code_jump_if(code, BPF_JNE, R7, -EEXIST, has_place);
	TALLY(code, &program->maps, lost_stacks);
	code_mark(code, has_place);
}

/* Both in eight bytes, the kernel's in the lower half. */
void program_note_stacks(const struct program *program, struct code *code)
{
	const struct trace_request *request = program->request;

	code_store_zero(code, STACK_NUMBERS);
	for (unsigned i = 0; i < request->n_keys; i++) {
		bool is_user = strcmp(request->keys[i].path, "user_stack") == 0;

		if (request->keys[i].format != TRACE_STACK)
			continue;
		take_stack(program, code, is_user ? PLACE_USER_STACK : PLACE_KERNEL_STACK);
		code_compute(code, BPF_LSH, R7, 32);
		if (!is_user)
			code_compute(code, BPF_RSH, R7, 32);
		code_load(code, R1, FP, STACK_NUMBERS);
		code_compute_with(code, BPF_OR, R7, R1);
		code_store(code, STACK_NUMBERS, R7);
	}
}

/* That of a process means something with the process only; a latency's is where it began. */
static int read_stack(const struct program *program, struct code *code, const struct place *place,
		      int offset)
{
	static const struct place begun_by = { .base = PLACE_START_PID };
	static const struct place here = { .base = PLACE_PID };
	bool is_user = place->base == PLACE_USER_STACK;
	bool has_begun = program->request->aggregate == TRACE_LATENCY;
	struct error none = { 0 };

	if (is_user) {
		(void)read_place(program, code, has_begun ? &begun_by : &here, &none);
		code_store(code, offset, R7);
	}
	if (has_begun) {
		code_load(code, R7, FP, STACK_NUMBERS);
		if (!is_user)
			code_compute(code, BPF_LSH, R7, 32);
		code_compute(code, BPF_ARSH, R7, 32);
	} else {
		take_stack(program, code, place->base);
	}
	code_store(code, offset + 8, R7);
	return 0;
}

/* Members of struct sock_common, with which every struct sock begins. */
struct socket_members {
	const char *port, *address, *address6;
};

static int read_socket(const struct program *program, struct code *code, const struct place *place,
		       const struct socket_members *members, int offset, struct error *err)
{
	const char *const names[] = { "skc_family", members->port, members->address,
				      members->address6 };
	unsigned at[ARRAY_LEN(names)], end = code_label(code), v4 = code_label(code);
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(names) && r == 0; i++)
		r = types_offset_in(program->types, "sock_common", names[i], &at[i], err);
	if (r == 0)
		r = read_place(program, code, place, err);
	if (r < 0)
		return r;
	code_jump_if(code, BPF_JEQ, R7, 0, end);
	copy(code, offset, 2, at[0]);
	copy(code, offset + 2, 2, at[1]);
	code_load(code, R1, FP, offset);
	code_compute(code, BPF_LSH, R1, 48);
	code_compute(code, BPF_RSH, R1, 48);
	code_jump_if(code, BPF_JNE, R1, AF_INET6, v4);
	copy(code, offset + 8, 16, at[3]);
	code_jump(code, end);
	code_mark(code, v4);
	copy(code, offset + 8, 4, at[2]);
	code_mark(code, end);
	return 0;
}

int program_read_to(const struct program *program, struct code *code,
		    const struct trace_field *field, int offset, struct error *err)
{
	static const struct socket_members peer = { "skc_dport", "skc_daddr", "skc_v6_daddr" };
	static const struct socket_members local = { "skc_num", "skc_rcv_saddr",
						     "skc_v6_rcv_saddr" };
	struct place place;
	int r = find(program, field, &place, err);

	if (r < 0)
		return r;
	switch (field->format) {
	case TRACE_COMM:
		return read_comm(program, code, &place, offset, err);
	case TRACE_STRING:
		return read_string(program, code, &place, BPF_FUNC_probe_read_kernel_str, offset,
				   err);
	case TRACE_USER_STRING:
		return read_string(program, code, &place, BPF_FUNC_probe_read_user_str, offset,
				   err);
	case TRACE_PEER:
		return read_socket(program, code, &place, &peer, offset, err);
	case TRACE_LOCAL:
		return read_socket(program, code, &place, &local, offset, err);
	case TRACE_STACK:
		return read_stack(program, code, &place, offset);
	default:
		r = read_place(program, code, &place, err);
		code_store(code, offset, R7);
		return r;
	}
}
