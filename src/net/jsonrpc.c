#include "net/jsonrpc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* jansson recurses, so depth is looked at before it starts. */
static bool is_too_deep(const char *text, size_t len)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && (text[i] == '[' || text[i] == '{'))
			depth++;
		else if (!in_string && (text[i] == ']' || text[i] == '}') && depth)
			depth--;
		if (depth > JSONRPC_MAX_DEPTH)
			return true;
	}
	return false;
}

static bool is_id(const json_t *id)
{
	if (json_is_string(id))
		return json_string_length(id) <= JSONRPC_ID_MAX_BYTES;
	return json_is_integer(id);
}

static int read_call(struct jsonrpc_message *message, struct error *err)
{
	const json_t *document = message->document;
	const json_t *id = json_object_get(document, "id");

	message->kind = id ? JSONRPC_REQUEST : JSONRPC_NOTIFICATION;
	message->method = json_string_value(json_object_get(document, "method"));
	message->params = json_object_get(document, "params");
	if (id && !is_id(id))
		return error_set(err, -EINVAL, "an id is text or a whole number");
	if (!message->method || !*message->method ||
	    strlen(message->method) > JSONRPC_METHOD_MAX_BYTES)
		return error_set(err, -EINVAL, "the method is no text of up to %u bytes",
				 JSONRPC_METHOD_MAX_BYTES);
	if (message->params && !json_is_object(message->params) && !json_is_array(message->params))
		return error_set(err, -EINVAL, "params are an object or an array");
	if (json_object_get(document, "result") || json_object_get(document, "error"))
		return error_set(err, -EINVAL, "a request has no result");
	return 0;
}

static int read_error(struct jsonrpc_message *message, const json_t *error, struct error *err)
{
	const json_t *code = json_object_get(error, "code");

	message->kind = JSONRPC_ERROR;
	message->error = json_string_value(json_object_get(error, "message"));
	message->error_data = json_object_get(error, "data");
	if (!json_is_integer(code) || json_integer_value(code) < INT32_MIN ||
	    json_integer_value(code) > INT32_MAX || !message->error)
		return error_set(err, -EINVAL, "an error has a code and a message");
	message->code = (int)json_integer_value(code);
	return 0;
}

static int read_answer(struct jsonrpc_message *message, struct error *err)
{
	const json_t *error = json_object_get(message->document, "error");
	const json_t *id = json_object_get(message->document, "id");

	message->kind = JSONRPC_RESULT;
	message->result = json_object_get(message->document, "result");
	if (!message->result == !error)
		return error_set(err, -EINVAL, "neither a method nor one of result and error");
	if (!is_id(id) && !(error && json_is_null(id)))
		return error_set(err, -EINVAL, "an answer has the id of its request");
	return error ? read_error(message, error, err) : 0;
}

int jsonrpc_parse(const char *text, size_t len, size_t max, struct jsonrpc_message *message_out,
		  struct error *err)
{
	struct jsonrpc_message *message = message_out;
	json_t *id;

	*message = (struct jsonrpc_message) { 0 };
	if (len > max)
		return error_set(err, -E2BIG, "a message of more than %zu bytes", max);
	if (is_too_deep(text, len))
		return error_set(err, -E2BIG, "a message deeper than %u", JSONRPC_MAX_DEPTH);
	message->document = json_parse(text, len, max, err);
	if (!message->document) {
		err->code = -EBADMSG;
		return -EBADMSG;
	}
	if (json_is_array(message->document))
		return error_set(err, -EINVAL, "batches are not served");
	if (!json_is_object(message->document))
		return error_set(err, -EINVAL, "a message is an object");
	id = json_object_get(message->document, "id");
	message->id = is_id(id) ? id : NULL;
	if (strcmp(json_get_text(message->document, "jsonrpc", ""), "2.0") != 0)
		return error_set(err, -EINVAL, "expected \"jsonrpc\": \"2.0\"");
	return json_object_get(message->document, "method") ? read_call(message, err)
							    : read_answer(message, err);
}

void jsonrpc_finish(struct jsonrpc_message *message)
{
	json_decref(message->document);
	*message = (struct jsonrpc_message) { 0 };
}

void jsonrpc_cleanup(struct jsonrpc_message *message)
{
	jsonrpc_finish(message);
}

enum jsonrpc_code jsonrpc_code_of(const struct error *err)
{
	return err->code == -EBADMSG ? JSONRPC_PARSE_ERROR : JSONRPC_INVALID_REQUEST;
}

bool jsonrpc_same_id(const json_t *id, const json_t *other)
{
	return id && other && json_equal(id, other);
}

static json_t *begin(void)
{
	json_t *document = json_object();

	json_put(document, "jsonrpc", json_string("2.0"));
	return document;
}

static char *finish(json_t *document)
{
	char *text = json_dumps(document, JSON_COMPACT);

	if (!text)
		abort();
	json_decref(document);
	return text;
}

static json_t *id_or_null(json_t *id)
{
	return id ? json_incref(id) : json_null();
}

char *jsonrpc_format_request(json_t *id, const char *method, json_t *params)
{
	json_t *document = begin();

	if (id)
		json_put(document, "id", json_incref(id));
	json_put(document, "method", json_string(method));
	if (params)
		json_put(document, "params", params);
	return finish(document);
}

char *jsonrpc_format_notification(const char *method, json_t *params)
{
	return jsonrpc_format_request(NULL, method, params);
}

char *jsonrpc_format_result(json_t *id, json_t *result)
{
	json_t *document = begin();

	json_put(document, "id", id_or_null(id));
	json_put(document, "result", result ? result : json_object());
	return finish(document);
}

char *jsonrpc_format_error(json_t *id, int code, const char *sentence, json_t *data)
{
	json_t *document = begin(), *error = json_object();

	json_put(document, "id", id_or_null(id));
	json_put(error, "code", json_integer(code));
	json_put(error, "message", json_text(sentence, strlen(sentence)));
	if (data)
		json_put(error, "data", data);
	json_put(document, "error", error);
	return finish(document);
}
