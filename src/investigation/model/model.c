#include "investigation/model/model.h"

#include <errno.h>
#include <string.h>

#define MIN_CONTEXT_TOKENS 2048
#define MAX_CONTEXT_TOKENS 10000000
#define TOKENS_PER_PRICE 1e6

static const struct model_impl *const model_impls[] = {
	&model_anthropic, &model_openai,   &model_ollama,
	&model_vllm,      &model_llamacpp, &model_tensorzero,
};

const struct model_impl *model_impl_find(const char *provider)
{
	for (size_t i = 0; i < ARRAY_LEN(model_impls); i++)
		if (strcmp(model_impls[i]->provider, provider) == 0)
			return model_impls[i];
	return NULL;
}

static unsigned bounded(int64_t value, int64_t min, int64_t max)
{
	return (unsigned)(value < min ? min : value > max ? max : value);
}

int model_parse(struct model *model, const json_t *entry, struct error *err)
{
	const char *name = json_get_text(entry, "name", "");
	const char *provider = json_get_text(entry, "provider", "");
	const char *id = json_get_text(entry, "model", name);
	const json_t *price = json_object_get(entry, "price");
	const struct model_impl *impl = model_impl_find(provider);
	unsigned context = bounded(json_get_int(entry, "context_tokens", MODEL_CONTEXT_TOKENS),
				   MIN_CONTEXT_TOKENS, MAX_CONTEXT_TOKENS);

	if (!*name || strlen(name) >= MODEL_NAME_BYTES || strlen(id) >= MODEL_ID_BYTES)
		return error_set(err, -EINVAL, "a model needs a name of at most %d bytes",
				 MODEL_NAME_BYTES - 1);
	if (!impl)
		return error_set(err, -EINVAL, "model '%s': no provider is called '%.64s'", name,
				 provider);
	*model = (struct model) {
		.impl = impl,
		.context_tokens = context,
		.max_output_tokens =
			bounded(json_get_int(entry, "max_output_tokens", MODEL_OUTPUT_TOKENS), 256,
				context / 2),
		.thinks = strcmp(json_get_text(entry, "thinking", "off"), "adaptive") == 0,
		.sees = json_get_bool(entry, "images",
				      impl == &model_anthropic || impl == &model_openai),
		.price.input = json_get_number(price, "input", 0),
		.price.output = json_get_number(price, "output", 0),
		.price.cached = json_get_number(price, "cached", 0),
		.price.written = json_get_number(price, "written", 0),
	};
	text_format(model->name, sizeof(model->name), "%s", name);
	text_format(model->id, sizeof(model->id), "%s", id);
	return 0;
}

double model_cost(const struct model *model, const struct usage *usage)
{
	uint64_t apart = usage->cached + usage->written;
	uint64_t fresh = usage->input > apart ? usage->input - apart : 0;

	return ((double)fresh * model->price.input + (double)usage->cached * model->price.cached +
		(double)usage->written * model->price.written +
		(double)usage->output * model->price.output) /
	       TOKENS_PER_PRICE;
}

enum model_failure model_failure_named(const char *type)
{
	static const struct {
		const char *part;
		enum model_failure failure;
	} names[] = {
		{ "overloaded", MODEL_RETRY },        { "rate_limit", MODEL_RETRY },
		{ "api_error", MODEL_RETRY },         { "timeout", MODEL_RETRY },
		{ "server_error", MODEL_RETRY },      { "unavailable", MODEL_RETRY },
		{ "internal", MODEL_RETRY },          { "context_length", MODEL_TOO_LONG },
		{ "exceed_context", MODEL_TOO_LONG }, { "request_too_large", MODEL_TOO_LONG },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcasestr(type, names[i].part))
			return names[i].failure;
	return MODEL_REFUSED;
}

/* Anthropic and OpenAI: {"error": {"type", "code", "message"}}; Ollama: {"error": "..."};
 * older vLLM: {"object": "error", "message"}. */
static enum model_failure read_refusal(const json_t *answer, char *said, size_t size)
{
	const json_t *error = json_object_get(answer, "error");
	const char *message = json_is_string(error)
				      ? json_string_value(error)
				      : json_get_text(error ? error : answer, "message", "");
	enum model_failure by_type = model_failure_named(json_get_text(error, "type", ""));
	enum model_failure by_code = model_failure_named(json_get_text(error, "code", ""));

	text_format(said, size, "%.300s", message);
	if (strcasestr(message, "prompt is too long") || strcasestr(message, "context length") ||
	    strcasestr(message, "context window") || strcasestr(message, "context size"))
		return MODEL_TOO_LONG;
	return by_code != MODEL_REFUSED ? by_code : by_type;
}

enum model_failure model_failure_of(int status, const char *body, size_t len, struct error *err)
{
	struct error unread = { 0 };
	CLEANUP(json) json_t *answer = json_parse(body, len, MODEL_STREAM_MAX_BYTES, &unread);
	char said[320] = "";
	enum model_failure failure = read_refusal(answer, said, sizeof(said));

	(void)error_set(err, -EREMOTEIO, "status %d%s%s", status, said[0] ? ": " : "", said);
	if (status == 413 || failure == MODEL_TOO_LONG)
		return MODEL_TOO_LONG;
	if (status == 408 || status == 409 || status == 429 || status >= 500)
		return MODEL_RETRY;
	return failure;
}
