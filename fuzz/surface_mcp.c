/*
 * A session of MCP: lines of a client, and among them frames of the gate. Whatever comes, each
 * message said is one JSON object on one line, and no call is left when the session ends.
 */
#include "harness.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "surface/mcp/host.h"
#include "surface/mcp/mcp.h"

#define REFUSED_EVERY 5

struct gate {
	json_int_t last_id;
};

static void say(void *data UNUSED, void *exchange UNUSED, const struct mcp_word *word)
{
	struct error err = { 0 };
	CLEANUP(json)
	json_t *whole = json_parse(word->text, strlen(word->text), 8 * MIB, &err);

	assert(json_is_object(whole) && !strchr(word->text, '\n'));
}

static json_int_t ask(void *data, json_t *header, const char *body, size_t n_body,
		      struct error *err)
{
	struct gate *gate = data;

	assert(json_is_object(header) && body[n_body] == '\0');
	if (++gate->last_id % REFUSED_EVERY == 0)
		return error_set(err, -EBUSY, "the gate takes no more");
	return gate->last_id;
}

static void cancel(void *data, json_int_t id)
{
	const struct gate *gate = data;

	assert(id > 0 && id <= gate->last_id);
}

/* "F", the header as JSON, a tab, the body. */
static void take_frame(struct mcp_host *host, const char *line, size_t len)
{
	const char *tab = memchr(line, '\t', len);
	size_t n_header = tab ? (size_t)(tab - line) : len;
	struct error err = { 0 };
	CLEANUP(json)
	json_t *header = json_parse(line, n_header, FRAME_HEADER_MAX_BYTES, &err);
	CLEANUP(text) char *body = tab ? strndup(tab + 1, len - n_header - 1) : strdup("");
	const struct frame frame = { .header = header, .body = body, .n_body = strlen(body) };

	if (json_is_object(header))
		mcp_host_take_frame(host, &frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gate gate = { 0 };
	const struct mcp_peer peer = { .say = say };
	const struct mcp_gate way = { .ask = ask, .cancel = cancel, .data = &gate };
	CLEANUP(json)
	json_t *catalogue = json_pack("[{s:s, s:s, s:{s:s}, s:s}, {s:s, s:i}]", "name", "get_load",
				      "summary", "Load averages", "schema", "type", "object",
				      "risk", "reads", "name", "read_file", "timeout_ms", 60000);
	CLEANUP(json)
	json_t *skills = json_pack("[{s:s, s:s, s:s}]", "name", "network", "description", "How",
				   "text", "Look.");
	struct mcp_host host;
	struct mcp mcp = { .peer = &peer, .offer = &host.offer };
	CLEANUP(text) char *text = strndup((const char *)data, size);
	char *rest = text, *line;

	mcp_host_init(&host, &way, catalogue, skills, "1");
	while ((line = strsep(&rest, "\n"))) {
		if (*line == 'F')
			take_frame(&host, line + 1, strlen(line + 1));
		else
			mcp_take(&mcp, NULL, line, strlen(line));
		assert(mcp.n_calls <= MCP_MAX_CALLS && mcp.n_tasks <= MCP_MAX_TASKS);
	}
	mcp_finish(&mcp);
	assert(mcp.n_calls == 0 && !mcp.calls && !host.errands && !mcp.tasks);
	mcp_host_finish(&host);
	return 0;
}
