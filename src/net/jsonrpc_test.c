#include "net/jsonrpc.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static int parse(const char *text, struct jsonrpc_message *message, struct error *err)
{
	*err = (struct error) { 0 };
	return jsonrpc_parse(text, strlen(text), 64 * KIB, message, err);
}

static void check_refused(const char *text, int code)
{
	CLEANUP(jsonrpc) struct jsonrpc_message message = { 0 };
	struct error err;

	if (parse(text, &message, &err) != code)
		FAIL("%s: %d %s", text, err.code, err.text);
}

TEST(requests_and_notifications_differ_by_their_id)
{
	CLEANUP(jsonrpc) struct jsonrpc_message request = { 0 };
	CLEANUP(jsonrpc) struct jsonrpc_message notification = { 0 };
	struct error err;

	CHECK_INT(parse("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"ping\"}", &request, &err),
		  0);
	CHECK_INT(request.kind, JSONRPC_REQUEST);
	CHECK_TEXT(json_string_value(request.id), "a");
	CHECK_TEXT(request.method, "ping");
	CHECK(!request.params);
	CHECK_INT(parse("{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"a\":1},\"x\":0}",
			&notification, &err),
		  0);
	CHECK_INT(notification.kind, JSONRPC_NOTIFICATION);
	CHECK(!notification.id);
	CHECK_INT(json_get_int(notification.params, "a", 0), 1);
}

TEST(answers_are_results_or_errors)
{
	CLEANUP(jsonrpc) struct jsonrpc_message result = { 0 };
	CLEANUP(jsonrpc) struct jsonrpc_message error = { 0 };
	CLEANUP(jsonrpc) struct jsonrpc_message orphan = { 0 };
	struct error err;

	CHECK_INT(parse("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":null}", &result, &err), 0);
	CHECK_INT(result.kind, JSONRPC_RESULT);
	CHECK(json_is_null(result.result));
	CHECK_INT(
		parse("{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32601,\"message\":\"no\","
		      "\"data\":[1]}}",
		      &error, &err),
		0);
	CHECK_INT(error.kind, JSONRPC_ERROR);
	CHECK_INT(error.code, JSONRPC_METHOD_NOT_FOUND);
	CHECK_TEXT(error.error, "no");
	CHECK_INT(json_array_size(error.error_data), 1);
	CHECK_INT(parse("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1,\"message\":\"\"}}",
			&orphan, &err),
		  0);
	CHECK(!orphan.id);
}

TEST(what_is_no_message_is_refused)
{
	check_refused("", -EBADMSG);
	check_refused("{", -EBADMSG);
	check_refused("{\"id\":1,\"id\":2}", -EBADMSG);
	check_refused("{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}", -EBADMSG);
	check_refused("{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999,\"method\":\"a\"}",
		      -EBADMSG);
	check_refused("[]", -EINVAL);
	check_refused("[{\"jsonrpc\":\"2.0\",\"method\":\"a\"}]", -EINVAL);
	check_refused("{}", -EINVAL);
	check_refused("{\"jsonrpc\":\"1.0\",\"method\":\"a\"}", -EINVAL);
	check_refused("{\"method\":\"a\"}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\"}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\",\"method\":1}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\",\"method\":\"\"}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":1}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"result\":1}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{}}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1}}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":\"x\"}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\",\"result\":1}", -EINVAL);
}

TEST(ids_are_text_or_whole_numbers)
{
	check_refused("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"a\"}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"a\"}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"a\"}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"a\"}", -EINVAL);
	check_refused("{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":1}", -EINVAL);
}

TEST(a_broken_request_still_says_whom_to_answer)
{
	CLEANUP(jsonrpc) struct jsonrpc_message message = { 0 };
	struct error err;

	CHECK_INT(parse("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":7}", &message, &err), -EINVAL);
	CHECK_INT(json_integer_value(message.id), 5);
	CHECK_INT(jsonrpc_code_of(&err), JSONRPC_INVALID_REQUEST);
}

TEST(size_and_depth_are_bounded)
{
	CLEANUP(jsonrpc) struct jsonrpc_message message = { 0 };
	struct error err = { 0 };
	char deep[1024];

	CHECK_INT(jsonrpc_parse("{\"jsonrpc\":\"2.0\",\"method\":\"a\"}", 31, 30, &message, &err),
		  -E2BIG);
	memset(deep, '[', sizeof(deep));
	CHECK_INT(jsonrpc_parse(deep, sizeof(deep), KIB, &message, &err), -E2BIG);
	CHECK_INT(parse("{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":{\"s\":\"\\\"[[[[[[[[[[[["
			"[[[[[[["
			"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}}",
			&message, &err),
		  0);
}

TEST(what_is_formatted_parses_again)
{
	CLEANUP(json) json_t *id = json_integer(3);
	CLEANUP(text) char *request = jsonrpc_format_request(id, "tools/list", json_object());
	CLEANUP(text) char *notification = jsonrpc_format_notification("event", NULL);
	CLEANUP(text) char *result = jsonrpc_format_result(id, NULL);
	CLEANUP(text) char *error = jsonrpc_format_error(NULL, -32700, "bad \xff", NULL);

	CHECK_TEXT(request,
		   "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/list\",\"params\":{}}");
	CHECK_TEXT(notification, "{\"jsonrpc\":\"2.0\",\"method\":\"event\"}");
	CHECK_TEXT(result, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}");
	CHECK_TEXT(error, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,"
			  "\"message\":\"bad \xef\xbf\xbd\"}}");
}
