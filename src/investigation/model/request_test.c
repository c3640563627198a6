/* What is sent: a conversation with every kind of block, for each provider. */
#include "investigation/model/model.h"

#include <string.h>

#include "base/test.h"

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
