/*
 * JSON-RPC 2.0, one message at a time, as the link and MCP speak it: ids are text
 * or whole numbers, batches are refused, unknown members are let be.
 */
#pragma once

#include "base/json.h"

#define JSONRPC_MAX_DEPTH 64
#define JSONRPC_METHOD_MAX_BYTES 128
#define JSONRPC_ID_MAX_BYTES 128

enum jsonrpc_code {
	JSONRPC_PARSE_ERROR = -32700,
	JSONRPC_INVALID_REQUEST = -32600,
	JSONRPC_METHOD_NOT_FOUND = -32601,
	JSONRPC_INVALID_PARAMS = -32602,
	JSONRPC_INTERNAL_ERROR = -32603,
};

enum jsonrpc_kind {
	JSONRPC_REQUEST,
	JSONRPC_NOTIFICATION,
	JSONRPC_RESULT,
	JSONRPC_ERROR,
};

/* All but 'document' are borrowed from it. */
struct jsonrpc_message {
	json_t *document;
	enum jsonrpc_kind kind;
	json_t *id; /* text or integer; NULL in a notification, and where an error has null */
	const char *method; /* of requests and notifications */
	json_t *params;     /* object or array, or NULL */
	json_t *result;
	int code; /* of an error */
	const char *error;
	json_t *error_data; /* or NULL */
};

/*
 * Parses foreign text. 0; -EBADMSG for no JSON, -EINVAL for no message, -E2BIG for
 * more than 'max' bytes or too deep. After a failure only 'id' may be set (then it
 * and 'document' are to be finished as well): whom to answer.
 */
int jsonrpc_parse(const char *text, size_t len, size_t max, struct jsonrpc_message *message_out,
		  struct error *err) MUST_CHECK;
void jsonrpc_finish(struct jsonrpc_message *message);
void jsonrpc_cleanup(struct jsonrpc_message *message);

/* What a failed jsonrpc_parse() is answered with. */
enum jsonrpc_code jsonrpc_code_of(const struct error *err);

/* The same id? */
bool jsonrpc_same_id(const json_t *id, const json_t *other);

/*
 * Compact text on the heap. 'id' is borrowed (NULL: null); 'params' (NULL: left
 * out), 'result' (NULL: {}) and 'data' (NULL: left out) are taken over.
 */
char *jsonrpc_format_request(json_t *id, const char *method, json_t *params);
char *jsonrpc_format_notification(const char *method, json_t *params);
char *jsonrpc_format_result(json_t *id, json_t *result);
char *jsonrpc_format_error(json_t *id, int code, const char *sentence, json_t *data);
