/*
 * The answer of a model server: whatever it says, cut anywhere, ends in one reply or one
 * failure, the same however it was cut. The first byte chooses the provider.
 */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "investigation/model/model.h"

static const struct model_impl *const impls[] = { &model_anthropic, &model_openai, &model_ollama,
						  &model_tensorzero };

static char *read_in_pieces(const struct model *model, const char *text, size_t len, size_t piece)
{
	CLEANUP(model_stream) struct model_stream stream;

	model_stream_init(&stream, model);
	for (size_t at = 0; at < len; at += piece)
		model_stream_feed(&stream, text + at, len - at < piece ? len - at : piece);
	model_stream_end(&stream);
	if (stream.failure != MODEL_NO_FAILURE) {
		assert(stream.why.code < 0 && stream.why.text[0]);
		return strdup(stream.why.text);
	}
	assert(stream.reply.stop != REPLY_OPEN);
	return json_canonical(stream.reply.blocks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model model = { .name = "m", .id = "m", .max_output_tokens = 100 };

	if (size < 2)
		return 0;
	model.impl = impls[data[0] % ARRAY_LEN(impls)];

	CLEANUP(text)
	char *whole = read_in_pieces(&model, (const char *)data + 2, size - 2, size);
	CLEANUP(text)
	char *cut = read_in_pieces(&model, (const char *)data + 2, size - 2, data[1] % 32 + 1);

	assert(strcmp(whole, cut) == 0);
	return 0;
}
