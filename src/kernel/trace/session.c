#include "kernel/trace/session_internal.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "kernel/trace/background_internal.h"
#include "kernel/trace/kprobe.h"
#include "kernel/trace/trace.h"
#include "kernel/trace/uprobe.h"

#define STARTS 10240
#define RING_BYTES (1024 * 1024)
#define RING_LARGE_BYTES (8 * 1024 * 1024)
#define RING_LARGE_FROM 100000 /* events a second */
#define STACKS 16384
#define LOG_BYTES (64 * 1024)

/* --- maps ------------------------------------------------------------------------- */

static int make_map(enum bpf_map_type type, const char *name, unsigned key, unsigned value,
		    unsigned n, int *fd_out, struct error *err)
{
	int fd = bpf_map_create(type, name, key, value, n, NULL);

	if (fd == -EPERM)
		return error_set(err, -EPERM,
				 "the kernel refuses eBPF: a trace needs root's CAP_BPF and "
				 "CAP_PERFMON");
	if (fd < 0)
		return error_set(err, fd, "make the map of %s: %s", name, strerrordesc_np(-fd));
	*fd_out = fd;
	return 0;
}

static bool has_stacks(const struct trace_request *request)
{
	for (unsigned i = 0; i < request->n_keys; i++)
		if (request->keys[i].format == TRACE_STACK)
			return true;
	return false;
}

/* Probes that the kernel takes long to let go. */
static bool has_functions(const struct trace_request *request)
{
	for (unsigned i = 0; i < request->n_probes; i++)
		if (request->probes[i].type >= TRACE_PERF)
			return true;
	return false;
}

static int make_maps(struct session *session, struct error *err)
{
	const struct trace_request *request = session->request;
	struct program_maps *maps = &session->maps;
	unsigned key = program_key_bytes(request);
	int r = make_map(BPF_MAP_TYPE_ARRAY, "tally", 4, sizeof(struct tally), 1, &maps->tally,
			 err);

	if (r == 0 && request->aggregate == TRACE_EVENTS)
		r = make_map(BPF_MAP_TYPE_RINGBUF, "events", 0, 0,
			     request->max_events_per_s > RING_LARGE_FROM ? RING_LARGE_BYTES
									 : RING_BYTES,
			     &maps->ring, err);
	else if (r == 0)
		r = make_map(BPF_MAP_TYPE_HASH, "keys", key, program_cell_bytes(request),
			     request->max_rows, &maps->cells, err);
	if (r == 0 && has_functions(request))
		r = make_map(BPF_MAP_TYPE_ARRAY, "stop", 4, sizeof(uint64_t), 1, &maps->stop, err);
	if (r == 0 && has_stacks(request))
		r = make_map(BPF_MAP_TYPE_STACK_TRACE, "stacks", 4,
			     PROGRAM_STACK_DEPTH * sizeof(uint64_t), STACKS, &maps->stacks, err);
	if (r == 0 && request->n_starts)
		r = make_map(BPF_MAP_TYPE_HASH, "starts", 8, sizeof(struct beginning), STARTS,
			     &maps->starts, err);
	return r;
}

/* --- load --------------------------------------------------------------------------- */

static int set_attach_id(struct types *types, const struct point *point,
			 struct bpf_prog_load_opts *options, struct error *err)
{
	int id;

	if (point->type == TRACE_BTF) {
		options->expected_attach_type = BPF_TRACE_RAW_TP;
		id = types_attach_id(types, "btf_trace_", point->name, BTF_KIND_TYPEDEF, err);
	} else if (point->type == TRACE_FENTRY || point->type == TRACE_FEXIT) {
		options->expected_attach_type =
			point->type == TRACE_FENTRY ? BPF_TRACE_FENTRY : BPF_TRACE_FEXIT;
		id = types_attach_id(types, "", point->name, BTF_KIND_FUNC, err);
	} else {
		if (point->type >= TRACE_UPROBE)
			options->expected_attach_type = UPROBE_ATTACH_TYPE;
		return 0;
	}
	options->attach_btf_id = (uint32_t)id;
	return id < 0 ? id : 0;
}

static enum bpf_prog_type program_type(enum trace_type type)
{
	switch (type) {
	case TRACE_RAW:
		return BPF_PROG_TYPE_RAW_TRACEPOINT;
	case TRACE_PERF:
		return BPF_PROG_TYPE_TRACEPOINT;
	case TRACE_KPROBE:
	case TRACE_KRETPROBE:
	case TRACE_UPROBE:
	case TRACE_URETPROBE:
		return BPF_PROG_TYPE_KPROBE;
	default:
		return BPF_PROG_TYPE_TRACING;
	}
}

/* The verifier's last words before its statistics, where it says something. */
static int refused(int code, char *log, struct error *err)
{
	char *line = NULL, *rest = log, *at;

	while ((at = strsep(&rest, "\n")))
		if (*at && strncmp(at, "processed ", 10) != 0)
			line = at;
	return line ? error_set(err, code, "the kernel refuses the program: %.200s", line)
		    : error_set(err, code, "the kernel refuses programs of this kind: %s",
				strerrordesc_np(-code));
}

static int load(struct types *types, const struct point *point, const struct code *code,
		struct error *err)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options);
	CLEANUP(text) char *log = NULL;
	int fd = set_attach_id(types, point, &options, err);

	if (fd < 0)
		return fd;
	fd = bpf_prog_load(program_type(point->type), "constable_trace", "GPL", code->insns,
			   code->n, &options);
	if (fd >= 0)
		return fd;
	log = calloc(1, LOG_BYTES);
	if (!log)
		abort();
	options.log_buf = log;
	options.log_size = LOG_BYTES;
	options.log_level = 1;
	fd = bpf_prog_load(program_type(point->type), "constable_trace", "GPL", code->insns,
			   code->n, &options);
	return fd < 0 ? refused(fd, log, err) : fd;
}

/* --- attach ------------------------------------------------------------------------- */

static int attach(const struct point *point, struct hook *hook, struct error *err)
{
	if (point->type == TRACE_KPROBE || point->type == TRACE_KRETPROBE)
		return kprobe_open(&(struct kprobe) { .source = "kprobe",
						      .name = point->name,
						      .type = point->type },
				   hook->program_fd, &hook->event_fd, err);
	if (point->type == TRACE_PERF)
		return kprobe_open_tracepoint((uint64_t)json_get_int(point->record, "id", 0),
					      hook->program_fd, &hook->event_fd, err);
	if (point->type == TRACE_UPROBE || point->type == TRACE_URETPROBE)
		return uprobe_open(point->name, point->type, hook->program_fd, &hook->event_fd,
				   err);
	hook->link_fd = bpf_raw_tracepoint_open(point->type == TRACE_RAW ? point->name : NULL,
						hook->program_fd);
	if (hook->link_fd >= 0)
		return 0;
	return error_set(err, hook->link_fd, "cannot attach: %s", strerrordesc_np(-hook->link_fd));
}

static void release(struct hook *hook)
{
	fd_close(&hook->link_fd);
	fd_close(&hook->event_fd);
	fd_close(&hook->program_fd);
}

static int read_record(const struct session *session, struct point *point, json_t **record_out,
		       struct error *err)
{
	const struct trace_owner *owner = session->owner;

	*record_out = owner->read_record ? owner->read_record(owner, point->name) : NULL;
	if (!*record_out)
		return error_set(err, -ENOENT, "what it records cannot be read here");
	point->record = *record_out;
	return 0;
}

/* One probe by one way. */
static int try_way(struct session *session, struct types *types, unsigned probe,
		   enum trace_type way, struct error *err)
{
	const struct trace_probe *asked = &session->request->probes[probe];
	struct hook hook = { .ran = way, .program_fd = -1, .event_fd = -1, .link_fd = -1 };
	struct point point;
	static struct code code; /* too large for a stack, and there is one at a time */
	struct program program = {
		.request = session->request,
		.point = &point,
		.probe = probe,
		.maps = session->maps,
		.types = types,
		.begin_ns = session->begin_ns,
		.end_ns = session->end_ns,
	};
	CLEANUP(json) json_t *record = NULL;
	int r = point_init(asked, way, &point, err);

	if (r == 0 && way == TRACE_PERF)
		r = read_record(session, &point, &record, err);
	if (r == 0)
		r = program_write(&program, &code, err);
	if (r == 0)
		r = hook.program_fd = load(types, &point, &code, err);
	if (r >= 0)
		r = attach(&point, &hook, err);
	if (r < 0) {
		release(&hook);
		return r;
	}
	session->hooks[session->n_hooks++] = hook;
	return 0;
}

static int hook_up(struct session *session, struct types *types, unsigned probe, struct error *err)
{
	const struct trace_probe *asked = &session->request->probes[probe];
	const enum trace_type *ways;
	unsigned n = point_ways(asked->type, &ways);
	char text[ERROR_TEXT_BYTES] = "";
	int r = -ENOENT;

	for (unsigned i = 0; i < n; i++) {
		struct error why = { 0 };
		size_t len = strlen(text);

		r = try_way(session, types, probe, ways[i], &why);
		if (r == 0)
			return 0;
		text_format(text + len, sizeof(text) - len, "%s%s: %.200s", i ? "; " : "",
			    trace_type_name(ways[i]), why.text);
	}
	/* Some kernels say EPERM for kinds of programs that they do not have. */
	return error_set(err, r == -EPERM ? -ENOTSUP : r, "%s cannot be traced here (%s)",
			 asked->target, text);
}

int session_open(struct session *session, const struct trace_request *request,
		 const struct trace_owner *owner, uint64_t begin_ns, uint64_t end_ns,
		 struct error *err)
{
	CLEANUP(types) struct types types = { 0 };
	int r;

	libbpf_set_print(NULL);
	*session = (struct session) {
		.request = request,
		.owner = owner,
		.maps = PROGRAM_NO_MAPS,
		.begin_ns = begin_ns,
		.end_ns = end_ns,
	};
	r = make_maps(session, err);
	for (unsigned i = 0; i < request->n_probes && r == 0; i++)
		r = hook_up(session, &types, i, err);
	if (r < 0)
		session_cleanup(session);
	return r;
}

void session_detach(struct session *session)
{
	int slow[TRACE_MAX_PROBES];
	uint64_t yes = 1;
	uint32_t zero = 0;
	unsigned n = 0;

	if (session->maps.stop >= 0)
		(void)bpf_map_update_elem(session->maps.stop, &zero, &yes, BPF_ANY);
	for (unsigned i = 0; i < session->n_hooks; i++) {
		struct hook *hook = &session->hooks[i];

		if (hook->event_fd >= 0)
			slow[n++] = fd_take(&hook->event_fd);
		release(hook);
	}
	background_close(slow, n);
}

void session_cleanup(struct session *session)
{
	session_detach(session);
	fd_close(&session->maps.cells);
	fd_close(&session->maps.starts);
	fd_close(&session->maps.ring);
	fd_close(&session->maps.tally);
	fd_close(&session->maps.stacks);
	fd_close(&session->maps.stop);
}
