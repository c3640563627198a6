/* What models and subagents did, for the case: so that it can be told as a trace (otlp.h). */
#include <string.h>

#include "base/clock.h"
#include "investigation/loop_internal.h"

#define MAX_NOTES 256

static json_t *work(const struct loop *loop, uint64_t start_ns)
{
	double elapsed_ms = (double)(clock_monotonic_ns() - start_ns) / NS_PER_MS;
	char time[CLOCK_TEXT_BYTES];

	return json_pack("{s:s, s:s, s:f}", "agent", loop->agent, "time",
			 clock_format(clock_wall_ns(), time), "elapsed_ms", elapsed_ms);
}

static void note(json_t **list, json_t *entry)
{
	if (!*list)
		*list = json_array();
	if (json_array_size(*list) < MAX_NOTES)
		json_push(*list, entry);
	else
		json_decref(entry);
}

static void tell_use(const struct loop *loop)
{
	const struct model_stream *stream = &loop->exchange.stream;
	const struct usage *usage = &stream->reply.usage;
	struct line *line = loop->crew->line;

	line->tell(line, "model",
		   json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:o}", "agent",
			     loop->agent, "model", stream->model->name, "provider",
			     stream->model->impl->provider, "response_model", stream->reply.model,
			     "response_id", stream->reply.id, "input_tokens",
			     (json_int_t)usage->input, "cached_tokens", (json_int_t)usage->cached,
			     "written_tokens", (json_int_t)usage->written, "output_tokens",
			     (json_int_t)usage->output, "cost", model_cost(stream->model, usage),
			     "budget", budget_json(&loop->crew->budget)));
}

void loop_note_chat(const struct loop *loop)
{
	static const char *const stops[] = {
		[REPLY_OPEN] = "open",        [REPLY_ENDED] = "stop",
		[REPLY_CALLS] = "tool_calls", [REPLY_LENGTH] = "length",
		[REPLY_CONTEXT] = "context",  [REPLY_PAUSED] = "pause",
		[REPLY_REFUSED] = "refusal",
	};
	const struct model_stream *stream = &loop->exchange.stream;
	const struct reply *reply = &stream->reply;
	const struct usage *usage = &reply->usage;
	json_t *chat = work(loop, loop->asked_ns);

	json_put(chat, "model", json_string(stream->model->id));
	json_put(chat, "provider", json_string(stream->model->impl->provider));
	json_put(chat, "response_model", json_text(reply->model, strlen(reply->model)));
	json_put(chat, "input_tokens", json_integer((json_int_t)usage->input));
	json_put(chat, "cached_tokens", json_integer((json_int_t)usage->cached));
	json_put(chat, "written_tokens", json_integer((json_int_t)usage->written));
	json_put(chat, "output_tokens", json_integer((json_int_t)usage->output));
	json_put(chat, "cost_usd", json_real(model_cost(stream->model, usage)));
	json_put(chat, "finish", json_string(stops[reply->stop]));
	tell_use(loop);
	note(&loop->crew->investigation->chats, chat);
}

void loop_note_agent(const struct loop *loop, uint64_t start_ns)
{
	json_t *agent = work(loop, start_ns);

	json_put(agent, "name", json_string(loop->agent));
	note(&loop->crew->investigation->agents, agent);
}
