#include "mcp_client/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int take(struct mcp_answer *answer, const char *text, size_t len, struct error *err)
{
	CLEANUP(jsonrpc) struct jsonrpc_message message = { 0 };
	int r = jsonrpc_parse(text, len, len, &message, err);

	if (r < 0)
		return error_wrap(err, "what it says is no message");
	if (++answer->n_messages > MCP_ANSWER_MAX_MESSAGES)
		return error_set(err, -E2BIG, "it says more than %d messages",
				 MCP_ANSWER_MAX_MESSAGES);
	return answer->handle(answer, &message, err);
}

static int handle_event(struct sse_parser *parser, const struct sse_event *event, struct error *err)
{
	struct mcp_answer *answer = container_of(parser, struct mcp_answer, stream);

	if (!event->n_data || (event->event && strcmp(event->event, "message") != 0))
		return 0;
	return take(answer, event->data, event->n_data, err);
}

/* "application/json; charset=utf-8" is "application/json". */
static bool is_type(const char *type, const char *wanted)
{
	size_t len = strlen(wanted);

	return type && strncasecmp(type, wanted, len) == 0 && strchr("; \t", type[len]);
}

void mcp_answer_init(struct mcp_answer *answer, const char *type, size_t max_bytes,
		     int (*handle)(struct mcp_answer *answer, const struct jsonrpc_message *message,
				   struct error *err))
{
	*answer = (struct mcp_answer) {
		.handle = handle,
		.kind = is_type(type, "application/json") ? MCP_ANSWER_JSON
			: is_type(type, SSE_TYPE)         ? MCP_ANSWER_STREAM
							  : MCP_ANSWER_OTHER,
	};
	buf_init(&answer->body, max_bytes);
	sse_parser_init(&answer->stream, handle_event);
}

void mcp_answer_finish(struct mcp_answer *answer)
{
	buf_finish(&answer->body);
	if (answer->handle)
		sse_parser_finish(&answer->stream);
	*answer = (struct mcp_answer) { 0 };
}

void mcp_answer_cleanup(struct mcp_answer *answer)
{
	mcp_answer_finish(answer);
}

int mcp_answer_feed(struct mcp_answer *answer, const char *bytes, size_t len, struct error *err)
{
	if (answer->kind == MCP_ANSWER_STREAM)
		return sse_parser_feed(&answer->stream, bytes, len, err);
	buf_add(&answer->body, bytes, len);
	if (answer->body.dropped)
		return error_set(err, -E2BIG, "it says more than %zu bytes", answer->body.max);
	return 0;
}

static bool is_batch(const struct buf *body)
{
	const char *text = buf_text(body);

	return text[strspn(text, " \t\r\n")] == '[';
}

static int take_batch(struct mcp_answer *answer, struct error *err)
{
	CLEANUP(json)
	json_t *batch =
		json_parse(buf_text(&answer->body), answer->body.len, answer->body.len, err);
	const json_t *item;
	size_t i;

	if (!batch)
		return err->code;
	if (json_array_size(batch) > MCP_ANSWER_MAX_BATCH)
		return error_set(err, -E2BIG, "a batch of more than %d messages",
				 MCP_ANSWER_MAX_BATCH);
	json_array_foreach(batch, i, item)
	{
		CLEANUP(text) char *text = json_dumps(item, JSON_COMPACT | JSON_ENCODE_ANY);
		int r;

		if (!text)
			abort();
		r = take(answer, text, strlen(text), err);
		if (r < 0)
			return r;
	}
	return 0;
}

int mcp_answer_end(struct mcp_answer *answer, struct error *err)
{
	if (answer->kind == MCP_ANSWER_OTHER)
		return error_set(err, -EBADMSG, "it answers with neither JSON nor a stream");
	if (answer->kind == MCP_ANSWER_STREAM)
		return 0;
	if (is_batch(&answer->body))
		return take_batch(answer, err);
	return take(answer, buf_text(&answer->body), answer->body.len, err);
}
