/* JSON-RPC: what is taken has the shape it claims. */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/jsonrpc.h"

static void check_request(const struct jsonrpc_message *message)
{
	CLEANUP(jsonrpc) struct jsonrpc_message again = { 0 };
	struct error err = { 0 };
	CLEANUP(text)
	char *text =
		jsonrpc_format_request(message->id, message->method, json_incref(message->params));

	assert(jsonrpc_parse(text, strlen(text), SIZE_MAX, &again, &err) == 0);
	assert(again.kind == message->kind && strcmp(again.method, message->method) == 0);
	assert(!message->id || jsonrpc_same_id(again.id, message->id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(jsonrpc) struct jsonrpc_message message = { 0 };
	struct error err = { 0 };

	if (jsonrpc_parse((const char *)data, size, 16 * KIB, &message, &err) < 0) {
		assert(err.code < 0 && jsonrpc_code_of(&err) < 0);
		assert(!message.id || json_is_string(message.id) || json_is_integer(message.id));
		return 0;
	}
	switch (message.kind) {
	case JSONRPC_REQUEST:
	case JSONRPC_NOTIFICATION:
		assert(!message.params || json_is_object(message.params) ||
		       json_is_array(message.params));
		check_request(&message);
		break;
	case JSONRPC_RESULT:
		assert(message.result && message.id);
		break;
	case JSONRPC_ERROR:
		assert(message.error);
		break;
	}
	return 0;
}
