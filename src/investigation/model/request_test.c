/* What is sent: a conversation with every kind of block, for each provider. */
#include "investigation/model/model.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "investigation/model/image.h"

#define KEPT "{\"type\":\"thinking\",\"thinking\":\"Hm.\",\"signature\":\"c2ln\"}"

static json_t *parse(const char *text)
{
	struct error err = { 0 };
	json_t *json = json_parse(text, strlen(text), MIB, &err);

	if (!json)
		FAIL("%s", err.text);
	return json;
}

static void talk(struct conversation *conversation)
{
	conversation_init(conversation);
	conversation_say(conversation, "Why?");
	conversation_reply(conversation,
			   parse("[{\"type\":\"kept\",\"model\":\"m\",\"block\":" KEPT "},"
				 "{\"type\":\"text\",\"text\":\"I look.\"},"
				 "{\"type\":\"call\",\"id\":\"c1\",\"name\":\"read_file\","
				 "\"args\":{\"path\":\"/x\"}}]"));
	conversation_say(conversation, "Go on.");
	conversation_answer(conversation, &(struct tool_answer) { .call_id = "c1",
								  .text = "no such file",
								  .is_failed = true });
}

static char *body_of(const char *entry_text, const char *must_call)
{
	CLEANUP(json) json_t *entry = parse(entry_text);
	CLEANUP(json)
	json_t *tools = parse("[{\"name\":\"read_file\",\"summary\":\"Reads.\",\"schema\":"
			      "{\"type\":\"object\"}}]");
	CLEANUP(conversation) struct conversation conversation = { 0 };
	struct error err = { 0 };
	struct model model;

	talk(&conversation);
	CHECK_OK(model_parse(&model, entry, &err), err);

	CLEANUP(json)
	json_t *body = model.impl->body(&model, &(struct model_request) {
							.prompt = "Be brief.",
							.tools = tools,
							.messages = &conversation,
							.episode = "e-1",
							.must_call = must_call,
						});
	return json_canonical(body);
}

TEST(anthropic_gets_thinking_back_and_results_first)
{
	CLEANUP(text)
	char *body = body_of("{\"name\":\"m\",\"provider\":\"anthropic\",\"model\":\"claude\","
			     "\"thinking\":\"adaptive\",\"context_tokens\":200000,"
			     "\"max_output_tokens\":8000}",
			     NULL);

	CHECK_TEXT(
		body,
		"{\"max_tokens\":8000,\"messages\":["
		"{\"content\":[{\"text\":\"Why?\",\"type\":\"text\"}],\"role\":\"user\"},"
		"{\"content\":[{\"signature\":\"c2ln\",\"thinking\":\"Hm.\",\"type\":\"thinking\"},"
		"{\"text\":\"I look.\",\"type\":\"text\"},"
		"{\"id\":\"c1\",\"input\":{\"path\":\"/x\"},\"name\":\"read_file\","
		"\"type\":\"tool_use\"}],\"role\":\"assistant\"},"
		"{\"content\":[{\"content\":\"no such file\",\"is_error\":true,"
		"\"tool_use_id\":\"c1\",\"type\":\"tool_result\"},"
		"{\"cache_control\":{\"type\":\"ephemeral\"},\"text\":\"Go on.\","
		"\"type\":\"text\"}],\"role\":\"user\"}],"
		"\"model\":\"claude\",\"stream\":true,"
		"\"system\":[{\"cache_control\":{\"type\":\"ephemeral\"},\"text\":\"Be brief.\","
		"\"type\":\"text\"}],\"thinking\":{\"type\":\"adaptive\"},"
		"\"tools\":[{\"cache_control\":{\"type\":\"ephemeral\"},\"description\":\"Reads.\","
		"\"input_schema\":{\"type\":\"object\"},\"name\":\"read_file\"}]}");
}

TEST(another_model_gets_no_thinking_that_is_not_its_own)
{
	CLEANUP(text)
	char *body = body_of("{\"name\":\"other\",\"provider\":\"anthropic\"}", "read_file");

	CHECK(!strstr(body, "signature"));
	CHECK(strstr(body, "\"tool_choice\":{\"name\":\"read_file\",\"type\":\"tool\"}"));
}

#define CHAT_MESSAGES                                                                         \
	"\"messages\":[{\"content\":\"Be brief.\",\"role\":\"system\"},"                      \
	"{\"content\":\"Why?\",\"role\":\"user\"},"                                           \
	"{\"content\":\"I look.\",\"role\":\"assistant\",\"tool_calls\":["                    \
	"{\"function\":{\"arguments\":\"{\\\"path\\\":\\\"/x\\\"}\",\"name\":\"read_file\"}," \
	"\"id\":\"c1\",\"type\":\"function\"}]},"                                             \
	"{\"content\":\"no such file\",\"role\":\"tool\",\"tool_call_id\":\"c1\"},"           \
	"{\"content\":\"Go on.\",\"role\":\"user\"}],\"model\":\"m\","
#define CHAT_TOOLS                                                                     \
	"\"tools\":[{\"function\":{\"description\":\"Reads.\",\"name\":\"read_file\"," \
	"\"parameters\":{\"type\":\"object\"}},\"type\":\"function\"}]"

TEST(openai_gets_a_message_for_each_result)
{
	CLEANUP(text) char *body = body_of("{\"name\":\"m\",\"provider\":\"openai\"}", NULL);

	CHECK_TEXT(body, "{\"max_completion_tokens\":2048," CHAT_MESSAGES
			 "\"parallel_tool_calls\":true,\"stream\":true,"
			 "\"stream_options\":{\"include_usage\":true}," CHAT_TOOLS "}");
}

TEST(ollama_is_told_how_long_its_context_is)
{
	CLEANUP(text)
	char *body =
		body_of("{\"name\":\"m\",\"provider\":\"ollama\",\"context_tokens\":8192}", NULL);

	CHECK_TEXT(body, "{\"max_tokens\":2048," CHAT_MESSAGES
			 "\"options\":{\"num_ctx\":8192},\"stream\":true,"
			 "\"stream_options\":{\"include_usage\":true}," CHAT_TOOLS "}");
}

TEST(tensorzero_hears_which_episode_it_is)
{
	CLEANUP(text) char *body = body_of("{\"name\":\"m\",\"provider\":\"tensorzero\"}", NULL);

	CHECK(strstr(body, "\"tensorzero::episode_id\":\"e-1\""));
	CHECK_TEXT(model_tensorzero.path, "/openai/v1/chat/completions");
}

TEST(what_a_thread_kept_is_checked)
{
	static const char *const wrong[] = {
		"{}",
		"[{\"role\":\"assistant\",\"blocks\":[{\"type\":\"text\",\"text\":\"x\"}]}]",
		"[{\"role\":\"user\",\"blocks\":[]}]",
		"[{\"role\":\"user\",\"blocks\":[{\"type\":\"image\"}]}]",
		"[{\"role\":\"user\",\"blocks\":[{\"type\":\"call\",\"id\":\"1\",\"name\":\"x\"}]}"
		"]",
	};
	CLEANUP(conversation) struct conversation talked = { 0 };
	CLEANUP(conversation) struct conversation kept = { 0 };
	struct error err = { 0 };

	talk(&talked);
	CHECK_OK(conversation_parse(&kept, talked.turns, &err), err);
	CHECK(json_equal(kept.turns, talked.turns));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(json) json_t *json = parse(wrong[i]);
		struct conversation none = { 0 };

		CHECK(conversation_parse(&none, json, &err) < 0);
	}
}

TEST(a_model_needs_a_name_and_a_provider)
{
	static const char *const wrong[] = { "{}", "{\"name\":\"\",\"provider\":\"openai\"}",
					     "{\"name\":\"x\",\"provider\":\"nobody\"}" };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(json) json_t *json = parse(wrong[i]);
		struct error err = { 0 };
		struct model model;

		CHECK(model_parse(&model, json, &err) < 0);
		CHECK(err.text[0]);
	}
}

#define GIF "R0lGODdhAQABAAAAACwAAAAAAQABAAACAkQBADs="

static char *body_with_image(const char *entry_text)
{
	CLEANUP(json) json_t *entry = parse(entry_text);
	CLEANUP(json) json_t *image = parse("{\"media_type\":\"image/gif\",\"data\":\"" GIF "\"}");
	CLEANUP(json) json_t *tools = json_array();
	CLEANUP(conversation) struct conversation conversation = { 0 };
	struct error err = { 0 };
	struct model model;

	conversation_init(&conversation);
	conversation_say(&conversation, "Look.");
	conversation_show(&conversation, image);
	CHECK(conversation_size(&conversation) < 6 * KIB);
	CHECK_OK(model_parse(&model, entry, &err), err);

	CLEANUP(json)
	json_t *body = model.impl->body(&model, &(struct model_request) {
							.prompt = "Be brief.",
							.tools = tools,
							.messages = &conversation,
						});
	return json_canonical(json_object_get(body, "messages"));
}

TEST(an_image_goes_in_each_provider_s_form)
{
	CLEANUP(text)
	char *anthropic = body_with_image("{\"name\":\"m\",\"provider\":\"anthropic\"}");
	CLEANUP(text) char *openai = body_with_image("{\"name\":\"m\",\"provider\":\"openai\"}");

	CHECK(strstr(anthropic, "\"source\":{\"data\":\"" GIF "\",\"media_type\":\"image/gif\","
				"\"type\":\"base64\"},\"type\":\"image\"}"));
	CHECK(strstr(openai, "\"content\":[{\"text\":\"Look.\",\"type\":\"text\"},"
			     "{\"image_url\":{\"url\":\"data:image/gif;base64," GIF
			     "\"},\"type\":\"image_url\"}]"));
}

TEST(a_model_that_sees_none_is_told_that_there_is_one)
{
	CLEANUP(text) char *ollama = body_with_image("{\"name\":\"m\",\"provider\":\"ollama\"}");
	CLEANUP(text)
	char *blind =
		body_with_image("{\"name\":\"m\",\"provider\":\"anthropic\",\"images\":false}");

	CHECK(!strstr(ollama, GIF) && strstr(ollama, MODEL_UNSEEN_IMAGE));
	CHECK(!strstr(blind, GIF) && strstr(blind, MODEL_UNSEEN_IMAGE));
}

static int check_image(const char *type, const char *data, struct error *err)
{
	CLEANUP(json) json_t *images = json_pack("[{s:s, s:s}]", "media_type", type, "data", data);

	return images_check(images, err);
}

TEST(an_image_is_what_its_bytes_say)
{
	static const struct {
		const char *type, *data, *complaint;
	} rows[] = {
		{ "image/png", "iVBORw0KGgoAAAANSUhEUgAA", NULL },
		{ "image/jpeg", "/9j/4AAQSkZJRgABAQAAAQAB", NULL },
		{ "image/gif", GIF, NULL },
		{ "image/webp", "UklGRiIAAABXRUJQVlA4IBYA", NULL },
		{ "image/png", GIF, "/images/0/media_type: it is image/gif" },
		{ "image/png", "PHN2ZyB4bWxucz0iaHR0cDov",
		  "/images/0/data: is neither PNG, JPEG, GIF nor WebP" },
		{ "image/png", "iVBORw0KGgoAAAANSUhEUg A", "/images/0/data: is no Base64" },
		{ "image/png", "", "/images/0/data: is neither PNG, JPEG, GIF nor WebP" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = { 0 };
		int r = check_image(rows[i].type, rows[i].data, &err);

		CHECK_INT(r, rows[i].complaint ? -EINVAL : 0);
		CHECK_TEXT(err.text, rows[i].complaint ? rows[i].complaint : "");
	}
}

TEST(all_images_together_have_a_limit)
{
	CLEANUP(json) json_t *images = json_array();
	struct error err = { 0 };

	for (int i = 0; i <= IMAGES_MAX; i++)
		json_push(images, json_pack("{s:s, s:s}", "media_type", "image/gif", "data", GIF));
	CHECK_INT(images_check(images, &err), -E2BIG);
	CHECK(strstr(err.text, "/images: more than"));
}
