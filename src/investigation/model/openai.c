/*
 * Chat completions, streaming, as OpenAI defines them (openapi.json 2.3.0,
 * https://platform.openai.com/docs/api-reference/chat) and as others serve them: Ollama,
 * vLLM, llama.cpp and TensorZero.
 *
 * Calls are gathered by their index; id and name come once. Where the servers differ:
 * Ollama gives a call whole, its index 0 or missing, and ends with "stop"; reasoning comes as
 * "reasoning_content" or "reasoning"; some leave out [DONE]; some give arguments as an
 * object. The most that may be said is always sent: what a server assumes cuts answers.
 */
#include "investigation/model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_PART 0
#define THOUGHT_PART 1
#define FIRST_CALL_PART 2

static json_t *tools_of(const struct model_request *request)
{
	json_t *list = json_array();
	const json_t *tool;
	size_t i;

	json_array_foreach(request->tools, i, tool)
		json_push(list, json_pack("{s:s, s:{s:O, s:O, s:O}}", "type", "function",
					  "function", "name", json_object_get(tool, "name"),
					  "description", json_object_get(tool, "summary"),
					  "parameters", json_object_get(tool, "schema")));
	return list;
}

static json_t *call_of(const json_t *block)
{
	CLEANUP(text) char *args = json_canonical(json_object_get(block, "args"));

	return json_pack("{s:s, s:O, s:{s:O, s:s}}", "type", "function", "id",
			 json_object_get(block, "id"), "function", "name",
			 json_object_get(block, "name"), "arguments", args);
}

/* A data URL (RFC 2397), as this API takes an image. */
static json_t *image_of(const json_t *block)
{
	CLEANUP(buf) struct buf url = { 0 };
	const char *data = json_get_text(block, "data", "");

	buf_init(&url, strlen(data) + 128);
	buf_add_format(&url, "data:%.64s;base64,", json_get_text(block, "media_type", ""));
	buf_add_text(&url, data);
	return json_pack("{s:s, s:{s:s}}", "type", "image_url", "image_url", "url", buf_text(&url));
}

/* What it says becomes a list of parts where it shows something as well. */
static void add_images(json_t *list, json_t *images)
{
	json_t *message = json_array_get(list, json_array_size(list) - 1);
	json_t *parts = json_pack("[{s:s, s:O}]", "type", "text", "text",
				  json_object_get(message, "content"));

	if (json_array_extend(parts, images) < 0)
		abort();
	json_put(message, "content", parts);
}

static void add_message(json_t *list, const char *role, const struct buf *text, json_t *calls)
{
	json_t *message;

	if (!text->len && !json_array_size(calls)) {
		json_decref(calls);
		return;
	}
	message = json_pack("{s:s, s:o}", "role", role, "content",
			    text->len ? json_text(text->data, text->len) : json_null());
	if (json_array_size(calls))
		json_put(message, "tool_calls", calls);
	else
		json_decref(calls);
	json_push(list, message);
}

/* Results first, each a message of its own, then what the turn says in text. */
static void add_turn(json_t *list, const struct model *model, const json_t *turn)
{
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(json) json_t *images = json_array();
	json_t *calls = json_array();
	const json_t *block;
	size_t i;

	buf_init(&text, 4 * MIB);
	json_array_foreach(json_object_get(turn, "blocks"), i, block)
	{
		const char *type = json_get_text(block, "type", "");

		if (strcmp(type, "result") == 0)
			json_push(list, json_pack("{s:s, s:O, s:O}", "role", "tool", "tool_call_id",
						  json_object_get(block, "id"), "content",
						  json_object_get(block, "text")));
		if (strcmp(type, "call") == 0)
			json_push(calls, call_of(block));
		if (strcmp(type, "image") == 0 && model->sees)
			json_push(images, image_of(block));
		else if (strcmp(type, "image") == 0)
			buf_add_text(&text, "\n\n" MODEL_UNSEEN_IMAGE);
		if (strcmp(type, "text") == 0 && text.len)
			buf_add_text(&text, "\n\n");
		if (strcmp(type, "text") == 0)
			buf_add_text(&text, json_get_text(block, "text", ""));
	}
	add_message(list, json_get_text(turn, "role", "user"), &text, calls);
	if (text.len && json_array_size(images))
		add_images(list, images);
}

static json_t *messages_of(const struct model *model, const struct model_request *request)
{
	json_t *list = json_pack("[{s:s, s:s}]", "role", "system", "content", request->prompt);
	const json_t *turn;
	size_t i;

	json_array_foreach(request->messages->turns, i, turn) add_turn(list, model, turn);
	return list;
}

static json_t *common_body(const struct model *model, const struct model_request *request,
			   const char *max_tokens)
{
	json_t *body =
		json_pack("{s:s, s:b, s:{s:b}, s:i, s:o}", "model", model->id, "stream", 1,
			  "stream_options", "include_usage", 1, max_tokens,
			  (int)model->max_output_tokens, "messages", messages_of(model, request));

	if (json_array_size(request->tools))
		json_put(body, "tools", tools_of(request));
	if (request->must_call)
		json_put(body, "tool_choice",
			 json_pack("{s:s, s:{s:s}}", "type", "function", "function", "name",
				   request->must_call));
	return body;
}

static json_t *openai_body(const struct model *model, const struct model_request *request)
{
	json_t *body = common_body(model, request, "max_completion_tokens");

	if (json_array_size(request->tools))
		json_put(body, "parallel_tool_calls", json_true());
	return body;
}

static json_t *compatible_body(const struct model *model, const struct model_request *request)
{
	return common_body(model, request, "max_tokens");
}

/* Its own default context is a few thousand tokens, and what is over is cut in silence. */
static json_t *ollama_body(const struct model *model, const struct model_request *request)
{
	json_t *body = common_body(model, request, "max_tokens");

	json_put(body, "options", json_pack("{s:i}", "num_ctx", (int)model->context_tokens));
	return body;
}

static json_t *tensorzero_body(const struct model *model, const struct model_request *request)
{
	json_t *body = common_body(model, request, "max_completion_tokens");

	if (request->episode && *request->episode)
		json_put(body, "tensorzero::episode_id", json_string(request->episode));
	return body;
}

static void read_usage(struct usage *usage, const json_t *said)
{
	const json_t *in = json_object_get(said, "prompt_tokens_details");
	const json_t *out = json_object_get(said, "completion_tokens_details");

	if (!json_is_object(said))
		return;
	usage->input = (uint64_t)json_get_int(said, "prompt_tokens", 0);
	usage->output = (uint64_t)json_get_int(said, "completion_tokens", 0);
	usage->cached = (uint64_t)json_get_int(in, "cached_tokens", 0);
	usage->written = (uint64_t)json_get_int(in, "cache_write_tokens", 0);
	usage->reasoning = (uint64_t)json_get_int(out, "reasoning_tokens", 0);
}

static int add_text(struct reply *reply, size_t number, const char *text, struct error *err)
{
	struct part *part;

	if (!*text)
		return 0;
	part = reply_part(reply, number, number == TEXT_PART ? PART_TEXT : PART_THOUGHT, err);
	return part ? reply_add(&part->text, text, err) : err->code;
}

/* Whether this delta begins another call than the one that has its index. */
static bool is_another(const struct part *part, const char *id, const char *name)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *args = NULL;

	if (*id && part->id[0] && strcmp(id, part->id) != 0)
		return true;
	if (!*name || !part->name[0])
		return false;
	args = json_parse(buf_text(&part->text), part->text.len, REPLY_PART_MAX_BYTES, &err);
	return part->args || json_is_object(args);
}

/* The newest part with that index, or the place of a new one. */
static size_t call_number(const struct reply *reply, size_t index, const char *id, const char *name)
{
	size_t last = FIRST_CALL_PART;

	for (size_t i = FIRST_CALL_PART; i < REPLY_MAX_PARTS; i++)
		if (reply->parts[i].kind == PART_CALL)
			last = i + 1;
	for (size_t i = last; i > FIRST_CALL_PART; i--)
		if (reply->parts[i - 1].index == index)
			return is_another(&reply->parts[i - 1], id, name) ? last : i - 1;
	return last;
}

static int add_arguments(struct part *part, const json_t *args, struct error *err)
{
	if (json_is_object(args) && !part->args)
		part->args = json_deep_copy(args);
	return json_is_string(args) ? reply_add(&part->text, json_string_value(args), err) : 0;
}

static int add_call(struct reply *reply, const json_t *delta, size_t position, struct error *err)
{
	const json_t *function = json_object_get(delta, "function");
	int64_t said = json_get_int(delta, "index", (int64_t)position);
	size_t index = said < 0 ? 0 : (size_t)said;
	const char *id = json_get_text(delta, "id", "");
	const char *name = json_get_text(function, "name", "");
	size_t number = call_number(reply, index, id, name);
	struct part *part = reply_part(reply, number, PART_CALL, err);

	if (!part)
		return err->code;
	for (size_t i = 0; i < number; i++)
		reply->parts[i].is_followed = true;
	part->index = index;
	if (!part->id[0])
		text_format(part->id, sizeof(part->id), "%s", id);
	if (!part->name[0])
		text_format(part->name, sizeof(part->name), "%s", name);
	return add_arguments(part, json_object_get(function, "arguments"), err);
}

static int add_delta(struct reply *reply, const json_t *delta, struct error *err)
{
	const char *thought =
		json_get_text(delta, "reasoning_content", json_get_text(delta, "reasoning", ""));
	const json_t *call;
	size_t i;
	int r = add_text(reply, THOUGHT_PART, thought, err);

	if (r == 0)
		r = add_text(reply, TEXT_PART, json_get_text(delta, "content", ""), err);
	if (r == 0)
		r = add_text(reply, TEXT_PART, json_get_text(delta, "refusal", ""), err);
	if (*json_get_text(delta, "refusal", ""))
		reply->is_refused = true;
	json_array_foreach(json_object_get(delta, "tool_calls"), i, call) if (r == 0) r =
		add_call(reply, call, i, err);
	return r;
}

/* Ollama says "stop" when it calls. */
static enum reply_stop stop_of(const struct reply *reply, const char *reason)
{
	if (strcmp(reason, "length") == 0)
		return REPLY_LENGTH;
	if (strcmp(reason, "content_filter") == 0 || reply->is_refused)
		return REPLY_REFUSED;
	return reply->n_calls + reply->n_broken ? REPLY_CALLS : REPLY_ENDED;
}

static int take_choice(const struct model *model, struct reply *reply, const json_t *choice,
		       struct error *err)
{
	const char *reason = json_get_text(choice, "finish_reason", "");
	int r;

	if (json_get_int(choice, "index", 0) != 0 || reply->stop != REPLY_OPEN)
		return 0;
	r = add_delta(reply, json_object_get(choice, "delta"), err);
	if (r < 0 || !*reason)
		return r;
	reply_close_all(reply, model->name);
	reply->stop = stop_of(reply, reason);
	return 0;
}

static int take_error(const json_t *said, enum model_failure *failure_out, struct error *err)
{
	CLEANUP(text) char *text = json_canonical(said);

	*failure_out = model_failure_of(200, text, strlen(text), err);
	return err->code;
}

static bool is_error(const json_t *said)
{
	const json_t *error = json_object_get(said, "error");

	return (error && !json_is_null(error)) ||
	       strcmp(json_get_text(said, "object", ""), "error") == 0;
}

static void read_head(struct reply *reply, const json_t *said)
{
	if (!reply->id[0])
		text_format(reply->id, sizeof(reply->id), "%s", json_get_text(said, "id", ""));
	if (!reply->model[0])
		text_format(reply->model, sizeof(reply->model), "%s",
			    json_get_text(said, "model", ""));
	if (!reply->episode[0])
		text_format(reply->episode, sizeof(reply->episode), "%s",
			    json_get_text(said, "episode_id", ""));
	read_usage(&reply->usage, json_object_get(said, "usage"));
}

static int take(const struct model *model, struct reply *reply, const struct sse_event *event,
		enum model_failure *failure_out, struct error *err)
{
	CLEANUP(json) json_t *said = NULL;
	struct str text = { event->data, event->n_data };

	if (str_is(text, "[DONE]")) {
		reply_close_all(reply, model->name);
		if (reply->stop == REPLY_OPEN)
			reply->stop = stop_of(reply, "");
		reply->is_whole = true;
		return 0;
	}
	said = json_parse(event->data, event->n_data, SSE_DATA_MAX_BYTES, err);
	if (!said)
		return error_set(err, -EBADMSG, "an event of the stream is no JSON");
	if (is_error(said))
		return take_error(said, failure_out, err);
	read_head(reply, said);
	return take_choice(model, reply, json_array_get(json_object_get(said, "choices"), 0), err);
}

#define CHAT_PATH "/v1/chat/completions"

const struct model_impl model_openai = {
	.provider = "openai", .path = CHAT_PATH, .body = openai_body, .take = take
};
const struct model_impl model_ollama = {
	.provider = "ollama", .path = CHAT_PATH, .body = ollama_body, .take = take
};
const struct model_impl model_vllm = {
	.provider = "vllm", .path = CHAT_PATH, .body = compatible_body, .take = take
};
const struct model_impl model_llamacpp = {
	.provider = "llamacpp", .path = CHAT_PATH, .body = compatible_body, .take = take
};
const struct model_impl model_tensorzero = {
	.provider = "tensorzero",
	.path = "/openai" CHAT_PATH,
	.body = tensorzero_body,
	.take = take,
};
