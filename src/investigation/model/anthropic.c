/*
 * Anthropic's Messages API, version 2026-10-21 (what is sent fits 2023-06-01 too):
 * https://platform.claude.com/docs/en/api/messages and /api/versioning.
 *
 * Thinking blocks go back verbatim with their signature, before the calls they led to.
 * Breakpoints of the prompt cache: the last tool, the prompt, the end of the conversation.
 * No sampling parameters: this version has none. Events, blocks and stop reasons that are
 * not known here may come at any time, and harm nothing.
 */
#include "investigation/model/model.h"

#include <errno.h>
#include <string.h>

static json_t *mark(json_t *block)
{
	json_put(block, "cache_control", json_pack("{s:s}", "type", "ephemeral"));
	return block;
}

static json_t *tools_of(const struct model_request *request)
{
	json_t *list = json_array();
	const json_t *tool;
	size_t i;

	json_array_foreach(request->tools, i, tool)
		json_push(list, json_pack("{s:O, s:O, s:O}", "name", json_object_get(tool, "name"),
					  "description", json_object_get(tool, "summary"),
					  "input_schema", json_object_get(tool, "schema")));
	if (json_array_size(list))
		mark(json_array_get(list, json_array_size(list) - 1));
	return list;
}

static json_t *image_of(const struct model *model, const json_t *block)
{
	if (!model->sees)
		return json_pack("{s:s, s:s}", "type", "text", "text", MODEL_UNSEEN_IMAGE);
	return json_pack("{s:s, s:{s:s, s:O, s:O}}", "type", "image", "source", "type", "base64",
			 "media_type", json_object_get(block, "media_type"), "data",
			 json_object_get(block, "data"));
}

static json_t *block_of(const struct model *model, const json_t *block)
{
	const char *type = json_get_text(block, "type", "");

	if (strcmp(type, "text") == 0)
		return json_pack("{s:s, s:O}", "type", "text", "text",
				 json_object_get(block, "text"));
	if (strcmp(type, "image") == 0)
		return image_of(model, block);
	if (strcmp(type, "call") == 0)
		return json_pack("{s:s, s:O, s:O, s:O}", "type", "tool_use", "id",
				 json_object_get(block, "id"), "name",
				 json_object_get(block, "name"), "input",
				 json_object_get(block, "args"));
	if (strcmp(type, "result") == 0)
		return json_pack("{s:s, s:O, s:O, s:O}", "type", "tool_result", "tool_use_id",
				 json_object_get(block, "id"), "content",
				 json_object_get(block, "text"), "is_error",
				 json_object_get(block, "failed"));
	if (strcmp(json_get_text(block, "model", ""), model->name) == 0)
		return json_deep_copy(json_object_get(block, "block"));
	return NULL;
}

static void add_blocks(const struct model *model, const json_t *turn, const char *type,
		       json_t *content)
{
	const json_t *block;
	size_t i;

	json_array_foreach(json_object_get(turn, "blocks"), i, block)
	{
		bool is_result = strcmp(json_get_text(block, "type", ""), "result") == 0;
		json_t *made = is_result == (type != NULL) ? block_of(model, block) : NULL;

		if (made)
			json_push(content, made);
	}
}

/* Results stand first in their turn: the API refuses text before them. */
static json_t *messages_of(const struct model *model, const struct model_request *request)
{
	json_t *list = json_array();
	const json_t *turn;
	size_t i;

	json_array_foreach(request->messages->turns, i, turn)
	{
		json_t *content = json_array();

		add_blocks(model, turn, "result", content);
		add_blocks(model, turn, NULL, content);
		if (i + 1 == json_array_size(request->messages->turns) && json_array_size(content))
			mark(json_array_get(content, json_array_size(content) - 1));
		json_push(list, json_pack("{s:O, s:o}", "role", json_object_get(turn, "role"),
					  "content", content));
	}
	return list;
}

static json_t *body(const struct model *model, const struct model_request *request)
{
	json_t *body =
		json_pack("{s:s, s:i, s:b, s:[o], s:o}", "model", model->id, "max_tokens",
			  (int)model->max_output_tokens, "stream", 1, "system",
			  mark(json_pack("{s:s, s:s}", "type", "text", "text", request->prompt)),
			  "messages", messages_of(model, request));

	if (json_array_size(request->tools))
		json_put(body, "tools", tools_of(request));
	if (model->thinks)
		json_put(body, "thinking", json_pack("{s:s}", "type", "adaptive"));
	/* Thinking allows no forced call. */
	if (request->must_call && !model->thinks)
		json_put(body, "tool_choice",
			 json_pack("{s:s, s:s}", "type", "tool", "name", request->must_call));
	return body;
}

static void read_usage(struct usage *usage, const json_t *said)
{
	const json_t *output = json_object_get(said, "output_tokens");
	uint64_t input = (uint64_t)json_get_int(said, "input_tokens", 0);
	uint64_t cached = (uint64_t)json_get_int(said, "cache_read_input_tokens", 0);
	uint64_t written = (uint64_t)json_get_int(said, "cache_creation_input_tokens", 0);

	if (input + cached + written) {
		usage->input = input + cached + written;
		usage->cached = cached;
		usage->written = written;
	}
	if (json_is_integer(output) && json_integer_value(output) >= 0)
		usage->output = (uint64_t)json_integer_value(output);
}

static void take_start(struct reply *reply, const json_t *message)
{
	text_format(reply->id, sizeof(reply->id), "%s", json_get_text(message, "id", ""));
	text_format(reply->model, sizeof(reply->model), "%s", json_get_text(message, "model", ""));
	read_usage(&reply->usage, json_object_get(message, "usage"));
}

static enum part_kind kind_of(const char *type)
{
	if (strcmp(type, "text") == 0)
		return PART_TEXT;
	return strcmp(type, "tool_use") == 0 ? PART_CALL : PART_KEPT;
}

static int start_block(struct reply *reply, size_t number, json_t *block, struct error *err)
{
	struct part *part =
		reply_part(reply, number, kind_of(json_get_text(block, "type", "")), err);
	int r;

	if (!part)
		return err->code;
	if (!json_is_object(block) || part->block)
		return error_set(err, -EBADMSG, "a content block began that is none");
	part->block = json_incref(block);
	text_format(part->id, sizeof(part->id), "%s", json_get_text(block, "id", ""));
	text_format(part->name, sizeof(part->name), "%s", json_get_text(block, "name", ""));
	r = reply_add(&part->text,
		      json_get_text(block, "text", json_get_text(block, "thinking", "")), err);
	return r < 0 ? r : reply_add(&part->signature, json_get_text(block, "signature", ""), err);
}

static int add_delta(struct reply *reply, size_t number, const json_t *delta, struct error *err)
{
	struct part *part = reply_part(reply, number, PART_NONE, err);
	const char *type = json_get_text(delta, "type", "");

	if (!part)
		return err->code;
	if (part->kind == PART_NONE)
		return error_set(err, -EBADMSG, "a delta for a block that never began");
	if (strcmp(type, "text_delta") == 0)
		return reply_add(&part->text, json_get_text(delta, "text", ""), err);
	if (strcmp(type, "input_json_delta") == 0)
		return reply_add(&part->text, json_get_text(delta, "partial_json", ""), err);
	if (strcmp(type, "thinking_delta") == 0)
		return reply_add(&part->text, json_get_text(delta, "thinking", ""), err);
	if (strcmp(type, "signature_delta") == 0)
		return reply_add(&part->signature, json_get_text(delta, "signature", ""), err);
	return 0;
}

static enum reply_stop stop_of(const char *reason)
{
	static const struct {
		const char *reason;
		enum reply_stop stop;
	} reasons[] = {
		{ "end_turn", REPLY_ENDED },    { "stop_sequence", REPLY_ENDED },
		{ "tool_use", REPLY_CALLS },    { "max_tokens", REPLY_LENGTH },
		{ "pause_turn", REPLY_PAUSED }, { "model_context_window_exceeded", REPLY_CONTEXT },
		{ "refusal", REPLY_REFUSED },
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (strcmp(reasons[i].reason, reason) == 0)
			return reasons[i].stop;
	return REPLY_ENDED;
}

static int take_error(const json_t *error, enum model_failure *failure_out, struct error *err)
{
	const char *type = json_get_text(error, "type", "error");

	*failure_out = model_failure_named(type);
	return error_set(err, -EREMOTEIO, "%s: %.300s", type, json_get_text(error, "message", ""));
}

static int take_block(const struct model *model, struct reply *reply, const json_t *event,
		      struct error *err)
{
	const char *type = json_get_text(event, "type", "");
	int64_t index = json_get_int(event, "index", -1);
	size_t number = index < 0 ? REPLY_MAX_PARTS : (size_t)index;

	if (strcmp(type, "content_block_start") == 0)
		return start_block(reply, number, json_object_get(event, "content_block"), err);
	if (strcmp(type, "content_block_delta") == 0)
		return add_delta(reply, number, json_object_get(event, "delta"), err);
	if (strcmp(type, "content_block_stop") == 0)
		reply_close(reply, number, model->name);
	return 0;
}

static int take(const struct model *model, struct reply *reply, const struct sse_event *event,
		enum model_failure *failure_out, struct error *err)
{
	CLEANUP(json)
	json_t *said = json_parse(event->data, event->n_data, SSE_DATA_MAX_BYTES, err);
	const char *type = json_get_text(said, "type", "");

	if (!said)
		return error_set(err, -EBADMSG, "an event of the stream is no JSON");
	if (strcmp(type, "error") == 0)
		return take_error(json_object_get(said, "error"), failure_out, err);
	if (strcmp(type, "message_start") == 0)
		take_start(reply, json_object_get(said, "message"));
	if (strcmp(type, "message_delta") == 0) {
		reply->stop =
			stop_of(json_get_text(json_object_get(said, "delta"), "stop_reason", ""));
		read_usage(&reply->usage, json_object_get(said, "usage"));
	}
	if (strcmp(type, "message_stop") == 0) {
		reply->is_whole = true;
		if (reply->stop == REPLY_OPEN)
			reply->stop = reply->n_calls ? REPLY_CALLS : REPLY_ENDED;
	}
	return take_block(model, reply, said, err);
}

const struct model_impl model_anthropic = {
	.provider = "anthropic",
	.path = "/v1/messages",
	.body = body,
	.take = take,
};
