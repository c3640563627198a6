/* tests/models/streams: answers as the providers publish them, each with what it means. */
#include "investigation/model/model.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/test.h"

static const char *const stops[] = {
	[REPLY_OPEN] = "open",       [REPLY_ENDED] = "ended",     [REPLY_CALLS] = "calls",
	[REPLY_LENGTH] = "length",   [REPLY_CONTEXT] = "context", [REPLY_PAUSED] = "paused",
	[REPLY_REFUSED] = "refused",
};
static const char *const failures[] = {
	[MODEL_NO_FAILURE] = "none",
	[MODEL_RETRY] = "retry",
	[MODEL_TOO_LONG] = "too long",
	[MODEL_REFUSED] = "refused",
};

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 256 * KIB);

	if (!file || !text)
		FAIL("no file %s", path);
	CHECK(fread(text, 1, 256 * KIB - 1, file) > 0);
	(void)fclose(file);
	return text;
}

static struct model model_of(const json_t *expected)
{
	struct model model = { 0 };
	struct error err = { 0 };
	CLEANUP(json)
	json_t *entry = json_pack("{s:s, s:s}", "name", "m", "provider",
				  json_get_text(expected, "provider", ""));

	CHECK_OK(model_parse(&model, entry, &err), err);
	return model;
}

static void check_usage(const struct usage *usage, const json_t *expected)
{
	CHECK_INT(usage->input, json_get_int(expected, "input", 0));
	CHECK_INT(usage->cached, json_get_int(expected, "cached", 0));
	CHECK_INT(usage->written, json_get_int(expected, "written", 0));
	CHECK_INT(usage->output, json_get_int(expected, "output", 0));
	CHECK_INT(usage->reasoning, json_get_int(expected, "reasoning", 0));
}

static void check_reply(const struct model_stream *stream, const json_t *expected)
{
	const struct reply *reply = &stream->reply;
	CLEANUP(text) char *blocks = json_canonical(reply->blocks);
	CLEANUP(text) char *wanted = json_canonical(json_object_get(expected, "blocks"));

	CHECK_TEXT(blocks, wanted);
	CHECK_TEXT(stops[reply->stop], json_get_text(expected, "stop", "?"));
	CHECK_INT(reply->n_broken, json_get_int(expected, "n_broken", 0));
	CHECK_TEXT(reply->episode, json_get_text(expected, "episode", ""));
	if (json_object_get(expected, "usage"))
		check_usage(&reply->usage, json_object_get(expected, "usage"));
	if (json_object_get(expected, "thoughts"))
		CHECK_TEXT(buf_text(&reply->thoughts), json_get_text(expected, "thoughts", ""));
	CHECK(reply->is_whole != json_get_bool(expected, "broken", false));
}

static void check_stream(const struct model_stream *stream, const json_t *expected)
{
	const char *failure = json_get_text(expected, "failure", "none");

	CHECK_TEXT(failures[stream->failure], failure);
	if (strcmp(failure, "none") != 0)
		CHECK_TEXT(stream->why.text, json_get_text(expected, "why", ""));
	else
		check_reply(stream, expected);
}

/* In two pieces, cut at 'cut', or byte by byte where that is 0. */
static void read_cut(const struct model *model, const char *text, size_t cut,
		     const json_t *expected)
{
	CLEANUP(model_stream) struct model_stream stream;
	size_t len = strlen(text);

	model_stream_init(&stream, model);
	for (size_t i = 0; i < len && !cut; i++)
		model_stream_feed(&stream, text + i, 1);
	if (cut) {
		model_stream_feed(&stream, text, cut);
		model_stream_feed(&stream, text + cut, len - cut);
	}
	model_stream_end(&stream);
	check_stream(&stream, expected);
}

static void for_each_stream(void (*check)(const struct model *model, const char *text,
					  const json_t *expected))
{
	char folder[2048], path[4096];
	const struct dirent *entry;
	unsigned n = 0;
	DIR *dir;

	(void)snprintf(folder, sizeof(folder), "%s/tests/models/streams", getenv("SOURCE_DIR"));
	dir = opendir(folder);
	CHECK(dir);
	while ((entry = readdir(dir))) {
		int len = (int)strcspn(entry->d_name, ".");

		if (strcmp(entry->d_name + len, ".sse") != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		CLEANUP(text) char *text = read_text(path);

		(void)snprintf(path, sizeof(path), "%s/%.*s.json", folder, len, entry->d_name);
		CLEANUP(text) char *json = read_text(path);
		struct error err = { 0 };
		CLEANUP(json) json_t *expected = json_parse(json, strlen(json), MIB, &err);
		struct model model = model_of(expected);

		print_message("# %s\n", entry->d_name);
		check(&model, text, expected);
		n++;
	}
	(void)closedir(dir);
	CHECK(n > 20);
}

static void cut_everywhere(const struct model *model, const char *text, const json_t *expected)
{
	for (size_t cut = 0; cut < strlen(text); cut += test_stride())
		read_cut(model, text, cut, expected);
}

static bool stands_in(const json_t *block, const json_t *blocks)
{
	const json_t *item;
	size_t i;

	json_array_foreach(blocks, i, item) if (json_equal(block, item)) return true;
	return false;
}

/* Ends the stream at every byte: never more than was said, never half a call. */
static void end_everywhere(const struct model *model, const char *text, const json_t *expected)
{
	for (size_t len = 0; len < strlen(text); len += test_stride()) {
		CLEANUP(model_stream) struct model_stream stream;
		const json_t *block;
		size_t i;

		model_stream_init(&stream, model);
		model_stream_feed(&stream, text, len);
		model_stream_end(&stream);
		CHECK(stream.failure == MODEL_NO_FAILURE || stream.why.code < 0);
		CHECK(stream.failure != MODEL_NO_FAILURE || stream.reply.stop != REPLY_OPEN);
		json_array_foreach(stream.reply.blocks, i, block)
			CHECK(strcmp(json_get_text(block, "type", ""), "call") != 0 ||
			      stands_in(block, json_object_get(expected, "blocks")));
	}
}

TEST(a_published_stream_means_the_same_cut_anywhere)
{
	for_each_stream(cut_everywhere);
}

TEST(a_stream_that_ends_anywhere_says_nothing_that_was_not_whole)
{
	for_each_stream(end_everywhere);
}

TEST(a_stream_has_a_ceiling)
{
	CLEANUP(json) json_t *expected = json_pack("{s:s}", "provider", "anthropic");
	struct model model = model_of(expected);
	CLEANUP(model_stream) struct model_stream stream;

	model_stream_init(&stream, &model);
	for (size_t i = 0; i <= MODEL_STREAM_MAX_BYTES / 8; i++)
		model_stream_feed(&stream, ": ping\n\n", 8);
	CHECK_INT(stream.failure, MODEL_RETRY);
}

TEST(an_error_answer_says_whether_to_ask_again)
{
	static const struct {
		int status;
		const char *body;
		enum model_failure failure;
		const char *why;
	} answers[] = {
		{ 429,
		  "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":"
		  "\"slow\"}}",
		  MODEL_RETRY, "status 429: slow" },
		{ 529,
		  "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
		  "\"busy\"}}",
		  MODEL_RETRY, "status 529: busy" },
		{ 500, "<html>", MODEL_RETRY, "status 500" },
		{ 401,
		  "{\"error\":{\"message\":\"bad key\",\"type\":\"invalid_request_error\","
		  "\"code\":\"invalid_api_key\"}}",
		  MODEL_REFUSED, "status 401: bad key" },
		{ 400,
		  "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"
		  "\"prompt is too long: 210000 tokens > 200000 maximum\"}}",
		  MODEL_TOO_LONG,
		  "status 400: prompt is too long: 210000 tokens > 200000 maximum" },
		{ 400,
		  "{\"error\":{\"message\":\"This model's maximum context length is 8192\","
		  "\"type\":\"invalid_request_error\",\"code\":\"context_length_exceeded\"}}",
		  MODEL_TOO_LONG, "status 400: This model's maximum context length is 8192" },
		{ 413, "", MODEL_TOO_LONG, "status 413" },
		{ 404, "{\"error\":\"model 'x' not found\"}", MODEL_REFUSED,
		  "status 404: model 'x' not found" },
	};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct error err = { 0 };

		CHECK_INT(model_failure_of(answers[i].status, answers[i].body,
					   strlen(answers[i].body), &err),
			  answers[i].failure);
		CHECK_TEXT(err.text, answers[i].why);
	}
}

TEST(cost_is_what_the_price_list_says)
{
	const struct model model = {
		.price = { .input = 5, .output = 25, .cached = 0.5, .written = 6.25 }
	};
	const struct usage usage = { .input = 3572, .cached = 3000, .written = 100, .output = 89 };

	assert_float_equal(model_cost(&model, &usage),
			   (472 * 5 + 3000 * 0.5 + 100 * 6.25 + 89 * 25) / 1e6, 1e-9);
}
