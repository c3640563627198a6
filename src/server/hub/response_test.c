#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "identity/token.h"
#include "server/hub/flight_internal.h"

#define RESULT "{\"a\":1}"

static json_t *make(const char *text, const char *word, int code)
{
	json_t *meta = json_pack("{s:s, s:f, s:s}", "constable/outcome", word,
				 "constable/elapsed_ms", 2.5, "constable/secret", "x");

	if (code)
		json_put(meta, "constable/code", json_integer(code));
	return json_pack("{s:[{s:s, s:s}], s:b, s:o}", "content", "type", "text", "text", text,
			 "isError", code != 0, "_meta", meta);
}

static json_t *make_done(const char *hashed)
{
	json_t *result = make(RESULT, "done", 0);
	char hash[TOKEN_HASH_BYTES];

	json_put(json_object_get(result, "_meta"), "constable/sha256",
		 json_string(token_hash(hashed, strlen(hashed), hash)));
	return result;
}

TEST(a_result_is_taken_if_its_hash_is_right)
{
	CLEANUP(json) json_t *result = make_done(RESULT);
	CLEANUP(response) struct response response = { 0 };
	struct error err = { 0 };

	CHECK_OK(response_read(result, &response, &err), err);
	CHECK_TEXT(response.state, "done");
	CHECK_TEXT(response.text, RESULT);
	CHECK_INT(json_object_size(response.meta), 1); /* only what is known */
}

TEST(a_result_that_was_changed_on_the_way_is_none)
{
	CLEANUP(json) json_t *result = make_done(RESULT " ");
	struct response response = { 0 };
	struct error err = { 0 };

	CHECK_INT(response_read(result, &response, &err), -EBADMSG);
}

static void check_failure(const char *word, int code, const char *state)
{
	CLEANUP(json) json_t *result = make("because", word, code);
	CLEANUP(response) struct response response = { 0 };
	struct error err = { 0 };

	CHECK_OK(response_read(result, &response, &err), err);
	CHECK_INT(response.kind, RESPONSE_OUTCOME);
	CHECK_TEXT(response.state, state);
	CHECK_TEXT(response.text, "because");
}

TEST(each_failure_has_its_state)
{
	check_failure("failed", -EIO, "failed");
	check_failure("interrupted", -EINTR, "interrupted");
	check_failure("denied", -EACCES, "denied");
	check_failure("interrupted", -ECANCELED, "cancelled");
}

TEST(what_is_no_outcome_is_told_from_one)
{
	CLEANUP(json) json_t *busy = make("later", "busy", -EBUSY);
	CLEANUP(json) json_t *waits = make("ask", "approval", -EACCES);
	CLEANUP(response) struct response one = { 0 };
	CLEANUP(response) struct response other = { 0 };
	struct error err = { 0 };

	CHECK_OK(response_read(busy, &one, &err), err);
	CHECK_INT(one.kind, RESPONSE_BUSY);
	CHECK_OK(response_read(waits, &other, &err), err);
	CHECK_INT(other.kind, RESPONSE_WAITS);
}

TEST(a_word_that_is_none_is_refused)
{
	CLEANUP(json) json_t *odd = make("x", "maybe", -EIO);
	CLEANUP(json) json_t *contrary = make("x", "done", -EIO);
	CLEANUP(json) json_t *empty = json_object();
	struct response response = { 0 };
	struct error err = { 0 };

	CHECK_INT(response_read(odd, &response, &err), -EBADMSG);
	CHECK_INT(response_read(contrary, &response, &err), -EBADMSG);
	CHECK_INT(response_read(empty, &response, &err), -EBADMSG);
}
