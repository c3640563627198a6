#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "client/client_internal.h"
#include "client/pages.h"

#define NAME_BYTES 128
#define VALUE_BYTES 64

const struct operation *operation_find(const char *id, struct constable_error *err)
{
	for (const struct operation *at = operations; at->id; at++)
		if (strcmp(at->id, id) == 0)
			return at;
	(void)client_refuse(err, -EINVAL, "no operation '%s'; the OpenAPI document lists them", id);
	return NULL;
}

const char *const *constable_operations(void)
{
	return operation_ids;
}

static bool is_in_path(const struct operation *operation, const char *name)
{
	char braced[NAME_BYTES];

	text_format(braced, sizeof(braced), "{%s}", name);
	return strstr(operation->path, braced) != NULL;
}

static bool is_in_query(const struct operation *operation, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = operation->query; *at; at += strcspn(at, " ") + 1)
		if (strncmp(at, name, len) == 0 && at[len] == ' ')
			return true;
	return false;
}

/* Text, numbers and yes or no, escaped: heap text, or NULL for what no parameter can be. */
static char *format_value(const json_t *value)
{
	char text[VALUE_BYTES];

	if (json_is_string(value))
		return fetch_escape(json_string_value(value));
	if (json_is_integer(value))
		text_format(text, sizeof(text), "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		text_format(text, sizeof(text), "%.17g", json_real_value(value));
	else if (json_is_boolean(value))
		text_format(text, sizeof(text), "%s", json_is_true(value) ? "true" : "false");
	else
		return NULL;
	return fetch_escape(text);
}

static int check_parameters(const struct operation *operation, const json_t *parameters,
			    struct constable_error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)parameters, name, value)
	{
		CLEANUP(text) char *text = format_value(value);

		if (!is_in_path(operation, name) && !is_in_query(operation, name))
			return client_refuse(err, -EINVAL, "'%s' has no parameter '%s'",
					     operation->id, name);
		if (!text)
			return client_refuse(err, -EINVAL, "'%s' of '%s' is no text and no number",
					     name, operation->id);
	}
	return 0;
}

/* Adds one "{name}" of the path; moves on past it. */
static int add_place(const struct operation *operation, const char **at, const json_t *parameters,
		     struct buf *path, struct constable_error *err)
{
	CLEANUP(text) char *text = NULL;
	char name[NAME_BYTES];
	size_t len = strcspn(*at, "}");

	text_format(name, sizeof(name), "%.*s", (int)(len - 1), *at + 1);
	*at += len + 1;
	text = format_value(json_object_get(parameters, name));
	if (!text || !*text)
		return client_refuse(err, -EINVAL, "'%s' wants the parameter '%s'", operation->id,
				     name);
	buf_add_text(path, text);
	return 0;
}

static void add_query(const struct operation *operation, const json_t *parameters, struct buf *path)
{
	const char *name, *between = "?";
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)parameters, name, value)
	{
		CLEANUP(text) char *text = NULL;

		if (is_in_path(operation, name))
			continue;
		text = format_value(value);
		buf_add_format(path, "%s%s=%s", between, name, text);
		between = "&";
	}
}

int operation_path(const struct operation *operation, const json_t *parameters,
		   char path_out[OPERATION_PATH_BYTES], struct constable_error *err)
{
	CLEANUP(buf) struct buf path = { 0 };
	const char *at = operation->path;
	int r = check_parameters(operation, parameters, err);

	buf_init(&path, OPERATION_PATH_BYTES - 1);
	while (r == 0 && *at) {
		size_t len = strcspn(at, "{");

		buf_add(&path, at, len);
		at += len;
		if (*at)
			r = add_place(operation, &at, parameters, &path, err);
	}
	if (r < 0)
		return r;
	add_query(operation, parameters, &path);
	if (path.dropped)
		return client_refuse(err, -E2BIG, "the parameters of '%s' are too long",
				     operation->id);
	text_copy(path_out, OPERATION_PATH_BYTES, buf_text(&path));
	return 0;
}

int constable_operate(struct constable_client *client, const char *operation,
		      const json_t *parameters, const json_t *body, json_t **answer_out,
		      struct constable_error *err)
{
	const struct operation *found = operation_find(operation, err);
	char path[OPERATION_PATH_BYTES];
	struct constable_request request = { .path = path, .body = body };
	int r;

	if (!found)
		return err->code;
	if (found->is_stream)
		return client_refuse(err, -EINVAL, "'%s' is a stream; see constable_follow()",
				     operation);
	r = operation_path(found, parameters, path, err);
	if (r < 0)
		return r;
	request.method = found->method;
	return constable_request(client, &request, answer_out, err);
}

int constable_list(struct constable_client *client, const char *operation, const json_t *parameters,
		   json_t **items_out, struct constable_error *err)
{
	const struct operation *found = operation_find(operation, err);
	CLEANUP(json) json_t *body = NULL;
	char path[OPERATION_PATH_BYTES];
	struct pages pages = { .path = path };
	struct error why = { 0 };
	int r;

	if (!found)
		return err->code;
	if (!found->list)
		return client_refuse(err, -EINVAL, "'%s' lists nothing", operation);
	r = operation_path(found, parameters, path, err);
	if (r < 0)
		return r;
	pages.name = found->list;
	pages.cursor = found->cursor;
	r = pages_read(client->fetcher, &pages, items_out, &body, &why);
	if (r == 0)
		return 0;
	*err = (struct constable_error) { 0 };
	text_copy(err->name, sizeof(err->name), json_get_text(body, "code", ""));
	return client_fail(err, &why);
}
