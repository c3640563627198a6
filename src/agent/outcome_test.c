#include "agent/outcome.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static struct frame answer(const char *header, const char *body)
{
	struct frame frame = { .header = json_loads(header, 0, NULL),
			       .body = strdup(body),
			       .n_body = strlen(body) };

	CHECK(frame.header && frame.body);
	return frame;
}

static void check(const char *header, enum outcome_kind kind, const char *word)
{
	CLEANUP(frame) struct frame frame = answer(header, "{\"a\":1}");
	CLEANUP(json) json_t *response = outcome_response(&frame);
	const json_t *meta = json_object_get(response, "_meta");

	CHECK_INT(outcome_kind_of(&frame), kind);
	CHECK_TEXT(json_get_text(meta, "constable/outcome", ""), word);
	CHECK(json_get_bool(response, "isError", true) == (strcmp(word, "done") != 0));
}

TEST(a_result_passes_byte_for_byte)
{
	CLEANUP(frame)
	struct frame frame =
		answer("{\"code\":0,\"outcome\":\"done\",\"sha256\":\"ab\"}", "{\"a\":1.50}");
	CLEANUP(json) json_t *response = outcome_response(&frame);
	const json_t *text = json_array_get(json_object_get(response, "content"), 0);

	CHECK_TEXT(json_get_text(text, "text", ""), "{\"a\":1.50}");
	CHECK_TEXT(json_get_text(json_object_get(response, "_meta"), "constable/sha256", ""), "ab");
}

TEST(each_end_has_its_word)
{
	check("{\"code\":0,\"outcome\":\"done\"}", OUTCOME_KEPT, "done");
	check("{\"code\":-5,\"outcome\":\"failed\",\"error\":\"x\"}", OUTCOME_KEPT, "failed");
	check("{\"code\":-4,\"outcome\":\"interrupted\"}", OUTCOME_KEPT, "interrupted");
	check("{\"code\":-13,\"outcome\":\"denied\"}", OUTCOME_UNKEPT, "denied");
}

TEST(what_never_started_is_asked_for_again)
{
	check("{\"code\":-16,\"outcome\":\"denied\"}", OUTCOME_UNKEPT, "busy");
	check("{\"code\":-16}", OUTCOME_UNKEPT, "busy");
	check("{\"code\":-16,\"outcome\":\"failed\"}", OUTCOME_KEPT, "failed");
}

TEST(a_call_that_wants_an_approval_waits)
{
	check("{\"code\":-13,\"outcome\":\"denied\",\"approval\":{\"nonce\":\"n\"}}",
	      OUTCOME_UNKEPT, "approval");
}

TEST(what_is_known_already_is_not_lost)
{
	CLEANUP(frame)
	struct frame runs = answer("{\"code\":-114,\"already\":\"started\"}", "");

	CHECK_INT(outcome_kind_of(&runs), OUTCOME_RUNS);
	check("{\"code\":0,\"outcome\":\"done\",\"already\":\"finished\"}", OUTCOME_KEPT, "done");
	check("{\"code\":-114,\"already\":\"forgotten\"}", OUTCOME_UNKEPT, "interrupted");
}
