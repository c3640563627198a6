/*
 * constable gate AGENT FD: the gate of another host on a descriptor. Frames as the
 * warden's socket has them (call/frame.h); each call is an errand at the server.
 * It decides nothing: the warden of that host does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "call/frame.h"
#include "cli/fleet.h"
#include "client/errand.h"
#include "remote/commands.h"
#include "remote/server.h"

#define INPUT_MAX_BYTES (8 + FRAME_HEADER_MAX_BYTES + FRAME_BODY_MAX_BYTES)
#define MAX_CALLS 32
#define READ_BYTES (64 * KIB)

struct gate {
	struct server server;
	json_t *agent;
	int fd;
	struct buf input;
	struct call *calls;
	unsigned n_calls;
};

struct call {
	struct errand errand;
	struct gate *gate;
	struct call *next;
	json_int_t id; /* the client's */
	json_t *header, *args;
};

static void answer(struct gate *gate, json_int_t id, const struct error *err, const json_t *call)
{
	const json_t *meta = json_object_get(call, "meta");
	const char *result = json_get_text(call, "result", NULL);
	CLEANUP(json) json_t *header = json_object();
	struct error broken = { 0 };

	(void)json_object_update(header, (json_t *)meta);
	(void)json_object_del(header, "approval"); /* what there was to sign is over */
	json_put(header, "type", json_string("answer"));
	json_put(header, "id", json_integer(id));
	json_put(header, "code", json_integer(err ? err->code : 0));
	if (call)
		json_put(header, "outcome", json_string(json_get_text(call, "state", "unknown")));
	if (err)
		json_put(header, "error", json_text(err->text, strlen(err->text)));
	if (frame_write(gate->fd, header, err ? NULL : result, err || !result ? 0 : strlen(result),
			&broken) < 0)
		fd_close(&gate->fd);
}

static void forget(struct call *call)
{
	struct call **at = &call->gate->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->gate->n_calls--;
	json_decref(call->header);
	json_decref(call->args);
	free(call);
}

static void handle_done(struct errand *errand, const json_t *record, const struct error *err)
{
	struct call *call = container_of(errand, struct call, errand);

	answer(call->gate, call->id, err, record);
	forget(call);
}

/* For whoever made the call to tell a person: who may say yes, and how. */
static void handle_waits(struct errand *errand, const json_t *record)
{
	struct call *call = container_of(errand, struct call, errand);
	CLEANUP(json)
	json_t *header =
		json_pack("{s:s, s:I, s:s, s:s, s:s, s:s}", "type", "progress", "id", call->id,
			  "waits_for", "approval", "call_id", json_get_text(record, "id", ""),
			  "tool", json_get_text(record, "tool", ""), "host",
			  json_get_text(call->gate->agent, "hostname", ""));
	struct error broken = { 0 };

	if (frame_write(call->gate->fd, header, NULL, 0, &broken) < 0)
		fd_close(&call->gate->fd);
}

static int begin(struct gate *gate, struct call *call, struct error *err)
{
	if (gate->n_calls > MAX_CALLS)
		return error_set(err, -EBUSY, "%d calls are under way", MAX_CALLS);
	if (!call->args)
		return err->code;
	call->errand = (struct errand) {
		.fetcher = gate->server.fetcher,
		.agent = json_get_text(gate->agent, "id", ""),
		.tool = json_get_text(call->header, "tool", ""),
		.args = call->args,
		.approval_ns = (uint64_t)json_get_int(call->header, "approval_ms", 0) * NS_PER_MS,
		.done = handle_done,
		.waits = handle_waits,
	};
	return errand_start(&call->errand, err);
}

static void start_call(struct gate *gate, const struct frame *frame, json_int_t id)
{
	struct call *call = calloc(1, sizeof(*call));
	struct error err = { 0 };

	if (!call)
		abort();
	*call = (struct call) {
		.gate = gate,
		.next = gate->calls,
		.id = id,
		.header = json_incref(frame->header),
		.args = frame->n_body
				? json_parse(frame->body, frame->n_body, FRAME_BODY_MAX_BYTES, &err)
				: json_object(),
	};
	gate->calls = call;
	gate->n_calls++;
	if (begin(gate, call, &err) < 0) {
		answer(gate, id, &err, NULL);
		forget(call);
	}
}

static void cancel_call(struct gate *gate, json_int_t id)
{
	for (struct call *call = gate->calls; call; call = call->next)
		if (call->id == id)
			errand_cancel(&call->errand);
}

/* The agent's tools in the words of `constable tools`. */
static json_t *translate_tool(const json_t *tool)
{
	const json_t *hints = json_object_get(tool, "annotations");
	const json_t *meta = json_object_get(tool, "_meta");
	bool reads = json_get_bool(hints, "readOnlyHint", false);

	return json_pack("{s:s, s:s, s:O*, s:O*, s:s, s:s}", "name",
			 json_get_text(tool, "name", ""), "summary",
			 json_get_text(tool, "description", ""), "schema",
			 json_object_get(tool, "inputSchema"), "output_schema",
			 json_object_get(tool, "outputSchema"), "risk",
			 json_get_text(meta, "constable/risk", reads ? "reads" : "changes"), "area",
			 json_get_text(meta, "constable/area", "other"));
}

static void list_tools(struct gate *gate, json_int_t id)
{
	CLEANUP(json) json_t *body = NULL;
	CLEANUP(json) json_t *list = json_array();
	CLEANUP(json) json_t *record = NULL;
	CLEANUP(text) char *text = NULL;
	char path[256];
	struct error err = { 0 };
	const json_t *tool;
	size_t i;
	int r;

	text_format(path, sizeof(path), "/api/v1/agents/%s/tools",
		    json_get_text(gate->agent, "id", ""));
	r = server_get(&gate->server, path, &body, &err);
	json_array_foreach(json_object_get(body, "tools"), i, tool)
	{
		json_push(list, translate_tool(tool));
	}
	text = json_canonical(list);
	record = json_pack("{s:s}", "result", text);
	answer(gate, id, r < 0 ? &err : NULL, record);
}

static void serve(struct gate *gate, const struct frame *frame)
{
	const char *type = json_get_text(frame->header, "type", "");
	json_int_t id = json_get_int(frame->header, "id", 0);
	struct error err = { 0 };

	if (strcmp(type, "call") == 0) {
		start_call(gate, frame, id);
	} else if (strcmp(type, "cancel") == 0) {
		cancel_call(gate, id);
	} else if (strcmp(type, "tools") == 0) {
		list_tools(gate, id);
	} else {
		error_set(&err, -ENOSYS,
			  "'%s' is about this host's own warden, not about another "
			  "host; 'constable agent show' says what the server knows",
			  type);
		answer(gate, id, &err, NULL);
	}
}

/* Serves what has arrived; false once the client is gone or broke the grammar. */
static bool take_input(struct gate *gate)
{
	char bytes[READ_BYTES];
	ssize_t n = read(gate->fd, bytes, sizeof(bytes));

	if (n <= 0)
		return n < 0 && errno == EINTR;
	buf_add(&gate->input, bytes, (size_t)n);
	for (;;) {
		CLEANUP(frame) struct frame frame = { 0 };
		struct error err = { 0 };
		ssize_t used;

		used = frame_decode(gate->input.data, gate->input.len, &frame, &err);
		if (used <= 0)
			return used == 0 && !gate->input.dropped;
		memmove(gate->input.data, gate->input.data + used, gate->input.len - (size_t)used);
		gate->input.len -= (size_t)used;
		serve(gate, &frame);
	}
}

static void loop(struct gate *gate)
{
	while (gate->fd >= 0)
		if (fetcher_wait(gate->server.fetcher, gate->fd, NS_PER_SEC) > 0 &&
		    !take_input(gate))
			break;
	for (struct call *call = gate->calls; call; call = call->next)
		errand_cancel(&call->errand);
	fd_close(&gate->fd);
	for (int i = 0; i < 5 && gate->n_calls; i++)
		(void)fetcher_wait(gate->server.fetcher, -1, NS_PER_SEC);
	while (gate->calls)
		forget(gate->calls);
}

/* A client is told why there is no gate, in answer to what it asks. */
static void refuse(struct gate *gate, const struct error *err)
{
	CLEANUP(frame) struct frame frame = { 0 };
	struct error gone = { 0 };

	if (frame_read(gate->fd, &frame, &gone) == 0)
		answer(gate, json_get_int(frame.header, "id", 0), err, NULL);
	fd_close(&gate->fd);
}

int remote_gate(struct cli *cli, int argc, char **argv)
{
	struct gate gate = { .fd = argc == 3 ? (int)strtol(argv[2], NULL, 10) : -1 };
	struct error err = { 0 };
	int r;

	if (gate.fd < 3)
		return command_misused(&command_gate);
	buf_init(&gate.input, INPUT_MAX_BYTES);
	r = server_open(&gate.server, cli, &err);
	if (r == 0)
		r = server_find_agent(&gate.server, argv[1], &gate.agent, &err);
	if (r < 0)
		refuse(&gate, &err);
	else
		loop(&gate);
	server_close(&gate.server);
	json_decref(gate.agent);
	buf_finish(&gate.input);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
